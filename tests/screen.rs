//! The full screen through a real pseudo terminal.

mod common;

use common::{Machine, descendants, gone, nslab, users};
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn cells(number: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(number).unwrap()
}

struct Terminal {
    child: Child,
    master: Option<File>,
    slave: Option<File>,
    screen: Arc<Mutex<vt100::Parser>>,
    reader: Option<(std::os::unix::net::UnixStream, std::thread::JoinHandle<()>)>,
}

impl Terminal {
    fn open(user: u32, rows: u16, columns: u16, args: &[&str]) -> Terminal {
        let size = nix::pty::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = nix::pty::openpty(Some(&size), None).unwrap();
        // A master that the lesson inherited would keep its terminal alive for ever.
        for fd in [&pair.master, &pair.slave] {
            nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC)).unwrap();
        }
        let (master, slave) = (File::from(pair.master), File::from(pair.slave));
        let lesson = nslab(user);
        // setsid(1) gives the program the terminal as its controlling one.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(lesson.get_program()).args(args);
        for (name, value) in lesson.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        if common::is_root() && user != 0 {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(user);
        }
        command.env("TERM", "xterm-256color");
        let end = || slave.try_clone().unwrap();
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let (mut reader, shared) = (master.try_clone().unwrap(), screen.clone());
        let (stop, stopped) = std::os::unix::net::UnixStream::pair().unwrap();
        let thread = std::thread::spawn(move || {
            use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
            use std::os::fd::AsFd;
            let mut buffer = [0; 4096];
            loop {
                let mut fds =
                    [PollFd::new(reader.as_fd(), PollFlags::POLLIN), PollFd::new(stopped.as_fd(), PollFlags::POLLIN)];
                poll(&mut fds, PollTimeout::NONE).unwrap();
                if fds[1].any() == Some(true) {
                    return;
                }
                match reader.read(&mut buffer) {
                    Ok(count @ 1..) => shared.lock().unwrap().process(&buffer[..count]),
                    _ => return,
                }
            }
        });
        Terminal { child, master: Some(master), slave: Some(slave), screen, reader: Some((stop, thread)) }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows a text.
    fn wait(&self, part: &str) {
        let ends = Instant::now() + Duration::from_secs(20);
        while !self.text().contains(part) {
            assert!(Instant::now() < ends, "never showed {part}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn keys(&mut self, keys: &str) {
        self.master.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// The terminal echoes and waits for whole lines again, on the main screen.
    fn is_sane(&self) -> bool {
        let flags = tcgetattr(self.slave.as_ref().unwrap()).unwrap().local_flags;
        flags.contains(LocalFlags::ECHO | LocalFlags::ICANON)
            && !self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// Closes the window: every descriptor that the test has of the terminal.
    fn hang_up(&mut self) {
        if let Some((stop, thread)) = self.reader.take() {
            drop(stop);
            thread.join().unwrap();
        }
        self.master = None;
        self.slave = None;
    }

    fn end(mut self) -> i32 {
        let ends = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                std::thread::sleep(Duration::from_millis(50));
                assert!(self.is_sane(), "{}", self.text());
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < ends, "does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A test that fails leaves no lesson behind.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
    for user in users() {
        let mut terminal = Terminal::open(user, 24, 80, &["lesson", "mount-ns", "--step", "8"]);
        terminal.wait("INSIDE pid 1");
        // Once everything is drawn and the last process has settled.
        std::thread::sleep(Duration::from_millis(500));
        let all: Vec<i32> = [terminal.child.id() as i32].into_iter().chain(descendants(terminal.child.id())).collect();
        assert!(all.len() >= 3, "nslab, stage, agent: {all:?}");
        let before = wakeups(&all);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(before, wakeups(&all), "uid {user}: somebody woke");
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
        let lesson = common::children(terminal.child.id());
        // setsid forks only if it must; the lesson is it or its child.
        let pid = lesson.first().copied().filter(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "nslab")
        });
        kill(nix::unistd::Pid::from_raw(pid.unwrap_or(terminal.child.id() as i32)), signal).unwrap();
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
