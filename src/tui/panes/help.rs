//! All keys, from the one key table.

use crate::session::Session;
use crate::tui::canvas::Canvas;
use crate::tui::keys::KEYS;
use crate::tui::leave_key::LeaveKey;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::{fit, hang};
use ratatui::layout::Rect;

pub fn draw(session: &Session, view: &View, canvas: &mut Canvas) -> (usize, usize) {
    draw_lines(&lines(session, view, usize::from(canvas.area.width)), view, canvas)
}

/// A page of keys under its title.
pub fn draw_lines(lines: &[String], view: &View, canvas: &mut Canvas) -> (usize, usize) {
    let lang = view.lang;
    let (width, height) = (usize::from(canvas.area.width), usize::from(canvas.area.height));
    canvas.put(0, 0, &fit(&format!(" {}", lang.say("tui.help", &[])), width - 1), Tone::Bar);
    let first = view.scroll.unwrap_or(0).min(overflow_of(lines, canvas.area));
    for (row, line) in lines.iter().skip(first).take(height - 1).enumerate() {
        canvas.put(1 + row, 0, line, Tone::Plain);
    }
    (0, 0)
}

const NAMES: usize = 20;

fn lines(session: &Session, view: &View, width: usize) -> Vec<String> {
    let shown = KEYS.iter().filter(|binding| binding.is_for(session.is_play));
    // NSLAB_LEAVE_KEY may name another.
    let names = |names: &str| names.replace(&LeaveKey::default().name, &view.leave.names);
    shown.flat_map(|binding| key_lines(&names(binding.names), &view.lang.say(binding.words, &[]), width)).collect()
}

/// Keys and what they do.
pub fn key_lines(names: &str, words: &str, width: usize) -> Vec<String> {
    hang(&format!(" {} {words}", fit(names, NAMES)), width - 1, NAMES + 2)
}

/// How many lines of the page do not fit.
pub fn overflow(session: &Session, view: &View, area: Rect) -> usize {
    overflow_of(&lines(session, view, usize::from(area.width.max(2))), area)
}

pub fn overflow_of(lines: &[String], area: Rect) -> usize {
    (lines.len() + 1).saturating_sub(usize::from(area.height))
}
