//! From the return of mount(2), called by a program that somebody typed into a shell of the practice host, to the lesson's
//! updated model: the session with its new table, the change marked. Against the least that anybody needs who waits for it:
//! poll(2) and reading the table once.
//!
//! As in the lesson one thread waits for both sides, reads and compares; as in the bench of watch its processor time counts.

#[path = "paired/clock.rs"]
mod clock;
#[path = "paired/least.rs"]
mod least;
mod paired;

use clock::timed;
use least::Least;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nslab::conduct::{Conduct, Conductor};
use nslab::lab::TerminalKind;
use nslab::lesson::{HostKind, Side};
use nslab::sandbox::{Sandbox, stage_entry};
use nslab::session::{Effect, Event, Session};
use paired::Pair;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

const AIM: f64 = 1.5;

fn main() -> ExitCode {
    if let Some(status) = stage_entry() {
        return status;
    }
    let work = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-by-hand-{}", std::process::id()));
    let mut lesson = Lesson::start(&work);
    for rows in [30, 1_000] {
        lesson.fill(rows);
        let mut least = Least::open(&lesson.session.now.outside.facts.pid_outside.to_string());
        let rounds = if rows > 30 { 60 } else { 300 };
        let lesson = std::cell::RefCell::new(&mut lesson);
        let ours = || lesson.borrow_mut().mount(Lesson::one);
        let baseline = || {
            least.rest();
            lesson.borrow_mut().mount(|_| least.one())
        };
        Pair::measure(rounds, ours, baseline)
            .report(&format!("{rows} mounts: typed mount to session / poll and one read"), AIM);
    }
    drop(lesson);
    std::fs::remove_dir_all(&work).expect("remove the benchmark's directory");
    ExitCode::SUCCESS
}

/// A lesson at its first step, as the thread of its lab and its screen have it, with a shell of the practice host.
struct Lesson {
    conductor: Conductor,
    session: Session,
    shell: OwnedFd,
    /// What would end a wait, and never does.
    over: OwnedFd,
    _never: OwnedFd,
}

impl Lesson {
    fn start(cache: &Path) -> Lesson {
        let options = nslab::image::options(env!("CARGO_BIN_EXE_nslab").into());
        let layers = nslab::image::layers(cache, "by-hand", &options).expect("make the image");
        let lesson = Arc::new(nslab::lesson::open("mount-ns").expect("the bundled lesson"));
        let start = move |spec: &nslab::lesson::HostSpec| {
            Sandbox::start(spec, HostKind::Tidy, &layers).map(|lab| Box::new(lab) as Box<dyn nslab::lab::Lab>)
        };
        let mut conductor = Conductor::new(lesson.clone(), Box::new(start));
        let (mut session, _) = Session::new(lesson, 0);
        for event in conductor.carry_out(&Effect::Build { replay: 0 }) {
            session.apply(event);
        }
        assert!(!session.now.outside.table.is_empty(), "no practice host: {:?}; see nslab doctor", session.trouble);
        let terminal = TerminalKind { name: "dumb".into(), rows: 24, columns: 80 };
        let shell = conductor.shell(Side::Outside, terminal).expect("a shell");
        let (over, never) = nix::unistd::pipe().expect("a pipe");
        Lesson { conductor, session, shell: shell.master, over, _never: never }
    }

    /// Also takes what the shell has printed: a full terminal would stop it.
    fn type_line(&mut self, line: &str) {
        while ready(&self.shell, PollFlags::POLLIN) {
            nix::unistd::read(&self.shell, &mut [0; 4096]).expect("read what the shell printed");
        }
        nix::unistd::write(&self.shell, format!("{line}\n").as_bytes()).expect("type into the shell");
    }

    /// Waits until the practice host has so many rows.
    fn until(&mut self, rows: usize) {
        while self.session.now.outside.table.len() != rows {
            assert!(self.conductor.wait(self.over.as_fd()).expect("wait for a change"));
            self.look();
        }
    }

    fn look(&mut self) {
        if let Some(record) = self.conductor.look(0).expect("look at both sides") {
            self.session.apply(Event::ByHand(Box::new(record)));
        }
    }

    /// Mounts until there are so many rows, with names as long as container engines use them.
    fn fill(&mut self, rows: usize) {
        let now = self.session.now.outside.table.len();
        self.type_line(&format!(
            "i={now}; while [ $i -lt {rows} ]; do d=/tmp/containers/storage/overlay/$i$(printf %060d 0)/merged; \
             mkdir -p $d; mount -t tmpfs -o nosuid,nodev,size=4k bench $d; i=$((i+1)); done 2>&1 | tail -3"
        ));
        self.until(rows);
    }

    /// What it takes to know of a mount.
    fn mount(&mut self, knows: impl FnOnce(&mut Lesson)) -> Duration {
        let rows = self.session.now.outside.table.len();
        self.type_line("mount -t tmpfs one-more /mnt");
        let time = timed(|| knows(self));
        self.look();
        assert_eq!(self.session.now.outside.table.len(), rows + 1);
        self.type_line("umount /mnt");
        self.until(rows);
        time
    }

    fn one(&mut self) {
        assert!(self.conductor.wait(self.over.as_fd()).expect("wait for a change"));
        let marks = self.conductor.glimpse().expect("read the tables").expect("a row came");
        self.session.apply(Event::Glimpsed(Box::new(marks)));
    }
}

fn ready(fd: &OwnedFd, what: PollFlags) -> bool {
    poll(&mut [PollFd::new(fd.as_fd(), what)], PollTimeout::ZERO).is_ok_and(|count| count > 0)
}
