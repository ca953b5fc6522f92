//! `nslab` alone on a terminal: the lessons, one of them to begin.

use super::canvas::Canvas;
use super::input::{ENDS, Inputs, Message};
use super::keys::{Key, meaning};
use super::probe::probe;
use super::style::Tone;
use super::terminal::Screen;
use super::wrap::{cut, fit, wrap};
use crate::session::Command;
use crate::words::Lang;
use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::convert::Infallible;

/// A lesson in the menu.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: String,
    pub steps: usize,
    pub minutes: u32,
    /// Title and what it is about, in the languages of [`Lang`].
    pub english: (String, String),
    pub chinese: (String, String),
    /// How far the student is, in words; empty: not begun.
    pub progress: String,
}

struct Menu {
    lang: Lang,
    at: usize,
    colour: bool,
}

enum Next {
    Stay,
    Begin,
    Leave,
    Suspend,
    Redraw,
}

/// Shows the lessons until one is chosen: its place and the language. None: the student left.
pub fn choose(entries: &[Entry], lang: Lang) -> anyhow::Result<Option<(usize, Lang)>> {
    let mut screen = Screen::new()?;
    let (abilities, typed) = probe(false)?;
    let lang = if abilities.is_utf8 { lang } else { Lang::En };
    let mut menu = Menu { lang, at: 0, colour: abilities.colour };
    let inputs: Inputs<Infallible, Infallible> = Inputs::start(&typed)?;
    loop {
        screen.terminal.draw(|frame| {
            let area = frame.area();
            let cursor = draw(entries, &menu, area, frame.buffer_mut());
            frame.set_cursor_position(cursor);
        })?;
        match inputs.messages.recv() {
            Err(_) | Ok(Message::HungUp) => return Ok(None),
            Ok(Message::Signal(signal)) if ENDS.contains(&signal) => return Ok(None),
            Ok(Message::Key(key)) => match act(key, &mut menu, entries.len()) {
                Next::Stay => {}
                Next::Begin => {
                    inputs.stop();
                    return Ok(Some((menu.at, menu.lang)));
                }
                Next::Leave => return Ok(None),
                Next::Suspend => screen.suspend(|| inputs.until_continued())?,
                Next::Redraw => screen.again()?,
            },
            Ok(_) => screen.again()?,
        }
    }
}

fn act(event: KeyEvent, menu: &mut Menu, count: usize) -> Next {
    match meaning(event) {
        Some(Key::Session(Command::Forward)) if count > 0 => return Next::Begin,
        Some(Key::Session(Command::Leave)) => return Next::Leave,
        Some(Key::Digit(number)) if (1..=count).contains(&number) => {
            menu.at = number - 1;
            return Next::Begin;
        }
        Some(Key::Move(by)) => menu.at = menu.at.saturating_add_signed(by as isize).min(count.saturating_sub(1)),
        Some(Key::Home) => menu.at = 0,
        Some(Key::End) => menu.at = count.saturating_sub(1),
        Some(Key::Language) => menu.lang = menu.lang.other(),
        Some(Key::Suspend) => return Next::Suspend,
        Some(Key::Redraw) => return Next::Redraw,
        _ => {}
    }
    Next::Stay
}

fn draw(entries: &[Entry], menu: &Menu, area: Rect, buffer: &mut Buffer) -> Position {
    let lang = menu.lang;
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let mut canvas = Canvas { area, buffer, colour: menu.colour };
    let mut y = 0;
    for line in wrap(&lang.say("menu.what", &[]), width.saturating_sub(2)) {
        canvas.put(y, 1, &line, Tone::Strong);
        y += 1;
    }
    y += 1;
    let mut cursor = y;
    let about = entries.get(menu.at).map(|entry| words(entry, lang).1.clone()).unwrap_or_default();
    let about = wrap(&about, width.saturating_sub(4));
    // The list scrolls so that the chosen lesson is visible above what it is about.
    let room = height.saturating_sub(y + about.len() + 3).max(1);
    let first = (menu.at + 1).saturating_sub(room);
    for (index, entry) in entries.iter().enumerate().skip(first).take(room) {
        let size = lang.say("list.size", &[&entry.steps.to_string(), &entry.minutes.to_string()]);
        let sign = if index == menu.at { '>' } else { ' ' };
        let number = if index < 9 { (index + 1).to_string() } else { " ".into() };
        let line = format!(" {sign} {number}  {}  ({size})  {}", words(entry, lang).0, entry.progress);
        let tone = if index == menu.at { Tone::Chosen } else { Tone::Plain };
        canvas.put(y, 0, &cut(line.trim_end(), width.saturating_sub(1)), tone);
        if index == menu.at {
            cursor = y;
        }
        y += 1;
    }
    y += 1;
    for line in about {
        canvas.put(y, 3, &line, Tone::Plain);
        y += 1;
    }
    let keys = fit(&format!(" {}", lang.say("menu.keys", &[])), width.saturating_sub(1));
    canvas.put(height.saturating_sub(1), 0, &keys, Tone::Bar);
    Position::new(area.x + 1, area.y + (cursor as u16).min(area.height.saturating_sub(1)))
}

fn words(entry: &Entry, lang: Lang) -> &(String, String) {
    match lang {
        Lang::En => &entry.english,
        Lang::Zh => &entry.chinese,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn entries() -> Vec<Entry> {
        (1..=12)
            .map(|number| Entry {
                id: format!("lesson-{number}"),
                steps: 3,
                minutes: 9,
                english: (format!("Title {number}"), format!("About {number}.")),
                chinese: (format!("标题 {number}"), format!("关于 {number}。")),
                progress: String::new(),
            })
            .collect()
    }

    fn text(menu: &Menu, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(&entries(), menu, area, &mut buffer);
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_string();
        (0..height).map(line).collect::<Vec<_>>().join("\n")
    }

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn arrows_digits_and_the_language() {
        let mut menu = Menu { lang: Lang::En, at: 0, colour: true };
        assert!(text(&menu, 80, 24).contains("> 1  Title 1  (3 steps"));
        act(key(KeyCode::Down), &mut menu, 12);
        assert!(text(&menu, 80, 24).contains("> 2  Title 2"));
        assert!(text(&menu, 80, 24).contains("About 2."));
        act(key(KeyCode::Char('L')), &mut menu, 12);
        assert_eq!(menu.lang, Lang::Zh);
        assert!(matches!(act(key(KeyCode::Char('5')), &mut menu, 12), Next::Begin));
        assert_eq!(menu.at, 4);
        assert!(matches!(act(key(KeyCode::Char('q')), &mut menu, 12), Next::Leave));
    }

    #[test]
    fn the_chosen_lesson_is_visible_on_a_small_screen() {
        let menu = Menu { lang: Lang::En, at: 11, colour: true };
        assert!(text(&menu, 40, 9).contains("Title 12"), "{}", text(&menu, 40, 9));
        for (width, height) in [(1, 1), (5, 3), (20, 4)] {
            text(&menu, width, height);
        }
    }
}
