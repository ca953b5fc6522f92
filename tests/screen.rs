//! The full screen through a real pseudo terminal, read as a terminal shows it.

mod common;

use common::terminal::{Terminal, Wanted};
use common::{Machine, descendants, gone, nslab, users};
use std::time::{Duration, Instant};

#[test]
fn a_lesson_from_the_first_key_to_the_last() {
    let machine = Machine::look();
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns"]);
        terminal.wait("OUTSIDE practice host");
        terminal.wait("[READ]");
        terminal.keys("\r");
        terminal.wait("[PREDICT]");
        terminal.keys("4\r\r");
        terminal.wait("You: /lab. Kernel: /lab.");
        // Each step: read, not sure, confirm, do, and all rounds.
        let rounds = [1, 1, 2, 3, 1, 2, 1, 2, 1, 1, 1, 1, 1];
        for (index, rounds) in rounds.iter().enumerate() {
            // A task is offered in between; Enter alone goes on.
            if [5, 8, 10, 11].contains(&(index + 1)) {
                terminal.keys("\r");
                terminal.wait("[ ] ");
            }
            terminal.keys("\r");
            terminal.wait(&format!("{}/14", index + 2));
            terminal.wait("[READ]");
            terminal.keys("\r");
            terminal.wait("[PREDICT]");
            terminal.keys("0\r");
            terminal.wait("[DO]");
            for _ in 0..*rounds {
                terminal.turn("\r", "[SEE]");
            }
        }
        terminal.wait("INSIDE: no container");
        terminal.keys("\r");
        terminal.wait("static char stack");
        let all = descendants(terminal.child.id());
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
        assert!(gone(&all), "{all:?}");
    }
    assert_eq!(Machine::look(), machine);
}

#[test]
fn a_shell_changes_the_tables_and_gives_the_lesson_back() {
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "6"]);
    terminal.wait("6/14");
    terminal.wait("INSIDE pid 1");
    terminal.shell("#", "container # ");
    terminal.leave();
    terminal.lend();
    terminal.wait("Ctrl-] / F12 comes back to nslab, and so does exit.\ncontainer # ");
    terminal.keys("mount -t tmpfs x /mnt\rtest -t 0 && echo is a ''terminal\r");
    terminal.wait("is a terminal");
    // Left, it goes on in its pane; ended, it says so.
    terminal.keys("\x1d");
    terminal.wait("+ /mnt");
    terminal.wait("(by hand)");
    terminal.wait("is a terminal");
    terminal.lend();
    terminal.keys("exit 3\r");
    terminal.wait("ended, status 3: # reopens");
    terminal.keys("q");
    terminal.wait("Enter / Esc");
    terminal.keys("\x1b");
    std::thread::sleep(Duration::from_millis(100));
    terminal.keys("q");
    terminal.wait("Enter / Esc");
    terminal.keys("\r");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn every_size_and_a_live_resize() {
    for (rows, columns, shows) in
        [(24, 80, "OUTSIDE"), (18, 60, "(o: "), (45, 160, "mnt:["), (30, 110, "OUTSIDE"), (10, 40, "--plain")]
    {
        let mut terminal = Terminal::open(users()[0], rows, columns, &["lesson", "mount-ns", "--step", "8"]);
        terminal.wait(shows);
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "8"]);
    terminal.wait("INSIDE pid 1");
    terminal.resize(45, 160);
    terminal.wait("mnt:[");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// A broken variant on the screen, and the rebuild after it.
#[test]
fn break_it_and_mend_it() {
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "8"]);
    terminal.wait("INSIDE pid 1");
    terminal.keys("x");
    terminal.wait("classic demo");
    terminal.keys("1");
    // It asks before it runs.
    terminal.wait("Which table gains a row?");
    terminal.keys("2\r");
    terminal.wait("BROKEN ON PURPOSE");
    terminal.wait("You: inside. Kernel: both.");
    terminal.wait("Shared rows pass the mount on");
    terminal.wait("+ /proc            proc ");
    terminal.keys("\r");
    terminal.wait("[READ]");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// A screen that waits for a key does not wake the processor: no thread of nslab, nobody in the practice host.
#[test]
fn an_idle_screen_sleeps() {
    let wakeups = |pids: &[i32]| -> Vec<(String, u64)> {
        let tasks = pids.iter().flat_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten());
        let count = |task: std::fs::DirEntry| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap();
            let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
            (
                format!("{} {}", task.path().display(), field("Name:")),
                field("voluntary_ctxt_switches:").parse().unwrap(),
            )
        };
        tasks.map(count).collect()
    };
    for (user, with_shell) in users().into_iter().flat_map(|user| [(user, false), (user, true)]) {
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns", "--step", "8"]);
        terminal.wait("INSIDE pid 1");
        if with_shell {
            terminal.shell("#", "container # ");
        }
        // Once everything is drawn and the last process has settled.
        std::thread::sleep(Duration::from_millis(500));
        let all: Vec<i32> = [terminal.child.id() as i32].into_iter().chain(descendants(terminal.child.id())).collect();
        assert!(all.len() >= 3, "nslab, stage, agent: {all:?}");
        let before = wakeups(&all);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(before, wakeups(&all), "uid {user}, shell {with_shell}: somebody woke");
        if with_shell {
            terminal.leave();
        }
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
}

