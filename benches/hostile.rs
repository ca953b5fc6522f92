//! Ten times the rows take ten times as long, whatever their shape: parsed, ordered as a tree, paired and compared.

#[path = "paired/clock.rs"]
mod clock;
mod paired;

use clock::timed;
use nslab::mounts::{MountTable, changes, pair};
use paired::Pair;
use std::hint::black_box;

/// Sorting and caches that are too small may cost a little more than ten times; a square would show as ten.
const AIM: f64 = 5.0;
const ROUNDS: usize = 15;

type Row = fn(usize) -> String;

fn main() {
    let shapes: [(&str, Row); 6] = [
        ("siblings", |n| format!("{n} 1 0:1 / /some/where/d{n}/e rw - tmpfs x rw\n")),
        ("a stack", |n| format!("{} {n} 0:1 / /p rw - tmpfs x rw\n", n + 1)),
        ("a chain of directories", |n| format!("{} {n} 0:1 / {} rw - tmpfs x rw\n", n + 1, path(n))),
        ("one in another", |n| format!("{n} 0 0:1 / {} rw - tmpfs x rw\n", path(n))),
        ("one id", |n| format!("7 7 0:1 / /d{n} rw - tmpfs x rw\n")),
        ("circles", |n| format!("{n} {} 0:1 / /d rw - tmpfs x rw\n", n ^ 1)),
    ];
    for (name, row) in shapes {
        let [many, few] = [10_000, 1_000].map(|rows| {
            let text = (0..rows).map(row).collect::<String>().into_bytes();
            (text, MountTable::parse((0..rows).rev().map(row).collect::<String>().into_bytes()))
        });
        let work = |(text, turned): &(Vec<u8>, MountTable)| {
            timed(|| {
                let table = MountTable::parse(text.clone());
                black_box((table.tree_order(), pair(&table, turned), changes(&table, turned)));
            })
        };
        let pair = Pair::measure(ROUNDS, || work(&many) / 10, || work(&few));
        pair.report(&format!("{name}: a tenth of 10000 rows / 1000 rows"), AIM);
    }
}

/// As long for many rows as for few, so that only their number differs.
fn path(number: usize) -> String {
    "/d".repeat(1 + number % 200)
}
