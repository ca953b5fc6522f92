//! Where panes write: a part of the terminal, by line and column.

use super::style::{Tone, style};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub struct Canvas<'a> {
    pub area: Rect,
    pub buffer: &'a mut Buffer,
    pub colour: bool,
}

impl Canvas<'_> {
    pub fn put(&mut self, y: usize, x: usize, text: &str, tone: Tone) {
        self.put_styled(y, x, text, style(tone, self.colour));
    }

    /// Writes what fits into the area; the rest is left out.
    pub fn put_styled(&mut self, y: usize, x: usize, text: &str, style: Style) {
        if y < usize::from(self.area.height) && x < usize::from(self.area.width) {
            let room = usize::from(self.area.width) - x;
            self.buffer.set_stringn(self.area.x + x as u16, self.area.y + y as u16, text, room, style);
        }
    }
}
