//! What an instructor uses: doctor --class, report and notes.

mod common;

use common::{comes, home, is_root, nslab, place, users};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// One line for the chat, as each user; in a terminal with its size.
#[test]
fn doctor_says_one_line_for_the_class() {
    for user in users() {
        let (status, out, err) = run(nslab(user).args(["doctor", "--class"]));
        let words: Vec<&str> = out.split_whitespace().collect();
        assert_eq!((status, out.lines().count()), (0, 1), "{out}{err}");
        assert_eq!((words[0], words[1]), ("ok", if user == 0 { "root" } else { "user" }));
        assert_eq!((words[4], words[5]), ("utf8", "9/9"));
        let (major, minor) = words[2].split_once('.').unwrap();
        assert!(major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok(), "{out}");
    }
    let terminal = common::terminal::Terminal::open(users()[0], 24, 91, &["doctor", "--class"]);
    terminal.wait(" 91x24 utf8 9/9");
    assert_eq!(terminal.end(), 0);
}

/// A shared server is measured by performing a lesson, by each user.
#[test]
fn doctor_measures_for_so_many_students() {
    for user in users() {
        let class = |students: &str| -> (i32, Value) {
            let (status, out, err) = run(nslab(user).args(["doctor", "--json", "--class", students]));
            (status, serde_json::from_str(&out).unwrap_or_else(|_| panic!("uid {user}: {out}{err}")))
        };
        let (status, one) = class("1");
        assert_eq!((status, &one["class"]["ok"]), (0, &Value::Bool(true)), "uid {user}: {one}");
        let needs = &one["class"]["one"];
        // The practice host's namespaces and the container's; the image is unpacked twice.
        assert_eq!(needs["namespaces"], json!({ "user": 1, "mnt": 2, "pid": 2, "uts": 2, "ipc": 1 }), "uid {user}");
        assert!((3..20).contains(&needs["tasks"].as_u64().unwrap()), "{needs}");
        let image = std::process::Command::new("du").arg("-sk").arg(home(user).join("cache")).output().unwrap().stdout;
        let image: u64 = String::from_utf8(image).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        assert!(needs["bytes"].as_u64().unwrap() > 2 * 1024 * image, "{needs}, image {image} KiB");
        let (status, many) = class("100000");
        let limit =
            |name: &str| many["class"]["limits"].as_array().unwrap().iter().find(|l| l["limit"] == name).unwrap();
        assert_eq!((status, &limit("memory, MiB")["ok"]), (3, &Value::Bool(false)), "{many}");
        assert_eq!(
            limit("kernel.pid_max")["raise"].as_str().unwrap().split('=').next(),
            Some("sudo sysctl kernel.pid_max")
        );
    }
    assert_eq!(run(nslab(users()[0]).args(["doctor", "--class", "0"])).0, 2);
}

/// nslab where only so many mount namespaces may be made. A user namespace of its own has limits of its own: the
/// machine's stay.
fn with_mount_namespaces(limit: u32) -> Command {
    let script = format!("echo {limit} > /proc/sys/user/max_mnt_namespaces && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", &script, "sh"]).arg(place().join("nslab"));
    command
}

/// A limit that is too low for the class, not for one: said with what raises it, and status 3.
#[test]
fn doctor_names_the_limit_that_is_too_low() {
    let mut command = with_mount_namespaces(50);
    command.args(["doctor", "--class", "30"]);
    command.env("XDG_CACHE_HOME", home(users()[0]).join("cache")).env("LANG", "C.UTF-8").env_remove("LC_ALL");
    let (status, out, err) = run(&mut command);
    assert_eq!(status, 3, "{out}{err}");
    assert!(out.contains("user.max_mnt_namespaces: needs 120, allows 50"), "{out}");
    assert!(out.contains("sudo sysctl user.max_mnt_namespaces=120"), "{out}");
}

