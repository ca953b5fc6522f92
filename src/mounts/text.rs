//! Mount tables as plain text that cannot harm a terminal.

use super::diff::Change;
use super::propagation::Groups;
use super::table::MountTable;
use unicode_width::UnicodeWidthStr;

/// What could move the cursor, change colours, reorder text or hide in it: control characters (C1 too) and format
/// characters.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text for a terminal: what could steer it is shown as an escape.
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if steers(character) {
                character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
            } else {
                out.push(character);
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// A line that a command printed, with its tabs as the spaces that a terminal would show for them.
pub fn printable_line(line: &str) -> String {
    let mut out = String::new();
    for (number, part) in line.split('\t').enumerate() {
        if number > 0 {
            let to_stop = 8 - out.width() % 8;
            out.push_str(&" ".repeat(to_stop));
        }
        out.push_str(&printable(part.as_bytes()));
    }
    out
}

/// JSON that says the same and cannot steer a terminal either: `\u009b` for the character. Such characters stand only
/// within its strings, but for the line ends between them.
pub fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if steers(character) && character != '\n' {
            let units = &mut [0; 2];
            character.encode_utf16(units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(character);
        }
    }
    out
}

/// A path in so many cells: whole components go first, the first and the last stay.
pub fn elide(path: &str, width: usize, ascii: bool) -> String {
    if path.width() <= width {
        return path.into();
    }
    let sign = if ascii { ".." } else { "…" };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() > 2 {
        for from in 2..parts.len() {
            let short = format!("/{}/{sign}/{}", parts[0], parts[from..].join("/"));
            if short.width() <= width {
                return short;
            }
        }
    }
    let last = format!("{sign}/{}", parts.last().unwrap_or(&""));
    if last.width() <= width {
        return last;
    }
    let mut out = String::new();
    for character in path.chars() {
        if (out.clone() + &character.to_string()).width() + sign.width() > width {
            break;
        }
        out.push(character);
    }
    out + sign
}

fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn cells(table: &MountTable, row: usize, indent: usize) -> Vec<String> {
    let mount = &table.rows()[row];
    let options = mount.options().iter().map(|option| printable(option.as_bytes())).collect::<Vec<_>>().join(",");
    vec![
        format!("{}{}", "  ".repeat(indent), printable(&mount.target())),
        printable(mount.fstype().as_bytes()),
        mount.source_with_root(),
        mount.propagation(),
        options + if table.covered(row) { "  (covered)" } else { "" },
    ]
}

/// The whole table; as a tree it is indented by parent.
pub fn listing(table: &MountTable, tree: bool) -> String {
    let head = ["MOUNT POINT", "TYPE", "SOURCE[ROOT]", "PROPAGATION", "OPTIONS"].map(String::from).to_vec();
    let rows: Vec<_> = if tree {
        table.tree_order().into_iter().map(|(row, depth)| cells(table, row, depth)).collect()
    } else {
        (0..table.len()).map(|row| cells(table, row, 0)).collect()
    };
    columns(&[vec![head], rows].concat())
}

/// How the rows of some tables are tied, with peer groups as letters, and at which other rows a mount made there
/// appears. Each table has a name.
pub fn propagation_listing(tables: &[(String, &MountTable)]) -> String {
    let only: Vec<&MountTable> = tables.iter().map(|(_, table)| *table).collect();
    let groups = Groups::of(&only);
    let mut rows = vec![["OF", "MOUNT POINT", "TIES", "REACHES"].map(String::from).to_vec()];
    for (index, (name, table)) in tables.iter().enumerate() {
        for (row, _) in table.tree_order() {
            let reached: Vec<String> = groups
                .reached((index, row))
                .into_iter()
                .map(|(other, row)| {
                    let target = printable(&only[other].rows()[row].target());
                    if other == index { target } else { format!("{}:{target}", tables[other].0) }
                })
                .collect();
            rows.push(vec![
                name.clone(),
                printable(&table.rows()[row].target()),
                groups.ties((index, row)).to_string(),
                reached.join(" "),
            ]);
        }
    }
    columns(&rows)
}

/// The changes, one a line.
pub fn diff_listing(before: &MountTable, after: &MountTable, changes: &[Change]) -> String {
    let rows: Vec<_> = changes
        .iter()
        .map(|change| {
            let (table, row) = match (change.after, change.before) {
                (Some(row), _) => (after, row),
                (None, Some(row)) => (before, row),
                (None, None) => return Vec::new(),
            };
            let what = if change.fields.is_empty() {
                change.kind.name().into()
            } else {
                format!("{} ({})", change.kind.name(), change.fields.join(", "))
            };
            [vec![what], cells(table, row, 0)].concat()
        })
        .collect();
    columns(&rows)
}
