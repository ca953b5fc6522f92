//! The tools for people who write lessons: what they make, show and find.

mod common;

use common::terminal::Terminal;
use common::{folder, run, users};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A new lesson is clean and holds, for every user and on both kinds of host, and nothing that is there is overwritten.
#[test]
fn a_new_lesson_holds() {
    for user in users() {
        let dir = folder(user, "new");
        let dir = dir.to_str().unwrap();
        let (status, out, err) = run(user, &["new", "first-one", "--dir", dir]);
        assert_eq!((status, err.as_str()), (0, ""));
        let path = format!("{dir}/first-one");
        assert!(out.contains(&format!("nslab lesson {path} --watch")), "{out}");
        assert_eq!(run(user, &["check", &path]), (0, String::new(), String::new()));
        let (status, out, err) = run(user, &["verify", &path]);
        assert_eq!(status, 0, "uid {user}: {out}{err}");
        for part in ["ok   own-mount\n", "ok   own-mount / not-private\n", "ok   own-mount / task\n"] {
            assert!(out.contains(part), "{out}");
        }
        let (status, out, err) = run(user, &["verify", &path, "--host", "copy"]);
        // Root of a machine that cannot become nobody, or one without a place for the lab, says so with status 3.
        assert!(status == 0 || status == 3, "uid {user}: {out}{err}");
        fs::write(format!("{path}/en.md"), "mine").unwrap();
        let (status, out, err) = run(user, &["new", "first-one", "--dir", dir]);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(err.contains("stays as it is"), "{err}");
        assert_eq!(fs::read_to_string(format!("{path}/en.md")).unwrap(), "mine");
        for id in ["First", "a/b", "", ".."] {
            assert_eq!(run(user, &["new", "--dir", dir, "--", id]).0, 2, "{id}");
        }
    }
}

