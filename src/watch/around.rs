//! Which mount namespaces there are on this machine, as far as this user may know.

use crate::mounts::printable;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

/// A mount namespace and a process of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    pub inode: u64,
    /// The one with the smallest number, mostly the oldest.
    pub pid: i32,
    pub program: String,
    pub processes: usize,
}

/// All but the caller's own, and of how many processes the namespace may not be known.
pub fn namespaces() -> std::io::Result<(Vec<Namespace>, usize)> {
    let own = std::fs::metadata("/proc/self/ns/mnt")?.ino();
    let mut found: BTreeMap<u64, Namespace> = BTreeMap::new();
    let mut unknown = 0;
    let mut pids: Vec<i32> =
        std::fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    for pid in pids {
        let inode = match std::fs::metadata(format!("/proc/{pid}/ns/mnt")) {
            Ok(link) => link.ino(),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                unknown += 1;
                continue;
            }
            // It has ended meanwhile.
            Err(_) => continue,
        };
        if inode == own {
            continue;
        }
        let named = || {
            let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
            printable(name.strip_suffix(b"\n").unwrap_or(&name))
        };
        let known = found.entry(inode).or_insert_with(|| Namespace { inode, pid, program: named(), processes: 0 });
        known.processes += 1;
    }
    let mut all: Vec<Namespace> = found.into_values().collect();
    all.sort_by_key(|namespace| namespace.pid);
    Ok((all, unknown))
}
