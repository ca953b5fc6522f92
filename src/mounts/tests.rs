use super::*;

fn fixture(name: &str) -> MountTable {
    let path = format!("{}/tests/fixtures/mountinfo/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    MountTable::parse(std::fs::read(path).unwrap())
}

fn by_target(table: &MountTable, target: &str) -> Vec<usize> {
    (0..table.len()).filter(|&row| *table.rows()[row].target() == *target.as_bytes()).collect()
}

/// Every capture is read row for row.
#[test]
fn every_fixture_reads_whole() {
    let dir = format!("{}/tests/fixtures/mountinfo", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".note.txt") {
            continue;
        }
        let raw = std::fs::read(&path).unwrap();
        let lines = raw.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
        let table = MountTable::parse(raw);
        assert!(table.unread().is_empty(), "{path:?}: {:?}", table.unread());
        assert_eq!(table.len(), lines, "{path:?}");
        assert_eq!(table.tree_order().len(), lines, "{path:?}");
        count += 1;
    }
    assert!(count >= 8, "only {count} fixtures");
}

#[test]
fn special_names_are_decoded_once() {
    let table = fixture("special-names");
    for name in
        ["/t/mi/a space", "/t/mi/a\ttab", "/t/mi/a\nnewline", "/t/mi/back\\slash", "/t/mi/lit\\040eral", "/t/mi/-"]
    {
        assert_eq!(by_target(&table, name).len(), 1, "{name}");
    }
    assert!(table.rows().iter().any(|mount| mount.source().is_empty()), "the empty source");
    let hash = by_target(&table, "/t/mi/hash#tag")[0];
    assert_eq!(&*table.rows()[hash].source(), b"src hash#tag");
}

#[test]
fn covered_means_no_path_leads_there() {
    let table = fixture("stacked");
    let covered = |id: u64| table.covered(table.rows().iter().position(|mount| mount.id == id).unwrap());
    assert!(!covered(43), "the process's root is not walked anew");
    assert!(covered(74), "what lies on / is out of reach");
    assert!(covered(63) && covered(64) && covered(67) && covered(68), "below a covered directory");
    assert!(!covered(72), "the cover itself");
    assert!(covered(45) && !covered(73), "the old /proc and the new");
}

#[test]
fn a_stack_is_drawn_top_first() {
    let table = MountTable::parse(
        b"1 0 0:1 / / rw - tmpfs t rw\n2 1 0:2 / /p rw - proc old rw\n3 2 0:3 / /p rw - proc new rw\n".to_vec(),
    );
    let order: Vec<u64> = table.tree_order().iter().map(|(row, _)| table.rows()[*row].id).collect();
    assert_eq!(order, [1, 3, 2]);
    assert_eq!(table.covers(2), Some(1));
    assert_eq!(table.answering(b"/p/1"), Some(2));
    assert_eq!(table.answering(b"/px"), Some(0));
}

#[test]
fn changes_of_one_namespace() {
    let before =
        MountTable::parse(b"1 0 0:1 / / rw shared:1 - tmpfs t rw\n2 1 0:2 / /p rw shared:2 - proc p rw\n".to_vec());
    let after = MountTable::parse(
        b"1 0 0:1 / / rw - tmpfs t rw\n2 1 0:2 / /p rw shared:2 - proc p rw\n3 2 0:3 / /p rw - proc p rw\n".to_vec(),
    );
    let kinds: Vec<_> = changes(&before, &after).iter().map(|change| (change.kind, change.fields.clone())).collect();
    assert_eq!(
        kinds,
        [(ChangeKind::Changed, vec!["propagation"]), (ChangeKind::Covered, vec![]), (ChangeKind::Added, vec![]),]
    );
    let back: Vec<_> = changes(&after, &before).iter().map(|change| change.kind).collect();
    assert_eq!(back, [ChangeKind::Changed, ChangeKind::Uncovered, ChangeKind::Removed]);
}

#[test]
fn rows_of_two_namespaces_pair_by_content() {
    let (host, copy) = (fixture("systemd-like-rshared"), fixture("unshare-private"));
    let pairs = pair(&host, &copy);
    let both = pairs.iter().filter(|pair| pair.left.is_some() && pair.right.is_some()).count();
    assert_eq!(both, host.len().min(copy.len()));
    let lefts: std::collections::HashSet<_> = pairs.iter().filter_map(|pair| pair.left).collect();
    assert_eq!(lefts.len(), host.len());
}

#[test]
fn names_cannot_steer_a_terminal() {
    assert_eq!(printable(b"a\x1b[2J\n\xff\xc2\x9b\xe2\x80\xae"), "a\\x1b[2J\\x0a\\xff\\xc2\\x9b\\xe2\\x80\\xae");
    assert_eq!(printable_line("1024\t/lab\tx\x1b"), "1024    /lab    x\\x1b");
    assert_eq!(printable_line("外\t12345678\t."), "外      12345678        .");
    assert_eq!(elide("/var/lib/docker/overlay2/e735/merged", 16, true), "/var/../merged");
}

