//! Hands the real terminal over to a shell: bytes pass both ways unchanged.

use crate::lab::Shell;
use crate::sandbox::sys;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Puts a terminal back as it was, also when a panic passes by.
struct Raw(Option<Termios>);

impl Raw {
    fn enter() -> Raw {
        let stdin = io::stdin();
        let old = stdin.is_terminal().then(|| tcgetattr(&stdin).ok()).flatten();
        if let Some(old) = &old {
            let mut raw = old.clone();
            cfmakeraw(&mut raw);
            let _ = tcsetattr(&stdin, SetArg::TCSADRAIN, &raw);
        }
        Raw(old)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(old) = &self.0 {
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, old);
        }
    }
}

/// Signals after which there is nobody to relay for.
const ENDS: [i32; 3] = [libc::SIGHUP, libc::SIGTERM, libc::SIGINT];

/// Passes bytes between the terminal and the shell until the shell ends. Its end is learned from the reap, not from the
/// terminal: background jobs may keep that open. Returns the exit status.
///
/// # Errors
/// `Interrupted` when nslab is asked to end, or its terminal is gone. Waiting for the shell then would be waiting for
/// a program that may never hear of it.
pub fn relay(shell: &Shell) -> io::Result<i32> {
    lend(&mut Lent { master: shell.master.as_fd(), ended: shell.ended.as_fd(), printed: &mut |_| {}, leaves: &[] })?;
    let mut status = [0; 4];
    let count = nix::unistd::read(&shell.ended, &mut status).unwrap_or(0);
    Ok(if count == 4 { i32::from_ne_bytes(status) } else { -1 })
}

/// A shell that has the terminal for a while.
pub struct Lent<'a> {
    pub master: BorrowedFd<'a>,
    /// Readable when the shell has ended; it is not read.
    pub ended: BorrowedFd<'a>,
    /// Hears of all that is printed meanwhile.
    pub printed: &'a mut dyn FnMut(&[u8]),
    /// The bytes of keys that give the terminal back.
    pub leaves: &'a [Vec<u8>],
}

/// Passes bytes both ways until the shell ends or is left. Errors: as with `relay`.
pub fn lend(lent: &mut Lent) -> io::Result<()> {
    let _raw = Raw::enter();
    let (resized, notify) = UnixStream::pair()?;
    let (asked, end) = UnixStream::pair()?;
    let mut registered = vec![signal_hook::low_level::pipe::register(libc::SIGWINCH, notify)?];
    for signal in ENDS {
        registered.push(signal_hook::low_level::pipe::register(signal, end.try_clone()?)?);
    }
    let result = pump(lent, &resized, &asked);
    for signal in registered {
        signal_hook::low_level::unregister(signal);
    }
    result
}

fn gone(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, why)
}

fn pump(lent: &mut Lent, resized: &UnixStream, asked: &UnixStream) -> io::Result<()> {
    let (master, ended) = (lent.master, lent.ended);
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let mut buffer = [0; 16 * 1024];
    let mut typing = true;
    loop {
        let mut fds = vec![
            PollFd::new(ended, PollFlags::POLLIN),
            PollFd::new(master, PollFlags::POLLIN),
            PollFd::new(resized.as_fd(), PollFlags::POLLIN),
            PollFd::new(asked.as_fd(), PollFlags::POLLIN),
        ];
        if typing {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let events: Vec<PollFlags> = fds.iter().map(|fd| fd.revents().unwrap_or(PollFlags::empty())).collect();
        drop(fds);
        if !events[3].is_empty() {
            return Err(gone("nslab was asked to end while a shell ran"));
        }
        if events[2].contains(PollFlags::POLLIN) {
            let _ = nix::unistd::read(resized, &mut buffer);
            if let Ok((columns, rows)) = crossterm::terminal::size() {
                let _ = sys::set_window_size(master, rows, columns);
            }
        }
        if events[1].contains(PollFlags::POLLIN) {
            if let Ok(count @ 1..) = nix::unistd::read(master, &mut buffer) {
                write_all(&stdout, &buffer[..count])?;
                (lent.printed)(&buffer[..count]);
            }
            // All that was printed comes before the end.
            continue;
        }
        if !events[0].is_empty() {
            return Ok(());
        }
        if typing && !events[4].is_empty() {
            match nix::unistd::read(&stdin, &mut buffer) {
                Ok(0) | Err(_) if stdin.is_terminal() => return Err(gone("the terminal is gone")),
                Ok(0) | Err(_) => {
                    // End of input is Ctrl-D for a terminal's reader.
                    let _ = nix::unistd::write(master, b"\x04");
                    typing = false;
                }
                Ok(count) => {
                    let left = first_of(lent.leaves, &buffer[..count]);
                    write_all(master, &buffer[..left.unwrap_or(count)])?;
                    if left.is_some() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Where the first of some keys begins.
fn first_of(keys: &[Vec<u8>], typed: &[u8]) -> Option<usize> {
    (0..typed.len()).find(|&at| keys.iter().any(|key| !key.is_empty() && typed[at..].starts_with(key)))
}

fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(&fd, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_leave_are_found() {
        let keys = [vec![0x1d], b"\x1b[24~".to_vec()];
        assert_eq!(first_of(&keys, b"ls\x1d"), Some(2));
        assert_eq!(first_of(&keys, b"\x1b[24~x"), Some(0));
        assert_eq!(first_of(&keys, b"\x1b[23~]"), None);
        assert_eq!(first_of(&[], b"\x1d"), None);
    }
}
