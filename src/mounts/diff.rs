//! What changed between two moments of one namespace.

use super::table::{Mount, MountTable};
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Added,
    Removed,
    Moved,
    Changed,
    Covered,
    Uncovered,
}

impl ChangeKind {
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Moved => "moved",
            ChangeKind::Changed => "changed",
            ChangeKind::Covered => "covered",
            ChangeKind::Uncovered => "uncovered",
        }
    }
}

/// One change: the row in the table before, and in the table after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    pub before: Option<usize>,
    pub after: Option<usize>,
    /// What changed of the row: `target`, `parent`, `options`, `propagation`, `source`, `super_options`.
    pub fields: Vec<&'static str>,
}

/// The changes of one namespace. A mount is the same if its id, device and root are.
pub fn changes(before: &MountTable, after: &MountTable) -> Vec<Change> {
    if before.raw() == after.raw() {
        return Vec::new();
    }
    let known: HashMap<_, usize> =
        before.rows().iter().enumerate().map(|(row, mount)| (mount.identity(), row)).collect();
    let mut gone = vec![true; before.len()];
    let mut found = Vec::new();
    for (row, mount) in after.rows().iter().enumerate() {
        match known.get(&mount.identity()) {
            Some(&old) => {
                gone[old] = false;
                found.extend(of_pair(before, old, after, row));
            }
            None => found.push(Change { kind: ChangeKind::Added, before: None, after: Some(row), fields: Vec::new() }),
        }
    }
    let removed = |row| Change { kind: ChangeKind::Removed, before: Some(row), after: None, fields: Vec::new() };
    found.extend((0..before.len()).filter(|&row| gone[row]).map(removed));
    found
}

/// The changes between any two tables: two moments of one namespace, or else rows paired by content.
pub fn compare(before: &MountTable, after: &MountTable) -> Vec<Change> {
    let known: HashMap<_, ()> = before.rows().iter().map(|mount| (mount.identity(), ())).collect();
    let common = after.rows().iter().filter(|mount| known.contains_key(&mount.identity())).count();
    if common * 2 >= before.len().min(after.len()) {
        return changes(before, after);
    }
    let mut found = Vec::new();
    for pair in super::pair(before, after) {
        match (pair.left, pair.right) {
            (Some(left), Some(right)) => found.extend(of_pair(before, left, after, right)),
            (before, after) => {
                let kind = if before.is_some() { ChangeKind::Removed } else { ChangeKind::Added };
                found.push(Change { kind, before, after, fields: Vec::new() });
            }
        }
    }
    found
}

fn of_pair(before: &MountTable, old: usize, after: &MountTable, new: usize) -> Vec<Change> {
    let mut found = Vec::new();
    let (a, b) = (&before.rows()[old], &after.rows()[new]);
    let change = |kind, fields| Change { kind, before: Some(old), after: Some(new), fields };
    if a.raw() != b.raw() {
        let fields = fields(a, b);
        if fields.contains(&"target") {
            found.push(change(ChangeKind::Moved, fields));
        } else if !fields.is_empty() {
            found.push(change(ChangeKind::Changed, fields));
        }
    }
    match (before.covered(old), after.covered(new)) {
        (false, true) => found.push(change(ChangeKind::Covered, Vec::new())),
        (true, false) => found.push(change(ChangeKind::Uncovered, Vec::new())),
        _ => {}
    }
    found
}

/// Which fields differ, ids aside.
pub(super) fn fields(a: &Mount, b: &Mount) -> Vec<&'static str> {
    let groups = |mount: &Mount| (mount.shared, mount.master, mount.propagate_from, mount.unbindable);
    [
        ("target", a.raw_target() != b.raw_target()),
        ("options", a.options() != b.options()),
        ("propagation", groups(a) != groups(b)),
        ("type", a.fstype() != b.fstype()),
        ("source", a.source() != b.source()),
        ("root", a.root() != b.root()),
        ("super_options", a.super_options() != b.super_options()),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
