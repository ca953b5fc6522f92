//! Which tables a frame shows: those of now or of an earlier change, as a process or as the whole namespace has them.

use super::view::{Sight, View};
use crate::lesson::Side;
use crate::mounts::{Change, ChangeKind, Mount, MountTable};
use crate::session::{Facts, Marks, Session, SideState, Snapshot};
use std::borrow::Cow;
use std::collections::HashMap;

/// One side of a frame.
pub struct Shown<'a> {
    /// All rows of the namespace, then those that the last change removed.
    pub table: Cow<'a, MountTable>,
    /// The table as it is now.
    pub now: &'a MountTable,
    /// The table before the last change.
    pub before: Option<&'a MountTable>,
    pub facts: Option<&'a Facts>,
    /// By row of `table`: what the last change did to it.
    pub changes: HashMap<usize, Vec<&'a Change>>,
    pub is_machine: bool,
    /// The table that the side's first process sees, where it is not the namespace's, and its row for each row.
    seen: Option<(&'a MountTable, HashMap<u64, usize>)>,
    /// The row on which the process's root directory lies.
    pub root: Option<usize>,
    /// The rows of `now` by id, where rows were added: looking each up in turn would take long for thousands.
    ids: HashMap<u64, usize>,
}

pub struct Scene<'a> {
    pub outside: Shown<'a>,
    pub inside: Shown<'a>,
    pub marks: &'a Marks,
}

impl<'a> Scene<'a> {
    pub fn of(session: &'a Session, view: &'a View) -> Scene<'a> {
        let moment = view.moment.and_then(|moment| session.history.get(moment));
        let (now, marks): (&Snapshot, &Marks) = match moment {
            Some(moment) => (&moment.marks.after, &moment.marks),
            None => (&session.now, &session.marks),
        };
        let before = &marks.before;
        let outside = if view.sight == Sight::Machine {
            Shown { is_machine: true, ..Shown::plain(&view.machine) }
        } else {
            Shown::side(Some(&now.outside), Some(&before.outside), &marks.outside, view)
        };
        let inside = Shown::side(now.inside.as_deref(), before.inside.as_deref(), &marks.inside, view);
        Scene { outside, inside, marks }
    }

    pub fn side(&self, side: Side) -> &Shown<'a> {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }
}

static EMPTY: std::sync::LazyLock<MountTable> = std::sync::LazyLock::new(MountTable::default);

impl<'a> Shown<'a> {
    fn plain(table: &'a MountTable) -> Shown<'a> {
        Shown {
            table: Cow::Borrowed(table),
            now: table,
            before: None,
            facts: None,
            changes: HashMap::new(),
            is_machine: false,
            seen: None,
            root: None,
            ids: HashMap::new(),
        }
    }

    fn side(
        state: Option<&'a SideState>,
        before: Option<&'a SideState>,
        changes: &'a [Change],
        view: &View,
    ) -> Shown<'a> {
        let Some(state) = state else { return Shown::plain(&EMPTY) };
        let mut shown = Shown::plain(&state.table);
        shown.facts = Some(&state.facts);
        shown.before = before.map(|before| &before.table);
        for change in changes {
            if let Some(row) = change.after {
                shown.changes.entry(row).or_default().push(change);
            }
        }
        if changes.iter().any(|change| change.kind == ChangeKind::Added) {
            shown.ids = state.table.rows().iter().enumerate().map(|(row, mount)| (mount.id, row)).collect();
        }
        shown.keep_the_removed(changes);
        if view.sight == Sight::Process && state.seen.raw() != state.table.raw() {
            let ids = state.seen.rows().iter().enumerate().map(|(row, mount)| (mount.id, row)).collect();
            shown.seen = Some((&state.seen, ids));
            shown.root = state.table.answering(state.facts.root.as_bytes());
        }
        shown
    }

    /// Rows that are gone stand after the table's own, with their old parents: so they keep their place in its tree.
    fn keep_the_removed(&mut self, changes: &'a [Change]) {
        let Some(before) = self.before else { return };
        let gone = changes.iter().filter(|change| change.kind == ChangeKind::Removed);
        let mut raw = self.now.raw().to_vec();
        let mut row = self.now.len();
        for change in gone {
            let Some(mount) = change.before.and_then(|row| before.rows().get(row)) else { continue };
            if raw.last().is_some_and(|last| *last != b'\n') {
                raw.push(b'\n');
            }
            raw.extend_from_slice(mount.raw());
            self.changes.insert(row, vec![change]);
            row += 1;
        }
        if row > self.now.len() {
            self.table = Cow::Owned(self.now.reparse(raw));
        }
    }

    pub fn is_there(&self) -> bool {
        self.facts.is_some() || self.is_machine
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
    pub fn change(&self, row: usize) -> Option<&'a Change> {
        let telling = |change: &&&Change| match change.kind {
            ChangeKind::Added | ChangeKind::Removed => 0,
            ChangeKind::Covered => 1,
            ChangeKind::Uncovered => 2,
            ChangeKind::Moved => 3,
            ChangeKind::Changed => 4,
        };
        self.changes.get(&row)?.iter().min_by_key(telling).copied()
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
