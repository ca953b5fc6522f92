//! `nslab watch` over real processes, through a real pseudo terminal and through a pipe.

mod common;
#[path = "listings/tools.rs"]
mod tools;

use common::puppet::Puppet;
use common::terminal::{Terminal, Wanted};
use common::{Machine, children, comes, descendants, home, is_root, nslab, users};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nix::unistd::gethostname;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Which namespaces, tables and processes are open in a process.
fn open_files(pid: u32) -> Vec<String> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    entries
        .filter_map(|entry| Some(std::fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned()))
        .filter(|link| link.contains("mountinfo") || link.contains("pidfd") || link.contains("ns/"))
        .collect()
}

#[test]
fn a_mount_appears_at_once_and_the_end_is_said() {
    let machine = Machine::look();
    for user in users() {
        let mut puppet = Puppet::new(user);
        let pid = puppet.pid().to_string();
        let mut terminal = Terminal::open(user, 24, 80, &["watch", &pid]);
        terminal.wait(&format!("{pid} sh  mnt.."));
        terminal.wait("Nothing has changed yet.");
        assert_eq!(open_files(terminal.child.id()).len(), 4, "two tables, two processes");
        puppet.does("mount -t tmpfs watched /mnt");
        terminal.wait("+ /mnt ");
        terminal.wait("1 added");
        // Only there: on the left nothing has a mark.
        assert!(!terminal.text().lines().any(|line| line.starts_with('+')), "{}", terminal.text());
        puppet.does("mount -t tmpfs watched /tmp && umount /mnt");
        terminal.wait("- /mnt ");
        terminal.turn(",", "as it was then.");
        terminal.keys("\x1b");
        // The kernel tells nobody of this one.
        puppet.does("mount --make-shared /tmp");
        terminal.turn("r", "shared:");
        puppet.dies();
        terminal.wait("ENDED, its last table");
        terminal.wait("/tmp ");
        // Nothing of it is held any more: neither its namespace nor its number.
        let of_the_shell = |links: &[String]| links.iter().filter(|link| link.contains("mountinfo")).count();
        assert!(comes(|| of_the_shell(&open_files(terminal.child.id())) == 1));
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
    assert_eq!(Machine::look(), machine);
}

/// A number that is somebody else's by the time that anybody looks is not followed: here in a PID namespace, where the one
/// who made it says which number comes next.
#[test]
fn a_number_that_was_given_again_is_another_process() {
    for user in users() {
        let mut puppet = Puppet::within(user, &["--pid", "--fork", "--kill-child", "--mount-proc"]);
        let first = children(puppet.pid() as u32)[0].to_string();
        puppet.does("echo 99 >/proc/sys/kernel/ns_last_pid; sleep 1000 & test $! = 100");
        let mut args = vec!["--target", &first, "--mount", "--pid"];
        if user != 0 {
            args.extend(["--user", "--preserve-credentials"]);
        }
        let program = nslab(user);
        args.extend(["--", program.get_program().to_str().unwrap(), "watch", "100"]);
        let enter = Wanted { program: Some("nsenter"), ..Wanted::default() };
        let mut terminal = Terminal::with(user, 24, 80, &args, &enter);
        terminal.wait("100 sleep  mnt..");
        let watcher = Pid::from_raw(*descendants(terminal.child.id()).last().unwrap());
        kill(watcher, Signal::SIGSTOP).unwrap();
        puppet.does("kill -9 100; wait 100 2>/dev/null; echo 99 >/proc/sys/kernel/ns_last_pid; :");
        puppet.does("unshare --mount sh -c 'mount -t tmpfs later /mnt; exec tail -f /dev/null' & test $! = 100");
        puppet.does("until grep -q tail /proc/100/comm; do :; done");
        // nsenter(1) has stopped with it.
        for pid in [watcher, Pid::from_raw(terminal.child.id() as i32)] {
            kill(pid, Signal::SIGCONT).unwrap();
        }
        terminal.wait("100 sleep  ENDED, its last table");
        terminal.turn("r", "Read anew.");
        terminal.wait("100 sleep  ENDED, its last table");
        assert!(!terminal.text().contains("/mnt "), "{}", terminal.text());
        puppet.does("grep -q ' /mnt ' /proc/100/mountinfo");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
}

#[test]
fn two_processes_and_every_view() {
    let user = users()[0];
    let (mut left, right) = (Puppet::new(user), Puppet::new(user));
    let mut terminal = Terminal::open(user, 45, 160, &["watch", &left.pid().to_string(), &right.pid().to_string()]);
    terminal.wait("[list]");
    left.does("mount -t tmpfs watched /mnt");
    terminal.wait("+ ");
    terminal.turn("/\x1b[200~/mnt\x1b[201~", "Only rows with: /mnt");
    terminal.turn("\x1b", "/proc ");
    terminal.turn("v", "[tree]");
    terminal.turn("v", "[groups]");
    terminal.turn("v", "[list]");
    terminal.turn("h\r", "the mount's number in the kernel");
    terminal.turn("?", "The kernel tells nobody");
    terminal.turn(" ", "[list]");
    terminal.resize(18, 60);
    terminal.wait("(o: ");
    terminal.resize(10, 40);
    terminal.wait("--plain");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
}

/// The caller is the process that started nslab; watched against itself both are one namespace.
#[test]
fn the_same_namespace_is_said() {
    let pid = std::process::id().to_string();
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &["--lang", "zh-CN", "watch", &pid]);
        // The machine's processes of root may be watched by anybody, but which namespace they are in takes the owner.
        terminal.wait(if user == 0 || !is_root() { "两个进程在同一个挂载命名空间" } else { "mnt ?" });
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
}

#[test]
fn what_cannot_be_watched_is_told_before_the_screen() {
    let mut gone = Puppet::new(users()[0]);
    gone.dies();
    for lang in ["en", "zh-CN"] {
        let output = nslab(users()[0]).args(["--lang", lang, "watch", &gone.pid().to_string()]).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{err}");
        assert!(err.contains(&gone.pid().to_string()) && err.contains("ps -e"), "{err}");
    }
}

/// Where /proc hides the processes of others, status 3 names the file, the errno and what helps. Root makes such a /proc
/// in a namespace of its own; a plain user has none that hides a living process, and is told of none.
#[test]
fn a_hidden_process_is_refused_with_advice() {
    if !is_root() {
        let output = nslab(users()[0]).args(["watch", "1", "--plain"]).stdin(Stdio::null()).spawn();
        let mut child = output.unwrap();
        assert!(comes(|| open_files(child.id()).len() == 4), "anybody's table may be read");
        child.kill().unwrap();
        child.wait().unwrap();
        return;
    }
    let puppet = Puppet::new(0);
    let home = home(1000);
    for (command, named) in
        [("watch", format!("open /proc/{}/mountinfo: ENOENT", puppet.pid())), ("mounts", "process is there".into())]
    {
        let script = format!(
            "mount -t proc -o hidepid=invisible proc /proc && exec setpriv --reuid 1000 --regid 1000 --clear-groups {} {command} {}",
            nslab(1000).get_program().to_string_lossy(),
            puppet.pid(),
        );
        let output = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", &script])
            .env("HOME", &home)
            .env("LANG", "C.UTF-8")
            .current_dir(home.join("cwd"))
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(3), true), "{err}");
        assert!(err.contains(&named) && err.contains("hidepid") && err.contains("sudo"), "{err}");
    }
}

