//! What must hold of any table, hostile ones too.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

/// Few ids and short paths, so that stacks, circles and ids that stand twice come often.
fn hostile_table() -> impl Strategy<Value = Vec<u8>> {
    let row = (0u64..12, 0u64..12, "(/[ab]){0,3}", 0u32..3, "|shared:1 |master:2 |unbindable ");
    proptest::collection::vec(row, 0..24).prop_map(|rows| {
        let line = |(id, parent, target, minor, tag): (u64, u64, String, u32, String)| {
            let target = if target.is_empty() { "/" } else { &target };
            format!("{id} {parent} 0:{minor} / {target} rw {tag}- tmpfs x rw\n")
        };
        rows.into_iter().map(line).collect::<String>().into_bytes()
    })
}

/// A table as a kernel has it: ids differ, parents come first, and a mount point is below its parent's or the same.
fn grown_table() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec((any::<prop::sample::Index>(), "(/[ab]){0,2}"), 0..24).prop_map(|mounts| {
        let mut targets = vec![String::new()];
        let mut text = "1 0 0:1 / / rw - tmpfs x rw\n".to_string();
        for (number, (parent, below)) in mounts.iter().enumerate() {
            let parent = parent.index(targets.len());
            let target = targets[parent].clone() + below;
            let id = number + 2;
            let shown = if target.is_empty() { "/" } else { &target };
            text += &format!("{id} {} 0:{id} / {shown} rw - tmpfs x rw\n", parent + 1);
            targets.push(target);
        }
        text.into_bytes()
    })
}

/// Said slowly: a mount is covered if another lies right on it (not so for a root), or on the way to it from its parent,
/// or if its parent is out of reach.
fn covered_slowly(table: &MountTable, row: usize) -> bool {
    let rows = table.rows();
    let target = |row: usize| rows[row].target().into_owned();
    let parent = |row: usize| rows.iter().position(|other| other.id == rows[row].parent);
    let is_root = |row: usize| parent(row).is_none() && target(row) == b"/";
    let on = |row: usize| (0..rows.len()).any(|top| parent(top) == Some(row) && target(top) == target(row));
    let reached = |row: usize| {
        let Some(parent) = parent(row) else { return true };
        if target(row) == target(parent) {
            return !is_root(parent);
        }
        let inner = |other: &usize| {
            let path = target(*other);
            let longer = target(parent) == b"/" || path.len() > target(parent).len();
            let rest = target(row);
            let rest = rest.strip_prefix(&path[..]);
            longer && path != b"/" && rest.is_some_and(|rest| rest.first() == Some(&b'/'))
        };
        let siblings = (0..rows.len()).filter(|&other| other != row && rows[other].parent == rows[row].parent);
        (is_root(parent) || !on(parent)) && !siblings.into_iter().any(|other| inner(&other))
    };
    let mut cursor = Some(row);
    while let Some(at) = cursor {
        if !reached(at) {
            return true;
        }
        cursor = parent(at);
    }
    on(row) && !is_root(row)
}

/// A table's lines with a few taken out, put in, and put elsewhere.
fn altered() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let edits = proptest::collection::vec((0u8..3, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6);
    (hostile_table(), hostile_table(), edits).prop_map(|(before, others, edits)| {
        let lines = |raw: &[u8]| raw.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (mut now, others) = (lines(&before), lines(&others));
        for (kind, at, from) in edits {
            match kind {
                0 if !now.is_empty() => drop(now.remove(at.index(now.len()))),
                1 if !others.is_empty() => {
                    now.insert(at.index(now.len() + 1), others[from.index(others.len())].clone())
                }
                2 if !now.is_empty() => {
                    let line = now.remove(from.index(now.len()));
                    now.insert(at.index(now.len() + 1), line);
                }
                _ => now.insert(at.index(now.len() + 1), b"no row\n".to_vec()),
            }
        }
        (before, now.concat())
    })
}

fn escape(bytes: &[u8], also: &[u8]) -> Vec<u8> {
    let one = |&byte: &u8| match b" \t\n\\".contains(&byte) || also.contains(&byte) {
        true => format!("\\{byte:03o}").into_bytes(),
        false => vec![byte],
    };
    bytes.iter().flat_map(one).collect()
}

