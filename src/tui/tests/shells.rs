//! The shells on the screen, with a script in the place of a program.

use super::*;
use crate::lesson::{FileKind, Side};
use crate::session::{Effect, FileSeen, FileState, Marks, Phase};
use crate::tui::act::press;
use crate::tui::shells::Stage;
use crate::tui::view::{Mode, Tab};
use crossterm::event::{KeyEvent, KeyModifiers};
use std::time::{Duration, Instant};

/// What the event loop does for a shell that opens: it gets the size that it is shown in, and prints.
fn opens(student: &mut Student, side: Side, prints: &str) {
    let root = crate::tui::shells::root(&student.session, side).to_string();
    student.view.shells.open(side, root);
    fit(&student.session, &mut student.view, student.area);
    let pane = student.view.shells.get_mut(side).unwrap();
    pane.stage = Stage::Running;
    pane.emulator.process(prints.as_bytes(), Instant::now() + Duration::from_secs(60));
}

fn fit(session: &Session, view: &mut View, area: Rect) {
    let shown = Laid::of(session, view, area).map.map_or(Vec::new(), |map| map.shells);
    for (side, area) in shown {
        if let Some(pane) = view.shells.get_mut(side) {
            pane.emulator.resize(area.height, area.width);
        }
    }
}

fn control(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

impl Student {
    fn presses(&mut self, event: KeyEvent) -> Act {
        let laid = Laid::of(&self.session, &self.view, self.area);
        press(event, &mut self.session, &mut self.view, &laid.scene, self.area)
    }
}

const HOST_PRINTS: &str = "host $ ps | wc -l\r\n7\r\nhost $ ";
const BOX_PRINTS: &str = "container # echo 卷\r\n卷\r\ncontainer # \x1b[1;34mblue\x1b[0m \x1b[7mturned\x1b[0m\r\n\x1b[38;5;200mindexed\x1b[0m # ";

fn task_begun() -> Session {
    let mut session = at_step("private", HOST, &inside());
    session.phase = Phase::Task;
    session.handle(Command::Cancel);
    session
}

#[test]
fn every_size_shows_the_shells() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height) in [(80, 24), (160, 45), (60, 18)] {
            let mut student = Student::new(at_proc());
            student.view.lang = lang;
            student.area = Rect::new(0, 0, width, height);
            opens(&mut student, Side::Outside, HOST_PRINTS);
            opens(&mut student, Side::Inside, BOX_PRINTS);
            let name = |what: &str| format!("shell-{}-{width}x{height}-{what}", lang.code());
            insta::assert_snapshot!(name("typing"), student.screen());
            student.presses(control('5'));
            student.view.shells.end(Side::Inside, Some(130));
            insta::assert_snapshot!(name("ended"), student.screen());
            let mut student = Student::new(task_begun());
            student.view.lang = lang;
            student.area = Rect::new(0, 0, width, height);
            opens(&mut student, Side::Inside, BOX_PRINTS);
            insta::assert_snapshot!(name("task"), student.screen());
        }
    }
}

