//! The heads of the two tables: whose table it is.

use crate::lesson::Side;
use crate::tui::canvas::Canvas;
use crate::tui::cells::Kind;
use crate::tui::scene::Scene;
use crate::tui::screen::Map;
use crate::tui::style::Tone;
use crate::tui::view::{Focus, Sight, View};
use crate::wrap::cut;
use unicode_width::UnicodeWidthStr;

pub fn draw(view: &View, scene: &Scene, map: &Map, canvas: &mut Canvas) {
    if map.columns.kind == Kind::Single {
        let text = with_other(view, scene, &head(view, scene, view.side, map));
        draw_as(|_| text.clone(), view, map, canvas);
    } else {
        draw_as(|side| head(view, scene, side, map), view, map, canvas);
    }
}

/// Heads of other words than a lesson's.
pub fn draw_as(head: impl Fn(Side) -> String, view: &View, map: &Map, canvas: &mut Canvas) {
    let rule = view.glyphs.horizontal();
    let ruled = |text: &str, width: usize| {
        let text = cut(&format!("{rule} {text} "), width);
        let used = text.width();
        text + &rule.repeat(width.saturating_sub(used))
    };
    let tone = |side: Side| {
        if view.focus == Focus::Table && view.side == side { Tone::Bar } else { Tone::Strong }
    };
    let y = map.heads;
    if map.columns.kind == Kind::Single {
        let tone = if view.focus == Focus::Table { Tone::Bar } else { Tone::Strong };
        canvas.put(y, 0, &ruled(&head(view.side), map.width - 1), tone);
        return;
    }
    let at = map.columns.side + 1;
    canvas.put(y, 0, &ruled(&head(Side::Outside), at), tone(Side::Outside));
    canvas.put(y, at, view.glyphs.tee(), Tone::Strong);
    // The sign stands for the rule's first character.
    let right = ruled(&head(Side::Inside), map.width - at - 1);
    let right: String = right.chars().skip(1).collect();
    canvas.put(y, at + 1, &format!("{right}{rule}"), tone(Side::Inside));
    canvas.put(y, map.width - 1, " ", Tone::Plain);
}

/// The head, and what the narrow screen does not show.
fn with_other(view: &View, scene: &Scene, head: &str) -> String {
    let lang = view.lang;
    let (side, key) = match view.side {
        Side::Outside => (Side::Inside, "tui.inside-name"),
        Side::Inside => (Side::Outside, "tui.outside-name"),
    };
    lang.count("tui.other", scene.marks.on(side).len(), &[head, &lang.say(key, &[])])
}

fn head(view: &View, scene: &Scene, side: Side, map: &Map) -> String {
    let lang = view.lang;
    let shown = scene.side(side);
    if shown.is_machine {
        return lang.say("tui.machine", &[]);
    }
    let Some(facts) = shown.facts() else { return lang.say("tui.no-container", &[]) };
    let name = lang.say(if side == Side::Outside { "tui.outside-name" } else { "tui.inside-name" }, &[]);
    let inode = facts.namespace("mnt").unwrap_or(0);
    let pids = [facts.pid_inside.to_string(), facts.pid_outside.to_string()];
    if map.columns.kind == Kind::Single {
        return match (side, shown.seen_rows()) {
            (Side::Inside, Some(_)) => lang.say("tui.pid-sees", &[]),
            _ => name,
        };
    }
    if map.columns.kind == Kind::Wide {
        let key = match side {
            Side::Outside => "tui.outside-wide",
            Side::Inside if facts.root != "/" => "tui.inside-wide-root",
            Side::Inside => "tui.inside-wide",
        };
        let inode = inode.to_string();
        return lang.say(key, &[&inode, &facts.hostname, &facts.root, &pids[0], &pids[1], &sight(view)]);
    }
    let short = format!("mnt{}{:04}", view.glyphs.elision(), inode % 10000);
    match side {
        Side::Outside => lang.say("tui.outside", &[&short]),
        Side::Inside if facts.root != "/" => lang.say("tui.inside-sight", &[&sight(view)]),
        Side::Inside => lang.say("tui.inside", &[&pids[0], &pids[1], &short]),
    }
}

/// What is shown of a container whose first process has another root directory, and what `v` shows next.
fn sight(view: &View) -> String {
    let key = match view.sight {
        Sight::Process => "tui.sees",
        Sight::Namespace => "tui.namespace",
        Sight::Machine => "tui.machine-next",
        Sight::Tree => "tui.tree",
        Sight::Propagation => "tui.groups",
    };
    view.lang.say(key, &[])
}
