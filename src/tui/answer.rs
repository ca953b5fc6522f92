//! How a question is answered: by digits, by arrows on the page, by a row in its table.

use super::keys::Key;
use super::page::pointable;
use super::view::{Focus, View};
use crate::lesson::Prediction;
use crate::session::{Command, Effect, Guess, Phase, Session, options};
use crate::words::Lang;

/// Answers by number; what does not exist is not chosen.
pub fn choose(number: usize, session: &mut Session, view: &mut View) -> Vec<Effect> {
    if session.phase == Phase::Task {
        return session.handle(Command::Choose(number));
    }
    if number <= count_of_options(session, view.lang) && session.phase == Phase::Predict {
        session.handle(Command::Choose(number));
        view.tick = number;
        view.scroll = None;
        show_the_guess(session, view);
    }
    Vec::new()
}

fn count_of_options(session: &Session, lang: Lang) -> usize {
    let words = session.asked(lang);
    session.prediction().map_or(0, |prediction| options(prediction, words, &session.at_step, lang).len())
}

/// A row that is the answer is selected in its table too.
fn show_the_guess(session: &Session, view: &mut View) {
    let Some((side, table, order)) = pointable(session) else { return };
    let row = match session.guess {
        Guess::One(one) => order.get(one).and_then(|&row| {
            let wanted = table.rows()[row].identity();
            session.now.side(side)?.table.rows().iter().position(|mount| mount.identity() == wanted)
        }),
        _ => None,
    };
    view.selected = row.map(|row| (side, row));
    view.side = side;
}

/// A row that is selected in the table that is asked about is the answer.
pub fn guess_the_selected(session: &mut Session, view: &View) {
    let Some((side, row)) = view.selected else { return };
    let Some((asked, table, order)) = pointable(session) else { return };
    let Some(identity) = session.now.side(side).and_then(|state| Some(state.table.rows().get(row)?.identity())) else {
        return;
    };
    let number = order.iter().position(|&row| table.rows()[row].identity() == identity);
    if let Some(number) = number.filter(|_| side == asked) {
        session.handle(Command::Choose(number + 1));
    }
}

/// Space on a line that can be ticked ticks it.
pub fn toggles(session: &Session, view: &View, key: Key) -> bool {
    let is_ticks = matches!(session.prediction(), Some(Prediction::Tick { .. }));
    key == Key::Scroll(1) && is_ticks && session.phase == Phase::Predict && view.focus == Focus::Page
}

/// 1, 2 … and 0 last, around.
pub fn move_answer(by: i32, session: &mut Session, view: &mut View) {
    let count = count_of_options(session, view.lang) + 1;
    let is_ticks = matches!(session.prediction(), Some(Prediction::Tick { .. }));
    let place = |number: usize| if number == 0 { count - 1 } else { number - 1 };
    let at = match &session.guess {
        _ if is_ticks => Some(place(view.tick)),
        Guess::One(one) => Some(*one),
        Guess::Unsure => Some(count - 1),
        _ => None,
    };
    let next = match at {
        Some(at) => (at as i32 + by).rem_euclid(count as i32) as usize,
        None if by > 0 => 0,
        None => count - 1,
    };
    let number = if next + 1 == count { 0 } else { next + 1 };
    view.scroll = None;
    view.tick = number;
    if !is_ticks {
        session.handle(Command::Choose(number));
        show_the_guess(session, view);
    }
}
