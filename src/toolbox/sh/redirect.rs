//! Redirections of the descriptors 0, 1 and 2.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, pipe2};

use super::state::{Shell, Stop};
use super::syntax::Redir;
use super::{say, why};

/// Standard input, output and error as they were; back in place when dropped.
pub struct Saved([io::Result<OwnedFd>; 3]);

impl Saved {
    pub fn new() -> Saved {
        Saved([
            io::stdin().as_fd().try_clone_to_owned(),
            io::stdout().as_fd().try_clone_to_owned(),
            io::stderr().as_fd().try_clone_to_owned(),
        ])
    }
}

impl Saved {
    /// What was redirected stays so, as `exec` wants it.
    pub fn keep(mut self) {
        self.0 = std::array::from_fn(|_| Err(io::ErrorKind::NotFound.into()));
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        for (n, fd) in self.0.iter().enumerate() {
            let _ = fd.as_ref().map(|fd| place(fd, n as i32));
        }
    }
}

pub fn place(fd: impl AsFd, n: i32) -> nix::Result<()> {
    match n {
        0 => dup2_stdin(fd),
        1 => dup2_stdout(fd),
        _ => dup2_stderr(fd),
    }
}

impl Shell {
    /// Puts a command's redirections in place; false (and status 1) if one fails.
    pub fn redirect(&mut self, redirs: &[Redir]) -> Result<bool, Stop> {
        for r in redirs {
            let word = self.one(&r.word)?;
            if let Err(e) = redirect(r, &word) {
                say(format!(
                    "{}{} {word}: {e}",
                    if r.fd == i32::from(r.op.starts_with('>')) { String::new() } else { r.fd.to_string() },
                    r.op
                ));
                self.status = 1;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn redirect(r: &Redir, word: &str) -> Result<(), String> {
    let open = |o: &mut OpenOptions| o.open(word).map_err(why);
    let put = |fd: OwnedFd| place(fd, r.fd).map_err(why);
    let file = match r.op {
        "<" => open(OpenOptions::new().read(true))?,
        ">" | ">|" => open(OpenOptions::new().write(true).create(true).truncate(true))?,
        ">>" => open(OpenOptions::new().append(true).create(true))?,
        "<>" => open(OpenOptions::new().read(true).write(true).create(true).truncate(false))?,
        "<&" | ">&" => {
            let copy = match word {
                "0" => io::stdin().as_fd().try_clone_to_owned(),
                "1" => io::stdout().as_fd().try_clone_to_owned(),
                "2" => io::stderr().as_fd().try_clone_to_owned(),
                "-" => File::options().read(true).write(true).open("/dev/null").map(Into::into),
                _ => return Err("only 0, 1, 2 and - can be copied".into()),
            };
            return put(copy.map_err(why)?);
        }
        // A here-document: through a pipe, which a thread fills.
        _ => {
            let (read, write) = pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(why)?;
            let body = word.to_string();
            std::thread::spawn(move || io::Write::write_all(&mut File::from(write), body.as_bytes()));
            return put(read);
        }
    };
    put(file.into())
}
