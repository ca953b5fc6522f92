use super::act::{Act, happened, press};
use super::glyphs::Glyphs;
use super::screen::draw;
use super::view::{Mode, View};
use crate::lesson::Side;
use crate::mounts::{MountTable, changes};
use crate::op::{Actor, lower};
use crate::session::{
    CallRecord, Command, CommandRecord, Effect, Event, Facts, Guess, Phase, RoundRecord, Session, SideState, Snapshot,
};
use crate::words::Lang;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use std::sync::Arc;
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
    let cursor = draw(session, view, area, &mut buffer);
    (buffer, cursor)
}

/// The screen as text, wide characters once.
fn screen(session: &Session, view: &View, width: u16, height: u16) -> String {
    let (buffer, _) = buffer(session, view, width, height);
    let mut out = String::new();
    for y in 0..height {
        let mut line = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A student at a screen of 80 x 24.
struct Student {
    session: Session,
    view: View,
    area: Rect,
}

impl Student {
    fn new(session: Session) -> Student {
        Student { session, view: View::new(Lang::En), area: Rect::new(0, 0, 80, 24) }
    }

    fn press(&mut self, code: KeyCode) -> Act {
        press(KeyEvent::new(code, KeyModifiers::NONE), &mut self.session, &mut self.view, self.area)
    }

    fn types(&mut self, keys: &str) {
        keys.chars().for_each(|key| drop(self.press(KeyCode::Char(key))));
    }

    fn screen(&self) -> String {
        screen(&self.session, &self.view, self.area.width, self.area.height)
    }

    fn shows(&self, part: &str) {
        assert!(self.screen().contains(part), "no {part} in:\n{}", self.screen());
    }

    fn hides(&self, part: &str) {
        assert!(!self.screen().contains(part), "{part} in:\n{}", self.screen());
    }

    /// The line that the hardware cursor is on.
    fn cursor_line(&self) -> String {
        let (_, cursor) = buffer(&self.session, &self.view, self.area.width, self.area.height);
        self.screen().lines().nth(usize::from(cursor.y)).unwrap_or("").to_string()
    }
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
    student.shows("You: 1. Kernel: 2.");
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
    session.apply(Event::ShellEnded { before, after });
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
    session.apply(Event::ShellEnded { before: shared, after: before });
    let (buffer, _) = buffer(&session, &View::new(Lang::En), 80, 24);
    let row = 11;
    assert_eq!(buffer[(43, row)].symbol(), "/");
    assert!(!buffer[(43, row)].modifier.contains(Modifier::UNDERLINED));
    assert!(buffer[(71, row)].modifier.contains(Modifier::UNDERLINED), "{:?}", buffer[(71, row)]);
}

#[test]
fn the_changes_of_the_sandbox_can_be_walked() {
    let mut student = Student::new(at_proc());
    student.types(",");
    student.shows("Nothing has changed in this sandbox yet.");
    see(&mut student.session);
    let before = student.session.now.clone();
    let more = format!("{HOST}70 69 0:60 / /lab/leak rw - tmpfs leak rw\n");
    let after = Snapshot { outside: side(&more, true, 0), ..before.clone() };
    happened(Event::ShellEnded { before, after }, &mut student.session, &mut student.view);
    student.shows("+ /lab/leak");
    student.types(",");
    student.shows("Change 1 of 2 (step 8, A fresh /proc)");
    student.shows("> + /proc");
    student.hides("/lab/leak");
    student.types(",,");
    student.shows("Change 1 of 2");
    student.types(".");
    student.shows("+ /lab/leak");
    student.hides("Change");
    student.types("，");
    student.shows("Change 1 of 2");
    assert_eq!(student.press(KeyCode::Enter), Act::Effects(vec![]), "Enter comes back first");
    student.hides("Change");
}

#[test]
fn enter_on_a_row_explains_it_field_by_field() {
    for lang in [Lang::En, Lang::Zh] {
        let mut student = Student::new(chrooted());
        student.view.lang = lang;
        student.press(KeyCode::Right);
        student.press(KeyCode::End);
        student.press(KeyCode::Enter);
        student.types("z");
        student.press(KeyCode::Tab);
        student.press(KeyCode::Right);
        student.press(KeyCode::End);
        student.press(KeyCode::Enter);
        assert_eq!(student.view.mode, Mode::Explain);
        student.area.height = 45;
        student.view.zoomed = false;
        insta::assert_snapshot!(format!("{}-explain", lang.code()), student.screen());
    }
    let mut student = Student::new(at_proc());
    student.press(KeyCode::Right);
    assert!(student.cursor_line().contains("/"), "the cursor is on the row");
    student.press(KeyCode::Enter);
    student.shows("84: the mount's number in the kernel");
    student.press(KeyCode::Down);
    student.shows("86: the mount's number");
    student.press(KeyCode::Esc);
    student.hides("the mount's number");
    student.press(KeyCode::Esc);
    student.press(KeyCode::Enter);
    assert_eq!(student.session.phase, Phase::Predict, "back on the page, Enter goes on");
}

#[test]
fn rows_are_filtered_and_copied() {
    let mut student = Student::new(at_proc());
    student.types("/");
    student.types("ｐts");
    student.shows("Only rows with: pts_");
    student.shows("/dev/pts");
    student.hides("/run");
    student.press(KeyCode::Enter);
    student.shows("Only rows with: pts   (Esc shows all)");
    student.press(KeyCode::Right);
    assert_eq!(student.press(KeyCode::Char('y')), Act::Copy("87 86 0:43 / /dev/pts rw - devpts devpts rw".into()));
    student.press(KeyCode::Esc);
    student.press(KeyCode::Esc);
    student.shows("/run");
    let Act::Copy(calls) = student.press(KeyCode::Char('y')) else { panic!("nothing to copy") };
    assert!(calls.starts_with("mount(\"proc\", \"/proc\""), "{calls}");
}

#[test]
fn a_pane_is_zoomed_and_the_focus_goes_around() {
    let mut student = Student::new(at_proc());
    student.types("z");
    student.hides("/dev/pts");
    student.types("z");
    student.shows("/dev/pts");
    student.press(KeyCode::Tab);
    assert_eq!(student.view.side, Side::Outside);
    student.types("z");
    student.hides("PID namespace\n");
    student.shows("/dev/pts");
    student.press(KeyCode::Tab);
    assert_eq!(student.view.side, Side::Inside);
    student.press(KeyCode::BackTab);
    assert_eq!(student.view.side, Side::Outside);
}

#[test]
fn answers_are_chosen_with_arrows_and_the_cursor_is_on_them() {
    let mut student = Student::new(at_proc());
    student.press(KeyCode::Enter);
    student.press(KeyCode::Down);
    assert_eq!(student.session.guess, Guess::One(0));
    student.press(KeyCode::Down);
    assert_eq!(student.session.guess, Guess::One(1));
    assert!(student.cursor_line().contains("> 2"), "{}", student.cursor_line());
    student.press(KeyCode::Up);
    student.press(KeyCode::Up);
    assert_eq!(student.session.guess, Guess::Unsure, "0 stands last");
    student.press(KeyCode::Enter);
    assert_eq!(student.session.phase, Phase::Do);
}

#[test]
fn a_row_is_pointed_at_in_its_table() {
    let mut student = Student::new(at_step("look", HOST, &inside()));
    student.press(KeyCode::Enter);
    student.press(KeyCode::Left);
    for _ in 0..3 {
        student.press(KeyCode::Down);
    }
    assert_eq!(student.session.guess, Guess::One(3), "/lab is the fourth row");
    assert!(student.cursor_line().starts_with("  /lab"), "{}", student.cursor_line());
    student.press(KeyCode::Enter);
    assert_eq!(student.session.phase, Phase::Do, "Enter confirms a row that answers");
    // And an answer on the page is selected in the table.
    let mut student = Student::new(at_step("look", HOST, &inside()));
    student.press(KeyCode::Enter);
    student.types("4");
    assert_eq!(student.view.selected, Some((Side::Outside, 6)));
}

#[test]
fn lines_are_ticked_with_space() {
    let mut student = Student::new(at_step("exit", HOST, &inside()));
    student.press(KeyCode::Enter);
    student.press(KeyCode::Down);
    student.types(" ");
    assert_eq!(student.session.guess, Guess::Ticks(vec![false, true, false, false]));
    student.shows("> [x] 2");
}

#[test]
fn variants_and_steps_are_chosen() {
    let mut student = Student::new(at_proc());
    student.types("x");
    student.shows("Break it: what if ...");
    student.press(KeyCode::Down);
    let act = student.press(KeyCode::Enter);
    assert_eq!(act, Act::Effects(vec![Effect::Variant { step: 7, index: 1 }]));
    let mut student = Student::new(at_proc());
    student.types("g99");
    student.press(KeyCode::Enter);
    student.shows("There is no such step: 1 to 14.");
    student.types("g1");
    student.types("2");
    assert_eq!(student.press(KeyCode::Enter), Act::Effects(vec![Effect::Build { replay: 11 }]));
}

/// A tip is visible whichever page is shown, and the end of the tips is said.
#[test]
fn tips_are_seen() {
    let mut student = Student::new(at_proc());
    see(&mut student.session);
    student.types("t");
    student.shows("Tip: ");
    student.types("[t");
    student.shows("Tip: ");
    student.types("tt");
    student.shows("There is no other tip");
}

#[test]
fn a_page_that_is_too_long_scrolls_and_comes_back_at_once() {
    let mut student = Student::new(at_proc());
    see(&mut student.session);
    student.types("]");
    student.shows("Space..");
    for _ in 0..20 {
        student.press(KeyCode::PageDown);
    }
    student.hides("Space..");
    student.press(KeyCode::PageUp);
    student.press(KeyCode::PageUp);
    student.shows("Space..");
    student.press(KeyCode::Home);
    student.hides("PgUp..");
}

#[test]
fn a_terminal_without_chinese_offers_english() {
    let mut student = Student::new(at_proc());
    student.view.lang = Lang::Zh;
    student.view.mode = Mode::NoChinese;
    student.shows("Press Enter to read it in English");
    student.press(KeyCode::Enter);
    assert_eq!(student.view.lang, Lang::En);
    student.shows("The container mounts a proc");
}

/// At sixty columns only one side is shown: after something ran, one that changed.
#[test]
fn the_side_that_changed_is_shown() {
    let mut student = Student::new(at_proc());
    student.area = Rect::new(0, 0, 60, 18);
    student.types("o");
    student.shows("- OUTSIDE (o: INSIDE, 0 changes)");
    for command in [Command::Forward, Command::Choose(2), Command::Forward, Command::Forward] {
        student.session.handle(command);
    }
    let more = format!("{}109 85 0:50 / /proc rw - proc proc rw\n", inside());
    let after = Snapshot { outside: student.session.now.outside.clone(), inside: Some(side(&more, false, 1)) };
    let record = performed(&mut student.session, after, &[]);
    happened(Event::Performed(Box::new(record)), &mut student.session, &mut student.view);
    student.shows("- INSIDE (o: OUTSIDE, 0 changes)");
    student.shows("+ /proc");
}

#[test]
fn too_small_a_screen_says_so() {
    let text = screen(&at_proc(), &View::new(Lang::En), 40, 10);
    assert!(text.contains("--plain"), "{text}");
}

#[test]
fn all_keys_are_on_the_help_page() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height, pages) in [(80, 24, 1), (60, 16, 3)] {
            let mut student = Student::new(at_proc());
            student.view.lang = lang;
            student.area = Rect::new(0, 0, width, height);
            student.types("?");
            let mut text = student.screen();
            for _ in 1..pages {
                student.types(" ");
                text += &student.screen();
            }
            for binding in super::keys::KEYS {
                assert!(text.contains(binding.names), "{}:\n{text}", binding.names);
                let words = lang.say(binding.words, &[]);
                let end: String = words.chars().skip(words.chars().count() - 2).collect();
                assert!(text.contains(&end), "{width}: {words} is cut:\n{text}");
            }
            student.types("o");
            assert_eq!(student.view.mode, Mode::Look);
        }
    }
}

