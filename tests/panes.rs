//! The shells under the tables, typed into through a real terminal.

mod common;

use common::terminal::{Terminal, Wanted, at, quit};
use common::{Machine, comes, descendants, gone, nslab, users};
use std::time::{Duration, Instant};

/// The left and the right half of the line in which a table shows a mount point.
fn row(terminal: &Terminal, target: &str) -> Option<(String, String)> {
    let text = terminal.text();
    let tables = text.split("- OUTSIDE").nth(1)?;
    let line = tables.lines().find(|line| line.contains(&format!("+ {target} ")))?;
    let cells: Vec<char> = line.chars().chain(std::iter::repeat(' ')).take(80).collect();
    Some((cells[..39].iter().collect(), cells[41..].iter().collect()))
}

#[test]
fn a_mount_by_hand_is_seen_on_the_side_where_it_happened() {
    let machine = Machine::look();
    for user in users() {
        // After the private step, and before it.
        for (step, is_shared) in [("6", false), ("3", true)] {
            let mut terminal = at(step, user);
            terminal.shell("#", "container # ");
            terminal.keys("mount -t tmpfs x /mnt\r");
            terminal.wait("(by hand)");
            assert!(comes(|| row(&terminal, "/mnt").is_some()), "{}", terminal.text());
            let (left, right) = row(&terminal, "/mnt").unwrap();
            assert!(right.contains("+ /mnt"), "{}", terminal.text());
            assert_eq!(left.contains("+ /mnt"), is_shared, "uid {user}, step {step}:\n{}", terminal.text());
            // Gone again, it is marked so; and both changes can be walked through.
            terminal.keys("umount /mnt\r");
            terminal.wait("- /mnt");
            terminal.leave();
            terminal.keys(",");
            terminal.wait("by hand): as it was then.");
            terminal.wait("+ /mnt");
            terminal.keys(".");
            terminal.wait("- /mnt");
            quit(terminal);
        }
    }
    assert_eq!(Machine::look(), machine);
}

/// Propagation and hostnames are nothing that the kernel tells of.
#[test]
fn what_the_kernel_does_not_tell_is_looked_at() {
    let mut terminal = Terminal::open(users()[0], 45, 160, &["lesson", "mount-ns", "--step", "6"]);
    terminal.wait("INSIDE pid 1");
    terminal.keys("$");
    terminal.wait("TYPING IN: host $");
    terminal.keys("mount --make-private /tmp; hostname other\r");
    terminal.wait("host \"other\"");
    let marked = |line: &str| line.starts_with("~ ") && line.contains(" /tmp ");
    assert!(comes(|| terminal.text().lines().any(marked)), "{}", terminal.text());
    // Both shells stand beside each other, and each is told from the other.
    terminal.leave();
    terminal.keys("#");
    terminal.wait("TYPING IN: container #");
    terminal.wait("|container #");
    terminal.keys("echo wi''de\r");
    terminal.wait("|wide");
    assert!(terminal.text().contains("\nhost $ mount --make-private"), "{}", terminal.text());
    terminal.leave();
    quit(terminal);
}

/// pivot_root(2) moves the side's first process as well, from whose descriptor the table is read.
#[test]
fn a_pivot_root_by_hand_is_the_whole_new_table() {
    for user in users() {
        let mut terminal = at("11", user);
        for (key, prompt, all) in [("#", "container # ", 13), ("$", "host $ ", 8)] {
            terminal.shell(key, prompt);
            terminal.keys("mount --make-rprivate /; mount --rbind /lab/rootfs /lab/rootfs; cd /lab/rootfs\r");
            terminal.wait(&format!(" {all} rows"));
            terminal.keys("mkdir -p old; pivot_root . old\r");
            // Every row is at another place; none is out of view.
            terminal.wait(&format!(" {all} rows: {all} changed"));
            assert!(!terminal.text().contains("rows seen"), "{}", terminal.text());
            terminal.leave();
        }
        quit(terminal);
    }
}

