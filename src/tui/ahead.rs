//! Keys that are pressed while something is under way: none is lost, and none does more than it says.

use super::keys::{Key, meaning};
use crate::session::Command;
use crossterm::event::{KeyEvent, KeyModifiers};
use std::collections::VecDeque;

/// Keys that wait, oldest first.
#[derive(Debug, Default)]
pub struct Ahead {
    keys: VecDeque<KeyEvent>,
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
        let types = self.types();
        match meaning(key) {
            Some(Key::Session(Command::Leave)) => types && !control,
            Some(Key::Suspend | Key::Redraw) => false,
            Some(Key::Help | Key::Language) => types || !self.keys.is_empty(),
            _ => true,
        }
    }

    /// Enter that is pressed again and again counts once: whoever presses it sees nothing yet.
    pub fn push(&mut self, key: KeyEvent) {
        let types = self.types();
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
    }

    /// Whether a shell is asked for: what is typed after that is for it.
    fn types(&self) -> bool {
        self.keys.iter().any(|key| opens_shell(*key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;

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
        let rest: Vec<KeyCode> = std::iter::from_fn(|| ahead.pop()).map(|key| key.code).collect();
        let wanted = "echo q\n\nls 卷\n".chars();
        let wanted: Vec<KeyCode> =
            wanted.map(|letter| if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) }).collect();
        assert_eq!(rest, wanted);
    }

    #[test]
    fn leaving_does_not_wait() {
        let mut ahead = Ahead::default();
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(!ahead.waits(key(KeyCode::Char('q'))) && !ahead.waits(ctrl_c));
        ahead.push(key(KeyCode::Char('#')));
        assert!(ahead.waits(key(KeyCode::Char('q'))) && !ahead.waits(ctrl_c));
    }
}
