use super::load::parse;
use super::*;

const GOOD: &str = "\
format: 1
id: tiny
minutes: 1
host: { shared: true }
steps:
  - id: one
    minutes: 1
    predict: { ask: claims, options: [[{ hostname: { side: outside, is: a } }], [{ errno: ok }]] }
    rounds:
      - actor: host
        do:
          - mount: { type: tmpfs, on: /lab/x, flags: [nosuid, nodev] }
          - hostname: box
        expect:
          - { becomes: { rows: { side: outside, where: { target: /lab/x }, count: 1 } } }
          - { says: { rows: { side: outside, count: as-before } } }
";

#[test]
fn a_lesson_reads() {
    let lesson = parse("x", GOOD).unwrap();
    assert_eq!(lesson.steps[0].rounds[0].does.len(), 2);
}

/// A step's layers get the columns of the stack that it names.
#[test]
fn layers_name_a_stack() {
    let stack = "id: tiny\nstacks:\n  c1:\n    - { name: upper, path: /lab/upper }\n    - { name: merged, path: /lab/m, view: true }";
    let text = GOOD.replacen("id: tiny", stack, 1).replacen(
        "    minutes: 1\n    predict",
        "    minutes: 1\n    layers: { of: c1, paths: [etc/motd] }\n    predict",
        1,
    );
    let layers = parse("x", &text).unwrap().steps[0].layers.clone().unwrap();
    assert_eq!(layers.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["upper", "merged"]);
    match parse("x", &text.replace("of: c1", "of: c2")) {
        Err(LessonError::Wrong { line, what, .. }) => {
            assert_eq!(line, 12, "{what}");
            assert!(what.contains("did you mean c1?"), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

/// Whatever is wrong has a place, and what is meant is suggested.
#[test]
fn errors_have_places() {
    for (from, to, line, says) in [
        ("mount: { type", "mont: { type", 12, "did you mean `mount`?"),
        ("nosuid", "nosuit", 12, "nosuit"),
        ("minutes: 1\nhost", "minutes: yes\nhost", 3, "it must be a whole number"),
        ("id: tiny", "id: tiny\nid: again", 3, "twice"),
        ("format: 1", "format: 2", 1, "format: 1"),
        ("id: one", "id: One", 6, "small letters"),
        ("hostname: box", "hostname: !x box", 13, "tags"),
        ("hostname: box", "hostname: &a box", 13, "anchors"),
        ("count: 1", "count: { a: 1 }", 0, ""),
        ("says: { rows", "say: { rows", 16, "did you mean `says`?"),
        ("{ says: {", "{ stays: { errno: ok }, says: {", 0, "exactly one"),
        ("hostname: box", "hostname: a: b", 13, "in quotes"),
        ("        expect:", "        run: [echo a: b]\n        expect:", 14, "in quotes"),
        ("        expect:", "        run: [ls # all]\n        expect:", 0, "begins a comment"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD);
        match parse("x", &text) {
            Err(LessonError::Wrong { line: found, what, shown, .. }) => {
                assert!(line == 0 || found == line, "{to}: line {found}: {what}");
                assert!(what.contains(says), "{to}: {what}");
                assert!(shown.contains('^'), "{shown}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn hostile_files_are_refused_at_once() {
    let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n";
    let flow = format!("a: {}", "[".repeat(3000));
    let block = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    let dashes = format!("a:\n{}x", "- ".repeat(3000));
    for text in
        [bomb, &flow, &block, &dashes, "", "# nothing\n", "\u{0}", "a: [", "- - -", "{", "%YAML 9.9\n---\n", "\t- x"]
    {
        assert!(parse("x", text).is_err(), "{:?}", &text[..text.len().min(30)]);
    }
    assert!(matches!(open("mount-nss"), Err(LessonError::Unknown { nearest: Some(near), .. }) if near == "mount-ns"));
    assert!(matches!(open("/nowhere/at/all"), Err(LessonError::Unreadable { .. })));
}

/// The index names every lesson, and what a lesson needs comes before it.
#[test]
fn the_index_is_whole() {
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/lessons")).unwrap().flatten();
    let mut folders: Vec<_> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let mut names = bundled();
    for (index, name) in names.iter().enumerate() {
        for need in open(name).unwrap().needs {
            assert!(names[..index].contains(&need), "{name} needs {need}, which does not come before it");
        }
    }
    names.sort();
    folders.sort();
    assert_eq!(names, folders);
}

#[test]
fn every_bundled_lesson_is_clean() {
    assert_eq!(bundled().first().map(String::as_str), Some("mount-ns"));
    for name in bundled() {
        let found = source(&name)
            .and_then(|source| check(&source, crate::tui::page_lines))
            .unwrap_or_else(|error| panic!("{error}"));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
    }
}

/// Each fault is found at its line, in its file, and the finding says what to write.
#[test]
fn faults_of_a_readable_lesson_are_found() {
    let good = source("mount-ns").unwrap();
    let faults = [
        ("lesson.yaml", ", fails-in: the-host-does }", " }", "fails-in"),
        ("lesson.yaml", "claim: old-proc-is-gone", "claim: old-proc-gone", "did you mean old-proc-is-gone?"),
        ("en.md", "### hint\nLook at the mount points", "### hint\n\n### speaker2\n", "### speaker2 is not known"),
        ("en.md", "### if 3\nIt was made inside.", "### if 9\nIt was made inside.", "only 3 options"),
        ("en.md", "### break slave", "### break slaves", "no variant slaves"),
        ("en.md", "Both `/` and `/lab` are", "Both and `/lab` are", "code spans"),
        ("en.md", "is no PID 2 in", "is no PID 9 in", "number 9"),
        ("en.md", "- a tmpfs on /lab/mine inside\n", "", "2 conditions need as many"),
        ("en.md", "### done\nOne row inside", "### done\n\n### speaker3\nOne", "speaker3"),
        ("en.md", "- nothing: an empty list", "- no", "length should not tell"),
        ("lesson.yaml", "          - hostname: box", "          - clone: { new: [uts] }", "for the host alone"),
        (
            "lesson.yaml",
            "{ do: [{ mount: { type: tmpfs, on: /test } }] }",
            "{ do: [{ clone: { new: [uts] } }] }",
            "for the host alone",
        ),
        (
            "lesson.yaml",
            "- { becomes: { same: { what: mnt, is: true } } }",
            "- { becomes: { same: { what: mnt, is: true } }, fails-in: with-fs }",
            "are not proven",
        ),
        ("en.md", "What does clone answer?\n", "", "has no question"),
        (
            "en.md",
            "### if 2\nThe kernel looks at the flags",
            "### if 7\nThe kernel looks at the flags",
            "only 3 options",
        ),
        (
            "lesson.yaml",
            "        predict: { ask: errno, options: [EINVAL, ok, EPERM] }\n",
            "",
            "below it are never shown",
        ),
        (
            "lesson.yaml",
            "predict: { ask: errno, options: [EINVAL, ok, EPERM] }",
            "predict: { ask: point, side: outside, where: { target: /lab } }",
            "a variant asks no point",
        ),
        ("lesson.yaml", "run: [ps]", "run:\n          - ps # all", "is a comment"),
        (
            "lesson.yaml",
            "prepare:",
            "stacks:\n  c9:\n    - { name: a, path: /lab/a }\nprepare:",
            "no step shows the stack c9",
        ),
        (
            "en.md",
            "Each row below is one",
            "- a\n- b\n- c\n- d\n- e\n- f\n- g\n- h\n\nEach row below is one",
            "paged: true",
        ),
        ("en.md", "### hint\nLook at", "### near 1\nx\n\n### hint\nLook at", "never shown"),
        ("zh-CN.md", "卸载也同样传播：", "卸载也同样传播:", "full-width"),
        ("zh-CN.md", "容器给自己起名 `box`", "容器给自己起名`box`", "space between"),
        ("zh-CN.md", "不要把它叫作重新挂载", "您把它叫作重新挂载", "write 你"),
        ("zh-CN.md", "容器在 `/proc` 上再挂载一个", "容器重新挂载一个 `/proc`，", "MS_REMOUNT"),
    ];
    for (name, from, to, says) in faults {
        let mut bad = good.clone();
        let file = match name {
            "lesson.yaml" => &mut bad.yaml,
            _ => bad.words.get_mut(name.trim_end_matches(".md")).unwrap(),
        };
        assert!(file.text.contains(from), "{name} has no {from}");
        file.text = file.text.replacen(from, to, 1);
        let found = check(&bad, crate::tui::page_lines).unwrap_or_else(|error| vec![error]);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let hit = found.iter().find(|finding| finding.contains(says)).unwrap_or_else(|| panic!("{to}: {found:?}"));
        let line = hit.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
        assert!(hit.starts_with("mount-ns/") && line.is_some() && hit.contains('^'), "{hit}");
    }
}
