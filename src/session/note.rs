//! One line in words under a row that is marked: sign and colour are not enough.

use super::Shown;
use crate::mounts::{Change, ChangeKind, Mount, printable};
use crate::words::Lang;

/// `by_hand`: the student made the change.
pub fn note(shown: &Shown, row: usize, by_hand: bool, lang: Lang) -> Option<String> {
    let mount = shown.mount(row)?;
    let mut text = match shown.change(row) {
        _ if shown.root == Some(row) && shown.is_out_of_view(row) => lang.say("note.out-of-view", &[]),
        _ if shown.is_out_of_view(row) => return None,
        Some(change) => of_change(shown, row, mount, change, lang)?,
        None if is_bind(mount) && shown.is_renamed(row) => bind(mount, lang),
        None if shown.is_renamed(row) => {
            lang.say("note.in-namespace", &[&printable(&shown.table.rows()[row].target())])
        }
        None => return None,
    };
    if by_hand && shown.change(row).is_some() {
        text = lang.say("note.by-hand", &[&text]);
    }
    Some(text)
}

fn is_bind(mount: &Mount) -> bool {
    &*mount.root() != b"/"
}

fn bind(mount: &Mount, lang: Lang) -> String {
    lang.say("note.bind", &[&printable(&mount.source()), &printable(&mount.root())])
}

fn of_change(shown: &Shown, row: usize, mount: &Mount, change: &Change, lang: Lang) -> Option<String> {
    let before = change.before.and_then(|row| shown.before.as_ref()?.rows().get(row));
    Some(match change.kind {
        ChangeKind::Covered => lang.say("note.covered", &[]),
        ChangeKind::Uncovered => lang.say("note.uncovered", &[]),
        ChangeKind::Removed => lang.say("note.removed", &[]),
        ChangeKind::Moved => lang.say("note.moved", &[&before.map_or(String::new(), |old| printable(&old.target()))]),
        // Often every row at once: the cell itself says it.
        ChangeKind::Changed if change.fields == ["propagation"] => return None,
        ChangeKind::Changed => {
            let was = before.map(|old| what_was(old, &change.fields)).unwrap_or_default();
            lang.say("note.changed", &[&was])
        }
        ChangeKind::Added if shown.covers(row) => lang.say("note.covers", &[&printable(&mount.target())]),
        ChangeKind::Added if is_bind(mount) => bind(mount, lang),
        ChangeKind::Added => lang.say("note.added", &[&printable(mount.fstype().as_bytes())]),
    })
}

/// The fields as they were.
fn what_was(old: &Mount, fields: &[&str]) -> String {
    let words = |options: Vec<std::borrow::Cow<'_, str>>| printable(options.join(",").as_bytes());
    let parts: Vec<String> = fields
        .iter()
        .map(|field| match *field {
            "options" => words(old.options()),
            "propagation" => old.propagation(),
            "type" => printable(old.fstype().as_bytes()),
            "source" => printable(&old.source()),
            "root" => printable(&old.root()),
            "super_options" => old.super_options().iter().map(|option| printable(option)).collect::<Vec<_>>().join(","),
            _ => printable(&old.target()),
        })
        .collect();
    parts.join(", ")
}
