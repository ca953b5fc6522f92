//! The question, and its options to choose from.

use super::{Page, in_columns};
use crate::lesson::{Prediction, Side};
use crate::mounts::MountTable;
use crate::session::{Guess, Phase, Session, options};
use crate::tui::markdown::lines;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::hang;

pub fn question(session: &Session, view: &View, page: &mut Page, width: usize) {
    let words = session.asked(view.lang);
    let Some(prediction) = session.prediction() else { return };
    page.add_as(Tone::Strong, lines(&words.question, width));
    let is_ticks = matches!(prediction, Prediction::Tick { .. });
    let picked = |number: usize| match &session.guess {
        Guess::One(one) => *one + 1 == number,
        Guess::Ticks(ticks) => ticks.get(number.wrapping_sub(1)).copied().unwrap_or(false),
        Guess::Unsure => number == 0,
        Guess::None => false,
    };
    let item = |number: usize, text: &str| {
        let text = text.replace('`', "");
        let arrow = if if is_ticks { view.tick == number } else { picked(number) } { ">" } else { " " };
        match (is_ticks && number > 0, picked(number)) {
            (true, true) => format!("  {arrow} [x] {number}  {text}"),
            (true, false) => format!("  {arrow} [ ] {number}  {text}"),
            (false, true) if is_ticks => format!("  {arrow} (x) {number}  {text}"),
            (false, _) => format!("  {arrow} {number}  {text}"),
        }
    };
    let mut items: Vec<String> = options(prediction, words, &session.at_step, view.lang)
        .iter()
        .enumerate()
        .map(|(index, option)| item(index + 1, option))
        .collect();
    items.push(item(0, &view.lang.say("option.unsure", &[])));
    let at = if is_ticks {
        Some(if view.tick == 0 { items.len() - 1 } else { view.tick - 1 })
    } else {
        match session.guess {
            Guess::One(one) => Some(one),
            Guess::Unsure => Some(items.len() - 1),
            _ => None,
        }
    };
    let top = page.lines.len();
    if let Some(rows) = in_columns(&items, width) {
        let height = rows.len();
        page.focus = at.map(|at| (top + at % height, 2 + at / height * (width / 2)));
        page.add(rows);
    } else {
        for (index, text) in items.iter().enumerate() {
            if at == Some(index) {
                page.focus = Some((page.lines.len(), 2));
            }
            page.add(hang(text, width, 7));
        }
    }
    page.until = Some(page.lines.len() - 1);
}

/// The table of a `point` question, and its rows in the order of the options: as they were when the step began.
pub fn pointable(session: &Session) -> Option<(Side, &MountTable, Vec<usize>)> {
    let Some(Prediction::Point { side, .. }) = session.prediction() else { return None };
    if session.phase != Phase::Predict {
        return None;
    }
    let table = &session.at_step.side(*side)?.table;
    Some((*side, table, table.tree_order().into_iter().map(|(row, _)| row).collect()))
}
