//! What the screen shows of a session.

mod programs;
mod room;
mod student;

use super::act::Act;
use super::glyphs::Glyphs;
use super::laid::Laid;
use super::screen::draw;
use super::view::View;
use crate::mounts::{MountTable, changes};
use crate::op::lower;
use crate::session::{CallRecord, Command, CommandRecord, Event, Facts, RoundRecord, Session, SideState, Snapshot};
use crate::words::Lang;
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use std::sync::Arc;
use student::Student;
use unicode_width::UnicodeWidthStr;

const HOST: &str = "\
63 1 0:40 / / rw - tmpfs host rw
64 63 0:41 / /proc rw - proc proc rw
65 63 0:42 / /dev rw - tmpfs dev rw
66 65 0:43 / /dev/pts rw - devpts devpts rw
67 63 0:44 / /run rw - tmpfs run rw
68 63 0:45 / /tmp rw - tmpfs tmp rw
69 63 0:46 / /lab rw - tmpfs lab rw
";

fn side(text: &str, shared: bool, pid: i32) -> Arc<SideState> {
    let text = if shared { text.replace(" rw - ", " rw shared:1 - ") } else { text.to_string() };
    let table = MountTable::parse(text.into_bytes());
    let facts = Facts {
        namespaces: vec![("mnt".into(), 4026533281 + pid as u64)],
        hostname: "lab-host".into(),
        root: "/".into(),
        pid_outside: 4711,
        pid_inside: 1,
        pid_host: 5,
        program: "nslab-agent".into(),
    };
    Arc::new(SideState { seen: table.clone(), table, facts })
}

fn at_step(id: &str, outside: &str, inside: &str) -> Session {
    let lesson = crate::lesson::open("mount-ns").unwrap();
    let step = lesson.step_index(id).unwrap();
    let (mut session, _) = Session::new(Arc::new(lesson), step);
    session.apply(Event::Built(Snapshot { outside: side(outside, true, 0), inside: Some(side(inside, false, 1)) }));
    session
}

/// The inside as a clone makes it: with ids of its own.
fn inside() -> String {
    HOST.lines()
        .map(|line| {
            let mut words: Vec<String> = line.split(' ').map(String::from).collect();
            for word in &mut words[..2] {
                *word = (word.parse::<u32>().unwrap() + 21).to_string();
            }
            words.join(" ") + "\n"
        })
        .collect()
}

/// Step 8: a new proc inside.
fn at_proc() -> Session {
    at_step("proc", HOST, &inside())
}

fn performed(session: &mut Session, after: Snapshot, commands: &[(&str, &str)]) -> RoundRecord {
    let before = session.now.clone();
    let step = &session.lesson.steps[session.step];
    let round = &step.rounds[session.rounds.len()];
    let calls = round.does.iter().flat_map(lower);
    let between = |old: Option<&SideState>, new: Option<&SideState>| match (old, new) {
        (Some(old), Some(new)) => changes(&old.table, &new.table),
        _ => Vec::new(),
    };
    RoundRecord {
        actor: Some(round.actor),
        calls: calls.map(|call| CallRecord { call, result: Ok(0), micros: 18 }).collect(),
        commands: commands
            .iter()
            .map(|(line, output)| CommandRecord {
                line: line.to_string(),
                output: output.to_string(),
                status: Some(0),
                typed: false,
            })
            .collect(),
        outside: between(Some(&before.outside), Some(&after.outside)),
        inside: between(before.inside.as_deref(), after.inside.as_deref()),
        before,
        after,
        ..RoundRecord::default()
    }
}

fn see(session: &mut Session) {
    session.handle(Command::Forward);
    session.handle(Command::Choose(2));
    session.handle(Command::Forward);
    session.handle(Command::Forward);
    let more = format!("{}109 85 0:50 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n", inside());
    let after = Snapshot { outside: session.now.outside.clone(), inside: Some(side(&more, false, 1)) };
    let record = performed(session, after, &[("ps", "PID CMD\n  1 nslab-agent\n  2 ps\n")]);
    session.apply(Event::Performed(Box::new(record)));
}

