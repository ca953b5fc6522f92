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
        let end = serde_json::json!({ "event": "end", "lesson": "mount-ns", "held": true, "proofs": true });
        assert_eq!(events.last().unwrap(), &end);
    }
}

/// Nothing of one run is in the way of the next, and none depends on luck.
#[test]
fn verify_holds_again_and_again() {
    for user in users() {
        for round in 1..=3 {
            let output = nslab(user).args(["verify", "mount-ns"]).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "uid {user}, round {round}: {text}");
        }
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

/// A step that sets a propagation type which is there already changes nothing, and fails.
#[test]
fn verify_fails_a_propagation_that_changes_nothing() {
    let dir = common::place().join("idle-propagation");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("en.md"), "# Idle\n").unwrap();
    for (shared, wanted) in [("true", 0), ("false", 1)] {
        let lesson = format!(
            "format: 1\nid: idle\nminutes: 1\nhost: {{ shared: {shared} }}\nsteps:\n  - id: a\n    minutes: 1\n    rounds:\n      - do:\n          - propagation: {{ on: /, type: private, recursive: true }}\n        expect:\n          - {{ says: {{ propagation: {{ side: outside, every: private }} }} }}\n"
        );
        std::fs::write(dir.join("lesson.yaml"), lesson).unwrap();
        let (status, out, err) = run(&["verify", dir.to_str().unwrap()]);
        assert_eq!((status, out.contains("sets a propagation type")), (wanted, wanted == 1), "{out}{err}");
    }
}

/// A question that none of its options answers, or more than one, ends with status 1.
#[test]
fn verify_fails_a_question_without_an_answer() {
    let dir = common::place().join("void-question");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("en.md"), "# Question\n").unwrap();
    for (options, wanted, answer) in [
        ("[0, as-before]", 0, serde_json::json!(2)),
        ("[0, one-more]", 1, Value::Null),
        ("[7, as-before]", 1, Value::Null),
    ] {
        let lesson = format!(
            "format: 1\nid: void\nminutes: 1\nsteps:\n  - id: a\n    minutes: 1\n    predict: {{ ask: row-count, side: outside, options: {options} }}\n    rounds:\n      - do:\n          - mkdir: {{ path: /lab/x }}\n        expect:\n          - {{ becomes: {{ file: {{ side: outside, path: /lab/x, exists: true }} }} }}\n"
        );
        std::fs::write(dir.join("lesson.yaml"), lesson).unwrap();
        let (status, out, err) = run(&["verify", dir.to_str().unwrap(), "--json"]);
        assert_eq!(status, wanted, "{options}: {out}{err}");
        let event: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        assert_eq!(event["question"]["answer"], answer, "{options}: the tidy host has 7 rows");
        let (_, out, _) = run(&["verify", dir.to_str().unwrap()]);
        assert_eq!(out.contains("the question has no answer"), wanted == 1, "{out}");
    }
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

/// Lines that are no rows: what can be read is printed, the rest told by line number, and the status is not 0.
#[test]
fn a_table_with_bad_lines_is_not_all_well() {
    let file = common::place().join("bad-table");
    std::fs::write(&file, "1 0 0:1 / / rw - tmpfs t rw\n36 35 98:0 /\n2 1 0:2 / /\u{202e}x\u{9b}31m rw - tmpfs t rw\n")
        .unwrap();
    let file = file.to_str().unwrap();
    for args in
        [&["mounts", "--file", file][..], &["mounts", "--file", file, "--json"], &["diff", file, file, "--json"]]
    {
        let (status, out, err) = run(args);
        assert_eq!(status, 2, "{args:?}: {err}");
        assert!(err.contains("line 2 ") && err.contains("36 35 98:0 /"), "{err}");
        assert!(!(out + &err).contains(|c: char| c != '\n' && c.is_control() || c == '\u{202e}'), "{args:?}");
    }
    let (_, out, _) = run(&["mounts", "--file", file, "--json"]);
    let rows: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((rows[1]["target"].as_str(), rows[1]["shared"].is_null()), (Some("/\u{202e}x\u{9b}31m"), true));
    let keys: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "covered fstype id major master minor options parent propagate_from root shared source super_options target unbindable";
    assert_eq!(keys.join(" "), expected);
}

