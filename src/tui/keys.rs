//! The one key table: what a key does. The help page is made from it.

use crate::lesson::Side;
use crate::session::Command;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Session(Command),
    /// An answer, a variant, a digit of a step.
    Digit(usize),
    /// Pages forwards or backwards.
    Scroll(i32),
    Move(i32),
    Home,
    End,
    Side(Side),
    OtherSide,
    Pane(i32),
    Tab(i32),
    View,
    Fold,
    Zoom,
    Filter,
    Copy,
    /// Write down what was done without a script.
    Write,
    /// Through the changes of this sandbox.
    Walk(i32),
    Variants,
    GoTo,
    Language,
    Help,
    Close,
    Suspend,
    Redraw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    Char(char),
    Digit,
    Code(KeyCode),
    Control(char),
}

/// Keys of one purpose, in the order of the help page.
pub struct Binding {
    /// As the help page names them.
    pub names: &'static str,
    /// The catalogue's key of what they do.
    pub words: &'static str,
    presses: &'static [(Press, Key)],
}

impl Binding {
    /// Whether it does something in a lesson, or without a script.
    pub fn is_for(&self, play: bool) -> bool {
        match self.words {
            "key.write" => play,
            "key.next" | "key.break" | "key.tip" | "key.goto" => !play,
            _ => true,
        }
    }
}

use Press::{Char, Code, Control};

const fn bind(names: &'static str, words: &'static str, presses: &'static [(Press, Key)]) -> Binding {
    Binding { names, words, presses }
}

pub const KEYS: &[Binding] = &[
    bind("Enter", "key.enter", &[(Code(KeyCode::Enter), Key::Session(Command::Forward))]),
    bind("1-9 0", "key.digits", &[(Press::Digit, Key::Digit(0))]),
    bind(
        "Space PgDn PgUp",
        "key.scroll",
        &[
            (Char(' '), Key::Scroll(1)),
            (Code(KeyCode::PageDown), Key::Scroll(1)),
            (Code(KeyCode::PageUp), Key::Scroll(-1)),
        ],
    ),
    bind(
        "Up Down j k Home End",
        "key.move",
        &[
            (Code(KeyCode::Up), Key::Move(-1)),
            (Code(KeyCode::Down), Key::Move(1)),
            (Char('j'), Key::Move(1)),
            (Char('k'), Key::Move(-1)),
            (Code(KeyCode::Home), Key::Home),
            (Code(KeyCode::End), Key::End),
        ],
    ),
    bind(
        "Left Right h l o",
        "key.side",
        &[
            (Code(KeyCode::Left), Key::Side(Side::Outside)),
            (Code(KeyCode::Right), Key::Side(Side::Inside)),
            (Char('h'), Key::Side(Side::Outside)),
            (Char('l'), Key::Side(Side::Inside)),
            (Char('o'), Key::OtherSide),
        ],
    ),
    bind("Tab Shift-Tab", "key.pane", &[(Code(KeyCode::Tab), Key::Pane(1)), (Code(KeyCode::BackTab), Key::Pane(-1))]),
    bind("[ ]", "key.tab", &[(Char('['), Key::Tab(-1)), (Char(']'), Key::Tab(1))]),
    bind(
        "Backspace p",
        "key.back",
        &[(Code(KeyCode::Backspace), Key::Session(Command::Back)), (Char('p'), Key::Session(Command::Back))],
    ),
    bind("n", "key.next", &[(Char('n'), Key::Session(Command::Next))]),
    bind("x", "key.break", &[(Char('x'), Key::Variants)]),
    bind("t", "key.tip", &[(Char('t'), Key::Session(Command::Tip))]),
    bind(
        "$ # Ctrl-]",
        "key.shells",
        &[
            // In a shell it leaves it.
            (Control(']'), Key::Close),
            (Char('$'), Key::Session(Command::Shell(Side::Outside))),
            (Char('#'), Key::Session(Command::Shell(Side::Inside))),
        ],
    ),
    bind("v", "key.view", &[(Char('v'), Key::View)]),
    bind("f z", "key.fold", &[(Char('f'), Key::Fold), (Char('z'), Key::Zoom)]),
    bind("/ y", "key.filter", &[(Char('/'), Key::Filter), (Char('y'), Key::Copy)]),
    bind(", .", "key.walk", &[(Char(','), Key::Walk(-1)), (Char('.'), Key::Walk(1))]),
    bind("w", "key.write", &[(Char('w'), Key::Write)]),
    bind("g", "key.goto", &[(Char('g'), Key::GoTo)]),
    bind(
        "r R",
        "key.rebuild",
        &[(Char('r'), Key::Session(Command::Rebuild)), (Char('R'), Key::Session(Command::Restart))],
    ),
    bind("L", "key.lang", &[(Char('L'), Key::Language)]),
    bind("? F1", "key.help", &[(Char('?'), Key::Help), (Code(KeyCode::F(1)), Key::Help)]),
    bind("Esc", "key.esc", &[(Code(KeyCode::Esc), Key::Close)]),
    bind(
        "q Ctrl-C",
        "key.quit",
        &[(Char('q'), Key::Session(Command::Leave)), (Control('c'), Key::Session(Command::Leave))],
    ),
    bind("Ctrl-Z Ctrl-L", "key.suspend", &[(Control('z'), Key::Suspend), (Control('l'), Key::Redraw)]),
];