/// In a pipe: the differences, then a line for each change, until a process ends.
#[test]
fn a_pipe_gets_lines() {
    for user in users() {
        let mut puppet = Puppet::new(user);
        let mut command = nslab(user);
        let mut child = command
            .args(["watch", &puppet.pid().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut until = |part: &str| lines.find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part}"));
        let line = until(&format!("{} sh: ", puppet.pid()));
        assert!(line.ends_with(&format!(", hostname {}.", gethostname().unwrap().display())), "{line}");
        until("Watching;");
        puppet.does("hostname watched");
        until("has another hostname now: watched");
        puppet.does("mount -t tmpfs watched /mnt");
        let line = until("source watched");
        assert!(line.starts_with(&format!("{} sh: ", puppet.pid())) && line.contains("source watched"), "{line}");
        puppet.does("umount /mnt");
        until("removed: /mnt");
        puppet.dies();
        until("has ended; this was its last table.");
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(lines.next(), None);
    }
}

/// A program that its user may not read makes a process that may not be looked into, as `su` does. It is where it was, and
/// what it mounts there is told as before: also of a chrooted one, of whose namespace more was seen than it sees.
#[test]
fn what_may_not_be_known_any_more_is_nothing_else() {
    if !common::is_root_for("what_may_not_be_known_any_more_is_nothing_else") {
        return;
    }
    let closed = common::place().join("closed");
    std::fs::copy("/bin/sh", &closed).unwrap();
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o111)).unwrap();
    for is_chrooted in [false, true] {
        let mut puppet = Puppet::new(1000);
        if is_chrooted {
            puppet.does("mount --rbind / /mnt");
            puppet.told("exec chroot /mnt sh -c 'echo 0; exec sh'");
        }
        let mut command = nslab(1000);
        command.args(["watch", &puppet.pid().to_string()]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("Watching;")));
        puppet.told(&format!("exec {0} -c 'echo 0; exec {0}'", closed.display()));
        puppet.does("mount -t tmpfs watched /srv");
        let mut said: Vec<String> = Vec::new();
        while !(said.iter().any(|line| line.contains("may not be known")) && said.iter().any(|l| l.contains("watched")))
        {
            said.push(lines.next().unwrap());
        }
        assert_eq!(said.len(), 2, "{said:#?}");
        puppet.dies();
        assert_eq!(lines.collect::<Vec<_>>().len(), 1, "that it has ended");
        child.wait().unwrap();
    }
}

