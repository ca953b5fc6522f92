use super::*;
use crate::lesson::{Condition, Side};
use crate::mounts::MountTable;
use crate::op::{Actor, Call};
use crate::session::{
    Asked, CallRecord, CommandRecord, Entry, Facts, FileSeen, Guess, RoundRecord, SideState, Snapshot, Verdict,
};
use std::sync::Arc;

/// A name that is no UTF-8, and one with what steers a terminal.
const ODD: &[u8] = b"30 1 0:9 / /a\xff\x1b[2J rw - tmpfs odd rw\n";
const ROOT: &[u8] = b"1 1 0:7 / / rw shared:1 - tmpfs practice rw\n";

fn state(rows: &[&[u8]], name: &str) -> Arc<SideState> {
    let table = MountTable::parse(rows.concat());
    let facts = Facts { hostname: name.into(), namespaces: vec![("mnt".into(), 4_026_532_999)], ..Facts::default() };
    Arc::new(SideState { seen: MountTable::parse(ROOT.to_vec()), table, facts })
}

fn record(before: &Snapshot, after: &Snapshot) -> RoundRecord {
    RoundRecord {
        actor: Some(Actor::Container),
        calls: vec![
            CallRecord { call: Call::Chdir { path: "/".into() }, result: Ok(0), micros: 3 },
            CallRecord { call: Call::Chroot { path: "/x".into() }, result: Err(libc::ENOENT), micros: 4 },
            CallRecord { call: Call::Chroot { path: "/x".into() }, result: Err(3999), micros: u64::MAX },
        ],
        commands: vec![CommandRecord {
            line: "ls".into(),
            output: "\u{1b}[31m\0".into(),
            status: Some(-1),
            typed: false,
        }],
        verdicts: vec![Verdict { that: Condition::Ended(true), held: false }],
        files_after: vec![FileSeen { side: Side::Inside, path: "/x".into(), state: None }],
        ticked: vec![true],
        ..RoundRecord::between(before.clone(), after.clone())
    }
}

fn transcript() -> Transcript {
    let lesson = crate::lesson::open("mount-ns").unwrap();
    let one = Snapshot { outside: state(&[ROOT], "host"), inside: None };
    let two = Snapshot { inside: Some(state(&[ROOT, ODD], "box")), ..one.clone() };
    let (first, second) = (record(&one, &two), record(&two, &two));
    let step = lesson.steps.iter().position(|step| step.predict.is_some()).unwrap();
    let rounds = std::slice::from_ref(&first);
    let asked = Asked::of(&lesson, step, &one, rounds, Guess::One(1)).unwrap();
    let id = || String::from("a");
    Transcript {
        header: header(&lesson, HostKind::Tidy),
        source: None,
        entries: vec![
            Entry::Prepared { record: RoundRecord::between(one.clone(), one.clone()) },
            Entry::Round { step: id(), round: 0, record: first.clone() },
            Entry::Prediction(Box::new(asked)),
            Entry::Round { step: id(), round: 1, record: second.clone() },
            Entry::Variant { step: id(), variant: "v".into(), rounds: vec![first.clone(), second.clone()] },
            Entry::Solved { step: id(), begun: second.clone(), solved: first.clone() },
            Entry::Tried { step: id(), choice: 2, record: first.clone() },
            Entry::Hand { step: id(), record: second },
        ],
    }
}

fn written(transcript: &Transcript) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::whole(&mut bytes, transcript).unwrap();
    bytes
}

/// What is written is read again, whatever bytes it has; a table is written once, and so is each row.
#[test]
fn nothing_is_lost_and_nothing_stands_twice() {
    let whole = transcript();
    let bytes = written(&whole);
    let again = read("f", &bytes).unwrap();
    assert_eq!(again.header, whole.header);
    assert_eq!(again.entries, whole.entries);
    assert_eq!(again.round("a", 0).unwrap().inside, whole.round("a", 0).unwrap().inside);
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("tmpfs practice").count(), 1, "{text}");
    assert_eq!(text.matches(r#""event":"state""#).count(), 2, "{text}");
    assert!(!text.contains('\u{1b}'), "nothing in the file steers a terminal");
}
