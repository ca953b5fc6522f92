//! The master of a pseudo terminal, for a loop that must never wait for it: a thread tells when there is something to read,
//! to write, or when the program has ended; reading and writing take what can be taken at once.

use super::typed::{Typed, never_block};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// What the thread tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// There is something to read. Told again after `read` found nothing.
    Readable,
    /// What waits to be written can go on.
    Writable,
    /// The program has ended: its exit status, where it is known.
    Ended(Option<i32>),
}

pub struct Pty {
    master: Arc<OwnedFd>,
    ended: Arc<OwnedFd>,
    typed: Typed,
    /// Its end ends the thread.
    watcher: UnixStream,
}

impl Pty {
    /// `ended` is readable (4 bytes, the exit status) when the program has ended; `tell` is called on another thread, and
    /// answers whether anybody still listens.
    pub fn new(master: OwnedFd, ended: OwnedFd, tell: impl Fn(Told) -> bool + Send + 'static) -> io::Result<Pty> {
        let (master, ended) = (Arc::new(master), Arc::new(ended));
        let (watcher, orders) = UnixStream::pair()?;
        watcher.set_nonblocking(true)?;
        let watched = (master.clone(), ended.clone());
        std::thread::Builder::new().name("pty".into()).spawn(move || watch(&watched.0, &watched.1, orders, &tell))?;
        never_block(&master)?;
        Ok(Pty { master, ended, typed: Typed::default(), watcher })
    }

    /// Reads what is there: 0 where there is nothing now.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        loop {
            match nix::unistd::read(&self.master, buffer) {
                Err(Errno::EINTR) => {}
                Ok(count @ 1..) => return count,
                // EIO: nobody has the terminal open now.
                _ => {
                    let _ = self.watcher.write(b"r");
                    return 0;
                }
            }
        }
    }

    /// Types bytes, now or as soon as the program takes them. False: so much waits already that these are left out.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        let fits = self.typed.push(bytes);
        self.flush();
        fits
    }

    /// Writes what waits, as far as it goes.
    pub fn flush(&mut self) {
        self.typed.flush(&self.master);
        if !self.typed.is_empty() {
            let _ = self.watcher.write(b"w");
        }
    }

    /// Lends the descriptors of terminal and end, and what waits to be written, to somebody who waits for them.
    pub fn lend<T>(&mut self, to: impl FnOnce(BorrowedFd, BorrowedFd, &mut Typed) -> T) -> T {
        let answer = to(self.master.as_fd(), self.ended.as_fd(), &mut self.typed);
        self.flush();
        let _ = self.watcher.write(b"r");
        answer
    }

    pub fn master(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // The thread has descriptors of its own: the terminal hangs up when it has let go of them.
        let _ = self.watcher.shutdown(std::net::Shutdown::Both);
    }
}

