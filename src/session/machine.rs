//! The course of a lesson as a pure state machine: commands in, effects out; events in, state changes. No clock, no I/O.

use super::{RoundRecord, Snapshot};
use crate::lesson::{Goal, Lesson, Prediction, Side};
use crate::mounts::Change;
use std::sync::Arc;

/// Where the student is within a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Read,
    Predict,
    Do,
    See,
    /// The closing page.
    After,
    /// A variant was performed.
    Broken,
    /// A state is to be brought about by hand.
    Task,
}

/// What was predicted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Guess {
    #[default]
    None,
    /// Not sure, show me.
    Unsure,
    One(usize),
    Ticks(Vec<bool>),
}

/// What the student wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Enter: the first entry of the key line.
    Forward,
    /// A digit; 0 is "not sure".
    Choose(usize),
    Next,
    Back,
    Goto(usize),
    /// Which variant, from 0.
    Break(usize),
    /// The next hint; after the last one of a task, its solution is typed.
    Tip,
    /// Have the task's solution typed.
    Show,
    Rebuild,
    Restart,
    Shell(Side),
    Leave,
    /// Esc: close what is asked.
    Cancel,
}

/// What somebody with a lab must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A new sandbox with so many steps performed.
    Build {
        replay: usize,
    },
    Perform {
        step: usize,
        round: usize,
    },
    Variant {
        step: usize,
        index: usize,
    },
    Shell {
        side: Side,
        step: usize,
    },
    /// Perform an operation of a task's palette.
    Try {
        step: usize,
        choice: usize,
    },
    /// Type a task's solution into the shells.
    Solve {
        step: usize,
    },
    /// From now on this is the lesson.
    Learn(Arc<Lesson>),
    Leave,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The rounds of the steps that were replayed, step by step; `Built` follows.
    Replayed(Vec<Vec<RoundRecord>>),
    Built(Snapshot),
    Performed(Box<RoundRecord>),
    VariantDone(Vec<RoundRecord>),
    /// Something changed while a shell is open.
    Seen(Box<RoundRecord>),
    /// A shell has ended: all that changed since it was opened.
    ShellEnded(Box<RoundRecord>),
    /// An operation of the palette was performed.
    Tried(Box<RoundRecord>),
    /// The solution was typed.
    Solved(Box<RoundRecord>),
    Failed(String),
    /// A shell could not be opened; the sandbox is as it was.
    NoShell(String),
}

/// What the last change did, on each side.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    pub before: Snapshot,
    pub after: Snapshot,
    pub outside: Vec<Change>,
    pub inside: Vec<Change>,
    pub by_hand: bool,
}

impl Marks {
    /// What happened between two moments.
    pub fn between(before: &Snapshot, after: &Snapshot, by_hand: bool) -> Marks {
        Marks { by_hand, ..Marks::of(&RoundRecord::between(before.clone(), after.clone())) }
    }

    fn of(record: &RoundRecord) -> Marks {
        Marks {
            before: record.before.clone(),
            after: record.after.clone(),
            outside: record.outside.clone(),
            inside: record.inside.clone(),
            by_hand: false,
        }
    }

    pub fn on(&self, side: Side) -> &[Change] {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }

    /// Whether a table changed, came, went, or is seen from another root directory.
    pub fn show_something(&self) -> bool {
        let root = |snapshot: &Snapshot| snapshot.inside.as_ref().map(|state| state.facts.root.clone());
        !self.outside.is_empty() || !self.inside.is_empty() || root(&self.before) != root(&self.after)
    }
}

/// One change of this sandbox, to be looked at again.
#[derive(Debug, Clone)]
pub struct Moment {
    pub step: usize,
    pub marks: Marks,
}

#[derive(Debug)]
pub struct Session {
    pub lesson: Arc<Lesson>,
    pub step: usize,
    pub phase: Phase,
    pub guess: Guess,
    /// The rounds of this step (or of the variant) that ran.
    pub rounds: Vec<RoundRecord>,
    pub now: Snapshot,
    /// The tables as they were when the step began: what a question points at.
    pub at_step: Snapshot,
    pub marks: Marks,
    /// The changes since the sandbox was built, oldest first.
    pub history: Vec<Moment>,
    pub hints: usize,
    pub variant: Option<usize>,
    /// An effect is under way.
    pub busy: bool,
    /// Said once, until the next command.
    pub trouble: Option<String>,
    /// The sandbox failed: Enter builds a new one.
    pub stuck: bool,
    /// A command that would lose what was done by hand waits for Enter or Esc.
    pub asks: Option<Command>,
    /// How many changes were made by hand since the sandbox was built.
    pub by_hand: usize,
    /// Steps whose stage ran.
    pub done: Vec<bool>,
    /// By step: whether the first prediction was what the kernel then did; None: not judged.
    pub sights: Vec<Option<bool>>,
    /// How far the step's task is.
    pub task: TaskState,
}

