//! Keys while a shell is open: those that go to it, the one that leaves it, and those that ask for it.

use super::act::Act;
use super::screen::has_room_beside;
use super::shells::root;
use super::view::{Focus, Mode, Tab, View};
use crate::lesson::Side;
use crate::session::{Command, Session};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

/// Lines of a page of the scrollback.
pub const PAGE: i32 = 5;

/// A key press, if it is one of the shells'.
pub fn press(event: KeyEvent, view: &mut View) -> Option<Act> {
    let left = view.shells.left.take();
    if let Some(side) = view.shells.typing {
        if view.leave.is(event) {
            view.shells.typing = None;
            view.shells.left = Some(side);
            view.tab = Some(Tab::Shell(side));
            return Some(Act::Effects(Vec::new()));
        }
        let pages = match event.code {
            KeyCode::PageUp => 1,
            KeyCode::PageDown => -1,
            _ => 0,
        };
        if pages != 0 && event.modifiers == KeyModifiers::SHIFT {
            scroll(pages * PAGE, side, view);
            return Some(Act::Effects(Vec::new()));
        }
        return Some(Act::Type(side, event));
    }
    if let Some(side) = left.filter(|side| view.shells.lives(*side) && view.leave.is(event)) {
        view.shells.typing = Some(side);
        return Some(Act::Type(side, event));
    }
    if let Mode::Reopen(side) = view.mode {
        view.mode = Mode::Look;
        match event.code {
            KeyCode::Enter => return Some(Act::Open(side)),
            KeyCode::Esc => {
                view.shells.typing = Some(side);
                return Some(Act::Effects(Vec::new()));
            }
            _ => {}
        }
    }
    None
}

/// `$` and `#`: type into the side's shell, which is opened when first asked for.
pub fn ask(side: Side, session: &mut Session, view: &mut View) -> Act {
    // Whatever was asked is answered with no.
    let effects = session.handle(Command::Cancel);
    view.mode = Mode::Look;
    if side == Side::Inside && session.now.inside.is_none() && !view.shells.lives(side) {
        view.notice = Some(view.lang.say("plain.no-container", &[]));
    } else if !view.shells.lives(side) {
        return Act::Open(side);
    } else if view.shells.get(side).is_some_and(|pane| pane.root != root(session, side)) {
        view.tab = Some(Tab::Shell(side));
        view.mode = Mode::Reopen(side);
    } else {
        view.tab = Some(Tab::Shell(side));
        view.shells.typing = Some(side);
    }
    Act::Effects(effects)
}

/// The shell that is looked at without typing into it, where one shell is shown at a time.
pub fn shown(view: &View) -> Option<Side> {
    match view.tab {
        Some(Tab::Shell(side)) if view.shells.get(side).is_some() => Some(side),
        _ => None,
    }
}

/// The shell that is given the whole terminal when asked to zoom.
pub fn lent(view: &View) -> Option<Side> {
    let side = shown(view).filter(|_| view.focus == Focus::Page && view.mode == Mode::Look)?;
    view.shells.lives(side).then_some(side)
}

/// Whether the keys that scroll are for the shell that is shown.
pub fn scrolls(view: &View, area: Rect) -> bool {
    !has_room_beside(area) && view.mode == Mode::Look && view.focus == Focus::Page && shown(view).is_some()
}

pub fn scroll_shown(lines: i32, view: &mut View) {
    if let Some(side) = shown(view) {
        scroll(lines, side, view);
    }
}

/// So many lines up, or down.
fn scroll(lines: i32, side: Side, view: &mut View) {
    if let Some(pane) = view.shells.get_mut(side) {
        pane.emulator.scroll(lines);
    }
}
