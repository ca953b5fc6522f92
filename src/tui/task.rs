//! The page of a task: the state to bring about, its conditions as they tick, and what may be chosen instead of typing.

use super::markdown::{lines, wrap};
use super::page::hang;
use super::screen::View;
use crate::session::{Session, choice_in_words};

pub fn content(session: &Session, view: &View, width: usize) -> Vec<String> {
    let lang = view.lang;
    let words = &session.lesson.step_text(lang.code(), session.step).task;
    let state = &session.task;
    let mut out = lines(&words.text, width);
    for (index, goal) in words.goals.iter().enumerate() {
        let ticked = state.ticks.get(index).copied().unwrap_or(false);
        out.extend(hang(&lang.say(if ticked { "task.ticked" } else { "task.open" }, &[goal]), width));
    }
    if state.done {
        if state.shown {
            out.extend(wrap(&lang.say("task.shown", &[]), width));
        }
        out.extend(wrap(&lang.say("task.done", &[]), width));
        out.extend(lines(&words.done, width));
    } else {
        if let Some(near) = state.near.and_then(|near| words.near.get(near)) {
            out.extend(lines(near, width));
        }
        let palette = session.lesson.steps[session.step].task.iter().flat_map(|task| &task.palette);
        for (index, choice) in palette.enumerate() {
            out.extend(hang(&format!("  {}  {}", index + 1, choice_in_words(choice, lang)), width));
        }
    }
    for hint in words.hints.iter().take(session.hints) {
        out.extend(wrap(&lang.say("tui.tip", &[hint]), width));
    }
    out
}
