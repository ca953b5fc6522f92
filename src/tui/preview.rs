//! The pages of a step as text, without performing anything: for whoever writes a lesson.

use super::laid::Laid;
use super::markdown::lines;
use super::screen::draw;
use super::view::{Mode, View};
use crate::lesson::Lesson;
use crate::session::{Event, Phase, RoundRecord, Session, Snapshot};
use crate::words::Lang;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// The smallest screen that lessons are written for.
const AREA: Rect = Rect { x: 0, y: 0, width: 80, height: 24 };

/// The lines of its page; a test holds them against the map.
const PAGE: usize = 8;

/// Every page of a step, one screen after the other, as far as it is known before anything runs: without the tables and
/// without what the kernel answers.
pub fn preview(lesson: &Lesson, step: usize, lang: Lang) -> String {
    let (mut session, _) = Session::new(Arc::new(lesson.clone()), step);
    session.apply(Event::Built(Snapshot::default()));
    let mut view = View::new(lang);
    let mut out = screens(&session, &view);
    if session.prediction().is_some() {
        session.phase = Phase::Predict;
        out += &screens(&session, &view);
    }
    // A question is judged and layers are looked at only where something ran.
    let at = &mut Arc::make_mut(&mut session.lesson).steps[step];
    at.predict = None;
    at.layers = None;
    let (rounds, has_task, has_variants) = (at.rounds.len(), at.task.is_some(), !at.variants.is_empty());
    if rounds > 0 {
        session.phase = Phase::Do;
        out += &screens(&session, &view);
    }
    for _ in 0..rounds {
        session.rounds.push(RoundRecord::default());
        session.phase = Phase::See;
        out += &screens(&session, &view);
    }
    if has_task {
        session.phase = Phase::Task;
        out += &screens(&session, &view);
    }
    if has_variants {
        session.phase = Phase::Read;
        view.mode = Mode::Variants(0);
        out += &screens(&session, &view);
    }
    view.mode = Mode::Look;
    session.phase = Phase::Predict;
    for index in 0..session.lesson.steps[step].variants.len() {
        session.variant = Some(index);
        if session.prediction().is_some() {
            out += &screens(&session, &view);
        }
    }
    out
}

/// A page, scrolled as often as it takes to read it whole.
fn screens(session: &Session, view: &View) -> String {
    let mut out = String::new();
    let mut view = View { scroll: Some(0), mode: view.mode.clone(), ..View::new(view.lang) };
    loop {
        let mut buffer = Buffer::empty(AREA);
        let laid = Laid::of(session, &view, AREA);
        draw(session, &view, &laid, &mut buffer);
        let text = as_text(&buffer);
        let Some(map) = &laid.map else { return out };
        // Of what is below the page nothing is known but the keys.
        let shown: Vec<&str> = text.lines().collect();
        let tables = view.lang.say("preview.tables", &[&(map.foot - map.heads).to_string()]);
        for line in shown[..map.heads].iter().chain([&tables.as_str(), &shown[map.message + 1], &""]) {
            out.push_str(line);
            out.push('\n');
        }
        let (_, first, last) = map.page(session, &view, &laid.scene);
        if first >= last {
            return out;
        }
        view.scroll = Some((first + map.page.len() - 1).min(last));
    }
}

/// How many lines a text of a lesson takes on the page of the smallest screen, and how many that page has.
pub fn page_lines(text: &str) -> (usize, usize) {
    (lines(text, usize::from(AREA.width) - 2).len(), PAGE)
}

/// What a buffer shows, wide characters once.
pub(super) fn as_text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each page of every bundled lesson can be drawn without running anything, and says nothing of what would have run.
    #[test]
    fn every_step_has_a_preview() {
        for name in crate::lesson::bundled() {
            let lesson = crate::lesson::open(&name).unwrap();
            for (lang, [read, see, task]) in
                [(Lang::En, ["[READ]", "[SEE]", "[TASK]"]), (Lang::Zh, ["[阅读]", "[观察]", "[练习]"])]
            {
                for (index, step) in lesson.steps.iter().enumerate() {
                    let text = preview(&lesson, index, lang);
                    assert!(text.contains(read), "{name} {}:\n{text}", step.id);
                    assert_eq!(text.contains(see), !step.rounds.is_empty(), "{name} {}:\n{text}", step.id);
                    assert_eq!(text.contains(task), step.task.is_some(), "{name} {}:\n{text}", step.id);
                    assert!(!text.contains("\u{3bc}s") && !text.contains(") = "), "{name} {}:\n{text}", step.id);
                    assert!(text.lines().all(|line| line.width() <= 80), "{text}");
                }
            }
        }
        let (session, _) = Session::new(Arc::new(crate::lesson::open("mount-ns").unwrap()), 0);
        assert_eq!(Laid::of(&session, &View::new(Lang::En), AREA).map.unwrap().page.len(), PAGE);
    }
}
