//! Recordings: those that come with nslab, those that are kept, and what plays them.

mod common;

use common::terminal::Terminal;
use common::{Machine, comes, folder, home, nslab, place, users};
use nslab::lesson::bundled;
use nslab::recording::{bundled as recording_of, difference, read};
use nslab::session::{Entry, Guess, Transcript};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A plain user, as whom the bundled recordings are made.
fn plain() -> u32 {
    *users().last().unwrap()
}

fn transcript(path: &Path) -> Transcript {
    read(&path.display().to_string(), &std::fs::read(path).unwrap()).unwrap()
}

/// Runs a command with lines on stdin.
fn typed(command: &mut Command, lines: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may have left before it read all.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Remakes the bundled recordings and compares: times, numbers that the kernel gives out and ids that chance makes aside.
#[test]
fn bundled_recordings_are_fresh() {
    let all = folder(plain(), "lessons");
    for id in bundled() {
        folder(plain(), &format!("lessons/{id}"));
    }
    let made = nslab(plain()).args(["verify", "--record-bundled"]).arg(&all).output().unwrap();
    assert!(made.status.success(), "{}", text(&made));
    for id in bundled() {
        let path = all.join(&id).join("recording.jsonl");
        let now = transcript(&path);
        let kept = recording_of(&id).unwrap_or_else(|error| panic!("{error}; {REMAKE}"));
        assert!(kept.source.is_none(), "the lesson itself is bundled already");
        if let Some((kept, now)) = difference(&kept, &now) {
            let same = kept.bytes().zip(now.bytes()).take_while(|(kept, now)| kept == now).count();
            let part = |line: &str| line.chars().skip(same.saturating_sub(200)).take(500).collect::<String>();
            panic!("the recording of {id} is stale; {REMAKE}\nkept: {}\nnow:  {}", part(&kept), part(&now));
        }
        let bytes = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        let machine = nix::unistd::gethostname().unwrap().into_string().unwrap();
        for private in [home(plain()).display().to_string(), format!("\"{machine}"), place().display().to_string()] {
            assert!(!bytes.contains(&private), "{id} holds {private}");
        }
    }
}

const REMAKE: &str = "remake all as a plain user: cargo run -- verify --record-bundled lessons";

/// What a student does is kept, with what was predicted; the file is never written over.
#[test]
fn a_lesson_is_kept_and_played_again() {
    for user in users() {
        let machine = Machine::look();
        let path = folder(user, "kept").join("kept.jsonl");
        let name = path.to_str().unwrap();
        let lines = "4\n\nnext\n0\n\nbreak 1\n0\n\nquit\n";
        let first = typed(nslab(user).args(["lesson", "mount-ns", "--plain", "--record", name]), lines);
        assert!(first.status.success(), "{}", text(&first));
        let kept = transcript(&path);
        assert_eq!((kept.header.lesson.as_str(), kept.cut), ("mount-ns", false));
        assert_eq!(kept.lesson().unwrap(), nslab::lesson::open("mount-ns").unwrap(), "the lesson comes along");
        let kinds: Vec<String> = kept.entries.iter().map(kind).collect();
        let wanted =
            ["prepared", "look 0", "asked One(3)", "copy 0", "asked Unsure", "variant copy", "prepared", "look 0"];
        let names: Vec<&str> = kept.lesson().unwrap().steps.iter().map(|step| step.id.clone().leak() as &str).collect();
        let wanted: Vec<String> =
            wanted.iter().map(|kind| kind.replace("look", names[0]).replace("copy", names[1])).collect();
        assert_eq!(kinds, wanted);

        let again = typed(nslab(user).args(["lesson", "mount-ns", "--plain", "--record", name]), "quit\n");
        assert_eq!(again.status.code(), Some(2), "{}", text(&again));
        assert!(text(&again).contains("already") && text(&again).contains("name another"), "{}", text(&again));
        assert_eq!(transcript(&path).entries, kept.entries, "it stays as it is");

        let played =
            typed(nslab(user).args(["lesson", name, "--plain"]), "1\n\nnext\n0\n\nshell host\nbreak 1\n0\n\nquit\n");
        let told = text(&played);
        assert!(played.status.success(), "{told}");
        for part in [
            "Recorded on the tidy practice host, kernel",
            "Kernel, as recorded: /lab",
            "There is no shell in a recording",
            "Broken on purpose.",
            "nothing was performed",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("Receipt"), "{told}");
        assert_eq!(Machine::look(), machine);
        std::fs::remove_file(&path).unwrap();
    }
}

fn kind(entry: &Entry) -> String {
    match entry {
        Entry::Prepared { .. } => "prepared".into(),
        Entry::Round { step, round, .. } => format!("{step} {round}"),
        Entry::Prediction(asked) => format!("asked {:?}", asked.chose),
        Entry::Variant { step, .. } => format!("variant {step}"),
        Entry::Solved { step, .. } => format!("solved {step}"),
        Entry::Tried { step, .. } => format!("tried {step}"),
        Entry::Hand { step, .. } => format!("hand {step}"),
    }
}

/// Killed at any moment, a recording loses the line under way at most.
#[test]
fn a_kill_leaves_whole_lines() {
    let path = folder(plain(), "killed").join("killed.jsonl");
    let mut command = nslab(plain());
    command.args(["verify", "mount-ns", "--record"]).arg(&path).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    assert!(comes(|| std::fs::read(&path).is_ok_and(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count() > 9)));
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = transcript(&path);
    assert!(kept.prepared().is_some() && kept.entries.len() > 2);
    assert!(kept.entries.iter().any(|entry| matches!(entry, Entry::Prediction(asked) if asked.chose == Guess::None)));
    let played = typed(nslab(plain()).arg("lesson").arg(&path).args(["--plain", "--step", "14"]), "0\n\nquit\n");
    assert!(played.status.success(), "{}", text(&played));
    assert!(text(&played).contains("The recording does not have this"), "{}", text(&played));
}

/// Where namespaces are refused, the refusal (status 3) says that a recording can be played, and it can.
#[test]
fn recordings_play_where_namespaces_are_refused() {
    let run = |args: &[&str], lines: &str| {
        let script = "echo 0 > /proc/sys/user/max_mnt_namespaces && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]);
        command.arg(place().join("nslab")).args(args);
        for (name, folder) in [("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state-refused")] {
            command.env(name, home(users()[0]).join(folder));
        }
        typed(&mut command, lines)
    };
    let refused = run(&["lesson", "mount-ns", "--plain"], "");
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("--replay"), "{}", text(&refused));
    for id in bundled() {
        let played = run(&["lesson", &id, "--plain", "--replay", "--lang", "zh-CN"], "quit\n");
        assert!(played.status.success() && text(&played).contains("录制回放"), "{id}: {}", text(&played));
    }
}

