//! What a key does to the session and to the view. Nothing here touches the terminal.

use super::answer::choose;
use super::keys::{Key, meaning, plain};
use super::laid::Laid;
use super::look::look;
use super::page::pointable;
use super::panes::help;
use super::play::{self, Sheet};
use super::scene::Scene;
use super::shape::legend;
use super::typing;
use super::view::{Focus, Mode, Sight, Tab, View};
use crate::lesson::Side;
use crate::mounts::printable;
use crate::op::lower;
use crate::session::{Command, Effect, Event, Phase, Session};
use crate::words::Lang;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use std::sync::Arc;

/// What a key leads to, outside session and view.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    Effects(Vec<Effect>),
    /// Put a text into the clipboard of the student's terminal.
    Copy(String),
    /// Read the machine's own mount table into the view.
    LookAtMachine,
    /// Open a side's shell, in the place of the one that may be there.
    Open(Side),
    /// A key for a shell.
    Type(Side, KeyEvent),
    /// Give the real terminal to a shell.
    Lend(Side),
    Suspend,
    Redraw,
}

/// A filter is no longer than this.
const FILTER: usize = 40;

const NOTHING: Act = Act::Effects(Vec::new());

/// A key press, on a screen of this size that shows this scene.
pub fn press(event: KeyEvent, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) -> Act {
    view.notice = None;
    if let Some(act) = typing::press(event, view) {
        return act;
    }
    if view.mode == Mode::Filter && !event.modifiers.contains(KeyModifiers::CONTROL) {
        typing(event, view);
        return NOTHING;
    }
    let before = (session.step, session.phase, session.rounds.len());
    let typed = match view.mode {
        Mode::Play(sheet) => play::press(sheet, event, session, view),
        _ => None,
    };
    let act = match (typed, meaning(event)) {
        (Some(act), _) => act,
        (None, Some(key)) => dispatch(key, session, view, scene, area),
        (None, None) => return NOTHING,
    };
    if before != (session.step, session.phase, session.rounds.len()) {
        view.turn_page();
    }
    act
}

/// What happened, as far as the view is concerned.
pub fn happened(event: Event, session: &mut Session, view: &mut View, laid: &mut Laid) {
    // It turns no page.
    let beside = matches!(event, Event::ByHand(_) | Event::Glimpsed(_) | Event::ByItself(_));
    let turns = !beside
        && !matches!(
            event,
            Event::Failed(_) | Event::NoShell(_) | Event::Notice(_) | Event::Replayed(_) | Event::Wrote(_)
        );
    if let Event::Wrote(answer) = &event {
        play::wrote(answer, session, view);
    }
    if matches!(event, Event::Built(_)) && std::mem::take(&mut view.shells.typed) {
        view.notice = Some(view.lang.say("shell.not-replayed", &[]));
    }
    let marks = session.marks.clone();
    laid.scene(session, view);
    let selected = laid.selected(view);
    let had_inside = session.now.inside.is_some();
    session.apply(event);
    // Where one side is shown at a time, it is one that is there.
    match (had_inside, session.now.inside.is_some()) {
        (_, false) => view.side = Side::Outside,
        (false, true) => view.side = Side::Inside,
        (true, true) => {}
    }
    if turns {
        view.turn_page();
    }
    let changes = beside && !Arc::ptr_eq(&marks, &session.marks);
    if changes {
        laid.scene(session, view);
        view.selected = selected.and_then(|selected| laid.row(selected));
        if view.selected.is_none() && view.mode == Mode::Explain {
            view.mode = Mode::Look;
            view.scroll = None;
        }
    }
    if turns || changes {
        // Where one side is shown at a time, it is one that changed.
        let other = if view.side == Side::Outside { Side::Inside } else { Side::Outside };
        if session.marks.on(view.side).is_empty() && !session.marks.on(other).is_empty() {
            view.side = other;
        }
        if session.now.inside.as_ref().is_none_or(|inside| inside.facts.root == "/") && view.sight == Sight::Namespace {
            view.sight = Sight::Process;
        }
    }
}

pub(super) fn typing(event: KeyEvent, view: &mut View) {
    match event.code {
        KeyCode::Enter => view.mode = Mode::Look,
        KeyCode::Esc => {
            view.filter.clear();
            view.mode = Mode::Look;
        }
        KeyCode::Backspace => drop(view.filter.pop()),
        KeyCode::Char(character) if view.filter.chars().count() < FILTER => view.filter.push(plain(character)),
        _ => {}
    }
    view.selected = None;
}

