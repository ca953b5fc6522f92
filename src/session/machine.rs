//! The course of a lesson as a pure state machine: commands in, effects out; events in, state changes. No clock, no I/O.

mod events;
mod play;
mod question;
#[cfg(test)]
mod tests;

use super::{Command, Effect, Guess, Header, History, Marks, Moment, Phase, RoundRecord, Snapshot, TaskState};
use crate::lesson::{Lesson, Side};
use std::sync::Arc;

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
    pub marks: Arc<Marks>,
    /// The changes since the sandbox was built.
    pub history: History<Moment>,
    pub hints: usize,
    pub variant: Option<usize>,
    /// What a variant's question stands in front of, until the variant runs: Esc goes back to it.
    set_aside: Option<(Phase, Guess, Option<usize>)>,
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
    /// Nothing is performed: this is played from a recording.
    pub recorded: Option<Header>,
    /// Without a script: steps are added as they are performed.
    pub is_play: bool,
    /// Of such a session: how many steps came since it was written to a file.
    pub unwritten: usize,
    /// Of such a session: what the steps did, step by step.
    pub past: Vec<Vec<RoundRecord>>,
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
            marks: Arc::default(),
            history: History::default(),
            hints: 0,
            variant: None,
            set_aside: None,
            busy: true,
            trouble: None,
            stuck: false,
            asks: None,
            by_hand: 0,
            done,
            sights,
            task: TaskState::default(),
            recorded: None,
            is_play: false,
            unwritten: 0,
            past: Vec::new(),
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
                // Asked once: the same key again is an answer too.
                again if again == waiting => self.go(waiting),
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
        let loses_all = matches!(command, Command::Leave | Command::Restart) && self.unwritten > 0;
        if loses_all || loses && self.by_hand > 0 {
            self.asks = Some(command);
            return Vec::new();
        }
        self.go(command)
    }

    fn go(&mut self, command: Command) -> Vec<Effect> {
        if self.is_play {
            return self.go_in_play(command);
        }
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
            Command::Cancel => {
                self.leave_question();
                Vec::new()
            }
            Command::Next => Vec::new(),
            Command::Back if self.phase == Phase::After => self.rebuild(last),
            Command::Back => self.rebuild(self.step.saturating_sub(1)),
            Command::Goto(step) => self.rebuild(step.min(last)),
            Command::Rebuild => self.rebuild(self.step),
            Command::Restart => self.rebuild(0),
            Command::Break(index)
                if index < self.lesson.steps[self.step].variants.len() && self.phase != Phase::After =>
            {
                self.begin_variant(index)
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
            Command::Shell(side) => self.open_shell(side),
            Command::Leave => vec![Effect::Leave],
        }
    }

    fn open_shell(&mut self, side: Side) -> Vec<Effect> {
        if side == Side::Inside && self.now.inside.is_none() {
            return Vec::new();
        }
        self.busy = true;
        vec![Effect::Shell { side, step: self.step }]
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
                if let Some(index) = self.variant {
                    return self.perform_variant(index);
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

    fn perform(&mut self) -> Vec<Effect> {
        self.busy = true;
        vec![Effect::Perform { step: self.step, round: self.rounds.len(), guess: self.guess.clone() }]
    }

    fn enter(&mut self, step: usize) {
        self.step = step;
        self.phase = Phase::Read;
        self.guess = Guess::None;
        self.rounds.clear();
        self.hints = 0;
        self.variant = None;
        self.set_aside = None;
        self.at_step = self.now.clone();
        self.marks = Arc::default();
        self.task = TaskState::default();
    }

    fn rebuild(&mut self, step: usize) -> Vec<Effect> {
        self.enter(step);
        self.history.clear();
        self.busy = true;
        vec![Effect::Build { replay: step }]
    }
}
