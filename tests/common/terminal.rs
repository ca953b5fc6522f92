//! nslab on a pseudo terminal that is read as a person sees it.

use super::nslab;
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub fn cells(number: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(number).unwrap()
}

pub struct Terminal {
    pub child: Child,
    master: Option<File>,
    pub slave: Option<File>,
    pub screen: Arc<Mutex<vt100::Parser>>,
    /// All that was ever written to it.
    pub raw: Arc<Mutex<Vec<u8>>>,
    reader: Option<(std::os::unix::net::UnixStream, std::thread::JoinHandle<()>)>,
}

/// What is asked of the terminal beside its size.
#[derive(Default)]
pub struct Wanted<'a> {
    pub env: &'a [(&'a str, &'a str)],
    /// The columns that it reports when asked where the cursor is, one after another.
    pub reports: &'a [u16],
    /// Instead of nslab.
    pub program: Option<&'a str>,
}

impl Terminal {
    pub fn open(user: u32, rows: u16, columns: u16, args: &[&str]) -> Terminal {
        Terminal::with(user, rows, columns, args, &Wanted::default())
    }

    pub fn open_with(user: u32, rows: u16, columns: u16, args: &[&str], env: &[(&str, &str)]) -> Terminal {
        Terminal::with(user, rows, columns, args, &Wanted { env, ..Wanted::default() })
    }

    pub fn with(user: u32, rows: u16, columns: u16, args: &[&str], wanted: &Wanted) -> Terminal {
        let size = nix::pty::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = nix::pty::openpty(Some(&size), None).unwrap();
        // A master that the lesson inherited would keep its terminal alive for ever.
        for fd in [&pair.master, &pair.slave] {
            nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC)).unwrap();
        }
        let (master, slave) = (File::from(pair.master), File::from(pair.slave));
        let lesson = nslab(user);
        // setsid(1) gives the program the terminal as its controlling one.
        let mut command = Command::new("/usr/bin/setsid");
        let program = wanted.program.map_or(lesson.get_program(), std::ffi::OsStr::new);
        command.args(["--ctty", "--wait"]).arg(program).args(args);
        for (name, value) in lesson.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        if super::is_root() && user != 0 {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(user);
        }
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR").envs(wanted.env.iter().copied());
        let end = || slave.try_clone().unwrap();
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let (mut reader, shared) = (master.try_clone().unwrap(), screen.clone());
        let raw = Arc::new(Mutex::new(Vec::new()));
        let reports = wanted.reports.to_vec();
        let (all, mut reports) = (raw.clone(), reports.into_iter());
        let (stop, stopped) = std::os::unix::net::UnixStream::pair().unwrap();
        let thread = std::thread::spawn(move || {
            use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
            use std::os::fd::AsFd;
            let mut buffer = [0; 4096];
            loop {
                let mut fds =
                    [PollFd::new(reader.as_fd(), PollFlags::POLLIN), PollFd::new(stopped.as_fd(), PollFlags::POLLIN)];
                poll(&mut fds, PollTimeout::NONE).unwrap();
                if fds[1].any() == Some(true) {
                    return;
                }
                match reader.read(&mut buffer) {
                    Ok(count @ 1..) => {
                        let asked = buffer[..count].windows(4).filter(|part| part == b"\x1b[6n").count();
                        for column in reports.by_ref().take(asked) {
                            write!(&reader, "\x1b[1;{column}R").unwrap();
                        }
                        all.lock().unwrap().extend_from_slice(&buffer[..count]);
                        shared.lock().unwrap().process(&buffer[..count]);
                    }
                    _ => return,
                }
            }
        });
        Terminal { child, master: Some(master), slave: Some(slave), screen, raw, reader: Some((stop, thread)) }
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows a text.
    pub fn wait(&self, part: &str) {
        let ends = Instant::now() + Duration::from_secs(20);
        while !self.text().contains(part) {
            assert!(Instant::now() < ends, "never showed {part}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Presses keys, and waits until the screen is another one that shows a text.
    pub fn turn(&mut self, keys: &str, part: &str) {
        // What is still being drawn.
        std::thread::sleep(Duration::from_millis(50));
        let before = self.text();
        self.keys(keys);
        let ends = Instant::now() + Duration::from_secs(20);
        while self.text() == before || !self.text().contains(part) {
            assert!(Instant::now() < ends, "never turned to {part}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn keys(&mut self, keys: &str) {
        self.master.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Opens a shell in its pane by its key, and waits for its prompt.
    pub fn shell(&mut self, key: &str, prompt: &str) {
        self.keys(key);
        self.wait("TYPING IN");
        self.wait(&format!("\n{prompt}"));
    }

    /// Leaves the shell that is typed into; by the byte that the key sends.
    pub fn leave(&mut self) {
        self.keys("\x1d");
        self.until_gone("TYPING IN");
    }

    /// Gives a shell that is shown the whole terminal.
    pub fn lend(&mut self) {
        self.keys("z");
        self.until_gone("OUTSIDE");
    }

    /// Waits until the screen no longer shows a text.
    pub fn until_gone(&self, part: &str) {
        let ends = Instant::now() + Duration::from_secs(20);
        while self.text().contains(part) {
            assert!(Instant::now() < ends, "still shows {part}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        use std::os::fd::AsFd;
        // First the window, then word of it: what is drawn for the new size must find it.
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        nslab::sandbox::sys::set_window_size(self.slave.as_ref().unwrap().as_fd(), rows, columns).unwrap();
    }

    /// The terminal echoes and waits for whole lines again, on the main screen.
    pub fn is_sane(&self) -> bool {
        let flags = tcgetattr(self.slave.as_ref().unwrap()).unwrap().local_flags;
        flags.contains(LocalFlags::ECHO | LocalFlags::ICANON)
            && !self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// Closes the window: every descriptor that the test has of the terminal.
    pub fn hang_up(&mut self) {
        if let Some((stop, thread)) = self.reader.take() {
            drop(stop);
            thread.join().unwrap();
        }
        self.master = None;
        self.slave = None;
    }

    pub fn end(mut self) -> i32 {
        let ends = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                std::thread::sleep(Duration::from_millis(50));
                assert!(self.is_sane(), "{}", self.text());
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < ends, "does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A test that fails leaves no lesson behind.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lesson on its screen, at a step.
pub fn at(step: &str, user: u32) -> Terminal {
    let terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns", "--step", step]);
    terminal.wait("INSIDE pid 1");
    terminal
}

/// Leaves the lesson; what was done by hand is asked about.
pub fn quit(mut terminal: Terminal) {
    terminal.keys("q");
    assert!(super::comes(|| terminal.text().contains("Enter / Esc") || terminal.child.try_wait().unwrap().is_some()));
    if terminal.text().contains("Enter / Esc") {
        terminal.keys("\r");
    }
    assert_eq!(terminal.end(), 0);
}
