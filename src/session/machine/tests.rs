use super::*;
use crate::session::Event;
use crate::words::Lang;

fn session() -> Session {
    let lesson = crate::lesson::open("mount-ns").unwrap();
    let (mut session, effects) = Session::new(Arc::new(lesson), 0);
    assert_eq!(effects, [Effect::Build { replay: 0 }]);
    session.apply(Event::Built(Snapshot::default()));
    session
}

#[test]
fn read_predict_do_see_next() {
    let mut session = session();
    assert!(session.handle(Command::Forward).is_empty());
    assert_eq!(session.phase, Phase::Predict);
    assert!(session.handle(Command::Forward).is_empty(), "Enter without an answer runs nothing");
    assert_eq!(session.phase, Phase::Predict);
    session.handle(Command::Choose(2));
    session.handle(Command::Forward);
    assert_eq!(session.handle(Command::Forward), [Effect::Perform { step: 0, round: 0, guess: Guess::One(1) }]);
    assert!(session.handle(Command::Forward).is_empty(), "busy");
    session.apply(Event::Performed(Box::default()));
    assert_eq!((session.phase, session.done[0]), (Phase::See, true));
    session.handle(Command::Forward);
    assert_eq!((session.step, session.phase), (1, Phase::Read));
}

#[test]
fn what_is_lost_is_asked_first() {
    let mut session = session();
    session.by_hand = 2;
    assert!(session.handle(Command::Leave).is_empty());
    assert_eq!(session.asks, Some(Command::Leave));
    assert!(session.handle(Command::Cancel).is_empty());
    session.handle(Command::Back);
    assert_eq!(session.handle(Command::Forward), [Effect::Build { replay: 0 }]);
    session.apply(Event::Built(Snapshot::default()));
    session.by_hand = 1;
    assert!(session.handle(Command::Leave).is_empty());
    assert_eq!(session.handle(Command::Leave), [Effect::Leave], "the same key again");
}

fn with_task() -> Session {
    let mut session = session();
    let lesson = session.lesson.clone();
    session.handle(Command::Goto(lesson.step_index("private").unwrap()));
    session.apply(Event::Built(Snapshot::default()));
    for _ in 0..2 {
        session.handle(Command::Choose(1));
        session.handle(Command::Forward);
    }
    for _ in 0..3 {
        session.handle(Command::Choose(1));
        session.handle(Command::Forward);
        session.apply(Event::Performed(Box::default()));
    }
    assert_eq!(session.handle(Command::Forward), []);
    assert_eq!(session.phase, Phase::Task);
    session
}

#[test]
fn enter_alone_passes_a_task_by() {
    let mut session = with_task();
    let step = session.step;
    assert!(session.handle(Command::Forward).is_empty());
    assert_eq!((session.step, session.phase), (step + 1, Phase::Read));
}

/// Hints in order, then the solution is offered; what was done for the task is not part of the next step.
#[test]
fn a_task_is_tried_shown_and_left() {
    let mut session = with_task();
    let step = session.step;
    assert_eq!(session.handle(Command::Choose(1)), [Effect::Try { step, choice: 0 }]);
    session.apply(Event::Tried(Box::default()));
    assert!(session.handle(Command::Choose(9)).is_empty(), "the palette has no such line");
    for _ in 0..3 {
        assert!(session.handle(Command::Tip).is_empty());
    }
    assert_eq!(session.handle(Command::Tip), [Effect::Solve { step }]);
    let ticked = vec![true, true];
    session.apply(Event::Solved(Box::new(RoundRecord { ticked, ..RoundRecord::default() })));
    assert!(session.task.shown && session.task.done);
    session.by_hand = 1;
    session.handle(Command::Forward);
    assert_eq!(session.asks, None, "a task is there to be done: nothing is lost");
    assert_eq!((session.step, session.busy), (step + 1, true));
}

