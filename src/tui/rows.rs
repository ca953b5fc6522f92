//! The lines of the two tables: which row stands beside which, what may be folded, what is said about a row. No text of a
//! row is made here; that is for the rows which are visible.

use super::fold::{fold, fold_out_of_view};
use super::scene::Scene;
use super::shape::{Shape, reach};
use crate::lesson::Side;
use crate::mounts::Pair;
use crate::session::{Shown, note};
use crate::words::Lang;
use std::collections::HashSet;

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

/// A line before folding.
pub struct Item {
    pub line: Line,
    pub keep: bool,
    pub out_of_view: bool,
    pub alike: bool,
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
    let passing = passing(&wanted.filter, scene, only);
    let mut items = Vec::with_capacity(scene.pairs.len());
    for (pair, _) in scene.pairs.iter().zip(passing).filter(|(_, passes)| *passes) {
        let (left, right) = (row_of(pair, Side::Outside, only), row_of(pair, Side::Inside, only));
        if left.is_none() && right.is_none() {
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
    // First what is the same on both sides, then what differs, last what the other side does not have.
    let unchanged = |signs: &'static str| {
        move |item: &Item| match item.line {
            Line::Rows { gutter, .. } => !item.keep && signs.contains(gutter),
            Line::Fold { why, .. } => why == Folded::Unchanged,
            Line::Notes { .. } => false,
        }
    };
    let mut items = fold_out_of_view(items);
    for signs in [" ", " ~", " ~<>"] {
        items = fold(items, scene, height, Folded::Unchanged, unchanged(signs));
    }
    let items = fold(items, scene, height, Folded::Alike, |item| item.alike);
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

/// A pair's row of a side, unless the other side is shown alone.
fn row_of(pair: &Pair, side: Side, only: Option<Side>) -> Option<usize> {
    let row = if side == Side::Outside { pair.left } else { pair.right };
    row.filter(|_| only.is_none_or(|only| only == side))
}

/// Which pairs the filter lets through: those that match, and in the tree what they hang from.
fn passing(filter: &str, scene: &Scene, only: Option<Side>) -> Vec<bool> {
    let of = |pair: &Pair, side: Side| row_of(pair, side, only);
    let matching = |pair: &Pair| matches(filter, scene, of(pair, Side::Outside), of(pair, Side::Inside));
    let mut passing: Vec<bool> = scene.pairs.iter().map(matching).collect();
    // What stands beside a row has a parent of its own.
    let mut is_new = !filter.is_empty();
    while is_new {
        is_new = false;
        for side in [Side::Outside, Side::Inside] {
            let rows = scene.pairs.iter().zip(&passing).filter(|(_, passes)| **passes);
            let above = above(scene.shape(side), rows.filter_map(|(pair, _)| of(pair, side)));
            for (pair, passes) in scene.pairs.iter().zip(&mut passing) {
                if !*passes && of(pair, side).is_some_and(|row| above.contains(&row)) {
                    (*passes, is_new) = (true, true);
                }
            }
        }
    }
    passing
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

/// All that these rows hang from in the tree, up to its root.
pub fn above(shape: &Shape, rows: impl Iterator<Item = usize>) -> HashSet<usize> {
    let mut all = HashSet::new();
    for row in rows {
        let mut above = shape.parent(row);
        // What hangs from a row that was met before hangs from the same ones above it.
        while let Some(row) = above.filter(|row| all.insert(*row)) {
            above = shape.parent(row);
        }
    }
    all
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mounts::MountTable;
    use crate::session::{Facts, Marks, SideState, Snapshot};
    use crate::tui::view::{Sight, View};
    use proptest::prelude::*;
    use std::sync::Arc;

    /// One row of this many, below the row of this number, changed since.
    type Row = (usize, bool, bool);

    /// Tables as trees; what a row is below comes before it, so that all hang from the first.
    fn scene(outside: &[Row], inside: &[Row]) -> Scene {
        let state = |rows: &[Row], is_before: bool| {
            let mut paths = vec![String::new()];
            for (row, &(above, _, _)) in rows.iter().enumerate() {
                let path = format!("{}/{}", paths[above % (row + 1)], row % 7);
                paths.push(path);
            }
            let line = |(row, &(above, is_changed, is_propagated)): (usize, &Row)| {
                let (parent, is_changed) = (above % (row + 1) + 10, is_changed && !is_before);
                let ties = if is_propagated && !is_before { " shared:5" } else { "" };
                let option = if is_changed { "ro" } else { "rw" };
                format!("{} {parent} 0:{row} / {} {option}{ties} - tmpfs x rw\n", row + 11, paths[row + 1])
            };
            let first = "10 1 0:99 / / rw - tmpfs x rw\n".to_string();
            let text = first + &rows.iter().enumerate().map(line).collect::<String>();
            let table = MountTable::parse(text.into_bytes());
            Arc::new(SideState { seen: table.clone(), table, facts: Facts::default() })
        };
        let at = |is_before| Snapshot { outside: state(outside, is_before), inside: Some(state(inside, is_before)) };
        let (before, after) = (at(true), at(false));
        let changes =
            |side| crate::mounts::changes(&before.side(side).unwrap().table, &after.side(side).unwrap().table);
        let (outside, inside) = (changes(Side::Outside), changes(Side::Inside));
        let marks = Arc::new(Marks { outside, inside, before, after: after.clone(), by_hand: false });
        Scene::new(&after, &marks, &View { sight: Sight::Tree, ..View::new(Lang::En) })
    }

    /// Of each side the rows that hang in the air.
    fn in_the_air(scene: &Scene, lines: &[Line]) -> Vec<(Side, usize)> {
        let sides = [Side::Outside, Side::Inside].into_iter();
        sides
            .flat_map(|side| {
                let shown: HashSet<usize> = lines.iter().filter_map(|line| line.row(side)).collect();
                let above = |row: &usize| scene.shape(side).parent(*row).is_some_and(|above| !shown.contains(&above));
                shown.iter().filter(|row| above(row)).map(|row| (side, *row)).collect::<Vec<_>>()
            })
            .collect()
    }

    fn wanted(height: usize, filter: &str) -> Wanted {
        let filter = filter.into();
        Wanted { step: 0, selected: None, folded: true, filter, lang: Lang::En, height, only: None }
    }

    fn tree() -> impl Strategy<Value = Vec<Row>> {
        proptest::collection::vec((0..60usize, proptest::bool::weighted(0.1), proptest::bool::weighted(0.3)), 0..60)
    }

    proptest! {
        #[test]
        fn no_row_of_the_tree_hangs_in_the_air(left in tree(), right in tree(), height in 1..40usize, digit in 0..7u8) {
            let scene = scene(&left, &right);
            let folded = lines(&[], &scene, &wanted(height, ""));
            prop_assert_eq!(in_the_air(&scene, &folded), []);
            let filtered = lines(&[], &scene, &wanted(height, &format!("/{digit} ")));
            prop_assert_eq!(in_the_air(&scene, &filtered), []);
        }
    }

    /// The parents alone are kept: what has nothing to do with the change is folded.
    #[test]
    fn what_a_changed_row_hangs_from_is_kept_and_no_more() {
        let mut rows: Vec<Row> = (0..30).map(|_| (0, false, false)).collect();
        rows.extend([(30, false, false), (31, false, false), (32, true, false)]);
        let scene = scene(&[], &rows);
        let lines = lines(&[], &scene, &wanted(9, ""));
        let shown: HashSet<usize> = lines.iter().filter_map(|line| line.row(Side::Inside)).collect();
        assert!([0, 30, 31, 32, 33].iter().all(|row| shown.contains(row)), "{shown:?}");
        assert!(lines.len() <= 9 && lines.iter().any(|line| matches!(line, Line::Fold { .. })), "{lines:?}");
    }

    /// Where both sides are compared, what they have alike goes first.
    #[test]
    fn what_one_side_alone_has_is_folded_last() {
        let alike: Vec<Row> = (0..30).map(|_| (0, false, false)).collect();
        let more: Vec<Row> = alike.iter().copied().chain([(0, false, false), (0, false, false)]).collect();
        let scene = scene(&alike, &more);
        let lines = lines(&[], &scene, &wanted(6, ""));
        let shown: HashSet<usize> = lines.iter().filter_map(|line| line.row(Side::Inside)).collect();
        assert!(lines.len() <= 6 && shown.contains(&31) && shown.contains(&32), "{lines:?}");
        let folded: usize = lines.iter().map(|line| if let Line::Fold { left, .. } = line { *left } else { 0 }).sum();
        assert_eq!(folded + lines.iter().filter(|line| line.row(Side::Outside).is_some()).count(), 31, "none is lost");
    }
}