#[test]
fn one_key_leaves_and_twice_is_for_the_shell() {
    for (name, key, shown) in
        [("", "\x1d", "^]"), ("", "\x1b[24~", "^[[24~"), ("Ctrl-G", "\x07", "^G"), ("F10", "\x1b[21~", "^[[21~")]
    {
        let env = [("NSLAB_LEAVE_KEY", name)];
        let args = ["lesson", "mount-ns", "--step", "6"];
        let mut terminal = Terminal::with(users()[0], 24, 80, &args, &Wanted { env: &env, ..Wanted::default() });
        terminal.wait("INSIDE pid 1");
        terminal.shell("#", "container # ");
        let called = if name.is_empty() { "Ctrl-]" } else { name };
        terminal.wait(&format!("{called} leaves"));
        // Keys of the lesson and Ctrl-C are the shell's.
        terminal.keys("q\x1b[C\x03");
        assert!(comes(|| terminal.text().matches("\ncontainer #").count() == 2), "{}", terminal.text());
        terminal.keys("\techo g''o; cat\r");
        terminal.wait("\ngo");
        terminal.keys(key);
        terminal.until_gone("TYPING IN");
        terminal.keys(key);
        terminal.wait("TYPING IN");
        // cat's terminal shows it.
        terminal.wait(shown);
        terminal.keys("\x03");
        // What is typed before the shell is back is dropped with the line that Ctrl-C ends.
        assert!(comes(|| terminal.text().matches("\ncontainer #").count() == 3), "{}", terminal.text());
        terminal.keys("exit 3\r");
        terminal.wait("ended, status 3: # reopens");
        // One that has ended gets no key any more.
        terminal.keys(key);
        terminal.shell("#", "container # ");
        terminal.wait("root /");
        terminal.keys(key);
        terminal.until_gone("TYPING IN");
        quit(terminal);
    }
    let mut command = nslab(users()[0]);
    command.args(["lesson", "mount-ns"]).env("NSLAB_LEAVE_KEY", "Esc").env("TERM", "xterm");
    // Refused where it would be used: on the screen.
    let wanted = Wanted { env: &[("NSLAB_LEAVE_KEY", "Esc")], ..Wanted::default() };
    let terminal = Terminal::with(users()[0], 24, 80, &["lesson", "mount-ns"], &wanted);
    terminal.wait("NSLAB_LEAVE_KEY is Esc");
    assert_eq!(terminal.end(), 2);
}