#[test]
fn a_signal_gives_the_terminal_back() {
    use nix::sys::signal::{Signal, kill};
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
        terminal.wait("OUTSIDE practice host");
        // setsid does not fork here: it is the lesson.
        kill(nix::unistd::Pid::from_raw(terminal.child.id() as i32), signal).unwrap();
        terminal.end();
    }
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
    terminal.wait("OUTSIDE practice host");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
}

/// Whatever was typed last, and where no signal tells: nobody is left reading a terminal that is gone.
#[test]
fn a_terminal_that_goes_while_keys_come_ends_the_lesson() {
    let lesson = nslab(users()[0]);
    // In a session of its own the lesson has no controlling terminal, so nothing sends it SIGHUP.
    let args = ["--wait", lesson.get_program().to_str().unwrap(), "lesson", "mount-ns"];
    for _ in 0..3 {
        let wanted = Wanted { program: Some("/usr/bin/setsid"), ..Wanted::default() };
        let mut terminal = Terminal::with(users()[0], 24, 80, &args, &wanted);
        terminal.wait("/dev/pts");
        let all = descendants(terminal.child.id());
        assert!(all.len() >= 2, "the lesson and its stage: {all:?}");
        terminal.keys(&"jk,.".repeat(200));
        terminal.hang_up();
        assert!(gone(&all), "{all:?}");
    }
}

/// Closing the window ends everything, also while a shell has the terminal and a command runs in it that knows of
/// nothing; so does SIGTERM, and then the terminal is sane.
#[test]
fn a_shell_does_not_outlive_its_terminal() {
    use nix::sys::signal::{Signal, kill};
    for (in_shell, lent, hang_up) in
        [(false, false, true), (true, false, true), (true, false, false), (true, true, true), (true, true, false)]
    {
        let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "6"]);
        terminal.wait("INSIDE pid 1");
        if in_shell {
            terminal.shell("#", "container # ");
            if lent {
                terminal.leave();
                terminal.lend();
            }
            terminal.keys("trap '' HUP TERM; sleep 999\r");
            terminal.wait("sleep 999");
        }
        let pid = terminal.child.id();
        let mut all = descendants(pid);
        assert!(all.len() >= 2, "{all:?}");
        if !hang_up {
            kill(nix::unistd::Pid::from_raw(pid as i32), Signal::SIGTERM).unwrap();
            terminal.end();
            assert!(gone(&all), "SIGTERM in a shell: {all:?}");
            continue;
        }
        all.push(pid as i32);
        // The reader thread's master is the last one: it goes with its own end of the terminal.
        terminal.hang_up();
        assert!(gone(&all), "hang-up, in a shell: {in_shell}: {all:?}");
    }
}