/// How far a task is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskState {
    /// Which conditions are ticked.
    pub ticks: Vec<bool>,
    /// Which nearly right state is there now.
    pub near: Option<usize>,
    /// All was ticked at one moment: it stays done.
    pub done: bool,
    /// nslab typed the solution.
    pub shown: bool,
}

impl Session {
    pub fn new(lesson: Arc<Lesson>, step: usize) -> (Session, Vec<Effect>) {
        let done = (0..lesson.steps.len()).map(|index| index < step).collect();
        let sights = vec![None; lesson.steps.len()];
        let session = Session {
            lesson,
            step,
            phase: Phase::Read,
            guess: Guess::None,
            rounds: Vec::new(),
            now: Snapshot::default(),
            at_step: Snapshot::default(),
            marks: Marks::default(),
            history: Vec::new(),
            hints: 0,
            variant: None,
            busy: true,
            trouble: None,
            stuck: false,
            asks: None,
            by_hand: 0,
            done,
            sights,
            task: TaskState::default(),
        };
        (session, vec![Effect::Build { replay: step }])
    }

    /// Takes another version of the lesson, at the same step. Where only words differ, nothing that ran is lost. Not while
    /// something is under way.
    pub fn relearn(&mut self, lesson: Arc<Lesson>) -> Vec<Effect> {
        let old = std::mem::replace(&mut self.lesson, lesson.clone());
        let only_words = Lesson { texts: old.texts.clone(), ..Lesson::clone(&lesson) } == *old;
        if only_words {
            return vec![Effect::Learn(lesson)];
        }
        let place = |id: &str| old.steps.iter().position(|step| step.id == id);
        let places: Vec<Option<usize>> = lesson.steps.iter().map(|step| place(&step.id)).collect();
        self.done = places.iter().map(|place| place.is_some_and(|place| self.done[place])).collect();
        self.sights = places.iter().map(|place| place.and_then(|place| self.sights[place])).collect();
        let last = lesson.steps.len() - 1;
        let here = places.iter().position(|place| *place == Some(self.step)).unwrap_or(self.step.min(last));
        self.asks = None;
        self.stuck = false;
        let mut effects = vec![Effect::Learn(lesson)];
        effects.extend(self.rebuild(here));
        effects
    }

    pub fn prediction(&self) -> Option<&Prediction> {
        self.lesson.steps[self.step].predict.as_ref()
    }

    /// Whether the step has a round that has not run.
    pub fn has_more(&self) -> bool {
        self.rounds.len() < self.lesson.steps[self.step].rounds.len()
    }

    /// Predictions that the kernel confirmed at first sight, of how many.
    pub fn first_sight(&self) -> (usize, usize) {
        let judged = self.sights.iter().flatten();
        (judged.clone().filter(|confirmed| **confirmed).count(), judged.count())
    }

    pub fn handle(&mut self, command: Command) -> Vec<Effect> {
        self.trouble = None;
        if let Some(waiting) = self.asks.take() {
            return match command {
                Command::Forward => self.go(waiting),
                _ => Vec::new(),
            };
        }
        // Whatever is under way, leaving is possible.
        if self.busy {
            return if command == Command::Leave { vec![Effect::Leave] } else { Vec::new() };
        }
        let loses = matches!(
            command,
            Command::Back | Command::Goto(_) | Command::Rebuild | Command::Restart | Command::Leave | Command::Break(_)
        );
        if loses && self.by_hand > 0 {
            self.asks = Some(command);
            return Vec::new();
        }
        self.go(command)
    }

