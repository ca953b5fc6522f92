//! From the return of mount(2) to the updated model of `nslab watch` (table read whole, parsed, compared, remembered)
//! against the least that anybody needs who waits for it: poll(2) and reading the table once.
//!
//! Both wait on a thread of their own, as the watcher does; the mount is made on another. What counts is the processor
//! time of the thread that waits: on a busy machine it often knows before mount(2) has returned to the other.

#[path = "paired/clock.rs"]
mod clock;
#[path = "paired/least.rs"]
mod least;
#[path = "paired/namespace.rs"]
mod namespace;
mod paired;

use clock::timed;
use least::Least;
use namespace::{fill, mount_at};
use nix::mount::{MntFlags, umount2};
use nslab::watch::{Process, Watched, Watcher, Woken};
use paired::Pair;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const AIM: f64 = 1.5;
const POINT: &str = "/tmp/one-more";

fn main() -> ExitCode {
    if let Err(status) = namespace::enter() {
        return status;
    }
    std::fs::create_dir_all(POINT).expect("make a mount point");
    for rows in [30, 1_000, 10_000] {
        fill(rows);
        let ours = Waiter::start(watcher());
        let baseline = Waiter::start(Least::open("self"));
        let rounds = if rows > 1_000 { 60 } else { 300 };
        let pair = Pair::measure(rounds, || ours.mount(), || baseline.mount());
        pair.report(&format!("{rows} mounts: mount to model / poll and one read"), AIM);
    }
    ExitCode::SUCCESS
}

/// What waits for a mount: `rest` takes in everything up to now, `one` returns when it knows of the next change.
trait Waits: Send + 'static {
    fn rest(&mut self);
    fn one(&mut self);
}

impl Waits for Least {
    fn rest(&mut self) {
        Least::rest(self);
    }

    fn one(&mut self) {
        Least::one(self);
    }
}

struct Model {
    watcher: Watcher,
    watched: Watched,
}

/// This process beside the one that started it, as `nslab watch` has it.
fn watcher() -> Model {
    let open = |pid: i32| Process::open(pid).expect("watch a process");
    let own = std::process::id() as i32;
    let caller = Process::open(nix::unistd::getppid().as_raw()).unwrap_or_else(|_| open(own));
    let watcher = Watcher::new(caller, open(own));
    Model { watched: Watched::new(watcher.seen()), watcher }
}

impl Waits for Model {
    fn rest(&mut self) {
        self.watcher.read_rest(&Woken::default());
        self.watched.take(self.watcher.seen());
    }

    fn one(&mut self) {
        let woken = self.watcher.wait(&[]).expect("wait");
        self.watcher.read(&woken);
        self.watched.take(self.watcher.seen());
    }
}

/// A thread that waits, one mount at a time.
struct Waiter {
    go: Sender<()>,
    waits: Receiver<()>,
    knows: Receiver<Duration>,
}

impl Waiter {
    fn start(mut what: impl Waits) -> Waiter {
        let (go, gone) = channel();
        let (say_waits, waits) = channel();
        let (say_knows, knows) = channel();
        std::thread::spawn(move || {
            for () in gone {
                what.rest();
                say_waits.send(()).expect("somebody measures");
                say_knows.send(timed(|| what.one())).expect("somebody measures");
            }
        });
        Waiter { go, waits, knows }
    }

    /// What it takes to know of a mount.
    fn mount(&self) -> Duration {
        self.go.send(()).expect("the thread lives");
        self.waits.recv().expect("the thread lives");
        // Until it sleeps in poll(2).
        std::thread::sleep(Duration::from_millis(1));
        mount_at(Path::new(POINT));
        let knows = self.knows.recv().expect("the thread lives");
        umount2(POINT, MntFlags::empty()).expect("umount2");
        knows
    }
}
