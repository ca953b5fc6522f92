//! Keys that are pressed while something is under way: none is lost, and none does more than it says.

use super::keys::{Key, meaning};
use crate::session::Command;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::VecDeque;

/// Keys that wait, oldest first.
#[derive(Debug, Default)]
pub struct Ahead {
    keys: VecDeque<KeyEvent>,
    /// A shell was asked for and has not got the terminal yet: all that is typed is for it.
    pub shell: bool,
}

fn means(key: KeyEvent, command: Command) -> bool {
    meaning(key) == Some(Key::Session(command))
}

pub fn opens_shell(key: KeyEvent) -> bool {
    matches!(meaning(key), Some(Key::Session(Command::Shell(_))))
}

impl Ahead {
    /// Whether a key waits until nothing is under way. Leaving, stopping and drawing anew never wait; for whoever types
    /// into a shell `q` is a letter.
    pub fn waits(&self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let types = self.shell || self.keys.iter().any(|key| opens_shell(*key));
        match meaning(key) {
            Some(Key::Session(Command::Leave)) => types && !control,
            Some(Key::Suspend | Key::Redraw) => false,
            Some(Key::Help | Key::Language) => types || !self.keys.is_empty(),
            _ => true,
        }
    }

    /// Enter that is pressed again and again counts once: whoever presses it sees nothing yet.
    pub fn push(&mut self, key: KeyEvent) {
        let types = self.shell || self.keys.iter().any(|key| opens_shell(*key));
        let again = means(key, Command::Forward) && self.keys.back().is_some_and(|last| *last == key);
        if types || !again {
            self.keys.push_back(key);
        }
    }

    pub fn pop(&mut self) -> Option<KeyEvent> {
        self.keys.pop_front()
    }

    /// Forgets what waits: it was pressed for something that did not come.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.shell = false;
    }

    /// What waits, as the bytes that a terminal sends for it.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        self.shell = false;
        std::mem::take(&mut self.keys).into_iter().flat_map(bytes).collect()
    }
}

fn bytes(key: KeyEvent) -> Vec<u8> {
    let text = match key.code {
        KeyCode::Char(letter) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            // crossterm tells the bytes 0x1c to 0x1f as Ctrl-4 to Ctrl-7.
            let byte = match letter {
                '4'..='7' => letter as u8 - b'4' + 0x1c,
                ' ' => 0,
                letter => letter as u8 & 0x1f,
            };
            char::from(byte).to_string()
        }
        KeyCode::Char(letter) => letter.to_string(),
        KeyCode::Enter => "\r".into(),
        KeyCode::Tab => "\t".into(),
        KeyCode::Backspace => "\x7f".into(),
        KeyCode::Esc => "\x1b".into(),
        KeyCode::Up => "\x1b[A".into(),
        KeyCode::Down => "\x1b[B".into(),
        KeyCode::Right => "\x1b[C".into(),
        KeyCode::Left => "\x1b[D".into(),
        KeyCode::Home => "\x1b[H".into(),
        KeyCode::End => "\x1b[F".into(),
        KeyCode::Delete => "\x1b[3~".into(),
        _ => String::new(),
    };
    let alt = key.modifiers.contains(KeyModifiers::ALT) && !text.is_empty();
    if alt { [b"\x1b", text.as_bytes()].concat() } else { text.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn typed(ahead: &mut Ahead, text: &str) {
        for letter in text.chars() {
            let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
            assert!(ahead.waits(key(code)), "{letter}");
            ahead.push(key(code));
        }
    }

    #[test]
    fn enter_counts_once_and_order_stays() {
        let mut ahead = Ahead::default();
        typed(&mut ahead, "\n\n\n2\n\n");
        let all: Vec<KeyCode> = std::iter::from_fn(|| ahead.pop()).map(|key| key.code).collect();
        assert_eq!(all, [KeyCode::Enter, KeyCode::Char('2'), KeyCode::Enter]);
    }

    #[test]
    fn what_is_typed_after_the_key_of_a_shell_is_for_the_shell() {
        let mut ahead = Ahead::default();
        typed(&mut ahead, "#echo q\n\nls 卷\n");
        assert!(ahead.pop().is_some_and(opens_shell));
        ahead.shell = true;
        ahead.push(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        ahead.push(key(KeyCode::Up));
        assert_eq!(String::from_utf8(ahead.take_bytes()).unwrap(), "echo q\r\rls 卷\r\x15\x1b[A");
        assert!(!ahead.shell);
    }

    #[test]
    fn leaving_does_not_wait() {
        let mut ahead = Ahead::default();
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(!ahead.waits(key(KeyCode::Char('q'))) && !ahead.waits(ctrl_c));
        ahead.shell = true;
        assert!(ahead.waits(key(KeyCode::Char('q'))) && !ahead.waits(ctrl_c));
    }
}
