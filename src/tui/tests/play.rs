//! `nslab play` as somebody plays at the screen.

use super::student::Student;
use super::*;
use crate::session::{Effect, Form, Order, Past, Phase, Wrote};
use crate::tui::act::{pasted, press};
use crate::tui::play::Sheet;
use crate::tui::view::Mode;
use crossterm::event::{KeyEvent, KeyModifiers};

fn past_of(steps: Vec<Vec<RoundRecord>>) -> Box<Past> {
    Box::new(Past { steps, ..Past::default() })
}

/// A practice host without a container, and nothing done yet.
fn begun() -> Student {
    let (mut session, effects) = Session::play(Arc::new(crate::play::lesson()));
    assert_eq!(effects, [Effect::Build { replay: 1 }]);
    let now = Snapshot { outside: side(HOST, true, 0), inside: None };
    session.apply(Event::Replayed(past_of(vec![Vec::new()])));
    session.apply(Event::Built(now));
    Student::new(session)
}

/// What the lab answers to the step that was added.
fn answer(student: &mut Student, after: Snapshot, result: Result<i64, i32>) {
    let session = &student.session;
    let round = session.lesson.steps.last().unwrap().rounds[0].clone();
    let calls = round.does.iter().flat_map(lower).map(|call| CallRecord { call, result, micros: 18 });
    let mut record = RoundRecord::between(session.now.clone(), after);
    record.calls = calls.collect();
    record.actor = Some(round.actor);
    student.happens(Event::Performed(Box::new(record)));
}

/// With a container.
fn cloned() -> Student {
    let mut student = begun();
    student.press(KeyCode::Enter);
    student.press(KeyCode::Enter);
    student.press(KeyCode::Enter);
    answer(&mut student, Snapshot { outside: side(HOST, true, 0), inside: Some(side(&inside(), false, 1)) }, Ok(4711));
    student
}

fn mounted() -> Student {
    let mut student = cloned();
    student.press(KeyCode::Enter);
    student.press(KeyCode::Tab);
    student.types("mount");
    student.press(KeyCode::Enter);
    let Act::Effects(effects) = student.press(KeyCode::Enter) else { panic!("nothing is performed") };
    assert!(matches!(effects[..], [Effect::Learn(_), Effect::Perform { step: 2, round: 0, .. }]), "{effects:?}");
    let more = format!("{}109 91 0:50 / /lab/data rw,nosuid,nodev - tmpfs tmpfs rw\n", inside());
    let after = Snapshot { outside: student.session.now.outside.clone(), inside: Some(side(&more, false, 1)) };
    answer(&mut student, after, Ok(0));
    student
}

#[test]
fn every_sheet_at_both_sizes_in_both_languages() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height) in [(80, 24), (160, 45)] {
            let shot = |student: &mut Student, name: &str| {
                student.view.lang = lang;
                let text = screen(&student.session, &student.view, width, height);
                insta::assert_snapshot!(format!("{}-{width}x{height}-{name}", lang.code()), text);
            };
            let mut student = begun();
            shot(&mut student, "begin");
            student.press(KeyCode::Enter);
            shot(&mut student, "palette");
            let mut student = cloned();
            student.press(KeyCode::Enter);
            student.press(KeyCode::Tab);
            student.types("mount");
            shot(&mut student, "filter");
            student.press(KeyCode::Enter);
            shot(&mut student, "form");
            student.press(KeyCode::Backspace);
            student.types(", at: /x }");
            shot(&mut student, "fault");
            let mut student = mounted();
            shot(&mut student, "done");
            student.types("w");
            shot(&mut student, "write");
        }
    }
}

/// What the palette shows is what runs: the calls that were previewed are those of the step that is performed.
#[test]
fn what_is_previewed_is_performed() {
    let mut student = cloned();
    student.press(KeyCode::Enter);
    student.types("hostn");
    student.press(KeyCode::Enter);
    student.shows("sethostname(\"box\", 3)");
    student.press(KeyCode::Enter);
    let step = student.session.lesson.steps.last().unwrap();
    assert_eq!(
        step.rounds[0].does.iter().flat_map(lower).map(|call| call.to_string()).collect::<Vec<_>>(),
        ["sethostname(\"box\", 3)"]
    );
    assert!(student.session.busy);
}

/// Nothing that was typed is lost: not by a fault, not by going back to the list, not by closing it.
#[test]
fn a_fault_loses_nothing() {
    let mut student = cloned();
    student.press(KeyCode::Enter);
    student.press(KeyCode::Tab);
    student.types("mount");
    student.press(KeyCode::Enter);
    student.press(KeyCode::Backspace);
    student.types("at: 容器 }");
    student.shows("nodev] at: 容器 }");
    let before = student.session.lesson.clone();
    assert_eq!(student.press(KeyCode::Enter), Act::Effects(vec![]));
    student.shows("nodev] at: 容器 }");
    student.shows("Column");
    assert!(Arc::ptr_eq(&before, &student.session.lesson), "nothing is performed");
    student.press(KeyCode::Esc);
    assert_eq!(student.view.mode, Mode::Play(Sheet::List));
    student.press(KeyCode::Esc);
    student.press(KeyCode::Esc);
    assert_eq!(student.view.mode, Mode::Look);
    student.press(KeyCode::Enter);
    student.types("mount");
    student.press(KeyCode::Enter);
    student.shows("nodev] at: 容器 }");
    // The cursor is in the line, where the next letter comes.
    assert!(student.cursor_line().contains("容器"), "{}", student.cursor_line());
}