    fn go(&mut self, command: Command) -> Vec<Effect> {
        let last = self.lesson.steps.len() - 1;
        match command {
            Command::Forward => self.forward(),
            Command::Choose(number) if self.phase == Phase::Task => self.try_out(number),
            Command::Choose(number) => {
                self.choose(number);
                Vec::new()
            }
            Command::Next if self.phase == Phase::See && !self.has_more() => self.leave_step(),
            Command::Next if self.phase == Phase::Task => self.leave_step(),
            Command::Next | Command::Cancel => Vec::new(),
            Command::Back if self.phase == Phase::After => self.rebuild(last),
            Command::Back => self.rebuild(self.step.saturating_sub(1)),
            Command::Goto(step) => self.rebuild(step.min(last)),
            Command::Rebuild => self.rebuild(self.step),
            Command::Restart => self.rebuild(0),
            Command::Break(index)
                if index < self.lesson.steps[self.step].variants.len() && self.phase != Phase::After =>
            {
                self.busy = true;
                self.variant = Some(index);
                vec![Effect::Variant { step: self.step, index }]
            }
            Command::Break(_) => Vec::new(),
            Command::Tip => {
                self.hints += 1;
                let last = self.lesson.task_hints(self.step);
                if self.hints > last { self.go(Command::Show) } else { Vec::new() }
            }
            Command::Show if self.phase == Phase::Task && !self.task.done => {
                self.busy = true;
                vec![Effect::Solve { step: self.step }]
            }
            Command::Show => Vec::new(),
            Command::Shell(Side::Inside) if self.now.inside.is_none() => Vec::new(),
            Command::Shell(side) => {
                self.busy = true;
                vec![Effect::Shell { side, step: self.step }]
            }
            Command::Leave => vec![Effect::Leave],
        }
    }

    fn forward(&mut self) -> Vec<Effect> {
        if std::mem::take(&mut self.stuck) {
            return self.rebuild(self.step);
        }
        match self.phase {
            Phase::Read if self.prediction().is_some() => self.phase = Phase::Predict,
            Phase::Read if !self.has_more() => self.begin_task(),
            Phase::Read => self.phase = Phase::Do,
            Phase::Predict => {
                if self.guess == Guess::None {
                    return Vec::new();
                }
                self.phase = Phase::Do;
            }
            Phase::Do => return self.perform(),
            Phase::See if self.has_more() => return self.perform(),
            Phase::See if self.lesson.steps[self.step].task.is_some() => self.begin_task(),
            Phase::See => return self.leave_step(),
            // A task is an offer: Enter alone walks through the whole lesson.
            Phase::Task => return self.leave_step(),
            Phase::Broken => return self.rebuild(self.step),
            Phase::After => return vec![Effect::Leave],
        }
        Vec::new()
    }

    /// The next step, or the closing page. What was done by hand for a task is not part of the lesson: the next step
    /// begins in a sandbox without it.
    fn leave_step(&mut self) -> Vec<Effect> {
        let next = self.step + 1;
        if next == self.lesson.steps.len() {
            self.phase = Phase::After;
            return Vec::new();
        }
        if self.phase == Phase::Task && self.by_hand > 0 {
            return self.rebuild(next);
        }
        self.enter(next);
        Vec::new()
    }

    fn begin_task(&mut self) {
        self.phase = Phase::Task;
        self.hints = 0;
        self.marks = Marks::default();
        let now = RoundRecord { before: self.now.clone(), after: self.now.clone(), ..RoundRecord::default() };
        self.see(&now);
    }

    fn try_out(&mut self, number: usize) -> Vec<Effect> {
        let offered = self.lesson.steps[self.step].task.as_ref().map_or(0, |task| task.palette.len());
        let Some(choice) = number.checked_sub(1).filter(|choice| *choice < offered) else { return Vec::new() };
        self.busy = true;
        vec![Effect::Try { step: self.step, choice }]
    }

    /// Ticks what holds now.
    fn see(&mut self, record: &RoundRecord) {
        let Some(task) = &self.lesson.steps[self.step].task else { return };
        self.task.ticks.resize(task.until.len(), false);
        for (tick, goal) in self.task.ticks.iter_mut().zip(&task.until) {
            let holds = super::holds(goal.condition(), record) == Some(true);
            *tick = holds || (*tick && matches!(goal, Goal::Once(_)));
        }
        for (tick, on_the_way) in self.task.ticks.iter_mut().zip(&record.ticked) {
            *tick |= on_the_way;
        }
        self.task.done |= self.task.ticks.iter().all(|tick| *tick);
        self.task.near = task.near.iter().position(|near| super::holds(near, record) == Some(true));
        if self.task.done {
            self.done[self.step] = true;
        }
    }

    /// What somebody did by hand.
    fn by_hand(&mut self, record: RoundRecord) {
        if self.phase == Phase::Task {
            self.see(&record);
        }
        let ended = usize::from(record.before.inside.is_some() != record.after.inside.is_some());
        self.by_hand += record.outside.len() + record.inside.len() + ended;
        self.now = record.after.clone();
        self.marks = Marks { by_hand: true, ..Marks::of(&record) };
        self.remember(self.step, self.marks.clone());
    }