#[test]
fn json_has_base64_only_for_what_is_not_utf8() {
    let table = MountTable::parse(b"1 0 0:1 / /\xff rw - tmpfs  rw,a=b\n".to_vec());
    let json = to_json(&table, 0);
    assert_eq!(json["target"], serde_json::json!({ "base64": "L/8=" }));
    assert_eq!((json["source"].as_str(), json["shared"].is_null()), (Some(""), true));
    assert_eq!(json["super_options"], serde_json::json!(["rw", "a=b"]));
}

/// What the format allows, one row each.
#[test]
fn rows_of_every_kind_are_read() {
    let long = format!("lowerdir=/{}", "l".repeat(9000));
    type Row<'a> = [&'a [u8]; 4];
    let rows: [Row; 13] = [
        [b"5 1 0:5 / - rw - tmpfs t rw", b"-", b"/", b"t"],
        [b"5 1 0:5 / shared:7 rw - tmpfs t rw", b"shared:7", b"/", b"t"],
        [b"5 1 0:5 / /a rw - tmpfs  rw", b"/a", b"/", b""],
        [b"5 1 0:5 / /a rw - tmpfs x\\040-\\040y\\043z rw", b"/a", b"/", b"x - y#z"],
        [b"5 1 0:5 / /a#b\\134040c rw - tmpfs t rw", b"/a#b\\040c", b"/", b"t"],
        [b"5 1 0:5 / /a\\040\\011\\012\\134 rw - tmpfs t rw", b"/a \t\n\\", b"/", b"t"],
        [b"5 1 0:5 / /\xff\xfe rw - tmpfs \xe9 rw", b"/\xff\xfe", b"/", b"\xe9"],
        ["5 1 0:5 / /a\u{a0}b\u{3000}c rw - tmpfs t rw".as_bytes(), "/a\u{a0}b\u{3000}c".as_bytes(), b"/", b"t"],
        [b"5 1 0:5 / /a\rb\x0b\x0c\x1b[2J\x7f rw - tmpfs t rw", b"/a\rb\x0b\x0c\x1b[2J\x7f", b"/", b"t"],
        [b"5 1 0:4 net:[4026531840] /run/netns/a rw - nsfs nsfs rw", b"/run/netns/a", b"net:[4026531840]", b"nsfs"],
        [b"5 1 8:1 /gone//deleted /b rw - ext4 /dev/sda1 rw", b"/b", b"/gone//deleted", b"/dev/sda1"],
        [b"5 1 0:5 / /a rw shared:1 master:2 propagate_from:3 later:x - tmpfs - rw,a=\\054b", b"/a", b"/", b"-"],
        [&[b"5 1 0:5 / /o rw - overlay overlay rw,", long.as_bytes()].concat(), b"/o", b"/", b"overlay"],
    ];
    for [row, target, root, source] in rows {
        let table = MountTable::parse(row.to_vec());
        let shown = String::from_utf8_lossy(row);
        assert!(table.unread().is_empty() && table.len() == 1, "{shown}: {:?}", table.unread());
        let mount = &table.rows()[0];
        assert_eq!((&*mount.target(), &*mount.root(), &*mount.source()), (target, root, source), "{shown}");
        assert_eq!(mount.raw(), row);
    }
    let groups = MountTable::parse(rows[11][0].to_vec());
    let mount = &groups.rows()[0];
    assert_eq!((mount.shared, mount.master, mount.propagate_from), (Some(1), Some(2), Some(3)));
    assert_eq!(mount.super_options(), [&b"rw"[..], b"a=,b"]);
}

/// What is no row is told by its line, and takes nothing else with it.
#[test]
fn lines_that_are_no_rows_are_told() {
    let lines = [
        "x 1 0:5 / /a rw - tmpfs t rw",
        "+5 1 0:5 / /a rw - tmpfs t rw",
        "5 -1 0:5 / /a rw - tmpfs t rw",
        "99999999999999999999 1 0:5 / /a rw - tmpfs t rw",
        "5 1 05 / /a rw - tmpfs t rw",
        "5 1 0:4294967296 / /a rw - tmpfs t rw",
        "5 1 0:5  /a rw - tmpfs t rw",
        "5 1 0:5 /",
        "5 1 0:5 / /a rw",
        "5 1 0:5 / /a rw shared:1",
        "5 1 0:5 / /a rw shared:x - tmpfs t rw",
        "5 1 0:5 / /a rw -",
        "5 1 0:5 / /a rw - tmpfs",
        "5 1 0:5 / /a rw - tmpfs t",
        " ",
    ];
    for line in lines {
        let table =
            MountTable::parse(format!("1 0 0:1 / / rw - tmpfs t rw\n\n{line}\n2 1 0:2 / /b rw - tmpfs t rw").into());
        let told: Vec<_> = table.unread().iter().map(|unread| (unread.line, &unread.bytes[..])).collect();
        assert_eq!(told, [(3, line.as_bytes())], "{line}");
        assert_eq!(table.len(), 2, "{line}");
    }
}

