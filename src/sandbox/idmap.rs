//! Who root of the practice host is on the machine (user_namespaces(7)).
//!
//! A plain user is itself. Root must not be: many files under /proc/sys, and /proc/sysrq-trigger, ask for no capability
//! but only whether the writer's user is the machine's root, whatever namespaces it is in. So it becomes a user who owns
//! nothing.

use nix::errno::Errno;
use nix::unistd::{Gid, Uid};
use std::fs::File;
use std::io::Write;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;

/// In a range that no distribution hands out (systemd's "Users, Groups, UIDs and GIDs").
const NOBODY: u32 = 2_000_000_000;

/// Writes the maps of a new user namespace's first process: one user and one group.
pub fn write(pid: i32) -> Result<(), (String, Errno)> {
    let (uid, gid) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    // Root without CAP_SETUID or CAP_SETGID may map itself only, as a plain user may.
    let as_stranger = |file: &str| {
        let mapped = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
        uid == 0 && put(pid, file, &one(stranger(&mapped))).is_ok()
    };
    if !as_stranger("uid_map") {
        put(pid, "uid_map", &one(uid))?;
    }
    if !as_stranger("gid_map") {
        put(pid, "setgroups", "deny")?;
        put(pid, "gid_map", &one(gid))?;
    }
    Ok(())
}

fn one(id: u32) -> String {
    format!("0 {id} 1\n")
}

fn put(pid: i32, file: &str, text: &str) -> Result<(), (String, Errno)> {
    let path = format!("/proc/{pid}/{file}");
    File::options()
        .write(true)
        .open(&path)
        .and_then(|mut map| map.write_all(text.as_bytes()))
        .map_err(|error| (format!("write {file}"), Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))))
}

/// A user of this process's user namespace who owns nothing.
pub fn stranger_here() -> u32 {
    stranger(&std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default())
}

/// An id of the caller's own map that is nobody's: in a container that has few, the last.
fn stranger(map: &str) -> u32 {
    let ranges = map.lines().filter_map(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [inside, _, count] = numbers[..] else { return None };
        count.checked_sub(1).map(|more| (inside, inside + more))
    });
    let last =
        ranges.map(|(first, last)| if first <= NOBODY.into() && last >= NOBODY.into() { NOBODY.into() } else { last });
    last.max().and_then(|id| u32::try_from(id).ok()).unwrap_or(0)
}

/// Gives pipes and terminals to the practice host's root, who may else not open them anew (`echo x >/dev/stderr`).
pub fn give(stage: i32, fds: &[BorrowedFd]) {
    let Ok(owner) = std::fs::metadata(format!("/proc/{stage}")) else { return };
    if owner.uid() == nix::unistd::geteuid().as_raw() {
        return;
    }
    for fd in fds {
        let _ = nix::unistd::fchown(fd, Some(Uid::from_raw(owner.uid())), Some(Gid::from_raw(owner.gid())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_found_in_every_map() {
        assert_eq!(stranger("         0          0 4294967295\n"), NOBODY);
        assert_eq!(stranger("0 1000 1\n1 100000 65536\n"), 65536);
        assert_eq!(stranger("0 1000 1\n"), 0, "there is nobody else");
        assert_eq!(stranger(""), 0);
    }
}