/// A text at once, which is no keys: it goes into the filter or the line that is typed, or nowhere.
pub(super) fn pasted(text: &str, view: &mut View) {
    let letters = text.chars().filter(|letter| !letter.is_control());
    match view.mode {
        Mode::Filter => {
            let room = FILTER.saturating_sub(view.filter.chars().count());
            view.filter.extend(letters.take(room));
            view.selected = None;
        }
        Mode::Play(sheet) => play::paste(sheet, letters, view),
        _ => {}
    }
}

fn dispatch(key: Key, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) -> Act {
    match key {
        Key::Suspend => return Act::Suspend,
        Key::Redraw => return Act::Redraw,
        _ => {}
    }
    let leaves = key == Key::Session(Command::Leave);
    match view.mode.clone() {
        Mode::Help if !leaves => {
            let last = help::overflow(session, view, area) as i32;
            let by = match key {
                Key::Scroll(pages) => pages * i32::from(area.height).saturating_sub(2),
                Key::Move(by) => by,
                _ => i32::MAX,
            };
            if last > 0 && by != i32::MAX {
                view.scroll = Some((view.scroll.unwrap_or(0) as i32 + by).clamp(0, last) as usize);
                return NOTHING;
            }
            view.mode = Mode::Look;
            view.scroll = None;
            return NOTHING;
        }
        Mode::NoChinese if !leaves => {
            if matches!(key, Key::Session(Command::Forward) | Key::Language) {
                view.lang = Lang::En;
            }
            view.mode = Mode::Look;
            return NOTHING;
        }
        Mode::Goto(digits) => return goto(key, digits, session, view),
        Mode::Variants(at) => match key {
            Key::Session(Command::Forward) => return tries(at, session, view),
            Key::Digit(number) if number > 0 => return tries(number - 1, session, view),
            Key::Move(by) => {
                let last = session.lesson.steps[session.step].variants.len().saturating_sub(1);
                view.mode = Mode::Variants(at.saturating_add_signed(by as isize).min(last));
                return NOTHING;
            }
            Key::Variants => {
                view.mode = Mode::Look;
                return NOTHING;
            }
            _ => {}
        },
        Mode::Fault(_) if !leaves && !matches!(key, Key::Scroll(_) | Key::Home | Key::End) => {
            view.mode = Mode::Look;
            view.scroll = None;
            return NOTHING;
        }
        // Whatever else is done, the explanation is closed; moving explains the next row, and it can be scrolled.
        Mode::Explain if !matches!(key, Key::Move(_) | Key::Scroll(_) | Key::Home | Key::End | Key::Copy) => {
            view.mode = Mode::Look;
            view.scroll = None;
            if matches!(key, Key::Session(Command::Forward) | Key::Close) {
                return NOTHING;
            }
        }
        _ => {}
    }
    if let Some(why) = play::refuses(key, session) {
        view.notice = Some(view.lang.say(why, &[]));
        return NOTHING;
    }
    match key {
        Key::Session(Command::Forward) if session.asks.is_none() && !session.stuck => forward(session, view),
        Key::Session(Command::Shell(side)) => typing::ask(side, session, view),
        Key::Session(command) => {
            view.mode = Mode::Look;
            if command == Command::Tip {
                tip(session, view);
            }
            Act::Effects(session.handle(command))
        }
        Key::Digit(number) => Act::Effects(choose(number, session, view)),
        Key::Close => {
            close(view);
            Act::Effects(session.handle(Command::Cancel))
        }
        Key::Write => {
            play::begin(Sheet::Write, session, view);
            NOTHING
        }
        Key::Copy => Act::Copy(what_to_copy(session, view, scene)),
        Key::View => sight(session, view),
        other => match typing::lent(view).filter(|_| other == Key::Zoom) {
            Some(side) => Act::Lend(side),
            None => {
                look(other, session, view, scene, area);
                NOTHING
            }
        },
    }
}