/// A terminal that answers decides what lines are drawn with, whatever LANG says; one that is wide, or does not answer,
/// gets ASCII, and so does whoever asks for it or names another character set.
#[test]
fn lines_are_drawn_as_the_terminal_shows_them() {
    for (reports, lang, args, has_boxes) in [
        (&[2, 2][..], "C.UTF-8", &[][..], true),
        (&[2, 2], "C", &[], true),
        (&[2, 3], "C.UTF-8", &[], false),
        (&[3, 4], "C", &[], false),
        (&[], "C.UTF-8", &[], false),
        (&[2, 2], "C.UTF-8", &["--ascii"], false),
        (&[2, 2], "en_US.ISO-8859-1", &[], false),
    ] {
        let args = [&["lesson", "mount-ns"], args].concat();
        let wanted = Wanted { env: &[("LANG", lang)], reports, ..Wanted::default() };
        let mut terminal = Terminal::with(users()[0], 24, 80, &args, &wanted);
        terminal.wait("OUTSIDE practice host");
        assert_eq!(terminal.text().contains("─ OUTSIDE"), has_boxes, "{reports:?} {lang}:\n{}", terminal.text());
        assert_eq!(terminal.text().contains("- OUTSIDE"), !has_boxes, "{reports:?} {lang}");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
}

#[test]
fn a_terminal_that_shows_no_chinese_is_offered_english() {
    let wanted = Wanted { env: &[("LANG", "C")], reports: &[3, 4], ..Wanted::default() };
    let mut terminal = Terminal::with(users()[0], 24, 80, &["--lang", "zh-CN", "lesson", "mount-ns"], &wanted);
    terminal.wait("Press Enter to read it in English");
    terminal.keys("\r");
    terminal.wait("Reading one row");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// Keys that are typed while the terminal is asked are not lost.
#[test]
fn keys_before_the_screen_count() {
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
    terminal.keys("?");
    terminal.wait("any other key closes this");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn no_color_means_no_colour() {
    for (value, has_colour) in [("1", false), ("", true)] {
        let wanted = Wanted { env: &[("NO_COLOR", value)], ..Wanted::default() };
        let mut terminal = Terminal::with(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "4"], &wanted);
        terminal.wait("INSIDE pid 1");
        terminal.keys("\r0\r\r");
        terminal.wait("+ /lab/leak");
        // As crossterm writes a colour of the text.
        let coloured = terminal.raw.lock().unwrap().windows(5).any(|part| part == b"38;5;");
        assert_eq!(coloured, has_colour, "NO_COLOR={value}");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
}

/// Ctrl-Z under a shell that has jobs: the terminal is sane meanwhile, and `fg` draws the lesson again.
#[test]
fn suspended_and_back() {
    let program = nslab(users()[0]).get_program().to_string_lossy().into_owned();
    let wanted = Wanted { program: Some("bash"), ..Wanted::default() };
    let mut terminal = Terminal::with(users()[0], 24, 80, &["--norc", "--noprofile", "-i"], &wanted);
    for _ in 0..2 {
        terminal.keys(&format!("{program} lesson mount-ns\r"));
        terminal.wait("[READ]");
        terminal.keys("\x1a");
        terminal.wait("Stopped");
        terminal.keys("stty -a | grep -o ' echo '; echo ready\r");
        terminal.wait("\n echo");
        assert!(!terminal.screen.lock().unwrap().screen().alternate_screen());
        terminal.keys("clear; fg\r");
        terminal.wait("[READ]");
        terminal.keys("\r");
        terminal.wait("[PREDICT]");
        terminal.keys("q");
        terminal.wait("Receipt");
        terminal.keys("clear\r");
    }
    terminal.keys("exit\r");
    let ends = Instant::now() + Duration::from_secs(10);
    while terminal.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < ends, "{}", terminal.text());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A fault of nslab itself gives the terminal back before it speaks.
#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back() {
    let wanted = Wanted { env: &[("NSLAB_PANIC_ON_SCREEN", "1")], ..Wanted::default() };
    let terminal = Terminal::with(users()[0], 24, 80, &["lesson", "mount-ns"], &wanted);
    terminal.wait("asked to panic");
    assert_eq!(terminal.end(), 101);
}

#[test]
fn the_menu_begins_a_lesson() {
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &[]);
        terminal.wait("> 1  What a container sees");
        terminal.keys("L");
        terminal.wait("> 1  容器");
        terminal.keys("L\r");
        terminal.wait("OUTSIDE practice host");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
    use nix::sys::signal::{Signal, kill};
    let terminal = Terminal::open(users()[0], 24, 80, &[]);
    terminal.wait("> 1  What a container sees");
    kill(nix::unistd::Pid::from_raw(terminal.child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(terminal.end(), 0);
    let mut terminal = Terminal::open(users()[0], 24, 80, &[]);
    terminal.wait("> 1  What a container sees");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// The rows that the student walks into are the ones that the terminal's own clipboard gets.
#[test]
fn a_row_is_copied_by_the_terminal() {
    use base64::Engine;
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
    terminal.wait("/dev/pts");
    terminal.keys("hy");
    terminal.wait("Copied to the clipboard");
    let raw = String::from_utf8_lossy(&terminal.raw.lock().unwrap()).into_owned();
    let encoded = raw.split("\x1b]52;c;").nth(1).unwrap().split('\x07').next().unwrap();
    let row = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap();
    assert!(row.contains(" / / rw,") && row.contains(" - tmpfs host "), "{row}");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// Any keys while the window changes its size: afterwards the lesson still answers, and leaves a sane terminal.
#[test]
fn keys_and_resizes_in_any_order() {
    let mut seed = 11u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "8"]);
    terminal.wait("INSIDE pid 1");
    let keys =
        ["j", "k", "h", "l", "[", "]", "v", "f", "z", "o", ",", ".", "t", "x", "\t", "L", "?", "\x1b[B", "\x1b", "\r"];
    for _ in 0..120 {
        let (rows, columns) = (1 + random(60) as u16, 1 + random(200) as u16);
        terminal.resize(rows, columns);
        terminal.keys(keys[random(keys.len() as u64) as usize]);
        std::thread::sleep(Duration::from_millis(5));
    }
    // Some of those keys may have had a task solved: then leaving is asked once.
    terminal.keys("\x03");
    std::thread::sleep(Duration::from_millis(300));
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
}

/// What is typed right after the key of a shell is for the shell, whether or not it has the terminal yet; what is typed
/// before the lesson is there counts, too.
#[test]
fn what_is_typed_ahead_arrives() {
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns", "--step", "6"]);
        terminal.keys("#echo from-$((1+1)); echo 卷\r");
        terminal.wait("TYPING IN");
        // What the shell answers; its prompt may come after the line was echoed, and stand before the answer.
        terminal.wait("from-2");
        terminal.wait("\n卷");
        terminal.keys("exit\r");
        terminal.wait("ended, status 0");
        terminal.wait("6/14");
        terminal.wait("[READ]");
        terminal.keys("\r");
        terminal.wait("[PREDICT]");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
    }
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
    terminal.keys("\r\r\r");
    terminal.wait("[PREDICT]");
    // Nobody is in that shell: what is typed for it is nothing for the lesson.
    terminal.keys("\x7f#q\r");
    terminal.wait("There is no container now.");
    terminal.wait("[READ]");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}