/// A program that has the whole pane, wide characters, a paste, and another size.
#[test]
fn a_pane_is_a_terminal() {
    let mut terminal = at("6", users()[0]);
    terminal.shell("#", "container # ");
    terminal.keys("printf 'be\\146ore\\n'; printf '\\033[?1049h\\033[2;3Hfull \\033[1mscr\\145en'; read x; printf '\\033[?1049l'\r");
    terminal.wait("\n  full screen");
    // In the whole terminal, and back.
    terminal.leave();
    terminal.lend();
    terminal.wait("\n  full screen");
    terminal.keys("\x1d");
    terminal.wait("OUTSIDE");
    terminal.wait("\n  full screen");
    terminal.keys("#");
    terminal.wait("TYPING IN");
    assert!(!terminal.text().contains("before"), "{}", terminal.text());
    terminal.keys("\r");
    terminal.wait("before");
    terminal.until_gone("full screen");
    // What the image has of editors and pagers.
    for (program, leave) in [("vi", "\x1b:q!\r"), ("less", "q")] {
        let found = format!("/bin/{program}");
        terminal.keys(&format!("printf '\\033[H\\033[J'; command -v {program} || echo no {program} in''side\r"));
        assert!(comes(|| [&found, "inside"].iter().any(|part| terminal.text().contains(part))), "{}", terminal.text());
        if terminal.text().contains(&found) {
            terminal.keys(&format!("{program} /etc/os-release\r"));
            terminal.until_gone(&found);
            terminal.wait("nslab practice host");
            terminal.keys(leave);
            terminal.wait(&found);
        }
    }
    terminal.keys("printf '\\033[H\\033[J'; printf '卷|\\n'\r");
    terminal.wait("\n卷|");
    // As a terminal pastes where it is asked to mark it.
    terminal.keys("\x1b[200~echo pas''ted 卷\n\x1b[201~");
    terminal.wait("\npasted 卷");
    // More than anybody reads at once.
    let long = "x".repeat(3000);
    terminal.keys(&format!("\x1b[200~printf '\\033[H\\033[J'; printf %s {long} | wc -c\n\x1b[201~"));
    terminal.wait("\n3000");
    terminal.keys("printf '\\033[H\\033[J'\r");
    terminal.until_gone("3000");
    // Jobs: stopped, in the background, ended there, in the foreground.
    terminal.keys("printf '\\033[H\\033[J'; sleep 1000\r");
    terminal.until_gone("3000");
    std::thread::sleep(Duration::from_millis(300));
    terminal.keys("\x1a");
    terminal.wait("Stopped");
    terminal.keys("bg; kill %1; wait; echo no jo''bs $(jobs)\r");
    terminal.wait("\nno jobs");
    terminal.keys("sleep 1000; echo af''ter\r");
    std::thread::sleep(Duration::from_millis(300));
    terminal.keys("\x1a");
    assert!(comes(|| terminal.text().matches("Stopped").count() >= 2), "{}", terminal.text());
    terminal.keys("fg\r");
    std::thread::sleep(Duration::from_millis(300));
    terminal.keys("\x03");
    terminal.keys("printf '\\033[H\\033[J'\r");
    terminal.until_gone("Stopped");
    // The program hears of the size, and of another one.
    terminal.keys("trap 'echo resi''zed' WINCH; echo tra''pped\r");
    terminal.wait("\ntrapped");
    terminal.resize(30, 100);
    assert!(
        comes(|| {
            // The shell tells of it once it has the next line.
            terminal.keys("\r");
            std::thread::sleep(Duration::from_millis(50));
            terminal.text().contains("\nresized")
        }),
        "{}",
        terminal.text()
    );
    terminal.resize(10, 40);
    terminal.wait("--plain");
    terminal.resize(18, 60);
    terminal.wait("IN: container #");
    terminal.keys("echo sm''all\r");
    terminal.wait("\nsmall");
    terminal.leave();
    // Outside a shell a paste is no keys.
    terminal.keys("\x1b[200~q\r\x1b[201~");
    terminal.keys("\x1b");
    terminal.wait("[READ]");
    quit(terminal);
}

/// chroot moves one process: the shell that was there before stays; a new one is in the new root, and has devices there.
#[test]
fn after_chroot_a_new_shell_is_offered() {
    for user in users() {
        let mut terminal = at("11", user);
        terminal.shell("#", "container # ");
        terminal.keys("here=ol''d\r");
        terminal.leave();
        terminal.keys("\x1b\r");
        terminal.wait("[PREDICT]");
        terminal.keys("0\r");
        terminal.wait("[DO]");
        terminal.keys("\r");
        terminal.wait("[SEE]");
        terminal.keys("#");
        terminal.wait("old root /: # for /lab/rootfs");
        terminal.wait("Esc type on");
        terminal.keys("\x1b");
        terminal.wait("TYPING IN");
        terminal.keys("echo still $here; ls -d /lab/rootfs\r");
        terminal.wait("\nstill old");
        terminal.wait("\n/lab/rootfs");
        terminal.leave();
        terminal.keys("#");
        terminal.wait("Esc type on");
        terminal.keys("\r");
        terminal.wait("- root /lab/rootfs");
        // What is typed before a prompt stands before it.
        terminal.wait("\ncontainer # ");
        terminal.keys("echo new $here. >/dev/tty; ls /lab 2>/dev/null; echo sta''tus $?\r");
        terminal.wait("\nnew .");
        terminal.wait("\nstatus ");
        assert!(!terminal.text().contains("status 0"), "{}", terminal.text());
        assert!(comes(|| terminal.text().matches("\ncontainer # ").count() == 2), "{}", terminal.text());
        terminal.keys("echo x >/dev/null && head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; cat /proc/mounts | wc -l\r");
        // Without a row for any of them.
        terminal.wait("\n3");
        terminal.wait("\n5");
        terminal.wait("\n2");
        assert!(terminal.text().contains("2 rows seen, 10 in the namespace"), "{}", terminal.text());
        terminal.leave();
        // Built anew, the lesson has no shell of before.
        terminal.keys("\x7f");
        terminal.wait("10/14");
        terminal.until_gone("at work");
        terminal.keys("[");
        terminal.until_gone("- root ");
        quit(terminal);
    }
}