/// Children may stand before their parents, and parents may be missing, as in the view of a chrooted process.
#[test]
fn siblings_cover_whether_or_not_their_parent_is_seen() {
    let rows = "3 9 0:3 / /a/b rw - tmpfs b rw\n2 9 0:2 / /a rw - tmpfs a rw\n4 9 0:4 / /ab rw - tmpfs c rw\n5 3 0:5 / /a/b/c rw - tmpfs d rw\n";
    for root in ["", "9 1 0:9 / / rw - tmpfs r rw\n"] {
        let table = MountTable::parse(format!("{rows}{root}").into());
        let covered: Vec<u64> =
            (0..table.len()).filter(|&row| table.covered(row)).map(|row| table.rows()[row].id).collect();
        assert_eq!(covered, [3, 5], "with {root:?}: /a was mounted on the way to /a/b");
    }
}

/// An id that is reused at once is another mount; a mount that moved is the same.
#[test]
fn a_mount_is_the_same_by_id_device_and_root() {
    let before = MountTable::parse(
        b"1 0 0:1 / / rw - tmpfs t rw\n2 1 0:2 / /p rw - tmpfs p rw\n3 1 0:3 /x /q rw - tmpfs q rw\n".to_vec(),
    );
    let after = MountTable::parse(
        b"1 0 0:1 / / rw - tmpfs t rw\n3 1 0:3 /x /r rw - tmpfs q rw\n2 1 0:7 / /p rw - tmpfs p rw\n".to_vec(),
    );
    let kinds: Vec<_> =
        changes(&before, &after).iter().map(|change| (change.kind, change.before, change.after)).collect();
    assert_eq!(
        kinds,
        [
            (ChangeKind::Moved, Some(2), Some(1)),
            (ChangeKind::Added, None, Some(2)),
            (ChangeKind::Removed, Some(1), None)
        ]
    );
}

/// The right side's own rows stand where they belong, and every row stands once.
#[test]
fn a_row_of_one_side_alone_stands_in_its_place() {
    let left = MountTable::parse(
        b"1 0 0:1 / / rw - tmpfs t rw\n2 1 0:2 / /a rw - tmpfs a rw\n3 1 0:3 / /c rw - tmpfs c rw\n".to_vec(),
    );
    let right = MountTable::parse(
        b"11 0 0:1 / / rw - tmpfs t rw\n12 11 0:2 / /a ro - tmpfs a rw\n15 11 0:5 / /b rw - tmpfs b rw\n13 11 0:3 / /moved rw - tmpfs c rw\n".to_vec(),
    );
    let pairs: Vec<_> = pair(&left, &right).iter().map(|pair| (pair.left, pair.right, pair.differs)).collect();
    assert_eq!(
        pairs,
        [(Some(0), Some(0), false), (Some(1), Some(1), true), (None, Some(2), false), (Some(2), Some(3), false)]
    );
}

/// A container's root file system is another one: its rows have next to nothing in common with the machine's but the places
/// where they lie. What is the same mount comes first all the same.
#[test]
fn what_else_has_no_partner_is_paired_by_its_mount_point() {
    let left = MountTable::parse(
        b"1 0 8:1 / / rw - ext4 d rw\n2 1 0:2 / /proc rw - proc p rw\n3 1 0:3 / /tmp rw - tmpfs t rw\n".to_vec(),
    );
    let right = MountTable::parse(
        b"11 0 0:9 / / rw - overlay o rw\n12 11 0:8 / /proc rw - proc p rw\n13 11 0:3 / /data rw - tmpfs t rw\n14 11 0:7 / /tmp rw - tmpfs t rw\n".to_vec(),
    );
    let rows = |pairs: Vec<Pair>| pairs.iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>();
    assert!(rows(pair(&left, &right)).contains(&(Some(0), None)));
    assert_eq!(
        rows(pair_by_point(&left, &right)),
        [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), Some(2)), (None, Some(3))]
    );
}

#[test]
fn json_cannot_steer_a_terminal_and_says_the_same() {
    let table = MountTable::parse("1 0 0:1 / /\u{9b}31m\u{202e}\u{7f}\u{e0001}\x1b\u{3000} rw - tmpfs t rw\n".into());
    let value = to_json(&table, 0);
    let text = printable_json(&serde_json::to_string_pretty(&value).unwrap());
    assert!(!text.contains(|c: char| c != '\n' && c.is_control() || "\u{202e}\u{e0001}".contains(c)), "{text:?}");
    assert!(text.contains("\\u009b31m\\u202e\\u007f\\udb40\\udc01\\u001b\u{3000}"), "{text}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
}