#[test]
fn a_variant_ends_in_a_rebuild() {
    let mut session = session();
    let mut lesson = Lesson::clone(&session.lesson);
    lesson.steps[4].variants[0].predict = None;
    session.lesson = Arc::new(lesson);
    session.handle(Command::Goto(4));
    session.apply(Event::Built(Snapshot::default()));
    assert_eq!(session.handle(Command::Break(0)), [Effect::Variant { step: 4, index: 0 }]);
    session.apply(Event::VariantDone(vec![RoundRecord::default()]));
    assert_eq!(session.phase, Phase::Broken);
    assert_eq!(session.handle(Command::Forward), [Effect::Build { replay: 4 }]);
}

/// A variant that asks is performed once there is an answer; Esc goes back to where one was, and no score is kept.
#[test]
fn a_variant_asks_before_it_runs() {
    let mut session = session();
    session.handle(Command::Goto(4));
    session.apply(Event::Built(Snapshot::default()));
    session.handle(Command::Forward);
    session.handle(Command::Choose(2));
    assert_eq!(session.handle(Command::Break(0)), []);
    let variant = &session.lesson.steps[4].variants[0];
    assert_eq!((session.phase, &session.guess), (Phase::Predict, &Guess::None));
    assert_eq!((session.prediction(), session.coming()), (variant.predict.as_ref(), &variant.rounds[..]));
    let words = &session.lesson.step_text("en", 4).variants[&variant.id];
    assert_eq!(session.asked(Lang::En), &words.asked);
    assert_eq!(session.handle(Command::Forward), [], "no answer yet");
    // Another one is chosen instead, and left: back at the step's own question and guess.
    session.handle(Command::Break(1));
    assert!(session.asks_before_variant());
    session.handle(Command::Cancel);
    assert_eq!((session.phase, &session.guess, session.variant), (Phase::Predict, &Guess::One(1), None));
    assert!(!session.asks_before_variant());
    session.handle(Command::Break(1));
    session.handle(Command::Choose(1));
    assert_eq!(session.handle(Command::Forward), [Effect::Variant { step: 4, index: 1 }]);
    session.apply(Event::VariantDone(vec![RoundRecord::default()]));
    assert_eq!((session.phase, &session.guess, session.sights[4]), (Phase::Broken, &Guess::One(0), None));
    assert_eq!(session.handle(Command::Forward), [Effect::Build { replay: 4 }]);
    assert_eq!(session.prediction(), session.lesson.steps[4].predict.as_ref());
}

/// A saved lesson is taken at the step where one is: words alone without losing what ran, else in a new sandbox.
#[test]
fn another_version_of_the_lesson() {
    let mut session = session();
    session.handle(Command::Goto(4));
    session.apply(Event::Built(Snapshot::default()));
    session.sights[3] = Some(true);
    let id = session.lesson.steps[4].id.clone();
    let mut words = Lesson::clone(&session.lesson);
    words.texts.get_mut("en").unwrap().title = "other".into();
    session.handle(Command::Forward);
    assert!(matches!(session.relearn(Arc::new(words.clone()))[..], [Effect::Learn(_)]));
    assert_eq!((session.step, session.phase), (4, Phase::Predict), "what was reached is kept");
    let mut shorter = words;
    shorter.steps.remove(1);
    let effects = session.relearn(Arc::new(shorter));
    assert!(matches!(effects[..], [Effect::Learn(_), Effect::Build { replay: 3 }]), "{effects:?}");
    assert_eq!((session.lesson.steps[session.step].id.as_str(), session.phase), (id.as_str(), Phase::Read));
    assert_eq!((session.sights[2], session.sights.len()), (Some(true), session.lesson.steps.len()));
    session.apply(Event::Built(Snapshot::default()));
    let mut one = Lesson::clone(&session.lesson);
    one.steps.truncate(1);
    assert!(matches!(session.relearn(Arc::new(one))[..], [Effect::Learn(_), Effect::Build { replay: 0 }]));
}
