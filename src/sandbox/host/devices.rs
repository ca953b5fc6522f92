//! Device files that programs expect. A user namespace cannot make device nodes, and a bind mount for each would be a row
//! for each; so PID 1 keeps them open, and /dev has symbolic links to its descriptors (proc_pid_fd(5)). The container's
//! PID 1 inherits them: the links in an image's /dev lead there, wherever it has a /proc of its own. An image's /dev/pts is
//! such a link, too: to a devpts that is mounted nowhere.

use super::{Failed, tried, tried_io};
use crate::sandbox::sys;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::Path;

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// From which number on: the links must not change from run to run.
const FIRST: i32 = 100;
/// The root directory of the images' devpts.
const PTS: i32 = FIRST + DEVICES.len() as i32;
/// All of them.
pub const NUMBERS: std::ops::Range<i32> = FIRST..PTS + 1;

pub fn open_all() -> Result<Vec<OwnedFd>, Failed> {
    let device = |name: &&str| {
        let path = format!("/dev/{name}");
        tried(format!("open {path}"), open(path.as_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()))
    };
    let devpts = std::iter::once_with(|| tried_io("make a devpts", devpts().map_err(std::io::Error::from)));
    let keep = |(fd, number): (Result<OwnedFd, Failed>, i32)| {
        tried(format!("keep a device open as {number}"), sys::duplicate_high(fd?.as_fd(), number))
    };
    DEVICES.iter().map(device).chain(devpts).zip(NUMBERS).map(keep).collect()
}

/// A devpts that is a row of no table (fsmount(2)): it lasts as long as somebody has it open.
fn devpts() -> rustix::io::Result<OwnedFd> {
    let made = fsopen("devpts", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in [("ptmxmode", "0666"), ("mode", "0620")] {
        fsconfig_set_string(made.as_fd(), key, value)?;
    }
    fsconfig_create(made.as_fd())?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    fsmount(made.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)
}

/// Makes an image's /dev: the links, and one to the devpts.
pub fn in_image(dev: &Path) -> Result<(), Failed> {
    links(dev)?;
    tried_io("link /dev/pts of the image", symlink(format!("/proc/1/fd/{PTS}"), dev.join("pts")))?;
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
