//! `nslab play`: the practice host without a script, on the screen and in words, and what it writes.

mod common;

use common::terminal::Terminal;
use common::{Machine, folder, nslab, run, users};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// `nslab play` with lines typed into it; what it said, and it left well.
fn play(user: u32, args: &[&str], lines: &[&str]) -> String {
    let mut child = nslab(user)
        .arg("play")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>() + "quit\n";
    // All of it fits into the pipe.
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{out}");
    out
}

/// What was said after the last prompt with this line.
fn after<'a>(out: &'a str, line: &str) -> &'a str {
    let at = out.rfind(&format!("> {line}\n")).unwrap_or_else(|| panic!("no {line} in:\n{out}"));
    let rest = &out[at + line.len() + 3..];
    rest.split("or ?> ").next().unwrap()
}

/// A written lesson is clean and holds.
fn holds(user: u32, path: &Path) {
    let path = path.to_str().unwrap();
    assert_eq!(run(user, &["check", path]), (0, String::new(), String::new()), "uid {user}");
    let (status, out, err) = run(user, &["verify", path]);
    assert_eq!(status, 0, "uid {user}: {out}{err}\n{}", fs::read_to_string(format!("{path}/lesson.yaml")).unwrap());
}

/// By keys alone: a container, its mounts private, a tmpfs inside that stays inside, back, and what was done as a lesson.
#[test]
fn played_on_the_screen() {
    for user in users() {
        let dir = folder(user, "screen");
        let mut terminal = Terminal::open(user, 24, 80, &["play"]);
        terminal.wait("INSIDE: no container");
        terminal.turn("\r", "[palette]");
        terminal.turn("clon", "Filter: clon");
        terminal.turn("\r", "clone(child");
        terminal.turn("\r", "INSIDE pid 1");
        terminal.turn("\r", "[palette]");
        terminal.turn("\t", "[container]");
        terminal.turn("propagation", "> propagation");
        terminal.turn("\r", "MS_PRIVATE|MS_REC");
        terminal.turn("\r", "7 rows: 7 changed");
        terminal.turn("\r", "[palette]");
        terminal.turn("mount", "> mount");
        terminal.turn("\r", "> mount: { type: tmpfs, on: /lab/data");
        // A bad argument loses nothing, and performs nothing.
        terminal.turn("\x7f, at: /x }", "unknown field `at`");
        terminal.keys("\r");
        std::thread::sleep(std::time::Duration::from_millis(200));
        terminal.wait("nodev] , at: /x }");
        for _ in 0.."nosuid, nodev] , at: /x }".len() {
            terminal.keys("\x7f");
        }
        terminal.turn("nosuid] }", "MS_NOSUID, NULL)");
        terminal.turn("\r", "+ /lab/data");
        terminal.wait("8 rows: 1 added");
        terminal.wait("7 rows: none changed");
        terminal.turn("\x7f", "3/3");
        terminal.wait("7 rows: 7 changed");
        assert!(!terminal.text().contains("/lab/data"), "{}", terminal.text());
        // Once more, so that the lesson has it.
        terminal.turn("\r", "[palette]");
        terminal.turn("mount", "> mount");
        terminal.turn("\r", "> mount: { type: tmpfs");
        terminal.turn("\r", "8 rows: 1 added");
        let path = dir.join("mine");
        terminal.turn("w", "[write]");
        terminal.turn("\x15", "File:");
        // As who copies a path does it.
        terminal.keys(&format!("\x1b[200~{}\x1b[201~", path.display()));
        terminal.keys("\r");
        terminal.wait("Look it over:");
        terminal.turn("\r", "[ran]");
        // Never replaced unasked.
        fs::write(path.join("en.md"), "mine").unwrap();
        terminal.turn("w", "[write]");
        terminal.turn("\r", "there already");
        terminal.turn("\x1b", "Enter write");
        terminal.turn("\x1b", "Enter do something");
        assert_eq!(fs::read_to_string(path.join("en.md")).unwrap(), "mine");
        terminal.turn("w", "[write]");
        terminal.turn("\r", "there already");
        terminal.keys("\r");
        terminal.wait("Look it over:");
        terminal.turn("\r", "[ran]");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
        holds(user, &path);
        let yaml = fs::read_to_string(path.join("lesson.yaml")).unwrap();
        for part in [
            "becomes: { propagation: { side: inside, every: private } }",
            "becomes: { rows: { side: inside, where: { target: /lab/data, type: tmpfs }, count: 1 } }",
        ] {
            assert!(yaml.contains(part), "{part} in:\n{yaml}");
        }
    }
}

