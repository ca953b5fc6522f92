//! The page above the tables, and at wide screens the program at its right.

use crate::session::Session;
use crate::tui::canvas::Canvas;
use crate::tui::page::{self, Page};
use crate::tui::scene::Scene;
use crate::tui::screen::Map;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::fit;
use unicode_width::UnicodeWidthStr;

/// Returns the cursor where the page has something chosen.
pub fn draw(session: &Session, view: &View, scene: &Scene, map: &Map, canvas: &mut Canvas) -> Option<(usize, usize)> {
    let height = map.page.len();
    if height == 0 {
        return None;
    }
    let (page, first, last) = map.page(session, view, scene);
    lines(&page, first, map.page.start, 1, height, canvas);
    // Over whatever stands there, and never over half of a wide character.
    let mut sign = |line: usize, text: String| {
        let x = (map.page_width + 1).saturating_sub(text.width());
        if let Some(hidden) = page.lines.get(first + line - map.page.start).filter(|_| line >= map.page.start) {
            canvas.put(line, 1, &(fit(&hidden.text, x - 2) + " "), hidden.tone);
        } else {
            canvas.put(line, x - 1, " ", Tone::Plain);
        }
        canvas.put(line, x, &text, Tone::Bar);
    };
    // On the rule, so that the line that a page shares with the one before can be read whole here.
    if let Some(line) = map.tabs.filter(|_| first > 0) {
        sign(line, view.lang.say("tui.above", &[]));
    }
    if first < last {
        sign(map.page.end - 1, view.lang.say("tui.more", &[]));
    }
    if let Some(columns) = &map.right_page {
        let right = page::right(session, view, columns.len());
        let last = right.lines.len().saturating_sub(height);
        let first = right.focus.map_or(0, |(line, _)| line.saturating_sub(height / 2)).min(last);
        for row in map.page.clone() {
            canvas.put(row, columns.start - 2, view.glyphs.vertical(), Tone::Plain);
        }
        lines(&right, first, map.page.start, columns.start, height, canvas);
    }
    let (line, column) = page.focus?;
    (first..first + height).contains(&line).then(|| (map.page.start + line - first, 1 + column))
}

fn lines(page: &Page, first: usize, y: usize, x: usize, height: usize, canvas: &mut Canvas) {
    for (row, line) in page.lines.iter().skip(first).take(height).enumerate() {
        canvas.put(y + row, x, &line.text, line.tone);
        for (range, tone) in &line.parts {
            canvas.put(y + row, x + line.text[..range.start].width(), &line.text[range.clone()], *tone);
        }
    }
}
