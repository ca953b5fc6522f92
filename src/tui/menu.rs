//! `nslab` alone on a terminal: the lessons, one of them to begin.

use super::canvas::Canvas;
use super::input::{Inputs, Message};
use super::keys::{Key, meaning};
use super::probe::probe;
use super::style::Tone;
use super::terminal::Screen;
use crate::relay::ENDS;
use crate::session::Command;
use crate::words::Lang;
use crate::wrap::{cut_with, fit, wrap};
use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::convert::Infallible;
use unicode_width::UnicodeWidthStr;

/// A lesson in the menu.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    pub id: String,
    pub steps: usize,
    pub minutes: u32,
    /// Title and what it is about, in the languages of [`Lang`].
    pub english: (String, String),
    pub chinese: (String, String),
    /// Lessons that belong before it, by id.
    pub needs: Vec<String>,
    pub finished: bool,
    /// Steps done; predictions confirmed at first sight, and judged. None: not begun.
    pub score: Option<(usize, usize, usize)>,
}

/// What was chosen.
#[derive(Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which entry.
    pub lesson: usize,
    /// From 0; None: where the student left off.
    pub step: Option<usize>,
    pub lang: Lang,
}

/// What is open over the list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    List,
    /// Digits of the step to begin at.
    Step(String),
    /// Whether to forget what was done of the chosen lesson.
    Forget,
}

struct Menu {
    lang: Lang,
    at: usize,
    colour: bool,
    mode: Mode,
    /// Said once, until the next key.
    notice: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Stay,
    /// The chosen lesson, where it was left or at this step.
    Begin(Option<usize>),
    Forget,
    Leave,
    Suspend,
    Redraw,
}

