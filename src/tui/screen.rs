//! The map of the screen: which lines belong to which pane. Drawing reads and never changes anything.

use super::canvas::Canvas;
use super::cells::{Columns, Kind};
use super::laid::Laid;
use super::page::{self, Page};
use super::panes::{foot, heads, help, page_pane, shell, tables, task_strip, title};
use super::rows::{Wanted, lines};
use super::scene::Scene;
use super::style::Tone;
use super::typing;
use super::view::{Focus, Mode, Sight, View};
use crate::lesson::Side;
use crate::session::{Phase, Session, layers_of};
use crate::wrap::wrap;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::ops::Range;

pub const MIN_WIDTH: usize = 60;
pub const MIN_HEIGHT: usize = 16;
/// From this size on both shells stand below the tables; on a smaller screen one has the page's place.
const BESIDE: (usize, usize) = (120, 24);

/// Lines of the panes, from the top of the screen.
#[derive(Debug, Clone)]
pub struct Map {
    pub width: usize,
    pub columns: Columns,
    /// None where there is no room for tabs.
    pub tabs: Option<usize>,
    pub page: Range<usize>,
    /// Cells of the page, and of the second page at its right if there is one.
    pub page_width: usize,
    pub right_page: Option<Range<usize>>,
    pub heads: usize,
    pub tables: Range<usize>,
    /// The first of two: summary and raw row.
    pub foot: usize,
    /// A task's conditions in the place of these two.
    pub strip: Option<usize>,
    /// The line above both shells where they stand beside each other.
    pub shell_heads: Option<usize>,
    /// The shells that are shown, and where.
    pub shells: Vec<(Side, Rect)>,
    /// The first of two: message and keys.
    pub message: usize,
}

impl Map {
    /// None: the screen is too small.
    pub fn of(session: &Session, view: &View, scene: &Scene, area: Rect) -> Option<Map> {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        if width < MIN_WIDTH || height < MIN_HEIGHT {
            return None;
        }
        let columns = Columns::of(width);
        let tabs = (columns.kind != Kind::Single).then_some(1);
        let top = 1 + usize::from(tabs.is_some());
        let message = height - 2;
        let beside = view.shells.any() && has_room_beside(area);
        let alone = if beside { None } else { one_shell(session, view) };
        let strip = alone.filter(|_| session.phase == Phase::Task).map(|_| message - task_strip::height(session));
        let shell_heads = beside.then(|| message - 1 - (height / 4).max(6));
        let foot = strip.unwrap_or(shell_heads.unwrap_or(message) - 2);
        let is_wide = columns.kind == Kind::Wide && alone.is_none();
        let page_width = if is_wide { width * 2 / 5 - 2 } else { width - 2 };
        let free = foot - top - 1;
        let page_lines = match (view.zoomed, view.focus) {
            _ if alone.is_some() => free - (free * 2 / 5).clamp(5, 6.max(free / 3)),
            (true, Focus::Page) => free,
            (true, Focus::Table) => 0,
            // A projector's font: the page takes what it needs, the table at least five lines.
            _ if columns.kind == Kind::Single => {
                page::content(session, view, scene, false, page_width, free - 5).lines.len().clamp(3, free - 5)
            }
            _ => {
                let usual = free * 8 / 17;
                let most = free.saturating_sub(needed(session, view, scene, free)).max(usual);
                page::content(session, view, scene, is_wide, page_width, most).lines.len().clamp(usual, most)
            }
        };
        let heads = top + page_lines;
        let rect = |x: usize, y: usize, width: usize, height: usize| {
            Rect::new(x as u16, y as u16, width as u16, height as u16)
        };
        let shells = match (alone, shell_heads) {
            (Some(side), _) => vec![(side, rect(0, top, width - 1, page_lines))],
            (None, Some(head)) => {
                [(Side::Outside, 0, columns.side + 1), (Side::Inside, columns.right() - 1, columns.side + 1)]
                    .map(|(side, x, cells)| (side, rect(x, head + 1, cells.min(width - 1 - x), message - head - 1)))
                    .to_vec()
            }
            (None, None) => Vec::new(),
        };
        Some(Map {
            width,
            columns,
            tabs,
            page: top..heads,
            page_width,
            right_page: is_wide.then_some(page_width + 4..width - 1),
            heads,
            tables: heads + 1..foot,
            foot,
            strip,
            shell_heads,
            shells,
            message,
        })
    }