/// A row from its decoded fields, as the kernel writes it.
fn render(mount: &Mount) -> Vec<u8> {
    let mut out = format!("{} {} {}:{} ", mount.id, mount.parent, mount.major, mount.minor).into_bytes();
    out.extend(escape(&mount.root(), b""));
    out.push(b' ');
    out.extend(escape(&mount.target(), b""));
    out.extend(format!(" {}", mount.options().join(",")).bytes());
    let groups = [("shared", mount.shared), ("master", mount.master), ("propagate_from", mount.propagate_from)];
    for (name, group) in groups {
        out.extend(group.map(|group| format!(" {name}:{group}")).unwrap_or_default().bytes());
    }
    out.extend(if mount.unbindable { &b" unbindable"[..] } else { b"" });
    out.extend(format!(" - {} ", mount.fstype()).bytes());
    out.extend(escape(&mount.source(), b"#"));
    out.push(b' ');
    let options: Vec<_> = mount.super_options().iter().map(|option| escape(option, b",#")).collect();
    out.extend(options.join(&b','));
    out
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(1u8..=255, 0..30)
}

proptest! {
    /// No bytes make the parser fail, and no line is lost.
    #[test]
    fn any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        let table = MountTable::parse(raw.clone());
        let lines = raw.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
        prop_assert_eq!(table.len() + table.unread().len(), lines);
        prop_assert_eq!(table.tree_order().len(), table.len());
        prop_assert!(!printable(&raw).contains(char::is_control));
    }

    /// A row that is bent anywhere is read or told, never lost.
    #[test]
    fn a_bent_row(at in any::<prop::sample::Index>(), byte: u8) {
        let mut raw = b"36 35 98:0 /a /b\\040c rw,noatime shared:1 master:2 - ext3 /dev/x rw,errors=continue".to_vec();
        let at = at.index(raw.len());
        raw[at] = byte;
        let table = MountTable::parse(raw);
        let lines = table.raw().split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
        prop_assert_eq!(table.len() + table.unread().len(), lines);
    }

    /// What is read can be written again, byte for byte.
    #[test]
    fn rows_round_trip(
        numbers: (u32, u32, u16, u16), root in name(), target in name(), source in name(), super_option in name(),
        groups: (Option<u32>, Option<u32>, Option<u32>), unbindable: bool,
    ) {
        let (id, parent, major, minor) = numbers;
        let mut raw = format!("{id} {parent} {major}:{minor} /").into_bytes();
        raw.extend(escape(&root, b""));
        raw.extend(b" /");
        raw.extend(escape(&target, b""));
        raw.extend(b" rw,nosuid");
        for (word, group) in [("shared", groups.0), ("master", groups.1), ("propagate_from", groups.2)] {
            raw.extend(group.map(|group| format!(" {word}:{group}")).unwrap_or_default().bytes());
        }
        raw.extend(if unbindable { &b" unbindable"[..] } else { b"" });
        raw.extend(b" - fuse.x ");
        raw.extend(escape(&source, b"#"));
        raw.extend(b" rw,x=");
        raw.extend(escape(&super_option, b",#"));
        let table = MountTable::parse(raw.clone());
        prop_assert!(table.unread().is_empty(), "{:?}", table.unread());
        let mount = &table.rows()[0];
        prop_assert_eq!(render(mount), raw);
        prop_assert_eq!(mount.target().into_owned(), [b"/", &target[..]].concat());
        prop_assert_eq!(mount.source().into_owned(), source);
    }

    /// Of a table that a kernel can have, what is covered is what the slow definition says.
    #[test]
    fn covered_as_defined(raw in grown_table()) {
        let table = MountTable::parse(raw.clone());
        for row in 0..table.len() {
            let text = String::from_utf8_lossy(table.rows()[row].raw()).into_owned();
            prop_assert_eq!(table.covered(row), covered_slowly(&table, row), "{} in\n{}", text, String::from_utf8_lossy(&raw));
        }
    }

    /// Rows that stayed are not read again, and nobody can tell.
    #[test]
    fn reparse_says_what_parse_says((before, now) in altered()) {
        let (anew, after) = (MountTable::parse(now.clone()), MountTable::parse(before).reparse(now));
        let fields = |table: &MountTable| {
            let rows = table.rows().iter().map(|row| (row.raw().to_vec(), render(row), row.id, row.parent));
            (rows.collect::<Vec<_>>(), table.unread().to_vec(), (0..table.len()).map(|row| table.covered(row)).collect::<Vec<_>>())
        };
        prop_assert_eq!(fields(&after), fields(&anew));
    }

    /// Comparing and pairing speak of every row once, whatever the rows are.
    #[test]
    fn every_row_once(left in hostile_table(), right in hostile_table()) {
        let (a, b) = (MountTable::parse(left.clone()), MountTable::parse(right.clone()));
        prop_assert_eq!(&a.reparse(left), &a);
        let order: HashSet<usize> = a.tree_order().into_iter().map(|(row, _)| row).collect();
        prop_assert_eq!(order.len(), a.len());
        for found in [pair(&a, &b).iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>(), rows_of(&a, &b)] {
            for (side, table) in [(0, &a), (1, &b)] {
                let rows: Vec<usize> = found.iter().filter_map(|found| [found.0, found.1][side]).collect();
                let once: HashSet<usize> = rows.iter().copied().collect();
                prop_assert_eq!((rows.len(), once.len()), (table.len(), table.len()));
            }
        }
    }
}

