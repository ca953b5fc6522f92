//! Under each table: how many rows, and what the last change did.

use crate::lesson::Side;
use crate::mounts::ChangeKind;
use crate::tui::scene::Scene;
use crate::tui::view::{Sight, View};

/// `has_run`: something could have changed, so that nothing did is worth a word.
pub fn summary(has_run: bool, view: &View, scene: &Scene, side: Side) -> String {
    let lang = view.lang;
    let shown = scene.side(side);
    if !shown.is_there() {
        return String::new();
    }
    let whole = shown.now.len().to_string();
    let has_changes = !shown.is_machine && !scene.marks.on(side).is_empty();
    let rows = match shown.seen_rows() {
        Some(seen) if has_changes => lang.say("tui.rows-of-short", &[&seen.to_string(), &whole]),
        Some(seen) => lang.count("tui.rows-of", seen, &[&whole]),
        None => lang.count("tui.rows", shown.now.len(), &[]),
    };
    let unread = shown.now.unread().len();
    let mut parts: Vec<String> = [
        (&[ChangeKind::Added][..], "cond.added"),
        (&[ChangeKind::Removed], "cond.removed"),
        (&[ChangeKind::Changed, ChangeKind::Moved], "cond.changed"),
        (&[ChangeKind::Covered], "cond.covered"),
        (&[ChangeKind::Uncovered], "tui.uncovered"),
    ]
    .into_iter()
    .filter_map(|(kinds, key)| {
        let count = if shown.is_machine {
            0
        } else {
            scene.marks.on(side).iter().filter(|change| kinds.contains(&change.kind)).count()
        };
        (count > 0).then(|| lang.say(key, &[&count.to_string()]))
    })
    .collect();
    let came = side == Side::Inside && scene.is_copy;
    if parts.is_empty() && came {
        parts.push(lang.say("tui.copy", &[]));
    } else if parts.is_empty() && has_run && !shown.is_machine && view.sight != Sight::Machine {
        parts.push(lang.say("tui.none-changed", &[]));
    }
    if unread > 0 {
        parts.push(lang.say("tui.unread", &[&unread.to_string()]));
    }
    let list = parts.into_iter().reduce(|all, part| lang.say("tui.list", &[&all, &part]));
    match list {
        Some(list) if shown.seen_rows().is_none() || has_changes => lang.say("tui.rows-with", &[&rows, &list]),
        _ => rows,
    }
}