/// Step 11: the first process's root directory has moved; what it sees of the table is two rows.
fn chrooted() -> Session {
    let whole = inside()
        + "109 85 0:50 / /proc rw - proc proc rw\n110 90 0:51 / /lab/rootfs/proc rw - proc proc rw\n\
           111 90 0:46 /vol/data /lab/rootfs/test rw - tmpfs lab rw\n";
    let mut session = at_step("chroot", HOST, &whole);
    let seen = "110 90 0:51 / /proc rw - proc proc rw\n111 90 0:46 /vol/data /test rw - tmpfs lab rw\n";
    let mut state = SideState::clone(&side(&whole, false, 1));
    state.seen = MountTable::parse(seen.as_bytes().to_vec());
    state.facts.root = "/lab/rootfs".into();
    for command in [Command::Forward, Command::Choose(2), Command::Forward, Command::Forward] {
        session.handle(command);
    }
    let after = Snapshot { outside: session.now.outside.clone(), inside: Some(Arc::new(state)) };
    let record = performed(&mut session, after, &[("ls /", "bin\netc\nproc\ntest\n")]);
    session.apply(Event::Performed(Box::new(record)));
    session
}

fn buffer(session: &Session, view: &View, width: u16, height: u16) -> (Buffer, Position) {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let cursor = draw(session, view, &Laid::of(session, view, area), &mut buffer);
    (buffer, cursor)
}

fn screen(session: &Session, view: &View, width: u16, height: u16) -> String {
    text(&buffer(session, view, width, height).0)
}

fn text(buffer: &Buffer) -> String {
    super::preview::as_text(buffer)
}

const SIZES: [(u16, u16); 4] = [(80, 24), (110, 30), (160, 45), (60, 18)];

#[test]
fn every_size_shows_the_step() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height) in SIZES {
            let mut session = at_proc();
            let view = View::new(lang);
            let name = |phase: &str| format!("{}-{width}x{height}-{phase}", lang.code());
            insta::assert_snapshot!(name("read"), screen(&session, &view, width, height));
            session.handle(Command::Forward);
            session.handle(Command::Choose(3));
            insta::assert_snapshot!(name("predict"), screen(&session, &view, width, height));
            let mut session = at_proc();
            see(&mut session);
            insta::assert_snapshot!(name("see"), screen(&session, &view, width, height));
            insta::assert_snapshot!(name("chroot"), screen(&chrooted(), &view, width, height));
        }
    }
}

#[test]
fn boxes_where_the_terminal_shows_them() {
    let mut session = at_proc();
    see(&mut session);
    let view = View { glyphs: Glyphs::Box, ..View::new(Lang::Zh) };
    insta::assert_snapshot!("box-80x24-see", screen(&session, &view, 80, 24));
}

/// In ASCII the interface itself, lesson texts aside, has no other character.
#[test]
fn ascii_is_ascii() {
    let mut student = Student::new(at_proc());
    see(&mut student.session);
    assert!(student.screen().is_ascii(), "{}", student.screen());
    student.types("?");
    assert!(student.screen().is_ascii(), "{}", student.screen());
}

