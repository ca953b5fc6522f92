//! A shell: its head, and the cells of its terminal.

use crate::lesson::Side;
use crate::session::Session;
use crate::terminal::Emulator;
use crate::tui::canvas::Canvas;
use crate::tui::screen::Map;
use crate::tui::shells::{Pane, Stage, root};
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::words::Lang;
use crate::wrap::cut_with;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// The key that asks for a side's shell.
pub fn key(side: Side) -> &'static str {
    if side == Side::Outside { "$" } else { "#" }
}

/// Whose shell it is, as its prompt says it.
pub fn name(side: Side, lang: Lang) -> String {
    lang.say(if side == Side::Outside { "shell.host" } else { "shell.container" }, &[])
}

/// Returns the cursor of the one that is typed into.
pub fn draw(session: &Session, view: &View, map: &Map, canvas: &mut Canvas) -> Option<(usize, usize)> {
    if let Some(head) = map.shell_heads {
        heads(session, view, map, head, canvas);
    }
    let mut cursor = None;
    for (side, area) in &map.shells {
        let Some(pane) = view.shells.get(*side) else { continue };
        screen(&pane.emulator, *area, canvas);
        if view.shells.typing == Some(*side) {
            let (row, column) = pane.emulator.screen().cursor_position();
            let (row, column) = (row.min(area.height.saturating_sub(1)), column.min(area.width.saturating_sub(1)));
            cursor = Some((usize::from(area.y + row), usize::from(area.x + column)));
        }
    }
    cursor
}

/// The heads of both shells where they stand beside each other.
fn heads(session: &Session, view: &View, map: &Map, line: usize, canvas: &mut Canvas) {
    let rule = view.glyphs.horizontal();
    let at = map.columns.side + 1;
    for (side, x, width) in [(Side::Outside, 0, at), (Side::Inside, at + 1, map.width - at - 2)] {
        let text = format!("{} {}  {} ", rule, name(side, view.lang), head(session, view, side));
        let text = cut_with(&text, width, view.glyphs.elision());
        let used = text.width();
        let tone = if view.shells.typing == Some(side) { Tone::Bar } else { Tone::Strong };
        canvas.put(line, x, &(text + &rule.repeat(width.saturating_sub(used))), tone);
    }
    canvas.put(line, at, view.glyphs.tee(), Tone::Strong);
    for row in line + 1..map.message {
        canvas.put(row, at, view.glyphs.vertical(), Tone::Plain);
    }
}

/// What is to be known of a side's shell: its root directory, or how to have one.
pub fn head(session: &Session, view: &View, side: Side) -> String {
    let lang = view.lang;
    let Some(pane) = view.shells.get(side) else { return lang.say("shell.opens", &[key(side)]) };
    match pane.stage {
        Stage::Opening => lang.say("shell.opening", &[]),
        Stage::Ended(Some(status)) => lang.say("shell.ended", &[&status.to_string(), key(side)]),
        Stage::Ended(None) => lang.say("shell.gone", &[key(side)]),
        Stage::Running => match pane.emulator.screen().scrollback() {
            0 => place(pane, session, side, lang),
            lines => lang.say("shell.back", &[&lines.to_string()]),
        },
    }
}

/// chroot moves one process: a shell that was opened before it stays where it is.
fn place(pane: &Pane, session: &Session, side: Side, lang: Lang) -> String {
    match root(session, side) {
        now if now == pane.root => lang.say("shell.root", &[&pane.root]),
        now => lang.say("shell.stale", &[&pane.root, now, key(side)]),
    }
}

/// The terminal's cells, as far as they fit.
fn screen(emulator: &Emulator, area: Rect, canvas: &mut Canvas) {
    let screen = emulator.screen();
    let (rows, columns) = emulator.size();
    for row in 0..rows.min(area.height) {
        for column in 0..columns.min(area.width) {
            let Some(cell) = screen.cell(row, column) else { continue };
            // Its other half is drawn with the first one.
            if cell.is_wide_continuation() {
                continue;
            }
            let width = if cell.is_wide() { 2 } else { 1 };
            let fits = usize::from(column) + width <= usize::from(area.width);
            let text = match cell.contents() {
                "" => " ",
                text if fits && text.width() == width => text,
                // Somebody else might take it for wider or narrower than it was taken here.
                _ => "?",
            };
            let look = style(cell, canvas.colour);
            canvas.put_styled(usize::from(area.y + row), usize::from(area.x + column), text, look);
        }
    }
}

fn style(cell: &vt100::Cell, colour: bool) -> Style {
    let mut look = Style::new();
    for (is_so, modifier) in [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        if is_so {
            look = look.add_modifier(modifier);
        }
    }
    if colour { look.fg(to_colour(cell.fgcolor())).bg(to_colour(cell.bgcolor())) } else { look }
}

fn to_colour(colour: vt100::Color) -> Color {
    match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(number) => match number {
            0 => Color::Black,
            1 => Color::Red,
            2 => Color::Green,
            3 => Color::Yellow,
            4 => Color::Blue,
            5 => Color::Magenta,
            6 => Color::Cyan,
            7 => Color::Gray,
            8 => Color::DarkGray,
            9 => Color::LightRed,
            10 => Color::LightGreen,
            11 => Color::LightYellow,
            12 => Color::LightBlue,
            13 => Color::LightMagenta,
            14 => Color::LightCyan,
            15 => Color::White,
            other => Color::Indexed(other),
        },
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
