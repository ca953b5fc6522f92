//! The lesson's words for this phase.

use super::{Page, question, ran, task, verdict};
use crate::lesson::Round;
use crate::op::lower;
use crate::play::as_typed;
use crate::session::{Phase, Session};
use crate::tui::markdown::lines;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::{hang, wrap};

pub fn text(session: &Session, view: &View, width: usize) -> Page {
    let lang = view.lang;
    let words = session.lesson.step_text(lang.code(), session.step);
    let mut page = Page::default();
    match session.phase {
        Phase::After => {
            let (right, asked) = session.first_sight();
            page.add_as(Tone::Strong, wrap(&lang.say("plain.score", &[&right.to_string(), &asked.to_string()]), width));
            page.gap();
            page.add(lines(&session.lesson.text(lang.code()).after, width));
            return page;
        }
        Phase::Predict => {
            if ran::what_if(session, view, &mut page, width).is_none() {
                page.add(lines(&words.text, width));
            }
            page.gap();
            page.add(next_calls(session, view, width));
            page.gap();
            question::question(session, view, &mut page, width);
        }
        Phase::See if session.is_play => {
            done(session, view, &mut page, width);
            page.gap();
            ran::last(session, view, &mut page, width);
            return page;
        }
        Phase::See => {
            page.add(lines(&words.text, width));
            page.gap();
            verdict::verdict(session, view, &mut page, width);
            hints(session, view, &mut page, width);
            page.gap();
            ran::outputs(session, &mut page, width);
            return page;
        }
        Phase::Task => {
            task::task(session, view, &mut page, width);
            return page;
        }
        Phase::Broken => {
            ran::broken(session, view, &mut page, width);
        }
        Phase::Read | Phase::Do => {
            page.add(lines(&words.text, width));
            if session.phase == Phase::Do {
                page.gap();
                page.add(next_calls(session, view, width));
            }
        }
    }
    hints(session, view, &mut page, width);
    page
}

/// The tips that were asked for. They are seen, wherever on the page they stand.
pub fn hints(session: &Session, view: &View, page: &mut Page, width: usize) {
    let words = session.lesson.step_text(view.lang.code(), session.step);
    for hint in words.hints.iter().take(session.hints) {
        page.add(hang(&view.lang.say("tui.tip", &[&hint.replace('`', "")]), width, 2));
        page.until = Some(page.lines.len() - 1);
    }
}

/// What was done without a script.
fn done(session: &Session, view: &View, page: &mut Page, width: usize) {
    page.add_as(Tone::Strong, wrap(&view.lang.say("play.done", &[]), width));
    for (index, step) in session.lesson.steps.iter().enumerate() {
        let Some(round) = step.rounds.first() else { continue };
        let tone = if index == session.step { Tone::Strong } else { Tone::Plain };
        page.add_as(tone, hang(&format!("{}  {}", index + 1, as_typed(round)), width, 4));
    }
}

/// How many lines of what is next are shown.
const NEXT: usize = 4;

/// What Enter will perform.
fn next_calls(session: &Session, view: &View, width: usize) -> Vec<String> {
    let rounds = session.coming();
    let of = |round: &Round| {
        let calls = round.does.iter().flat_map(lower).map(|call| call.to_string());
        calls.chain(round.lines().map(|line| format!("$ {line}"))).collect::<Vec<_>>()
    };
    let label = view.lang.say("tui.next", &[]);
    let indent = unicode_width::UnicodeWidthStr::width(label.as_str()) + 3;
    let mut out: Vec<String> = Vec::new();
    let all: Vec<String> = rounds.iter().flat_map(of).collect();
    let more = all.len().saturating_sub(NEXT);
    // One more is shown rather than counted.
    let shown = if more == 1 { all.len() } else { NEXT };
    for line in all.into_iter().take(shown) {
        let first = if out.is_empty() { label.clone() } else { " ".repeat(indent - 3) };
        let mut parts = hang(&line, width.saturating_sub(indent), 4);
        for (index, part) in parts.iter_mut().enumerate() {
            let lead = if index == 0 { format!("{first}   ") } else { " ".repeat(indent) };
            part.insert_str(0, &lead);
        }
        out.extend(parts);
    }
    if more > 1 {
        out.push(" ".repeat(indent) + &view.lang.count("tui.next-more", more, &[view.glyphs.dots()]));
    }
    out
}
