//! Builds the practice host: `tidy`, file systems of its own, or `copy`, the machine's own mount table.

mod copy;
mod devices;
mod place;
mod tidy;

use super::wire::BuildHost;
use crate::lesson::HostKind;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, statvfs};
use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub use copy::{Descended, descend};
pub use devices::NUMBERS as DEVICES;
pub use place::lab_place;

/// What could not be done while building, and the kernel's answer.
pub struct Failed {
    pub tried: String,
    pub errno: Errno,
}

/// What the stage keeps of a new practice host.
pub struct Built {
    pub proc: OwnedFd,
    /// Descriptors that the practice host's /dev refers to.
    pub devices: Vec<OwnedFd>,
}

/// Where commands are on any of them.
const PATH: &str = "/usr/bin:/usr/sbin:/bin:/sbin";

/// PATH and HOME of the programs on both sides.
pub fn environment(kind: HostKind, lab: &str) -> [String; 2] {
    match kind {
        HostKind::Tidy => [format!("PATH={PATH}"), "HOME=/root".into()],
        HostKind::Copy => copy::environment(PATH, lab),
    }
}

/// Builds it around this process. `layers` are the image's, as open directories.
pub fn build(spec: &BuildHost, layers: Vec<OwnedFd>) -> Result<Built, Failed> {
    let devices = match spec.kind {
        HostKind::Tidy => tidy::build(spec, layers)?,
        HostKind::Copy => copy::build()?,
    };
    tried("sethostname", nix::unistd::sethostname(&spec.hostname))?;
    if spec.shared {
        propagation("make every mount shared", MsFlags::MS_SHARED)?;
    }
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(Built { proc: tried("open /proc", open("/proc", flags, Mode::empty()))?, devices })
}

fn tried<T>(what: impl Into<String>, result: Result<T, Errno>) -> Result<T, Failed> {
    result.map_err(|errno| Failed { tried: what.into(), errno })
}

fn tried_io<T>(what: impl Into<String>, result: std::io::Result<T>) -> Result<T, Failed> {
    tried(what, result.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))))
}

fn mount_new(fstype: &str, source: &str, on: &Path, flags: MsFlags, data: Option<&str>) -> Result<(), Failed> {
    tried(format!("mount a {fstype} on {}", on.display()), mount(Some(source), on, Some(fstype), flags, data))
}

/// Gives every mount of this namespace a propagation type.
fn propagation(what: &str, kind: MsFlags) -> Result<(), Failed> {
    tried(what, mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | kind, None::<&str>))
}

fn directory(path: &Path, mode: u32) -> Result<(), Failed> {
    let made = DirBuilder::new().recursive(true).create(path);
    let made = made.and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)));
    tried_io(format!("make the directory {}", path.display()), made)
}

fn unpack(layers: &[&Path], into: &Path) -> Result<(), Failed> {
    let copied = rootfs_builder::unpack(layers, into);
    tried_io(format!("copy the image to {}", into.display()), copied)
}

/// The flags of a new proc: quiet, and with the access times of the one that is there, since a user namespace may mount
/// no proc that is more liberal (mount_namespaces(7)).
fn proc_flags() -> MsFlags {
    let there = statvfs("/proc").map_or(FsFlags::empty(), |found| found.flags());
    let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    for (seen, wanted) in [(FsFlags::ST_NOATIME, MsFlags::MS_NOATIME), (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME)]
    {
        flags.set(wanted, there.contains(seen));
    }
    flags
}
