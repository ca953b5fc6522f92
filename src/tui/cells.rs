//! A row as cells of fixed widths.

use super::elide::apart;
use super::shape::{Shape, branch};
use super::view::View;
use crate::mounts::{Mount, printable};
use crate::session::Shown;
use crate::wrap::{cut, cut_with, fit};
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// Which columns a side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One side at a time.
    Single,
    /// Type and source are one column.
    Narrow,
    Middle,
    Wide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub kind: Kind,
    /// Cells of a side, mark included.
    pub side: usize,
    point: usize,
}

/// What a cell tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Other,
    Point,
    Source,
    Propagation,
}

const MAX_POINT: usize = 40;

/// How much of the source's column a type may take to stay whole beside `ro`.
const MORE_KIND: usize = 4;

impl Columns {
    /// The gutter between the sides takes three cells, the last column stays empty.
    pub fn of(width: usize) -> Columns {
        let (kind, room) = match width {
            150.. => (Kind::Wide, (width - 4) / 2),
            110.. => (Kind::Middle, (width - 4) / 2),
            80.. => (Kind::Narrow, (width - 4) / 2),
            _ => (Kind::Single, width.saturating_sub(7)),
        };
        // Mark and space, then the columns but for the mount point, with a space before each.
        let rest = match kind {
            Kind::Single => 2 + 1 + 13 + 1 + 8,
            Kind::Narrow => 2 + 1 + 10 + 1 + 8,
            Kind::Middle => 2 + 1 + 8 + 1 + 12 + 1 + 8,
            Kind::Wide => 2 + 5 + 1 + 1 + 9 + 1 + 22 + 1 + 10,
        };
        let point = room.saturating_sub(rest).min(MAX_POINT);
        let side = if kind == Kind::Single { rest + point } else { room };
        Columns { kind, side, point }
    }

    /// Where the other side begins.
    pub fn right(self) -> usize {
        if self.kind == Kind::Single { 0 } else { self.side + 3 }
    }
}

/// Mount points of the rows that are visible, as short as the column wants and each unlike the others.
pub fn points(shown: &Shown, shape: &Shape, rows: &[usize], columns: Columns, view: &View) -> HashMap<usize, String> {
    if let Shape::Tree(branches) = shape {
        let point = |&row: &usize| (row, branch(shown, branches, row, columns.point, view.glyphs));
        return rows.iter().map(point).collect();
    }
    let paths: Vec<String> =
        rows.iter().map(|&row| shown.mount(row).map_or(String::new(), |mount| printable(&mount.target()))).collect();
    let short = apart(&paths, columns.point, view.glyphs);
    rows.iter().copied().zip(short).collect()
}

/// Cells of the propagation: a word for as long as the source can yield to it. `shared:367` is said whole; a number
/// that is cut would be another group.
pub fn propagation_width(shown: &Shown, shape: &Shape, rows: &[usize], columns: Columns) -> usize {
    let room = if columns.kind == Kind::Wide { 10 } else { 8 };
    let most = if columns.kind == Kind::Wide { 14 } else { 11 };
    let words = rows.iter().map(|&row| shape.propagation(shown, row).width());
    words.filter(|width| *width <= most).max().unwrap_or(room).max(room)
}

/// The cells of a row after its mark; its mount point and its propagation are given in words. The source yields to a mount
/// point that is longer than its column, and to the propagation.
pub fn cells(
    mount: &Mount,
    (point, ties): (&str, &str),
    room: usize,
    columns: Columns,
    view: &View,
) -> Vec<(Part, String)> {
    let fstype = printable(mount.fstype().as_bytes());
    let beyond = point.width().saturating_sub(columns.point);
    let over = beyond + room - if columns.kind == Kind::Wide { 10 } else { 8 };
    let point = (Part::Point, fit(point, columns.point + beyond));
    match columns.kind {
        Kind::Single | Kind::Narrow => {
            let width: usize = if columns.kind == Kind::Single { 13 } else { 10 };
            let width = width.saturating_sub(over);
            vec![
                point,
                (Part::Source, fit(&type_and_source(mount, &fstype, width), width)),
                (Part::Propagation, fit(&propagation(ties, room), room)),
            ]
        }
        Kind::Middle | Kind::Wide => {
            let is_wide = columns.kind == Kind::Wide;
            let (kinds, sources): (usize, usize) = if is_wide { (9, 22) } else { (8, 12) };
            // Half a type may be another one: cgroup2.
            let longer = if mount.read_only() { (fstype.width() + 3).saturating_sub(kinds).min(MORE_KIND) } else { 0 };
            let (kinds, sources) = (kinds + longer, sources.saturating_sub(over + longer));
            let source = cut_with(&source_with_root(mount, sources), sources, view.glyphs.elision());
            let mut out = Vec::new();
            if is_wide {
                out.push((Part::Other, format!("{:>5}", mount.id)));
            }
            out.push(point);
            out.push((Part::Other, fit(&with_ro(mount, &fstype, kinds), kinds)));
            out.push((Part::Source, fit(&source, sources)));
            out.push((Part::Propagation, fit(&propagation(ties, room), room)));
            out
        }
    }
}