/// What a key press means.
pub fn meaning(event: KeyEvent) -> Option<Key> {
    let press = match event.code {
        KeyCode::Char(character) if event.modifiers.contains(KeyModifiers::CONTROL) => {
            Control(character.to_ascii_lowercase())
        }
        KeyCode::Char(character) => match plain(character) {
            digit @ '0'..='9' => return Some(Key::Digit(digit as usize - '0' as usize)),
            other => Char(other),
        },
        code => Code(code),
    };
    KEYS.iter().flat_map(|binding| binding.presses).find(|(known, _)| *known == press).map(|(_, key)| *key)
}

/// Full-width signs and digits of Chinese input methods count as their plain ones.
pub fn plain(character: char) -> char {
    match character {
        '￥' | '¥' => '$',
        '【' => '[',
        '】' => ']',
        '。' => '.',
        '、' => '/',
        '\u{3000}' => ' ',
        // The full-width forms of ASCII stand in its order.
        '！'..='～' => char::from_u32(character as u32 - 0xff01 + u32::from(b'!')).unwrap_or(character),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a press on the help page.
    fn name(press: Press) -> String {
        match press {
            Char(' ') => "Space".into(),
            Char(character) => character.into(),
            Press::Digit => "1-9".into(),
            Control(character) => format!("Ctrl-{}", character.to_ascii_uppercase()),
            Code(KeyCode::PageDown) => "PgDn".into(),
            Code(KeyCode::PageUp) => "PgUp".into(),
            Code(KeyCode::BackTab) => "Shift-Tab".into(),
            Code(KeyCode::F(number)) => format!("F{number}"),
            Code(code) => format!("{code:?}"),
        }
    }

    #[test]
    fn the_help_page_names_every_key_and_no_other() {
        for binding in KEYS {
            let mut named: Vec<&str> = binding.names.split(' ').filter(|name| *name != "0").collect();
            let mut known: Vec<String> = binding.presses.iter().map(|(press, _)| name(*press)).collect();
            named.sort_unstable();
            known.sort_unstable();
            assert_eq!(named, known);
            for lang in [crate::words::Lang::En, crate::words::Lang::Zh] {
                assert_ne!(lang.say(binding.words, &[]), binding.words, "no words for {}", binding.names);
            }
        }
    }

    #[test]
    fn no_key_has_two_meanings() {
        let all: Vec<Press> = KEYS.iter().flat_map(|binding| binding.presses).map(|(press, _)| *press).collect();
        for (index, press) in all.iter().enumerate() {
            assert!(!all[..index].contains(press), "{press:?}");
        }
    }

    #[test]
    fn full_width_keys_are_the_plain_ones() {
        let typed = |character| meaning(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
        for (wide, narrow) in "？￥【】，。、＃／０９ｘＬ　".chars().zip("?$[],./#/09xL ".chars()) {
            assert_eq!(typed(wide), typed(narrow), "{wide}");
            assert!(typed(wide).is_some(), "{wide}");
        }
    }
}
