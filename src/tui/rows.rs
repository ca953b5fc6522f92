//! The lines of the two tables: which row stands beside which, what is folded, what is said about a row. No text of a
//! row is made here; that is for the rows which are visible.

use super::scene::Scene;
use super::shape::{Shape, reach};
use crate::lesson::Side;
use crate::session::{Shown, note};
use crate::words::Lang;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Rows of the sides' tables, and the sign between them: `<` only outside, `>` only inside, `~` they differ.
    Rows { left: Option<usize>, right: Option<usize>, gutter: char },
    /// A word about the rows above.
    Notes { left: Option<String>, right: Option<String> },
    /// So many rows of each side are folded away.
    Fold { left: usize, right: usize, why: Folded },
}

/// Why rows are folded away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    Unchanged,
    /// On a side that sees less than its namespace has; on the other they are unchanged.
    OutOfView,
    /// They changed, and each in the same way as the rows beside them.
    Alike,
}

impl Line {
    pub fn row(&self, side: Side) -> Option<usize> {
        match self {
            Line::Rows { left, right, .. } => *if side == Side::Outside { left } else { right },
            _ => None,
        }
    }
}

struct Item {
    line: Line,
    keep: bool,
    out_of_view: bool,
    alike: bool,
}

/// What is asked of the lines; with the same answer to each they are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its focus is never folded away.
    pub step: usize,
    pub selected: Option<(Side, usize)>,
    pub folded: bool,
    pub filter: String,
    pub lang: Lang,
    /// Lines there is room for.
    pub height: usize,
    /// Leaves out what the other side alone has.
    pub only: Option<Side>,
}

/// The lines, folded to fit the height if folding is on.
/// `focus`: mount points that are never folded away.
pub fn lines(focus: &[String], scene: &Scene, wanted: &Wanted) -> Vec<Line> {
    let Wanted { only, height, lang, .. } = *wanted;
    let focus: HashSet<&[u8]> = focus.iter().map(|path| path.as_bytes()).collect();
    let both = scene.outside.facts().is_some() && scene.inside.facts().is_some();
    let mut items = Vec::with_capacity(scene.pairs.len());
    for pair in &scene.pairs {
        let here = |side| only.is_none_or(|only| only == side);
        let left = pair.left.filter(|_| here(Side::Outside));
        let right = pair.right.filter(|_| here(Side::Inside));
        if (left.is_none() && right.is_none()) || !matches(&wanted.filter, scene, left, right) {
            continue;
        }
        let is_removed = |shown: &Shown, row: Option<usize>| row.is_some_and(|row| shown.is_removed(row));
        let gutter = match (pair.left, pair.right) {
            _ if !both || is_removed(&scene.outside, left) || is_removed(&scene.inside, right) => ' ',
            (Some(_), None) => '<',
            (None, Some(_)) => '>',
            _ if pair.differs => '~',
            _ => ' ',
        };
        let is_spoken_of = |side: Side, row: Option<usize>| {
            let shown = scene.side(side);
            row.is_some_and(|row| {
                shown.root == Some(row)
                    || shown.is_renamed(row)
                    || wanted.selected == Some((side, row))
                    || focus.contains(&*shown.table.rows()[row].target()) && !shown.is_out_of_view(row)
            })
        };
        let spoken_of = is_spoken_of(Side::Outside, left) || is_spoken_of(Side::Inside, right);
        let change = |side: Side, row: Option<usize>| row.and_then(|row| scene.side(side).change(row));
        let changes = [change(Side::Outside, left), change(Side::Inside, right)];
        let keep = spoken_of || changes.iter().any(Option::is_some);
        let is_hidden = |side: Side, row: Option<usize>| row.is_some_and(|row| scene.side(side).is_out_of_view(row));
        let out_of_view = is_hidden(Side::Outside, left) || is_hidden(Side::Inside, right);
        let said = |side: Side, row: Option<usize>| match row {
            Some(row) if shows_ties(scene, side) && wanted.selected == Some((side, row)) => {
                Some(reach(scene, side, row, lang))
            }
            row => note(scene.side(side), row?, scene.marks.by_hand, lang),
        };
        let notes = (said(Side::Outside, left), said(Side::Inside, right));
        // One call on `/` changes this cell in every row: what it did is seen in a few of them.
        let only_propagation = changes.iter().flatten().all(|change| change.fields == ["propagation"]);
        let alike = keep && !spoken_of && only_propagation && notes.0.is_none() && notes.1.is_none();
        items.push(Item { line: Line::Rows { left, right, gutter }, keep, out_of_view, alike });
        if (notes.0.is_some() || notes.1.is_some()) && (keep || !wanted.folded || !out_of_view) {
            let line = Line::Notes { left: notes.0, right: notes.1 };
            items.push(Item { line, keep: true, out_of_view: false, alike: false });
        }
    }
    if !wanted.folded || !wanted.filter.is_empty() {
        return items.into_iter().map(|item| item.line).collect();
    }
    let items = fold(fold_out_of_view(items), height, Folded::Unchanged, |item| !item.keep);
    let items = fold(items, height, Folded::Alike, |item| item.alike);
    items.into_iter().map(|item| item.line).collect()
}