/// Which rows changes are about, each row once: those that nothing says anything about stayed.
fn rows_of(a: &MountTable, b: &MountTable) -> Vec<(Option<usize>, Option<usize>)> {
    let found = changes(a, b);
    let gone = found.iter().filter(|change| change.kind == ChangeKind::Removed).map(|change| (change.before, None));
    let new = found.iter().filter(|change| change.kind == ChangeKind::Added).map(|change| (None, change.after));
    let (gone, new): (Vec<_>, Vec<_>) = (gone.collect(), new.collect());
    let left = (0..a.len()).filter(|&row| !gone.contains(&(Some(row), None)));
    let right = (0..b.len()).filter(|&row| !new.contains(&(None, Some(row))));
    // As many stayed on one side as on the other.
    let (left, right): (Vec<_>, Vec<_>) = (left.collect(), right.collect());
    assert_eq!(left.len(), right.len());
    left.into_iter().map(Some).zip(right.into_iter().map(Some)).chain(gone).chain(new).collect()
}

/// As deep, as wide and as knotted as 10,000 rows can be: no recursion, and nobody waits.
#[test]
fn ten_thousand_hostile_rows() {
    type Row = fn(u64) -> String;
    let shapes: [(&str, Row); 6] = [
        ("a stack", |n| format!("{} {n} 0:1 / /p rw - tmpfs x rw\n", n + 1)),
        ("a chain of directories", |n| {
            format!("{} {n} 0:1 / {} rw - tmpfs x rw\n", n + 1, "/d".repeat(n as usize % 200))
        }),
        ("one in another, all on one parent", |n| {
            format!("{n} 0 0:1 / {} rw - tmpfs x rw\n", "/d".repeat(n as usize % 200))
        }),
        ("siblings", |n| format!("{n} 1 0:1 / /d{n}/e rw - tmpfs x rw\n")),
        ("one id", |n| format!("7 7 0:1 / /d{n} rw - tmpfs x rw\n")),
        ("a circle", |n| format!("{n} {} 0:1 / /d rw - tmpfs x rw\n", (n + 1) % 10_000)),
    ];
    for (name, row) in shapes {
        let table = MountTable::parse((0..10_000).map(row).collect::<String>().into_bytes());
        let turned = MountTable::parse((0..10_000).rev().map(row).collect::<String>().into_bytes());
        assert!(table.unread().is_empty() || name != "siblings", "{:?}", table.unread());
        assert_eq!(table.tree_order().len(), table.len(), "{name}");
        let paired = pair(&table, &turned).iter().filter(|pair| pair.left.is_some()).count();
        assert_eq!(paired, table.len(), "{name}");
        let below = (0..table.len()).filter_map(|row| table.covers(row)).count();
        assert_eq!(below == table.len(), name == "a circle", "{name}");
        let _ = (changes(&table, &turned), compare(&table, &turned));
    }
}
