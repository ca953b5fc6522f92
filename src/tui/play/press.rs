//! What a key does to the palette and its forms.

use super::Sheet;
use super::input::Input;
use crate::op::Actor;
use crate::play::{line, told, with};
use crate::session::{Command, Form, Order, Session, Wrote};
use crate::tui::act::Act;
use crate::tui::keys::Key;
use crate::tui::view::{Mode, View};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::PathBuf;
use std::sync::Arc;

const NOTHING: Act = Act::Effects(Vec::new());

/// A key while a sheet is open. None: it means what it always does.
pub fn press(sheet: Sheet, key: KeyEvent, session: &mut Session, view: &mut View) -> Option<Act> {
    if key.code == KeyCode::Esc {
        escape(sheet, view);
        return Some(NOTHING);
    }
    // Ctrl-C, Ctrl-Z and Ctrl-L are nobody's text.
    if let (KeyCode::Char('c' | 'z' | 'l'), true) = (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        return None;
    }
    match sheet {
        Sheet::List => list(key, session, view),
        Sheet::Form => return Some(form(key, session, view)),
        Sheet::Write => return Some(write(key, session, view)),
        Sheet::Replace if key.code == KeyCode::Enter => return Some(order(true, session, view)),
        Sheet::Replace => view.mode = Mode::Play(Sheet::Write),
        Sheet::Wrote => view.mode = Mode::Look,
    }
    Some(NOTHING)
}

/// Letters at once, for the line that is typed.
pub fn paste(sheet: Sheet, letters: impl Iterator<Item = char>, view: &mut View) {
    let Some(line) = view.palette.typed(sheet) else { return };
    line.insert(letters);
    if sheet == Sheet::List {
        view.palette.at = 0;
    }
    view.scroll = None;
}

/// One sheet after the other, until none is open. What was typed stays.
fn escape(sheet: Sheet, view: &mut View) {
    view.mode = match sheet {
        Sheet::List if !view.palette.filter.text().is_empty() => {
            view.palette.filter = Input::default();
            view.palette.at = 0;
            Mode::Play(Sheet::List)
        }
        Sheet::List | Sheet::Write | Sheet::Wrote => Mode::Look,
        Sheet::Form => Mode::Play(Sheet::List),
        Sheet::Replace => Mode::Play(Sheet::Write),
    };
    view.scroll = None;
}

/// Why a key of a lesson does nothing here: the catalogue's key.
pub fn refuses(key: Key, session: &Session) -> Option<&'static str> {
    let is_first = session.lesson.steps.len() < 2;
    match key {
        _ if !session.is_play || session.asks.is_some() => None,
        Key::Variants | Key::GoTo | Key::Session(Command::Tip | Command::Next) => Some("play.no-key"),
        Key::Session(Command::Back | Command::Restart) if is_first && session.by_hand == 0 => Some("play.nothing-back"),
        Key::Write if is_first => Some("play.nothing-write"),
        _ => None,
    }
}

/// Opens the palette where it was left; `w` opens the other sheet.
pub fn begin(sheet: Sheet, session: &Session, view: &mut View) {
    if session.busy || !session.is_play {
        return;
    }
    view.focus = crate::tui::view::Focus::Page;
    view.selected = None;
    view.moment = None;
    view.scroll = None;
    view.mode = Mode::Play(sheet);
}

fn list(key: KeyEvent, session: &Session, view: &mut View) {
    let palette = &mut view.palette;
    let items = palette.items(session, view.lang);
    let last = items.len().saturating_sub(1);
    palette.at = palette.at.min(last);
    match key.code {
        KeyCode::Up => palette.at = palette.at.saturating_sub(1),
        KeyCode::Down => palette.at = (palette.at + 1).min(last),
        KeyCode::PageUp => palette.at = palette.at.saturating_sub(6),
        KeyCode::PageDown => palette.at = (palette.at + 6).min(last),
        KeyCode::Tab | KeyCode::BackTab => turn(session, view),
        KeyCode::Enter => {
            let Some(item) = items.get(palette.at) else { return };
            palette.name = item.name;
            palette.lines.entry(item.name).or_insert_with(|| Input::new(&item.begin));
            view.mode = Mode::Play(Sheet::Form);
        }
        _ => {
            if palette.filter.press(key) {
                palette.at = 0;
            }
        }
    }
    view.scroll = None;
}

/// The other side acts, where there is one.
fn turn(session: &Session, view: &mut View) {
    let palette = &mut view.palette;
    if session.now.inside.is_none() {
        view.notice = Some(view.lang.say("plain.no-container", &[]));
        return;
    }
    palette.actor = if palette.actor == Actor::Host { Actor::Container } else { Actor::Host };
}

fn form(key: KeyEvent, session: &mut Session, view: &mut View) -> Act {
    match key.code {
        KeyCode::Enter => return perform(session, view),
        KeyCode::Tab | KeyCode::BackTab => turn(session, view),
        _ => {
            let palette = &mut view.palette;
            if let Some(line) = palette.lines.get_mut(palette.name) {
                line.press(key);
            }
        }
    }
    view.scroll = None;
    NOTHING
}

/// Performs what stands in the form, if it can be understood; else all stays as it was typed.
fn perform(session: &mut Session, view: &mut View) -> Act {
    let Some(item) = view.palette.chosen(session, view.lang) else { return NOTHING };
    let actor = view.palette.actor_for(&item, session);
    match line(actor, &view.palette.line(), &session.now) {
        Ok(round) => {
            view.palette.lines.remove(item.name);
            view.palette.filter = Input::default();
            view.mode = Mode::Look;
            Act::Effects(session.add(Arc::new(with(&session.lesson, round))))
        }
        Err(_) => NOTHING,
    }
}

fn write(key: KeyEvent, session: &mut Session, view: &mut View) -> Act {
    let palette = &mut view.palette;
    match key.code {
        KeyCode::Up | KeyCode::Down | KeyCode::Tab | KeyCode::BackTab => {
            palette.form = if palette.form == Form::Lesson { Form::Script } else { Form::Lesson };
        }
        KeyCode::Enter => return order(false, session, view),
        _ => drop(palette.file().press(key)),
    }
    NOTHING
}

fn order(replaces: bool, session: &mut Session, view: &mut View) -> Act {
    let name = view.palette.file_name();
    if name.trim().is_empty() {
        view.notice = Some(view.lang.say("play.no-name", &[]));
        return NOTHING;
    }
    let order = Order { form: view.palette.form, path: PathBuf::from(name.trim()), replaces };
    Act::Effects(session.write(order))
}

/// What came of writing.
pub fn wrote(answer: &Wrote, session: &Session, view: &mut View) {
    let said = || told(answer, view.palette.form, &session.past, view.lang);
    view.mode = match answer {
        Wrote::Exists(_) => Mode::Play(Sheet::Replace),
        Wrote::Failed(_) => {
            view.notice = Some(said());
            Mode::Play(Sheet::Write)
        }
        Wrote::Done { .. } => {
            view.palette.said = said();
            Mode::Play(Sheet::Wrote)
        }
    };
}
