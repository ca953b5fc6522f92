//! The practice host as a copy of the machine's own mount table.
//!
//! Two processes build it. The outer one makes the copy in a mount namespace of its own: mount events of the machine
//! come in and none goes out (a private copy would pin the machine's mounts: an unmounted disk would stay busy), every
//! row but /proc is read-only, the lab lies in its place. The inner one, the stage, is cloned into a user namespace with
//! a mount namespace, and this copying locks every row as it is (mount_namespaces(7)): whoever is root there can neither
//! remount nor unmount what is the machine's.

use super::super::sys;
use super::super::wire::BuildHost;
use super::{Failed, devices, directory, mount_new, proc_flags, propagation, tried, tried_io, unpack};
use crate::toolbox::{ALWAYS, PROGRAM, STAND_IN};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::MsFlags;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{lchown, symlink};
use std::path::Path;

/// Commands of the lab that come before the machine's, and those for what the machine lacks.
const COMMANDS: &str = "bin";
const STAND_INS: &str = "bin/last";

/// PATH and HOME on both sides. The machine's /root is not the student's.
pub fn environment(path: &str, lab: &str) -> [String; 2] {
    [format!("PATH={lab}/{COMMANDS}:{path}:{lab}/{STAND_INS}"), format!("HOME={lab}")]
}

/// Where this process is after [`descend`].
pub enum Descended {
    /// Still outside; the stage has this number here.
    Outer(i32),
    /// The stage.
    Inner,
}

/// Makes the copy and clones the stage into it. This process must have a mount namespace of its own.
/// `owner` is who root of the practice host is, in numbers of this process's user namespace.
pub fn descend(spec: &BuildHost, owner: u32) -> Result<Descended, Failed> {
    tried("chdir to /", nix::unistd::chdir("/"))?;
    propagation("let no mount event out", MsFlags::MS_SLAVE)?;
    tried("make every mount read-only", sys::set_read_only(c"/", true))?;
    // A user namespace may mount no proc that is more liberal than the one it finds (mount_namespaces(7)).
    tried("make the mount on /proc writable", sys::set_read_only(c"/proc", false))?;
    make_lab(spec, Path::new(&spec.lab), owner)?;
    if owner != 0 {
        tried("leave root's groups", setgroups(&[]))?;
    }
    let (wait, go) = tried("make a pipe", nix::unistd::pipe2(OFlag::O_CLOEXEC))?;
    let kinds = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
    let Some(stage) = tried("clone with new namespaces", sys::clone_sibling(kinds))? else {
        drop(go);
        if nix::unistd::read(&wait, &mut [0]) != Ok(1) || become_root().is_err() {
            sys::exit_now(1);
        }
        return Ok(Descended::Inner);
    };
    for file in ["uid_map", "gid_map"] {
        let path = format!("/proc/{stage}/{file}");
        tried_io(format!("write {file}"), std::fs::write(path, format!("0 {owner} 1\n")))?;
    }
    tried("start the practice host", nix::unistd::write(&go, b"g"))?;
    Ok(Descended::Outer(stage))
}

/// The stage's part before it is greeted: it becomes root of its user namespace.
fn become_root() -> Result<(), Errno> {
    setresgid(Gid::from_raw(0), Gid::from_raw(0), Gid::from_raw(0))?;
    setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0))?;
    // A change of identity clears both (prctl(2)).
    sys::set_dumpable();
    sys::die_with_parent();
    let _ = nix::unistd::setsid();
    Ok(())
}

/// A tmpfs with the image's layers and nslab's own commands.
fn make_lab(spec: &BuildHost, lab: &Path, owner: u32) -> Result<(), Failed> {
    mount_new("tmpfs", "lab", lab, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755"))?;
    for (name, path) in &spec.layers {
        let layer = lab.join("image").join(name);
        directory(&layer, 0o755)?;
        unpack(&[Path::new(path)], &layer)?;
        if layer.join("dev").is_dir() {
            devices::in_image(&layer.join("dev"))?;
        }
    }
    // The machine's ps may stop where /proc belongs to another PID namespace, which is what a lesson shows.
    links(&lab.join(COMMANDS), "..", ALWAYS)?;
    links(&lab.join(STAND_INS), "../..", STAND_IN)?;
    tried_io(format!("give the lab to uid {owner}"), give(lab, owner))
}

/// nslab's own commands, in a directory from which `up` leads to the lab.
fn links(dir: &Path, up: &str, names: &[&str]) -> Result<(), Failed> {
    directory(dir, 0o755)?;
    let program = format!("{up}/image/base/usr/bin/{PROGRAM}");
    names.iter().try_for_each(|name| tried_io(format!("link {name}"), symlink(&program, dir.join(name))))
}

fn give(path: &Path, owner: u32) -> std::io::Result<()> {
    lchown(path, Some(owner), Some(owner))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path(), owner)?;
        }
    }
    Ok(())
}

/// What only the stage can do: a /proc of its own PID namespace, over the machine's. Returns the descriptors that the /dev
/// of images refers to.
pub fn build() -> Result<Vec<OwnedFd>, Failed> {
    let devices = devices::open_all()?;
    mount_new("proc", "proc", Path::new("/proc"), proc_flags(), None)?;
    Ok(devices)
}