/// On the full screen: what it is stands on every page, and nothing runs.
#[test]
fn the_screen_says_that_it_is_recorded() {
    for (rows, columns) in [(24, 80), (18, 60), (45, 160)] {
        let machine = Machine::look();
        let mut terminal = Terminal::open(plain(), rows, columns, &["lesson", "mount-ns", "--replay", "--step", "8"]);
        for (keys, part) in [("", "[READ]"), ("\r", "[PREDICT]"), ("0\r", "[DO]"), ("\r", "[SEE]")] {
            terminal.keys(keys);
            terminal.wait(part);
            terminal.wait("[recorded]");
            terminal.wait("Recorded (tidy host, Linux ");
        }
        terminal.wait("as recorded");
        terminal.keys("$");
        terminal.wait("There is no shell in a recording");
        terminal.keys("x1");
        // The variant asks first.
        terminal.wait("[PREDICT]");
        terminal.keys("0\r");
        terminal.wait("BROKEN ON PURPOSE");
        assert!(common::descendants(terminal.child.id()).is_empty(), "nothing runs");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
        assert_eq!(Machine::look(), machine);
    }
}

/// Whatever a recording holds, it does not steer the terminal.
#[test]
fn a_hostile_recording_cannot_steer_the_terminal() {
    let mut lines = Vec::new();
    for line in
        String::from_utf8(nslab::lesson::bundled_file("mount-ns/recording.jsonl").unwrap().to_vec()).unwrap().lines()
    {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        if value["event"] != "recording" {
            poison(&mut value);
        }
        lines.push(value.to_string());
    }
    let path = place().join("hostile.jsonl");
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let name = path.to_str().unwrap();
    let words = "0\n\nchanges\ncalls\noutside\nrow 1\nbreak 1\n\nnext\n0\n\ninside\nrow 2 inside\nbreak 1\n\ngoto 12\n0\n\nquit\n";
    let played = typed(nslab(plain()).args(["lesson", name, "--plain"]), words);
    let told = text(&played);
    assert!(played.status.success() && told.contains("evil"), "{told}");
    assert!(told.chars().all(|c| c == '\n' || !c.is_control()), "{told:?}");
    let mut terminal = Terminal::open(plain(), 45, 160, &["lesson", name, "--step", "12"]);
    for (keys, part) in [("", "[READ]"), ("\r", "[PREDICT]"), ("0\r", "[DO]"), ("\r", "[SEE]"), ("[", "[ran]")] {
        terminal.keys(keys);
        terminal.wait(part);
    }
    terminal.wait("evil");
    let raw = terminal.raw.lock().unwrap().clone();
    assert!(!String::from_utf8_lossy(&raw).contains("0;evil\u{7}"), "no title is set");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// Puts what steers a terminal into every text that comes from a kernel or a program.
fn poison(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(poison),
        serde_json::Value::Object(fields) => {
            for (key, field) in fields {
                let evil = "\u{1b}]0;evil\u{7}\u{9b}31m";
                match (key.as_str(), &mut *field) {
                    (
                        "hostname" | "root" | "program" | "output" | "line" | "fd" | "target",
                        serde_json::Value::String(text),
                    ) => {
                        text.push_str(evil);
                    }
                    ("table" | "seen", serde_json::Value::Array(rows)) => {
                        for row in rows.iter_mut().filter(|row| row.is_string()) {
                            let text = row.as_str().unwrap().replace(" - tmpfs ", &format!(" - tmpfs{evil} {evil}"));
                            *row = text.into();
                        }
                    }
                    _ => poison(field),
                }
            }
        }
        _ => {}
    }
}

