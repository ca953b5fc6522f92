//! Both mount tables after a round: rows side by side, each with what the round did to it.

use super::book::{Cell, Line, Mark, Row, Table};
use crate::lesson::Side;
use crate::mounts::{ChangeKind, Mount, pair, printable};
use crate::session::{RoundRecord, Shown, note};
use crate::words::Lang;

/// Outside and inside, line by line: what is the same stands in the same line.
pub fn tables(record: &RoundRecord, by_hand: bool, lang: Lang) -> [Table; 2] {
    let (before, after) = (&record.before, &record.after);
    let outside = Shown::side(Some(&after.outside), Some(&before.outside), &record.outside, true);
    let inside = Shown::side(after.inside.as_ref(), before.inside.as_ref(), &record.inside, true);
    let mut pairs = pair(&outside.table, &inside.table);
    // What the container does not see comes last.
    pairs.sort_by_key(|pair| pair.left.is_none() && pair.right.is_some_and(|row| inside.is_out_of_view(row)));
    let row = |shown: &Shown, row: Option<usize>| row.and_then(|number| self::row(shown, number, by_hand, lang));
    let rows = pairs.iter().map(|pair| (row(&outside, pair.left), row(&inside, pair.right)));
    let line = |(left, right): (Option<Row>, Option<Row>)| {
        let has_note = [&left, &right].into_iter().flatten().any(|row| row.note.is_some());
        (Line { row: left, has_note }, Line { row: right, has_note })
    };
    let (left, right) = rows.map(line).unzip();
    [table(Side::Outside, &outside, left, record, lang), table(Side::Inside, &inside, right, record, lang)]
}

fn table(side: Side, shown: &Shown, lines: Vec<Line>, record: &RoundRecord, lang: Lang) -> Table {
    let Some(facts) = shown.facts() else {
        let ended = side == Side::Inside && record.before.inside.is_some();
        let name = lang.say(if ended { "export.went" } else { "export.no-container" }, &[]);
        return Table { name, summary: String::new(), lines: Vec::new(), is_changed: ended };
    };
    let (host, root) = (printable(facts.hostname.as_bytes()), printable(facts.root.as_bytes()));
    let name = match side {
        Side::Outside => lang.say("export.outside", &[&host]),
        Side::Inside if root != "/" => lang.say("export.inside-root", &[&host, &root]),
        Side::Inside => lang.say("export.inside", &[&host]),
    };
    let came = side == Side::Inside && record.before.inside.is_none();
    let moved = record.before.side(side).is_some_and(|before| before.facts.root != facts.root);
    let is_changed = came || moved || !record.changes(side).is_empty();
    Table { name, summary: summary(side, shown, record, came, lang), lines, is_changed }
}

fn summary(side: Side, shown: &Shown, record: &RoundRecord, came: bool, lang: Lang) -> String {
    let whole = shown.now.len();
    let rows = match shown.seen_rows() {
        Some(seen) => lang.count("tui.rows-of", seen, &[&whole.to_string()]),
        None => lang.count("tui.rows", whole, &[]),
    };
    let mut parts = Vec::new();
    for (kinds, key) in [
        (&[ChangeKind::Added][..], "cond.added"),
        (&[ChangeKind::Removed], "cond.removed"),
        (&[ChangeKind::Changed, ChangeKind::Moved], "cond.changed"),
        (&[ChangeKind::Covered], "cond.covered"),
        (&[ChangeKind::Uncovered], "tui.uncovered"),
    ] {
        let count = record.changes(side).iter().filter(|change| kinds.contains(&change.kind)).count();
        if count > 0 {
            parts.push(lang.say(key, &[&count.to_string()]));
        }
    }
    if parts.is_empty() && !came {
        parts.push(lang.say("tui.none-changed", &[]));
    }
    if !shown.now.unread().is_empty() {
        parts.push(lang.say("tui.unread", &[&shown.now.unread().len().to_string()]));
    }
    match parts.into_iter().reduce(|all, part| lang.say("tui.list", &[&all, &part])) {
        Some(list) => lang.say("tui.rows-with", &[&rows, &list]),
        None => rows,
    }
}

fn row(shown: &Shown, number: usize, by_hand: bool, lang: Lang) -> Option<Row> {
    let mount = shown.mount(number)?;
    let change = shown.change(number);
    let mark = match change.map(|change| change.kind) {
        Some(ChangeKind::Removed) => Mark::Removed,
        _ if shown.is_out_of_view(number) => Mark::Away,
        Some(ChangeKind::Added) => Mark::Added,
        Some(ChangeKind::Covered) => Mark::Covered,
        Some(ChangeKind::Uncovered) => Mark::Uncovered,
        Some(ChangeKind::Moved) => Mark::Moved,
        Some(ChangeKind::Changed) => Mark::Changed,
        None => Mark::None,
    };
    let changed = |fields: &[&str]| change.is_some_and(|change| change.fields.iter().any(|f| fields.contains(f)));
    let cell = |text: String, fields: &[&str]| Cell { text, is_changed: changed(fields) };
    let cells = [
        cell(printable(&mount.target()), &["target"]),
        cell(kind(mount), &["type", "options"]),
        cell(mount.source_with_root(), &["source", "root", "super_options"]),
        cell(mount.propagation(), &["propagation"]),
    ];
    Some(Row { mark, cells, note: note(shown, number, by_hand, lang) })
}

/// The type, and whether it is read-only.
fn kind(mount: &Mount) -> String {
    let fstype = printable(mount.fstype().as_bytes());
    if mount.read_only() { format!("{fstype} ro") } else { fstype }
}
