//! Which row of one namespace stands beside which of another.

use super::table::{Mount, MountTable};
use std::collections::HashMap;

/// One line of a side-by-side view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub left: Option<usize>,
    pub right: Option<usize>,
    /// Type, source, root or flags differ; propagation has a column of its own.
    pub differs: bool,
}

/// Pairs rows by device, root, mount point and place in the stack; then, once, by device and root alone.
pub fn pair(outside: &MountTable, inside: &MountTable) -> Vec<Pair> {
    let left: Vec<usize> = outside.tree_order().into_iter().map(|(row, _)| row).collect();
    let right: Vec<usize> = inside.tree_order().into_iter().map(|(row, _)| row).collect();
    let keyed = |table: &MountTable, order: &[usize]| {
        let mut counts: HashMap<(u32, u32, Vec<u8>, Vec<u8>), usize> = HashMap::new();
        // From the bottom of a stack upwards, so that what is new on top has no partner.
        let mut keys: Vec<_> = order
            .iter()
            .rev()
            .map(|&row| {
                let mount = &table.rows()[row];
                let key = (mount.major, mount.minor, mount.root().into_owned(), mount.target().into_owned());
                let number = counts.entry(key.clone()).or_default();
                *number += 1;
                (key, *number)
            })
            .collect();
        keys.reverse();
        keys
    };
    let (left_keys, right_keys) = (keyed(outside, &left), keyed(inside, &right));
    let index: HashMap<_, usize> = right_keys.iter().enumerate().map(|(place, key)| (key, place)).collect();
    let mut partner: Vec<Option<usize>> = left_keys.iter().map(|key| index.get(key).copied()).collect();
    let mut taken = vec![false; right.len()];
    partner.iter().flatten().for_each(|&place| taken[place] = true);
    let mut spare: HashMap<(u32, u32, Vec<u8>), Vec<usize>> = HashMap::new();
    for place in (0..right.len()).rev().filter(|&place| !taken[place]) {
        let mount = &inside.rows()[right[place]];
        spare.entry((mount.major, mount.minor, mount.root().into_owned())).or_default().push(place);
    }
    for (place, found) in partner.iter_mut().enumerate().filter(|(_, found)| found.is_none()) {
        let mount = &outside.rows()[left[place]];
        let free = spare.get_mut(&(mount.major, mount.minor, mount.root().into_owned())).and_then(Vec::pop);
        if let Some(free) = free {
            taken[free] = true;
            *found = Some(free);
        }
    }
    // The right side's own rows are drawn before the next row that has a partner further left.
    let mut lines = Vec::with_capacity(left.len() + right.len());
    let mut drawn = 0;
    for (place, &row) in left.iter().enumerate() {
        if let Some(found) = partner[place] {
            for earlier in (drawn..found).filter(|&earlier| !taken[earlier]) {
                lines.push(Pair { left: None, right: Some(right[earlier]), differs: false });
            }
            drawn = drawn.max(found);
        }
        let other = partner[place].map(|found| right[found]);
        let differs = other.is_some_and(|other| differs(&outside.rows()[row], &inside.rows()[other]));
        lines.push(Pair { left: Some(row), right: other, differs });
    }
    for place in (drawn..right.len()).filter(|&place| !taken[place]) {
        lines.push(Pair { left: None, right: Some(right[place]), differs: false });
    }
    lines
}

fn differs(a: &Mount, b: &Mount) -> bool {
    a.fstype() != b.fstype() || a.source() != b.source() || a.root() != b.root() || a.options() != b.options()
}