/// A text at once goes where the cursor is, in every line that is typed, and is the answer to no question.
#[test]
fn a_paste_is_typed() {
    let mut student = begun();
    pasted("nowhere", &mut student.view);
    student.press(KeyCode::Enter);
    pasted("hos\ntn", &mut student.view);
    student.shows("Filter: hostn");
    student.press(KeyCode::Enter);
    let line = |student: &Student| student.view.palette.lines[student.view.palette.name].text();
    let before = line(&student);
    student.press(KeyCode::Left);
    pasted("容器", &mut student.view);
    let (all, last) = before.split_at(before.len() - 1);
    assert_eq!(line(&student), format!("{all}容器{last}"));
    let mut student = mounted();
    student.types("w");
    pasted("/of-mine\t", &mut student.view);
    student.shows("my-lesson/of-mine");
    student.view.mode = Mode::Play(Sheet::Replace);
    pasted("x", &mut student.view);
    assert_eq!(student.view.mode, Mode::Play(Sheet::Replace));
    pasted(&"x".repeat(1_000_000), &mut student.view);
    student.view.mode = Mode::Play(Sheet::Write);
    pasted(&"x".repeat(1_000_000), &mut student.view);
    assert!(student.view.palette.files[0].text().len() < 10_000, "nobody types a longer one");
}

#[test]
fn the_container_acts_once_it_is_there() {
    let mut student = begun();
    student.press(KeyCode::Enter);
    student.shows("no container yet");
    student.press(KeyCode::Tab);
    student.shows("There is no container now");
    student.types("chroot");
    student.press(KeyCode::Enter);
    student.shows("There is no container now");
    assert_eq!(student.press(KeyCode::Enter), Act::Effects(vec![]));
    let mut student = cloned();
    student.press(KeyCode::Enter);
    student.press(KeyCode::Tab);
    student.shows("practice host  [container]");
    student.types("clone");
    student.press(KeyCode::Enter);
    student.shows("one at a time");
}

/// Back is a new sandbox with all but the last step, which is seen as it was.
#[test]
fn back_takes_the_last_step_away() {
    let mut student = mounted();
    student.shows("+ /lab/data");
    student.shows("3/3");
    let Act::Effects(effects) = student.press(KeyCode::Backspace) else { panic!("nothing is taken back") };
    assert!(matches!(&effects[..], [Effect::Learn(lesson), Effect::Build { replay: 2 }] if lesson.steps.len() == 2));
    let past = student.session.past.clone();
    assert_eq!(past.len(), 2);
    let now = past[1][0].after.clone();
    student.happens(Event::Replayed(past_of(past)));
    student.happens(Event::Built(now));
    student.shows("2/2");
    student.shows("clone(child");
    student.hides("/lab/data ");
    assert_eq!((student.session.phase, student.session.rounds.len()), (Phase::See, 1));
    // Then the first one, and then there is nothing more.
    student.press(KeyCode::Backspace);
    let begin = Snapshot { outside: side(HOST, true, 0), inside: None };
    student.happens(Event::Replayed(past_of(vec![Vec::new()])));
    student.happens(Event::Built(begin));
    student.shows("1/1");
    student.press(KeyCode::Backspace);
    student.shows("Nothing to take back");
}

/// What the practice host did not survive is not done again by the rebuild.
#[test]
fn a_step_that_failed_is_no_step() {
    let mut student = cloned();
    student.press(KeyCode::Enter);
    student.types("sh");
    student.press(KeyCode::Enter);
    student.press(KeyCode::Enter);
    assert_eq!(student.session.lesson.steps.len(), 3);
    student.happens(Event::Failed("it broke".into()));
    student.shows("it broke");
    let Act::Effects(effects) = student.press(KeyCode::Enter) else { panic!("nothing is built") };
    assert!(matches!(&effects[..], [Effect::Learn(lesson), Effect::Build { replay: 2 }] if lesson.steps.len() == 2));
}

/// What was typed by hand is asked about before it is lost, also here.
#[test]
fn typed_changes_are_asked_about() {
    let mut student = mounted();
    let more = format!("{HOST}70 69 0:60 / /lab/leak rw - tmpfs leak rw\n");
    let after = Snapshot { outside: side(&more, true, 0), ..student.session.now.clone() };
    let record = RoundRecord::between(student.session.now.clone(), after);
    student.happens(Event::ShellEnded(Box::new(record)));
    student.shows("(by hand)");
    assert_eq!(student.press(KeyCode::Backspace), Act::Effects(vec![]));
    student.shows("not replayed");
    student.press(KeyCode::Esc);
    student.types("w");
    student.shows("is not in it");
}