/// A shell has the terminal; what was typed into it is marked, is not replayed, and is not in what is written.
#[test]
fn what_is_typed_by_hand_is_said_to_be_left_out() {
    let user = users()[0];
    let dir = folder(user, "by-hand");
    let mut terminal = Terminal::open(user, 24, 80, &["play"]);
    terminal.wait("INSIDE: no container");
    terminal.shell("$", "host $");
    terminal.keys("mkdir /lab/mine && mount -t tmpfs mine /lab/mine\rexit\r");
    terminal.wait("+ /lab/mine");
    terminal.wait("(by hand)");
    terminal.turn("\r", "[palette]");
    terminal.turn("umount", "> umount");
    terminal.turn("\r", "umount: {");
    terminal.turn("\x15{ target: /lab/mine }", "umount2(\"/lab/mine\", 0)");
    terminal.turn("\r", "- /lab/mine");
    terminal.turn("w", "is not in it");
    terminal.turn("\x15", "File:");
    terminal.keys(&format!("{}/mine\r", dir.display()));
    terminal.wait("Without what you typed by hand it goes otherwise at step 2.");
    terminal.turn("\r", "[ran]");
    // Back asks, then the host is without it.
    terminal.turn("\x7f", "not replayed");
    terminal.turn("\r", "1/1");
    terminal.wait("7 rows");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    // It holds all the same: it expects what happens without.
    holds(user, &dir.join("mine"));
}

/// A program that cannot be executed changes nothing: not without a PID namespace, where the container is nobody's PID 1,
/// and PID 1 goes on reaping.
#[test]
fn a_failed_exec_ends_nobody() {
    for user in users() {
        let exec = "do container exec: {path: /bin/nope, args: [nope]}";
        let reaped = "do container sh: sleep 0.3; cat /proc/[0-9]*/stat | grep -c ') Z ' || echo no''ne";
        let lines = [
            "do host clone: {new: [mnt, uts]}",
            exec,
            exec,
            "do container hostname: still-there",
            "do host kill: {pid: container, signal: KILL}",
            "do host clone: {new: [mnt, pid, uts]}",
            exec,
            "do container mount: {type: proc, on: /proc}",
            "do container sh: sleep 0.1 & exit",
            reaped,
            "do container exec: {path: /bin/sh, args: [sh]}",
            "do container sh: cat /proc/1/comm",
        ];
        let out = play(user, &[], &lines);
        assert_eq!(out.matches("-1 ENOENT").count(), 3, "{out}");
        assert!(!after(&out, exec).contains("has ended"), "{out}");
        assert!(after(&out, lines[3]).contains("= 0"), "{out}");
        assert!(after(&out, reaped).contains("\n  none\n"), "uid {user}: {out}");
        assert!(after(&out, lines[11]).contains("\n  sh\n"), "{out}");
    }
}

/// What a step left running may end by itself, and that is nobody's hand.
#[test]
fn a_container_that_ends_by_itself_is_seen_to() {
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &["play"]);
        terminal.wait("INSIDE: no container");
        for (filter, form, done) in
            [("clone", "clone(child", "INSIDE pid 1"), ("exec", "exec: {", "execve(\"/bin/sleep\"")]
        {
            terminal.turn("\r", "[palette]");
            if filter == "exec" {
                terminal.turn("\t", "[container]");
            }
            terminal.turn(filter, &format!("> {filter}"));
            terminal.turn("\r", form);
            if filter == "exec" {
                terminal.keys("\x15{ path: /bin/sleep, args: [sleep, \"1\"] }");
            }
            terminal.turn("\r", done);
        }
        terminal.wait("INSIDE: no container");
        assert!(!terminal.text().contains("(by hand)"), "{}", terminal.text());
        // There is room for another one, and nothing was typed that would be left out.
        terminal.turn("\r", "no container yet: clone");
        terminal.turn("clone", "> clone");
        terminal.turn("\r", "clone(child");
        terminal.turn("\r", "INSIDE pid 1");
        terminal.turn("w", "Write what was done");
        assert!(!terminal.text().contains("is not in it"), "{}", terminal.text());
        // Done once more, the second clone comes sooner.
        let path = folder(user, "by-itself").join("mine");
        terminal.keys(&format!("\x15{}\r", path.display()));
        terminal.wait("Written: ");
        terminal.keys("\rq");
        assert_eq!(terminal.end(), 0);
        holds(user, &path);
    }
}

