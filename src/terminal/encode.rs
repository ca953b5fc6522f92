//! Keys as the bytes that xterm sends for them. crossterm's events hide some of them: it reports the bytes 0x1C to 0x1F as
//! Ctrl-4 to Ctrl-7, as terminals have it since the VT220.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the program in the terminal has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// DECCKM: arrows, Home and End are ESC O instead of ESC [.
    pub application_cursor: bool,
    /// Pasted text stands between ESC [ 200 ~ and ESC [ 201 ~.
    pub bracketed_paste: bool,
}

/// The bytes of a key; none for one that terminals send nothing for.
pub fn encode(key: KeyEvent, modes: Modes) -> Vec<u8> {
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let simple = match key.code {
        KeyCode::Char(letter) if control => with_control(letter),
        KeyCode::Char(letter) => letter.to_string().into_bytes(),
        KeyCode::Enter => vec![b'\r'],
        KeyCode::Tab => vec![b'\t'],
        KeyCode::Backspace => vec![if control { 0x08 } else { 0x7f }],
        KeyCode::Esc => vec![0x1b],
        KeyCode::Null => vec![0],
        code => return with_modifiers(code, key.modifiers, modes),
    };
    if alt { [&[0x1b], simple.as_slice()].concat() } else { simple }
}

fn with_control(letter: char) -> Vec<u8> {
    let byte = match letter.to_ascii_lowercase() {
        lower @ 'a'..='z' => lower as u8 & 0x1f,
        ' ' | '@' | '2' => 0x00,
        '[' | '3' => 0x1b,
        '\\' | '4' => 0x1c,
        ']' | '5' => 0x1d,
        '^' | '~' | '6' => 0x1e,
        '_' | '/' | '7' => 0x1f,
        '?' | '8' => 0x7f,
        other => return other.to_string().into_bytes(),
    };
    vec![byte]
}

/// How the sequence of a key ends.
enum End {
    /// CSI letter; with SS3 instead of CSI while the application has the cursor keys.
    Cursor(char),
    /// SS3 letter, with modifiers CSI.
    Function(char),
    /// CSI number ~.
    Number(u8),
    /// CSI letter, whatever the modifiers.
    Fixed(char),
}

fn with_modifiers(code: KeyCode, modifiers: KeyModifiers, modes: Modes) -> Vec<u8> {
    let end = match code {
        KeyCode::Up => End::Cursor('A'),
        KeyCode::Down => End::Cursor('B'),
        KeyCode::Right => End::Cursor('C'),
        KeyCode::Left => End::Cursor('D'),
        KeyCode::KeypadBegin => End::Cursor('E'),
        KeyCode::End => End::Cursor('F'),
        KeyCode::Home => End::Cursor('H'),
        KeyCode::BackTab => End::Fixed('Z'),
        KeyCode::Insert => End::Number(2),
        KeyCode::Delete => End::Number(3),
        KeyCode::PageUp => End::Number(5),
        KeyCode::PageDown => End::Number(6),
        KeyCode::F(number @ 1..=4) => End::Function(char::from(b'O' + number)),
        KeyCode::F(number @ 5..=20) => {
            End::Number([15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34][usize::from(number) - 5])
        }
        _ => return Vec::new(),
    };
    let number = 1
        + u8::from(modifiers.contains(KeyModifiers::SHIFT))
        + 2 * u8::from(modifiers.contains(KeyModifiers::ALT))
        + 4 * u8::from(modifiers.contains(KeyModifiers::CONTROL));
    let text = match end {
        End::Fixed(letter) => format!("\x1b[{letter}"),
        End::Cursor(letter) | End::Function(letter) if number > 1 => format!("\x1b[1;{number}{letter}"),
        End::Cursor(letter) if modes.application_cursor => format!("\x1bO{letter}"),
        End::Cursor(letter) => format!("\x1b[{letter}"),
        End::Function(letter) => format!("\x1bO{letter}"),
        End::Number(key) if number > 1 => format!("\x1b[{key};{number}~"),
        End::Number(key) => format!("\x1b[{key}~"),
    };
    text.into_bytes()
}

