//! The map of the screen: title, tabs, page, heads, tables, summary, raw row, message, keys.

use super::keys::HELP;
use super::markdown::{cut, fit, wrap};
use super::page;
use super::tables::{Cell, Columns, TableLine, lines, shown};
use crate::lesson::Side;
use crate::mounts::{ChangeKind, printable};
use crate::session::{Phase, Session, SideState};
use crate::words::Lang;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// What the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Text,
    Ran,
    Program,
}

/// How the student looks at the session; nothing here changes what happened.
#[derive(Debug, Clone)]
pub struct View {
    pub lang: Lang,
    pub tab: Tab,
    pub scroll: usize,
    pub side: Side,
    pub selected: Option<(Side, usize)>,
    /// The whole namespace rather than what the first process sees.
    pub namespace: bool,
    pub folded: bool,
    pub help: bool,
    pub variants: bool,
    /// Digits of a step to go to.
    pub goto: Option<String>,
    pub ascii: bool,
}

impl View {
    pub fn new(lang: Lang) -> View {
        View {
            lang,
            tab: Tab::Text,
            scroll: 0,
            side: Side::Inside,
            selected: None,
            namespace: false,
            folded: true,
            help: false,
            variants: false,
            goto: None,
            ascii: true,
        }
    }
}

const ADDED: Style = Style::new().fg(Color::Blue).add_modifier(Modifier::BOLD);
const REMOVED: Style = Style::new().fg(Color::Magenta).add_modifier(Modifier::CROSSED_OUT);
const CHANGED: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::UNDERLINED);
const HEAD: Style = Style::new().add_modifier(Modifier::BOLD);
const BAR: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Heights of the parts of a screen of so many lines: page, tables.
fn heights(height: u16) -> (usize, usize) {
    let free = usize::from(height).saturating_sub(7);
    let page = free * 8 / 17;
    (page.max(3), free.saturating_sub(page.max(3)))
}

