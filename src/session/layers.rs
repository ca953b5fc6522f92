//! The layers of an overlay side by side: the same paths as every layer has them, and which of them shows.

use super::{FileSeen, FileState, RoundRecord};
use crate::lesson::{FileKind, Layers, Side, Step};
use crate::words::Lang;
use unicode_width::UnicodeWidthStr;

/// Named paths × columns, after a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerTable {
    /// From the lowest layer to the merged view.
    pub columns: Vec<String>,
    pub rows: Vec<LayerRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRow {
    pub path: String,
    pub cells: Vec<LayerCell>,
}

/// What one column has at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerCell {
    pub state: Option<FileState>,
    /// It is what the merged view shows; of a directory every part of it.
    pub shows: bool,
    pub mark: LayerMark,
}

/// What the round did to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerMark {
    Same,
    New,
    Changed,
    Gone,
}

/// The files that the table needs, before and after a round.
pub fn layer_files(layers: &Layers) -> Vec<(Side, String)> {
    let mut files = Vec::new();
    for path in &layers.paths {
        files.extend(layers.columns.iter().map(|column| (column.side, join(&column.path, path))));
    }
    files
}

fn join(directory: &str, path: &str) -> String {
    format!("{}/{}", directory.trim_end_matches('/'), path.trim_start_matches('/'))
}

/// A step's table after a round, if the step has one.
pub fn layers_of(step: &Step, record: &RoundRecord) -> Option<LayerTable> {
    step.layers.as_ref().map(|layers| layer_table(layers, record))
}

/// The table after a round, from what the record saw.
fn layer_table(layers: &Layers, record: &RoundRecord) -> LayerTable {
    let rows = layers.paths.iter().map(|path| {
        let states = |seen: &[FileSeen]| -> Vec<Option<FileState>> {
            let find = |side, path: &str| seen.iter().find(|file| file.side == side && file.path == path);
            let all = layers.columns.iter().map(|column| find(column.side, &join(&column.path, path)));
            all.map(|file| file.and_then(|file| file.state.clone())).collect()
        };
        let (before, after) = (states(&record.files_before), states(&record.files_after));
        let shows = showing(layers, &after);
        let cells = after.into_iter().zip(before).zip(shows).map(|((state, before), shows)| {
            let mark = match (&before, &state) {
                (None, Some(_)) => LayerMark::New,
                (Some(_), None) => LayerMark::Gone,
                (Some(old), Some(new)) if !alike(old, new) => LayerMark::Changed,
                _ => LayerMark::Same,
            };
            LayerCell { state, shows, mark }
        });
        LayerRow { path: path.clone(), cells: cells.collect() }
    });
    LayerTable { columns: layers.columns.iter().map(|column| column.name.clone()).collect(), rows: rows.collect() }
}

/// Whether a reader would call two states the same. What is in a directory has rows of its own.
fn alike(one: &FileState, other: &FileState) -> bool {
    let of = |state: &FileState| (state.kind, state.mode, state.owner, state.size, state.opaque);
    of(one) == of(other) && one.text == other.text
}

/// Which layers' entries the first merged view shows: read off the view itself, so that nothing is claimed that is not
/// there. The topmost layer that has the path decides; the parts of a directory reach down to an opaque one.
fn showing(layers: &Layers, states: &[Option<FileState>]) -> Vec<bool> {
    let mut shows = vec![false; states.len()];
    let Some(view) = layers.columns.iter().position(|column| column.view) else { return shows };
    let Some(merged) = &states[view] else { return shows };
    for index in (0..view).rev().filter(|&index| !layers.columns[index].view) {
        let Some(state) = &states[index] else { continue };
        let is_directory = merged.kind == FileKind::Directory;
        let is_it = if is_directory {
            state.kind == FileKind::Directory
        } else {
            state.kind == merged.kind && state.mode == merged.mode && state.text == merged.text
        };
        shows[index] = is_it;
        if !is_it || !is_directory || state.opaque {
            break;
        }
    }
    shows
}

/// The table in lines of at most `width` cells; one line a path and column where it is too narrow for a table.
pub fn layer_lines(table: &LayerTable, lang: Lang, width: usize) -> Vec<String> {
    let words = |cell: &LayerCell| {
        let sign = match cell.mark {
            LayerMark::Same => ' ',
            LayerMark::New => '+',
            LayerMark::Changed => '~',
            LayerMark::Gone => '-',
        };
        let word = state_word(cell.state.as_ref(), lang);
        if cell.shows { format!("{sign}[{word}]") } else { format!("{sign}{word}") }
    };
    let cells: Vec<Vec<String>> = table.rows.iter().map(|row| row.cells.iter().map(words).collect()).collect();
    let shown = lang.say("layer.shown", &[]);
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0) + 1;
    let first = widest(&mut table.rows.iter().map(|row| row.path.width()).chain([shown.width()]));
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|index| {
            let heading = table.columns[index].width() + 1;
            widest(&mut cells.iter().map(|row| row[index].width()).chain([heading]))
        })
        .collect();
    if first + widths.iter().sum::<usize>() > width {
        return layer_sentences(table, lang);
    }
    let pad = |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(text.width())));
    let line = |head: &str, cells: &mut dyn Iterator<Item = String>| {
        let cells: String = cells.zip(&widths).map(|(cell, &width)| pad(&cell, width)).collect();
        (pad(head, first) + &cells).trim_end().to_string()
    };
    let head = line(&shown, &mut table.columns.iter().map(|name| format!(" {name}")));
    let rows = table.rows.iter().zip(&cells).map(|(row, cells)| line(&row.path, &mut cells.iter().cloned()));
    std::iter::once(head).chain(rows).collect()
}

