//! The last four lines: summary, the kernel's own row, a message, keys.

use super::summary::summary;
use super::{keyline, task_strip};
use crate::lesson::Side;
use crate::mounts::{ChangeKind, printable};
use crate::session::{Phase, Session};
use crate::tui::canvas::Canvas;
use crate::tui::cells::Kind;
use crate::tui::explain::in_words;
use crate::tui::play;
use crate::tui::scene::Scene;
use crate::tui::screen::Map;
use crate::tui::shells::root;
use crate::tui::style::Tone;
use crate::tui::view::{Mode, View};
use crate::wrap::{cut_with, fit};
use unicode_width::UnicodeWidthStr;

/// Returns the cursor where something is typed.
pub fn draw(session: &Session, view: &View, scene: &Scene, map: &Map, canvas: &mut Canvas) -> Option<(usize, usize)> {
    let sign = view.glyphs.elision();
    let room = map.width - 2;
    let has_run = view.moment.is_some() || matches!(session.phase, Phase::See | Phase::Broken);
    if let Some(strip) = map.strip {
        task_strip::draw(session, view, map, strip, canvas);
    } else {
        summaries(has_run, view, scene, map, canvas);
        let name = |side| view.lang.say(if side == Side::Outside { "side.outside" } else { "side.inside" }, &[]);
        canvas.put(map.foot + 1, 1, &raw_row(view, scene, map, name), Tone::Plain);
    }
    let message = message(session, view, map);
    canvas.put(map.message, 1, &cut_with(&message, room, sign), Tone::Plain);
    let keys = keyline::keys(session, view, scene, map);
    canvas.put(map.message + 1, 0, &fit(&format!(" {keys}"), map.width - 1), Tone::Bar);
    let is_typing = matches!(view.mode, Mode::Filter | Mode::Goto(_));
    is_typing.then(|| (map.message, 1 + message.trim_end_matches('_').width()))
}

/// How many rows each side has, and what became of them.
pub fn summaries(has_run: bool, view: &View, scene: &Scene, map: &Map, canvas: &mut Canvas) {
    let sign = view.glyphs.elision();
    if map.columns.kind == Kind::Single {
        canvas.put(map.foot, 1, &cut_with(&summary(has_run, view, scene, view.side), map.width - 2, sign), Tone::Plain);
        return;
    }
    let side = map.columns.side - 1;
    for (which, x) in [(Side::Outside, 1), (Side::Inside, map.columns.right() + 1)] {
        canvas.put(map.foot, x, &cut_with(&summary(has_run, view, scene, which), side, sign), Tone::Plain);
    }
}

/// The kernel's own row of what is selected, else of the first row that the last change touched; where there is room,
/// the same in words.
pub fn raw_row(view: &View, scene: &Scene, map: &Map, name: impl Fn(Side) -> String) -> String {
    let Some((side, row)) = view.selected.or_else(|| touched(scene)).or_else(|| renamed(scene)) else {
        return String::new();
    };
    let shown = scene.side(side);
    let Some(mount) = shown.mount(row) else { return String::new() };
    let name = name(side);
    let mark = match shown.mark(row) {
        ' ' => String::new(),
        mark => format!(" {mark}"),
    };
    let room = map.width - 2;
    let raw = cut_with(&format!("> {name}{mark} {}", printable(mount.raw())), room, view.glyphs.elision());
    if map.width < 110 {
        return raw;
    }
    // As many phrases as fit, none of them cut.
    let mut text = format!("{raw}      ");
    let mut said = String::new();
    for phrase in in_words(mount, view.lang) {
        let longer = if said.is_empty() { phrase } else { view.lang.say("words.and", &[&said, &phrase]) };
        if text.width() + longer.width() > room {
            break;
        }
        said = longer;
    }
    text.push_str(&said);
    text
}

fn touched(scene: &Scene) -> Option<(Side, usize)> {
    [(Side::Inside, &scene.inside), (Side::Outside, &scene.outside)].into_iter().find_map(|(side, shown)| {
        if shown.is_machine {
            return None;
        }
        let changes = scene.marks.on(side);
        let added = changes.iter().find(|change| change.kind == ChangeKind::Added);
        Some((side, added.or(changes.iter().find(|change| change.after.is_some()))?.after?))
    })
}

/// After a chroot nothing was touched: then the last row that the process names otherwise.
fn renamed(scene: &Scene) -> Option<(Side, usize)> {
    scene.renamed.map(|row| (Side::Inside, row))
}

/// One thing to know now.
fn message(session: &Session, view: &View, map: &Map) -> String {
    let lang = view.lang;
    match &view.mode {
        Mode::Goto(digits) => return lang.say("tui.goto", &[digits]),
        Mode::Filter => return lang.say("tui.filtering", &[&view.filter]),
        Mode::Play(sheet) if let Some(question) = play::message(*sheet, view) => return question,
        Mode::Reopen(side) => {
            let old = view.shells.get(*side).map_or("/", |pane| &pane.root);
            return lang.say("shell.reopen", &[old, root(session, *side)]);
        }
        _ => {}
    }
    if let Some(trouble) = &session.trouble {
        return trouble.clone();
    }
    if let Some(notice) = &view.notice {
        return notice.clone();
    }
    if let Some(word) = map.strip.and_then(|_| task_strip::word(session, view)) {
        return word;
    }
    if let Some((number, moment)) = view.moment.and_then(|number| session.history.get(number)) {
        let step = &session.lesson.step_text(lang.code(), moment.step).title;
        let key = if moment.marks.by_hand { "tui.moment-by-hand" } else { "tui.moment" };
        let numbers = [(number + 1).to_string(), session.history.len().to_string(), (moment.step + 1).to_string()];
        return lang.say(key, &[&numbers[0], &numbers[1], &numbers[2], step]);
    }
    if !view.filter.is_empty() {
        return lang.say("tui.filtered", &[&view.filter]);
    }
    if let Some(header) = &session.recorded {
        return lang.say("replay.message", &[&header.host_in_words(lang), &header.kernel]);
    }
    match session.phase {
        Phase::Predict | Phase::Do => lang.say("tui.nothing", &[]),
        Phase::Broken => lang.say("tui.untouched-host", &[]),
        Phase::See if map.columns.kind == Kind::Wide => {
            let count = |side| session.marks.on(side).len().to_string();
            lang.say("tui.kernel", &[&count(Side::Inside), &count(Side::Outside)])
        }
        _ => lang.say("tui.untouched", &[]),
    }
}