/// Drawing 10,000 mounts makes text of the visible ones only; ten frames of it are done in the time that a student
/// does not notice, with much room for a slow machine that builds without optimisation.
#[test]
fn thousands_of_mounts_are_drawn() {
    let mut text = HOST.to_string();
    for number in 0..10_000 {
        text.push_str(&format!("{} 69 0:{} / /lab/m/{number} rw - tmpfs x rw\n", 1000 + number, 100 + number));
    }
    let mut session = at_step("proc", &text, &inside());
    let before = session.now.clone();
    let after = Snapshot { outside: side(&text, true, 0), inside: Some(side(&text, false, 1)) };
    session.apply(Event::ShellEnded { before, after });
    let mut student = Student::new(session);
    student.press(KeyCode::Right);
    student.press(KeyCode::End);
    student.shows("/tmp");
}

/// Thousands of keys at sizes that change, with a fixed seed: nothing panics.
#[test]
fn any_keys_any_size() {
    let mut seed = 7u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let keys: Vec<char> = "jjkkhl[]pnxxt$#vvfzo/y,.,.grRL?q 0123456789，。a".chars().collect();
    let codes = [
        KeyCode::Enter,
        KeyCode::Enter,
        KeyCode::Backspace,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
    ];
    let mut student = Student::new(at_proc());
    let whole = chrooted();
    for _ in 0..2500 {
        student.area = Rect::new(0, 0, 1 + random(200) as u16, 1 + random(60) as u16);
        let code = match random(3) {
            0 => codes[random(codes.len() as u64) as usize],
            _ => KeyCode::Char(keys[random(keys.len() as u64) as usize]),
        };
        let _: Act = student.press(code);
        if student.session.busy {
            let now = Snapshot { outside: side(HOST, true, 0), inside: Some(side(&inside(), false, 1)) };
            let event = match random(5) {
                0 => Event::Performed(Box::default()),
                1 => Event::VariantDone(vec![RoundRecord { actor: Some(Actor::Host), ..RoundRecord::default() }]),
                2 => Event::ShellEnded { before: now, after: whole.now.clone() },
                3 => Event::NoShell("no".into()),
                _ => Event::Built(now),
            };
            happened(event, &mut student.session, &mut student.view);
        }
        student.screen();
    }
}
