//! The same rows in other shapes: as a tree, or with peer groups as letters, and who receives mount events from whom.

use super::glyphs::Glyphs;
use super::scene::Scene;
use super::view::Sight;
use crate::lesson::Side;
use crate::mounts::{Groups, Mount, MountTable, elide, printable};
use crate::session::Shown;
use crate::words::Lang;

/// What a side's rows have beside themselves, by row of its table.
#[derive(Default)]
pub enum Shape {
    #[default]
    List,
    Tree(Vec<Branch>),
    /// Each row's ties, in letters.
    Ties(Vec<String>),
}

impl Shape {
    /// The row that a row hangs from, where that is drawn.
    pub fn parent(&self, row: usize) -> Option<usize> {
        match self {
            Shape::Tree(branches) => branches.get(row)?.parent,
            Shape::List | Shape::Ties(_) => None,
        }
    }

    /// A row's propagation as it is shown: by its group's number, or by the letter.
    pub fn propagation(&self, shown: &Shown, row: usize) -> String {
        match self {
            Shape::Ties(ties) => ties.get(row).cloned().unwrap_or_default(),
            _ => shown.mount(row).map(Mount::propagation).unwrap_or_default(),
        }
    }
}

/// A row's place in the tree.
#[derive(Clone, Default)]
pub struct Branch {
    depth: usize,
    parent: Option<usize>,
}

/// How a shape is to be read, where it does not speak for itself.
pub fn legend(sight: Sight, lang: Lang) -> Option<String> {
    let key = match sight {
        Sight::Tree => "shape.tree",
        Sight::Propagation => "shape.propagation",
        Sight::Process | Sight::Namespace | Sight::Machine => return None,
    };
    Some(lang.say(key, &[]))
}

/// The shapes of both sides; the letters mean the same on both.
pub fn shapes(outside: &MountTable, inside: &MountTable, sight: Sight) -> (Shape, Shape) {
    match sight {
        Sight::Tree => (Shape::Tree(branches(outside)), Shape::Tree(branches(inside))),
        Sight::Propagation => {
            let tables = [outside, inside];
            let groups = Groups::of(&tables);
            let ties = |side: usize| (0..tables[side].len()).map(|row| groups.ties((side, row)).to_string()).collect();
            (Shape::Ties(ties(0)), Shape::Ties(ties(1)))
        }
        _ => (Shape::List, Shape::List),
    }
}

fn branches(table: &MountTable) -> Vec<Branch> {
    let mut out = vec![Branch::default(); table.len()];
    // The last row of each depth: in tree order it is the parent of what comes next, one deeper.
    let mut way: Vec<usize> = Vec::new();
    for (row, depth) in table.tree_order() {
        way.truncate(depth);
        out[row] = Branch { depth, parent: way.last().copied() };
        way.push(row);
    }
    out
}

/// A row's mount point as the tree draws it: indented, and named from its parent's.
pub fn branch(shown: &Shown, branches: &[Branch], row: usize, width: usize, glyphs: Glyphs) -> String {
    let Some(branch) = branches.get(row) else { return String::new() };
    let rows = shown.table.rows();
    let (target, above) = (rows[row].target(), branch.parent.map(|parent| rows[parent].target()));
    let name = match above.as_deref() {
        Some(b"/") | None => &target,
        Some(above) => target.strip_prefix(above).filter(|rest| rest.first() == Some(&b'/')).unwrap_or(&target),
    };
    // However deep it goes, half of the column is for the name.
    let indent = (branch.depth * 2).min(width / 2);
    " ".repeat(indent) + &elide(&printable(name), width - indent, glyphs.is_ascii())
}

/// How many places are named.
const NAMED: usize = 6;

/// Where a mount made at a row appears too, as far as these two tables tell.
pub fn reach(scene: &Scene, side: Side, row: usize, lang: Lang) -> String {
    let tables = [&scene.outside.now, &scene.inside.now];
    let at = if side == Side::Outside { 0 } else { 1 };
    if row >= tables[at].len() {
        return lang.say("shape.gone", &[]);
    }
    let reached = Groups::of(&tables).reached((at, row));
    let named = reached.iter().take(NAMED).map(|&(of, row)| {
        let target = printable(&tables[of].rows()[row].target());
        let key = match of {
            _ if of == at => return target,
            0 => "shape.left",
            _ => "shape.right",
        };
        lang.say(key, &[&target])
    });
    match named.reduce(|all, part| lang.say("tui.list", &[&all, &part])) {
        None => lang.say("shape.nowhere", &[]),
        Some(list) if reached.len() > NAMED => {
            lang.say("shape.reaches-more", &[&list, &(reached.len() - NAMED).to_string()])
        }
        Some(list) => lang.say("shape.reaches", &[&list]),
    }
}
