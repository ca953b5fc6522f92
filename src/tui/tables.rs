//! The two mount tables side by side: paired, marked, folded.

use super::markdown::{cut, fit};
use super::screen::View;
use crate::lesson::Side;
use crate::mounts::{Change, ChangeKind, MountTable, elide, pair, printable};
use crate::session::{Session, SideState};
use crate::words::Lang;
use std::collections::{HashMap, HashSet};

/// One side of one line.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// What the last change did to this row: `+ - ~ ^`, or a space.
    pub mark: char,
    pub row: Option<usize>,
    pub text: String,
    /// A word about the row above, not a row.
    pub note: bool,
}

#[derive(Debug, Clone)]
pub struct TableLine {
    pub left: Option<Cell>,
    pub right: Option<Cell>,
    /// `<` only outside, `>` only inside, `~` differs.
    pub gutter: char,
    keep: bool,
    /// Nothing but its propagation changed, as that of every row does at once: folded if nothing else is left to fold.
    pub alike: bool,
    pub folded: usize,
}

/// How wide a side is, and which columns it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    Single,
    Narrow,
    Middle,
    Wide,
}

impl Columns {
    pub fn of(width: u16) -> Columns {
        match width {
            150.. => Columns::Wide,
            110.. => Columns::Middle,
            80.. => Columns::Narrow,
            _ => Columns::Single,
        }
    }

    pub fn width(self) -> usize {
        match self {
            Columns::Single => 54,
            Columns::Narrow => 38,
            Columns::Middle => 53,
            Columns::Wide => 78,
        }
    }
}

/// The table of a side that the screen shows: what its first process sees, or the whole namespace.
pub fn shown<'a>(state: &'a SideState, view: &View) -> &'a MountTable {
    if view.namespace { &state.table } else { &state.seen }
}

/// All lines of the two tables, folded to fit `height`.
pub fn lines(session: &Session, view: &View, columns: Columns, height: usize, lang: Lang) -> Vec<TableLine> {
    let empty = MountTable::default();
    let outside = shown(&session.now.outside, view);
    let inside = session.now.inside.as_ref().map_or(&empty, |state| shown(state, view));
    let marks = [marks(&session.marks.outside, outside, &session.now.outside.table), {
        let table = session.now.inside.as_ref().map_or(&empty, |state| &state.table);
        marks(&session.marks.inside, inside, table)
    }];
    let focus = &session.lesson.steps[session.step].focus;
    let side_cell = |side: Side, row: Option<usize>| {
        let (table, marks) = if side == Side::Outside { (outside, &marks[0]) } else { (inside, &marks[1]) };
        row.map(|row| {
            let mark = marks.get(&row).map_or(' ', |mark| mark.0);
            Cell { mark, row: Some(row), text: row_text(table, row, columns, view.ascii), note: false }
        })
    };
    let mut all = Vec::new();
    for pair in pair(outside, inside) {
        let (left, right) = (side_cell(Side::Outside, pair.left), side_cell(Side::Inside, pair.right));
        let gutter = match (pair.left, pair.right) {
            _ if session.now.inside.is_none() => ' ',
            (Some(_), None) => '<',
            (None, Some(_)) => '>',
            _ if pair.differs => '~',
            _ => ' ',
        };
        let marked = |cell: &Option<Cell>| cell.as_ref().is_some_and(|cell| cell.mark != ' ');
        let focused = |table: &MountTable, row: Option<usize>| {
            row.is_some_and(|row| focus.iter().any(|path| *table.rows()[row].target() == *path.as_bytes()))
        };
        let selected = view.selected == pair.left.map(|row| (Side::Outside, row)) && pair.left.is_some()
            || view.selected == pair.right.map(|row| (Side::Inside, row)) && pair.right.is_some();
        let spoken_of = focused(outside, pair.left) || focused(inside, pair.right) || selected;
        let keep = marked(&left) || marked(&right) || spoken_of;
        let only_propagation = |row: Option<usize>, marks: &HashMap<usize, (char, &Change)>| {
            row.and_then(|row| marks.get(&row)).is_none_or(|(_, change)| change.fields == ["propagation"])
        };
        let alike =
            keep && !spoken_of && only_propagation(pair.left, &marks[0]) && only_propagation(pair.right, &marks[1]);
        let notes = [
            pair.left.and_then(|row| note(outside, row, &marks[0], session.marks.by_hand, lang)),
            pair.right.and_then(|row| note(inside, row, &marks[1], session.marks.by_hand, lang)),
        ];
        all.push(TableLine { left, right, gutter, keep, alike, folded: 0 });
        if notes.iter().any(Option::is_some) {
            let cell = |text: &Option<String>| {
                text.as_ref().map(|text| Cell { mark: ' ', row: None, text: text.clone(), note: true })
            };
            let (left, right) = (cell(&notes[0]), cell(&notes[1]));
            all.push(TableLine { left, right, gutter: ' ', keep: true, alike: false, folded: 0 });
        }
    }
    all.extend(removed(session, columns, view));
    if !view.folded {
        return all;
    }
    let unchanged = fold(all, height, |line| !line.keep);
    fold(unchanged, height, |line| line.alike && line.folded == 0)
}

