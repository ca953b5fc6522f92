//! The first line: lesson, step, phase; and the line of tabs.

use super::shell;
use crate::lesson::Side;
use crate::session::{Phase, Session};
use crate::tui::canvas::Canvas;
use crate::tui::cells::Kind;
use crate::tui::play;
use crate::tui::screen::Map;
use crate::tui::style::Tone;
use crate::tui::view::{self, Mode, Tab, View};
use crate::wrap::{cut_with, fit};
use unicode_width::UnicodeWidthStr;

pub fn draw(session: &Session, view: &View, map: &Map, canvas: &mut Canvas) {
    let lang = view.lang;
    let steps = session.lesson.steps.len();
    // Whatever the width, it is said that nothing here is performed.
    let mark = match session.recorded {
        Some(_) => format!(" {}", lang.say("replay.title", &[])),
        None => String::new(),
    };
    let title = &session.lesson.step_text(lang.code(), session.step).title;
    let is_wide = map.columns.kind == Kind::Wide;
    let is_single = map.columns.kind == Kind::Single;
    let mut left = match map.columns.kind {
        Kind::Wide => format!("{mark} nslab  {}  {}/{steps}  {title}", session.lesson.id, session.step + 1),
        Kind::Single => format!("{mark} {} {}/{steps} {title}", session.lesson.id, session.step + 1),
        _ => format!("{mark} {}  {}/{steps}  {title}", session.lesson.id, session.step + 1),
    };
    let mut right = state(session, view, is_single);
    if is_wide {
        right.push_str(&format!("     {}", lang.say("tui.langs", &[])));
        let list = step_list(session);
        if left.width() + list.width() + right.width() + 8 < map.width {
            left = format!("{}{list}", fit(&left, (left.width() + 4).max(44)));
        }
    }
    if left.width() + right.width() + 3 > map.width {
        right = state(session, view, true);
    }
    // The title first: which lesson this is, the student knows.
    if left.width() + right.width() + 3 > map.width {
        left = format!("{mark} {}/{steps} {title}", session.step + 1);
    }
    let room = map.width.saturating_sub(right.width() + 2);
    let left = fit(&cut_with(&left, room.saturating_sub(1), view.glyphs.elision()), room);
    canvas.put(0, 0, &format!("{left}{right}"), Tone::Strong);
    if let Some(line) = map.tabs {
        tabs(session, view, map, line, canvas);
    }
}

/// Where in the step the student is.
fn state(session: &Session, view: &View, is_short: bool) -> String {
    let lang = view.lang;
    if let Some(side) = view.shells.typing {
        let key = if is_short { "shell.typing-short" } else { "shell.typing" };
        return lang.say(key, &[&shell::name(side, lang), &view.leave.name]);
    }
    if session.busy {
        return lang.say("tui.busy", &[]);
    }
    if session.is_play {
        return String::new();
    }
    if session.phase == Phase::Broken {
        let all = session.lesson.steps[session.step].variants.len().to_string();
        let number = session.variant.map_or(0, |index| index + 1).to_string();
        return lang.say("tui.broken", &[&number, &all]);
    }
    if session.phase == Phase::Task {
        return format!("[{}]", lang.say("phase.task", &[]).to_uppercase());
    }
    let now = match session.phase {
        Phase::Read => "phase.read",
        Phase::Predict => "phase.predict",
        Phase::Do => "phase.do",
        _ => "phase.see",
    };
    let name = |key: &str| lang.say(key, &[]);
    let current = format!("[{}]", name(now).to_uppercase());
    if is_short {
        return current;
    }
    let all = ["phase.read", "phase.predict", "phase.do", "phase.see"];
    let words: Vec<String> = all.iter().map(|key| if *key == now { current.clone() } else { name(key) }).collect();
    words.join(" > ")
}

/// `[x]` done, `[>]` here, `[ ]` to come.
fn step_list(session: &Session) -> String {
    (0..session.lesson.steps.len())
        .map(|step| match step {
            step if step == session.step => "[>]",
            step if session.done[step] => "[x]",
            _ => "[ ]",
        })
        .collect()
}

fn tabs(session: &Session, view: &View, map: &Map, line: usize, canvas: &mut Canvas) {
    let lang = view.lang;
    let rule = view.glyphs.horizontal();
    let named = |tab: Tab| match tab {
        Tab::Text => lang.say("tui.text", &[]),
        Tab::Ran => lang.say("tui.ran", &[]),
        Tab::Program(language) => language.name().into(),
        Tab::Shell(side) => shell::name(side, lang),
    };
    let open = match view.mode {
        Mode::Variants(_) => Some("tui.variants-tab"),
        Mode::Explain => Some("tui.explain-tab"),
        Mode::Fault(_) => Some("tui.fault-tab"),
        Mode::Play(sheet) => Some(play::open(sheet)),
        _ => None,
    };
    let names = |shown: &[Tab], current: Option<Tab>| {
        let mut out = rule.repeat(2);
        for (index, tab) in shown.iter().enumerate() {
            let is_current = current == Some(*tab);
            out.push_str(if index == 0 && is_current { " " } else { "  " });
            out.push_str(&if is_current { format!("[{}]", named(*tab)) } else { named(*tab) });
        }
        out
    };
    let to_the_end = |text: String, width: usize| {
        let used = text.width() + 1;
        format!("{text} {}", rule.repeat(width.saturating_sub(used)))
    };
    let alone = map.shells.first().filter(|_| map.shell_heads.is_none()).map(|(side, _)| *side);
    let shells: String = match session.recorded {
        Some(_) => String::new(),
        None => [Side::Outside, Side::Inside]
            .into_iter()
            .map(|side| match shell::name(side, lang) {
                name if alone == Some(side) => format!("  [{name}]"),
                name => format!("  {name}"),
            })
            .collect(),
    };
    let with_open = |text: String| match open {
        Some(key) => format!("{text}  [{}]", lang.say(key, &[])),
        None => text,
    };
    let current = Some(view.tab(session)).filter(|_| alone.is_none());
    match &map.right_page {
        None => {
            let text = match alone {
                // What a shell has to say of itself takes the programs' place.
                Some(_) => format!("{}  {}", names(&[Tab::Text, Tab::Ran], None), view.glyphs.dots()),
                None => with_open(names(&view::tabs(false), current.filter(|_| open.is_none()))),
            };
            let used = text.width() + shells.width() + 2;
            canvas.put(line, 0, &to_the_end(text + &shells, map.width - 1), Tone::Plain);
            if let Some(side) = alone {
                let head = format!(" {} ", shell::head(session, view, side));
                let room = map.width.saturating_sub(2 + used);
                let head = cut_with(&head, room, view.glyphs.elision());
                canvas.put(line, map.width - 2 - head.width(), &head, Tone::Strong);
            }
        }
        Some(right) => {
            let at = right.start - 2;
            let left = with_open(format!("{} {}", rule.repeat(2), named(Tab::Text)));
            canvas.put(line, 0, &to_the_end(left, at), Tone::Plain);
            canvas.put(line, at, view.glyphs.tee(), Tone::Plain);
            let text = names(&view::tabs(true), Some(view.right_tab())) + &shells;
            canvas.put(line, at + 1, &to_the_end(text, map.width - at - 2), Tone::Plain);
        }
    }
}
