//! What a run leaves behind: nothing but the cache, whichever way it ends; and the receipt says so.

use crate::common::puppet::Puppet;
use crate::common::terminal::Terminal;
use crate::common::{self, Machine, children, comes, descendants, gone, home, nslab, users};
use crate::running::Running;
use nix::sys::signal::Signal::{self, SIGKILL, SIGSTOP, SIGTERM};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn kill(pid: i32, signal: Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
}

/// The receipt's lines, in English.
const RECEIPT: [&str; 6] = [
    "Receipt, measured after the end:",
    "- Processes: none of ours is left",
    "- Mount namespaces: all",
    "- Mounts: none of ours",
    "- Hostname: ",
    "- Files: the practice hosts had file systems in memory only",
];

fn assert_receipt(text: &str) {
    for line in RECEIPT {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("LEFT"), "{text}");
    let cache = home(0).parent().unwrap().display().to_string();
    assert!(text.contains(&cache), "the cache is named: {text}");
}

#[test]
fn a_whole_lesson_leaves_nothing() {
    let machine = Machine::look();
    for user in users() {
        let mut running = Running::at(user, 1);
        let all = running.processes();
        // Not sure, and Enter as often as any step has rounds; what is too much only asks again.
        running.say(&"0\n\n\n\n\n\n".repeat(15));
        let (text, status) = running.finish();
        assert_eq!(status, Some(0), "{text}");
        assert!(text.contains("at first sight"), "it came to its end: {text}");
        assert_receipt(&text);
        assert!(gone(&all));
    }
    assert_eq!(Machine::look(), machine);
}

#[test]
fn leaving_early_leaves_nothing() {
    let machine = Machine::look();
    for user in users() {
        for step in [1, 9, 14] {
            let mut running = Running::at(user, step);
            let all = running.processes();
            running.say("back\n\nquit\n");
            let (text, status) = running.finish();
            assert_eq!(status, Some(0));
            assert_receipt(&text);
            assert!(gone(&all));
        }
    }
    assert_eq!(Machine::look(), machine);
}

