//! What changed between two moments of one namespace.

use super::row::Mount;
use super::table::MountTable;
use foldhash::{HashMap, HashMapExt, HashSet};

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
    /// What changed of the row: `target`, `options`, `propagation`, `type`, `source`, `root`, `super_options`.
    pub fields: Vec<&'static str>,
}

/// The changes of one namespace. A mount is the same if its id, device and root are.
pub fn changes(before: &MountTable, after: &MountTable) -> Vec<Change> {
    if before == after {
        return Vec::new();
    }
    let (old, new) = (before.rows(), after.rows());
    let same = |(a, b): &(&Mount, &Mount)| a.identity() == b.identity();
    // A table keeps its order, so what few rows came or went stand between two runs that match row by row.
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let (old_middle, new_middle) = (head..old.len() - tail, head..new.len() - tail);
    let mut known: HashMap<_, Vec<usize>> = HashMap::new();
    // The first of several is taken first; only hostile input has several.
    old_middle.clone().rev().for_each(|row| known.entry(old[row].identity()).or_default().push(row));
    let mut gone = vec![true; old_middle.len()];
    let mut found = Vec::new();
    for (row, mount) in new.iter().enumerate() {
        let partner = if row < head {
            Some(row)
        } else if row >= new_middle.end {
            Some(row - new_middle.end + old_middle.end)
        } else {
            let partner = known.get_mut(&mount.identity()).and_then(Vec::pop);
            partner.inspect(|partner| gone[partner - head] = false)
        };
        match partner {
            Some(partner) => of_pair(before, partner, after, row, &mut found),
            None => found.push(Change { kind: ChangeKind::Added, before: None, after: Some(row), fields: Vec::new() }),
        }
    }
    let removed = |row| Change { kind: ChangeKind::Removed, before: Some(row), after: None, fields: Vec::new() };
    found.extend(old_middle.filter(|row| gone[row - head]).map(removed));
    found
}

/// The changes between any two tables: two moments of one namespace, or else rows paired by content.
pub fn compare(before: &MountTable, after: &MountTable) -> Vec<Change> {
    let known: HashSet<_> = before.rows().iter().map(Mount::identity).collect();
    let common = after.rows().iter().filter(|mount| known.contains(&mount.identity())).count();
    if common * 2 >= before.len().min(after.len()) {
        return changes(before, after);
    }
    let mut found = Vec::new();
    for pair in super::pair(before, after) {
        match (pair.left, pair.right) {
            (Some(left), Some(right)) => of_pair(before, left, after, right, &mut found),
            (before, after) => {
                let kind = if before.is_some() { ChangeKind::Removed } else { ChangeKind::Added };
                found.push(Change { kind, before, after, fields: Vec::new() });
            }
        }
    }
    found
}

/// What became of a row that is in both tables.
fn of_pair(before: &MountTable, old: usize, after: &MountTable, new: usize, found: &mut Vec<Change>) {
    let (a, b) = (&before.rows()[old], &after.rows()[new]);
    let change = |kind, fields| Change { kind, before: Some(old), after: Some(new), fields };
    if a != b {
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
}

/// Which fields differ, ids aside.
fn fields(a: &Mount, b: &Mount) -> Vec<&'static str> {
    let groups = |mount: &Mount| (mount.shared, mount.master, mount.propagate_from, mount.unbindable);
    let ([type_a, source_a, options_a, super_a], [type_b, source_b, options_b, super_b]) = (a.raw_kind(), b.raw_kind());
    [
        ("target", a.raw_target() != b.raw_target()),
        ("options", options_a != options_b),
        ("propagation", groups(a) != groups(b)),
        ("type", type_a != type_b),
        ("source", source_a != source_b),
        ("root", a.raw_root() != b.raw_root()),
        ("super_options", super_a != super_b),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
