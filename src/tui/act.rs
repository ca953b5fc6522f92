//! What a key does to the session and to the view. Nothing here touches the terminal.

use super::answer::{choose, guess_the_selected, move_answer, toggles};
use super::keys::{Key, meaning, plain};
use super::page::pointable;
use super::panes::help;
use super::rows::rows;
use super::scene::Scene;
use super::screen::Map;
use super::view::{Focus, Mode, Sight, Tab, View, tabs};
use crate::lesson::Side;
use crate::mounts::printable;
use crate::op::lower;
use crate::session::{Command, Effect, Event, Phase, Session};
use crate::words::Lang;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

/// What a key leads to, outside session and view.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    Effects(Vec<Effect>),
    /// Put a text into the clipboard of the student's terminal.
    Copy(String),
    /// Read the machine's own mount table into the view.
    LookAtMachine,
    Suspend,
    Redraw,
}

const NOTHING: Act = Act::Effects(Vec::new());

/// A key press, on a screen of this size that shows this scene.
pub fn press(event: KeyEvent, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) -> Act {
    view.notice = None;
    if view.mode == Mode::Filter && !event.modifiers.contains(KeyModifiers::CONTROL) {
        typing(event, view);
        return NOTHING;
    }
    let Some(key) = meaning(event) else { return NOTHING };
    let before = (session.step, session.phase, session.rounds.len());
    let act = dispatch(key, session, view, scene, area);
    if before != (session.step, session.phase, session.rounds.len()) {
        view.turn_page();
    }
    act
}

/// What happened, as far as the view is concerned.
pub fn happened(event: Event, session: &mut Session, view: &mut View) {
    let turns = !matches!(event, Event::Failed(_) | Event::NoShell(_) | Event::Notice(_) | Event::Replayed(_));
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
        // Where one side is shown at a time, it is one that changed.
        let other = if view.side == Side::Outside { Side::Inside } else { Side::Outside };
        if session.marks.on(view.side).is_empty() && !session.marks.on(other).is_empty() {
            view.side = other;
        }
        if session.now.inside.as_ref().is_none_or(|inside| inside.facts.root == "/") && view.sight != Sight::Machine {
            view.sight = Sight::Process;
        }
    }
}

fn typing(event: KeyEvent, view: &mut View) {
    match event.code {
        KeyCode::Enter => view.mode = Mode::Look,
        KeyCode::Esc => {
            view.filter.clear();
            view.mode = Mode::Look;
        }
        KeyCode::Backspace => drop(view.filter.pop()),
        KeyCode::Char(character) if view.filter.chars().count() < 40 => view.filter.push(plain(character)),
        _ => {}
    }
    view.selected = None;
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
            let last = help::overflow(view, area) as i32;
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
    match key {
        Key::Session(Command::Forward) if session.asks.is_none() && !session.stuck => forward(session, view),
        Key::Session(command) => {
            view.mode = Mode::Look;
            if command == Command::Tip {
                tip(session, view);
            }
            if command == Command::Shell(Side::Inside) && session.now.inside.is_none() && !session.busy {
                view.notice = Some(view.lang.say("plain.no-container", &[]));
            }
            Act::Effects(session.handle(command))
        }
        Key::Digit(number) => Act::Effects(choose(number, session, view)),
        Key::Close => {
            close(view);
            Act::Effects(session.handle(Command::Cancel))
        }
        Key::Copy => Act::Copy(what_to_copy(session, view, scene)),
        Key::View => sight(session, view),
        other => {
            look(other, session, view, scene, area);
            NOTHING
        }
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

/// What the first process sees, the whole namespace (where that is more), the machine.
fn sight(session: &Session, view: &mut View) -> Act {
    let sees_less = session.now.inside.as_ref().is_some_and(|inside| inside.seen.raw() != inside.table.raw());
    view.selected = None;
    view.sight = match view.sight {
        Sight::Process if sees_less => Sight::Namespace,
        // Another system than Linux has no table of mounts to show.
        Sight::Process | Sight::Namespace if cfg!(not(target_os = "linux")) => Sight::Process,
        Sight::Process | Sight::Namespace => Sight::Machine,
        Sight::Machine => Sight::Process,
    };
    if view.sight == Sight::Machine { Act::LookAtMachine } else { NOTHING }
}

/// Keys that only change how one looks, or which answer is chosen.
fn look(key: Key, session: &mut Session, view: &mut View, scene: &Scene, area: Rect) {
    match key {
        Key::Scroll(_) if toggles(session, view, key) => {
            session.handle(Command::Choose(view.tick));
        }
        Key::Scroll(pages) => {
            scroll(|height| height.saturating_sub(1).max(1) as i32 * pages, session, view, scene, area)
        }
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
fn move_row(by: i32, view: &mut View, scene: &Scene) {
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
    let tabs = tabs(is_wide);
    let current = if is_wide { view.right_tab() } else { view.tab(session) };
    let at = tabs.iter().position(|tab| *tab == current).unwrap_or(0) as i32;
    view.tab = Some(tabs[(at + by).rem_euclid(tabs.len() as i32) as usize]);
    view.mode = Mode::Look;
    view.scroll = None;
}

/// Back through the changes of this sandbox, and forth to now.
fn walk(by: i32, session: &Session, view: &mut View) {
    let count = session.history.len();
    if count == 0 {
        view.notice = Some(view.lang.say("tui.no-changes", &[]));
        return;
    }
    // Now shows the last change already, as long as its marks stand.
    let now = if session.marks.show_something() { count - 1 } else { count };
    let at = view.moment.unwrap_or(now) as i32 + by;
    view.moment = (at < now as i32).then_some(at.max(0) as usize).filter(|_| now > 0);
    view.selected = None;
}
