//! The mount table of a side, from a descriptor that is kept open: it tells of changes, and shows the whole namespace even
//! when the process is chrooted.

use super::process::unreadable;
use crate::lab::LabError;
use crate::mounts::MountTable;
use crate::sandbox::elsewhere::namespaces_of;
use crate::sandbox::table::{open_namespace, read_table};
use crate::session::SideState;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

pub(super) struct Kept {
    pid: i32,
    mountinfo: File,
    /// The inode number of the mount namespace that `mountinfo` shows.
    namespace: Option<u64>,
    table: MountTable,
}

impl Kept {
    pub fn open(pid: i32) -> Result<Kept, LabError> {
        let path = own_path(pid);
        let mountinfo = File::open(&path).map_err(|error| LabError::Broken(format!("open {path}: {error}")))?;
        Ok(Kept { pid, mountinfo, namespace: None, table: MountTable::default() })
    }

    /// The whole table, and what the process sees of it.
    pub fn look(&mut self) -> Result<(MountTable, MountTable), LabError> {
        let namespace =
            namespaces_of(&self.pid.to_string()).into_iter().find(|(kind, _)| kind == "mnt").map(|(_, id)| id);
        let has_moved = self.namespace.is_some() && self.namespace != namespace;
        self.namespace = namespace;
        // A root may be called / and yet lie in another namespace, whose rows are not in its table: only the process's own
        // list tells. It is read first, since what comes meanwhile may be missing there and not in the whole.
        let seen = own(self.pid).map(|raw| self.table.reparse(raw)).map_err(unreadable)?;
        self.table = self.read(&seen)?;
        // After setns(2) or unshare(2) the descriptor shows a namespace that the process has left. After pivot_root(2), which
        // moves every process whose root it was, it shows the old root, or nothing once that is gone.
        if has_moved || !has_all(&self.table, &seen) {
            self.mountinfo = open_whole(self.pid).map_err(unreadable)?;
            self.table = self.read(&seen)?;
        }
        Ok((self.table.clone(), seen))
    }

    /// A side with its table as it is now. None if the descriptor may not show what the process has now.
    pub fn follow(&self, state: &SideState) -> Option<SideState> {
        let table = state.table.reparse(read_table(&self.mountinfo).ok()?);
        // With another root directory, or rows that went, only the process's own list tells what it sees.
        let seen = match state.seen == state.table && table.len() >= state.table.len() {
            true => table.clone(),
            false => table.reparse(own(self.pid).ok()?),
        };
        has_all(&table, &seen).then(|| SideState { table, seen, facts: state.facts.clone() })
    }

    fn read(&self, seen: &MountTable) -> Result<MountTable, LabError> {
        let raw = read_table(&self.mountinfo).map_err(unreadable)?;
        Ok(if raw == seen.raw() { seen.clone() } else { self.table.reparse(raw) })
    }
}

impl AsFd for Kept {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.mountinfo.as_fd()
    }
}

/// The list of all that is in a process's namespace: its own, unless it is chrooted. (Where a root is covered, as by
/// pivot_root(".", "."), the namespace's is another than the process's.)
fn open_whole(pid: i32) -> std::io::Result<File> {
    match std::fs::read_link(format!("/proc/{pid}/root"))? == Path::new("/") {
        true => File::open(own_path(pid)),
        false => open_namespace(pid),
    }
}

fn own_path(pid: i32) -> String {
    format!("/proc/{pid}/mountinfo")
}

fn own(pid: i32) -> std::io::Result<Vec<u8>> {
    read_table(&File::open(own_path(pid))?)
}

/// Whether each row that a process sees is in the table. Both are in the kernel's order.
fn has_all(table: &MountTable, seen: &MountTable) -> bool {
    let mut rows = table.rows().iter();
    table == seen || seen.rows().iter().all(|mount| rows.any(|row| row.id == mount.id))
}
