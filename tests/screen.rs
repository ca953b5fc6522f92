//! The full screen through a real pseudo terminal.

mod common;

use common::terminal::{Terminal, cells};
use common::{Machine, descendants, gone, users};
use std::process::Command;
use std::time::Duration;

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
            terminal.keys("\r");
            terminal.wait(&format!("{}/14", index + 2));
            terminal.wait("[READ]");
            terminal.keys("\r");
            terminal.wait("[PREDICT]");
            terminal.keys("0\r");
            terminal.wait("[DO]");
            for _ in 0..*rounds {
                terminal.keys("\r");
                terminal.wait("[SEE]");
                // The next round's key counts only when this one is done.
                std::thread::sleep(Duration::from_millis(150));
            }
        }
        terminal.wait("INSIDE: no container");
        terminal.keys("\r");
        terminal.wait("static char stack");
        let all = descendants(terminal.child.id());
        terminal.keys("q");
        terminal.wait("Receipt, measured after the end:");
        terminal.wait("- Mounts: none of ours");
        terminal.wait("- Files: the practice hosts had file systems in memory only");
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
    terminal.keys("#");
    terminal.wait("container #");
    terminal.keys("mount -t tmpfs x /mnt\rtest -t 0 && echo is a terminal\r");
    terminal.wait("# is a terminal");
    terminal.keys("exit\r");
    terminal.wait("+ /mnt");
    terminal.wait("(by hand)");
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
    Command::new("stty")
        .args(["rows", "45", "cols", "160"])
        .stdin(terminal.slave.as_ref().unwrap().try_clone().unwrap())
        .status()
        .unwrap();
    terminal.screen.lock().unwrap().screen_mut().set_size(cells(45), cells(160));
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
    terminal.wait("BROKEN ON PURPOSE");
    terminal.wait("+ /proc            proc       sh");
    terminal.keys("\r");
    terminal.wait("[READ]");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    use nix::sys::signal::{Signal, kill};
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
        terminal.wait("OUTSIDE practice host");
        // setsid(1) forks only where it must; this one has become the lesson.
        kill(nix::unistd::Pid::from_raw(terminal.child.id() as i32), signal).unwrap();
        terminal.end();
    }
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns"]);
    terminal.wait("OUTSIDE practice host");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
}

/// Closing the window ends everything, also while a shell has the terminal and a command runs in it that knows of
/// nothing; so does SIGTERM, and then the terminal is sane.
#[test]
fn a_shell_does_not_outlive_its_terminal() {
    use nix::sys::signal::{Signal, kill};
    for (in_shell, hang_up) in [(false, true), (true, true), (true, false)] {
        let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "6"]);
        terminal.wait("INSIDE pid 1");
        if in_shell {
            terminal.keys("#");
            terminal.wait("container #");
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