/// Runs `nslab watch --plain` into a pipe until a line has each of these parts, in this order. Returns the lines up to then.
fn lines_until(user: u32, pid: &str, parts: &[&str]) -> Vec<String> {
    let mut command = nslab(user);
    let mut child = command.args(["watch", pid]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut parts = parts.iter().peekable();
    let mut seen = Vec::new();
    for line in lines {
        parts.next_if(|part| line.contains(**part));
        seen.push(line);
        if parts.peek().is_none() {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(parts.next(), None, "{seen:#?}");
    seen
}

/// Where a process is in a user namespace further in than its UTS and mount namespaces are, it is these that are joined.
#[test]
fn a_namespace_is_entered_by_its_owner() {
    let user = *users().last().unwrap();
    let mut puppet = Puppet::new(user);
    puppet.does(
        "hostname further-out && mount -t tmpfs watched /mnt && mkdir /mnt/proc /mnt/bin /mnt/lib /mnt/lib64 /mnt/usr",
    );
    puppet.does("for part in bin lib lib64 usr; do test ! -e /$part || mount --rbind /$part /mnt/$part || exit; done");
    puppet.told("exec unshare --user --map-root-user chroot /mnt sh -c 'echo 0; exec sh'");
    let seen = lines_until(user, &puppet.pid().to_string(), &["hostname further-out.", "Watching;"]);
    let side = seen.iter().find(|line| line.starts_with(&puppet.pid().to_string())).unwrap();
    assert!(side.contains(" in the namespace, ") && side.contains("root directory /mnt, "), "{side}");
    let mut terminal = Terminal::open(user, 24, 80, &["watch", &puppet.pid().to_string()]);
    terminal.wait("[list]  namespace  tree  groups");
    terminal.wait("more rows out of view");
    terminal.turn("v", "list  [namespace]  tree  groups");
    assert!(!terminal.text().contains("out of view"), "{}", terminal.text());
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// Whoever may not join the namespace is told so, and sees what the process sees.
#[test]
fn a_namespace_that_may_not_be_joined_is_not_offered() {
    if !common::is_root_for("a_namespace_that_may_not_be_joined_is_not_offered") {
        return;
    }
    // A chrooted process of this user, in a mount namespace that root made.
    let mut puppet = Puppet::new(0);
    puppet.does("mount --rbind / /mnt");
    puppet.told("exec chroot --userspec 1000:1000 /mnt sh -c 'echo 0; exec sh'");
    let mut terminal = Terminal::open(1000, 24, 80, &["watch", &puppet.pid().to_string()]);
    terminal.wait("[list]  tree  groups");
    terminal.turn("v", "take its owner or root (setns: EPERM).");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// A sandbox as people have them: its hostname, which takes the first of two user namespaces, and its own /tmp.
#[test]
fn bubblewrap_can_be_watched() {
    if !tools::is_there("bwrap", "bubblewrap_can_be_watched") {
        return;
    }
    let machine = Machine::look();
    for user in users() {
        let mut command = Command::new("bwrap");
        if is_root() {
            command.uid(user).gid(user);
        }
        command.args(["--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "/tmp"]);
        command.args(["--unshare-uts", "--hostname", "boxed", "sh", "-c", "echo $$; read line"]).current_dir("/");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut pid = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        let pid = pid.trim();
        let seen = lines_until(user, pid, &["hostname boxed.", "Watching;"]);
        let is_own_tmp = |line: &String| line.starts_with("added ") && line.contains(" /tmp ");
        assert!(seen.iter().any(is_own_tmp), "{seen:#?}");
        let mut terminal = Terminal::open(user, 24, 80, &["watch", pid]);
        terminal.wait("host \"boxed\"");
        // However long the tables are, what the sandbox alone has is not folded away.
        terminal.wait(">   /tmp ");
        drop(child.stdin.take());
        terminal.wait("ENDED");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
        child.wait().unwrap();
    }
    assert_eq!(Machine::look(), machine);
}

/// Ctrl-C leaves the lines, too.
#[test]
fn a_signal_ends_the_lines_well() {
    let puppet = Puppet::new(users()[0]);
    let mut child = nslab(users()[0])
        .args(["watch", &puppet.pid().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = Vec::new();
    let mut out = child.stdout.take().unwrap();
    while !String::from_utf8_lossy(&text).contains("Watching;") {
        let mut buffer = [0; 4096];
        let count = out.read(&mut buffer).unwrap();
        assert!(count > 0);
        text.extend_from_slice(&buffer[..count]);
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!text.contains(&0x1b), "no control bytes");
}

/// Nobody waits for a change that nobody would read.
#[test]
fn lines_end_with_their_reader() {
    let puppet = Puppet::new(users()[0]);
    let mut child = nslab(users()[0])
        .args(["watch", &puppet.pid().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("Watching;")));
    drop(lines);
    assert!(comes(|| child.try_wait().unwrap().is_some()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// `--plain` on a terminal takes lines: Enter reads anew, q leaves.
#[test]
fn plain_on_a_terminal_takes_lines() {
    let user = users()[0];
    let mut puppet = Puppet::new(user);
    puppet.does("mount -t tmpfs watched /mnt");
    let mut terminal = Terminal::open(user, 24, 80, &["watch", &puppet.pid().to_string(), "--plain"]);
    terminal.wait("q leaves.");
    puppet.does("mount --make-shared /mnt");
    terminal.keys("\r");
    terminal.wait("propagation");
    terminal.keys("\r");
    terminal.wait("nothing else changed");
    terminal.keys("q\r");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn without_a_number_it_says_what_could_be_watched() {
    for user in users() {
        let puppet = Puppet::new(user);
        let output = nslab(user).arg("watch").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0));
        assert!(text.lines().any(|line| line.starts_with(&format!("{}  sh  mnt:[", puppet.pid()))), "{text}");
        if user != 0 && is_root() {
            assert!(text.contains("sudo nslab watch"), "{text}");
        }
    }
}

/// Mounts without end neither stall the keys nor pile up.
#[test]
fn a_storm_of_mounts_leaves_the_keys_alive() {
    let user = users()[0];
    let mut puppet = Puppet::new(user);
    let mut terminal = Terminal::open(user, 24, 80, &["watch", &puppet.pid().to_string()]);
    terminal.wait("Nothing has changed yet.");
    writeln!(puppet.orders, "while mount -t tmpfs storm /mnt && umount /mnt; do :; done").unwrap();
    terminal.wait("/mnt");
    for _ in 0..5 {
        terminal.turn("?", "All keys");
        terminal.turn("x", "[list]");
    }
    puppet.dies();
    terminal.wait("ENDED");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}