/// In colour and without: attributes remain, and a wide character takes two cells.
#[test]
fn cells_have_the_look_that_was_asked_for() {
    let mut student = Student::new(at_proc());
    opens(&mut student, Side::Inside, BOX_PRINTS);
    let (shown, cursor) = buffer(&student.session, &student.view, 80, 24);
    assert_eq!(shown[(0, 3)].symbol(), "卷");
    assert_eq!(shown[(12, 4)].fg, Color::Blue);
    assert!(shown[(12, 4)].modifier.contains(Modifier::BOLD));
    assert!(shown[(17, 4)].modifier.contains(Modifier::REVERSED));
    assert_eq!(shown[(0, 5)].fg, Color::Indexed(200));
    assert_eq!((cursor.x, cursor.y), (10, 5), "the cursor is the shell's");
    student.view.colour = false;
    let (shown, _) = buffer(&student.session, &student.view, 80, 24);
    assert!(shown.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(shown[(12, 4)].modifier.contains(Modifier::BOLD));
}

#[test]
fn keys_are_the_shells_until_it_is_left() {
    let mut student = Student::new(at_proc());
    assert_eq!(student.press(KeyCode::Char('#')), Act::Open(Side::Inside));
    opens(&mut student, Side::Inside, "container # ");
    let step = student.session.step;
    for key in [KeyCode::Char('q'), KeyCode::Enter, KeyCode::Backspace, KeyCode::Esc, KeyCode::Tab, KeyCode::Char('?')]
    {
        assert_eq!(student.press(key), Act::Type(Side::Inside, KeyEvent::new(key, KeyModifiers::NONE)));
    }
    assert_eq!((student.session.step, &student.view.mode), (step, &Mode::Look));
    // By the name that crossterm has for it.
    student.presses(control('5'));
    student.shows("[container #]");
    student.shows("[READ]");
    assert_eq!(student.presses(control('5')), Act::Type(Side::Inside, control('5')));
    student.shows("TYPING IN: container #   Ctrl-] leaves");
    // Only right after it was left: any other key in between is the lesson's.
    student.presses(control(']'));
    student.press(KeyCode::Char('f'));
    assert_eq!(student.press(KeyCode::Char('z')), Act::Lend(Side::Inside));
    student.presses(control(']'));
    student.hides("TYPING IN");
    student.shows("[text]");
    student.types("]]]]]");
    student.shows("[container #]");
    student.types("]");
    student.shows("[text]");
    student.types("#");
    student.shows("TYPING IN");
}

/// The lines that have scrolled away can be read, while typing and afterwards; the next key is for the last line.
#[test]
fn what_has_scrolled_away_comes_back() {
    let mut student = Student::new(at_proc());
    let lines: String = (0..50).map(|line| format!("line {line}.\r\n")).collect();
    opens(&mut student, Side::Inside, &lines);
    student.shows("line 49.");
    student.presses(KeyEvent::new(KeyCode::PageUp, KeyModifiers::SHIFT));
    student.hides("line 49.");
    student.shows("5 lines back (Shift-PgDn)");
    student.presses(control(']'));
    student.press(KeyCode::PageUp);
    student.press(KeyCode::Up);
    student.shows("11 lines back");
    student.press(KeyCode::Char(' '));
    student.press(KeyCode::Char(' '));
    student.press(KeyCode::Char(' '));
    student.shows("line 49.");
}

/// What is done by hand is marked while one types, and turns no page.
#[test]
fn a_change_by_hand_turns_no_page() {
    let mut student = Student::new(at_proc());
    opens(&mut student, Side::Inside, "container # ");
    student.session.busy = true;
    let before = student.session.now.clone();
    let more = format!("{}92 90 0:60 / /lab/leak rw - tmpfs leak rw\n", inside());
    let after = Snapshot { inside: Some(side(&more, false, 1)), ..before.clone() };
    // Seen before it is known in full, and counted once.
    let glimpse = Marks::between(&before, &after, true);
    student.happens(Event::Glimpsed(Box::new(glimpse)));
    student.shows("> + /lab/leak");
    student.shows("(by hand)");
    assert!(student.session.busy && student.session.by_hand == 0);
    let record = RoundRecord::between(before, after.clone());
    student.happens(Event::ByHand(Box::new(record)));
    student.shows("TYPING IN");
    student.shows("> + /lab/leak");
    student.shows("(by hand)");
    assert!(student.session.busy, "what is under way still is");
    assert_eq!(student.session.by_hand, 1);
    // Another hostname is no row; it is lost by going back as well.
    let mut named = SideState::clone(after.inside.as_deref().unwrap());
    named.facts.hostname = "other".into();
    let renamed = Snapshot { inside: Some(Arc::new(named)), ..after.clone() };
    let record = RoundRecord::between(after, renamed);
    student.happens(Event::ByHand(Box::new(record)));
    assert_eq!(student.session.by_hand, 2);
    student.shows("> + /lab/leak");
    // It was told too late for the sandbox that it was done in.
    student.session.apply(Event::Replayed(Box::default()));
    assert!(student.session.history.is_empty());
}

/// A row that is selected, or explained, stays so wherever it is after a change; if it is gone, so is what is said of it.
#[test]
fn a_change_by_hand_leaves_what_is_read() {
    let mut student = Student::new(at_proc());
    student.press(KeyCode::Right);
    student.press(KeyCode::End);
    student.press(KeyCode::Enter);
    student.shows("89: the mount's number");
    let changes = |student: &mut Student, rows: &str| {
        let before = student.session.now.clone();
        let after = Snapshot { inside: Some(side(rows, false, 1)), ..before.clone() };
        student.happens(Event::ByHand(Box::new(RoundRecord::between(before, after))));
    };
    let others: String = inside().lines().filter(|row| !row.starts_with("87 ")).map(|row| format!("{row}\n")).collect();
    changes(&mut student, &others);
    student.shows("89: the mount's number");
    student.press(KeyCode::Up);
    student.press(KeyCode::Down);
    student.shows("89: the mount's number");
    let gone: String = others.lines().filter(|row| !row.starts_with("89 ")).map(|row| format!("{row}\n")).collect();
    changes(&mut student, &gone);
    assert_eq!((&student.view.mode, student.view.selected), (&Mode::Look, None));
    student.hides("the mount's number");
}

/// Without a shell nobody's hand did it: nothing would be lost.
#[test]
fn what_changes_by_itself_is_nobodys_hand() {
    let mut student = Student::new(at_proc());
    see(&mut student.session);
    student.shows("+ /proc");
    let before = student.session.now.clone();
    let ended = Snapshot { inside: None, ..before.clone() };
    student.happens(Event::ByItself(Box::new(RoundRecord::between(before, ended.clone()))));
    student.shows("INSIDE: no container");
    assert_eq!((student.session.by_hand, student.session.history.len()), (0, 2));
    let more =
        Snapshot { outside: side(&format!("{HOST}92 63 0:60 / /late rw - tmpfs late rw\n"), true, 0), ..ended.clone() };
    student.happens(Event::ByItself(Box::new(RoundRecord::between(ended, more))));
    student.shows("+ /late");
    student.hides("(by hand)");
    assert_eq!((student.session.by_hand, student.session.history.len()), (0, 3));
}

/// What was done for a task is no part of the lesson. Enter alone leaves it, so nothing is asked; but it is said.
#[test]
fn leaving_a_task_says_what_is_lost() {
    let mut student = Student::new(task_begun());
    opens(&mut student, Side::Inside, "container # ");
    student.presses(control(']'));
    // The event loop sets both when something is typed, and changes a table.
    student.view.shells.typed = true;
    student.session.by_hand = 1;
    let Act::Effects(effects) = student.press(KeyCode::Enter) else { panic!("it is not left") };
    assert!(matches!(&effects[..], [Effect::Build { .. }]), "{effects:?}");
    student.happens(Event::Built(student.session.now.clone()));
    student.shows("what you typed in the shells is not replayed");
}

/// From 120 columns on both shells are shown, and the key line says what `z` does there.
#[test]
fn the_key_line_says_what_z_does() {
    let mut student = Student::new(at_proc());
    student.area = Rect::new(0, 0, 200, 50);
    student.shows("z zoom");
    opens(&mut student, Side::Inside, "container # ");
    student.view.shells.typing = Some(Side::Inside);
    student.presses(control(']'));
    student.shows("z whole terminal");
    student.hides("z zoom");
    assert_eq!(student.press(KeyCode::Char('z')), Act::Lend(Side::Inside));
}

/// What left no trace in a table is not asked about before a rebuild, which says that it is lost.
#[test]
fn a_rebuild_says_what_is_lost() {
    let mut student = Student::new(at_proc());
    let built = Event::Built(student.session.now.clone());
    student.happens(built);
    student.hides("not replayed");
    opens(&mut student, Side::Inside, "container # ");
    student.presses(control(']'));
    // As the event loop notes it of each line that goes to a shell.
    student.view.shells.typed = true;
    student.press(KeyCode::Backspace);
    assert!(student.session.asks.is_none());
    let built = Event::Built(student.session.now.clone());
    student.happens(built);
    student.shows("what you typed in the shells is not replayed");
    student.press(KeyCode::Down);
    student.hides("not replayed");
}

/// NSLAB_LEAVE_KEY names another.
#[test]
fn the_help_page_has_the_key_that_leaves() {
    let mut student = Student::new(at_proc());
    student.press(KeyCode::Char('?'));
    student.shows(" $ # Ctrl-] ");
    student.view.leave = crate::tui::LeaveKey::parse("F10").unwrap();
    student.shows(" $ # F10 ");
    student.hides("Ctrl-]");
}

/// A condition for which once is enough says how long ago it held, where it does not any more.
#[test]
fn a_tick_says_how_long_ago() {
    let mut student = Student::new(at_proc());
    student.session.phase = Phase::Task;
    opens(&mut student, Side::Inside, "container # ");
    let comm = |text: &str| FileSeen {
        side: Side::Inside,
        path: "/proc/1/comm".into(),
        state: Some(FileState {
            kind: FileKind::File,
            mode: 0o644,
            owner: 0,
            size: 0,
            text: format!("{text}\n"),
            entries: Vec::new(),
            opaque: false,
            closed: false,
        }),
    };
    let mut changes = |rows: &str, first: &str| {
        let before = student.session.now.clone();
        let after = Snapshot { inside: Some(side(rows, false, 1)), ..before.clone() };
        let record = RoundRecord { files_after: vec![comm(first)], ..RoundRecord::between(before, after) };
        student.happens(Event::ByHand(Box::new(record)));
        student.screen()
    };
    let bare =
        inside().lines().filter(|row| !row.contains(" /proc ")).map(|row| format!("{row}\n")).collect::<String>();
    let shown = changes(&bare, "nslab-stage");
    assert!(shown.contains("[x]") && !shown.contains("ago)"), "{shown}");
    // The same look once more is no change.
    let shown = changes(&inside(), "nslab-agent");
    assert!(shown.contains("(seen 1 change ago)"), "{shown}");
    let shown = changes(&inside(), "nslab-agent");
    assert!(shown.contains("(seen 1 change ago)"), "{shown}");
    let more = format!("{}92 90 0:60 / /lab/leak rw - tmpfs leak rw\n", inside());
    let shown = changes(&more, "nslab-agent");
    assert!(shown.contains("(seen 2 changes ago)"), "{shown}");
    student.view.lang = Lang::Zh;
    student.shows("（2 次变化之前见过）");
    student.presses(control(']'));
    student.view.tab = None;
    student.shows("（2 次变化之前见过）");
}

#[test]
fn a_new_root_is_offered() {
    let mut student = Student::new(at_proc());
    opens(&mut student, Side::Inside, "container # ");
    student.presses(control(']'));
    student.session = chrooted();
    student.view.tab = Some(Tab::Shell(Side::Inside));
    student.shows("old root /: # for /lab/rootfs");
    student.types("#");
    student.shows("Enter new shell");
    student.press(KeyCode::Esc);
    student.shows("TYPING IN");
    student.presses(control(']'));
    student.types("#");
    assert_eq!(student.press(KeyCode::Enter), Act::Open(Side::Inside));
    student.types("#");
    student.types("#");
    assert_eq!(
        student.view.mode,
        Mode::Reopen(Side::Inside),
        "any other key closes the question and does what it does"
    );
}

/// Any output, any keys, any size: no panic, and every screen can be drawn.
#[test]
fn a_thousand_keys_and_sizes() {
    let mut seed = 23u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let mut student = Student::new(task_begun());
    for round in 0..1000 {
        student.area = Rect::new(0, 0, 1 + random(200) as u16, 1 + random(60) as u16);
        let code = match random(8) {
            0 => KeyCode::Char("#$zx,.?tvfogL[]/ 0123"[random(21) as usize..].chars().next().unwrap()),
            1 => KeyCode::Enter,
            2 => KeyCode::PageUp,
            3 => KeyCode::Esc,
            4 => KeyCode::Tab,
            5 => KeyCode::F(12),
            6 => KeyCode::Char(']'),
            _ => KeyCode::Char(char::from(b' ' + random(95) as u8)),
        };
        let modifiers = [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::SHIFT, KeyModifiers::ALT];
        let act = student.presses(KeyEvent::new(code, modifiers[random(4) as usize]));
        match act {
            Act::Open(side) => opens(&mut student, side, "$ "),
            Act::Effects(_) => student.session.busy = false,
            _ => {}
        }
        for side in [Side::Outside, Side::Inside] {
            if let Some(pane) = student.view.shells.get_mut(side) {
                let bytes: Vec<u8> = (0..random(60)).map(|_| random(256) as u8).collect();
                pane.emulator.process(&bytes, Instant::now() + Duration::from_millis(5));
            }
            if random(40) == 0 {
                student.view.shells.end(side, Some(round));
            }
        }
        fit(&student.session, &mut student.view, student.area);
        buffer(&student.session, &student.view, student.area.width, student.area.height);
    }
}
