use super::*;
use crate::conduct::Conduct;
use crate::lesson::{Condition, Side};
use crate::mounts::MountTable;
use crate::op::{Actor, Call};
use crate::session::{
    Asked, CallRecord, Command, CommandRecord, Effect, Entry, Event, Facts, FileSeen, Guess, Phase, RoundRecord,
    Session, SideState, Snapshot, Verdict,
};
use crate::words::Lang;
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
        cut: false,
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

/// Every bundled recording plays to the end: all rounds, predictions as judged then, variants and solutions.
#[test]
fn every_bundled_recording_plays_whole() {
    for id in crate::lesson::bundled() {
        let transcript = bundled(&id).unwrap();
        let header = &transcript.header;
        assert_eq!((header.host, header.lab.as_str(), &header.user), (HostKind::Tidy, "/lab", &User::Plain), "{id}");
        let lesson = Arc::new(transcript.lesson().unwrap());
        let mut replay = Replay::new(transcript.clone(), lesson.clone(), Lang::En);
        let (mut session, effects) = Session::new(lesson.clone(), 0);
        play(&mut session, &mut replay, effects);
        for (number, step) in lesson.steps.iter().enumerate() {
            let place = format!("{id} / {}", step.id);
            assert_eq!((session.step, session.phase), (number, Phase::Read), "{place}");
            for index in 0..step.variants.len() {
                press(&mut session, &mut replay, Command::Break(index));
                if session.phase == Phase::Predict {
                    press(&mut session, &mut replay, Command::Choose(0));
                    press(&mut session, &mut replay, Command::Forward);
                }
                assert_eq!(session.phase, Phase::Broken, "{place} {index}");
                assert!(session.rounds.iter().all(RoundRecord::held), "{place} {index}");
                press(&mut session, &mut replay, Command::Forward);
            }
            press(&mut session, &mut replay, Command::Forward);
            if session.phase == Phase::Predict {
                press(&mut session, &mut replay, Command::Choose(0));
                press(&mut session, &mut replay, Command::Forward);
            }
            for round in &step.rounds {
                press(&mut session, &mut replay, Command::Forward);
                assert!(session.rounds.last().is_some_and(RoundRecord::held), "{place}: {:?}", round.does);
            }
            if let Some(prediction) = &step.predict {
                let asked = transcript.question(&step.id).unwrap();
                assert_eq!(crate::session::judge(prediction, &session.rounds), asked.held, "{place}");
            }
            if step.task.is_some() {
                if session.phase != Phase::Task {
                    press(&mut session, &mut replay, Command::Forward);
                }
                assert!(!session.task.done, "{place}");
                press(&mut session, &mut replay, Command::Show);
                assert!(session.task.done, "{place}");
            }
            press(&mut session, &mut replay, Command::Shell(Side::Outside));
            assert_eq!(session.trouble.take().as_deref(), Some("shell"), "{place}");
            press(&mut session, &mut replay, Command::Forward);
        }
        assert_eq!(session.phase, Phase::After, "{id}");
    }
}

fn press(session: &mut Session, replay: &mut Replay, command: Command) {
    let mut effects = session.handle(command);
    if session.asks.is_some() {
        effects.extend(session.handle(Command::Forward));
    }
    play(session, replay, effects);
}

fn play(session: &mut Session, replay: &mut Replay, effects: Vec<Effect>) {
    for effect in effects {
        let events = match effect {
            Effect::Leave => Vec::new(),
            Effect::Shell { side, .. } => {
                assert!(replay.shell(side, crate::lab::TerminalKind::own()).is_err());
                vec![Event::NoShell("shell".into())]
            }
            effect => replay.carry_out(&effect),
        };
        events.into_iter().for_each(|event| session.apply(event));
    }
    assert!(!session.stuck && !session.busy);
}

/// A step that was not performed then is not made up.
#[test]
fn what_is_not_recorded_is_said() {
    let mut transcript = bundled("mount-ns").unwrap();
    transcript.entries.truncate(3);
    let lesson = Arc::new(transcript.lesson().unwrap());
    let mut replay = Replay::new(transcript, lesson.clone(), Lang::En);
    let (mut session, effects) = Session::new(lesson, 5);
    play(&mut session, &mut replay, effects);
    assert!(!session.now.outside.table.is_empty(), "the last moment that is known");
    for command in [Command::Forward, Command::Choose(0), Command::Forward, Command::Forward] {
        press(&mut session, &mut replay, command);
    }
    assert_eq!(session.trouble.as_deref(), Some(&*Lang::En.say("replay.lacks", &[])));
    assert_eq!((session.phase, session.rounds.len()), (Phase::Do, 0));
    for command in [Command::Break(0), Command::Choose(0), Command::Forward] {
        press(&mut session, &mut replay, command);
    }
    assert_eq!((session.phase, session.rounds.len()), (Phase::Do, 0), "where one was before the variant asked");
    assert!(session.trouble.is_some() && session.variant.is_none());
}

fn wrong(bytes: &[u8]) -> String {
    read("f", bytes).expect_err("it is damaged").to_string()
}