/// A pasted text. Its line ends are what Enter sends. Other control characters are left out, so that no text can end the
/// brackets, or do what a key does.
pub fn paste(text: &str, modes: Modes) -> Vec<u8> {
    let lines = text.replace("\r\n", "\r").replace('\n', "\r");
    let plain: String = lines.chars().filter(|letter| !letter.is_control() || matches!(letter, '\r' | '\t')).collect();
    if modes.bracketed_paste { format!("\x1b[200~{plain}\x1b[201~").into_bytes() } else { plain.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const PLAIN: Modes = Modes { application_cursor: false, bracketed_paste: false };
    const ASKED: Modes = Modes { application_cursor: true, bracketed_paste: true };

    fn bytes(code: KeyCode, modifiers: KeyModifiers) -> Vec<u8> {
        encode(KeyEvent::new(code, modifiers), PLAIN)
    }

    /// Every byte from 0 to 0x7f comes out as it went into crossterm, which reports it thus.
    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=0x7fu8 {
            let (code, modifiers) = match byte {
                0 => (KeyCode::Char(' '), KeyModifiers::CONTROL),
                b'\t' => (KeyCode::Tab, NONE),
                b'\r' => (KeyCode::Enter, NONE),
                0x1b => (KeyCode::Esc, NONE),
                0x7f => (KeyCode::Backspace, NONE),
                0x01..=0x1a => (KeyCode::Char(char::from(byte - 1 + b'a')), KeyModifiers::CONTROL),
                0x1c..=0x1f => (KeyCode::Char(char::from(byte - 0x1c + b'4')), KeyModifiers::CONTROL),
                _ => (KeyCode::Char(char::from(byte)), NONE),
            };
            assert_eq!(bytes(code, modifiers), [byte], "{code:?}");
            let with_alt = bytes(code, modifiers | KeyModifiers::ALT);
            assert_eq!(with_alt, [0x1b, byte], "Alt {code:?}");
        }
    }

    #[test]
    fn control_by_its_letter_as_well_as_by_its_digit() {
        for (letters, byte) in [(" @2", 0), ("[3", 0x1b), ("\\4", 0x1c), ("]5", 0x1d), ("^6~", 0x1e), ("_7/", 0x1f)] {
            for letter in letters.chars() {
                assert_eq!(bytes(KeyCode::Char(letter), KeyModifiers::CONTROL), [byte], "Ctrl-{letter}");
            }
        }
        assert_eq!(bytes(KeyCode::Char('?'), KeyModifiers::CONTROL), [0x7f]);
        assert_eq!(bytes(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT), [3]);
        assert_eq!(bytes(KeyCode::Char('卷'), NONE), "卷".as_bytes());
        assert_eq!(bytes(KeyCode::Char('é'), KeyModifiers::ALT), "\x1bé".as_bytes());
        assert_eq!(bytes(KeyCode::Backspace, KeyModifiers::CONTROL), [8]);
    }

    #[test]
    fn cursor_keys_follow_the_mode() {
        let keys = [KeyCode::Up, KeyCode::Down, KeyCode::Right, KeyCode::Left, KeyCode::End, KeyCode::Home];
        for (code, letter) in keys.into_iter().zip("ABCDFH".chars()) {
            let key = |modifiers| KeyEvent::new(code, modifiers);
            assert_eq!(encode(key(NONE), PLAIN), format!("\x1b[{letter}").as_bytes());
            assert_eq!(encode(key(NONE), ASKED), format!("\x1bO{letter}").as_bytes());
            // With a modifier it is CSI in both.
            for modes in [PLAIN, ASKED] {
                assert_eq!(encode(key(KeyModifiers::SHIFT), modes), format!("\x1b[1;2{letter}").as_bytes());
                assert_eq!(encode(key(KeyModifiers::ALT), modes), format!("\x1b[1;3{letter}").as_bytes());
                assert_eq!(encode(key(KeyModifiers::CONTROL), modes), format!("\x1b[1;5{letter}").as_bytes());
                let all = KeyModifiers::SHIFT | KeyModifiers::ALT | KeyModifiers::CONTROL;
                assert_eq!(encode(key(all), modes), format!("\x1b[1;8{letter}").as_bytes());
            }
        }
    }

    #[test]
    fn editing_and_function_keys() {
        let numbers = [
            (KeyCode::Insert, 2),
            (KeyCode::Delete, 3),
            (KeyCode::PageUp, 5),
            (KeyCode::PageDown, 6),
            (KeyCode::F(5), 15),
            (KeyCode::F(6), 17),
            (KeyCode::F(10), 21),
            (KeyCode::F(11), 23),
            (KeyCode::F(12), 24),
            (KeyCode::F(20), 34),
        ];
        for (code, number) in numbers {
            assert_eq!(bytes(code, NONE), format!("\x1b[{number}~").as_bytes());
            assert_eq!(bytes(code, KeyModifiers::CONTROL), format!("\x1b[{number};5~").as_bytes());
        }
        for (number, letter) in (1..=4).zip("PQRS".chars()) {
            assert_eq!(bytes(KeyCode::F(number), NONE), format!("\x1bO{letter}").as_bytes());
            assert_eq!(bytes(KeyCode::F(number), KeyModifiers::SHIFT), format!("\x1b[1;2{letter}").as_bytes());
        }
        assert_eq!(bytes(KeyCode::BackTab, KeyModifiers::SHIFT), b"\x1b[Z");
        assert_eq!(bytes(KeyCode::CapsLock, NONE), b"");
        assert_eq!(bytes(KeyCode::F(21), NONE), b"");
    }

    #[test]
    fn a_paste_cannot_leave_its_brackets() {
        assert_eq!(paste("ls\r\n卷\tx\n", PLAIN), "ls\r卷\tx\r".as_bytes());
        let hostile = "a\x1b[201~\nrm\x03\u{9b}201~";
        assert_eq!(paste(hostile, ASKED), b"\x1b[200~a[201~\rrm201~\x1b[201~");
    }
}