/// All rows of one side that the filter lets through, folded or not, from top to bottom.
pub fn rows(scene: &Scene, side: Side, filter: &str) -> Vec<usize> {
    let all = scene.pairs.iter().map(|pair| match side {
        Side::Outside => (pair.left, None),
        Side::Inside => (None, pair.right),
    });
    all.filter(|&(left, right)| matches(filter, scene, left, right))
        .filter_map(|(left, right)| left.or(right))
        .collect()
}

/// Whether the filter lets a line through.
fn matches(filter: &str, scene: &Scene, left: Option<usize>, right: Option<usize>) -> bool {
    let wanted = filter.as_bytes();
    let has = |shown: &Shown, row: Option<usize>| {
        row.and_then(|row| shown.mount(row))
            .is_some_and(|mount| mount.raw().windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted)))
    };
    wanted.is_empty() || has(&scene.outside, left) || has(&scene.inside, right)
}

fn shows_ties(scene: &Scene, side: Side) -> bool {
    matches!(scene.shape(side), Shape::Ties(_))
}

fn count(items: &[Item], side: Side) -> usize {
    items.iter().filter(|item| item.line.row(side).is_some()).count()
}

fn folded(items: &[Item], why: Folded) -> Item {
    let (left, right) = (count(items, Side::Outside), count(items, Side::Inside));
    Item { line: Line::Fold { left, right, why }, keep: true, out_of_view: false, alike: false }
}

/// Rows that the process does not see are one line at the end.
fn fold_out_of_view(items: Vec<Item>) -> Vec<Item> {
    let (hidden, mut rest): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.out_of_view && !item.keep);
    if !hidden.is_empty() {
        rest.push(folded(&hidden, Folded::OutOfView));
    }
    rest
}

/// Folds the longest runs of what may be folded first until the rest fits, each no more than needed.
fn fold(items: Vec<Item>, height: usize, why: Folded, may: impl Fn(&Item) -> bool) -> Vec<Item> {
    let mut excess = items.len().saturating_sub(height);
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    while start < items.len() {
        let length = items[start..].iter().take_while(|item| may(item)).count();
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

/// The first line to draw, so that the selected row, or else the first that the last change touched, is visible.
pub fn first_visible(lines: &[Line], scene: &Scene, wanted: &Wanted) -> usize {
    let height = wanted.height;
    let is_selected = |line: &Line| wanted.selected.is_some_and(|(side, row)| line.row(side) == Some(row));
    let is_marked = |line: &Line| {
        [Side::Outside, Side::Inside]
            .into_iter()
            .any(|side| line.row(side).is_some_and(|row| scene.side(side).change(row).is_some()))
    };
    if lines.len() <= height {
        return 0;
    }
    let at = lines.iter().position(is_selected).or_else(|| lines.iter().position(is_marked)).unwrap_or(0);
    if at + 1 < height { 0 } else { (at + 1 - height.div_ceil(2)).min(lines.len() - height) }
}
