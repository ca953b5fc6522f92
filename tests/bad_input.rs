//! Input that cannot be used: told once on stderr with its place and what to write instead, status 2, at once.

mod common;

use common::{nslab, place, users};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs nslab with a second of processor time, however busy the machine is; one that waits for something is given up.
fn run(user: u32, args: &[&str]) -> (Option<i32>, String, String) {
    let inner = nslab(user);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -t 1; exec \"$@\"", "sh"]).arg(inner.get_program()).args(args);
    for (name, value) in inner.get_envs() {
        value.map(|value| command.env(name, value));
    }
    if common::is_root() && user != 0 {
        use std::os::unix::process::CommandExt;
        command.uid(user).gid(user);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ended = common::comes(|| child.try_wait().unwrap().is_some());
    if !ended {
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what nslab prints is UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(ended, "{args:?} waits for something: {err}");
    (output.status.code(), out, err)
}

/// A refusal: status 2, nothing on stdout, and on stderr one message that cannot steer a terminal.
fn refused(user: u32, args: &[&str]) -> String {
    let (status, out, err) = run(user, args);
    assert_eq!((status, out.as_str()), (Some(2), ""), "{args:?}: {err}");
    assert_eq!(err.matches("nslab: ").count(), 1, "{args:?}: once: {err}");
    assert!(!err.contains("panicked"), "{err}");
    assert!(err.chars().all(|c| c == '\n' || !c.is_control()), "{args:?}: {err:?}");
    err
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let dir = place().join("bad");
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

const STEP: &str =
    "format: 1\nid: x\nminutes: 1\nsteps:\n  - id: a\n    minutes: 1\n    rounds:\n      - do:\n          - ";

/// The end of a lesson that begins with STEP.
fn step(operation: &str) -> Vec<u8> {
    format!("{STEP}{operation}\n").into()
}

/// Name, bytes, line and column, and what must be said.
type BadLesson = (&'static str, Vec<u8>, (usize, usize), &'static str);

fn lessons() -> Vec<BadLesson> {
    let bomb: String = ('b'..='k').fold("a: &a [x, x]\n".into(), |text, c| {
        let last = char::from(c as u8 - 1);
        format!("{text}{c}: &{c} [*{last}, *{last}]\n")
    });
    let block: String = (0..1400).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    vec![
        ("empty", vec![], (1, 1), "begin with: format: 1"),
        ("only-a-comment", b"# nothing\n".into(), (1, 1), "begin with: format: 1"),
        ("a-text", b"hello\n".into(), (1, 1), "a lesson, which begins with format: 1"),
        ("aliases", bomb.into(), (1, 4), "write it out"),
        ("deep", format!("{}{}", "[".repeat(3000), "]".repeat(3000)).into(), (1, 41), "more than 40 levels"),
        ("deep-maps", "{a: ".repeat(3000).into(), (1, 161), "more than 40 levels"),
        ("deep-dashes", "- ".repeat(3000).into(), (1, 1), "more than 40 levels"),
        ("deep-block", block.into(), (41, 41), "more than 40 levels"),
        ("twice", b"format: 1\nid: x\nid: y\n".into(), (3, 1), "stands here twice"),
        ("twice-in-flow", step("mkdir: { path: /a, path: /b }"), (9, 20), "duplicate field"),
        ("a-list-for-a-number", b"format: 1\nid: x\nminutes: [1]\nsteps: []\n".into(), (3, 10), "a whole number"),
        ("a-text-for-a-number", b"format: 1\nid: x\nminutes: yes\nsteps: []\n".into(), (3, 10), "a whole number"),
        ("negative", b"format: 1\nid: x\nminutes: -1\nsteps: []\n".into(), (3, 10), "a whole number"),
        (
            "too-large",
            b"format: 1\nid: x\nminutes: 99999999999999999999\nsteps: []\n".into(),
            (3, 10),
            "a whole number",
        ),
        ("a-number-for-a-list", b"format: 1\nid: x\nminutes: 1\nsteps: 5\n".into(), (4, 8), "it must be a list"),
        ("a-list-for-a-text", step("mkdir: { path: [1] }"), (9, 28), "it must be a text"),
        ("unknown-operation", step("mont: {}"), (9, 13), "did you mean `mount`?"),
        ("unknown-field", step("mkdir: { pth: /lab/x }"), (9, 22), "did you mean `path`?"),
        ("unknown-key", b"format: 1\nid: x\nminuts: 1\n".into(), (3, 1), "did you mean `minutes`?"),
        ("no-steps", b"format: 1\nid: x\nminutes: 1\nsteps: []\n".into(), (4, 1), "write one below steps:"),
        ("another-format", b"format: 2\nid: x\nminutes: 1\nsteps: []\n".into(), (1, 1), "write: format: 1"),
        ("a-tag", b"format: !!int 1\n".into(), (1, 9), "tags (!) are not used"),
        ("a-tab", b"format: 1\n\tid: x\n".into(), (2, 1), "with spaces, not with tabs"),
        ("two-documents", b"format: 1\n---\nformat: 1\n".into(), (3, 1), "stands here twice"),
        ("not-utf-8", b"format: 1\nid: caf\xe9\n".into(), (2, 8), "save the file as UTF-8"),
        ("escape-sequences", b"format: 1\nid: \"\x1b[2J\x1b]0;evil\x07\"\n".into(), (2, 6), "U+001B"),
        ("zero-bytes", b"format: 1\n\0\0\n".into(), (2, 1), "U+0000"),
        (
            "byte-order-mark",
            b"\xef\xbb\xbfformat: 2\nid: x\nminutes: 1\nsteps: []\n".into(),
            (1, 1),
            "write: format: 1",
        ),
        ("crlf", step("mont: {}").split(|&b| b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]), (9, 13), "`mount`?"),
        ("a-long-line", format!("format: 1\n{}: 1\n", "y".repeat(500_000)).into(), (2, 500_001), "could not find"),
    ]
}

#[test]
fn a_bad_lesson_is_told_with_its_place() {
    for (name, bytes, (line, column), says) in lessons() {
        let path = file(&format!("{name}.yaml"), &bytes);
        let path = path.to_str().unwrap();
        let err = refused(users()[0], &["check", path]);
        let (first, shown) = err.split_once('\n').unwrap();
        assert!(first.contains(&format!("{path}:{line}:{column}: ")), "{name}: {err}");
        assert!(err.contains(says), "{name}: {err}");
        let [text, caret] = shown.lines().collect::<Vec<_>>()[..] else {
            panic!("{name}: the line and a caret: {err}")
        };
        assert!(text.starts_with("  | ") && caret.starts_with("  | ") && caret.ends_with('^'), "{name}: {err}");
        assert!(err.chars().count() < 1200, "{name}: it fills no screen: {}", err.len());
    }
}

/// Every command that takes a lesson refuses alike.
#[test]
fn every_command_refuses_alike() {
    let path = file("alike.yaml", &step("mont: {}"));
    let path = path.to_str().unwrap();
    for args in [
        &["check", path][..],
        &["verify", path],
        &["verify", path, "--json"],
        &["lesson", path],
        &["lesson", path, "--plain"],
    ] {
        assert!(refused(users()[0], args).contains("did you mean `mount`?"), "{args:?}");
    }
}

/// What is no lesson file at all, and must not be waited for or read to its end.
#[test]
fn what_is_no_file_is_refused_at_once() {
    let dir = place().join("bad");
    std::fs::create_dir_all(dir.join("folder")).unwrap();
    let fifo = dir.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let sparse = dir.join("sparse.yaml");
    std::fs::File::create(&sparse).unwrap().set_len(2 << 30).unwrap();
    std::os::unix::fs::symlink("loop", dir.join("loop")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.join("zero.yaml")).unwrap();
    let at = |name: &str| dir.join(name).to_str().unwrap().to_string();
    for (path, says) in [
        (at("fifo"), "no regular file"),
        (at("zero.yaml"), "no regular file"),
        ("/dev/zero".into(), "no regular file"),
        ("/dev/null".into(), "no regular file"),
        (at("sparse.yaml"), "1 MiB at most"),
        (at("folder"), "lesson.yaml and en.md"),
        (at("nowhere"), "No such file"),
        (at("loop"), "symbolic links"),
        (at(&"n".repeat(300)), "name too long"),
        ("mount-nss".into(), "did you mean mount-ns?"),
        ("".into(), "nslab list"),
        ("a\x1b[2Jb".into(), "nslab list"),
    ] {
        let err = refused(users()[0], &["verify", &path]);
        assert!(err.contains(says), "{path}: {err}");
    }
    let large = refused(users()[0], &["mounts", "--file", sparse.to_str().unwrap()]);
    assert!(large.contains("more than 64 MiB"), "{large}");
    assert!(refused(users()[0], &["diff", "/dev/zero", "/proc/self/mountinfo"]).contains("more than 64 MiB"));
}

/// A plain user's file without permission; root may read everything.
#[test]
fn an_unreadable_file_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let path = file("secret.yaml", b"format: 1\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let user = *users().last().unwrap();
    let err = refused(user, &["verify", path.to_str().unwrap()]);
    assert!(err.contains("secret.yaml: Permission denied"), "{err}");
}

/// The words of a lesson are read as carefully as its structure.
#[test]
fn bad_words_are_told_too() {
    let dir = place().join("bad/words");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("lesson.yaml"), step("mkdir: { path: /lab/x }")).unwrap();
    let lesson = dir.to_str().unwrap();
    assert!(refused(users()[0], &["verify", lesson]).contains("en.md: No such file"));
    std::fs::write(dir.join("en.md"), b"# T\n\ncaf\xe9\n").unwrap();
    let err = refused(users()[0], &["verify", lesson]);
    assert!(err.contains("en.md:3:4: ") && err.ends_with("^\n"), "{err}");
    std::fs::remove_file(dir.join("en.md")).unwrap();
    assert!(Command::new("mkfifo").arg(dir.join("en.md")).status().unwrap().success());
    assert!(refused(users()[0], &["verify", lesson]).contains("no regular file"));
}
