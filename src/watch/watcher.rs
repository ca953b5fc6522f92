//! Waits for what the kernel tells of two processes. No timer: between changes nothing runs.

use super::process::{Process, Standing, Unwatchable};
use super::watched::Both;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::os::fd::BorrowedFd;

#[derive(Debug)]
pub struct Watcher {
    sides: [Process; 2],
}

/// What ended a wait.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Woken {
    sides: [bool; 2],
    /// Which of the other descriptors has something to tell.
    pub other: Option<usize>,
}

impl Watcher {
    pub fn new(outside: Process, inside: Process) -> Watcher {
        Watcher { sides: [outside, inside] }
    }

    /// Both processes by their numbers; with the error, which of them it is.
    pub fn open(outside: i32, inside: i32) -> Result<Watcher, (i32, Unwatchable)> {
        let open = |pid| Process::open(pid).map_err(|why| (pid, why));
        Ok(Watcher::new(open(outside)?, open(inside)?))
    }

    pub fn seen(&self) -> Both {
        let [outside, inside] = &self.sides;
        Both { outside: outside.seen().clone(), inside: inside.seen().clone() }
    }

    /// Sleeps until a table changed, a process ended, or one of the other descriptors is what is waited for.
    pub fn wait(&self, others: &[(BorrowedFd, PollFlags)]) -> io::Result<Woken> {
        let mut of = Vec::new();
        let mut fds = Vec::new();
        for (side, process) in self.sides.iter().enumerate() {
            for (fd, flags) in process.descriptors().into_iter().flatten() {
                of.push(Some(side));
                fds.push(PollFd::new(fd, flags));
            }
        }
        let own = fds.len();
        fds.extend(others.iter().map(|&(fd, flags)| PollFd::new(fd, flags)));
        while let Err(errno) = poll(&mut fds, PollTimeout::NONE) {
            if errno != Errno::EINTR {
                return Err(errno.into());
            }
        }
        let mut woken = Woken::default();
        let ready = fds.iter().enumerate().filter(|(_, fd)| fd.any() == Some(true));
        for (index, _) in ready {
            match of.get(index) {
                Some(Some(side)) => woken.sides[*side] = true,
                _ => woken.other = woken.other.or(Some(index - own)),
            }
        }
        Ok(woken)
    }

    /// Reads the tables that the kernel told of.
    pub fn read(&mut self, woken: &Woken) {
        self.sides.iter_mut().zip(woken.sides).filter(|(_, woken)| *woken).for_each(|(process, _)| process.follow());
    }

    /// Reads what else may have changed: propagation, roots, namespaces and names do so without a word of the kernel.
    pub fn read_rest(&mut self, woken: &Woken) {
        for (process, was_read) in self.sides.iter_mut().zip(woken.sides) {
            process.settle(was_read);
        }
    }

    /// Whether there is nothing left to wait for.
    pub fn is_over(&self) -> bool {
        self.sides.iter().all(|process| process.seen().standing == Standing::Ended)
    }
}
