//! Which row of one namespace stands beside which of another.

use super::row::Mount;
use super::table::MountTable;
use foldhash::{HashMap, HashMapExt};

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
    pair_up(outside, inside, false)
}

/// As [`pair`], then whatever is left by its mount point: for tables of two root file systems, which have next to nothing
/// else in common.
pub fn pair_by_point(outside: &MountTable, inside: &MountTable) -> Vec<Pair> {
    pair_up(outside, inside, true)
}

fn pair_up(outside: &MountTable, inside: &MountTable, by_point: bool) -> Vec<Pair> {
    let rows = |table: &MountTable| table.tree_order().into_iter().map(|(row, _)| row).collect::<Vec<_>>();
    let (left, right) = (rows(outside), rows(inside));
    let index: HashMap<_, usize> = keys(inside, &right).into_iter().zip(0..).collect();
    let mut partner: Vec<Option<usize>> =
        keys(outside, &left).into_iter().map(|key| index.get(&key).copied()).collect();
    let mut taken = vec![false; right.len()];
    partner.iter().flatten().for_each(|&place| taken[place] = true);
    let (of_left, of_right) =
        (|place: usize| &outside.rows()[left[place]], |place: usize| &inside.rows()[right[place]]);
    pair_the_rest(&mut partner, &mut taken, |place| what(of_left(place)), |place| what(of_right(place)));
    if by_point {
        let (left, right) = (|place| of_left(place).raw_target(), |place| of_right(place).raw_target());
        pair_the_rest(&mut partner, &mut taken, left, right);
    }
    // The right side's own rows are drawn before the next row that has a partner further down.
    let alone = |place: usize| Pair { left: None, right: Some(right[place]), differs: false };
    let mut lines = Vec::with_capacity(left.len() + right.len());
    let mut drawn = 0;
    for (&row, partner) in left.iter().zip(partner) {
        let upto = partner.unwrap_or(0);
        lines.extend((drawn..upto).filter(|&place| !taken[place]).map(alone));
        drawn = drawn.max(upto);
        let other = partner.map(|place| right[place]);
        let differs = other.is_some_and(|other| differs(&outside.rows()[row], &inside.rows()[other]));
        lines.push(Pair { left: Some(row), right: other, differs });
    }
    lines.extend((drawn..right.len()).filter(|&place| !taken[place]).map(alone));
    lines
}

/// Pairs places that have no partner by some key, in their order.
fn pair_the_rest<K: Eq + std::hash::Hash>(
    partner: &mut [Option<usize>],
    taken: &mut [bool],
    left: impl Fn(usize) -> K,
    right: impl Fn(usize) -> K,
) {
    let mut spare: HashMap<K, Vec<usize>> = HashMap::new();
    for place in (0..taken.len()).rev().filter(|&place| !taken[place]) {
        spare.entry(right(place)).or_default().push(place);
    }
    for (place, found) in partner.iter_mut().enumerate().filter(|(_, found)| found.is_none()) {
        *found = spare.get_mut(&left(place)).and_then(Vec::pop);
        found.inspect(|&free| taken[free] = true);
    }
}

/// What is mounted: a file system by its device, and which part of it.
type What<'a> = (u32, u32, &'a [u8]);

fn what(mount: &Mount) -> What<'_> {
    (mount.major, mount.minor, mount.raw_root())
}

/// For each row what is mounted, where, and as which one there: counted from the bottom of a stack upwards, so that what
/// is new on top has no partner.
fn keys<'a>(table: &'a MountTable, order: &[usize]) -> Vec<(What<'a>, &'a [u8], u32)> {
    let mut counts: HashMap<_, u32> = HashMap::with_capacity(order.len());
    let key = |&row: &usize| {
        let mount = &table.rows()[row];
        let (what, target) = (what(mount), mount.raw_target());
        let number = counts.entry((what, target)).or_default();
        *number += 1;
        (what, target, *number)
    };
    let mut keys: Vec<_> = order.iter().rev().map(key).collect();
    keys.reverse();
    keys
}

fn differs(a: &Mount, b: &Mount) -> bool {
    let ([type_a, source_a, options_a, _], [type_b, source_b, options_b, _]) = (a.raw_kind(), b.raw_kind());
    (type_a, source_a, options_a, a.raw_root()) != (type_b, source_b, options_b, b.raw_root())
}
