use super::*;
use proptest::prelude::*;

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

proptest! {
    /// No bytes make the parser fail, and no line is lost.
    #[test]
    fn any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        let table = MountTable::parse(raw.clone());
        let lines = raw.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
        prop_assert_eq!(table.len() + table.unread().len(), lines);
        prop_assert_eq!(table.tree_order().len(), table.len());
    }

    /// Any tree, even with circles: nothing hangs, and parsing again what is known gives the same.
    #[test]
    fn any_tree(rows in proptest::collection::vec((0u64..12, 0u64..12, "(/[ab]){0,3}"), 0..24), cut in 0usize..24) {
        let text = |rows: &[(u64, u64, String)]| rows.iter().map(|(id, parent, target)| {
            format!("{id} {parent} 0:{id} / {} rw - tmpfs x rw\n", if target.is_empty() { "/" } else { target })
        }).collect::<String>().into_bytes();
        let whole = MountTable::parse(text(&rows));
        let part = MountTable::parse(text(&rows[..cut.min(rows.len())]));
        prop_assert_eq!(&part.reparse(text(&rows)), &whole);
        prop_assert_eq!(whole.tree_order().len(), rows.len());
        let _ = (pair(&part, &whole), changes(&part, &whole));
    }

    /// What the kernel escapes comes back byte for byte.
    #[test]
    fn names_round_trip(name in proptest::collection::vec(1u8..=255, 1..30), source in proptest::collection::vec(1u8..=255, 0..30)) {
        let escape = |bytes: &[u8], more: &[u8]| bytes.iter().flat_map(|&byte| {
            if b" \t\n\\".contains(&byte) || more.contains(&byte) { format!("\\{byte:03o}").into_bytes() } else { vec![byte] }
        }).collect::<Vec<u8>>();
        let raw = [b"1 0 0:1 / /".to_vec(), escape(&name, b""), b" rw shared:1 - tmpfs ".to_vec(), escape(&source, b"#"), b" rw\n".to_vec()].concat();
        let table = MountTable::parse(raw);
        prop_assert_eq!(table.rows()[0].target().into_owned(), [b"/".to_vec(), name].concat());
        prop_assert_eq!(table.rows()[0].source().into_owned(), source);
    }
}
