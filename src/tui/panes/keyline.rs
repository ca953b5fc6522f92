//! The key line: what Enter does first, then what else works here, as much as fits; `?` always.

use crate::lesson::Side;
use crate::session::{Phase, Session};
use crate::tui::cells::Kind;
use crate::tui::play;
use crate::tui::scene::Scene;
use crate::tui::screen::Map;
use crate::tui::typing;
use crate::tui::view::{Focus, Mode, View};
use unicode_width::UnicodeWidthStr;

pub fn keys(session: &Session, view: &View, scene: &Scene, map: &Map) -> String {
    if view.shells.typing.is_some() {
        let say = |key: &str| view.lang.say(key, &[&view.leave.names]);
        let text = say("line.shell-typing");
        return if text.width() <= map.width - 2 { text } else { say("line.shell-typing-short") };
    }
    fitting(wanted(session, view, scene, map).into_iter().flatten(), view, map)
}

/// As many of these as there is room for, in order of weight.
pub fn fitting(wanted: impl Iterator<Item = &'static str>, view: &View, map: &Map) -> String {
    let mut items: Vec<&str> = Vec::new();
    for item in wanted {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    let texts: Vec<String> = items.iter().map(|item| view.lang.say(&format!("line.{item}"), &[])).collect();
    let room = map.width - 3;
    // Where text is typed, `?` is text.
    let help = match view.mode {
        Mode::Play(_) => [String::new(), String::new()],
        _ => [view.lang.say("line.help", &[]), "?".to_string()],
    };
    let all: usize = texts.iter().map(|text| text.width() + 2).sum();
    // The whole word where everything fits, else the bare sign at the end.
    let help = if all + help[0].width() <= room { &help[0] } else { &help[1] };
    let mut line = String::new();
    for text in texts {
        if line.width() + text.width() + 2 + help.width() > room {
            break;
        }
        line.push_str(&text);
        line.push_str("  ");
    }
    line + help
}

/// In order of weight.
fn wanted(session: &Session, view: &View, scene: &Scene, map: &Map) -> Vec<Option<&'static str>> {
    let when = |condition: bool, item: &'static str| condition.then_some(item);
    if session.asks.is_some() {
        return vec![Some("ask"), Some("stay")];
    }
    if session.stuck {
        return vec![Some("rebuild"), Some("quit")];
    }
    match &view.mode {
        Mode::Goto(_) => return vec![Some("digits"), Some("go"), Some("close")],
        Mode::Filter => return vec![Some("typing"), Some("keep"), Some("clear")],
        Mode::Variants(_) => return vec![Some("try"), Some("arrows"), Some("close")],
        Mode::NoChinese => return vec![Some("english"), Some("chinese")],
        Mode::Explain => return vec![Some("scroll"), Some("arrows"), Some("copy"), Some("close")],
        Mode::Fault(_) => return vec![Some("scroll"), Some("close"), Some("quit")],
        Mode::Play(sheet) => return play::keys(*sheet, session).iter().map(|key| Some(*key)).collect(),
        Mode::Reopen(_) => return vec![Some("reopen"), Some("stay-here")],
        Mode::Look | Mode::Help => {}
    }
    if view.moment.is_some() {
        return vec![Some("walk"), Some("now"), Some("enter-now")];
    }
    let step = &session.lesson.steps[session.step];
    let words = session.lesson.step_text(view.lang.code(), session.step);
    let is_single = map.columns.kind == Kind::Single;
    let overflows = map.page(session, view, scene).2 > 0;
    if view.focus == Focus::Table && session.phase != Phase::Predict {
        return vec![
            when(view.selected.is_some(), "explain"),
            Some("arrows"),
            Some("copy"),
            Some("filter"),
            Some("fold"),
            Some("zoom"),
            Some("page"),
        ];
    }
    if session.is_play {
        return vec![
            Some("play"),
            when(is_single, "other"),
            when(overflows, "scroll"),
            Some("host"),
            when(scene.inside.is_there(), "container"),
            when(session.lesson.steps.len() > 1, "take-back"),
            when(session.lesson.steps.len() > 1, "write"),
            when(!session.history.is_empty(), "changes"),
            when(scene.inside.facts().is_some_and(|facts| facts.root != "/"), "view"),
            when(map.columns.kind != Kind::Wide, "tabs"),
            Some("quit"),
        ];
    }
    let enter = match session.phase {
        Phase::Read => "go-on",
        Phase::Predict => "confirm",
        Phase::Do if session.recorded.is_some() => "replay",
        Phase::Do => "do",
        Phase::See if session.has_more() => "go-on",
        Phase::See | Phase::Task => "next",
        Phase::Broken => "end",
        Phase::After => "leave",
    };
    if let Some(side) = typing::shown(view).filter(|_| map.shell_heads.is_none() && view.focus == Focus::Page) {
        let own = if side == Side::Outside { "host" } else { "container" };
        return vec![
            Some(own),
            when(typing::lent(view).is_some(), "lend"),
            Some("page"),
            Some(enter),
            Some("scroll"),
            Some("tabs"),
            Some("host"),
            when(scene.inside.is_there(), "container"),
            when(!session.history.is_empty(), "changes"),
            Some("quit"),
        ];
    }
    if session.phase == Phase::Task && !session.task.done {
        let hints = words.task.hints.len();
        return vec![
            when(session.recorded.is_none(), "host"),
            when(session.recorded.is_none() && scene.inside.is_there(), "container"),
            when(session.hints < hints, "tip"),
            when(session.hints >= hints, "show"),
            when(step.task.as_ref().is_some_and(|task| !task.palette.is_empty()), "choose"),
            Some("skip"),
            when(overflows, "scroll"),
            Some("back"),
            Some("quit"),
        ];
    }
    let shells = session.recorded.is_none() && session.phase != Phase::After && session.phase != Phase::Predict;
    vec![
        when(session.phase == Phase::Predict, "answer"),
        Some(enter),
        when(session.asks_before_variant(), "close"),
        when(is_single, "other"),
        when(overflows, "scroll"),
        when(session.recorded.is_none() && session.phase == Phase::Broken, "mend"),
        when(!step.variants.is_empty() && matches!(session.phase, Phase::See | Phase::Read | Phase::Do), "break"),
        when(session.phase == Phase::Broken && step.variants.len() > 1, "another"),
        when(session.hints < words.hints.len() && !matches!(session.phase, Phase::Broken | Phase::After), "tip"),
        when(shells && session.phase != Phase::Broken, "host"),
        when(shells && scene.inside.is_there(), "container"),
        when(scene.inside.facts().is_some_and(|facts| facts.root != "/"), "view"),
        when(map.columns.kind != Kind::Wide && matches!(session.phase, Phase::See | Phase::Broken), "tabs"),
        when(session.step > 0, "back"),
        when(!session.history.is_empty() && session.phase != Phase::Predict, "changes"),
        Some("quit"),
        when(session.phase != Phase::Predict, "view"),
        Some(if typing::lent(view).is_some() { "lend" } else { "zoom" }),
        Some("goto"),
        Some("lang"),
    ]
}