/// Shows the lessons until one is chosen. None: the student left. `forget` forgets what was done of a lesson.
pub fn choose(
    mut entries: Vec<Entry>,
    lang: Lang,
    forget: &dyn Fn(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Chosen>> {
    let mut screen = Screen::new()?;
    let (abilities, typed) = probe(false)?;
    let lang = if abilities.is_utf8 { lang } else { Lang::En };
    let mut menu = Menu { lang, at: 0, colour: abilities.colour, mode: Mode::List, notice: String::new() };
    let inputs: Inputs<Infallible, Infallible> = Inputs::start(&typed)?;
    loop {
        screen.terminal.draw(|frame| {
            let area = frame.area();
            let cursor = draw(&entries, &menu, area, frame.buffer_mut());
            frame.set_cursor_position(cursor);
        })?;
        match inputs.messages.recv() {
            Err(_) | Ok(Message::HungUp) => return Ok(None),
            Ok(Message::Signal(signal)) if ENDS.contains(&signal) => return Ok(None),
            Ok(Message::Key(key)) => match act(key, &mut menu, &entries) {
                Next::Stay => {}
                Next::Begin(step) => {
                    inputs.stop();
                    return Ok(Some(Chosen { lesson: menu.at, step, lang: menu.lang }));
                }
                Next::Forget => {
                    let entry = &mut entries[menu.at];
                    menu.notice = match forget(&entry.id) {
                        Ok(()) => {
                            (entry.finished, entry.score) = (false, None);
                            let what = menu.lang.say("reset.lesson", &[&entry.id]);
                            menu.lang.say("reset.done", &[&what])
                        }
                        Err(error) => format!("{error:#}"),
                    };
                }
                Next::Leave => return Ok(None),
                Next::Suspend => screen.suspend(|| inputs.until_continued())?,
                Next::Redraw => screen.again()?,
            },
            Ok(_) => screen.again()?,
        }
    }
}

fn act(event: KeyEvent, menu: &mut Menu, entries: &[Entry]) -> Next {
    menu.notice.clear();
    let Some(key) = meaning(event) else { return Next::Stay };
    let last = entries.len().saturating_sub(1);
    match (std::mem::replace(&mut menu.mode, Mode::List), key) {
        (_, Key::Session(Command::Leave)) => return Next::Leave,
        (mode, Key::Suspend | Key::Redraw) => {
            menu.mode = mode;
            return if key == Key::Suspend { Next::Suspend } else { Next::Redraw };
        }
        _ if entries.is_empty() => {}
        (Mode::Forget, Key::Session(Command::Forward)) => return Next::Forget,
        (Mode::Step(digits), Key::Digit(digit)) if digits.len() < 3 => {
            menu.mode = Mode::Step(format!("{digits}{digit}"))
        }
        (Mode::Step(mut digits), Key::Session(Command::Back)) => {
            digits.pop();
            menu.mode = Mode::Step(digits);
        }
        (Mode::Step(digits), Key::Session(Command::Forward)) => {
            let steps = entries[menu.at].steps;
            match digits.parse::<usize>().ok().filter(|step| (1..=steps).contains(step)) {
                Some(step) => return Next::Begin(Some(step - 1)),
                None => menu.notice = menu.lang.say("tui.no-step", &[&steps.to_string()]),
            }
        }
        // Any other key closes what is open.
        (Mode::Step(_) | Mode::Forget, _) => {}
        (Mode::List, Key::Session(Command::Forward)) => return Next::Begin(None),
        (Mode::List, Key::Digit(number)) if (1..=entries.len()).contains(&number) => {
            menu.at = number - 1;
            return Next::Begin(None);
        }
        (Mode::List, Key::GoTo) => menu.mode = Mode::Step(String::new()),
        (Mode::List, Key::Session(Command::Restart)) if entries[menu.at].score.is_some() => menu.mode = Mode::Forget,
        (Mode::List, Key::Session(Command::Restart)) => menu.notice = menu.lang.say("menu.nothing", &[]),
        (Mode::List, Key::Move(by)) => menu.at = menu.at.saturating_add_signed(by as isize).min(last),
        (Mode::List, Key::Home) => menu.at = 0,
        (Mode::List, Key::End) => menu.at = last,
        (Mode::List, Key::Language) => menu.lang = menu.lang.other(),
        (Mode::List, _) => {}
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
    let about = entries.get(menu.at).map(|entry| about(entry, entries, lang, width.saturating_sub(4)));
    let about = about.unwrap_or_default();
    // The list scrolls so that the chosen lesson is visible above what it is about.
    let room = height.saturating_sub(y + about.len() + 4).max(1);
    let first = (menu.at + 1).saturating_sub(room);
    for (index, entry) in entries.iter().enumerate().skip(first).take(room) {
        let sign = if index == menu.at { '>' } else { ' ' };
        let number = if index < 9 { (index + 1).to_string() } else { " ".into() };
        let right = format!("  {}", state(entry, lang));
        let left = format!(" {sign} {number}  {}", words(entry, lang).0);
        let left_room = width.saturating_sub(right.width() + 1);
        let line = fit(&cut_with(&left, left_room, ".."), left_room) + &right;
        let tone = if index == menu.at { Tone::Chosen } else { Tone::Plain };
        canvas.put(y, 0, &line, tone);
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
    let message = message(entries, menu);
    canvas.put(height.saturating_sub(2), 1, &cut_with(&message, width.saturating_sub(2), ".."), Tone::Strong);
    let keys = match menu.mode {
        Mode::List => "menu.keys",
        Mode::Step(_) => "menu.keys-step",
        Mode::Forget => "menu.keys-forget",
    };
    let keys = fit(&format!(" {}", lang.say(keys, &[])), width.saturating_sub(1));
    canvas.put(height.saturating_sub(1), 0, &keys, Tone::Bar);
    let (y, x) = match menu.mode {
        Mode::Step(_) => (height.saturating_sub(2), 1 + message.width()),
        _ => (cursor, 1),
    };
    let last = |size: u16| size.saturating_sub(1);
    Position::new(area.x + (x as u16).min(last(area.width)), area.y + (y as u16).min(last(area.height)))
}

fn message(entries: &[Entry], menu: &Menu) -> String {
    let Some(entry) = entries.get(menu.at) else { return String::new() };
    match &menu.mode {
        Mode::List => menu.notice.clone(),
        Mode::Step(digits) => menu.lang.say("menu.step", &[&entry.steps.to_string(), digits]),
        Mode::Forget => menu.lang.say("menu.forget", &[&words(entry, menu.lang).0]),
    }
}

/// How far a lesson is and how long it takes, at the right of its title.
fn state(entry: &Entry, lang: Lang) -> String {
    let (steps, minutes) = (entry.steps.to_string(), entry.minutes.to_string());
    match entry.score {
        _ if entry.finished => lang.say("menu.finished", &[&steps, &minutes]),
        Some((done, ..)) => lang.say("menu.begun", &[&steps, &minutes, &done.to_string()]),
        None => lang.say("menu.new", &[&steps, &minutes]),
    }
}

/// What a lesson is about, what belongs before it, and what was done of it.
fn about(entry: &Entry, entries: &[Entry], lang: Lang, width: usize) -> Vec<String> {
    let mut lines = wrap(&words(entry, lang).1, width);
    let before = entries.iter().filter(|other| entry.needs.contains(&other.id) && !other.finished);
    let titles: Vec<&str> = before.map(|other| words(other, lang).0.as_str()).collect();
    if !titles.is_empty() {
        lines.extend(wrap(&lang.say("menu.before", &[&titles.join(&lang.say("menu.and", &[]))]), width));
    }
    if entry.score.is_some() {
        lines.extend(wrap(&progress_in_words(entry.finished, entry.score, entry.steps, lang), width));
    }
    lines
}

/// How far a lesson is, in words.
pub fn progress_in_words(finished: bool, score: Option<(usize, usize, usize)>, steps: usize, lang: Lang) -> String {
    let Some((done, confirmed, judged)) = score else { return lang.say("progress.none", &[]) };
    let [done, steps, confirmed, judged] = [done, steps, confirmed, judged].map(|number| number.to_string());
    let key = if finished { "progress.finished" } else { "progress.some" };
    lang.say(key, &[&done, &steps, &confirmed, &judged])
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
                needs: (number == 2).then(|| "lesson-1".into()).into_iter().collect(),
                finished: number == 3,
                score: [None, None, Some((3, 2, 3)), Some((1, 0, 1))].get(number).copied().flatten(),
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
        let (mut menu, entries) = (menu(0), entries());
        assert!(text(&menu, 80, 24).contains("> 1  Title 1  "));
        act(key(KeyCode::Down), &mut menu, &entries);
        assert!(text(&menu, 80, 24).contains("> 2  Title 2"));
        assert!(text(&menu, 80, 24).contains("About 2."));
        act(key(KeyCode::Char('L')), &mut menu, &entries);
        assert_eq!(menu.lang, Lang::Zh);
        assert_eq!(act(key(KeyCode::Char('5')), &mut menu, &entries), Next::Begin(None));
        assert_eq!(menu.at, 4);
        assert_eq!(act(key(KeyCode::Char('q')), &mut menu, &entries), Next::Leave);
    }

    fn menu(at: usize) -> Menu {
        Menu { lang: Lang::En, at, colour: true, mode: Mode::List, notice: String::new() }
    }

    #[test]
    fn what_was_done_is_shown() {
        let shown = text(&menu(1), 80, 24);
        let line = |title: &str| shown.lines().find(|line| line.contains(title)).unwrap().to_string();
        assert!(line("Title 1").contains("3 steps"), "{shown}");
        assert!(line("Title 2").contains("3/3"), "{shown}");
        assert!(line("Title 3").contains("finished"), "{shown}");
        assert!(shown.contains("Learn before: Title 1."), "{shown}");
        assert!(shown.contains("3 of 3 steps, 2 of 3 at first sight"), "{shown}");
        assert!(!text(&menu(2), 80, 24).contains("Learn before"));
    }

    #[test]
    fn a_lesson_is_entered_at_a_step() {
        let (mut menu, entries) = (menu(2), entries());
        for letter in ['g', '9'] {
            assert_eq!(act(key(KeyCode::Char(letter)), &mut menu, &entries), Next::Stay);
        }
        assert!(text(&menu, 80, 24).contains("1 to 3: 9"), "{}", text(&menu, 80, 24));
        assert_eq!(act(key(KeyCode::Enter), &mut menu, &entries), Next::Stay, "there is no step 9");
        assert!(!menu.notice.is_empty());
        act(key(KeyCode::Char('g')), &mut menu, &entries);
        act(key(KeyCode::Char('2')), &mut menu, &entries);
        assert_eq!(act(key(KeyCode::Enter), &mut menu, &entries), Next::Begin(Some(1)));
    }

    #[test]
    fn forgetting_asks_first() {
        let (mut menu, entries) = (menu(2), entries());
        act(key(KeyCode::Char('R')), &mut menu, &entries);
        assert!(text(&menu, 80, 24).contains("Forget what you did in \"Title 3\"?"), "{}", text(&menu, 80, 24));
        assert_eq!(act(key(KeyCode::Esc), &mut menu, &entries), Next::Stay);
        assert_eq!(act(key(KeyCode::Enter), &mut menu, &entries), Next::Begin(None), "the question is closed");
        act(key(KeyCode::Char('R')), &mut menu, &entries);
        assert_eq!(act(key(KeyCode::Enter), &mut menu, &entries), Next::Forget);
        menu.at = 0;
        act(key(KeyCode::Char('R')), &mut menu, &entries);
        assert_eq!(menu.mode, Mode::List, "nothing was done there");
    }

    #[test]
    fn the_chosen_lesson_is_visible_on_a_small_screen() {
        let menu = menu(11);
        assert!(text(&menu, 40, 9).contains("Title 12"), "{}", text(&menu, 40, 9));
        for (width, height) in [(1, 1), (5, 3), (20, 4)] {
            text(&menu, width, height);
        }
    }
}