/// Every operation of the palette can be performed as the palette offers it, once what it needs is there.
#[test]
fn every_offer_can_be_performed() {
    let clone = "do host clone: {new: [mnt, pid, uts]}";
    let before = |name: &str| -> (&str, Vec<&str>) {
        match name {
            "clone" => ("host", vec![]),
            "id-map" => ("host", vec!["do host clone: {new: [user, mnt, pid, uts]}"]),
            "unshare" | "exec" | "chroot" | "chroot-only" | "hostname" | "chdir" | "propagation" => {
                ("container", vec![clone])
            }
            "setns" => ("container", vec![clone, "do container open: {path: /proc/self/ns/uts, fd: own}"]),
            "fchdir" => ("container", vec![clone, "do container open: {path: /lab, fd: lab}"]),
            "pivot-root" => (
                "container",
                vec![
                    clone,
                    "do container propagation: {on: /, type: private, recursive: true}",
                    "do container bind: {from: /lab/rootfs, to: /lab/rootfs}",
                ],
            ),
            "kill" => ("host", vec![clone]),
            "umount" => ("host", vec!["do host mount: {type: tmpfs, on: /lab/data}"]),
            "remount" | "set-attr" => ("host", vec!["do host bind: {from: /lab/data, to: /lab/data}"]),
            "move-mount" => ("host", vec!["do host open-tree: {path: /lab/data, fd: copy, flags: [clone, cloexec]}"]),
            "close" => ("host", vec!["do host open: {path: /lab, fd: lab}"]),
            _ => ("host", vec![]),
        }
    };
    for user in users() {
        let list = play(user, &[], &["ops"]);
        let names: Vec<&str> = after(&list, "ops")
            .lines()
            .filter_map(|line| line.split_once(": ").map(|(name, _)| name))
            .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
            .collect();
        assert!(names.len() >= 31 && names.contains(&"sh"), "{names:?}");
        let asks: Vec<String> = names.iter().map(|name| format!("ops {name}")).collect();
        let told = play(user, &["--width", "400"], &asks.iter().map(String::as_str).collect::<Vec<_>>());
        let mut lines = Vec::new();
        let mut offers = Vec::new();
        for (name, ask) in names.iter().zip(&asks) {
            let said = after(&told, ask);
            let offer =
                said.lines().find_map(|line| line.strip_prefix("Example: ")).unwrap_or_else(|| panic!("{said}"));
            let (actor, setup) = before(name);
            if !lines.is_empty() {
                // What was done stands in no file, which is asked about.
                lines.extend(["restart", "y"].map(String::from));
            }
            lines.extend(setup.into_iter().map(String::from));
            lines.push(format!("do {actor} {offer}"));
            offers.push(lines.last().unwrap().clone());
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let out = play(user, &["--width", "400"], &lines);
        for offer in offers {
            let said = after(&out, &offer);
            let went_well = said.contains("Ran ") || said.contains("Command ");
            assert!(went_well && !said.contains(" = -1 "), "uid {user}: {offer}\n{said}");
        }
    }
}

/// Whatever is done, also what fails, and also what changes nothing: the draft is clean and holds.
#[test]
fn what_was_done_is_a_lesson_that_holds() {
    for user in users() {
        let dir = folder(user, "draft");
        let path = dir.join("mixed");
        let write = format!("write {}", path.display());
        let lines = [
            "do host clone: {new: [mnt, pid, uts]}",
            "do container propagation: {on: /, type: slave, recursive: true}",
            // The same once more changes nothing.
            "do container propagation: {on: /, type: slave, recursive: true}",
            "do host mount: {type: tmpfs, on: /lab/data, flags: [ro]}",
            "do container mount: {type: proc, on: /proc, flags: [nosuid, nodev, noexec]}",
            "do container mount: {type: ext4, on: /lab/to, source: none}",
            "do container hostname: box",
            "do container umount: {target: /lab}",
            "do host umount: {target: /lab/data}",
            "do host umount: {target: /lab/data}",
            "do host write: {path: /lab/note, text: \"it's `x`: # no\\n\"}",
            "do host mkdir: {path: \"/lab/a b\"}",
            "do host mount: {type: tmpfs, on: \"/lab/a b\"}",
            "do host sh: cat /lab/note | grep 'no' # it's",
            "do container sh: exit 3",
            "do container bind: {from: /lab/rootfs, to: /lab/rootfs}",
            "do container remount: {on: /lab/rootfs, flags: [ro, nosuid], bind: true}",
            "do container chroot: /lab/rootfs",
            "do container exec: {path: /bin/sh, args: [sh]}",
            "do container sh: ls /",
            "do host kill: {pid: container, signal: KILL}",
            // A program that ends by itself, whenever that is.
            "do host clone: {new: [mnt, pid, uts]}",
            "do container exec: {path: /bin/true, args: [\"true\"]}",
            "do host sh: sleep 0.3",
            "do host clone: {new: [mnt, user, pid]}",
            // What a less privileged namespace was given as one, it cannot take apart.
            "do container umount: {target: /proc}",
            "done",
            &write,
        ];
        let out = play(user, &[], &lines);
        let said = after(&out, &write);
        assert!(said.contains("Left out, since every row was of that type already: step 4."), "{out}");
        assert!(!said.contains("goes otherwise"), "{said}");
        let locked = after(&out, "do container umount: {target: /proc}");
        assert!(locked.contains("EINVAL") && locked.contains("The mount is locked"), "{out}");
        holds(user, &path);
        let (_, told, _) = run(user, &["verify", path.to_str().unwrap(), "--json"]);
        let events = told.lines().filter(|line| line.contains("\"event\":\"step\"")).count();
        assert_eq!(events, lines.len() - 3, "all but the one that changed nothing");
    }
}

/// On a copy of the machine the lab lies elsewhere; what is written is a lesson like any other.
#[test]
fn a_draft_from_a_copy_of_the_machine() {
    for user in users() {
        let dir = folder(user, "copy");
        let output = nslab(user).args(["play", "--plain", "--host", "copy"]).stdin(Stdio::null()).output().unwrap();
        if output.status.code() == Some(3) {
            // This machine cannot have one, and says why: what other tests are about.
            assert!(String::from_utf8_lossy(&output.stderr).contains("Remedy"), "{output:?}");
            continue;
        }
        let write = format!("write {}/mine", dir.display());
        let told = play(user, &["--host", "copy"], &["ops mkdir"]);
        let offer = after(&told, "ops mkdir").lines().find_map(|line| line.strip_prefix("Example: ")).unwrap();
        let lab = offer.split("path: ").nth(1).unwrap().split("/new").next().unwrap().to_string();
        assert!(lab.starts_with('/') && lab != "/lab", "{offer}");
        let mount = format!("do host mount: {{type: tmpfs, on: {lab}/data}}");
        let out = play(user, &["--host", "copy"], &[&format!("do host {offer}"), &mount, &write]);
        assert!(after(&out, &mount).contains(&format!("added: {lab}/data")), "{out}");
        let yaml = fs::read_to_string(dir.join("mine/lesson.yaml")).unwrap();
        assert!(yaml.contains("/lab/new") && !yaml.contains(&format!("{lab}/")), "{yaml}");
        holds(user, &dir.join("mine"));
    }
}

/// A script is asked about before it is replaced, and does what was done, on the machine itself, in namespaces of its own.
#[test]
fn a_script_of_what_was_done() {
    let user = users()[0];
    let path = folder(user, "script").join("play.sh");
    let write = format!("write script {}", path.display());
    let lines = [
        "do host clone: {new: [mnt, pid, uts]}",
        "do container mount: {type: tmpfs, on: /lab/data}",
        "do container write: {path: /lab/data/x, text: \"it's done\\n\"}",
        "do container sh: cat /lab/data/x; stat -f -c %T /lab/data",
        "do host sh: stat -f -c %T /lab; ls /lab/data",
        // What reads finds nothing, and who exits or stumbles is not the container's shell.
        "do container sh: wc -c",
        "do container sh: exit 3",
        "do container sh: echo (",
        "do container sh: echo still there",
        // There is no shell in it: the practice host moves the one process, a script cannot, and goes on.
        "do container chroot: /lab/data",
        "do container mkdir: {path: /last}",
        &write,
        &write,
        "n",
    ];
    let out = play(user, &[], &lines);
    assert!(out.contains("is there already. Replace it?") && out.contains("stays as it is"), "{out}");
    let script = fs::read_to_string(&path).unwrap();
    assert!(script.contains("mount -t tmpfs tmpfs /srv/data"), "{script}");
    // Its own file is new here, so mounts and hostname are compared by themselves.
    let look = || ["/proc/self/mountinfo", "/proc/sys/kernel/hostname"].map(|path| fs::read_to_string(path).unwrap());
    let machine = look();
    let performed = std::process::Command::new("timeout").args(["60", "sh"]).arg(&path).output().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&performed.stdout), String::from_utf8_lossy(&performed.stderr));
    assert!(said.contains("it's done\ntmpfs\n"), "{said}{wrong}\n{script}");
    assert!(said.contains("0\nstill there\n"), "{said}{wrong}");
    assert!(said.contains("\nx\n"), "rows are shared there as on the practice host: {said}");
    assert!(performed.status.code() != Some(124), "it waits for ever: {said}{wrong}");
    assert_eq!(look(), machine);
    let (status, _, err) = run(user, &["play", "--host", "none"]);
    assert_eq!(status, 2, "{err}");
}

/// Whoever plays leaves nothing, whichever operations were performed, and hears why the kernel refused.
#[test]
fn nothing_is_left() {
    let machine = Machine::look();
    for user in users() {
        let out = play(
            user,
            &["--plain", "--lang", "zh-CN"],
            &["do host hostname: other", "do host rmdir: /lab/none", "back", "back", "back", "do host sh:"],
        );
        for part in ["路径的某一段不存在", "已重建到第 2 步之后", "没有可撤回的", "核对单"] {
            assert!(out.contains(part), "{part} in:\n{out}");
        }
    }
    assert_eq!(Machine::look(), machine);
}