fn entries() -> Vec<Value> {
    let (status, out, err) = run(users()[0], &["ops", "--json"]);
    assert_eq!(status, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_else(|| panic!("{key} of {entry}"))
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

fn is_kind(kinds: &'static [&'static str]) -> impl Fn(&&Value) -> bool {
    move |entry| kinds.contains(&text(entry, "kind"))
}

/// Everything has a sentence and an example, and each name can be asked for; the nearest is suggested.
#[test]
fn every_name_is_explained() {
    let all = entries();
    assert!(all.iter().filter(is_kind(&["operation"])).count() >= 30, "{}", all.len());
    let (_, list, _) = run(users()[0], &["ops"]);
    for entry in &all {
        let (kind, name) = (text(entry, "kind"), text(entry, "name"));
        assert!(!text(entry, "about").is_empty() && !text(entry, "example").is_empty(), "{kind} {name}");
        assert!(!entry["arguments"].as_array().unwrap().is_empty(), "{kind} {name}");
        assert!(list.lines().any(|line| line.starts_with(&format!("  {name} "))), "{name} is not in:\n{list}");
    }
    let (status, out, _) = run(users()[0], &["ops", "mount"]);
    assert_eq!(status, 0);
    for part in ["mount(2)", "on      text (required)", "nosuid | nodev", "- mount: { type: tmpfs"] {
        assert!(out.contains(part), "{part}:\n{out}");
    }
    let (status, out, err) = run(users()[0], &["ops", "mont"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("did you mean mount?"), "{err}");
}

/// A lesson of this structure with nothing but a title, and what `verify` says of it.
fn verified(user: u32, name: &str, yaml: &str) -> String {
    let dir = folder(user, name);
    fs::write(dir.join("lesson.yaml"), yaml).unwrap();
    fs::write(dir.join("en.md"), "# Title\n").unwrap();
    let (_, out, err) = run(user, &["verify", dir.to_str().unwrap()]);
    out + &err
}

/// Each operation of the reference can be performed as it stands there, each expectation and condition holds.
#[test]
fn every_example_can_be_performed() {
    let all = entries();
    let mut yaml = String::from(
        "format: 1\nid: examples\nminutes: 1\nhost: { shared: true }\nsteps:\n  - id: base\n    minutes: 1\n    rounds:\n      - do: [{ mkdir: { path: /lab/base } }]\n    break:\n      - id: renamed-outside\n        rounds:\n          - do: [{ hostname: other }]\n",
    );
    for entry in all.iter().filter(is_kind(&["operation", "expectation", "condition"])) {
        let (kind, name) = (text(entry, "kind"), text(entry, "name"));
        let example = indented(text(entry, "example"), 14);
        let says = "            expect:\n              - says: { errno: ok }\n";
        let last = match kind {
            "operation" => format!("            do:\n{example}{says}"),
            _ => format!("            expect:\n{example}"),
        };
        let setup = indented(text(entry, "setup"), 10);
        yaml += &format!("      - id: {kind}-{name}\n        rounds:\n{setup}{last}");
    }
    for user in users() {
        let out = verified(user, "examples", &yaml);
        for entry in all.iter().filter(is_kind(&["operation", "expectation", "condition"])) {
            let line = format!("ok   base / {}-{}\n", text(entry, "kind"), text(entry, "name"));
            assert!(out.contains(&line), "uid {user}: no {line} in:\n{out}");
        }
    }
}

/// Each question of the reference has exactly one answer.
#[test]
fn every_question_has_an_answer() {
    for entry in entries().iter().filter(is_kind(&["prediction"])) {
        let (prepare, rounds) = text(entry, "setup").split_once("---\n").unwrap();
        let yaml = format!(
            "format: 1\nid: question\nminutes: 1\nprepare:\n{}steps:\n  - id: asked\n    minutes: 1\n{}    rounds:\n{}",
            indented(prepare, 2),
            indented(text(entry, "example"), 4),
            indented(rounds, 6)
        );
        let out = verified(users()[0], "question", &yaml);
        assert!(out.starts_with("ok   asked\n"), "{}:\n{yaml}\n{out}", text(entry, "name"));
    }
}

/// The other parts of the reference, put together, are a lesson.
#[test]
fn the_other_examples_are_read() {
    let all = entries();
    let example = |kind: &str, name: &str| {
        let found = all.iter().find(|entry| text(entry, "kind") == kind && text(entry, "name") == name);
        text(found.unwrap_or_else(|| panic!("no {kind} {name}")), "example")
    };
    let mut yaml =
        [example("part", "lesson"), example("part", "host"), example("part", "stacks"), "steps:\n"].join("\n");
    yaml += &indented(example("part", "step"), 2);
    yaml += &indented(example("part", "round"), 6);
    for name in ["words", "sh", "start"] {
        yaml += &format!("      - {}\n", example("command", name));
    }
    yaml += &format!(
        "      - expect: [{{ says: {{ rows: {{ side: outside, count: some, {} }} }} }}]\n",
        example("part", "where")
    );
    yaml += &format!("      - actor: container\n{}", indented(example("part", "broken-by"), 8));
    yaml += &indented(example("part", "layers"), 4);
    yaml += &indented(example("part", "break"), 4);
    yaml += "    task:\n";
    for name in ["until", "near", "palette", "solution"] {
        yaml += &indented(example("task", name), 6);
    }
    let dir = folder(users()[0], "parts");
    fs::write(dir.join("lesson.yaml"), &yaml).unwrap();
    fs::write(dir.join("en.md"), "# Title\n").unwrap();
    let (status, out, err) = run(users()[0], &["check", dir.to_str().unwrap()]);
    // It has no words, so there are findings; but it is understood. It has no container that could act, so it cannot be
    // performed, which is said in one line.
    assert_eq!((status, err.lines().count()), (1, 1), "{yaml}\n{out}{err}");
    assert!(err.contains("nothing was performed") && !err.contains("lesson.yaml"), "{err}");
}

fn lessons() -> Vec<PathBuf> {
    let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/lessons")).unwrap().flatten();
    folders.map(|entry| entry.path().join("lesson.yaml")).filter(|path| path.exists()).collect()
}

fn as_json(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The committed schema is what `nslab ops --schema` prints; every lesson is valid, and a slip in one is not.
#[test]
fn the_schema_is_current_and_fits() {
    let (status, printed, _) = run(users()[0], &["ops", "--schema"]);
    assert_eq!(status, 0);
    let committed = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lesson.schema.json")).unwrap();
    assert!(committed == printed, "write it anew: nslab ops --schema > docs/lesson.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(&committed).unwrap()).unwrap();
    let lessons = lessons();
    assert!(lessons.len() >= 8);
    for path in &lessons {
        let lesson = as_json(path);
        let faults: Vec<String> =
            schema.iter_errors(&lesson).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
        for slip in ["minute", "stepz"] {
            let mut bad = lesson.clone();
            bad[slip] = 1.into();
            assert!(!schema.is_valid(&bad), "{slip}");
        }
        let mut bad = lesson.clone();
        bad["steps"][0]["rounds"][0]["actor"] = "nobody".into();
        assert!(!schema.is_valid(&bad));
    }
}

/// The lesson in docs/lesson-format.md is the one that `nslab new` makes, file by file.
#[test]
fn the_documented_lesson_is_the_new_one() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lesson-format.md")).unwrap();
    let dir = folder(users()[0], "documented");
    assert_eq!(run(users()[0], &["new", "my-lesson", "--dir", dir.to_str().unwrap()]).0, 0);
    for name in ["lesson.yaml", "en.md", "zh-CN.md"] {
        let (_, after) =
            page.split_once(&format!("\n`{name}`:\n\n````")).unwrap_or_else(|| panic!("no {name} in the page"));
        let (block, _) = after.split_once("\n````").unwrap();
        let (_, block) = block.split_once('\n').unwrap();
        let made = fs::read_to_string(dir.join("my-lesson").join(name)).unwrap();
        assert_eq!(block.trim_end(), made.trim_end(), "{name}");
    }
    for entry in entries() {
        let name = text(&entry, "name");
        assert!(
            page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}:`")),
            "the page is silent on {name}"
        );
    }
}

#[test]
fn a_step_is_previewed() {
    let (status, out, _) = run(users()[0], &["check", "--preview", "proc", "mount-ns"]);
    assert_eq!(status, 0);
    for part in [
        "8/14  A fresh /proc",
        "[READ]",
        "[PREDICT]",
        "[DO]",
        "[SEE]",
        "[TASK]",
        "What does the third unmount answer?",
        "as many as before",
        "tables, known when",
    ] {
        assert!(out.contains(part), "{part}:\n{out}");
    }
    let (_, chinese, _) = run(users()[0], &["check", "--preview", "8", "--lang", "zh-CN", "mount-ns"]);
    assert!(chinese.contains("[预测]"), "{chinese}");
    let (status, out, err) = run(users()[0], &["check", "--preview", "prok", "mount-ns"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("steps 1 to 14") && err.contains("did you mean proc?"), "{err}");
    assert_eq!(run(users()[0], &["check", "--preview", "1"]).0, 2);
}

/// A save is taken at the step; one with a fault is told with its place, and the lesson before it stays until it is mended.
#[test]
fn a_watched_lesson_follows_its_files() {
    for user in users() {
        let dir = folder(user, "watched");
        assert_eq!(run(user, &["new", "w", "--dir", dir.to_str().unwrap()]).0, 0);
        let path = dir.join("w");
        let (yaml, words) = (path.join("lesson.yaml"), path.join("en.md"));
        let structure = fs::read_to_string(&yaml).unwrap();
        let more = "  - id: second\n    minutes: 1\n    rounds:\n      - do: [{ mkdir: { path: /lab/two } }]\n";
        fs::write(&yaml, format!("{structure}{more}")).unwrap();
        let text = fs::read_to_string(&words).unwrap() + "\n## second · Another\n\nFirst wording.\n\n### see\nMade.\n";
        fs::write(&words, &text).unwrap();
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", path.to_str().unwrap(), "--watch", "--step", "2"]);
        terminal.wait("First wording.");
        terminal.wait("INSIDE pid 1");
        terminal.keys("\r\r");
        terminal.wait("[SEE]");
        // Words alone: nothing that ran is lost.
        let text = text.replace("Made.", "Made anew.");
        fs::write(&words, &text).unwrap();
        terminal.wait("Made anew.");
        terminal.wait("[SEE]");
        // Structure: the same step in a new sandbox.
        let changed = format!("{structure}{}", more.replace("/lab/two", "/lab/three"));
        fs::write(&yaml, &changed).unwrap();
        terminal.wait("[READ]");
        terminal.wait("2/2");
        terminal.keys("\r");
        terminal.wait("/lab/three");
        // A fault: told with its place, and what to write.
        fs::write(&yaml, changed.replace("mkdir: { path: /lab/three", "mkdirr: { path: /lab/three")).unwrap();
        terminal.wait("lesson.yaml:40:");
        terminal.wait("did you mean `mkdir`?");
        // Closed, the lesson before is there, and works.
        terminal.keys("\x1b");
        terminal.wait("Enter do it");
        terminal.keys("\r");
        terminal.wait("[SEE]");
        // Mended by an editor that renames: taken at the step.
        fs::write(path.join("new"), changed.replace("/lab/three", "/lab/four")).unwrap();
        fs::rename(path.join("new"), &yaml).unwrap();
        terminal.wait("[READ]");
        terminal.keys("\r");
        terminal.wait("/lab/four");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
    let (status, _, err) = run(users()[0], &["lesson", "mount-ns", "--watch"]);
    assert_eq!(status, 2, "{err}");
    assert!(err.contains("bundled"), "{err}");
}

/// While nothing is saved and no key is pressed, the screen sleeps, also when it watches.
#[test]
fn watching_costs_nothing() {
    let user = users()[0];
    let dir = folder(user, "idle");
    assert_eq!(run(user, &["new", "w", "--dir", dir.to_str().unwrap()]).0, 0);
    let terminal = Terminal::open(user, 24, 80, &["lesson", dir.join("w").to_str().unwrap(), "--watch"]);
    terminal.wait("INSIDE pid 1");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let lesson = common::descendants(terminal.child.id());
    let switches = || -> Vec<u64> {
        let of = |pid: &u32| {
            let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            let status = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
            let lines = status.flat_map(|text| text.lines().map(String::from).collect::<Vec<_>>());
            lines.filter_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse::<u64>().ok()).sum()
        };
        lesson.iter().map(|pid| of(&(*pid as u32))).collect()
    };
    let before = switches();
    assert!(!before.is_empty());
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(switches(), before);
}