/// Rows that the last change removed stay for one step, with `-`.
fn removed(session: &Session, columns: Columns, view: &View) -> Vec<TableLine> {
    let gone = |changes: &[Change], before: Option<&SideState>| -> Vec<String> {
        let Some(before) = before else { return Vec::new() };
        changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Removed)
            .filter_map(|change| Some(row_text(&before.table, change.before?, columns, view.ascii)))
            .collect()
    };
    let before = &session.marks.before;
    let left = gone(&session.marks.outside, Some(&before.outside));
    let right = gone(&session.marks.inside, before.inside.as_deref());
    let cell = |text: Option<&String>| text.map(|text| Cell { mark: '-', row: None, text: text.clone(), note: false });
    (0..left.len().max(right.len()))
        .map(|index| TableLine {
            left: cell(left.get(index)),
            right: cell(right.get(index)),
            gutter: ' ',
            keep: true,
            alike: false,
            folded: 0,
        })
        .collect()
}

/// Rows of the shown table that the last change touched: mark and change.
fn marks<'a>(changes: &'a [Change], shown: &MountTable, whole: &MountTable) -> HashMap<usize, (char, &'a Change)> {
    let mut found = HashMap::new();
    for change in changes {
        let Some(mount) = change.after.and_then(|row| whole.rows().get(row)) else { continue };
        let Some(row) = shown.rows().iter().position(|other| other.id == mount.id && other.raw() == mount.raw()) else {
            continue;
        };
        let mark = match change.kind {
            ChangeKind::Added | ChangeKind::Uncovered => '+',
            ChangeKind::Covered => '^',
            _ => '~',
        };
        found.insert(row, (mark, change));
    }
    found
}

/// One line in words about a marked row.
fn note(
    table: &MountTable,
    row: usize,
    marks: &HashMap<usize, (char, &Change)>,
    by_hand: bool,
    lang: Lang,
) -> Option<String> {
    let (_, change) = marks.get(&row)?;
    let mount = &table.rows()[row];
    let mut text = match change.kind {
        ChangeKind::Covered => lang.say("note.covered", &[]),
        ChangeKind::Uncovered => lang.say("note.uncovered", &[]),
        // Every row at once: the cell itself says it.
        ChangeKind::Changed if change.fields == ["propagation"] => String::new(),
        ChangeKind::Changed | ChangeKind::Moved => lang.say("note.changed", &[&change.fields.join(", ")]),
        _ if table.covers(row).is_some() => lang.say("note.covers", &[&printable(&mount.target())]),
        _ if &*mount.root() != b"/" => lang.say("note.bind", &[&printable(&mount.source()), &printable(&mount.root())]),
        _ => String::new(),
    };
    if by_hand {
        text.push_str(&lang.say("note.by-hand", &[]));
    }
    (!text.trim().is_empty()).then(|| text.trim().to_string())
}

/// The columns of a row, without its mark.
fn row_text(table: &MountTable, row: usize, columns: Columns, ascii: bool) -> String {
    let mount = &table.rows()[row];
    let target = printable(&mount.target());
    // A number that is cut would be another group: rather cut the word.
    let room = if columns == Columns::Wide { 10 } else { 8 };
    let propagation = match mount.propagation() {
        long if long.len() > room => long.replace("shared:", "sh:").replace("slave:", "sl:").replace("sh+sl:", "s+s:"),
        short => short,
    };
    let fstype = printable(mount.fstype().as_bytes());
    let point = |width: usize| fit(&elide(&target, width, ascii), width);
    match columns {
        Columns::Narrow | Columns::Single => {
            let (points, width) = if columns == Columns::Single { (28, 13) } else { (16, 10) };
            let source = printable(&mount.source());
            let source = source.strip_prefix("/dev/").unwrap_or(&source);
            let mut cell = if source == fstype || source == "none" || source.is_empty() {
                fstype.clone()
            } else {
                format!("{fstype} {source}")
            };
            if mount.read_only() {
                cell = format!("{} ro", cut(&fstype, width - 3));
            }
            format!("{} {} {}", point(points), fit(&cell, width), fit(&propagation, 8))
        }
        Columns::Middle => {
            format!("{} {} {} {}", point(20), fit(&fstype, 8), fit(&mount.source_with_root(), 12), fit(&propagation, 8))
        }
        Columns::Wide => format!(
            "{:>5} {} {} {} {}",
            mount.id,
            point(26),
            fit(&fstype, 9),
            fit(&mount.source_with_root(), 22),
            fit(&propagation, 10)
        ),
    }
}

/// Folds the longest runs first, on both sides in the same line, until the rest fits.
fn fold(mut lines: Vec<TableLine>, height: usize, may: impl Fn(&TableLine) -> bool) -> Vec<TableLine> {
    let mut tried = HashSet::new();
    while lines.len() > height {
        let mut best: Option<(usize, usize)> = None;
        let mut start = 0;
        while start < lines.len() {
            let length = lines[start..].iter().take_while(|line| may(line)).count();
            if length > 1 && best.is_none_or(|(_, longest)| length > longest) {
                best = Some((start, length));
            }
            start += length.max(1);
        }
        let Some((start, length)) = best else { break };
        if !tried.insert((start, length)) {
            break;
        }
        // No more than needed: the fold line itself takes one.
        let take = length.min(lines.len() - height + 1);
        let from = start + length - take;
        let alike = lines[from].alike;
        let fold = TableLine { left: None, right: None, gutter: ' ', keep: true, alike, folded: take };
        lines.splice(from..from + take, [fold]);
    }
    lines
}
