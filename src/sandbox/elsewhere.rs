//! The proof, held by whoever has power, that it is not in the machine's own namespaces.

use super::wire::NamespaceIds;
use std::os::fd::{AsFd, BorrowedFd};

/// The kinds that must differ before a call is performed. A user namespace only where there is one.
const KINDS: [&str; 3] = ["mnt", "uts", "pid"];

/// Only [`prove`](Elsewhere::prove) makes one, and performing a call takes one. A process's namespaces change only by
/// its own calls, so one proof lasts until it makes such a call.
pub struct Elsewhere(());

impl Elsewhere {
    /// Compares this process's namespaces with the machine's. `proc` is a /proc in which this process has a number.
    pub fn prove(proc: BorrowedFd, machine: &NamespaceIds) -> Result<Elsewhere, String> {
        KINDS.iter().try_for_each(|kind| differs(proc, machine, kind))?;
        Ok(Elsewhere(()))
    }
}

/// Whether this process's namespace of one kind is not the machine's; the reason if it is, or if that cannot be known.
pub fn differs(proc: BorrowedFd, machine: &NamespaceIds, kind: &str) -> Result<(), String> {
    let ours = namespace_of_self(proc, kind).map_err(|errno| format!("cannot read own {kind} namespace: {errno}"))?;
    let theirs = machine.iter().find(|(name, _)| name == kind).map(|(_, inode)| *inode);
    if theirs.is_none() || theirs == Some(ours) {
        return Err(format!("this process is in the machine's own {kind} namespace; nothing is performed here"));
    }
    Ok(())
}

/// The inode number of one of this process's namespaces.
fn namespace_of_self(proc: BorrowedFd, kind: &str) -> nix::Result<u64> {
    let link = nix::fcntl::readlinkat(proc.as_fd(), format!("self/ns/{kind}").as_str())?;
    parse_link(&link.to_string_lossy()).ok_or(nix::errno::Errno::EINVAL)
}

/// `mnt:[4026531841]` → 4026531841.
pub fn parse_link(link: &str) -> Option<u64> {
    link.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

/// All namespaces of a process of this /proc.
pub fn namespaces_of(pid: &str) -> NamespaceIds {
    ["mnt", "pid", "uts", "user", "ipc"]
        .iter()
        .filter_map(|kind| {
            let link = std::fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()?;
            Some((kind.to_string(), parse_link(link.to_str()?)?))
        })
        .collect()
}