/// Draws everything. Returns where the cursor belongs: on what is chosen, for magnifiers and screen readers.
pub fn draw(session: &Session, view: &View, area: Rect, buffer: &mut Buffer) -> Position {
    let lang = view.lang;
    let mut put = |y: usize, x: usize, text: &str, style: Style| {
        if y < usize::from(area.height) && x < usize::from(area.width) {
            let room = usize::from(area.width) - x;
            buffer.set_stringn(area.x + x as u16, area.y + y as u16, text, room, style);
        }
    };
    let width = usize::from(area.width);
    if area.width < 60 || area.height < 16 {
        for (row, line) in wrap(&lang.say("tui.small", &[]), width.max(8)).iter().enumerate() {
            put(row, 0, line, Style::new());
        }
        return Position::new(area.x, area.y);
    }
    if view.help {
        put(0, 0, &fit(&format!(" {}", lang.say("tui.help", &[])), width), BAR);
        // Two columns where the keys do not fit in one.
        let rows = usize::from(area.height) - 1;
        for (index, (keys, key)) in HELP.iter().enumerate() {
            let line = format!(" {}{}", fit(keys, 17), lang.say(key, &[]));
            let half = width / 2;
            let x = if index >= rows { half } else { 0 };
            put(1 + index % rows, x, &cut(&line, if HELP.len() > rows { half - 1 } else { width - 1 }), Style::new());
        }
        return Position::new(area.x, area.y);
    }
    let columns = Columns::of(area.width);
    let (page_height, table_height) = heights(area.height);
    let words = session.lesson.step_text(lang.code(), session.step);
    let state = if session.busy { lang.say("tui.busy", &[]) } else { phases(session, lang) };
    let title = format!(" {}  {}/{}  {}", session.lesson.id, session.step + 1, session.lesson.steps.len(), words.title);
    let room = width.saturating_sub(state.width() + 2);
    put(0, 0, &format!("{}{state} ", fit(&title, room + 1)), HEAD);

    let tabs = [(Tab::Text, "tui.text"), (Tab::Ran, "tui.ran"), (Tab::Program, "tui.program")];
    let mut bar = String::from("--");
    for (tab, key) in tabs {
        let name = lang.say(key, &[]);
        bar.push_str(&if tab == view.tab { format!(" [{name}]") } else { format!("  {name} ") });
    }
    bar.push(' ');
    let wide = columns == Columns::Wide;
    let page_width = if wide { 64 } else { width - 2 };
    put(1, 0, &(bar.clone() + &"-".repeat(width.saturating_sub(bar.width() + 1))), Style::new());
    let text = page::content(session, view, if wide { Tab::Text } else { view.tab }, page_width);
    let scroll = view.scroll.min(text.len().saturating_sub(page_height));
    for (row, line) in text.iter().skip(scroll).take(page_height).enumerate() {
        put(2 + row, 1, line, Style::new());
    }
    if text.len() > scroll + page_height {
        put(1 + page_height, width.saturating_sub(10), &lang.say("tui.more", &[]), BAR);
    }
    if wide {
        let tab = if view.tab == Tab::Text {
            if session.rounds.is_empty() { Tab::Program } else { Tab::Ran }
        } else {
            view.tab
        };
        let side = page::content(session, view, tab, width - 70);
        for row in 0..page_height {
            put(2 + row, 66, "|", Style::new());
            if let Some(line) = side.get(row) {
                put(2 + row, 68, line, Style::new());
            }
        }
    }

    let top = 2 + page_height;
    heads(session, view, columns, width, top, &mut put);
    let rows = lines(session, view, columns, table_height, lang);
    let mut cursor = Position::new(area.x, area.y + 2);
    let first = first_visible(&rows, view, table_height);
    for (row, line) in rows.iter().skip(first).take(table_height).enumerate() {
        let y = top + 1 + row;
        draw_line(line, view, columns, y, lang, &mut put);
        let chosen = |side, cell: &Option<Cell>| {
            view.selected.is_some() && view.selected == cell.as_ref().and_then(|cell| Some((side, cell.row?)))
        };
        if chosen(Side::Outside, &line.left) {
            cursor = Position::new(area.x, area.y + y as u16);
        } else if chosen(Side::Inside, &line.right) {
            let x = if columns == Columns::Single { 0 } else { columns.width() + 3 };
            cursor = Position::new(area.x + x as u16, area.y + y as u16);
        }
    }
    let bottom = usize::from(area.height) - 4;
    let side_width = columns.width();
    match columns {
        Columns::Single => put(bottom, 1, &summary(session, view, view.side), Style::new()),
        _ => {
            put(bottom, 1, &cut(&summary(session, view, Side::Outside), side_width - 1), Style::new());
            put(bottom, side_width + 4, &summary(session, view, Side::Inside), Style::new());
        }
    }
    put(bottom + 1, 1, &cut(&raw_row(session, view), width - 2), Style::new());
    let message = match (&session.trouble, &view.goto) {
        (Some(trouble), _) => trouble.clone(),
        (_, Some(digits)) => lang.say("tui.goto", &[digits]),
        _ => lang.say("tui.untouched", &[]),
    };
    put(bottom + 2, 1, &cut(&message, width - 2), Style::new());
    put(bottom + 3, 0, &fit(&format!(" {}", key_line(session, view)), width - 1), BAR);
    cursor
}

/// Scrolls so that the selected row, or else the first marked one, is visible.
fn first_visible(rows: &[TableLine], view: &View, height: usize) -> usize {
    let selected = |line: &TableLine| {
        let is = |side, cell: &Option<Cell>| {
            cell.as_ref().is_some_and(|cell| cell.row.is_some() && view.selected == cell.row.map(|row| (side, row)))
        };
        is(Side::Outside, &line.left) || is(Side::Inside, &line.right)
    };
    let marked =
        |line: &TableLine| [&line.left, &line.right].into_iter().flatten().any(|cell| !matches!(cell.mark, ' ' | '\0'));
    let at = rows.iter().position(selected).or_else(|| rows.iter().position(marked)).unwrap_or(0);
    if rows.len() <= height || at < height { 0 } else { (at + 1 - height.div_ceil(2)).min(rows.len() - height) }
}

