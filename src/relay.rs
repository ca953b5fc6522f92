//! Hands the real terminal over to a shell: bytes pass both ways unchanged, and neither way keeps the other waiting.

use crate::lab::Shell;
use crate::sandbox::sys;
use crate::terminal::{Typed, never_block};
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

/// Signals after which there is nobody left to draw or to relay for.
pub const ENDS: [i32; 3] = [libc::SIGHUP, libc::SIGTERM, libc::SIGINT];

/// What a terminal may still hold of a shell that has ended. More than that is printed by others.
const HELD: usize = 128 * 1024;

/// Passes bytes between the terminal and the shell until the shell ends. Its end is learned from the reap, not from the
/// terminal: background jobs may keep that open. Returns the exit status.
///
/// # Errors
/// `Interrupted` when nslab is asked to end, or its terminal is gone. Waiting for the shell then would be waiting for
/// a program that may never hear of it.
pub fn relay(shell: &Shell) -> io::Result<i32> {
    never_block(&shell.master)?;
    let mut lent = Lent {
        master: shell.master.as_fd(),
        ended: shell.ended.as_fd(),
        typed: &mut Typed::default(),
        printed: &mut Vec::new(),
        takes: &mut |bytes| bytes.len(),
        leaves: &[],
    };
    lend(&mut lent, &[])?;
    let mut status = [0; 4];
    let count = nix::unistd::read(&shell.ended, &mut status).unwrap_or(0);
    Ok(if count == 4 { i32::from_ne_bytes(status) } else { -1 })
}

/// A shell that has the terminal for a while. What is under way to it and from it stays with whoever lends it.
pub struct Lent<'a> {
    /// It never blocks.
    pub master: BorrowedFd<'a>,
    /// Readable when the shell has ended; it is not read.
    pub ended: BorrowedFd<'a>,
    /// What the program has not taken yet.
    pub typed: &'a mut Typed,
    /// What is not shown yet.
    pub printed: &'a mut Vec<u8>,
    /// Hears of what will be shown, and answers how many bytes of it may be now: at least one.
    pub takes: &'a mut dyn FnMut(&[u8]) -> usize,
    /// The bytes of keys that give the terminal back.
    pub leaves: &'a [Vec<u8>],
}

impl Lent<'_> {
    /// Takes what is typed, as far as the key that leaves. Whether that was pressed.
    fn types(&mut self, bytes: &[u8]) -> bool {
        let left = first_of(self.leaves, bytes);
        // What no program reads would be more and more.
        self.typed.push(&bytes[..left.unwrap_or(bytes.len())]);
        left.is_some()
    }
}

/// Passes bytes both ways until the shell ends or is left. `ahead` was typed for it already. Errors: as with `relay`.
pub fn lend(lent: &mut Lent, ahead: &[u8]) -> io::Result<()> {
    let _raw = Raw::enter();
    let (resized, notify) = UnixStream::pair()?;
    let (asked, end) = UnixStream::pair()?;
    let mut registered = vec![signal_hook::low_level::pipe::register(libc::SIGWINCH, notify)?];
    for signal in ENDS {
        registered.push(signal_hook::low_level::pipe::register(signal, end.try_clone()?)?);
    }
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let result = if lent.types(ahead) { Ok(()) } else { pump(lent, (stdin.as_fd(), stdout.as_fd()), &resized, &asked) };
    for signal in registered {
        signal_hook::low_level::unregister(signal);
    }
    result
}

fn gone(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, why)
}

