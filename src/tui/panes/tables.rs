//! The two tables. Only what is visible of them is made into text.

use crate::lesson::Side;
use crate::mounts::ChangeKind;
use crate::session::Shown;
use crate::tui::canvas::Canvas;
use crate::tui::cells::{Kind, Part, cells, points, propagation_width};
use crate::tui::laid::Laid;
use crate::tui::rows::{Folded, Line};
use crate::tui::screen::Map;
use crate::tui::shape::Shape;
use crate::tui::style::{Tone, style};
use crate::tui::view::View;
use crate::wrap::cut_with;
use ratatui::style::Modifier;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// Returns the cursor on the selected row.
pub fn draw(view: &View, laid: &Laid, map: &Map, canvas: &mut Canvas) -> Option<(usize, usize)> {
    let Laid { scene, lines, first, .. } = laid;
    let only = (map.columns.kind == Kind::Single).then_some(view.side);
    let visible = &lines[*first..lines.len().min(first + map.tables.len())];
    let mut cursor = None;
    for side in [Side::Outside, Side::Inside] {
        if only.is_some_and(|only| only != side) {
            continue;
        }
        let rows: Vec<usize> = visible.iter().filter_map(|line| line.row(side)).collect();
        let room = propagation_width(scene.side(side), scene.shape(side), &rows, map.columns);
        let pane = Pane { side, shown: scene.side(side), shape: scene.shape(side), view, map, room };
        let points = points(pane.shown, pane.shape, &rows, map.columns, view);
        for (index, line) in visible.iter().enumerate() {
            let y = map.tables.start + index;
            pane.line(line, &points, y, canvas);
            if view.selected.is_some_and(|(chosen, row)| chosen == side && line.row(side) == Some(row)) {
                cursor = Some((y, pane.x()));
            }
        }
    }
    if only.is_none() {
        for (index, line) in visible.iter().enumerate() {
            if let Line::Rows { gutter, .. } = line {
                canvas.put(map.tables.start + index, map.columns.side + 1, &gutter.to_string(), Tone::Plain);
            }
        }
    }
    cursor
}

struct Pane<'a> {
    side: Side,
    shown: &'a Shown,
    shape: &'a Shape,
    view: &'a View,
    map: &'a Map,
    /// Cells of the propagation.
    room: usize,
}

impl Pane<'_> {
    fn x(&self) -> usize {
        if self.side == Side::Outside { 0 } else { self.map.columns.right() }
    }

    fn line(&self, line: &Line, points: &HashMap<usize, String>, y: usize, canvas: &mut Canvas) {
        match line {
            Line::Rows { .. } => {
                if let Some(row) = line.row(self.side) {
                    self.row(row, points.get(&row).map_or("", String::as_str), y, canvas);
                }
            }
            Line::Notes { left, right } => {
                let note = if self.side == Side::Outside { left } else { right };
                if let Some(note) = note {
                    // Under the mount point.
                    let indent = if self.map.columns.kind == Kind::Wide { 8 } else { 2 };
                    let text = cut_with(note, self.map.columns.side - indent, self.view.glyphs.elision());
                    canvas.put(y, self.x() + indent, &text, Tone::Plain);
                }
            }
            Line::Fold { left, right, why } => {
                let count = if self.side == Side::Outside { left } else { right };
                if *count > 0 {
                    let key = match why {
                        _ if self.shown.is_machine => "tui.folded-more",
                        Folded::OutOfView if self.shown.seen_rows().is_some() => "tui.folded-away",
                        Folded::Alike => "tui.folded-alike",
                        _ => "tui.folded",
                    };
                    let text = self.view.lang.count(key, *count, &[self.view.glyphs.dots()]);
                    canvas.put(y, self.x() + 2, &text, Tone::Plain);
                }
            }
        }
    }

    fn row(&self, row: usize, point: &str, y: usize, canvas: &mut Canvas) {
        let Some(mount) = self.shown.mount(row) else { return };
        let change = self.shown.change(row);
        let mark = self.shown.mark(row);
        let is_selected = self.view.selected == Some((self.side, row));
        // The mark itself is never underlined or struck: it must stay readable.
        canvas.put(y, self.x(), &mark.to_string(), Tone::Strong);
        let mut x = self.x() + 2;
        let ties = self.shape.propagation(self.shown, row);
        for (part, text) in cells(mount, (point, &ties), self.room, self.map.columns, self.view) {
            let changed = |field: &str| change.is_some_and(|change| change.fields.contains(&field));
            let tone = match (change.map(|change| change.kind), part) {
                (Some(ChangeKind::Added), _) => Tone::Added,
                (Some(ChangeKind::Removed), _) => Tone::Removed,
                (Some(ChangeKind::Changed | ChangeKind::Moved), Part::Point) if changed("target") => Tone::Changed,
                (Some(ChangeKind::Changed), Part::Propagation) if changed("propagation") => Tone::Changed,
                (Some(ChangeKind::Changed), Part::Source)
                    if ["source", "root", "options", "super_options"].into_iter().any(changed) =>
                {
                    Tone::Changed
                }
                _ => Tone::Plain,
            };
            let mut look = style(tone, self.view.colour);
            if is_selected {
                look = look.add_modifier(Modifier::REVERSED);
            }
            let width = text.width();
            let end = if is_selected { width } else { text.trim_end().width() };
            // A struck or underlined cell ends where its text ends.
            canvas.put_styled(y, x, &crate::wrap::cut(&text, end), look);
            if is_selected {
                canvas.put(y, x + width, " ", Tone::Chosen);
            }
            x += width + 1;
        }
    }
}