    /// The page, its first line and its last possible first line.
    pub fn page(&self, session: &Session, view: &View, scene: &Scene) -> (Page, usize, usize) {
        let height = self.page.len();
        let page = page::content(session, view, scene, self.right_page.is_some(), self.page_width, height);
        let last = page.lines.len().saturating_sub(height);
        let first = view.scroll.unwrap_or_else(|| page.first(height)).min(last);
        (page, first, last)
    }
}

/// Whether both shells have room below the tables.
pub fn has_room_beside(area: Rect) -> bool {
    usize::from(area.width) >= BESIDE.0 && usize::from(area.height) >= BESIDE.1
}

/// The one shell that has the page's place: the one that is typed into, else the tab that is open.
fn one_shell(session: &Session, view: &View) -> Option<Side> {
    let is_covered = session.asks.is_some()
        || matches!(view.mode, Mode::Variants(_) | Mode::Explain | Mode::Fault(_) | Mode::Play(_));
    view.shells.typing.or(typing::shown(view).filter(|_| !is_covered))
}

/// How many of so many lines the tables need: what they leave empty is the page's. Where the last round is told by its
/// layers and no row changed, they fold.
fn needed(session: &Session, view: &View, scene: &Scene, free: usize) -> usize {
    let outside = if view.sight == Sight::Machine { view.machine.len() } else { session.now.outside.table.len() };
    let inside = session.now.inside.as_ref().map_or(0, |inside| inside.table.len());
    if outside.max(inside) > free {
        return free;
    }
    let all = Wanted {
        step: session.step,
        selected: view.selected,
        folded: view.folded,
        filter: view.filter.clone(),
        lang: view.lang,
        height: usize::MAX,
        only: None,
    };
    let rows = lines(&session.lesson.steps[session.step].focus, scene, &all).len();
    let layers = session.rounds.last().and_then(|record| layers_of(&session.lesson.steps[session.step], record));
    let is_beside = layers.is_some() && !session.marks.show_something() && view.focus == Focus::Page;
    if is_beside { rows.min(4) } else { rows }
}

/// Draws everything. Returns where the cursor belongs: on what is chosen, for magnifiers and screen readers.
pub fn draw(session: &Session, view: &View, laid: &Laid, buffer: &mut Buffer) -> Position {
    let area = laid.area;
    let mut canvas = Canvas { area, buffer, colour: view.colour };
    let (y, x) = paint(session, view, laid, &mut canvas);
    let last = |size: u16| size.saturating_sub(1);
    Position::new(area.x + (x as u16).min(last(area.width)), area.y + (y as u16).min(last(area.height)))
}

/// The cursor as line and column.
fn paint(session: &Session, view: &View, laid: &Laid, canvas: &mut Canvas) -> (usize, usize) {
    let (scene, Some(map)) = (&laid.scene, &laid.map) else {
        let width = usize::from(canvas.area.width);
        for (row, line) in wrap(&view.lang.say("tui.small", &[]), width).iter().enumerate() {
            canvas.put(row, 0, line, Tone::Plain);
        }
        return (0, 0);
    };
    if view.mode == Mode::Help {
        return help::draw(session, view, canvas);
    }
    title::draw(session, view, map, canvas);
    let has_page = map.shell_heads.is_some() || map.shells.is_empty();
    let in_page = if has_page { page_pane::draw(session, view, scene, map, canvas) } else { None };
    heads::draw(view, scene, map, canvas);
    let in_table = tables::draw(view, laid, map, canvas);
    let in_foot = foot::draw(session, view, scene, map, canvas);
    let in_shell = shell::draw(session, view, map, canvas);
    in_shell
        .or(in_foot)
        .or(in_table.filter(|_| view.focus == Focus::Table))
        .or(in_page)
        .or(in_table)
        .unwrap_or((map.page.start, 1))
}