/// The lesson says so and builds a practice host anew; what it says of what is left is true of both.
#[test]
fn the_receipt_is_told_after_the_stage_died() {
    for lang in ["en", "zh-CN"] {
        let mut command = nslab(users()[0]);
        command.args(["--lang", lang]);
        let child = command.args(["lesson", "mount-ns", "--plain", "--step", "5"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert!(comes(|| descendants(child.id()).len() >= 2), "stage and container");
        kill(children(child.id())[0], SIGKILL);
        child.stdin.take().unwrap().write_all(b"0\n\n\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(0), "{out}{err}");
        assert_eq!(err.lines().count(), 1, "the error once: {err}");
        match lang {
            "en" => assert_receipt(&out),
            _ => assert!(out.contains("核对单（结束后实测）") && out.contains("我们的一个也没有留下"), "{out}"),
        }
    }
}

/// Open descriptors, working directory, root, umask, signals, limits and namespaces of whoever started nslab.
fn state_of(pid: u32) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let process = Path::new("/proc").join(pid.to_string());
    let listed = ["fd", "ns"].iter().flat_map(|part| std::fs::read_dir(process.join(part)).unwrap().flatten());
    for path in listed.map(|entry| entry.path()).chain([process.join("cwd"), process.join("root")]) {
        let link = std::fs::read_link(&path).unwrap();
        all.insert(path, link.display().to_string());
    }
    for name in ["limits", "mountinfo"] {
        let path = process.join(name);
        all.insert(path.clone(), std::fs::read_to_string(path).unwrap());
    }
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let kept =
        ["Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "CapPrm", "CapEff", "NoNewPrivs", "Seccomp"];
    let lines = status.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
    all.insert("status".into(), lines.collect::<Vec<_>>().join("\n"));
    all
}

#[test]
fn the_parent_is_as_it_was() {
    for user in users() {
        let inner = nslab(user);
        let mut command = Command::new("sh");
        command
            .args(["-c", "$(true); echo ready; read go; \"$@\"; echo over $?; read go", "sh"])
            .arg(inner.get_program());
        command.args(["lesson", "mount-ns", "--plain", "--step", "9"]);
        for (name, value) in inner.get_envs() {
            value.map(|value| command.env(name, value));
        }
        if common::is_root() {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(user);
        }
        let mut parent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().as_deref(), Some("ready"));
        let before = state_of(parent.id());
        assert!(before.len() > 10, "{before:?}");
        let mut input = parent.stdin.take().unwrap();
        input.write_all(b"go\n1\n\nquit\n").unwrap();
        assert!(lines.any(|line| line == "over 0"));
        assert_eq!(state_of(parent.id()), before);
        drop(input);
        parent.wait().unwrap();
    }
}

/// Where everything but the cache is read-only, lessons work: they write nowhere else but their progress, and do without.
#[test]
fn nothing_is_written_but_the_cache() {
    for user in users() {
        let script = "set -e; cache=$1; shift; mkdir -p $cache; mount --bind $cache $cache
            while read -r _ _ _ _ on _; do
                case $on in /proc|/proc/*|/sys|/sys/*|/dev|/dev/*) continue;; esac
                mount -o remount,bind,ro \"$on\" || test \"$on\" != /
            done < /proc/self/mountinfo
            mount -o remount,bind,rw $cache
            exec \"$@\"";
        let inner = nslab(user);
        let cache = common::place().join(format!("cache-of-{user}"));
        let mut command = Command::new("unshare");
        if !common::is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]).arg(&cache);
        std::fs::create_dir_all(&cache).unwrap();
        if common::is_root() {
            std::os::unix::fs::chown(&cache, Some(user), Some(user)).unwrap();
            command.args(["setpriv", "--reuid", &user.to_string(), "--regid", &user.to_string(), "--clear-groups"]);
        }
        let try_it = "! touch \"$HOME/x\" 2>/dev/null || exit 9; ! touch /tmp/nslab-x 2>/dev/null || exit 9
            \"$1\" verify mount-ns && echo quit | \"$1\" lesson mount-ns --plain --step 9";
        command.args(["sh", "-c", try_it, "sh"]).arg(inner.get_program());
        for (name, value) in inner.get_envs() {
            value.map(|value| command.env(name, value));
        }
        let output = command.env("XDG_CACHE_HOME", &cache).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "uid {user}: {text}");
        assert!(text.contains("every expectation held") && text.contains("Receipt"), "{text}");
        std::fs::remove_dir_all(&cache).unwrap();
    }
}

/// Killed at whatever moment of its start, nslab leaves no half-made stage: here in a PID namespace whose first process
/// inherits every orphan.
#[test]
fn death_at_birth_leaves_nothing() {
    let mut unshare = Command::new("unshare");
    if !common::is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]);
    let mut holder = common::until_ready(unshare.args(["sh", "-c", "echo ready; read end"]));
    let first = children(holder.id())[0];
    for round in 0..60u64 {
        let inner = nslab(0);
        let mut command = Command::new("nsenter");
        command.args(["--target", &first.to_string(), "--mount", "--pid"]);
        if !common::is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(inner.get_program()).args(["lesson", "mount-ns", "--plain", "--step", "9"]);
        for (name, value) in inner.get_envs() {
            value.map(|value| command.env(name, value));
        }
        let mut enter = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        assert!(comes(|| children(enter.id()).first().is_some_and(|&pid| name(pid).starts_with("nslab"))));
        let pid = children(enter.id())[0];
        // Dense where the stage is born, then up to a lesson that waits.
        std::thread::sleep(Duration::from_micros(round * round * 60));
        kill(pid, SIGKILL);
        enter.wait().unwrap();
        assert!(
            comes(|| gone(&descendants(first as u32))),
            "round {round}: {:?}",
            common::commands(&descendants(first as u32))
        );
    }
    drop(holder.stdin.take());
    holder.wait().unwrap();
}

/// A parent that ignores SIGCHLD has its children reaped by the kernel: no number of theirs may be relied on.
#[test]
fn a_parent_that_ignores_sigchld_does_no_harm() {
    for user in users() {
        let inner = nslab(user);
        let mut command = nslab(user);
        let program = command.get_program().to_os_string();
        command = {
            let mut shell = Command::new("sh");
            shell.args(["-c", "trap '' CHLD; exec \"$@\"", "sh"]).arg(program).args(["verify", "mount-ns"]);
            for (name, value) in inner.get_envs() {
                value.map(|value| shell.env(name, value));
            }
            shell
        };
        if common::is_root() && user != 0 {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(user);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A stage that somebody stopped answers nothing; leaving does not wait for it.
#[test]
fn q_leaves_at_once_while_the_stage_is_stopped() {
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns", "--step", "9"]);
        terminal.wait("INSIDE pid 1");
        let all = descendants(terminal.child.id());
        let stage = children(terminal.child.id())[0];
        terminal.keys("\r0\r");
        terminal.wait("[DO]");
        kill(stage, SIGSTOP);
        terminal.keys("\r");
        // The lab waits for an answer now: nothing changes on the screen.
        std::thread::sleep(Duration::from_millis(200));
        terminal.keys("q");
        // Which gives it half of the time that the lab would wait.
        assert_eq!(terminal.end(), 0);
        assert!(gone(&all));
    }
}

/// The same for the signals that end a lesson, in words.
#[test]
fn a_signal_ends_a_lesson_in_words() {
    for stopped in [false, true] {
        let mut running = Running::at(users()[0], 9);
        let mut all = running.processes();
        all.push(running.pid());
        if stopped {
            kill(running.stage(), SIGSTOP);
            running.say("0\n\n");
        }
        kill(running.pid(), SIGTERM);
        let _ = running.child.wait().unwrap();
        assert!(gone(&all), "stopped: {stopped}");
    }
}

/// Nothing that the caller has open is open in the practice host, where root could write to it.
#[test]
fn the_practice_host_has_nothing_of_the_machine_open() {
    for user in users() {
        let secret = common::place().join(format!("secret-{user}"));
        std::fs::write(&secret, "as it was\n").unwrap();
        let file = std::fs::File::options().append(true).open(&secret).unwrap();
        // Writing into a pipe that nobody reads from would wait for ever.
        // The root of a mount that is attached nowhere is called "/" too: what stands in and above it tells.
        let script = "for fd in /proc/[0-9]*/fd/*; do to=$(readlink $fd); \
             case $to in /) (cd -P $fd/.. && echo $fd = root of: *);; *) echo \"$fd = $to\";; esac; \
             case $to in pipe:*) ;; *) echo evil 2>/dev/null >$fd;; esac; done";
        let mut command = nslab(user);
        command.stderr(file);
        let mut running = Running::start(command, 9);
        let stdio = [0, 1, 2].map(|fd| std::fs::read_link(format!("/proc/{}/fd/{fd}", running.pid())).unwrap());
        let mut text = String::new();
        for side in ["host", "container"] {
            running.say(&format!("shell {side}\n{script}; exit\n"));
            text += &running.until("What you changed");
        }
        running.say("quit\n\n");
        assert_eq!(running.finish().1, Some(0));
        let open: Vec<&str> =
            text.lines().filter_map(|line| Some(line.trim().strip_prefix("/proc/")?.split_once(" = ")?.1)).collect();
        assert!(open.len() > 20, "{text}");
        let known =
            ["/dev/", "/proc", "socket:", "pipe:", "anon_inode:", "pidfd:", "/memfd:nslab", "/bin/", "/usr/bin/"];
        for target in &open {
            assert!(stdio.iter().all(|own| own.as_os_str() != *target), "nslab's own {target}:\n{text}");
            if let Some(names) = target.strip_prefix("root of: ") {
                // The side's own devpts, which takes a terminal for each shell and nothing else.
                let terminal = |name: &str| name == "ptmx" || name.parse::<u32>().is_ok();
                assert!(names.contains("ptmx") && names.split(' ').all(terminal), "{target}:\n{text}");
                continue;
            }
            assert!(target.is_empty() || known.iter().any(|known| target.starts_with(known)), "{target}:\n{text}");
        }
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "as it was\n");
        std::fs::remove_file(secret).unwrap();
    }
}

/// Who waits on the host for a program in the container has nothing of the stage's open.
#[test]
fn the_one_who_waits_holds_nothing() {
    let mut running = Running::at(users()[0], 9);
    running.say("0\nshell container\n");
    let named =
        |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "nslab-enter\n");
    let open = |pid: i32| std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(99, Iterator::count);
    assert!(comes(|| running.processes().into_iter().find(named).is_some_and(|pid| open(pid) == 3)));
    running.say("exit\n");
    running.until("What you changed");
    running.say("quit\n\n");
    assert_eq!(running.finish().1, Some(0));
}

/// An idle lesson does not wake the processor: in words, on the screen with a shell open on each side, played from a
/// recording; and neither does an idle `nslab watch`.
#[test]
fn waiting_costs_nothing() {
    let mut running = Running::at(users()[0], 3);
    assert!(common::rests(running.child.id()));
    running.say("1\nquit\n");
    running.finish();

    let mut terminal = Terminal::open(users()[0], 45, 160, &["lesson", "mount-ns", "--step", "6"]);
    terminal.wait("INSIDE pid 1");
    for (key, prompt) in [("$", "host $ "), ("#", "|container #")] {
        terminal.keys(key);
        terminal.wait("TYPING IN");
        terminal.wait(prompt);
        terminal.leave();
    }
    assert!(common::rests(terminal.child.id()), "{}", terminal.text());
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);

    // Nothing happens in a recording, and nobody asks whether.
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--replay", "--step", "6"]);
    terminal.wait("INSIDE pid 1");
    assert!(common::rests(terminal.child.id()), "{}", terminal.text());
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);

    let puppet = Puppet::new(users()[0]);
    for more in [None, Some("--plain")] {
        let pid = puppet.pid().to_string();
        let args = ["watch", &pid].into_iter().chain(more);
        let mut terminal = Terminal::open(users()[0], 24, 80, &args.collect::<Vec<_>>());
        terminal.wait(if more.is_some() { "q leaves." } else { "Nothing has changed yet." });
        assert!(common::rests(terminal.child.id()), "{}", terminal.text());
        terminal.keys("q\r");
        assert_eq!(terminal.end(), 0);
    }
}