/// A container that ends takes its shells with it, and another sandbox has none.
#[test]
fn a_container_takes_its_shells_with_it() {
    for user in users() {
        let mut terminal = at("6", user);
        terminal.shell("#", "container # ");
        terminal.leave();
        terminal.shell("$", "host $ ");
        terminal.keys("for p in /proc/[0-9]*; do grep -q nslab-agent $p/comm && kill -9 ${p#/proc/}; done\r");
        terminal.wait("INSIDE: no container");
        terminal.leave();
        terminal.keys("#");
        terminal.wait("There is no container");
        terminal.keys("r");
        terminal.wait("not replayed");
        terminal.keys("\r");
        terminal.wait("INSIDE pid 1");
        terminal.shell("#", "container # ");
        terminal.keys("echo an''ew\r");
        terminal.wait("\nanew");
        terminal.leave();
        quit(terminal);
    }
}

/// Each condition by itself, and the task is done once all held.
#[test]
fn a_task_ticks_while_one_types() {
    for (user, columns) in users().into_iter().zip([80, 120]) {
        let mut terminal = Terminal::open(user, 24, columns, &["lesson", "mount-ns", "--step", "5"]);
        terminal.wait("INSIDE pid 1");
        terminal.keys("\r");
        terminal.wait("[PREDICT]");
        terminal.keys("0\r");
        terminal.wait("[DO]");
        for _ in 0..3 {
            terminal.turn("\r", "[SEE]");
        }
        terminal.keys("\r");
        terminal.wait("[TASK]");
        terminal.keys("#");
        terminal.wait("TYPING IN");
        terminal.wait("[ ] ");
        assert_eq!(terminal.text().contains("-- task: "), columns == 80, "{}", terminal.text());
        terminal.keys("mkdir /lab/mine\rmount -t tmpfs mine /lab/mine\r");
        terminal.wait("[x] ");
        terminal.until_gone("[ ] ");
        terminal.wait("Done");
        // Done stays done; what holds no longer is said.
        terminal.keys("umount /lab/mine\r");
        terminal.wait("[ ] ");
        terminal.wait("Done");
        terminal.leave();
        quit(terminal);
    }
}

/// Whatever a shell prints, and however fast: the lesson answers, and so does the shell.
#[test]
fn a_flood_keeps_nobody_waiting() {
    let mut terminal = at("6", users()[0]);
    let floods = [
        "while :; do echo y; done",
        "while :; do printf '\\033[65535bx\\033[65535@\\033[65535;65535H\\033[65535L\\033[65535T'; done",
        "while :; do printf '\\033]0;endless '; done",
        "cat /dev/urandom",
    ];
    for flood in floods {
        terminal.shell("#", "container # ");
        terminal.keys(&format!("{flood}\r"));
        std::thread::sleep(Duration::from_millis(300));
        let mut slowest = Duration::ZERO;
        for _ in 0..5 {
            for (key, title) in [("\x1d", "[READ]"), ("\x1d", "TYPING IN")] {
                let begin = Instant::now();
                terminal.keys(key);
                terminal.wait(title);
                slowest = slowest.max(begin.elapsed());
            }
            // Twice sends one to the shell; on a terminal that is Ctrl-] for nobody.
        }
        eprintln!("{flood}: the slowest of ten keys took {slowest:?}");
        assert!(slowest < Duration::from_secs(3), "{flood}: {slowest:?}");
        // Ctrl-C is for the flood.
        terminal.keys("\x03");
        terminal.keys("\x03\r");
        std::thread::sleep(Duration::from_millis(200));
        terminal.keys("\rexit 4\r");
        terminal.wait("ended, status 4");
    }
    quit(terminal);
}

