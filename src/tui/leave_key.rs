//! The one key that leaves a shell. Ctrl-] is what telnet and virsh users know; terminals send the same byte for Ctrl-5, by
//! which name crossterm reports it. F12 is for keyboards on which neither is easy; NSLAB_LEAVE_KEY names another.

use crate::terminal::{Modes, encode};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveKey {
    /// As the title names it.
    pub name: String,
    /// The same with the key for those who cannot type it.
    pub names: String,
    keys: Vec<(KeyCode, KeyModifiers)>,
}

impl Default for LeaveKey {
    fn default() -> LeaveKey {
        let mut key = control(']').unwrap_or(LeaveKey::new(String::new(), Vec::new()));
        key.keys.push((KeyCode::F(12), KeyModifiers::NONE));
        key.names = format!("{} / F12", key.name);
        key
    }
}

/// Ctrl with a letter or a sign, as far as it is no other key at the same time.
fn control(letter: char) -> Option<LeaveKey> {
    // crossterm names these bytes by digits.
    let alias = match letter {
        '\\' => Some('4'),
        ']' => Some('5'),
        '^' => Some('6'),
        '_' => Some('7'),
        // Enter, Tab and the line feed are these.
        'i' | 'j' | 'm' => return None,
        'a'..='z' => None,
        _ => return None,
    };
    let keys = [Some(letter), alias].into_iter().flatten();
    let keys = keys.map(|letter| (KeyCode::Char(letter), KeyModifiers::CONTROL)).collect();
    Some(LeaveKey::new(format!("Ctrl-{}", letter.to_ascii_uppercase()), keys))
}

impl LeaveKey {
    fn new(name: String, keys: Vec<(KeyCode, KeyModifiers)>) -> LeaveKey {
        LeaveKey { names: name.clone(), name, keys }
    }

    /// As NSLAB_LEAVE_KEY names it: `Ctrl-G`, `Ctrl-]`, `F10`.
    pub fn parse(text: &str) -> Option<LeaveKey> {
        let lower = text.trim().to_ascii_lowercase();
        if let Some(letter) = lower.strip_prefix("ctrl-").or_else(|| lower.strip_prefix("ctrl+")) {
            let mut letters = letter.chars();
            return letters.next().filter(|_| letters.next().is_none()).and_then(control);
        }
        let number: u8 = lower.strip_prefix('f')?.parse().ok()?;
        let keys = vec![(KeyCode::F(number), KeyModifiers::NONE)];
        (1..=12).contains(&number).then(|| LeaveKey::new(format!("F{number}"), keys))
    }

    /// Err: what the variable says, which names no key.
    pub fn from_env() -> Result<LeaveKey, String> {
        match std::env::var("NSLAB_LEAVE_KEY") {
            Ok(text) if !text.is_empty() => LeaveKey::parse(&text).ok_or(text),
            _ => Ok(LeaveKey::default()),
        }
    }

    pub fn is(&self, event: KeyEvent) -> bool {
        let lower = match event.code {
            KeyCode::Char(letter) => KeyCode::Char(letter.to_ascii_lowercase()),
            code => code,
        };
        self.keys.contains(&(lower, event.modifiers - KeyModifiers::SHIFT))
    }

    /// What a terminal sends for it, whatever the program in it has asked for.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let plain = self.keys.iter().map(|&(code, modifiers)| encode(KeyEvent::new(code, modifiers), Modes::default()));
        plain.chain(self.keys.iter().flat_map(|&(code, _)| spelled_out(code))).collect()
    }
}

/// A character with Ctrl as xterm's modifyOtherKeys and the protocol of kitty spell it. Shift may be what types it, and
/// kitty tells also whether Caps Lock (64) and Num Lock (128) are on.
fn spelled_out(code: KeyCode) -> Vec<Vec<u8>> {
    let KeyCode::Char(letter) = code else { return Vec::new() };
    let number = u32::from(letter);
    let of = |modifiers: u32| [format!("\x1b[27;{modifiers};{number}~"), format!("\x1b[{number};{modifiers}u")];
    let control_and = [0, 1, 64, 65, 128, 129, 192, 193].into_iter().map(|others| 5 + others);
    control_and.flat_map(of).map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn by_default_three_keys_leave() {
        let leave = LeaveKey::default();
        assert_eq!((leave.name.as_str(), leave.names.as_str()), ("Ctrl-]", "Ctrl-] / F12"));
        for (code, modifiers) in [
            (KeyCode::Char(']'), KeyModifiers::CONTROL),
            (KeyCode::Char('5'), KeyModifiers::CONTROL),
            (KeyCode::F(12), KeyModifiers::NONE),
        ] {
            assert!(leave.is(key(code, modifiers)), "{code:?}");
        }
        assert!(!leave.is(key(KeyCode::Char(']'), KeyModifiers::NONE)));
        assert!(!leave.is(key(KeyCode::Esc, KeyModifiers::NONE)));
        assert_eq!(leave.bytes()[..3], [&[0x1d][..], &[0x1d], b"\x1b[24~"]);
        // As vim and others ask for it; with Num Lock; Shift-Ctrl-5.
        for spelled in ["\x1b[27;5;93~", "\x1b[93;5u", "\x1b[93;133u", "\x1b[53;6u"] {
            assert!(leave.bytes().iter().any(|bytes| bytes == spelled.as_bytes()), "{spelled:?}");
        }
    }

    #[test]
    fn another_can_be_named() {
        assert_eq!(LeaveKey::parse("ctrl-g").unwrap().name, "Ctrl-G");
        assert_eq!(LeaveKey::parse(" F10 ").unwrap().bytes(), [b"\x1b[21~"]);
        let backslash = LeaveKey::parse("Ctrl-\\").unwrap();
        assert!(backslash.is(key(KeyCode::Char('4'), KeyModifiers::CONTROL)));
        for wrong in ["", "g", "ctrl-", "ctrl-m", "ctrl-i", "ctrl-[", "ctrl-gg", "f0", "f13", "Esc", "ctrl-é"] {
            assert_eq!(LeaveKey::parse(wrong), None, "{wrong}");
        }
    }
}
