//! A task: the state to bring about, its conditions as they tick, and what may be chosen instead of typing.

use super::Page;
use crate::session::{Session, choice_in_words};
use crate::tui::markdown::lines;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::{hang, wrap};

pub fn task(session: &Session, view: &View, page: &mut Page, width: usize) {
    let lang = view.lang;
    let words = &session.lesson.step_text(lang.code(), session.step).task;
    let state = &session.task;
    page.add_as(Tone::Strong, lines(&words.text, width));
    for (index, goal) in words.goals.iter().enumerate() {
        let (line, ago) = state.line(index, &goal.replace('`', ""), lang);
        page.add(hang(&[Some(line), ago].into_iter().flatten().collect::<Vec<_>>().join("  "), width, 4));
    }
    if state.done {
        if state.shown {
            page.add(wrap(&lang.say("task.shown", &[]), width));
        }
        page.add_as(Tone::Strong, wrap(&lang.say("task.done", &[]), width));
        page.add(lines(&words.done, width));
    } else {
        if let Some(near) = state.near.and_then(|near| words.near.get(near)) {
            page.add(lines(near, width));
        }
        let palette = session.lesson.steps[session.step].task.iter().flat_map(|task| &task.palette);
        for (index, choice) in palette.enumerate() {
            page.add(hang(&format!("{}  {}", index + 1, choice_in_words(choice, lang)), width, 3));
        }
    }
    for hint in words.hints.iter().take(session.hints) {
        page.add(hang(&lang.say("tui.tip", &[&hint.replace('`', "")]), width, 2));
        page.until = Some(page.lines.len() - 1);
    }
}
