//! From a key to its answer on the screen of a lesson, while a shell prints as fast as it can: the whole program in a
//! terminal of its own, as a person has it. Against the same while it prints nothing, and one turn of what is printed: who
//! shows that in turns lets a key wait for one of them.

mod paired;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use paired::Pair;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

const AIM: f64 = 1.5;
/// The turn: half of what a picture takes on a screen that shows 60 of them in a second.
const TURN: Duration = Duration::from_millis(8);
const ROUNDS: usize = 40;
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let work = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-flood-{}", std::process::id()));
    std::fs::create_dir_all(&work).expect("make a directory for the benchmark");
    let floods = [
        ("lines", "echo y"),
        ("long sequences", r"printf '\033[65535bx\033[65535@\033[65535;65535H\033[65535L\033[65535T'"),
    ];
    for (name, prints) in floods {
        let lesson = std::cell::RefCell::new(Lesson::start(&work));
        lesson.borrow_mut().types(&format!("while :; do {prints}; done\r"));
        // Ctrl-S and Ctrl-Q: its terminal takes no more, and takes it again.
        let ours = || lesson.borrow_mut().key_after("\x11", true);
        let baseline = || TURN + lesson.borrow_mut().key_after("\x13", false);
        Pair::measure(ROUNDS, ours, baseline).report(&format!("{name} without end: key to answer / one turn"), AIM);
    }
    std::fs::remove_dir_all(&work).expect("remove the benchmark's directory");
    ExitCode::SUCCESS
}

/// A lesson on the screen, with a shell that is typed into. Ends with its value.
struct Lesson {
    child: Child,
    master: File,
    screen: vt100::Parser,
}

impl Lesson {
    fn start(work: &Path) -> Lesson {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).expect("a terminal");
        let slave = File::from(pair.slave);
        let end = || slave.try_clone().expect("one more descriptor");
        // setsid(1) gives the program the terminal as its controlling one.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_nslab"), "lesson", "mount-ns", "--step", "6"]);
        command.env("XDG_CACHE_HOME", work).env("XDG_STATE_HOME", work).env("HOME", work);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env_remove("LC_ALL");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("start nslab");
        let (rows, columns) = (24.try_into().expect("rows"), 80.try_into().expect("columns"));
        let mut lesson = Lesson { child, master: pair.master.into(), screen: vt100::Parser::new(rows, columns, 0) };
        lesson.until(|text| text.contains("INSIDE pid 1"));
        lesson.types("#");
        lesson.until(|text| text.contains("\ncontainer #"));
        lesson
    }

    fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("type");
    }

    /// Takes what it draws, if it draws something in time.
    fn takes(&mut self, patience: Duration) -> bool {
        let patience = PollTimeout::try_from(patience).expect("a short time");
        let drawn = poll(&mut [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)], patience).expect("poll") > 0;
        if drawn {
            let mut buffer = [0; 16 * 1024];
            let count = self.master.read(&mut buffer).expect("read what it drew");
            self.screen.process(&buffer[..count]);
        }
        drawn
    }

    /// How long it takes until the screen shows something.
    fn until(&mut self, shows: impl Fn(&str) -> bool) -> Duration {
        let begin = Instant::now();
        while !shows(&self.screen.screen().contents()) {
            assert!(begin.elapsed() < PATIENCE, "never came:\n{}", self.screen.screen().contents());
            self.takes(PATIENCE);
        }
        begin.elapsed()
    }

    /// Types into the shell, waits until that has its effect, and then presses the key that leaves it, and returns to it.
    fn key_after(&mut self, typed: &str, floods: bool) -> Duration {
        self.types(typed);
        let begin = Instant::now();
        // A flood is drawn 30 times a second.
        while begin.elapsed() < Duration::from_millis(100) || self.takes(Duration::from_millis(70)) != floods {
            assert!(begin.elapsed() < PATIENCE, "the flood begins and ends:\n{}", self.screen.screen().contents());
            self.takes(Duration::from_millis(20));
        }
        self.types("\x1d");
        let left = self.until(|text| !text.contains("TYPING IN"));
        self.types("\x1d");
        (left + self.until(|text| text.contains("TYPING IN"))) / 2
    }
}

impl Drop for Lesson {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
