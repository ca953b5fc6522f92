//! What a program prints, as cells. Whatever it prints, the work at a time is bounded, and so is what is kept.

use super::encode::Modes;
use std::num::NonZeroU16;
use std::time::Instant;

/// Lines above the screen that are kept.
const SCROLLBACK: usize = 1000;
/// Bytes that are taken between two looks at the clock. A sequence of eight may print 65,535 characters.
const PIECE: usize = 32;
/// Answers that nobody has taken are no longer than this.
const ANSWERS: usize = 1024;

pub struct Emulator {
    parser: vt100::Parser<Answers>,
}

/// What the program asked the terminal, answered (ECMA-48: DA, DSR).
#[derive(Default)]
struct Answers {
    bytes: Vec<u8>,
}

impl Answers {
    fn add(&mut self, text: &str) {
        if self.bytes.len() + text.len() <= ANSWERS {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }
}

impl vt100::Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        second: Option<u8>,
        params: &[&[u16]],
        letter: char,
    ) {
        let number = params.first().and_then(|values| values.first()).copied().unwrap_or(0);
        let (row, column) = screen.cursor_position();
        match (first, second, letter, number) {
            // A VT220 with colours.
            (None, None, 'c', 0) => self.add("\x1b[?62;22c"),
            (Some(b'>'), None, 'c', 0) => self.add("\x1b[>1;10;0c"),
            (None, None, 'n', 5) => self.add("\x1b[0n"),
            (None, None, 'n', 6) => self.add(&format!("\x1b[{};{}R", row + 1, column + 1)),
            (Some(b'?'), None, 'n', 6) => self.add(&format!("\x1b[?{};{}R", row + 1, column + 1)),
            _ => {}
        }
    }
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN)
}

impl Emulator {
    pub fn new(rows: u16, columns: u16) -> Emulator {
        let (rows, columns) = (cells(rows), cells(columns));
        Emulator { parser: vt100::Parser::new_with_callbacks(rows, columns, SCROLLBACK, Answers::default()) }
    }

    /// Takes what a program printed, as much as can be taken until a moment: how many bytes. At least one, if there is one.
    pub fn process(&mut self, bytes: &[u8], until: Instant) -> usize {
        let mut taken = 0;
        for piece in bytes.chunks(PIECE) {
            self.parser.process(piece);
            taken += piece.len();
            if Instant::now() >= until {
                break;
            }
        }
        taken
    }

