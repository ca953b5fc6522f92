//! That what matters has room, in both languages, down to the smallest screens.

use super::*;
use crate::lesson::Lesson;
use crate::session::Phase;

fn at(lesson: &str, step: usize, inside: Option<&str>) -> Session {
    begun(&Arc::new(crate::lesson::open(lesson).unwrap()), step, inside)
}

fn begun(lesson: &Arc<Lesson>, step: usize, inside: Option<&str>) -> Session {
    let (mut session, _) = Session::new(lesson.clone(), step);
    let inside = inside.map(|table| side(table, false, 1));
    session.apply(Event::Built(Snapshot { outside: side(HOST, true, 0), inside }));
    session
}

fn step_where(lesson: &str, wanted: impl Fn(&crate::lesson::Step) -> bool) -> usize {
    crate::lesson::open(lesson).unwrap().steps.iter().position(wanted).unwrap()
}

/// The first round is performed, and no row changes.
fn performs(session: &mut Session) {
    for command in [Command::Forward, Command::Choose(1), Command::Forward, Command::Forward] {
        session.handle(command);
    }
    let record = performed(session, session.now.clone(), &[]);
    session.apply(Event::Performed(Box::new(record)));
}

fn in_lang(lang: Lang) -> View {
    View::new(lang)
}

#[test]
fn layers_and_a_lost_guess_stand_on_one_page() {
    let step = step_where("image-layers", |step| {
        step.layers.as_ref().is_some_and(|layers| layers.paths.len() == 3)
            && step.predict.is_some()
            && step.rounds[0].does.len() == 1
    });
    let mut session = at("image-layers", step, None);
    performs(&mut session);
    for lang in [Lang::En, Lang::Zh] {
        let shown = screen(&session, &in_lang(lang), 80, 24);
        assert!(!shown.contains("Space.."), "{shown}");
        // Its last words stand there.
        let see = &session.lesson.step_text(lang.code(), step).see[0];
        let last = see.trim_end().replace('`', "").chars().rev().take(4).collect::<Vec<_>>();
        assert!(shown.contains(&last.iter().rev().collect::<String>()), "{see}\n{shown}");
    }
}

#[test]
fn every_title_is_whole() {
    for name in crate::lesson::bundled() {
        let lesson = Arc::new(crate::lesson::open(&name).unwrap());
        for step in 0..lesson.steps.len() {
            let session = begun(&lesson, step, None);
            for lang in [Lang::En, Lang::Zh] {
                let title = &lesson.step_text(lang.code(), step).title;
                for (width, height) in [(60, 18), (80, 24), (110, 30), (160, 45)] {
                    let shown = screen(&session, &in_lang(lang), width, height);
                    assert!(shown.lines().next().unwrap().contains(title), "{name}: {title}\n{shown}");
                }
            }
        }
    }
}

/// A sign over a page that goes on hides whole characters.
#[test]
fn no_wide_character_is_halved() {
    let mut signs = 0;
    for name in crate::lesson::bundled() {
        let lesson = Arc::new(crate::lesson::open(&name).unwrap());
        for step in 0..lesson.steps.len() {
            let mut session = begun(&lesson, step, Some(&inside()));
            session.handle(Command::Forward);
            for width in [60, 61, 80, 81] {
                let (buffer, _) = buffer(&session, &in_lang(Lang::Zh), width, 16);
                for y in 0..16 {
                    let line = || (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
                    signs += usize::from(line().contains("PgUp..") || line().contains("Space.."));
                    for x in 0..width - 1 {
                        let whole = buffer[(x, y)].symbol().width() < 2 || buffer[(x + 1, y)].symbol() == " ";
                        assert!(whole, "{name} {}: {}", step + 1, line());
                    }
                }
            }
        }
    }
    assert!(signs > 20, "{signs}");
}

#[test]
fn more_calls_than_are_shown_are_counted() {
    let many = |step: &crate::lesson::Step| {
        let round = &step.rounds.first();
        round.is_some_and(|round| round.does.iter().flat_map(lower).count() + round.lines().count() > 5)
    };
    let step = step_where("propagation", many);
    let mut session = at("propagation", step, Some(&inside()));
    session.handle(Command::Forward);
    for (lang, words) in [(Lang::En, " more"), (Lang::Zh, "还有 ")] {
        let shown = screen(&session, &in_lang(lang), 80, 24);
        assert!(shown.lines().any(|line| line.trim_start().starts_with("..") && line.contains(words)), "{shown}");
    }
    // After they ran, what they led to comes before the long list of them.
    performs(&mut session);
    assert_eq!(session.phase, Phase::See);
    let shown = screen(&session, &in_lang(Lang::En), 80, 24);
    let line = |part: &str| shown.lines().position(|line| line.contains(part));
    let calls = shown.lines().position(|line| line.contains(") = 0"));
    let verdict = line("master: names the group").unwrap_or_else(|| panic!("{shown}"));
    assert!(calls.is_none_or(|calls| verdict < calls), "{shown}");
}

#[test]
fn one_table_at_a_time_is_one_that_is_there() {
    let mut student = Student::new(at("mount-ns", 0, None));
    student.area = Rect::new(0, 0, 60, 18);
    let snapshot = |inside| Snapshot { outside: side(HOST, true, 0), inside };
    student.happens(Event::Built(snapshot(None)));
    student.shows("/dev/pts");
    student.shows("OUTSIDE (o: ");
    student.happens(Event::Built(snapshot(Some(side(HOST, false, 1)))));
    student.shows("INSIDE (o: ");
}

/// `t` after the last tip of a task shows the solution: nobody says that there is no tip.
#[test]
fn a_task_has_its_own_tips() {
    let step = step_where("mount-ns", |step| step.task.is_some());
    let mut student = Student::new(at("mount-ns", step, Some(&inside())));
    student.session.phase = Phase::Task;
    for _ in 0..4 {
        student.types("t");
        student.hides("no other tip");
    }
    assert!(student.session.busy, "the solution is typed");
}

/// Where there is no container, `#` says so.
#[test]
fn a_shell_that_cannot_be_is_said() {
    let mut student = Student::new(at("mount-ns", 0, None));
    student.types("#");
    student.shows("There is no container now.");
}