/// Each fault is told with its line and what to do.
#[test]
fn faults_have_a_place() {
    let bytes = written(&transcript());
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |number: usize, line: &str| {
        let mut all = lines.clone();
        all[number] = line;
        wrong((all.join("\n") + "\n").as_bytes())
    };
    for (told, parts) in [
        (wrong(b""), ["f:1:", "--record"]),
        (wrong(b"format: 1\n"), ["f:1:", "--record"]),
        (wrong(b"\xff\x00\n"), ["f:1:", "--record"]),
        (with(0, &lines[0].replace("\"format\":1", "\"format\":2")), ["f:1:", "newer"]),
        (with(0, &lines[0].replace("/lab", "/lab\\u001b")), ["f:1:", "lab"]),
        (with(0, &lines[0].replace("\"kernel\":\"", "\"kernel\":\"\\u001b")), ["f:1:", "damaged"]),
        (with(1, "{\"event\":\"state\""), ["f:2:", "damaged"]),
        (with(1, lines[0]), ["f:2:", "second recording"]),
        (with(1, "{\"event\":\"state\",\"id\":7,\"table\":[],\"facts\":{}}"), ["f:2:", "namespaces"]),
        (with(1, &lines[1].replace("\"id\":0", "\"id\":7")), ["f:2:", "lines are missing"]),
        (with(1, &lines[1].replace("\"table\":[", "\"table\":[99,")), ["f:2:", "no row 99"]),
        (with(1, &lines[1].replace("\"table\":[", "\"table\":[\"a\\nb\",")), ["f:2:", "one line"]),
        (with(2, "{\"event\":\"dance\"}"), ["f:3:", "dance"]),
        (with(2, &lines[2].replace("\"outside\":0", "\"outside\":9")), ["f:3:", "no state 9"]),
        (with(2, &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))), ["f:3:", "damaged"]),
        (wrong((lines[..2].join("\n") + "\n").as_bytes()), ["f:2:", "before anything"]),
    ] {
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        assert!(!told.contains(char::is_control), "{told:?}");
    }
    // Killed while it wrote: the line under way is lost, and only that.
    let last = bytes.len() - lines[lines.len() - 1].len() - 1;
    for length in last..bytes.len() {
        let read = read("f", &bytes[..length]).unwrap();
        assert_eq!((read.cut, read.entries.len()), (length > last, 7), "{length}");
    }
}

/// Rows that are named by number make no table that fills the memory.
#[test]
fn tables_have_a_limit() {
    let text = String::from_utf8(written(&transcript())).unwrap();
    let row = "x".repeat(1 << 20);
    let bomb = format!(
        "{}\n{{\"event\":\"state\",\"id\":0,\"table\":[\"{row}\"{}]",
        text.lines().next().unwrap(),
        ",0".repeat(300)
    );
    let bomb = format!(
        "{bomb},\"facts\":{{\"namespaces\":[],\"hostname\":\"\",\"root\":\"\",\"pid_outside\":0,\"pid_inside\":0,\"pid_host\":0,\"program\":\"\"}}}}\n"
    );
    assert!(wrong(bomb.as_bytes()).contains("larger than any"), "{}", wrong(bomb.as_bytes()));
}

/// Chance differs from run to run; what a lesson does must not.
#[test]
fn a_recording_is_stale_when_its_lesson_does_something_else() {
    let fresh = bundled("mount-ns").unwrap();
    assert_eq!(difference(&fresh, &fresh), None);
    let with = |change: &dyn Fn(&mut RoundRecord)| {
        let mut other = fresh.clone();
        for entry in &mut other.entries {
            if let Entry::Round { record, .. } = entry {
                change(record);
            }
        }
        difference(&fresh, &other)
    };
    assert_eq!(with(&|record| record.calls.iter_mut().for_each(|call| call.micros += 1)), None);
    assert_eq!(with(&|record| record.commands.iter_mut().for_each(|command| command.output.push('7'))), None);
    assert!(with(&|record| record.calls.iter_mut().for_each(|call| call.result = Err(libc::EPERM))).is_some());
    assert!(with(&|record| record.commands.iter_mut().for_each(|command| command.line.push('x'))).is_some());
    assert!(with(&|record| record.after = record.before.clone()).is_some());
    assert!(with(&|record| record.verdicts.clear()).is_some());
    let mut fewer = fresh.clone();
    fewer.entries.pop();
    assert!(difference(&fresh, &fewer).is_some());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, failure_persistence: None, ..Default::default() })]

    /// Whatever is done to a file, it is read or refused, and what is read can be played.
    #[test]
    fn no_damage_makes_it_panic(cuts in proptest::collection::vec((0usize..60_000, 0usize..40, proptest::prelude::any::<[u8; 3]>()), 1..4)) {
        let mut bytes = crate::lesson::bundled_file("incident-ps/recording.jsonl").unwrap().to_vec();
        for (at, length, with) in cuts {
            let at = at % bytes.len();
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, with.into_iter().take(length % 4));
        }
        if let Ok(transcript) = read("f", &bytes)
            && let Ok(lesson) = transcript.lesson()
        {
            let lesson = Arc::new(lesson);
            let mut replay = Replay::new(transcript, lesson.clone(), Lang::Zh);
            for step in 0..lesson.steps.len() {
                let (mut session, effects) = Session::new(lesson.clone(), step);
                play(&mut session, &mut replay, effects);
                for _ in 0..4 {
                    press(&mut session, &mut replay, Command::Choose(1));
                    press(&mut session, &mut replay, Command::Forward);
                }
                press(&mut session, &mut replay, Command::Show);
            }
        }
    }
}
