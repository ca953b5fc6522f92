//! What the screen asks of the thread that owns the lab. That thread waits for mount tables too, so each request also makes
//! a descriptor readable.

use crate::lesson::Side;
use crate::session::Effect;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    Effect(Effect),
    /// A shell of a side; the number comes back with it.
    Shell {
        side: Side,
        number: u64,
        rows: u16,
        columns: u16,
    },
    /// The student is at this step now.
    At(usize),
    /// Something has happened in a shell, and the kernel does not tell everything.
    Look,
}

/// The screen's end.
pub struct Requests {
    sender: Sender<Request>,
    wake: UnixStream,
}

/// The lab's end.
pub struct Asked {
    receiver: Receiver<Request>,
    woken: UnixStream,
}

pub fn requests() -> io::Result<(Requests, Asked)> {
    let (sender, receiver) = channel();
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    Ok((Requests { sender, wake }, Asked { receiver, woken }))
}

impl Requests {
    pub fn send(&self, request: Request) {
        // Where nobody listens any more, the screen is told of it otherwise.
        let _ = self.sender.send(request);
        // Full of bytes it is readable as well.
        let _ = (&self.wake).write(b"!");
    }
}

impl Asked {
    /// The next request that is there.
    pub fn take(&self) -> Result<Request, TryRecvError> {
        self.receiver.try_recv()
    }

    /// Readable when there is a request, or nobody left to ask.
    pub fn woken(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }

    /// Takes notice of it: to be called before `take`.
    pub fn notice(&mut self) {
        let _ = self.woken.read(&mut [0; 256]);
    }

    pub fn wait(&self) {
        let mut fds = [PollFd::new(self.woken(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, PollTimeout::NONE);
    }
}
