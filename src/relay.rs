//! Hands the real terminal over to a shell: bytes pass both ways unchanged, nothing is emulated.

use crate::lab::Shell;
use crate::sandbox::sys;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
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

/// Passes bytes between the terminal and the shell until the shell ends; `typed` was typed for it already. Its end is learned from the reap, not from the
/// terminal: background jobs may keep that open. Returns the exit status.
///
/// # Errors
/// `Interrupted` when nslab is asked to end, or its terminal is gone. Waiting for the shell then would be waiting for
/// a program that may never hear of it.
pub fn relay(shell: &Shell, typed: &[u8]) -> io::Result<i32> {
    let _raw = Raw::enter();
    let (resized, notify) = UnixStream::pair()?;
    let (asked, end) = UnixStream::pair()?;
    let mut registered = vec![signal_hook::low_level::pipe::register(libc::SIGWINCH, notify)?];
    for signal in ENDS {
        registered.push(signal_hook::low_level::pipe::register(signal, end.try_clone()?)?);
    }
    let result = write_all(&shell.master, typed).and_then(|()| pump(shell, &resized, &asked));
    for signal in registered {
        signal_hook::low_level::unregister(signal);
    }
    result
}

fn gone(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, why)
}

fn pump(shell: &Shell, resized: &UnixStream, asked: &UnixStream) -> io::Result<i32> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let mut buffer = [0; 16 * 1024];
    let mut typing = true;
    loop {
        let mut fds = vec![
            PollFd::new(shell.ended.as_fd(), PollFlags::POLLIN),
            PollFd::new(shell.master.as_fd(), PollFlags::POLLIN),
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
                let _ = sys::set_window_size(shell.master.as_fd(), rows, columns);
            }
        }
        if events[1].contains(PollFlags::POLLIN) {
            if let Ok(count @ 1..) = nix::unistd::read(&shell.master, &mut buffer) {
                write_all(&stdout, &buffer[..count])?;
            }
            // All that was printed comes before the end.
            continue;
        }
        if !events[0].is_empty() {
            let mut status = [0; 4];
            let count = nix::unistd::read(&shell.ended, &mut status).unwrap_or(0);
            return Ok(if count == 4 { i32::from_ne_bytes(status) } else { -1 });
        }
        if typing && !events[4].is_empty() {
            match nix::unistd::read(&stdin, &mut buffer) {
                Ok(0) | Err(_) if stdin.is_terminal() => return Err(gone("the terminal is gone")),
                Ok(0) | Err(_) => {
                    // End of input is Ctrl-D for a terminal's reader.
                    let _ = nix::unistd::write(&shell.master, b"\x04");
                    typing = false;
                }
                Ok(count) => write_all(&shell.master, &buffer[..count])?,
            }
        }
    }
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
