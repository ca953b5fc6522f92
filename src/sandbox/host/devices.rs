//! Device files that programs expect. A user namespace cannot make device nodes, and a bind mount for each would be a row
//! for each; so PID 1 keeps them open, and /dev has symbolic links to its descriptors (proc_pid_fd(5)). The container's
//! PID 1 inherits them: the links in an image's /dev lead there, wherever it has a /proc of its own.

use super::{Failed, tried, tried_io};
use crate::sandbox::sys;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::Path;

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// From which number on: the links must not change from run to run.
const FIRST: i32 = 100;
/// All of them.
pub const NUMBERS: std::ops::Range<i32> = FIRST..FIRST + DEVICES.len() as i32;

pub fn open_all() -> Result<Vec<OwnedFd>, Failed> {
    DEVICES
        .iter()
        .zip(FIRST..)
        .map(|(name, number)| {
            let path = format!("/dev/{name}");
            let fd =
                tried(format!("open {path}"), open(path.as_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()))?;
            tried(format!("keep {path} open"), sys::duplicate_high(fd.as_fd(), number))
        })
        .collect()
}

/// Makes an image's /dev: the links, and the place for a devpts, which whoever wants one mounts.
pub fn in_image(dev: &Path) -> Result<(), Failed> {
    links(dev)?;
    match std::fs::create_dir(dev.join("pts")) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => tried_io("make /dev/pts of the image", made),
    }?;
    ptmx(dev)
}

/// Where programs ask for a terminal: in the devpts beside it.
pub fn ptmx(dev: &Path) -> Result<(), Failed> {
    tried_io("link /dev/ptmx", symlink("pts/ptmx", dev.join("ptmx")))
}

/// Makes the links in a /dev.
pub fn links(dev: &Path) -> Result<(), Failed> {
    let all = DEVICES.iter().zip(FIRST..).map(|(name, number)| (*name, format!("/proc/1/fd/{number}")));
    let standard = [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1")];
    let standard = standard.into_iter().chain([("stderr", "/proc/self/fd/2")]);
    all.chain(standard.map(|(name, target)| (name, target.to_string())))
        .try_for_each(|(name, target)| tried_io(format!("link /dev/{name}"), symlink(target, dev.join(name))))
}