/// `type` alone where the source says nothing new or has no room, else `type source`; read-only loses the source before
/// it loses `ro`.
fn type_and_source(mount: &Mount, fstype: &str, width: usize) -> String {
    let source = printable(&mount.source());
    let source = source.strip_prefix("/dev/").unwrap_or(&source);
    let says_nothing = source == fstype || source == "none" || source.is_empty();
    let both = if says_nothing { fstype.to_string() } else { format!("{fstype} {source}") };
    let all = if mount.read_only() { format!("{both} ro") } else { both };
    if all.width() <= width { all } else { with_ro(mount, fstype, width) }
}

fn with_ro(mount: &Mount, fstype: &str, width: usize) -> String {
    if mount.read_only() { format!("{} ro", cut(fstype, width.saturating_sub(3))) } else { fstype.into() }
}

/// As findmnt writes it; where the whole does not fit, what is mounted tells more than the device's directory.
fn source_with_root(mount: &Mount, width: usize) -> String {
    let whole = mount.source_with_root();
    if whole.width() <= width { whole } else { whole.strip_prefix("/dev/").map_or(whole.clone(), str::to_string) }
}

/// A number that is cut would be another group: rather cut the word.
fn propagation(long: &str, room: usize) -> String {
    if long.width() <= room {
        return long.into();
    }
    long.replace("sh+sl:", "s+s:").replace("shared:", "sh:").replace("slave:", "sl:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mounts::MountTable;

    /// A row as one line.
    fn text(row: &str, width: usize, room: usize) -> String {
        let table = MountTable::parse(row.as_bytes().to_vec());
        let view = View::new(crate::words::Lang::En);
        let mount = &table.rows()[0];
        let all = cells(mount, (&printable(&mount.target()), &mount.propagation()), room, Columns::of(width), &view);
        all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ").trim_end().to_string()
    }

    #[test]
    fn the_source_yields_to_read_only_and_to_the_propagation() {
        let row = |options: &str, group: &str| format!("1 0 0:5 / /usr {options} {group}- tmpfs host rw\n");
        assert_eq!(text(&row("rw", ""), 80, 8), "/usr             tmpfs host private");
        assert_eq!(text(&row("ro", ""), 80, 8), "/usr             tmpfs ro   private");
        assert_eq!(text(&row("rw", "shared:367 "), 80, 10), "/usr             tmpfs    shared:367");
        assert_eq!(text(&row("rw", "shared:3675 master:12 "), 80, 8), "/usr             tmpfs host s+s:3675");
        assert_eq!(text(&row("ro", ""), 110, 8), "/usr                 tmpfs ro host         private");
        let long = "1 0 0:5 / /sys ro - cgroup2 cgroup2 rw\n";
        assert_eq!(text(long, 160, 10), "    1 /sys                       cgroup2 ro cgroup2               private");
        assert_eq!(
            text("1 0 8:1 /usr/lib /usr rw - ext4 /dev/vda rw\n", 160, 10),
            "    1 /usr                       ext4      /dev/vda[/usr/lib]     private"
        );
    }

    #[test]
    fn widths_are_those_of_the_drawings() {
        let of = |width| (Columns::of(width).kind, Columns::of(width).side, Columns::of(width).point);
        assert_eq!(of(60), (Kind::Single, 53, 28));
        assert_eq!(of(80), (Kind::Narrow, 38, 16));
        assert_eq!(of(110), (Kind::Middle, 53, 20));
        assert_eq!(of(160), (Kind::Wide, 78, 26));
        assert_eq!(of(240).2, 40);
    }

    /// Both sides, the gutter and the empty last column fit at every width.
    #[test]
    fn both_sides_fit_at_every_width() {
        for width in 60..300 {
            let columns = Columns::of(width);
            let all = if columns.kind == Kind::Single { columns.side } else { 2 * columns.side + 3 };
            assert!(all < width, "{width}: {columns:?}");
        }
    }
}
