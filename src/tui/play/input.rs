//! A line that is typed, and where in it the cursor is.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_width::UnicodeWidthChar;

/// Nobody types a longer one, in characters.
const LONGEST: usize = 4000;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    text: Vec<char>,
    /// Before which character the next one goes.
    cursor: usize,
}

impl Input {
    /// A line with the cursor at its end.
    pub fn new(text: &str) -> Input {
        let text: Vec<char> = text.chars().collect();
        Input { cursor: text.len(), text }
    }

    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether the key was for the line.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let last = self.text.len();
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('u'), true) => drop(self.text.drain(..std::mem::take(&mut self.cursor))),
            (KeyCode::Char('k'), true) => self.text.truncate(self.cursor),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.cursor = last,
            (KeyCode::Left, _) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Right, _) => self.cursor = (self.cursor + 1).min(last),
            (KeyCode::Backspace, _) if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            (KeyCode::Delete, _) if self.cursor < last => drop(self.text.remove(self.cursor)),
            (KeyCode::Char(character), false) if !character.is_control() => self.insert([character]),
            (KeyCode::Backspace | KeyCode::Delete, _) => {}
            _ => return false,
        }
        true
    }

    /// Puts letters where the cursor is, as far as there is room.
    pub fn insert(&mut self, letters: impl IntoIterator<Item = char>) {
        let letters: Vec<char> = letters.into_iter().take(LONGEST.saturating_sub(self.text.len())).collect();
        let behind = self.cursor + letters.len();
        self.text.splice(self.cursor..self.cursor, letters);
        self.cursor = behind;
    }

    /// The lines of so many cells that it takes behind a prompt, and the cursor's line and column.
    pub fn lines(&self, prompt: &str, width: usize) -> (Vec<String>, (usize, usize)) {
        let width = width.max(8);
        let mut lines = vec![String::new()];
        let mut used = 0;
        let mut cursor = (0, 0);
        let prompt: Vec<char> = prompt.chars().collect();
        let at = prompt.len() + self.cursor;
        // One cell more than the text: the cursor may stand behind it.
        for (index, character) in prompt.iter().chain(&self.text).copied().chain([' ']).enumerate() {
            let cells = character.width().unwrap_or(0);
            if used + cells > width {
                lines.push("  ".into());
                used = 2;
            }
            if index == at {
                cursor = (lines.len() - 1, used);
            }
            used += cells;
            lines.last_mut().expect("there is a line").push(character);
        }
        let lines = lines.into_iter().map(|line| line.trim_end().to_string()).collect();
        (lines, cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(input: &mut Input, code: KeyCode) {
        input.press(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn a_line_is_edited_where_the_cursor_is() {
        let mut input = Input::new("/mnt");
        press(&mut input, KeyCode::Home);
        press(&mut input, KeyCode::Delete);
        "/容".chars().for_each(|c| press(&mut input, KeyCode::Char(c)));
        assert_eq!(input.text(), "/容mnt");
        press(&mut input, KeyCode::Backspace);
        press(&mut input, KeyCode::End);
        press(&mut input, KeyCode::Left);
        press(&mut input, KeyCode::Char('x'));
        assert_eq!(input.text(), "/mnxt");
        assert_eq!(input.lines("> ", 40), (vec!["> /mnxt".into()], (0, 6)));
        input.press(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(input.text(), "t");
        assert!(!input.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), "leaving is not for the line");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_the_cursor_is_on_one(text in "[a-z 容器]{0,60}", width in 8usize..30, left in 0usize..60) {
            let mut input = Input::new(&text);
            (0..left).for_each(|_| press(&mut input, KeyCode::Left));
            let (lines, (line, column)) = input.lines("> ", width);
            prop_assert!(line < lines.len() && column < width);
            for line in &lines {
                prop_assert!(unicode_width::UnicodeWidthStr::width(line.as_str()) <= width);
            }
        }
    }
}