    fn perform(&mut self) -> Vec<Effect> {
        self.busy = true;
        vec![Effect::Perform { step: self.step, round: self.rounds.len() }]
    }

    fn choose(&mut self, number: usize) {
        if self.phase != Phase::Predict {
            return;
        }
        let ticks = match self.prediction() {
            Some(Prediction::Tick { items }) => Some(items.len()),
            _ => None,
        };
        self.guess = match (number, ticks) {
            (0, _) => Guess::Unsure,
            (number, None) => Guess::One(number - 1),
            (number, Some(count)) => {
                let mut ticks = match std::mem::take(&mut self.guess) {
                    Guess::Ticks(ticks) => ticks,
                    _ => vec![false; count],
                };
                if let Some(tick) = ticks.get_mut(number - 1) {
                    *tick = !*tick;
                }
                Guess::Ticks(ticks)
            }
        };
    }

    fn enter(&mut self, step: usize) {
        self.step = step;
        self.phase = Phase::Read;
        self.guess = Guess::None;
        self.rounds.clear();
        self.hints = 0;
        self.variant = None;
        self.at_step = self.now.clone();
        self.marks = Marks::default();
        self.task = TaskState::default();
    }

    fn rebuild(&mut self, step: usize) -> Vec<Effect> {
        self.enter(step);
        self.history.clear();
        self.busy = true;
        vec![Effect::Build { replay: step }]
    }

    pub fn apply(&mut self, event: Event) {
        self.busy = false;
        match event {
            Event::Replayed(steps) => {
                self.busy = true;
                for (step, record) in
                    steps.iter().enumerate().flat_map(|(step, rounds)| rounds.iter().map(move |record| (step, record)))
                {
                    self.remember(step, Marks::of(record));
                }
            }
            Event::Built(now) => {
                self.now = now;
                self.at_step = self.now.clone();
                self.by_hand = 0;
            }
            Event::Performed(record) => {
                self.mark(&record);
                self.remember(self.step, self.marks.clone());
                self.rounds.push(*record);
                self.phase = Phase::See;
                self.done[self.step] = true;
                if self.rounds.len() == 1 && self.variant.is_none() {
                    self.score();
                }
            }
            Event::VariantDone(records) => {
                self.history.clear();
                for record in &records {
                    self.remember(self.step, Marks::of(record));
                }
                if let (Some(first), Some(last)) = (records.first(), records.last()) {
                    // What the whole variant did, whichever round did it.
                    self.mark(last);
                    self.marks = Marks::between(&first.before, &last.after, false);
                }
                self.rounds = records;
                self.phase = Phase::Broken;
            }
            Event::Seen(record) => {
                // The shell is still open; what it did as a whole is told when it ends.
                self.busy = true;
                if self.phase == Phase::Task {
                    self.see(&record);
                }
            }
            Event::ShellEnded(record) => self.by_hand(*record),
            Event::Tried(record) => {
                self.rounds.push((*record).clone());
                self.by_hand(*record);
            }
            Event::Solved(record) => {
                self.task.shown = true;
                self.rounds.push((*record).clone());
                self.by_hand(*record);
            }
            Event::Failed(what) => {
                self.trouble = Some(what);
                self.stuck = true;
            }
            Event::NoShell(what) => self.trouble = Some(what),
        }
    }

    fn mark(&mut self, record: &RoundRecord) {
        self.now = record.after.clone();
        self.marks = Marks::of(record);
    }

    fn remember(&mut self, step: usize, marks: Marks) {
        if marks.show_something() {
            self.history.push(Moment { step, marks });
        }
    }

    fn score(&mut self) {
        let Some(prediction) = self.prediction() else { return };
        let kernel = super::judge(prediction, &self.rounds);
        let same = match (&self.guess, &kernel) {
            (_, super::Kernel::Void) => return,
            (Guess::One(one), super::Kernel::Option(option)) => one == option,
            (Guess::Ticks(ticks), super::Kernel::Ticks(truth)) => ticks == truth,
            _ => false,
        };
        self.sights[self.step].get_or_insert(same);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(session.handle(Command::Forward), [Effect::Perform { step: 0, round: 0 }]);
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
        session.handle(Command::Goto(4));
        session.apply(Event::Built(Snapshot::default()));
        assert_eq!(session.handle(Command::Break(0)), [Effect::Variant { step: 4, index: 0 }]);
        session.apply(Event::VariantDone(vec![RoundRecord::default()]));
        assert_eq!(session.phase, Phase::Broken);
        assert_eq!(session.handle(Command::Forward), [Effect::Build { replay: 4 }]);
    }
}
