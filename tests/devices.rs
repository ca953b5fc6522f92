//! What stands in /dev of the practice host and of the image, and where the terminals of their shells come from.

mod common;

use common::terminal::{Terminal, at, quit};
use common::users;

/// The image's /dev leads to PID 1: also once that is the entrypoint, and on a copy of the machine.
#[test]
fn devices_outlive_the_entrypoint() {
    for (user, host) in users().into_iter().zip(["tidy", "copy"]) {
        let args = ["lesson", "mount-ns", "--step", "13", "--host", host];
        let mut terminal = Terminal::open(user, 24, 80, &args);
        terminal.wait("what pid 1 sees");
        terminal.shell("#", "container # ");
        terminal.keys("cat /proc/1/comm; echo x >/dev/null && head -c 4 /dev/zero | wc -c; echo y''es >/dev/tty\r");
        terminal.wait("\nsh");
        terminal.wait("\n4");
        terminal.wait("\nyes");
        terminal.keys("mount -t tmpfs x /mnt\r");
        terminal.wait("+ /mnt");
        terminal.leave();
        quit(terminal);
    }
}

/// The name of a shell's terminal leads somewhere in its side: on the practice host, in a container that still sees the
/// host's /dev/pts, and after chroot, where the image's devpts is a row of no table.
#[test]
fn a_terminal_of_the_sides_own() {
    for user in users() {
        let mut terminal = at("6", user);
        for (key, prompt) in [("$", "host $ "), ("#", "container # ")] {
            terminal.shell(key, prompt);
            terminal.keys("t=$(tty); test -c $t && echo ha''s $t\r");
            terminal.wait("\nhas /dev/pts/");
            terminal.leave();
        }
        quit(terminal);
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns", "--step", "13"]);
        terminal.wait("what pid 1 sees");
        terminal.shell("#", "container # ");
        // The entrypoint has the first; and there is another one for whoever asks at /dev/ptmx.
        terminal.keys("tty </proc/1/fd/0; tty; exec 3<>/dev/ptmx; test -c /dev/pts/2 && echo mo''re\r");
        for part in ["\n/dev/pts/0", "\n/dev/pts/1", "\nmore", "2 rows seen, 10 in the namespace"] {
            terminal.wait(part);
        }
        terminal.leave();
        quit(terminal);
    }
}

/// A rootfs whose /dev was mounted anew has no devpts: the shell works without one, and takes one that is mounted there.
#[test]
fn a_devpts_mounted_by_hand_gives_the_terminals() {
    let mut terminal = Terminal::open(users()[0], 24, 80, &["lesson", "mount-ns", "--step", "13"]);
    terminal.wait("what pid 1 sees");
    terminal.shell("#", "container # ");
    terminal.keys("mount -t tmpfs dev /dev; mkdir /dev/pts; exit\r");
    terminal.wait("# reopens");
    terminal.shell("#", "container # ");
    terminal.keys("tty || echo no''ne\r");
    terminal.wait("\nnone");
    terminal.keys("mount -t devpts -o ptmxmode=0666 devpts /dev/pts; exit\r");
    terminal.wait("# reopens");
    terminal.shell("#", "container # ");
    terminal.keys("tty\r");
    terminal.wait("\n/dev/pts/0");
    terminal.leave();
    quit(terminal);
}
