//! The one key table: what a key does, and the help page that is made from it.

use super::screen::View;
use crate::lesson::Side;
use crate::session::{Command, Phase, Session};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Session(Command),
    /// A digit: an answer, or a variant when the list of them is open.
    Digit(usize),
    Scroll(i32),
    Select(i32),
    Side(Side),
    OtherSide,
    Tab(i32),
    View,
    Fold,
    Variants,
    GoTo,
    Language,
    Help,
    Close,
    Suspend,
    Redraw,
}

/// Key names and the catalogue's key of what they do, in the order of the help page.
pub const HELP: &[(&str, &str)] = &[
    ("Enter", "key.enter"),
    ("1-9 0", "key.digits"),
    ("Space PgDn PgUp", "key.scroll"),
    ("Up Down j k", "key.move"),
    ("Left Right h l", "key.side"),
    ("[ ]", "key.tab"),
    ("Backspace p", "key.back"),
    ("n", "key.next"),
    ("x", "key.break"),
    ("t", "key.tip"),
    ("$", "key.host"),
    ("#", "key.container"),
    ("v", "key.view"),
    ("f", "key.fold"),
    ("o", "key.other"),
    ("g", "key.goto"),
    ("r R", "key.rebuild"),
    ("L", "key.lang"),
    ("? F1", "key.help"),
    ("Esc", "key.esc"),
    ("q Ctrl-C", "key.quit"),
    ("Ctrl-Z Ctrl-L", "key.suspend"),
];

/// What a key press means. Full-width digits and signs of Chinese input methods count as their plain ones.
pub fn meaning(event: KeyEvent, view: &View, session: &Session) -> Option<Key> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let go = |command| Some(Key::Session(command));
    match event.code {
        KeyCode::Char('c') if control => go(Command::Leave),
        KeyCode::Char('z') if control => Some(Key::Suspend),
        KeyCode::Char('l') if control => Some(Key::Redraw),
        _ if control => None,
        KeyCode::Enter => go(Command::Forward),
        KeyCode::Backspace => go(Command::Back),
        KeyCode::Esc => Some(Key::Close),
        KeyCode::PageDown => Some(Key::Scroll(6)),
        KeyCode::PageUp => Some(Key::Scroll(-6)),
        KeyCode::Up => Some(Key::Select(-1)),
        KeyCode::Down => Some(Key::Select(1)),
        KeyCode::Left => Some(Key::Side(Side::Outside)),
        KeyCode::Right => Some(Key::Side(Side::Inside)),
        KeyCode::F(1) => Some(Key::Help),
        KeyCode::Tab => Some(Key::Side(if view.side == Side::Outside { Side::Inside } else { Side::Outside })),
        KeyCode::Char(character) => match plain(character) {
            digit @ '0'..='9' => Some(Key::Digit(digit as usize - '0' as usize)),
            ' ' => Some(Key::Scroll(6)),
            'j' => Some(Key::Select(1)),
            'k' => Some(Key::Select(-1)),
            'h' => Some(Key::Side(Side::Outside)),
            'l' => Some(Key::Side(Side::Inside)),
            'o' => Some(Key::OtherSide),
            '[' => Some(Key::Tab(-1)),
            ']' => Some(Key::Tab(1)),
            'p' => go(Command::Back),
            'n' if session.phase == Phase::See => go(Command::Next),
            'x' => Some(Key::Variants),
            't' => go(Command::Tip),
            '$' => go(Command::Shell(Side::Outside)),
            '#' => go(Command::Shell(Side::Inside)),
            'v' => Some(Key::View),
            'f' => Some(Key::Fold),
            'g' => Some(Key::GoTo),
            'r' => go(Command::Rebuild),
            'R' => go(Command::Restart),
            'L' => Some(Key::Language),
            '?' => Some(Key::Help),
            'q' => go(Command::Leave),
            _ => None,
        },
        _ => None,
    }
}

fn plain(character: char) -> char {
    match character {
        '？' => '?',
        '￥' | '¥' => '$',
        '【' => '[',
        '】' => ']',
        '，' => ',',
        '。' => '.',
        '＃' => '#',
        '\u{3000}' => ' ',
        '０'..='９' => char::from_u32(character as u32 - 0xff10 + '0' as u32).unwrap_or(character),
        other => other,
    }
}