/// Tells each thing once, until it is asked for again: a flood of output is no flood of messages.
fn watch(master: &OwnedFd, ended: &OwnedFd, mut orders: UnixStream, tell: &dyn Fn(Told) -> bool) {
    let (mut read, mut write, mut lives) = (true, false, true);
    loop {
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::POLLIN, read);
        wanted.set(PollFlags::POLLOUT, write);
        let mut fds = vec![PollFd::new(orders.as_fd(), PollFlags::POLLIN)];
        if lives {
            fds.push(PollFd::new(ended.as_fd(), PollFlags::POLLIN));
        }
        // One that hung up says so at once, whatever is asked of it.
        if read || write {
            fds.push(PollFd::new(master.as_fd(), wanted));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(_) => return,
        }
        let found = |index: usize| fds.get(index).and_then(PollFd::revents).unwrap_or(PollFlags::empty());
        let has_ended = lives && !found(1).is_empty();
        let (ordered, terminal) = (!found(0).is_empty(), found(if lives { 2 } else { 1 }));
        drop(fds);
        let mut listens = true;
        if terminal.contains(PollFlags::POLLIN) {
            read = false;
            listens &= tell(Told::Readable);
        }
        if terminal.contains(PollFlags::POLLOUT) {
            write = false;
            listens &= tell(Told::Writable);
        }
        if terminal.intersects(PollFlags::POLLHUP | PollFlags::POLLERR) && !terminal.contains(PollFlags::POLLIN) {
            (read, write) = (false, false);
        }
        if has_ended {
            lives = false;
            let mut status = [0; 4];
            let known = nix::unistd::read(ended, &mut status) == Ok(4);
            listens &= tell(Told::Ended(known.then_some(i32::from_ne_bytes(status))));
        }
        if ordered {
            let mut all = [0; 64];
            let count = orders.read(&mut all).unwrap_or(0);
            read |= all[..count].contains(&b'r');
            write |= all[..count].contains(&b'w');
            listens &= count > 0;
        }
        if !listens {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    /// A terminal whose program's end is the test's own, and what is told of it.
    fn open() -> (Pty, OwnedFd, OwnedFd, Receiver<Told>) {
        let pair = nix::pty::openpty(None, None).unwrap();
        let mut raw = nix::sys::termios::tcgetattr(&pair.slave).unwrap();
        nix::sys::termios::cfmakeraw(&mut raw);
        nix::sys::termios::tcsetattr(&pair.slave, nix::sys::termios::SetArg::TCSANOW, &raw).unwrap();
        let (ended, report) = nix::unistd::pipe().unwrap();
        let (sender, told) = channel();
        let pty = Pty::new(pair.master, ended, move |what| sender.send(what).is_ok()).unwrap();
        (pty, pair.slave, report, told)
    }

    fn next(told: &Receiver<Told>) -> Told {
        told.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn nothing(told: &Receiver<Told>) {
        assert_eq!(told.recv_timeout(Duration::from_millis(50)).ok(), None);
    }

    #[test]
    fn a_flood_is_told_once() {
        let (mut pty, slave, _report, told) = open();
        for _ in 0..20 {
            nix::unistd::write(&slave, b"0123456789").unwrap();
        }
        assert_eq!(next(&told), Told::Readable);
        nothing(&told);
        let mut buffer = [0; 64];
        let mut all = 0;
        loop {
            match pty.read(&mut buffer) {
                // The kernel hands it over a little later than it says.
                0 if all == 200 => break,
                count => all += count,
            }
        }
        nix::unistd::write(&slave, b"more").unwrap();
        assert_eq!(next(&told), Told::Readable);
        assert_eq!(pty.read(&mut buffer), 4);
    }

    /// A program that reads nothing keeps nobody waiting, and gets all of it once it reads.
    #[test]
    fn typing_never_waits() {
        let (mut pty, slave, _report, told) = open();
        let text = vec![b'x'; 100_000];
        assert!(pty.write(&text));
        assert!(!pty.write(&vec![b'y'; super::super::typed::LONGEST]), "there is an end to what waits");
        let mut count = 0;
        let mut buffer = [0; 4096];
        while count < text.len() {
            count += nix::unistd::read(&slave, &mut buffer).unwrap();
            while let Ok(what) = told.try_recv() {
                assert_eq!(what, Told::Writable);
                pty.flush();
            }
            pty.flush();
        }
        assert_eq!(count, text.len());
    }

    #[test]
    fn the_end_is_told_with_its_status() {
        let (mut pty, slave, report, told) = open();
        nix::unistd::write(&report, &7i32.to_ne_bytes()).unwrap();
        assert_eq!(next(&told), Told::Ended(Some(7)));
        drop(slave);
        assert_eq!(pty.read(&mut [0; 8]), 0);
        nothing(&told);
        // Without a status where nobody is left to tell it.
        let (_pty, _slave, report, told) = open();
        drop(report);
        assert_eq!(next(&told), Told::Ended(None));
    }

    /// Dropped, it lets go of the terminal: whoever reads there is told.
    #[test]
    fn dropped_it_hangs_up() {
        let (pty, slave, _report, told) = open();
        drop(pty);
        assert!(told.recv_timeout(Duration::from_secs(10)).is_err(), "the thread has ended");
        let mut fds = [PollFd::new(slave.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::from(10_000u16)), Ok(1));
        assert!(fds[0].revents().unwrap().contains(PollFlags::POLLHUP));
    }
}
