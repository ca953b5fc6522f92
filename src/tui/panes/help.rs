//! All keys, from the one key table.

use crate::session::Session;
use crate::tui::canvas::Canvas;
use crate::tui::keys::{Binding, KEYS};
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::{fit, hang};
use ratatui::layout::Rect;

pub fn draw(session: &Session, view: &View, canvas: &mut Canvas) -> (usize, usize) {
    let lang = view.lang;
    let (width, height) = (usize::from(canvas.area.width), usize::from(canvas.area.height));
    canvas.put(0, 0, &fit(&format!(" {}", lang.say("tui.help", &[])), width - 1), Tone::Bar);
    let lines = lines(session, view, width);
    let first = view.scroll.unwrap_or(0).min(overflow(session, view, canvas.area));
    for (row, line) in lines.iter().skip(first).take(height - 1).enumerate() {
        canvas.put(1 + row, 0, line, Tone::Plain);
    }
    (0, 0)
}

const NAMES: usize = 20;

fn lines(session: &Session, view: &View, width: usize) -> Vec<String> {
    let each = |binding: &Binding| {
        let line = format!(" {} {}", fit(binding.names, NAMES), view.lang.say(binding.words, &[]));
        hang(&line, width - 1, NAMES + 2)
    };
    KEYS.iter().filter(|binding| binding.is_for(session.is_play)).flat_map(each).collect()
}

/// How many lines of the page do not fit.
pub fn overflow(session: &Session, view: &View, area: Rect) -> usize {
    (lines(session, view, usize::from(area.width.max(2))).len() + 1).saturating_sub(usize::from(area.height))
}