/// So it is where a shell has the whole terminal, which shows the flood itself: the key that leaves is heard, and Ctrl-C.
#[test]
fn a_flood_in_the_whole_terminal_keeps_nobody_waiting() {
    let floods = ["while :; do echo y; done", "while :; do printf '\\033[65535bx'; done", "cat /dev/urandom"];
    for flood in floods {
        let mut terminal = at("6", users()[0]);
        terminal.shell("#", "container # ");
        terminal.leave();
        terminal.lend();
        terminal.keys(&format!("{flood}\r"));
        std::thread::sleep(Duration::from_millis(300));
        let mut slowest = Duration::ZERO;
        for _ in 0..3 {
            let begin = Instant::now();
            terminal.keys("\x1d");
            terminal.wait("[container #]");
            slowest = slowest.max(begin.elapsed());
            terminal.keys("z");
            terminal.until_gone("[container #]");
            std::thread::sleep(Duration::from_millis(200));
        }
        eprintln!("{flood}: the slowest of three took {slowest:?}");
        assert!(slowest < Duration::from_secs(3), "{flood}: {slowest:?}");
        terminal.keys("\x03");
        terminal.keys("\x03\r");
        std::thread::sleep(Duration::from_millis(200));
        terminal.keys("\rexit 4\r");
        terminal.wait("ended, status 4");
        quit(terminal);
    }
}

/// A shell in the whole terminal, at its prompt.
fn lent() -> Terminal {
    let mut terminal = at("6", users()[0]);
    terminal.shell("#", "container # ");
    terminal.leave();
    terminal.lend();
    terminal
}

#[test]
fn what_is_typed_after_z_is_for_the_shell() {
    let mut terminal = at("6", users()[0]);
    terminal.shell("#", "container # ");
    terminal.leave();
    terminal.keys("zecho ah''ead\r\x1b[200~echo pas''ted\n\x1b[201~");
    terminal.wait("\nahead");
    // The prompt may come after the line was echoed, and stand before the answer.
    terminal.wait("pasted");
    terminal.keys("\x1d");
    // Nothing of it was a key of the lesson's.
    terminal.wait("OUTSIDE");
    terminal.wait("pasted");
    terminal.wait("6/14");
    terminal.wait("[READ]");
    quit(terminal);
}

/// A program that reads nothing takes the terminal from nobody; what it has asked of it is taken back, whatever the end.
#[test]
fn a_program_that_reads_nothing_gives_the_terminal_back() {
    use nix::sys::signal::{Signal, kill};
    for ends in [false, true] {
        // The copy of the machine has stty.
        let args = ["lesson", "mount-ns", "--step", "6", "--host", "copy"];
        let mut terminal = Terminal::open(users()[0], 24, 80, &args);
        terminal.wait("INSIDE pid 1");
        terminal.shell("#", "container # ");
        terminal.leave();
        terminal.lend();
        terminal.keys("stty raw -echo && printf '\\033[?1003h\\033[?1h\\nde\\141f' && sleep 999\r");
        terminal.wait("\ndeaf");
        // More than the shell's terminal holds, but not more than that and the test's own.
        terminal.keys(&"x".repeat(20_000));
        std::thread::sleep(Duration::from_millis(200));
        let screen = terminal.screen.clone();
        if ends {
            kill(nix::unistd::Pid::from_raw(terminal.child.id() as i32), Signal::SIGTERM).unwrap();
            terminal.end();
        } else {
            terminal.keys("\x1d");
            terminal.wait("OUTSIDE");
            quit(terminal);
        }
        let screen = screen.lock().unwrap();
        assert_eq!(screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!screen.screen().application_cursor());
    }
}

/// vim asks xterm to spell keys out, others ask kitty.
#[test]
fn the_key_that_leaves_is_known_however_it_is_spelled() {
    for key in ["\x1b[27;5;93~", "\x1b[93;5u"] {
        let mut terminal = lent();
        terminal.keys(key);
        terminal.wait("OUTSIDE");
        let raw = String::from_utf8_lossy(&terminal.raw.lock().unwrap()).into_owned();
        assert!(raw.contains("\x1b[>4;0m") && raw.contains("\x1b[<u"), "spelled out no more");
        assert!(raw.contains("\x1b\\\x1b[?1l"), "after half a text");
        quit(terminal);
    }
}

