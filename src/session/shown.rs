//! One side's table as it is shown, whoever shows it: every row of the namespace, what the process sees of it, and what
//! the last change did to each row.

use super::{Facts, SideState};
use crate::mounts::{Change, ChangeKind, Mount, MountTable};
use std::collections::HashMap;
use std::sync::Arc;

/// A side's table as it is shown: all rows of its namespace, and what the last change did to them.
#[derive(Default)]
pub struct Shown {
    /// All rows of the namespace, then those that the last change removed.
    pub table: MountTable,
    /// The table as it is now.
    pub now: MountTable,
    /// The table before the last change.
    pub before: Option<MountTable>,
    state: Option<Arc<SideState>>,
    /// By row of `table`: what the last change did to it.
    changes: HashMap<usize, Vec<Change>>,
    pub is_machine: bool,
    /// The table that the side's first process sees, where it is not the namespace's, and its row for each id.
    seen: Option<(MountTable, HashMap<u64, usize>)>,
    /// The row on which the process's root directory lies.
    pub root: Option<usize>,
    /// The rows of `now` by id, where rows were added: looking each up in turn would take long for thousands.
    ids: HashMap<u64, usize>,
}

impl Shown {
    /// The machine's own table, of which nothing else is known.
    pub fn machine(table: &MountTable) -> Shown {
        Shown { is_machine: true, ..Shown::plain(table) }
    }

    fn plain(table: &MountTable) -> Shown {
        Shown { table: table.clone(), now: table.clone(), ..Shown::default() }
    }

    /// A side after a change. `of_process`: as its first process sees it, else as the whole namespace is.
    pub fn side(
        state: Option<&Arc<SideState>>,
        before: Option<&Arc<SideState>>,
        changes: &[Change],
        of_process: bool,
    ) -> Shown {
        let Some(state) = state else { return Shown::default() };
        let mut shown = Shown::plain(&state.table);
        shown.state = Some(state.clone());
        shown.before = before.map(|before| before.table.clone());
        for change in changes {
            if let Some(row) = change.after {
                shown.changes.entry(row).or_default().push(change.clone());
            }
        }
        if changes.iter().any(|change| change.kind == ChangeKind::Added) {
            shown.ids = state.table.rows().iter().enumerate().map(|(row, mount)| (mount.id, row)).collect();
        }
        shown.keep_the_removed(changes);
        if of_process && state.seen.raw() != state.table.raw() {
            let ids = state.seen.rows().iter().enumerate().map(|(row, mount)| (mount.id, row)).collect();
            shown.seen = Some((state.seen.clone(), ids));
            shown.root = state.table.answering(state.facts.root.as_bytes());
        }
        shown
    }

    /// Rows that are gone stand after the table's own, with their old parents: so they keep their place in its tree.
    fn keep_the_removed(&mut self, changes: &[Change]) {
        let Some(before) = &self.before else { return };
        let gone = changes.iter().filter(|change| change.kind == ChangeKind::Removed);
        let mut raw = self.now.raw().to_vec();
        let mut row = self.now.len();
        for change in gone {
            let Some(mount) = change.before.and_then(|row| before.rows().get(row)) else { continue };
            if raw.last().is_some_and(|last| *last != b'\n') {
                raw.push(b'\n');
            }
            raw.extend_from_slice(mount.raw());
            self.changes.insert(row, vec![change.clone()]);
            row += 1;
        }
        if row > self.now.len() {
            self.table = self.now.reparse(raw);
        }
    }

    pub fn facts(&self) -> Option<&Facts> {
        self.state.as_ref().map(|state| &state.facts)
    }

    pub fn is_there(&self) -> bool {
        self.state.is_some() || self.is_machine
    }

    /// The row as the side has it: a process names mount points from its own root directory.
    pub fn mount(&self, row: usize) -> Option<&Mount> {
        let mount = self.table.rows().get(row)?;
        let seen = self.seen.as_ref().and_then(|(table, rows)| table.rows().get(*rows.get(&mount.id)?));
        Some(seen.unwrap_or(mount))
    }

    pub fn is_removed(&self, row: usize) -> bool {
        row >= self.now.len()
    }

    /// Whether the process does not see this row.
    pub fn is_out_of_view(&self, row: usize) -> bool {
        let id = self.table.rows().get(row).map(|mount| mount.id);
        self.seen.as_ref().is_some_and(|(_, rows)| !id.is_some_and(|id| rows.contains_key(&id)))
    }

    /// Whether the process names this row's mount point otherwise than the namespace does.
    pub fn is_renamed(&self, row: usize) -> bool {
        self.seen.is_some()
            && !self.is_out_of_view(row)
            && self.mount(row).is_some_and(|seen| seen.target() != self.table.rows()[row].target())
    }

    /// The last row that the process names otherwise.
    pub fn last_renamed(&self) -> Option<usize> {
        self.seen.as_ref()?;
        (0..self.now.len()).rev().find(|&row| self.is_renamed(row))
    }

    /// How many rows the process sees, where these are not all.
    pub fn seen_rows(&self) -> Option<usize> {
        self.seen.as_ref().map(|(table, _)| table.len())
    }

    /// Whether a row that was added lies on top of another on the same mount point.
    pub fn covers(&self, row: usize) -> bool {
        let rows = self.now.rows();
        let below = rows.get(row).and_then(|mount| self.ids.get(&mount.parent));
        below.is_some_and(|&below| below != row && rows[below].target() == rows[row].target())
    }

    /// What the last change did to a row, the most telling first.
    pub fn change(&self, row: usize) -> Option<&Change> {
        let telling = |change: &&Change| match change.kind {
            ChangeKind::Added | ChangeKind::Removed => 0,
            ChangeKind::Covered => 1,
            ChangeKind::Uncovered => 2,
            ChangeKind::Moved => 3,
            ChangeKind::Changed => 4,
        };
        self.changes.get(&row)?.iter().min_by_key(telling)
    }

    /// The sign in the first column: `+ - ~ ^ .`, or a space.
    pub fn mark(&self, row: usize) -> char {
        match self.change(row).map(|change| change.kind) {
            Some(ChangeKind::Removed) => '-',
            _ if self.is_out_of_view(row) => '.',
            Some(ChangeKind::Added) => '+',
            Some(ChangeKind::Covered) => '^',
            Some(_) => '~',
            None => ' ',
        }
    }
}
