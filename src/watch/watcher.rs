//! Waits for what the kernel tells of two processes. No timer between changes: then nothing runs.

use super::process::{Process, Standing, Unwatchable};
use super::watched::Both;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// Hostnames are asked for no more often: a witness each time, and whoever may set one may do so in a circle.
const NAMES_PACE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub struct Watcher {
    sides: [Process; 2],
    /// Tells, by an exception, of each hostname that is set in whatever UTS namespace (proc(5)). None where it cannot be
    /// opened; then hostnames are read anew when somebody asks.
    names: Option<File>,
    names_asked: Option<Instant>,
}

/// What ended a wait.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Woken {
    sides: [bool; 2],
    /// Some hostname was set.
    names: bool,
    /// Which of the other descriptors has something to tell.
    pub other: Option<usize>,
}

/// Who has something to tell.
enum Told {
    Side(usize),
    Names,
    Other(usize),
}

impl Watcher {
    pub fn new(outside: Process, inside: Process) -> Watcher {
        let names = File::open("/proc/sys/kernel/hostname").ok();
        Watcher { sides: [outside, inside], names, names_asked: None }
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

    /// Sleeps until a table changed, a hostname was set, a process ended, or one of the other descriptors is what is
    /// waited for.
    pub fn wait(&self, others: &[(BorrowedFd, PollFlags)]) -> io::Result<Woken> {
        loop {
            let (names, patience) = self.names_to_wait_for();
            let sides = self.sides.iter().enumerate().flat_map(|(side, process)| {
                process.descriptors().into_iter().flatten().map(move |fd| (Told::Side(side), fd))
            });
            let names = names.iter().map(|file| (Told::Names, (file.as_fd(), PollFlags::POLLPRI)));
            let others = others.iter().enumerate().map(|(index, &fd)| (Told::Other(index), fd));
            let (tell, mut fds): (Vec<Told>, Vec<PollFd>) =
                sides.chain(names).chain(others).map(|(told, (fd, flags))| (told, PollFd::new(fd, flags))).unzip();
            match poll(&mut fds, patience) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(errno.into()),
            }
            let mut woken = Woken::default();
            for (_, told) in fds.iter().zip(tell).filter(|(fd, _)| fd.any() == Some(true)) {
                match told {
                    Told::Side(side) => woken.sides[side] = true,
                    Told::Names => woken.names = true,
                    Told::Other(index) => woken.other = woken.other.or(Some(index)),
                }
            }
            return Ok(woken);
        }
    }

    /// What tells of hostnames, if it is time to hear of them; else how long to wait for all the rest alone. Nothing is
    /// missed: what is set meanwhile is told then.
    fn names_to_wait_for(&self) -> (Option<&File>, PollTimeout) {
        let early = self.names_asked.map_or(Duration::ZERO, |asked| NAMES_PACE.saturating_sub(asked.elapsed()));
        match &self.names {
            Some(_) if !early.is_zero() => (None, PollTimeout::try_from(early).unwrap_or(PollTimeout::ZERO)),
            names => (names.as_ref(), PollTimeout::NONE),
        }
    }

    /// Reads the tables that the kernel told of.
    pub fn read(&mut self, woken: &Woken) {
        self.sides.iter_mut().zip(woken.sides).filter(|(_, woken)| *woken).for_each(|(process, _)| process.follow());
    }

    /// Reads what else may have changed: propagation, roots, namespaces and names do so without a word of the kernel.
    pub fn read_rest(&mut self, woken: &Woken) {
        let by_witness = woken.names || woken.other.is_some();
        if by_witness {
            self.names_asked = Some(Instant::now());
        }
        for (process, was_read) in self.sides.iter_mut().zip(woken.sides) {
            process.settle(was_read, by_witness);
        }
    }

    /// Whether there is nothing left to wait for.
    pub fn is_over(&self) -> bool {
        self.sides.iter().all(|process| process.seen().standing == Standing::Ended)
    }
}