fn phases(session: &Session, lang: Lang) -> String {
    if session.phase == Phase::Broken {
        return lang.say("tui.broken", &[]);
    }
    let now = match session.phase {
        Phase::Read => "phase.read",
        Phase::Predict => "phase.predict",
        Phase::Do => "phase.do",
        _ => "phase.see",
    };
    let all: Vec<String> = ["phase.read", "phase.predict", "phase.do", "phase.see"]
        .iter()
        .map(|key| if *key == now { format!("[{}]", lang.say(key, &[]).to_uppercase()) } else { lang.say(key, &[]) })
        .collect();
    all.join(" > ")
}

fn heads(
    session: &Session,
    view: &View,
    columns: Columns,
    width: usize,
    y: usize,
    put: &mut impl FnMut(usize, usize, &str, Style),
) {
    let lang = view.lang;
    let head = |side: Side| -> String {
        let Some(state) = session.now.side(side) else { return lang.say("tui.no-container", &[]) };
        let facts = &state.facts;
        let inode = facts.namespace("mnt").unwrap_or(0);
        let root = if facts.root == "/" {
            String::new()
        } else {
            lang.say(if view.namespace { "tui.namespace" } else { "tui.sees" }, &[])
        };
        if columns == Columns::Wide {
            let key = if side == Side::Outside { "tui.outside-wide" } else { "tui.inside-wide" };
            let pids = [facts.pid_inside.to_string(), facts.pid_outside.to_string()];
            return lang.say(key, &[&inode.to_string(), &facts.hostname, &facts.root, &pids[0], &pids[1]]);
        }
        let short = format!("mnt..{:04}", inode % 10000);
        match side {
            Side::Outside => lang.say("tui.outside", &[&short]),
            Side::Inside if !root.is_empty() => lang.say("tui.inside-root", &[&root]),
            Side::Inside => {
                lang.say("tui.inside", &[&facts.pid_inside.to_string(), &facts.pid_outside.to_string(), &short])
            }
        }
    };
    let dashes = |text: String, width: usize| {
        let text = cut(&format!("- {text} "), width);
        let used = text.width();
        text + &"-".repeat(width.saturating_sub(used))
    };
    if columns == Columns::Single {
        let other = if view.side == Side::Outside { Side::Inside } else { Side::Outside };
        let changes = if other == Side::Outside { &session.marks.outside } else { &session.marks.inside };
        let other = lang.say(
            "tui.other",
            &[
                &lang.say(if other == Side::Outside { "side.outside" } else { "side.inside" }, &[]),
                &changes.len().to_string(),
            ],
        );
        put(y, 0, &dashes(format!("{} {other}", head(view.side)), width - 1), HEAD);
    } else {
        let side = columns.width();
        put(y, 0, &dashes(head(Side::Outside), side + 1), HEAD);
        put(y, side + 1, "|", HEAD);
        put(y, side + 2, &dashes(head(Side::Inside), width.saturating_sub(side + 3)), HEAD);
    }
}