/// No line of any screen is wider than it, in either language, drawing or size.
#[test]
fn nothing_reaches_the_last_column() {
    let mut session = at_proc();
    see(&mut session);
    for lang in [Lang::En, Lang::Zh] {
        for glyphs in [Glyphs::Ascii, Glyphs::Box] {
            for width in 60..=170 {
                let view = View { glyphs, ..View::new(lang) };
                for line in screen(&session, &view, width, 24).lines() {
                    assert!(line.width() < usize::from(width), "{width}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_new_row_is_marked_explained_and_folded_around() {
    let mut student = Student::new(at_proc());
    see(&mut student.session);
    student.shows("> + /proc");
    student.shows("covers the /proc below");
    student.shows("^ /proc");
    student.shows("rows unchanged");
    student.shows("8 rows: 1 added, 1 covered");
    student.shows("7 rows: none changed");
    student.shows("> inside + 109 85 0:50 / /proc");
    student.shows("You: as many as before. Kernel: one more than before.");
}

#[test]
fn after_chroot_rows_are_out_of_view_not_gone() {
    let mut student = Student::new(chrooted());
    student.shows(". /lab");
    student.shows("out of view: above the new root");
    student.shows("in the namespace: /lab/rootfs/proc");
    student.shows("bind of lab:/vol/data");
    student.shows("more rows out of view");
    student.shows("2 rows seen, 10 in the namespace");
    student.shows("what pid 1 sees [v: namespace]");
    student.types("v");
    student.shows("whole namespace [v: machine]");
    student.shows("/lab/rootfs/test");
    student.hides("out of view");
    assert_eq!(student.press(KeyCode::Char('v')), Act::LookAtMachine);
    student.view.machine = Arc::new(MountTable::parse(b"9 1 8:1 / /machine rw - ext4 /dev/sda1 rw\n".to_vec()));
    student.shows("YOUR MACHINE");
    student.shows("/machine");
    student.types("v");
    student.shows("what pid 1 sees [v: namespace]");
}

/// A row that is gone stays one step where it was, beside its partner.
#[test]
fn a_removed_row_keeps_its_place() {
    let with = |text: &str, id: u32| format!("{text}{id} 69 0:60 / /lab/leak rw - tmpfs leak rw\n");
    let mut session = at_step("leak", &with(HOST, 70), &with(&inside(), 91).replace("91 69", "91 90"));
    let before = session.now.clone();
    let after = Snapshot { outside: side(HOST, true, 0), inside: Some(side(&inside(), false, 1)) };
    session.apply(Event::ShellEnded(Box::new(RoundRecord::between(before, after))));
    let student = Student::new(session);
    let screen = student.screen();
    let lines: Vec<&str> = screen.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("- /lab/leak")).expect(&screen);
    assert!(lines[at].contains("   - /lab/leak"), "both sides in one line:\n{screen}");
    assert!(lines[at - 1].starts_with("  /lab  "), "{screen}");
    assert!(lines[at + 2].starts_with("  /proc "), "{screen}");
    student.shows("gone  (by hand)");
    student.shows("7 rows: 1 removed");
    let (buffer, _) = buffer(&student.session, &student.view, 80, 24);
    assert!(buffer[(2, at as u16)].modifier.contains(Modifier::CROSSED_OUT));
    assert_eq!(buffer[(2, at as u16)].fg, Color::Magenta);
}

#[test]
fn without_colour_the_attributes_remain() {
    let mut session = at_proc();
    see(&mut session);
    let view = View { colour: false, ..View::new(Lang::En) };
    let (buffer, _) = buffer(&session, &view, 80, 24);
    assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(buffer.content().iter().any(|cell| cell.modifier.contains(Modifier::BOLD)));
}

#[test]
fn only_the_cell_that_changed_is_underlined() {
    let mut session = at_step("private", HOST, &inside());
    let before = session.now.clone();
    let shared = Snapshot { inside: Some(side(&inside(), true, 1)), ..before.clone() };
    session.apply(Event::ShellEnded(Box::new(RoundRecord::between(shared, before))));
    let (buffer, _) = buffer(&session, &View::new(Lang::En), 80, 24);
    let row = 11;
    assert_eq!(buffer[(43, row)].symbol(), "/");
    assert!(!buffer[(43, row)].modifier.contains(Modifier::UNDERLINED));
    assert!(buffer[(71, row)].modifier.contains(Modifier::UNDERLINED), "{:?}", buffer[(71, row)]);
}

/// On a machine's long table every row becomes private at once: the rows that the step speaks of stay in sight, the rest
/// is folded and counted.
#[test]
fn thirty_rows_that_change_alike_are_folded() {
    let lesson = crate::lesson::open("mount-ns").unwrap();
    let step = lesson.step_index("private").unwrap();
    let (mut session, _) = Session::new(Arc::new(lesson), step);
    let more: String =
        (0..23).map(|n| format!("{} 63 0:{} / /mnt/{n:02} rw - tmpfs m rw\n", 200 + n, 200 + n)).collect();
    let table = format!("{HOST}{more}");
    let before = Snapshot { outside: side(&table, true, 0), inside: Some(side(&table, true, 1)) };
    session.apply(Event::Built(before.clone()));
    session.handle(Command::Forward);
    session.handle(Command::Choose(2));
    session.handle(Command::Forward);
    session.handle(Command::Forward);
    let after = Snapshot { outside: before.outside.clone(), inside: Some(side(&table, false, 1)) };
    let inside = changes(&before.inside.as_ref().unwrap().table, &after.inside.as_ref().unwrap().table);
    assert_eq!(inside.len(), 30);
    session.apply(Event::Performed(Box::new(RoundRecord { before, after, inside, ..RoundRecord::default() })));
    for (lang, folded) in [(Lang::En, "more rows like these"), (Lang::Zh, "行也是这样")] {
        let text = screen(&session, &View::new(lang), 80, 24);
        assert!(text.contains("~ /lab") && text.contains("~ / "), "{text}");
        assert!(text.contains(folded) && text.contains("30"), "{text}");
    }
}

#[test]
fn too_small_a_screen_says_so() {
    let text = screen(&at_proc(), &View::new(Lang::En), 40, 10);
    assert!(text.contains("--plain"), "{text}");
}