/// Where nothing can be had the line says what failed.
#[test]
fn doctor_says_no_to_the_class() {
    let mut command = with_mount_namespaces(0);
    command.args(["doctor", "--class", "30"]);
    let (status, out, err) = run(&mut command);
    assert_eq!((status, out.lines().count()), (3, 1), "{out}{err}");
    assert!(out.starts_with("no ") && out.contains(" 0/9 [host: "), "{out}");
}

/// A folder for progress that a user owns.
fn state(user: u32, name: &str) -> std::path::PathBuf {
    let dir = home(user).join("state").join(name);
    std::fs::create_dir_all(dir.join("nslab")).unwrap();
    if is_root() {
        for dir in [home(user).join("state"), dir.clone(), dir.join("nslab")] {
            std::os::unix::fs::chown(&dir, Some(user), Some(user)).unwrap();
        }
    }
    dir
}

/// One's own report in words and as a line; several make a table, two of one student count once.
#[test]
fn reports_make_a_table() {
    let user = users()[0];
    let state = state(user, "report");
    let lessons = json!({
        "mount-ns": { "at": "leak", "steps": {
            "look": { "done": true, "sight": true }, "clone": { "done": true, "sight": false }, "leak": { "sight": false },
        } },
        "/home/me/own-lesson": { "at": "x" },
    });
    std::fs::write(state.join("nslab/progress.json"), json!({ "version": 1, "lessons": lessons }).to_string()).unwrap();
    let report = |args: &[&str]| run(nslab(user).env("XDG_STATE_HOME", &state).arg("report").args(args));
    let (status, out, err) = report(&[]);
    assert_eq!(status, 0, "{err}");
    assert!(out.starts_with("mount-ns  2 of 14 steps, 1 of 3 at first sight\n"), "{out}");
    let mine: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((mine["name"].clone(), mine["lessons"].as_object().unwrap().len()), (Value::Null, 1), "{mine}");
    assert!(!out.contains("own-lesson"), "{out}");

    // Into a folder, twice: one file. With a name only if asked.
    let dir = home(user).join("tmp");
    for name in [&["--name", "Ada"][..], &[]] {
        let (status, out, err) = report(&[&["--to", dir.to_str().unwrap()], name].concat());
        assert_eq!(status, 0, "{out}{err}");
    }
    let file = dir.join(format!("nslab-{}.json", mine["student"].as_str().unwrap()));
    let handed: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(handed, mine);

    // Another student, pasted from a chat with words around it, and the first one once more.
    let mut other = mine.clone();
    other["student"] = "another".into();
    other["lessons"]["mount-ns"]["steps"]["look"]["sight"] = false.into();
    let chat = dir.join("chat.txt");
    std::fs::write(&chat, format!("Bob: here\n{other}\nAda: mine again\n{mine}\n")).unwrap();
    let files = [file.to_str().unwrap(), chat.to_str().unwrap()];
    let (status, out, err) = report(&[&files[..], &["--json"]].concat());
    assert_eq!(status, 0, "{err}");
    let rows: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 14);
    assert_eq!(
        rows[0],
        json!({ "lesson": "mount-ns", "step": 1, "id": "look", "students": 2, "done": 2, "confirmed": 1, "other": 1 })
    );
    assert_eq!((&rows[3]["id"], &rows[3]["other"], &rows[3]["done"]), (&json!("leak"), &json!(2), &json!(0)));
    let (_, text, _) = report(&files);
    assert!(text.starts_with("2 students.\n") && text.contains("mount-ns  taken by 2"), "{text}");
    let marked: Vec<&str> = text.lines().filter(|line| line.ends_with('<')).collect();
    assert_eq!(marked.len(), 2, "clone and leak, by both: {text}");

    std::fs::write(&chat, "Bob: I have none\n").unwrap();
    std::fs::write(&file, "{\"format\": 9, \"student\": \"x\", \"lessons\": {}}\n{}\n").unwrap();
    for (name, says) in [(&chat, "no report is in it"), (&file, ":1: format 9"), (&dir.join("nowhere"), "No such file")]
    {
        let (status, out, err) = report(&[name.to_str().unwrap()]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(says), "{err}");
    }
    std::fs::remove_file(chat).unwrap();
    std::fs::remove_file(file).unwrap();
}

