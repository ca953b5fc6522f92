//! Expectations that cannot fail: `verify` fails them, and `check` finds them at their place in the file.

mod common;

use common::{folder, home, nslab, run, users};
use serde_json::Value;
use std::fs;

const HEAD: &str = "\
format: 1
id: proofs
minutes: 1
host: { shared: true }
prepare:
  - do: [{ mkdir: { path: /lab/data } }, { write: { path: /lab/notes, text: \"notes\\n\" } }, { clone: { new: [mnt, pid, uts] } }]
steps:
  - id: one
    minutes: 1
    rounds:
";

/// A lesson with these rounds (and what follows them) in its one step, as everybody can read it.
fn lesson(user: u32, name: &str, rounds: &str) -> String {
    let dir = folder(user, &format!("proofs-{name}"));
    fs::write(dir.join("lesson.yaml"), format!("{HEAD}{rounds}")).unwrap();
    fs::write(dir.join("en.md"), "# Proofs\n").unwrap();
    dir.to_str().unwrap().into()
}

const WRITES: &str = "      - actor: container\n        do: [{ write: { path: /lab/data/x, text: \"x\\n\" } }]\n";
const NO_CHANGE: &str = "        expect:\n          - says: { change: { side: outside, none: true } }\n";
const WITHOUT: &str = "did not hold: without the round this does not hold: ";

/// A `says` that nothing breaks fails, with its step, its words and what to write; one that an experiment breaks does not.
#[test]
fn a_says_must_be_able_to_fail() {
    let by = |breaker: &str| format!("{WRITES}{NO_CHANGE}            broken-by: {breaker}\n");
    let variant = "    break:\n      - id: mounts\n        rounds:\n          - actor: container\n            do: [{ mount: { type: tmpfs, on: /lab/data } }]\n      - id: reads\n        rounds:\n          - actor: container\n            run: [cat /lab/notes]\n";
    let fails_in = |id: &str| format!("{WRITES}{NO_CHANGE}            fails-in: {id}\n{variant}");
    let held = "outside: no row changed";
    for (name, rounds, failing) in [
        (
            "bare",
            format!("{WRITES}{NO_CHANGE}"),
            Some(("one / proof", format!("{WITHOUT}{held}. It holds all the same"))),
        ),
        ("broken", by("{ do: [{ mount: { type: tmpfs, on: /lab/data } }] }"), None),
        ("by-host", by("{ actor: host, do: [{ mount: { type: tmpfs, on: /lab/data } }] }"), None),
        ("run", by("{ run: [mount -t tmpfs tmpfs /lab/data] }"), None),
        (
            "unbroken",
            by("{ do: [{ write: { path: /lab/data/y, text: y } }] }"),
            Some(("one / proof", format!("did not hold: with its broken-by this does not hold: {held}. It holds all"))),
        ),
        ("in-variant", fails_in("mounts"), None),
        ("not-there", fails_in("reads"), Some(("one / reads", format!("did not hold: does not hold here: {held}")))),
    ] {
        for user in users() {
            let (status, out, err) = run(user, &["verify", &lesson(user, name, &rounds)]);
            let (wanted, end) = match &failing {
                Some((step, says)) => {
                    assert!(out.contains(&format!("FAIL {step}\n")) && out.contains(says), "{name}, uid {user}: {out}");
                    (1, "an expectation did not hold.")
                }
                None => (0, "every expectation held."),
            };
            assert!(status == wanted && out.contains(end), "{name}, uid {user}: {status} {out}{err}");
        }
    }
}

/// Results are tried too: what a command prints without the operations before it, and with its own left out.
#[test]
fn an_output_is_tried_without_the_operations() {
    for (of, has, proven) in [
        ("ls /lab/data", "is: x", true),
        ("ls /lab", "has: data", false),
        ("ls /lab", "lacks: nothing", false),
        ("cat /lab/data/x", "has: x, status: 0", true),
    ] {
        let rounds =
            format!("{WRITES}        run: [{of}]\n        expect: [{{ says: {{ output: {{ of: {of}, {has} }} }} }}]\n");
        let (status, out, err) = run(users()[0], &["verify", &lesson(users()[0], "output", &rounds)]);
        assert_eq!((status, out.contains(WITHOUT)), (i32::from(!proven), !proven), "{of} {has}: {out}{err}");
    }
    // A round that only runs commands is silent without them.
    for (has, proven) in [("is: notes", true), ("status: 0", true), ("lacks: more", false), ("is-not: more", false)] {
        let rounds = format!(
            "      - run: [cat /lab/notes]\n        expect: [{{ says: {{ output: {{ of: cat /lab/notes, {has} }} }} }}]\n"
        );
        let (status, out, err) = run(users()[0], &["verify", &lesson(users()[0], "silent", &rounds)]);
        assert_eq!((status, out.contains(WITHOUT)), (i32::from(!proven), !proven), "{has}: {out}{err}");
    }
}

/// What is typed into the container's program may break an expectation, and the rounds before it have been performed.
#[test]
fn an_experiment_comes_after_the_rounds_before_it() {
    let exec = "      - actor: container\n        do: [{ exec: { path: /bin/sh, args: [sh], env: [\"PATH=/usr/bin:/bin\", \"PS1=container # \"] } }]\n        expect: [{ becomes: { pid: { program: sh } } }]\n";
    let typed = |breaker: &str| {
        format!(
            "{exec}      - actor: container\n        type: [echo x > /lab/data/x]\n        expect:\n          - becomes: {{ file: {{ side: outside, path: /lab/data/x, is: x }} }}\n          - stays: {{ ended: false }}\n            broken-by: {{ type: [{breaker}] }}\n"
        )
    };
    for user in users() {
        let (status, out, err) = run(user, &["verify", &lesson(user, "typed", &typed("exit"))]);
        assert_eq!(status, 0, "uid {user}: {out}{err}");
    }
    let user = users()[0];
    let (status, out, _) = run(user, &["verify", &lesson(user, "typed", &typed("echo y"))]);
    assert!(status == 1 && out.contains("with its broken-by this does not hold: the container runs"), "{out}");
}

/// Proofs are events; left out, it is said.
#[test]
fn proofs_are_told() {
    let user = users()[0];
    let path = lesson(user, "told", &format!("{WRITES}{NO_CHANGE}"));
    let events = |args: &[&str]| -> (i32, Vec<Value>) {
        let (status, out, err) = run(user, args);
        assert_eq!(err, "");
        (status, out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    };
    let (status, all) = events(&["verify", "--json", &path]);
    let proof = all.iter().find(|event| event["event"] == "proof").unwrap();
    assert_eq!((status, &proof["step"], &proof["expect"][0]["held"]), (1, &"one".into(), &false.into()), "{proof}");
    assert_eq!(all.last().unwrap()["proofs"], true);
    let (status, all) = events(&["verify", "--json", "--no-proofs", &path]);
    assert!(status == 0 && all.iter().all(|event| event["event"] != "proof"), "{all:?}");
    assert_eq!(all.last().unwrap()["proofs"], false);
    for (lang, says) in [("en", "whether each can fail was not tried (--no-proofs)"), ("zh-CN", "没有验证")] {
        let (_, out, _) = run(user, &["verify", "--no-proofs", "--lang", lang, &path]);
        assert!(out.contains(says), "{out}");
    }
}

const FLAWS: &str = r#"      - actor: container
        do: [{ propagation: { on: /, type: shared, recursive: true } }]
        expect:
          - becomes: { same: { what: mnt, is: false } } # says: nothing
          - { says: { errno: ok } }
          - { says: { change: { side: outside, none: true } } }
      - do: [{ write: { path: /lab/data/x, text: "says: x" } }]
        run: [ls /lab]
        expect:
          - says: { output: { of: ls /lab, has: data } }
          - says: { change: { side: inside, none: true } }
            broken-by: { do: [{ write: { path: /lab/y, text: y } }] }
    task:
      until:
        - now: { ended: false }
      solution:
        - host: "true"
"#;

/// Each flaw stands at its place, with a caret, and says what to write.
#[test]
fn check_finds_what_a_run_shows() {
    for user in users() {
        let path = lesson(user, "flaws", FLAWS);
        let (status, out, err) = run(user, &["check", &path]);
        assert_eq!((status, err.as_str()), (1, ""), "uid {user}: {out}");
        let text = format!("{HEAD}{FLAWS}");
        for (what, advice, key) in [
            (
                "this holds before its round already: the sides differ in mnt",
                "expect what the round changes",
                "becomes: { same",
            ),
            ("nothing breaks this: outside: no row changed", "broken-by:", "says: { change: { side: outside"),
            ("nothing breaks this: `ls /lab`", "Make it stricter", "says: { output"),
            (
                "its broken-by does not break this: inside: no row changed",
                "write operations",
                "says: { change: { side: inside",
            ),
            ("no row has another propagation type after this", "take it out", "propagation: { on"),
            ("all of this holds before anybody did anything", "bring about", "until:"),
        ] {
            let (line, row) = text.lines().enumerate().find(|(_, row)| row.contains(key)).unwrap();
            let column = row.find(key).unwrap() + 1;
            let place = format!("{path}/lesson.yaml:{}:{column}: {what}", line + 1);
            let mut found = out.lines().skip_while(|line| !line.starts_with(&place));
            let finding = found.next().unwrap_or_else(|| panic!("uid {user}: no {place} in\n{out}"));
            assert!(finding.contains(advice), "{finding}");
            assert_eq!(found.next().unwrap(), format!("  | {row}"));
            assert_eq!(found.next().unwrap(), format!("  | {}^", " ".repeat(column - 1)));
        }
        let performed = ["holds before", "nothing breaks", "does not break", "propagation type", "anybody did"];
        let count = out.lines().filter(|line| performed.iter().any(|part| line.contains(part))).count();
        assert_eq!(count, 6, "{out}");
    }
}

/// Where nothing can be performed, one line says what was left out and why, and the status is that of the other lints.
#[test]
fn check_says_what_it_left_out() {
    let user = users()[0];
    let flawed = lesson(user, "left-out", FLAWS);
    let script = "echo 0 > /proc/sys/user/max_mnt_namespaces && exec \"$@\"";
    for (args, wanted) in [(vec!["check", "mount-ns", "volumes"], 0), (vec!["check", &flawed], 1)] {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]);
        command.arg(common::place().join("nslab")).args(&args).env("XDG_CACHE_HOME", home(user).join("cache"));
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(wanted), "{out}{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.contains("nothing was performed") && err.contains("a says: that nothing breaks"), "{err}");
        assert!(err.contains("No space left") || err.contains("ENOSPC"), "why: {err}");
        assert!(!out.contains("nothing breaks this"), "{out}");
    }
    // No image, no run; what the files show is found all the same.
    let output = nslab(user).args(["check", &flawed]).env("XDG_CACHE_HOME", "/proc/nowhere").output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.code() == Some(1) && out.contains("zh-CN.md is missing"), "{out}{err}");
    assert!(err.lines().count() == 1 && err.contains("XDG_CACHE_HOME"), "{err}");
}