    /// What the program is to be told.
    pub fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.parser.callbacks_mut().bytes)
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Rows and columns.
    pub fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.screen().size();
        (rows.get(), columns.get())
    }

    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.parser.set_size(cells(rows), cells(columns));
    }

    pub fn modes(&self) -> Modes {
        let screen = self.screen();
        Modes { application_cursor: screen.application_cursor(), bracketed_paste: screen.bracketed_paste() }
    }

    /// Shows lines that have scrolled away: so many further up, or down.
    pub fn scroll(&mut self, by: i32) {
        let at = self.screen().scrollback().saturating_add_signed(by as isize);
        self.parser.screen_mut().set_scrollback(at);
    }

    /// Shows the last lines.
    pub fn to_the_end(&mut self) {
        self.parser.screen_mut().set_scrollback(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn all(emulator: &mut Emulator, bytes: &[u8]) {
        let late = Instant::now() + Duration::from_secs(600);
        assert_eq!(emulator.process(bytes, late), bytes.len());
    }

    #[test]
    fn answers_what_programs_ask() {
        let mut emulator = Emulator::new(5, 20);
        all(&mut emulator, b"\x1b[3;7H\x1b[6n\x1b[5n\x1b[c\x1b[0c\x1b[>c\x1b[?6n\x1b[1c");
        let answers = String::from_utf8(emulator.take_answers()).unwrap();
        assert_eq!(answers, "\x1b[3;7R\x1b[0n\x1b[?62;22c\x1b[?62;22c\x1b[>1;10;0c\x1b[?3;7R");
        assert!(emulator.take_answers().is_empty());
        all(&mut emulator, &b"\x1b[6n".repeat(10_000));
        assert!(emulator.take_answers().len() <= ANSWERS);
    }

    #[test]
    fn modes_follow_the_program() {
        let mut emulator = Emulator::new(5, 20);
        assert_eq!(emulator.modes(), Modes::default());
        all(&mut emulator, b"\x1b[?1h\x1b[?2004h");
        assert_eq!(emulator.modes(), Modes { application_cursor: true, bracketed_paste: true });
        all(&mut emulator, b"\x1b[?1l\x1b[?2004l");
        assert_eq!(emulator.modes(), Modes::default());
    }

    #[test]
    fn scrolls_back_within_bounds() {
        let mut emulator = Emulator::new(4, 20);
        let lines: String = (0..3000).map(|line| format!("line {line}\r\n")).collect();
        all(&mut emulator, lines.as_bytes());
        assert_eq!(emulator.screen().scrollback_len(), SCROLLBACK);
        emulator.scroll(i32::MAX);
        assert!(emulator.screen().contents().starts_with("line 1997\n"), "{}", emulator.screen().contents());
        emulator.scroll(-1);
        assert!(emulator.screen().contents().starts_with("line 1998\n"));
        emulator.to_the_end();
        assert!(emulator.screen().contents().starts_with("line 2997\n"));
    }

    /// Bytes of any kind, escapes with the largest numbers among them, and any size meanwhile: no panic.
    #[test]
    fn hostile_bytes_and_sizes() {
        let mut seed = 5u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        let mut emulator = Emulator::new(24, 80);
        for round in 0..3000 {
            let mut bytes = Vec::new();
            for _ in 0..random(40) {
                match random(4) {
                    0 => bytes.extend((0..random(20)).map(|_| random(256) as u8)),
                    1 => {
                        let letters = b"@ABCDEFGHJKLMPSTX`abcdefghilmnpqrstu";
                        let number = [0, 1, 2, 7, 79, 80, 81, 65534, 65535, 99999][random(10) as usize];
                        let other = random(70_000);
                        let letter = char::from(letters[random(letters.len() as u64) as usize]);
                        let private = ["", "?", ">", "!"][random(4) as usize];
                        bytes.extend(format!("\x1b[{private}{number};{other}{letter}").bytes());
                    }
                    2 => bytes.extend("卷e\u{301}👨‍👩‍👧\u{fe0f}\t\r\n".bytes()),
                    _ => bytes.extend(
                        [&b"\x1b[?1049h"[..], b"\x1b[?1049l", b"\x1bc", b"\x1b]0;", b"\x1bP", b"\x1b7\x1b8"]
                            [random(6) as usize],
                    ),
                }
            }
            emulator.process(&bytes, Instant::now() + Duration::from_millis(20));
            if round % 3 == 0 {
                emulator.resize(random(70) as u16, random(300) as u16);
            }
            emulator.scroll(random(2000) as i32 - 1000);
            let (rows, columns) = emulator.size();
            for row in 0..rows {
                for column in 0..columns {
                    let _ = emulator.screen().cell(row, column).map(|cell| cell.contents().len());
                }
            }
        }
    }

    /// The clock is looked at after each piece, and no piece takes long: nothing that a program prints keeps anybody waiting.
    #[test]
    fn the_work_at_a_time_is_bounded() {
        let floods: [&[u8]; 5] =
            [b"\x1b[65535bx", b"y\r\n", b"\x1b[65535@\x1b[65535P", b"\x1b[65535L\x1b[65535T", b"\x1b]0;"];
        for flood in floods {
            let mut emulator = Emulator::new(50, 200);
            let bytes = flood.repeat(4096 / flood.len());
            assert_eq!(emulator.process(&bytes, Instant::now()), PIECE, "{flood:?}");
            let begin = Instant::now();
            emulator.process(&bytes, begin + Duration::from_millis(5));
            assert!(begin.elapsed() < Duration::from_millis(500), "{:?} {:?}", flood, begin.elapsed());
        }
    }
}