#[test]
fn diff_tells_differences_with_status_0() {
    let [a, b] = ["before", "after"].map(|name| common::place().join(name));
    std::fs::write(&a, "1 0 0:1 / / rw - tmpfs t rw\n2 1 0:2 / /a rw - proc p rw\n").unwrap();
    std::fs::write(&b, "1 0 0:1 / / ro - tmpfs t rw\n2 1 0:2 / /a rw - proc p rw\n3 2 0:3 / /a rw - proc p rw\n")
        .unwrap();
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let (status, out, _) = run(&["diff", a, b]);
    let words: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!((status, words), (0, vec!["changed", "covered", "added"]));
    assert_eq!(run(&["diff", a, a]), (0, String::new(), String::new()));
    let (_, out, _) = run(&["diff", a, b, "--json"]);
    let changes: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&changes[0]["fields"][0], &changes[2]["before"]), (&Value::from("options"), &Value::Null));
}

/// A process in a chroot, by each user: what it sees, and with --namespace what its whole namespace holds.
#[test]
fn the_whole_namespace_of_a_chrooted_process() {
    for user in users() {
        let mut process = std::process::Command::new("unshare");
        let script = "mount -t tmpfs jail /mnt && cd /mnt && mkdir usr bin lib lib64 && mount --rbind /usr usr && \
             mount --rbind /bin bin && mount --rbind /lib lib && { [ ! -e /lib64 ] || mount --rbind /lib64 lib64; } && \
             echo ready && exec chroot /mnt sleep 60";
        process.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).stdout(std::process::Stdio::piped());
        if common::is_root() && user != 0 {
            use std::os::unix::process::CommandExt;
            process.uid(user).gid(user);
        }
        let mut child = process.spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        assert_eq!(line, "ready\n");
        let pid = child.id().to_string();
        let rows = |args: &[&str]| -> Vec<Value> {
            let output = nslab(user).args(args).output().unwrap();
            assert!(output.status.success(), "uid {user}: {}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        // chroot(2) comes a moment after the word.
        let ends = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while rows(&["mounts", &pid, "--json"])[0]["source"] != "jail" {
            assert!(std::time::Instant::now() < ends, "never in its chroot");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let (seen, whole) = (rows(&["mounts", &pid, "--json"]), rows(&["mounts", &pid, "--json", "--namespace"]));
        assert!(seen.iter().all(|row| row["target"] != "/mnt"));
        assert!(whole.iter().any(|row| row["target"] == "/mnt" && row["source"] == "jail"));
        let ids = |rows: &[Value]| {
            rows.iter().map(|row| row["id"].as_u64().unwrap()).collect::<std::collections::HashSet<_>>()
        };
        assert!(ids(&seen).is_subset(&ids(&whole)) && seen.len() < whole.len());
        child.kill().unwrap();
        child.wait().unwrap();
        // One's own namespace needs no more rights than one has.
        assert!(!rows(&["mounts", "--json", "--namespace"]).is_empty());
    }
}

/// Anybody may read the table of a process, but only its owner or root may join its namespace.
#[test]
fn the_namespace_of_another_user_is_refused_with_advice() {
    let Some(&user) = users().iter().find(|&&user| user != 0) else { return };
    let mut child = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", "echo ready; exec sleep 60"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0; 6]).unwrap();
    let pid = child.id().to_string();
    let output = nslab(user).args(["mounts", &pid, "--namespace"]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    child.kill().unwrap();
    child.wait().unwrap();
    if !common::is_root() {
        assert!(output.status.success(), "one's own process: {err}");
        return;
    }
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(3), true), "{err}");
    assert!(err.contains(&format!("process {pid}:")) && err.contains("sudo"), "{err}");
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

/// What is said of what went wrong: once, with what was tried, on stderr; and with the status that fits.
#[test]
fn what_goes_wrong_is_said_once() {
    let file = common::place().join("no-table");
    std::fs::write(&file, "no row\n".repeat(20)).unwrap();
    let output = nslab(users()[0]).args(["mounts", "--file", file.to_str().unwrap()]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), err.lines().count()), (Some(2), 4), "{err}");
    assert!(err.contains("more lines are no rows"), "{err}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = nslab(users()[0]).arg("list").stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.starts_with("nslab: write the output: No space left"), "{err}");
    let mut command = nslab(users()[0]);
    let output = command.args(["verify", "mount-ns"]).env("XDG_CACHE_HOME", "/proc/nowhere").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("XDG_CACHE_HOME") && err.matches("os error").count() == 1, "{err}");
}

