//! What a key does here. The keys are the lesson's, through the same key table.

use super::draw::{help_lines, map};
use super::{SIDES, Watching};
use crate::lesson::Side;
use crate::mounts::printable;
use crate::op::errno_name;
use crate::session::Command;
use crate::tui::act::typing;
use crate::tui::keys::{Key, meaning};
use crate::tui::look::move_row;
use crate::tui::panes::help::overflow_of;
use crate::tui::shape::legend;
use crate::tui::view::{Mode, Sight, View};
use crate::watch::Watched;
use crossterm::event::{KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

/// What a key leads to, outside of what is shown.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    Nothing,
    Leave,
    /// Put a text into the clipboard of the terminal.
    Copy(String),
    /// Read everything anew.
    Reread,
    Suspend,
    Redraw,
}

pub fn press(event: KeyEvent, watching: &mut Watching, area: Rect) -> Act {
    watching.view.notice = None;
    if watching.view.mode == Mode::Filter && !event.modifiers.contains(KeyModifiers::CONTROL) {
        typing(event, &mut watching.view);
        return Act::Nothing;
    }
    let Some(key) = meaning(event) else { return Act::Nothing };
    match key {
        Key::Session(Command::Leave) => return Act::Leave,
        Key::Suspend => return Act::Suspend,
        Key::Redraw => return Act::Redraw,
        _ => {}
    }
    match watching.view.mode {
        Mode::Help => {
            read_help(key, watching, area);
            return Act::Nothing;
        }
        // Whatever else is done, the explanation is closed; moving explains the next row, and it can be scrolled.
        Mode::Explain if !matches!(key, Key::Move(_) | Key::Scroll(_) | Key::Home | Key::End | Key::Copy) => {
            watching.view.mode = Mode::Look;
            watching.view.scroll = None;
            if matches!(key, Key::Session(Command::Forward) | Key::Close) {
                return Act::Nothing;
            }
        }
        Mode::Explain if let Key::Scroll(pages) = key => {
            let first = watching.view.scroll.unwrap_or(0) as i32 + pages * 3;
            watching.view.scroll = Some(first.max(0) as usize);
            return Act::Nothing;
        }
        _ => {}
    }
    match key {
        Key::Session(Command::Rebuild) => {
            watching.view.notice = Some(watching.view.lang.say("watch.reread", &[]));
            return Act::Reread;
        }
        Key::Copy => return copied(watching),
        Key::Session(Command::Forward) => explain(watching),
        Key::Close => close(watching),
        Key::Walk(by) => walk(by, watching),
        other => look(other, watching, area),
    }
    Act::Nothing
}

/// Any key but those that scroll closes it.
fn read_help(key: Key, watching: &mut Watching, area: Rect) {
    let last = overflow_of(&help_lines(&watching.view, usize::from(area.width)), area) as i32;
    let by = match key {
        Key::Scroll(pages) => pages * (i32::from(area.height) - 2).max(1),
        Key::Move(by) => by,
        _ => 0,
    };
    let view = &mut watching.view;
    if by != 0 && last > 0 {
        view.scroll = Some((view.scroll.unwrap_or(0) as i32 + by).clamp(0, last) as usize);
    } else {
        view.mode = Mode::Look;
        view.scroll = None;
    }
}

fn look(key: Key, watching: &mut Watching, area: Rect) {
    watching.scene();
    let Watching { watched, view, laid } = watching;
    match key {
        Key::Move(by) => move_row(by, view, &laid.scene),
        Key::Home => move_row(i32::MIN, view, &laid.scene),
        Key::End => move_row(i32::MAX, view, &laid.scene),
        Key::Scroll(pages) => {
            let height = map(view, &laid.scene, area).map_or(1, |map| map.tables.len());
            move_row(pages * (height as i32 - 1).max(1), view, &laid.scene);
        }
        Key::Side(side) => {
            view.side = side;
            view.selected = None;
            move_row(0, view, &laid.scene);
        }
        Key::OtherSide | Key::Pane(_) => {
            view.side = if view.side == Side::Outside { Side::Inside } else { Side::Outside };
            view.selected = None;
            move_row(0, view, &laid.scene);
        }
        Key::View => {
            // As in a lesson, but for the machine's own table: that is what is looked at already.
            view.sight = match view.sight {
                Sight::Process if watched.now.sees_less() => Sight::Namespace,
                Sight::Process | Sight::Namespace | Sight::Machine => Sight::Tree,
                Sight::Tree => Sight::Propagation,
                Sight::Propagation => Sight::Process,
            };
            view.notice = refused_rest(watched, view).or_else(|| legend(view.sight, view.lang));
        }
        Key::Fold => view.folded = !view.folded,
        Key::Filter => {
            view.mode = Mode::Filter;
            view.selected = None;
        }
        Key::Language => view.lang = view.lang.other(),
        Key::Help => {
            view.mode = Mode::Help;
            view.scroll = None;
        }
        _ => {}
    }
}

/// Whose whole namespace is not offered after the list, and why.
fn refused_rest(watched: &Watched, view: &View) -> Option<String> {
    if view.sight != Sight::Tree {
        return None;
    }
    SIDES.into_iter().find_map(|side| {
        let errno = watched.now.side(side).refused_rest?;
        Some(view.lang.say("watch.no-namespace", &[&watched.now.name(side, view.lang), &errno_name(errno)]))
    })
}

/// Back to now; else the selected row, or the first that is worth it, field by field.
fn explain(watching: &mut Watching) {
    if watching.view.moment.take().is_some() {
        watching.view.selected = None;
        return;
    }
    watching.scene();
    let Watching { view, laid, .. } = watching;
    if view.selected.is_none() {
        move_row(0, view, &laid.scene);
    }
    if view.selected.is_some() {
        view.mode = Mode::Explain;
        view.scroll = Some(0);
    }
}

/// One thing after another, until nothing is open.
fn close(watching: &mut Watching) {
    let view = &mut watching.view;
    if view.moment.take().is_some() || view.selected.is_some() {
        view.selected = None;
    } else {
        view.filter.clear();
    }
}

fn copied(watching: &mut Watching) -> Act {
    watching.scene();
    let Watching { view, laid, .. } = watching;
    let row = view.selected.and_then(|(side, row)| Some(printable(laid.scene.side(side).mount(row)?.raw())));
    let key = if row.is_some() { "tui.copied-row" } else { "watch.copy-what" };
    view.notice = Some(view.lang.say(key, &[]));
    row.map_or(Act::Nothing, Act::Copy)
}

/// Back through the changes seen so far, and forth to now.
fn walk(by: i32, watching: &mut Watching) {
    let Watching { watched, view, .. } = watching;
    if watched.history.is_empty() {
        view.notice = Some(view.lang.say("watch.no-changes", &[]));
        return;
    }
    view.moment = watched.history.walk(view.moment, by, watched.marks.is_change());
    view.selected = None;
    // Where one side is shown at a time, it is one that changed.
    let (_, marks) = super::tables(watched, view);
    if let Some(side) = SIDES.into_iter().find(|side| !marks.on(*side).is_empty())
        && marks.on(view.side).is_empty()
    {
        view.side = side;
    }
}