fn pump(
    lent: &mut Lent,
    (keys, screen): (BorrowedFd, BorrowedFd),
    resized: &UnixStream,
    asked: &UnixStream,
) -> io::Result<()> {
    let (master, ended) = (lent.master, lent.ended);
    let mut buffer = [0; 16 * 1024];
    let (mut typing, mut held) = (true, HELD);
    loop {
        // Nothing more is read of a flood before what was read is shown.
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::POLLIN, lent.printed.is_empty());
        wanted.set(PollFlags::POLLOUT, !lent.typed.is_empty());
        let mut fds = vec![
            PollFd::new(ended, PollFlags::POLLIN),
            PollFd::new(master, wanted),
            PollFd::new(resized.as_fd(), PollFlags::POLLIN),
            PollFd::new(asked.as_fd(), PollFlags::POLLIN),
        ];
        if typing {
            fds.push(PollFd::new(keys, PollFlags::POLLIN));
        }
        match poll(&mut fds, if lent.printed.is_empty() { PollTimeout::NONE } else { PollTimeout::ZERO }) {
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
        // Keys come before what is printed: that may have no end.
        if typing && !events[4].is_empty() {
            match nix::unistd::read(keys, &mut buffer) {
                Ok(0) | Err(_) if keys.is_terminal() => return Err(gone("the terminal is gone")),
                Ok(0) | Err(_) => {
                    // End of input is Ctrl-D for a terminal's reader.
                    lent.typed.push(b"\x04");
                    typing = false;
                }
                Ok(count) if lent.types(&buffer[..count]) => return Ok(()),
                Ok(_) => {}
            }
        }
        lent.typed.flush(master);
        let has_ended = !events[0].is_empty();
        if events[1].contains(PollFlags::POLLIN) && held > 0 {
            let count = nix::unistd::read(master, &mut buffer).unwrap_or(0);
            lent.printed.extend_from_slice(&buffer[..count]);
            if has_ended {
                held = held.saturating_sub(count);
            }
        }
        if !lent.printed.is_empty() {
            let taken = (lent.takes)(lent.printed);
            write_all(screen, &lent.printed[..taken])?;
            lent.printed.drain(..taken);
        } else if has_ended {
            // All that the shell printed comes before its end.
            return Ok(());
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
    use std::os::fd::OwnedFd;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    #[test]
    fn the_keys_that_leave_are_found() {
        let keys = [vec![0x1d], b"\x1b[24~".to_vec()];
        assert_eq!(first_of(&keys, b"ls\x1d"), Some(2));
        assert_eq!(first_of(&keys, b"\x1b[24~x"), Some(0));
        assert_eq!(first_of(&keys, b"\x1b[23~]"), None);
        assert_eq!(first_of(&[], b"\x1d"), None);
    }

    /// A terminal that is lent, all ends of it in the test's hands.
    struct Terminal {
        /// Where the program is.
        slave: OwnedFd,
        /// Dropped, the shell has ended.
        lives: Option<OwnedFd>,
        keys: UnixStream,
        shown: UnixStream,
        asked: UnixStream,
        /// How it ended, what was not shown, whether something was not written.
        over: Receiver<(io::Result<()>, Vec<u8>, bool)>,
    }

    /// At most so many bytes are shown at a time, each time after a while.
    fn lent(at_once: usize, after: Duration) -> Terminal {
        let pair = nix::pty::openpty(None, None).unwrap();
        let mut raw = tcgetattr(&pair.slave).unwrap();
        cfmakeraw(&mut raw);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &raw).unwrap();
        never_block(&pair.master).unwrap();
        let (ended, lives) = nix::unistd::pipe().unwrap();
        let ((keys, from), (screen, shown)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
        let ((asked, end), (resized, resizes)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
        let (sender, over) = channel();
        std::thread::spawn(move || {
            let (mut typed, mut printed) = (Typed::default(), Vec::new());
            let mut takes = |bytes: &[u8]| {
                std::thread::sleep(after);
                bytes.len().min(at_once)
            };
            let mut lent = Lent {
                master: pair.master.as_fd(),
                ended: ended.as_fd(),
                typed: &mut typed,
                printed: &mut printed,
                takes: &mut takes,
                leaves: &[vec![0x1d]],
            };
            let result = pump(&mut lent, (from.as_fd(), screen.as_fd()), &resized, &end);
            drop(resizes);
            let _ = sender.send((result, printed, !typed.is_empty()));
        });
        Terminal { slave: pair.slave, lives: Some(lives), keys, shown, asked, over }
    }

    impl Terminal {
        fn over(&self) -> (io::Result<()>, Vec<u8>, bool) {
            self.over.recv_timeout(Duration::from_secs(10)).expect("it has come back")
        }

        /// Prints without an end.
        fn floods(&self) {
            let slave = self.slave.try_clone().unwrap();
            std::thread::spawn(move || while nix::unistd::write(&slave, &[b'y'; 4096]).is_ok() {});
        }
    }

    /// Keys are heard while something prints without an end, however long it takes to show it.
    #[test]
    fn a_flood_keeps_no_key_waiting() {
        let terminal = lent(32, Duration::from_millis(8));
        terminal.floods();
        std::thread::sleep(Duration::from_millis(200));
        write_all(&terminal.keys, b"\x1d").unwrap();
        let (result, unshown, _) = terminal.over();
        assert!(result.is_ok());
        assert!((1..=16 * 1024).contains(&unshown.len()), "no more is kept than is read at once: {}", unshown.len());
    }

    /// What was not shown is left for whoever shows the shell next.
    #[test]
    fn nothing_that_is_printed_is_lost() {
        use std::io::Read;
        let mut terminal = lent(7, Duration::from_millis(1));
        let text: Vec<u8> = (0..1000).flat_map(|number: u32| format!("{number} ").into_bytes()).collect();
        write_all(&terminal.slave, &text).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        write_all(&terminal.keys, b"\x1d").unwrap();
        let (_, unshown, _) = terminal.over();
        let mut all = Vec::new();
        terminal.shown.read_to_end(&mut all).unwrap();
        assert!(!all.is_empty() && !unshown.is_empty());
        all.extend(unshown);
        assert!(text.starts_with(&all));
    }

    /// All that the shell printed is shown before its end; what goes on printing after that is not waited for.
    #[test]
    fn the_end_comes_after_the_last_words() {
        use std::io::Read;
        let mut terminal = lent(7, Duration::ZERO);
        write_all(&terminal.slave, b"some last words").unwrap();
        terminal.lives = None;
        assert!(terminal.over().0.is_ok());
        let mut all = String::new();
        terminal.shown.read_to_string(&mut all).unwrap();
        assert_eq!(all, "some last words");

        // So slow that there is always something to read.
        let mut terminal = lent(usize::MAX, Duration::from_millis(1));
        let mut shown = terminal.shown.try_clone().unwrap();
        std::thread::spawn(move || io::copy(&mut shown, &mut io::sink()));
        terminal.floods();
        terminal.lives = None;
        assert!(terminal.over().0.is_ok());
    }

    /// A program that reads nothing keeps nobody waiting: not the key that leaves, and no signal.
    #[test]
    fn typing_never_waits() {
        for asks in [false, true] {
            let terminal = lent(usize::MAX, Duration::ZERO);
            write_all(&terminal.keys, &[b'x'; 150_000]).unwrap();
            if asks {
                write_all(&terminal.asked, b"x").unwrap();
                assert_eq!(terminal.over().0.unwrap_err().kind(), io::ErrorKind::Interrupted);
            } else {
                write_all(&terminal.keys, b"\x1d").unwrap();
                let (result, _, waits) = terminal.over();
                assert!(result.is_ok() && waits, "what was typed waits for the program");
            }
        }
    }

    /// What was typed reaches a program that reads late, all of it and in order.
    #[test]
    fn what_waited_arrives() {
        let terminal = lent(usize::MAX, Duration::ZERO);
        let text: Vec<u8> = (0..20_000).flat_map(|number: u32| format!("{number} ").into_bytes()).collect();
        write_all(&terminal.keys, &text).unwrap();
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        while all.len() < text.len() {
            let count = nix::unistd::read(&terminal.slave, &mut buffer).unwrap();
            all.extend_from_slice(&buffer[..count]);
        }
        assert!(all == text);
    }
}
