//! A task's conditions below the tables, where a shell has the page: they tick while one types.

use crate::session::Session;
use crate::tui::canvas::Canvas;
use crate::tui::screen::Map;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::cut_with;
use unicode_width::UnicodeWidthStr;

/// Conditions that are shown at most.
const MOST: usize = 4;

/// Lines of the strip at the student's step.
pub fn height(session: &Session) -> usize {
    let goals = session.lesson.steps[session.step].task.as_ref().map_or(0, |task| task.until.len());
    1 + goals.min(MOST)
}

pub fn draw(session: &Session, view: &View, map: &Map, first: usize, canvas: &mut Canvas) {
    let lang = view.lang;
    let words = &session.lesson.step_text(lang.code(), session.step).task;
    let rule = view.glyphs.horizontal();
    let room = map.width - 2;
    let text = format!("{} {} ", rule.repeat(2), lang.say("shell.task", &[&plain(&words.text)]));
    let text = cut_with(&text, map.width - 1, view.glyphs.elision());
    let used = text.width();
    canvas.put(first, 0, &(text + &rule.repeat((map.width - 1).saturating_sub(used))), Tone::Strong);
    for (row, goal) in words.goals.iter().take(MOST).enumerate() {
        let (line, ago) = session.task.line(row, &plain(goal), lang);
        let ago = ago.map(|ago| format!("  {ago}")).unwrap_or_default();
        let left = room.saturating_sub(ago.width());
        canvas.put(first + 1 + row, 1, &cut_with(&line, left, view.glyphs.elision()), Tone::Plain);
        canvas.put(first + 1 + row, 1 + left, &ago, Tone::Plain);
    }
}

/// A text on one line, without its markup.
fn plain(text: &str) -> String {
    text.replace('\n', " ").replace(['`', '*'], "")
}

/// What is to be said of the task while one types: that it is done, or what is nearly right.
pub fn word(session: &Session, view: &View) -> Option<String> {
    let words = &session.lesson.step_text(view.lang.code(), session.step).task;
    if session.task.done {
        return Some(view.lang.say("shell.task-done", &[&plain(&words.done)]));
    }
    session.task.near.and_then(|near| words.near.get(near)).map(|near| plain(near))
}