#[test]
fn writing_asks_before_it_replaces() {
    let mut student = begun();
    student.types("w");
    student.shows("Nothing to write");
    let mut student = mounted();
    student.types("w");
    student.press(KeyCode::Down);
    student.shows("> a shell script");
    student.types("x");
    let order = |replaces| Order { form: Form::Script, path: "play.shx".into(), replaces };
    assert_eq!(student.press(KeyCode::Enter), Act::Effects(vec![Effect::Write(order(false))]));
    student.happens(Event::Wrote(Wrote::Exists("play.shx".into())));
    student.shows("play.shx is there already. Enter replaces it, Esc keeps it.");
    student.press(KeyCode::Esc);
    assert_eq!(student.view.mode, Mode::Play(Sheet::Write), "kept");
    student.press(KeyCode::Enter);
    student.happens(Event::Wrote(Wrote::Exists("play.shx".into())));
    assert_eq!(student.press(KeyCode::Enter), Act::Effects(vec![Effect::Write(order(true))]));
    student.happens(Event::Wrote(Wrote::Failed("disk full".into())));
    student.shows("Not written: disk full");
    student.shows("play.shx");
    student.press(KeyCode::Enter);
    let again = student.session.past.clone();
    let done = Wrote::Done { path: "play.shx".into(), again, left_out: vec![1] };
    student.happens(Event::Wrote(done));
    student.shows("Written: play.shx");
    student.shows("Left out, since every row was of that type already: step 2.");
    student.press(KeyCode::Enter);
    assert_eq!(student.view.mode, Mode::Look);
    student.types("q");
    assert!(student.session.asks.is_none(), "nothing is lost");
}

#[test]
fn what_is_in_no_file_is_asked_about() {
    assert_eq!(begun().press(KeyCode::Char('q')), Act::Effects(vec![Effect::Leave]));
    for key in ['q', 'R'] {
        let mut student = mounted();
        assert_eq!(student.press(KeyCode::Char(key)), Act::Effects(vec![]));
        student.shows("What you did (2 operations) stands in no file: w writes it.");
        student.press(KeyCode::Esc);
        student.hides("stands in no file");
        student.press(KeyCode::Char(key));
        assert_ne!(student.press(KeyCode::Enter), Act::Effects(vec![]));
    }
    // Taking a step back is no loss that nobody wanted.
    let mut student = mounted();
    assert_ne!(student.press(KeyCode::Backspace), Act::Effects(vec![]));
    assert_eq!(student.session.unwritten, 1);
    // What came after the file goes first: all that is left stands in it.
    let mut student = mounted();
    student.session.unwritten = 1;
    student.press(KeyCode::Backspace);
    assert_eq!(student.session.unwritten, 0);
}

/// The keys of a lesson's steps say that there are none; in a lesson `w` does nothing.
#[test]
fn keys_that_have_no_meaning_here() {
    let mut student = mounted();
    for key in ["g", "x", "t", "n"] {
        student.types(key);
        student.shows("There are no steps to go to here");
        assert_eq!(student.view.mode, Mode::Look, "{key}");
    }
    let mut student = Student::new(at_proc());
    student.types("w");
    assert_eq!(student.view.mode, Mode::Look);
}

#[test]
fn the_help_page_has_the_keys_that_mean_something_here() {
    let mut student = begun();
    student.types("?");
    student.shows("w                    write what was done");
    student.hides("break it, then a digit");
}

/// Letters are text while something is typed, Ctrl-C leaves all the same; once it asks, since nothing was written.
#[test]
fn leaving_is_possible_from_every_sheet() {
    for sheet in [Sheet::List, Sheet::Form, Sheet::Write, Sheet::Replace] {
        let mut student = mounted();
        student.press(KeyCode::Enter);
        student.types("qL?");
        assert_eq!(student.view.palette.filter.text(), "qL?");
        student.view.mode = Mode::Play(sheet);
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let mut leave = || {
            let scene = crate::tui::scene::Scene::of(&student.session, &student.view);
            press(key, &mut student.session, &mut student.view, &scene, student.area)
        };
        assert_eq!(leave(), Act::Effects(vec![]), "{sheet:?}");
        assert_eq!(leave(), Act::Effects(vec![Effect::Leave]), "{sheet:?}");
    }
}

/// No sheet is wider than the screen or fails on it, at any size.
#[test]
fn sheets_fit_every_screen() {
    for lang in [Lang::En, Lang::Zh] {
        let mut student = mounted();
        student.press(KeyCode::Enter);
        student.types("mount");
        student.press(KeyCode::Enter);
        student.types(&"，长的参数".repeat(12));
        student.view.lang = lang;
        student.view.palette.said = "a line that is written\n".repeat(9);
        for sheet in [Sheet::List, Sheet::Form, Sheet::Write, Sheet::Replace, Sheet::Wrote] {
            student.view.mode = Mode::Play(sheet);
            for width in (60..=170).step_by(5) {
                for height in [16, 24, 45] {
                    for line in screen(&student.session, &student.view, width, height).lines() {
                        assert!(line.width() < usize::from(width), "{width}x{height} {sheet:?}: {line}");
                    }
                }
            }
        }
    }
}
