//! What is typed and pasted, until the program takes it. Some programs never do, so nobody waits for that.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;

/// No more waits than this.
pub(super) const LONGEST: usize = 256 * 1024;

#[derive(Debug, Default)]
pub struct Typed(VecDeque<u8>);

impl Typed {
    /// False: so much waits already that this is left out.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let fits = self.0.len() + bytes.len() <= LONGEST;
        if fits {
            self.0.extend(bytes);
        }
        fits
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes as far as it goes, to a terminal that never blocks.
    pub fn flush(&mut self, master: impl AsFd) {
        while !self.0.is_empty() {
            match nix::unistd::write(&master, self.0.as_slices().0) {
                Ok(count) => drop(self.0.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => self.0.clear(),
            }
        }
    }
}

/// From now on reading and writing take what can be taken at once.
pub fn never_block(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
