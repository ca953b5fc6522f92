//! A snapshot of a mount table (read whole, parsed, compared with the one before) against nothing but reading it.
//!
//! The tables are real: this process makes a mount namespace of its own and fills it.

#[path = "paired/clock.rs"]
mod clock;
#[path = "paired/namespace.rs"]
mod namespace;
mod paired;

use clock::timed;
use namespace::{fill, mount_at};
use nix::mount::{MntFlags, umount2};
use nslab::mounts::{MountTable, changes, pair};
use nslab::sandbox::read_table;
use paired::Pair;
use std::cell::Cell;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::ExitCode;

const AIM: f64 = 1.25;

fn main() -> ExitCode {
    if let Err(status) = namespace::enter() {
        return status;
    }
    let mut open = File::open("/proc/self/mountinfo").expect("open mountinfo");
    for wanted in [30, 1_000, 10_000] {
        fill(wanted);
        measure(&mut open, wanted);
    }
    ExitCode::SUCCESS
}

fn measure(open: &mut File, rows: usize) {
    let rounds = if rows > 1_000 { 60 } else { 400 };
    let mut raw = File::open("/proc/self/mountinfo").expect("open mountinfo");
    let mut baseline = || {
        // As fast as a table can be read: one pass over an open file, into memory that is there already.
        let mut bytes = Vec::with_capacity(4 << 20);
        timed(|| {
            raw.seek(SeekFrom::Start(0)).expect("seek");
            raw.read_to_end(&mut bytes).expect("read");
            black_box(&bytes);
        })
    };
    let first = Pair::measure(
        rounds,
        || {
            timed(|| {
                let table = MountTable::parse(read_table(open).expect("read"));
                black_box(changes(&MountTable::default(), &table));
            })
        },
        &mut baseline,
    );
    first.report(&format!("{rows} mounts: first snapshot / raw read"), AIM);
    let mut known = MountTable::parse(read_table(open).expect("read"));
    let same = Pair::measure(
        rounds,
        || {
            timed(|| {
                let table = known.reparse(read_table(open).expect("read"));
                assert!(changes(&known, &table).is_empty());
            })
        },
        &mut baseline,
    );
    same.report(&format!("{rows} mounts: nothing changed / raw read"), AIM);
    // The mount before the measurement costs both the same: cold caches, too.
    let toggle = Toggle::default();
    let one = Pair::measure(
        rounds,
        || {
            toggle.flip();
            timed(|| {
                let table = known.reparse(read_table(open).expect("read"));
                black_box(changes(&known, &table));
                known = table;
            })
        },
        || {
            toggle.flip();
            baseline()
        },
    );
    one.report(&format!("{rows} mounts: one came or went / raw read"), AIM);
    toggle.take_away();
    let pairs = timed(|| drop(black_box(pair(&known, &known))));
    println!("{:<44} {pairs:>11.3?}", format!("{rows} mounts: paired with themselves, once"));
}

/// One mount more or less.
#[derive(Default)]
struct Toggle(Cell<bool>);

impl Toggle {
    fn flip(&self) {
        let at = Path::new("/tmp/one-more");
        if self.0.get() {
            umount2(at, MntFlags::empty()).expect("umount2")
        } else {
            mount_at(at)
        }
        self.0.set(!self.0.get());
    }

    fn take_away(&self) {
        if self.0.get() {
            self.flip();
        }
    }
}
