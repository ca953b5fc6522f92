//! The lesson on a machine without a shell: nslab's own stands in, typed into through a terminal.

mod common;

use common::terminal::Terminal;
use common::{descendants, gone, users};

/// A lesson at a step whose image is nslab's own commands alone.
fn lesson(user: u32, args: &[&str]) -> Terminal {
    Terminal::open_with(user, 24, 80, args, &[("PATH", "")])
}

#[test]
fn a_person_types_into_it() {
    for user in users() {
        let mut terminal = lesson(user, &["lesson", "mount-ns", "--step", "6"]);
        terminal.wait("INSIDE pid 1");
        for (key, prompt) in [("$", "host $ "), ("#", "container # ")] {
            terminal.shell(key, prompt);
            // It is nslab's own, and says so.
            terminal.keys("fg\r");
            terminal.wait("sh: fg: this shell has no job control");
            terminal.keys("test -t 0 && echo a'' terminal\r");
            terminal.wait("a terminal");
            // Ctrl-C drops a line, ends a command, and not the shell.
            terminal.keys("echo nev''er \x03echo af''ter $?\r");
            terminal.wait("after 130");
            terminal.keys("echo slee''ping; sleep 1000\r");
            terminal.wait("sleeping");
            terminal.keys("\x03");
            terminal.keys("echo awa''ke $?\r");
            terminal.wait("awake 130");
            assert!(!terminal.text().contains("never"), "{}", terminal.text());
            // A loop, too.
            terminal.keys("while true; do sleep 0.01; done\r");
            terminal.wait("do sleep 0.01; done");
            terminal.keys("\x03echo o''ut\r");
            terminal.wait("out");
            // A job in the background outlives Ctrl-C and is told of.
            terminal.keys("clear 2>/dev/null; sleep 1000 & jobs\r");
            terminal.wait("] running");
            terminal.keys("\x03kill $!; wait $!; echo ki''lled $?; jobs\r");
            terminal.wait("killed 143");
            // Ctrl-Z has nothing to do: there is nobody to bring a stopped command back.
            terminal.keys("echo be''fore; sleep 0.2; echo go''es on\r");
            terminal.wait("before");
            terminal.keys("\x1a");
            terminal.wait("goes on");
            // A line that goes on, and an error that is told.
            terminal.keys("if true\r");
            terminal.wait("> ");
            terminal.keys("then echo ye''s; fi\r");
            terminal.wait("yes");
            terminal.keys("fi\r");
            terminal.wait("sh: syntax error: 'fi' is unexpected here");
            // Redirections that stay.
            terminal.keys("exec >/tmp/o; echo hid''den; exec >/dev/tty; cat /tmp/o; rm /tmp/o\r");
            terminal.wait("hidden");
            // No history is kept.
            terminal.keys("ls -a /root /tmp; echo HIST''FILE=$HISTFILE.\r");
            terminal.wait("HISTFILE=.");
            assert!(!terminal.text().contains("_history"), "{}", terminal.text());
            // Ctrl-D ends it, and the lesson is back.
            terminal.keys("\x04");
            terminal.wait("ended, status 0");
            terminal.keys("\x1b");
            terminal.until_gone("ended, status 0");
        }
        let all = descendants(terminal.child.id());
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
        assert!(gone(&all));
    }
}

/// What is done by hand in it is seen, as with any shell.
#[test]
fn what_it_mounts_is_seen() {
    let mut terminal = lesson(users()[0], &["lesson", "mount-ns", "--step", "6"]);
    terminal.wait("INSIDE pid 1");
    terminal.shell("#", "container # ");
    terminal.keys("mount -t tmpfs x /mnt && exec true\r");
    terminal.wait("+ /mnt");
    terminal.wait("(by hand)");
    terminal.wait("ended, status 0");
    terminal.keys("q");
    terminal.wait("Enter / Esc");
    terminal.keys("\r");
    assert_eq!(terminal.end(), 0);
}
