//! The command line: results, errors and exit statuses.

mod common;

use common::{nslab, users};
use serde_json::Value;

fn run(args: &[&str]) -> (i32, String, String) {
    let output = nslab(users()[0]).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/mountinfo/{name}.txt", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn verify_proves_the_lesson_for_every_user() {
    for user in users() {
        let output = nslab(user).args(["verify", "mount-ns", "--json"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "uid {user}: {text}{}", String::from_utf8_lossy(&output.stderr));
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let steps: Vec<&Value> = events.iter().filter(|event| event["event"] == "step").collect();
        assert_eq!(steps.len(), 14);
        for step in &steps {
            let expect = step["expect"].as_array().unwrap();
            assert!(!expect.is_empty() && expect.iter().all(|item| item["held"] == true), "{step}");
            assert!(step["outside"]["added"].is_array() && step["inside"]["changed"].is_array());
        }
        let proc = steps.iter().find(|step| step["step"] == "proc").unwrap();
        assert_eq!(proc["actor"], "container");
        assert_eq!(proc["calls"][0]["name"], "mount");
        assert_eq!(proc["calls"][0]["errno"], Value::Null);
        assert_eq!(proc["inside"]["added"][0]["target"], "/proc");
        assert_eq!(proc["outside"]["added"].as_array().unwrap().len(), 0);
        let refused = steps.iter().find(|step| step["step"] == "ps-lies").unwrap();
        assert_eq!(refused["calls"][0]["errno"], "ESRCH");
        assert_eq!(events.last().unwrap(), &serde_json::json!({ "event": "end", "lesson": "mount-ns", "held": true }));
    }
}

/// A step that names layers has them in its event: what each has, and which one shows.
#[test]
fn verify_shows_the_layers() {
    for user in users() {
        let output = nslab(user).args(["verify", "image-layers", "--json"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "uid {user}: {text}{}", String::from_utf8_lossy(&output.stderr));
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let cells = |step: &str, path: &str| -> Vec<(String, Value, bool, String)> {
            let event = events.iter().find(|event| event["step"] == step && event["variant"].is_null()).unwrap();
            let row = event["layers"].as_array().unwrap().iter().find(|row| row["path"] == path).unwrap();
            let word = |value: &Value| value.as_str().unwrap().to_string();
            let cell = |cell: &Value| {
                (word(&cell["layer"]), cell["kind"].clone(), cell["shows"] == true, word(&cell["round"]))
            };
            row["cells"].as_array().unwrap().iter().map(cell).collect()
        };
        let cell = |layer: &str, kind: Option<&str>, shows: bool, round: &str| {
            (layer.to_string(), kind.map_or(Value::Null, Value::from), shows, round.to_string())
        };
        assert_eq!(
            cells("copy-up", "etc/motd"),
            [
                cell("base", Some("file"), false, "same"),
                cell("tools", Some("file"), false, "same"),
                cell("init", None, false, "same"),
                cell("upper", Some("file"), true, "new"),
                cell("merged", Some("file"), false, "changed"),
            ]
        );
        assert_eq!(cells("opaque", "srv/www")[0], cell("base", Some("directory"), false, "same"));
        assert_eq!(cells("opaque", "srv/www")[3], cell("upper", Some("directory"), true, "new"));
        assert_eq!(cells("rename", "opt/app")[3], cell("upper", Some("whiteout"), false, "new"));
    }
}

/// A lesson whose expectation is false ends with status 1: verify does look.
#[test]
fn verify_fails_what_is_not_so() {
    let dir = common::place().join("false-lesson");
    std::fs::create_dir_all(&dir).unwrap();
    let lesson = "format: 1\nid: wrong\nminutes: 1\nsteps:\n  - id: a\n    minutes: 1\n    rounds:\n      - do:\n          - mkdir: { path: /lab/x }\n        expect:\n          - { becomes: { file: { side: outside, path: /lab/y, exists: true } } }\n";
    std::fs::write(dir.join("lesson.yaml"), lesson).unwrap();
    std::fs::write(dir.join("en.md"), "# Wrong\n").unwrap();
    let (status, out, _) = run(&["verify", dir.to_str().unwrap()]);
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("/lab/y"), "{out}");
    std::fs::write(dir.join("lesson.yaml"), lesson.replace("/lab/x", "/lab/y")).unwrap();
    assert_eq!(run(&["verify", dir.to_str().unwrap()]).0, 0);
}

/// On a machine without sh, cp or ls the image is nslab's own commands alone, and the lessons work.
#[test]
fn verify_works_with_an_empty_path() {
    for user in users() {
        let output = nslab(user).args(["verify", "mount-ns", "image-layers"]).env("PATH", "").output().unwrap();
        assert!(
            output.status.success(),
            "uid {user}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn doctor_agrees() {
    let (status, out, _) = run(&["doctor", "--json"]);
    let verdict: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &verdict["ok"]), (0, &Value::Bool(true)), "{verdict}");
    assert!(verdict["checks"].as_array().unwrap().len() >= 8);
}

/// Where no namespace can be had, the answer is status 3, the cause and the remedy, for doctor and for verify.
#[test]
fn a_machine_that_refuses_is_told_from_one_that_fails() {
    let script = "echo 0 > /proc/sys/user/max_mnt_namespaces && exec \"$@\"";
    for args in [&["doctor"][..], &["verify", "mount-ns"], &["lesson", "mount-ns", "--plain"]] {
        let mut command = std::process::Command::new("unshare");
        // A user namespace of its own has limits of its own: the machine's stay.
        command.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]);
        command.arg(common::place().join("nslab")).args(args).env("XDG_CACHE_HOME", common::place().join("0/cache"));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains("Remedy"), "{text}");
    }
}

