//! Any two tables: nothing panics, no line is lost, and what is printed cannot steer a terminal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nslab::mounts::{MountTable, compare, diff_listing, listing, pair, printable_json, to_json};

fuzz_target!(|input: (&[u8], &[u8])| {
    let [a, b] = [input.0, input.1].map(|raw| MountTable::parse(raw.to_vec()));
    let lines = input.0.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(a.len() + a.unread().len(), lines);
    assert_eq!(a.tree_order().len(), a.len());
    let changes = compare(&a, &b);
    let json: String = (0..a.len()).map(|row| printable_json(&to_json(&a, row).to_string())).collect();
    let text = listing(&a, true) + &diff_listing(&a, &b, &changes) + &json;
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    let pairs = pair(&a, &b);
    assert_eq!(pairs.iter().filter(|pair| pair.left.is_some()).count(), a.len());
    assert_eq!(pairs.iter().filter(|pair| pair.right.is_some()).count(), b.len());
    (0..a.len()).for_each(|row| drop((a.covers(row), a.answering(&a.rows()[row].target()))));
});
