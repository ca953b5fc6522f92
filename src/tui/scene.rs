//! Which tables a frame shows: those of now or of an earlier change, as a process or as the whole namespace has them.

use super::shape::{Shape, shapes};
use super::view::{Sight, View};
use crate::lesson::Side;
use crate::mounts::{Change, ChangeKind, Mount, MountTable, Pair, pair};
use crate::session::{Facts, Marks, Session, SideState, Snapshot};
use std::collections::HashMap;
use std::sync::Arc;

/// One side of a frame.
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
    pub shape: Shape,
}

/// Both sides, and which row stands beside which.
pub struct Scene {
    pub outside: Shown,
    pub inside: Shown,
    pub marks: Arc<Marks>,
    pub pairs: Vec<Pair>,
    /// Whether the inside is as a clone makes it: the outside's rows in the same order, with ids of its own.
    pub is_copy: bool,
    /// The last row that the container's process names otherwise than its namespace does.
    pub renamed: Option<usize>,
    source: Source,
}

/// What a scene is made from. Tables and marks are never changed in place: the same pointers hold the same rows.
struct Source {
    now: Snapshot,
    marks: Arc<Marks>,
    sight: Sight,
    machine: Arc<MountTable>,
}

/// The tables that a session shows, and what the last change did to them: now, or at the moment that is looked at.
pub fn session_tables<'a>(session: &'a Session, view: &View) -> (&'a Snapshot, &'a Arc<Marks>) {
    match view.moment.and_then(|moment| session.history.get(moment)) {
        Some(moment) => (&moment.marks.after, &moment.marks),
        None => (&session.now, &session.marks),
    }
}

impl Source {
    fn new(now: &Snapshot, marks: &Arc<Marks>, view: &View) -> Source {
        Source { now: now.clone(), marks: marks.clone(), sight: view.sight, machine: view.machine.clone() }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        let inside = match (&self.now.inside, &other.now.inside) {
            (Some(inside), Some(other)) => Arc::ptr_eq(inside, other),
            (inside, other) => inside.is_none() && other.is_none(),
        };
        inside
            && Arc::ptr_eq(&self.now.outside, &other.now.outside)
            && Arc::ptr_eq(&self.marks, &other.marks)
            && Arc::ptr_eq(&self.machine, &other.machine)
            && self.sight == other.sight
    }
}

impl Scene {
    pub fn of(session: &Session, view: &View) -> Scene {
        let (now, marks) = session_tables(session, view);
        Scene::new(now, marks, view)
    }

    pub fn new(now: &Snapshot, marks: &Arc<Marks>, view: &View) -> Scene {
        let source = Source::new(now, marks, view);
        let (now, marks, sight) = (&source.now, source.marks.clone(), source.sight);
        let before = &marks.before;
        let mut outside = if sight == Sight::Machine {
            Shown { is_machine: true, ..Shown::plain(&source.machine) }
        } else {
            Shown::side(Some(&now.outside), Some(&before.outside), &marks.outside, sight)
        };
        let mut inside = Shown::side(now.inside.as_ref(), before.inside.as_ref(), &marks.inside, sight);
        (outside.shape, inside.shape) = shapes(&outside.table, &inside.table, sight);
        Scene {
            pairs: pair(&outside.table, &inside.table),
            is_copy: is_copy(&outside, &inside),
            renamed: inside.last_renamed(),
            outside,
            inside,
            marks,
            source,
        }
    }

    /// Whether it is what would be made of these.
    pub fn shows(&self, now: &Snapshot, marks: &Arc<Marks>, view: &View) -> bool {
        self.source == Source::new(now, marks, view)
    }

    pub fn side(&self, side: Side) -> &Shown {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }
}

fn is_copy(outside: &Shown, inside: &Shown) -> bool {
    let (left, right) = (outside.now.rows(), inside.now.rows());
    !outside.is_machine
        && !right.is_empty()
        && left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| a.id != b.id && a.target() == b.target() && a.root() == b.root())
}

impl Shown {
    fn plain(table: &MountTable) -> Shown {
        Shown { table: table.clone(), now: table.clone(), ..Shown::default() }
    }

    fn side(
        state: Option<&Arc<SideState>>,
        before: Option<&Arc<SideState>>,
        changes: &[Change],
        sight: Sight,
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
        if sight == Sight::Process && state.seen.raw() != state.table.raw() {
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

    /// The row's propagation as it is shown: by its group's number, or by the letter.
    pub fn propagation(&self, row: usize) -> String {
        match &self.shape {
            Shape::Ties(ties) => ties.get(row).cloned().unwrap_or_default(),
            _ => self.mount(row).map(Mount::propagation).unwrap_or_default(),
        }
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

    fn last_renamed(&self) -> Option<usize> {
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