/// Enter on a row explains it; else it does what the key line names first.
fn forward(session: &mut Session, view: &mut View) -> Act {
    if view.moment.take().is_some() {
        view.selected = None;
        return NOTHING;
    }
    let answers = pointable(session).is_some_and(|(side, ..)| side == view.side);
    if view.focus == Focus::Table && view.selected.is_some() && !answers {
        view.mode = Mode::Explain;
        view.scroll = Some(0);
        return NOTHING;
    }
    if session.is_play {
        play::begin(Sheet::List, session, view);
        return NOTHING;
    }
    Act::Effects(session.handle(Command::Forward))
}

/// One thing after another, until nothing is open.
fn close(view: &mut View) {
    if view.mode != Mode::Look {
        view.mode = Mode::Look;
    } else if view.moment.is_some() {
        view.moment = None;
        view.selected = None;
    } else if !view.filter.is_empty() {
        view.filter.clear();
    } else if view.zoomed {
        view.zoomed = false;
    } else {
        view.focus = Focus::Page;
        view.selected = None;
        view.tab = Some(Tab::Text);
        view.scroll = None;
    }
}

fn hints(session: &Session, view: &View) -> usize {
    session.lesson.step_text(view.lang.code(), session.step).hints.len()
}

/// The next tip is shown, or it is said that there is none.
fn tip(session: &Session, view: &mut View) {
    view.scroll = None;
    let is_task = session.phase == Phase::Task;
    // After a task's last tip its solution is shown, until it is done.
    if if is_task { session.task.done } else { session.hints >= hints(session, view) } {
        view.notice = Some(view.lang.say("tui.no-tip", &[]));
    }
}

fn goto(key: Key, mut digits: String, session: &mut Session, view: &mut View) -> Act {
    match key {
        Key::Digit(digit) => {
            if digits.len() < 3 {
                digits.push_str(&digit.to_string());
            }
            view.mode = Mode::Goto(digits);
        }
        Key::Session(Command::Back) => {
            digits.pop();
            view.mode = Mode::Goto(digits);
        }
        Key::Session(Command::Forward) => {
            view.mode = Mode::Look;
            let last = session.lesson.steps.len();
            match digits.parse::<usize>().ok().filter(|step| (1..=last).contains(step)) {
                Some(step) => return Act::Effects(session.handle(Command::Goto(step - 1))),
                None => view.notice = Some(view.lang.say("tui.no-step", &[&last.to_string()])),
            }
        }
        _ => view.mode = Mode::Look,
    }
    NOTHING
}

fn tries(index: usize, session: &mut Session, view: &mut View) -> Act {
    if index >= session.lesson.steps[session.step].variants.len() {
        return NOTHING;
    }
    view.mode = Mode::Look;
    Act::Effects(session.handle(Command::Break(index)))
}

/// The selected row, else the calls of this step.
fn what_to_copy(session: &Session, view: &mut View, scene: &Scene) -> String {
    let row = view.selected.and_then(|(side, row)| Some(printable(scene.side(side).mount(row)?.raw())));
    let is_row = row.is_some();
    let text = row.unwrap_or_else(|| {
        let step = &session.lesson.steps[session.step];
        let round = step.rounds.get(session.rounds.len().saturating_sub(1)).or(step.rounds.last());
        let calls = round.into_iter().flat_map(|round| {
            let calls = round.does.iter().flat_map(lower).map(|call| call.to_string());
            calls.chain(round.lines().map(str::to_string))
        });
        calls.collect::<Vec<_>>().join("\n")
    });
    view.notice = Some(view.lang.say(if is_row { "tui.copied-row" } else { "tui.copied-calls" }, &[]));
    text
}

/// What the first process sees, the whole namespace (where that is more), the machine, a tree, peer groups.
fn sight(session: &Session, view: &mut View) -> Act {
    let sees_less = session.now.inside.as_ref().is_some_and(|inside| inside.seen.raw() != inside.table.raw());
    view.selected = None;
    view.sight = match view.sight {
        Sight::Process if sees_less => Sight::Namespace,
        // Another system than Linux has no table of mounts to show.
        Sight::Process | Sight::Namespace if cfg!(not(target_os = "linux")) => Sight::Tree,
        Sight::Process | Sight::Namespace => Sight::Machine,
        Sight::Machine => Sight::Tree,
        Sight::Tree => Sight::Propagation,
        Sight::Propagation => Sight::Process,
    };
    view.notice = legend(view.sight, view.lang);
    if view.sight == Sight::Machine { Act::LookAtMachine } else { NOTHING }
}