/// Usage is told with status 2 and what to do.
#[test]
fn wrong_usage_is_told() {
    let bad = place().join("bad.jsonl");
    std::fs::write(&bad, "{\"event\":\"recording\"}\n").unwrap();
    let kept = place().join("bundled.jsonl");
    std::fs::write(&kept, nslab::lesson::bundled_file("mount-ns/recording.jsonl").unwrap()).unwrap();
    let newer = place().join("newer.jsonl");
    std::fs::write(&newer, "{\"event\":\"recording\",\"format\":99}\n").unwrap();
    for (args, part) in [
        (vec!["lesson", bad.to_str().unwrap()], "bad.jsonl:1:"),
        (vec!["lesson", newer.to_str().unwrap()], "use a newer nslab"),
        (vec!["lesson", "/nowhere/x.jsonl"], "--record"),
        (vec!["lesson", "/dev/null/x.jsonl"], "--record"),
        (vec!["lesson", "lessons/mount-ns", "--replay"], "not bundled"),
        (vec!["lesson", "mount-ns", "--replay", "--record", "x"], "cannot be used with"),
        (vec!["lesson", "mount-ns", "--replay", "--step", "99"], "steps 1 to 14"),
        (vec!["lesson", kept.to_str().unwrap(), "--record", "x"], "only played"),
        (vec!["lesson", "mount-ns", "--record", "/nowhere/x"], "folder that can be written"),
        (vec!["verify", "--record", "x"], "one lesson"),
        (vec!["verify", "mount-ns", "--record", bad.to_str().unwrap()], "already"),
    ] {
        let output = typed(nslab(users()[0]).args(&args), "");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(part), "{args:?}: {}", text(&output));
        assert!(output.stdout.is_empty() && !text(&output).contains("panicked"), "{}", text(&output));
    }
}