fn draw_line(
    line: &TableLine,
    view: &View,
    columns: Columns,
    y: usize,
    lang: Lang,
    put: &mut impl FnMut(usize, usize, &str, Style),
) {
    let side = columns.width();
    if line.folded > 0 {
        let text = lang.say(if line.alike { "tui.folded-alike" } else { "tui.folded" }, &[&line.folded.to_string()]);
        put(y, 2, &text, Style::new());
        if columns != Columns::Single {
            put(y, side + 5, &text, Style::new());
        }
        return;
    }
    let mut cell = |side: Side, x: usize, cell: &Option<Cell>| {
        let Some(cell) = cell else { return };
        if cell.note {
            put(y, x + 2, &cut(&cell.text, columns.width() - 2), Style::new());
            return;
        }
        let mut style = match cell.mark {
            '+' => ADDED,
            '-' => REMOVED,
            '~' => CHANGED,
            _ => Style::new(),
        };
        if cell.row.is_some() && view.selected == cell.row.map(|row| (side, row)) {
            style = style.add_modifier(Modifier::REVERSED);
        }
        // The mark itself is never underlined or struck: it must stay readable.
        put(y, x, &cell.mark.to_string(), Style::new().add_modifier(Modifier::BOLD));
        put(y, x + 2, &cell.text, style);
    };
    match columns {
        Columns::Single if view.side == Side::Outside => cell(Side::Outside, 0, &line.left),
        Columns::Single => cell(Side::Inside, 0, &line.right),
        _ => {
            cell(Side::Outside, 0, &line.left);
            cell(Side::Inside, side + 3, &line.right);
            put(y, side + 1, &line.gutter.to_string(), Style::new());
        }
    }
}

fn summary(session: &Session, view: &View, side: Side) -> String {
    let lang = view.lang;
    let Some(state) = session.now.side(side) else { return String::new() };
    let changes = if side == Side::Outside { &session.marks.outside } else { &session.marks.inside };
    let mut parts = Vec::new();
    for (kinds, key) in [
        (&[ChangeKind::Added, ChangeKind::Uncovered][..], "cond.added"),
        (&[ChangeKind::Removed], "cond.removed"),
        (&[ChangeKind::Changed, ChangeKind::Moved], "cond.changed"),
        (&[ChangeKind::Covered], "cond.covered"),
    ] {
        let count = changes.iter().filter(|change| kinds.contains(&change.kind)).count();
        if count > 0 {
            parts.push(lang.say(key, &[&count.to_string()]));
        }
    }
    let whole = state.table.len();
    let count = shown(state, view).len();
    let rows = if count == whole {
        lang.say("tui.rows", &[&whole.to_string()])
    } else {
        lang.say("tui.rows-of", &[&count.to_string(), &whole.to_string()])
    };
    if parts.is_empty() { rows } else { format!("{rows}: {}", parts.join(", ")) }
}

/// The kernel's own row of what is selected, else of the first row that the last change touched.
fn raw_row(session: &Session, view: &View) -> String {
    let touched = || {
        [(Side::Inside, &session.marks.inside), (Side::Outside, &session.marks.outside)].into_iter().find_map(
            |(side, changes)| {
                let change = changes.iter().find(|change| change.kind == ChangeKind::Added).or(changes.first())?;
                let state: &SideState = session.now.side(side)?;
                Some((side, printable(state.table.rows().get(change.after?)?.raw())))
            },
        )
    };
    let selected = view.selected.and_then(|(side, row)| {
        let state = session.now.side(side)?;
        Some((side, printable(shown(state, view).rows().get(row)?.raw())))
    });
    match selected.or_else(touched) {
        Some((side, raw)) => {
            let name = view.lang.say(if side == Side::Outside { "side.outside" } else { "side.inside" }, &[]);
            format!("> {name} {raw}")
        }
        None => String::new(),
    }
}

fn key_line(session: &Session, view: &View) -> String {
    let key = if session.asks.is_some() {
        "keys.ask"
    } else if session.stuck {
        "keys.stuck"
    } else if view.goto.is_some() {
        "keys.goto"
    } else if view.variants {
        "keys.variants"
    } else {
        match session.phase {
            Phase::Read => "keys.read",
            Phase::Predict => "keys.predict",
            Phase::Do => "keys.do",
            Phase::See if session.has_more() => "keys.more",
            Phase::See => "keys.see",
            Phase::Broken => "keys.broken",
            Phase::Task if session.task.done => "keys.task-done",
            Phase::Task => "keys.task",
            Phase::After => "keys.after",
        }
    };
    view.lang.say(key, &[])
}
