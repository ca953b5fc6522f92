//! Folds lines until the rest fits: the longest runs first, and in the tree nothing that a visible row hangs from.

use super::rows::{Folded, Item, Line, above};
use super::scene::Scene;
use crate::lesson::Side;
use std::collections::HashMap;

fn count(items: &[Item], side: Side) -> usize {
    let rows = |item: &Item| match item.line {
        Line::Fold { left, right, .. } => {
            if side == Side::Outside {
                left
            } else {
                right
            }
        }
        _ => usize::from(item.line.row(side).is_some()),
    };
    items.iter().map(rows).sum()
}

fn folded(items: &[Item], why: Folded) -> Item {
    let (left, right) = (count(items, Side::Outside), count(items, Side::Inside));
    Item { line: Line::Fold { left, right, why }, keep: true, out_of_view: false, alike: false }
}

/// Rows that the process does not see are one line at the end.
pub fn fold_out_of_view(items: Vec<Item>) -> Vec<Item> {
    let (hidden, mut rest): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.out_of_view && !item.keep);
    if !hidden.is_empty() {
        rest.push(folded(&hidden, Folded::OutOfView));
    }
    rest
}

/// Folds the longest runs of what may be folded first until the rest fits, each no more than needed. No row is left
/// without what it hangs from in the tree.
pub fn fold(items: Vec<Item>, scene: &Scene, height: usize, why: Folded, may: impl Fn(&Item) -> bool) -> Vec<Item> {
    let mut may: Vec<bool> = items.iter().map(may).collect();
    let mut taken = runs_to_fold(&may, height);
    while hold_parents(&mut may, &items, &taken, scene) {
        taken = runs_to_fold(&may, height);
    }
    let mut out = Vec::with_capacity(items.len());
    let mut items = items.into_iter().enumerate();
    while let Some((at, item)) = items.next() {
        let Some(length) = taken.get(&at) else {
            out.push(item);
            continue;
        };
        let rest = items.by_ref().take(length - 1).map(|(_, item)| item);
        out.push(folded(&[item].into_iter().chain(rest).collect::<Vec<_>>(), why));
    }
    out
}

/// Where to fold, and how many lines from there.
fn runs_to_fold(may: &[bool], height: usize) -> HashMap<usize, usize> {
    let mut excess = may.len().saturating_sub(height);
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    while start < may.len() {
        let length = may[start..].iter().take_while(|may| **may).count();
        if length > 1 {
            runs.push((start, length));
        }
        start += length.max(1);
    }
    runs.sort_by_key(|&(_, length)| std::cmp::Reverse(length));
    let mut taken: HashMap<usize, usize> = HashMap::new();
    for (start, length) in runs {
        if excess == 0 {
            break;
        }
        // The fold line itself takes one.
        let take = length.min(excess + 1);
        taken.insert(start + length - take, take);
        excess -= take - 1;
    }
    taken
}

/// Takes from what may be folded all rows that a visible one hangs from. Whether one of them was folded.
fn hold_parents(may: &mut [bool], items: &[Item], taken: &HashMap<usize, usize>, scene: &Scene) -> bool {
    let mut is_folded = vec![false; items.len()];
    taken.iter().for_each(|(&start, &length)| is_folded[start..start + length].fill(true));
    let mut found = false;
    for side in [Side::Outside, Side::Inside] {
        let visible = items.iter().zip(&is_folded).filter(|(_, is_folded)| !**is_folded);
        let above = above(scene.shape(side), visible.filter_map(|(item, _)| item.line.row(side)));
        for (at, item) in items.iter().enumerate() {
            if item.line.row(side).is_some_and(|row| above.contains(&row)) {
                found |= is_folded[at];
                may[at] = false;
            }
        }
    }
    found
}
