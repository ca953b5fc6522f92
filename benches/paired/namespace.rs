//! A mount namespace of the benchmark's own, filled with real mounts.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::path::Path;
use std::process::ExitCode;

const NONE: Option<&str> = None;

/// Enters one that is private, through a user namespace for a plain user. Else the exit status, and why is said.
pub fn enter() -> Result<(), ExitCode> {
    try_enter().map_err(|error| {
        eprintln!("cannot have a mount namespace of our own: {error}; see nslab doctor");
        ExitCode::from(3)
    })
}

fn try_enter() -> std::io::Result<()> {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    if uid.is_root() {
        unshare(CloneFlags::CLONE_NEWNS)?;
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    }
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    mount(Some("bench"), "/tmp", Some("tmpfs"), MsFlags::empty(), NONE)?;
    Ok(())
}

/// Adds mounts until the table has so many rows, with names as long as container engines use them.
pub fn fill(rows: usize) {
    let now = std::fs::read_to_string("/proc/self/mountinfo").expect("read the table").lines().count();
    for number in now..rows {
        mount_at(Path::new(&format!("/tmp/containers/storage/overlay/{number:064x}/merged")));
    }
}

pub fn mount_at(path: &Path) {
    std::fs::create_dir_all(path).expect("make a mount point");
    mount(Some("bench"), path, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("size=4k")).expect("mount");
}