/// A pipe's reader sees what was answered, and lines keep to the width that is asked for.
#[test]
fn the_plain_lesson_is_a_readable_transcript() {
    use std::io::Write;
    let mut child = nslab(users()[0])
        .args(["lesson", "mount-ns", "--plain", "--step", "2", "--width", "40"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"foo\n2\n\nquit\n").unwrap();
    let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let lesson = text.split("Receipt,").next().unwrap();
    for part in ["\nanswer> foo\nfoo is no word here", "\nanswer> 2\nEnter performs it> \nRan ", "\nYou: ", "quit\n"] {
        assert!(lesson.contains(part), "no {part:?} in:\n{lesson}");
    }
    let question = lesson.find("Question.").unwrap();
    assert!(lesson.find("Next, on the practice host: clone(").is_some_and(|next| next < question), "{lesson}");
    assert!(lesson.find("CLONE_NEWNS: ") < lesson.find("\nYou: "), "what happened, then the verdict");
    let prompt = |line: &str| line.contains("> ");
    for line in lesson.lines().filter(|line| !prompt(line)) {
        assert!(line.chars().count() <= 40 && !line.starts_with(' '), "{line}");
    }
}

/// Progress is kept from run to run, a lesson goes on where it was left, and forgetting asks first.
#[test]
fn progress_is_kept_and_forgotten() {
    let state = common::place().join("progress-state");
    let on = |args: &[&str], input: &str| {
        use std::io::Write;
        let mut command = nslab(users()[0]);
        command.args(args).env("XDG_STATE_HOME", &state);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    assert!(on(&["progress"], "").1.contains("mount-ns  not begun"));
    // Step 1 with a row that does not answer, then step 2 is looked at.
    let lesson = ["lesson", "mount-ns", "--plain"];
    assert!(on(&lesson, "1\n\n\nquit\n").1.contains("Step 1 of 14"));
    let said = on(&lesson, "quit\n").1;
    assert!(said.contains("Step 2 of 14") && !said.contains("Step 1 of 14"), "{said}");
    assert!(on(&["progress"], "").1.contains("mount-ns  1 of 14 steps, 0 of 1 at first sight"));
    assert_eq!(on(&["reset", "mount-ns"], "").0, 2, "nobody to ask");
    assert_eq!(on(&["reset", "mount-ns", "nowhere", "--yes"], "").0, 2);
    assert_eq!(on(&["reset", "mount-ns", "look", "--yes"], "").0, 0);
    assert!(on(&["progress"], "").1.contains("mount-ns  0 of 14"));
    std::fs::write(state.join("nslab/progress.json"), "{ damaged").unwrap();
    let (status, out, err) = on(&["progress"], "");
    assert_eq!((status, out.contains("not begun")), (0, true), "{out}");
    assert!(err.contains("progress.aside-1.json"), "{err}");
}
