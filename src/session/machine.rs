//! The course of a lesson as a pure state machine: commands in, effects out; events in, state changes. No clock, no I/O.

use super::{RoundRecord, Snapshot};
use crate::lesson::{Lesson, Prediction, Side};
use crate::mounts::{Change, changes};
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
    Tip,
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
    Shell(Side),
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
    ShellEnded {
        before: Snapshot,
        after: Snapshot,
    },
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
        let inside = match (&before.inside, &after.inside) {
            (Some(old), Some(new)) => changes(&old.table, &new.table),
            _ => Vec::new(),
        };
        let outside = changes(&before.outside.table, &after.outside.table);
        Marks { before: before.clone(), after: after.clone(), outside, inside, by_hand }
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
    /// Steps whose stage ran, and predictions: confirmed, judged.
    pub done: Vec<bool>,
    pub first_sight: (usize, usize),
}

impl Session {
    pub fn new(lesson: Arc<Lesson>, step: usize) -> (Session, Vec<Effect>) {
        let done = (0..lesson.steps.len()).map(|index| index < step).collect();
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
            first_sight: (0, 0),
        };
        (session, vec![Effect::Build { replay: step }])
    }

    pub fn prediction(&self) -> Option<&Prediction> {
        self.lesson.steps[self.step].predict.as_ref()
    }

    /// Whether the step has a round that has not run.
    pub fn has_more(&self) -> bool {
        self.rounds.len() < self.lesson.steps[self.step].rounds.len()
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
            Command::Choose(number) => {
                self.choose(number);
                Vec::new()
            }
            Command::Next if self.phase == Phase::See && !self.has_more() => self.forward(),
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
                Vec::new()
            }
            Command::Shell(Side::Inside) if self.now.inside.is_none() => Vec::new(),
            Command::Shell(side) => {
                self.busy = true;
                vec![Effect::Shell(side)]
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
            Phase::Read => self.phase = Phase::Do,
            Phase::Predict => {
                if self.guess == Guess::None {
                    return Vec::new();
                }
                self.phase = Phase::Do;
            }
            Phase::Do => return self.perform(),
            Phase::See if self.has_more() => return self.perform(),
            Phase::See if self.step + 1 < self.lesson.steps.len() => self.enter(self.step + 1),
            Phase::See => self.phase = Phase::After,
            Phase::Broken => return self.rebuild(self.step),
            Phase::After => return vec![Effect::Leave],
        }
        Vec::new()
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
            Event::ShellEnded { before, after } => {
                self.marks = Marks::between(&before, &after, true);
                self.remember(self.step, self.marks.clone());
                let ended = usize::from(before.inside.is_some() != after.inside.is_some());
                self.by_hand += self.marks.outside.len() + self.marks.inside.len() + ended;
                self.now = after;
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
        self.first_sight.0 += usize::from(same);
        self.first_sight.1 += 1;
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
