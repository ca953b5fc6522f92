//! Keys that only change how one looks at the session.

use super::answer::{guess_the_selected, move_answer, toggles};
use super::keys::Key;
use super::rows::rows;
use super::scene::Scene;
use super::screen::Map;
use super::typing;
use super::view::{Focus, Mode, Tab, View, tabs};
use crate::lesson::Side;
use crate::session::{Command, Phase, Session};
use ratatui::layout::Rect;

/// Keys that only change how one looks, or which answer is chosen.
pub fn look(key: Key, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) {
    match key {
        Key::Scroll(_) if toggles(session, view, key) => {
            session.handle(Command::Choose(view.tick));
        }
        Key::Scroll(pages) if typing::scrolls(view, area) => typing::scroll_shown(-pages * typing::PAGE, view),
        Key::Scroll(pages) => {
            scroll(|height| height.saturating_sub(1).max(1) as i32 * pages, session, view, scene, area)
        }
        Key::Move(by) if typing::scrolls(view, area) => typing::scroll_shown(-by, view),
        Key::Home => ends(i32::MIN, session, view, scene, area),
        Key::End => ends(i32::MAX, session, view, scene, area),
        Key::Move(by) => step(by, session, view, scene, area),
        Key::Side(side) => {
            view.side = side;
            view.focus = Focus::Table;
            view.selected = None;
            move_row(0, view, scene);
        }
        Key::OtherSide => {
            view.side = if view.side == Side::Outside { Side::Inside } else { Side::Outside };
            view.selected = None;
        }
        Key::Pane(by) => pane(by, view, scene),
        Key::Tab(by) => tab(by, session, view, scene, area),
        Key::Fold => view.folded = !view.folded,
        Key::Zoom => view.zoomed = !view.zoomed,
        Key::Filter => {
            view.mode = Mode::Filter;
            view.selected = None;
        }
        Key::Walk(by) => walk(by, session, view),
        Key::Variants if session.phase != Phase::After && !session.busy => {
            view.mode = Mode::Variants(0);
            view.scroll = None;
        }
        Key::GoTo => view.mode = Mode::Goto(String::new()),
        Key::Language => view.lang = view.lang.other(),
        Key::Help => {
            view.mode = Mode::Help;
            view.scroll = None;
        }
        _ => {}
    }
}

fn scroll(by: impl Fn(usize) -> i32, session: &Session, view: &mut View, scene: &Scene, area: Rect) {
    let Some(map) = Map::of(session, view, scene, area) else { return };
    let (_, first, last) = map.page(session, view, scene);
    view.scroll = Some(first.saturating_add_signed(by(map.page.len()) as isize).min(last));
}

fn ends(to: i32, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) {
    if view.focus == Focus::Table {
        move_row(to, view, scene);
        guess_the_selected(session, view);
    } else {
        scroll(|_| to, session, view, scene, area);
    }
}

fn step(by: i32, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) {
    if view.focus == Focus::Table {
        move_row(by, view, scene);
        guess_the_selected(session, view);
    } else if session.phase == Phase::Predict && session.asks.is_none() && view.mode == Mode::Look {
        move_answer(by, session, view);
    } else {
        scroll(|_| by, session, view, scene, area);
    }
}

/// Selects a row of the focused table; the first time, one that the last change touched, or the first.
pub fn move_row(by: i32, view: &mut View, scene: &Scene) {
    let side = view.side;
    // Folded rows are not skipped: the fold opens around what is selected.
    let rows = rows(scene, side, &view.filter);
    if rows.is_empty() {
        view.selected = None;
        return;
    }
    let shown = scene.side(side);
    let at = view.selected.filter(|(of, _)| *of == side).and_then(|(_, row)| rows.iter().position(|r| *r == row));
    let next = match at {
        Some(at) => (at as i64 + i64::from(by)).clamp(0, rows.len() as i64 - 1) as usize,
        None if by == i32::MAX => rows.len() - 1,
        None => {
            let changed = rows.iter().position(|&row| shown.change(row).is_some());
            changed.or(rows.iter().position(|&row| !shown.is_out_of_view(row))).unwrap_or(0)
        }
    };
    view.selected = Some((side, rows[next]));
}

fn pane(by: i32, view: &mut View, scene: &Scene) {
    let all = [(Focus::Page, view.side), (Focus::Table, Side::Outside), (Focus::Table, Side::Inside)];
    let at = match (view.focus, view.side) {
        (Focus::Page, _) => 0,
        (Focus::Table, Side::Outside) => 1,
        (Focus::Table, Side::Inside) => 2,
    };
    (view.focus, view.side) = all[(at + by).rem_euclid(3) as usize];
    view.selected = None;
    if view.focus == Focus::Table {
        move_row(0, view, scene);
    }
}

fn tab(by: i32, session: &Session, view: &mut View, scene: &Scene, area: Rect) {
    let is_wide = Map::of(session, view, scene, area).is_some_and(|map| map.right_page.is_some());
    let mut tabs = tabs(is_wide);
    if !is_wide {
        let open = [Side::Outside, Side::Inside].into_iter().filter(|side| view.shells.get(*side).is_some());
        tabs.extend(open.map(Tab::Shell));
    }
    let current = if is_wide { view.right_tab() } else { view.tab(session) };
    let at = tabs.iter().position(|tab| *tab == current).unwrap_or(0) as i32;
    view.tab = Some(tabs[(at + by).rem_euclid(tabs.len() as i32) as usize]);
    view.focus = Focus::Page;
    view.mode = Mode::Look;
    view.scroll = None;
}

/// Back through the changes of this sandbox, and forth to now.
fn walk(by: i32, session: &Session, view: &mut View) {
    if session.history.is_empty() {
        view.notice = Some(view.lang.say("tui.no-changes", &[]));
        return;
    }
    // Now shows the last change already, as long as its marks stand.
    view.moment = session.history.walk(view.moment, by, session.marks.show_something());
    view.selected = None;
}
