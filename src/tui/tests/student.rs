//! What keys do, as a student presses them.

use super::*;
use crate::lesson::Side;
use crate::op::Actor;
use crate::session::{Effect, Guess, Phase};
use crate::tui::act::{happened, press};
use crate::tui::keys;
use crate::tui::view::Mode;
use crossterm::event::{KeyEvent, KeyModifiers};
use std::cell::RefCell;

/// A student at a screen of 80 x 24.
pub struct Student {
    pub session: Session,
    pub view: View,
    pub area: Rect,
    /// Followed from frame to frame, as the event loop does it.
    laid: RefCell<Laid>,
}

impl Student {
    pub fn new(session: Session) -> Student {
        let (view, area) = (View::new(Lang::En), Rect::new(0, 0, 80, 24));
        let laid = RefCell::new(Laid::of(&session, &view, area));
        Student { session, view, area, laid }
    }

    pub fn press(&mut self, code: KeyCode) -> Act {
        let scene = self.laid.get_mut().scene(&self.session, &self.view);
        press(KeyEvent::new(code, KeyModifiers::NONE), &mut self.session, &mut self.view, scene, self.area)
    }

    pub fn happens(&mut self, event: Event) {
        happened(event, &mut self.session, &mut self.view, self.laid.get_mut());
    }

    pub fn types(&mut self, keys: &str) {
        keys.chars().for_each(|key| drop(self.press(KeyCode::Char(key))));
    }

    /// What was laid out for earlier frames must show the same as what is laid out anew.
    pub fn screen(&self) -> String {
        let mut laid = self.laid.borrow_mut();
        laid.follow(&self.session, &self.view, self.area);
        let mut followed = Buffer::empty(self.area);
        let cursor = draw(&self.session, &self.view, &laid, &mut followed);
        let anew = buffer(&self.session, &self.view, self.area.width, self.area.height);
        assert_eq!((followed, cursor), anew);
        text(&anew.0)
    }

    pub fn shows(&self, part: &str) {
        assert!(self.screen().contains(part), "no {part} in:\n{}", self.screen());
    }

    pub fn hides(&self, part: &str) {
        assert!(!self.screen().contains(part), "{part} in:\n{}", self.screen());
    }

    /// The line that the hardware cursor is on.
    pub fn cursor_line(&self) -> String {
        let (_, cursor) = buffer(&self.session, &self.view, self.area.width, self.area.height);
        self.screen().lines().nth(usize::from(cursor.y)).unwrap_or("").to_string()
    }
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
    student.happens(Event::ShellEnded(Box::new(RoundRecord::between(before, after))));
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

/// A shell that mounts without end: who looks back stays where they look, or as near as is remembered.
#[test]
fn what_is_looked_at_stays() {
    let mut student = Student::new(at_proc());
    see(&mut student.session);
    let many: String = (0..30_000).map(|number| format!("{} 69 0:9 / /m rw - tmpfs m rw\n", 100 + number)).collect();
    let before = Snapshot { outside: side(&format!("{HOST}{many}"), true, 0), ..student.session.now.clone() };
    let more = format!("{HOST}{many}70 69 0:60 / /lab/leak rw - tmpfs leak rw\n");
    let after = Snapshot { outside: side(&more, true, 0), ..before.clone() };
    let record = Box::new(RoundRecord::between(before, after));
    let mount = |student: &mut Student, times: usize| {
        (0..times).for_each(|_| student.session.apply(Event::ByHand(record.clone())));
    };
    mount(&mut student, 4);
    student.types(",,,");
    student.shows("Change 2 of 5");
    mount(&mut student, 2);
    student.shows("Change 2 of 7");
    mount(&mut student, 3);
    student.shows("Change 5 of 10");
    student.types(".");
    student.shows("Change 6 of 10");
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
    student.press(KeyCode::Enter);
    // It asks first; Esc leaves the question.
    student.shows("What if CLONE_NEWPID is forgotten?");
    student.shows("What does ps list inside?");
    student.shows("clone(");
    student.press(KeyCode::Esc);
    student.shows("The container mounts a proc of its own");
    student.types("x2");
    student.types("3");
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
    student.press(KeyCode::End);
    assert!(student.screen().lines().nth(1).unwrap().ends_with(" PgUp.."), "{}", student.screen());
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
    student.happens(Event::Performed(Box::new(record)));
    student.shows("- INSIDE (o: OUTSIDE, 0 changes)");
    student.shows("+ /proc");
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
            for binding in keys::KEYS.iter().filter(|binding| binding.is_for(false)) {
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
    session.apply(Event::ShellEnded(Box::new(RoundRecord::between(before, after))));
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
                2 => Event::ShellEnded(Box::new(RoundRecord::between(now, whole.now.clone()))),
                3 => Event::NoShell("no".into()),
                _ => Event::Built(now),
            };
            student.happens(event);
        }
        student.screen();
    }
}