/// Notes in a second terminal follow a lesson, step by step, and end with it.
#[test]
fn notes_follow_the_lesson() {
    for user in users() {
        let state = state(user, "notes");
        let mut command = nslab(user);
        command.args(["notes", "mount-ns"]).env("XDG_STATE_HOME", &state).stdout(Stdio::piped());
        let mut notes = command.spawn().unwrap();
        let mut lines = BufReader::new(notes.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().contains("nslab lesson mount-ns"));
        let mut lesson = nslab(user);
        lesson.args(["lesson", "mount-ns", "--plain", "--step", "4"]).env("XDG_STATE_HOME", &state);
        let mut lesson = lesson.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let step = lines.find(|line| line.contains("4/14")).unwrap();
        assert_eq!(step, "4/14 A mount that travels   0 of 48 min, planned by here: 9");
        assert!(lines.next().unwrap().starts_with("  The first sentence of many a post"));
        assert_eq!(lines.find(|line| line.starts_with("Next: ")).unwrap(), "Next: Cutting the tie");
        lesson.stdin.as_mut().unwrap().write_all(b"goto 14\n").unwrap();
        assert!(lines.any(|line| line.starts_with("14/14 What is left")));
        drop(lesson.stdin.take());
        lesson.wait().unwrap();
        // Somebody reaches the closing page: the notes end.
        let file = state.join("nslab/progress.json");
        let mut progress: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        progress["lessons"]["mount-ns"]["finished"] = true.into();
        let whole = file.with_extension("new");
        std::fs::write(&whole, progress.to_string()).unwrap();
        std::fs::rename(whole, &file).unwrap();
        assert!(comes(|| notes.try_wait().unwrap().is_some_and(|status| status.success())));
        // In the next class there are notes again: of the step that the lesson is at.
        let mut command = nslab(user);
        command.args(["notes", "mount-ns"]).env("XDG_STATE_HOME", &state).stdout(Stdio::piped());
        let mut notes = command.spawn().unwrap();
        let mut lines = BufReader::new(notes.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with("14/14 What is left")));
        notes.kill().unwrap();
        notes.wait().unwrap();
    }
}

/// The instructor's pages name commands and steps that are there, the same in both languages.
#[test]
fn the_pages_for_instructors_hold() {
    let lessons = run(nslab(users()[0]).args(["list", "--json"])).1;
    let lessons: Value = serde_json::from_str(&lessons).unwrap();
    let mut pages = Vec::new();
    for name in ["teaching.md", "teaching.zh-CN.md"] {
        let page = std::fs::read_to_string(format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let commands: std::collections::BTreeSet<&str> = page
            .split("nslab ")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next().filter(|word| !word.is_empty()))
            .filter(|word| page.contains(&format!("`nslab {word}")) || page.contains(&format!("\nnslab {word}")))
            .collect();
        assert!(commands.len() >= 6, "{commands:?}");
        for command in &commands {
            assert_eq!(run(nslab(users()[0]).args([command, "--help"])).0, 0, "{name}: nslab {command}");
        }
        for lesson in lessons.as_array().unwrap().iter().map(|lesson| lesson["id"].as_str().unwrap()) {
            assert!(page.contains(&format!("`{lesson}`")), "{name} does not name {lesson}");
        }
        // Titles may be added to lessons; the places that the pages send to must stay.
        let steps = |id: &str| lessons.as_array().unwrap().iter().find(|l| l["id"] == id).unwrap()["steps"].clone();
        assert_eq!((steps("mount-ns"), steps("volumes")), (json!(14), json!(15)), "{name}: look through its steps");
        assert!(page.contains(&format!("`{}`", "nslab lesson mount-ns --step 8")));
        pages.push(commands.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    assert_eq!(pages[0], pages[1]);
}