#[test]
fn wrong_input_is_told_once_with_status_2() {
    let (status, out, err) = run(&["lesson", "mount-nss"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("did you mean mount-ns?"), "{err}");
    for args in [
        &["nonsense"][..],
        &["verify", "/nowhere/x"],
        &["mounts", "--file", "/nowhere"],
        &["mounts", "999999999"],
        &["lesson", "mount-ns", "--step", "99"],
    ] {
        let (status, _, err) = run(args);
        assert_eq!(status, 2, "{args:?}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"), "{err}");
    }
    let bad = common::place().join("bad.yaml");
    std::fs::write(&bad, "format: 1\nid: x\nminutes: 1\nsteps:\n  - id: a\n    minutes: 1\n    rounds:\n      - do:\n          - mont: {}\n").unwrap();
    let (status, _, err) = run(&["verify", bad.to_str().unwrap()]);
    assert_eq!(status, 2);
    assert!(err.contains("bad.yaml:9:") && err.contains("did you mean `mount`?") && err.contains('^'), "{err}");
}

#[test]
fn list_is_for_programs_too() {
    let (status, out, _) = run(&["list", "--json"]);
    let lessons: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0);
    let lesson = lessons.as_array().unwrap().iter().find(|lesson| lesson["id"] == "mount-ns").unwrap();
    assert_eq!((lesson["steps"].as_u64(), lesson["minutes"].as_u64()), (Some(14), Some(48)));
    assert!(lesson["title"].is_string());
}

#[test]
fn mounts_and_diff_of_files() {
    let (status, out, err) = run(&["mounts", "--file", &fixture("special-names"), "--json"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let rows: Value = serde_json::from_str(&out).unwrap();
    assert!(rows.as_array().unwrap().iter().any(|row| row["target"]["base64"].is_string()));
    assert!(rows.as_array().unwrap().iter().any(|row| row["target"] == "/t/mi/a space"));
    let (_, text, _) = run(&["mounts", "--file", &fixture("special-names"), "--tree"]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "nothing steers the terminal");
    let (status, out, _) = run(&["diff", &fixture("systemd-like-rshared"), &fixture("unshare-private"), "--json"]);
    let changes: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0);
    assert!(
        changes
            .as_array()
            .unwrap()
            .iter()
            .all(|change| change["fields"][0] == "propagation" || change["kind"] != "changed")
    );
    let (_, own, _) = run(&["mounts", "--namespace"]);
    assert!(own.contains("/proc"), "{own}");
}

/// The lesson in words, through a pipe.
#[test]
fn the_plain_lesson_teaches_without_a_screen() {
    use std::io::Write;
    for (lang, verdict) in [("en", "Kernel: /lab"), ("zh-CN", "内核的结果：/lab")] {
        let mut child = nslab(users()[0])
            .args(["lesson", "mount-ns", "--plain", "--lang", lang])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = "1\n\n\n3\n\n\nshell container\nmount -t tmpfs x /mnt\nexit\n\ninside\nback\nn\nquit\n";
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(text.contains(verdict), "{text}");
        assert!(text.contains("CLONE_NEWNS"), "{text}");
        assert!(!text.contains('\x1b'), "no control bytes of our own");
    }
}
