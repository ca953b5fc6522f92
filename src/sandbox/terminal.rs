//! Pseudo terminals out of a side's own devpts, where it has one: the name that tty(1) tells then leads somewhere, as in a
//! container whose runtime takes the terminal from the container (pts(4)).

use super::wire::{Reply, Wire};
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::sys::statfs::{DEVPTS_SUPER_MAGIC, fstatfs};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use rustix::termios::{tcgetwinsize, tcsetwinsize};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Both ends of a terminal.
pub struct Own {
    pub master: OwnedFd,
    pub slave: OwnedFd,
}

/// One out of what is mounted on this process's /dev/pts, as large as another; None where that is no devpts, or one that
/// gives nobody a terminal. Whoever works in the sandbox may have put anything there, so only a devpts, in which nobody can
/// make files, is asked for its `ptmx`.
pub fn own(like: BorrowedFd) -> Option<Own> {
    let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let pts = open("/dev/pts", directory, Mode::empty()).ok()?;
    if fstatfs(&pts).ok()?.filesystem_type() != DEVPTS_SUPER_MAGIC {
        return None;
    }
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let master = openat(&pts, "ptmx", flags, Mode::empty()).ok()?;
    unlockpt(&master).ok()?;
    let slave = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).ok()?;
    tcsetwinsize(&slave, tcgetwinsize(like).ok()?).ok()?;
    Some(Own { master, slave })
}

/// Takes a terminal of this side's own, if it can, and hands its master to whoever asked: without one the socket only closes.
pub fn hand_out(socket: BorrowedFd, like: BorrowedFd) -> Option<OwnedFd> {
    let Own { master, slave } = own(like)?;
    let wire = Wire::from(socket.try_clone_to_owned().ok()?);
    wire.send(&Reply::Done, &[master.as_fd()]).ok()?;
    Some(slave)
}