/// The table as one sentence a path: for readers without columns.
pub fn layer_sentences(table: &LayerTable, lang: Lang) -> Vec<String> {
    let (within, between) = if lang == Lang::Zh { ("、", "；") } else { (", ", "; ") };
    let row = |row: &LayerRow| {
        let cells = row.cells.iter().zip(&table.columns).map(|(cell, column)| {
            let mut words = vec![match &cell.state {
                None => lang.say("layer.nothing", &[]),
                state => state_word(state.as_ref(), lang),
            }];
            if cell.shows {
                words.push(lang.say("layer.shows", &[]));
            }
            if cell.mark != LayerMark::Same {
                words.push(lang.say(&format!("layer.{}", cell.mark.name()), &[]));
            }
            format!("{column} {}", words.join(within))
        });
        lang.say("layer.row", &[&row.path, &cells.collect::<Vec<_>>().join(between)])
    };
    table.rows.iter().map(row).collect()
}

/// What a column has at a path, in a word.
pub fn state_word(state: Option<&FileState>, lang: Lang) -> String {
    let Some(state) = state else { return lang.say("layer.none", &[]) };
    match state.kind {
        FileKind::File => lang.say("layer.file", &[&size(state.size)]),
        FileKind::Directory if state.opaque => lang.say("layer.opaque", &[]),
        kind => lang.say(&format!("layer.{}", kind.name()), &[]),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => bytes.to_string(),
        10_000..10_000_000 => format!("{}K", bytes.div_ceil(1 << 10)),
        _ => format!("{}M", bytes.div_ceil(1 << 20)),
    }
}

impl LayerMark {
    pub fn name(self) -> &'static str {
        match self {
            LayerMark::Same => "same",
            LayerMark::New => "new",
            LayerMark::Changed => "changed",
            LayerMark::Gone => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Column;

    fn state(kind: FileKind, text: &str) -> FileState {
        let size = if kind == FileKind::File { text.len() as u64 } else { 0 };
        FileState {
            kind,
            mode: 0o644,
            owner: 0,
            size,
            text: text.into(),
            entries: Vec::new(),
            opaque: false,
            closed: false,
        }
    }

    /// A path's table: the states of base, tools, upper and merged before and after.
    fn table(before: [Option<FileState>; 4], after: [Option<FileState>; 4]) -> LayerTable {
        let names = ["base", "tools", "upper", "merged"];
        let column = |name: &&str| Column {
            name: (*name).into(),
            path: format!("/{name}"),
            side: Side::Outside,
            view: *name == "merged",
        };
        let layers = Layers { of: "x".into(), paths: vec!["a".into()], columns: names.iter().map(column).collect() };
        let seen = |states: [Option<FileState>; 4]| {
            let file = |(state, (side, path))| FileSeen { side, path, state };
            states.into_iter().zip(layer_files(&layers)).map(file).collect()
        };
        let record = RoundRecord { files_before: seen(before), files_after: seen(after), ..RoundRecord::default() };
        layer_table(&layers, &record)
    }

    fn shows(table: &LayerTable) -> Vec<bool> {
        table.rows[0].cells.iter().map(|cell| cell.shows).collect()
    }

    #[test]
    fn the_topmost_file_shows() {
        let file = |text| Some(state(FileKind::File, text));
        let before = [file("old"), file("new"), None, file("new")];
        let copied = table(before.clone(), [file("old"), file("new"), file("mine"), file("mine")]);
        assert_eq!(shows(&copied), [false, false, true, false]);
        let marks: Vec<_> = copied.rows[0].cells.iter().map(|cell| cell.mark).collect();
        assert_eq!(marks, [LayerMark::Same, LayerMark::Same, LayerMark::New, LayerMark::Changed]);
        assert_eq!(shows(&table(before.clone(), before)), [false, true, false, false]);
    }

    #[test]
    fn a_whiteout_hides_and_nothing_shows() {
        let file = |text| Some(state(FileKind::File, text));
        let gone =
            table([file("x"), None, None, file("x")], [file("x"), None, Some(state(FileKind::Whiteout, "")), None]);
        assert_eq!(shows(&gone), [false; 4]);
        assert_eq!(
            layer_lines(&gone, Lang::En, 80),
            ["[ ]=shown  base    tools  upper     merged", "a          file 1  .     +whiteout -."]
        );
    }

    /// A directory is what all layers have together, down to an opaque one.
    #[test]
    fn directories_merge_down_to_an_opaque_one() {
        let dir = || Some(state(FileKind::Directory, ""));
        let opaque = || dir().map(|dir| FileState { opaque: true, ..dir });
        let merged = table([dir(), dir(), dir(), dir()], [dir(), dir(), dir(), dir()]);
        assert_eq!(shows(&merged), [true, true, true, false]);
        let cut = table([dir(), dir(), dir(), dir()], [dir(), dir(), opaque(), dir()]);
        assert_eq!(shows(&cut), [false, false, true, false]);
        assert_eq!(cut.rows[0].cells[2].mark, LayerMark::Changed);
    }

    /// Where another mount lies on top, no layer is said to show.
    #[test]
    fn what_no_layer_has_shows_nowhere() {
        let file = |text| Some(state(FileKind::File, text));
        let empty = [None, None, None, None];
        assert_eq!(shows(&table(empty, [file("image"), None, None, file("bound over it")])), [false; 4]);
    }

    #[test]
    fn narrow_screens_get_sentences() {
        let file = |text| Some(state(FileKind::File, text));
        let table = table([None, None, None, None], [file("x"), None, None, file("x")]);
        assert!(layer_lines(&table, Lang::Zh, 80).iter().all(|line| line.width() <= 80));
        let narrow = "a: base file 1, shown, new; tools nothing; upper nothing; merged file 1, new.";
        assert_eq!(layer_lines(&table, Lang::En, 30), [narrow]);
    }
}