/// That typed lines are not replayed is said however they were typed.
#[test]
fn a_rebuild_says_what_is_lost() {
    let mut terminal = at("6", users()[0]);
    for keys in ["true\r", "\x1b[200~true\n\x1b[201~"] {
        terminal.shell("#", "container # ");
        terminal.keys(keys);
        terminal.wait("# true");
        terminal.leave();
        terminal.keys("r");
        terminal.wait("Built anew: what you typed");
    }
    terminal.shell("#", "container # ");
    terminal.leave();
    terminal.lend();
    terminal.keys("true\r");
    terminal.wait("# true");
    terminal.keys("\x1d");
    terminal.wait("OUTSIDE");
    terminal.keys("r");
    terminal.wait("Built anew: what you typed");
    terminal.turn("r", "[READ]");
    assert!(!terminal.text().contains("Built anew"), "{}", terminal.text());
    quit(terminal);
}

/// Descriptors of the lesson and processes below it are after the shells what they were before them.
#[test]
fn nothing_stays_of_a_shell() {
    let mut terminal = at("6", users()[0]);
    let pid = terminal.child.id();
    // setsid runs the lesson as itself.
    let count = || {
        let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count();
        (fds, threads, descendants(pid).len())
    };
    // Whoever reads keys opens something at the first one.
    terminal.keys("?");
    terminal.wait("any other key closes this");
    terminal.keys("j");
    terminal.wait("[READ]");
    std::thread::sleep(Duration::from_millis(300));
    let before = count();
    for round in 0..6 {
        let (key, prompt) = if round % 2 == 0 { ("#", "container # ") } else { ("$", "host $ ") };
        terminal.shell(key, prompt);
        assert!(count() > before);
        terminal.keys(&format!("sleep 1000 & echo sta''rted {round}; exit {round}\r"));
        terminal.wait(&format!("ended, status {round}"));
    }
    // What was started in the background goes on, until the sandbox ends.
    assert!(
        comes(|| {
            let now = count();
            (now.0, now.1) == (before.0, before.1)
        }),
        "{before:?} {:?}",
        count()
    );
    terminal.shell("#", "container # ");
    terminal.leave();
    terminal.keys("r");
    // For the receipt two descriptors are kept of each sandbox that there was.
    let rebuilt = (before.0 + 2, before.1, before.2);
    assert!(comes(|| count() == rebuilt), "{rebuilt:?} {:?}", count());
    let all = descendants(pid);
    terminal.wait("[READ]");
    quit(terminal);
    assert!(gone(&all));
}

/// Any keys into shells and out of them while the window changes its size.
#[test]
fn keys_into_shells_and_resizes_in_any_order() {
    let mut seed = 3u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let mut terminal = at("6", users()[0]);
    let keys = [
        "#",
        "$",
        "\x1d",
        "\x1d",
        "ls\r",
        "echo 卷\r",
        "\x1b[A",
        "\x03",
        "\x1b",
        "\t",
        "[",
        "]",
        "x",
        "\x1b[5;2~",
        "exit\r",
        "v",
        " ",
        "\x1b[200~a\nb\x1b[201~",
        "\x0c",
        ",",
        ".",
    ];
    for _ in 0..150 {
        let (rows, columns) = (1 + random(60) as u16, 1 + random(200) as u16);
        terminal.resize(rows, columns);
        terminal.keys(keys[random(keys.len() as u64) as usize]);
        std::thread::sleep(Duration::from_millis(5));
    }
    terminal.resize(24, 80);
    std::thread::sleep(Duration::from_millis(300));
    if terminal.text().contains("TYPING IN") {
        terminal.leave();
    }
    terminal.keys("\x1b");
    std::thread::sleep(Duration::from_millis(100));
    terminal.keys("\x03");
    std::thread::sleep(Duration::from_millis(300));
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
}
