//! You said, the kernel says; a word to the guess; what to see.

use super::Page;
use crate::session::{Phase, Session, layer_lines, layers_of};
use crate::tui::markdown::lines;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::wrap;

pub fn verdict(session: &Session, view: &View, page: &mut Page, width: usize) {
    let words = session.lesson.step_text(view.lang.code(), session.step);
    guess(session, view, page, width);
    layers(session, view, page, width);
    if let Some(see) = words.see.get(session.rounds.len().saturating_sub(1)) {
        page.add(lines(see, width));
    }
}

pub fn guess(session: &Session, view: &View, page: &mut Page, width: usize) {
    let Some(spoken) = crate::session::verdict(session, view.lang)
        .filter(|_| session.rounds.len() == 1 || session.phase == Phase::Broken)
    else {
        return;
    };
    page.add_as(Tone::Strong, wrap(&spoken.result, width));
    if let Some(feedback) = spoken.feedback {
        page.add(lines(&feedback, width));
    }
}

/// The layers side by side, as the last round left them. Where there is no room for columns they are sentences.
pub fn layers(session: &Session, view: &View, page: &mut Page, width: usize) {
    let step = &session.lesson.steps[session.step];
    let Some(table) = session.rounds.last().and_then(|record| layers_of(step, record)) else { return };
    page.add(layer_lines(&table, view.lang, width).iter().flat_map(|line| wrap(line, width)));
}
