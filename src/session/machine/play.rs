//! A session without a script: each operation that is performed is a step more, and back takes the last one away.

use super::Session;
use crate::lesson::Lesson;
use crate::session::{Command, Effect, Guess, Order, Phase};
use std::sync::Arc;

impl Session {
    /// Begins one. The lesson has one step that performs nothing: how things stand at the beginning.
    pub fn play(lesson: Arc<Lesson>) -> (Session, Vec<Effect>) {
        let (session, _) = Session::new(lesson, 0);
        (Session { is_play: true, ..session }, vec![Effect::Build { replay: 1 }])
    }

    /// Performs one step more: the last one of this lesson, which is the one so far but for that.
    pub fn add(&mut self, lesson: Arc<Lesson>) -> Vec<Effect> {
        if !self.is_play || self.busy || self.stuck {
            return Vec::new();
        }
        let last = lesson.steps.len() - 1;
        self.trouble = None;
        self.learn(lesson);
        self.enter(last);
        self.unwritten += 1;
        self.busy = true;
        vec![Effect::Learn(self.lesson.clone()), Effect::Perform { step: last, round: 0, guess: Guess::None }]
    }

    pub fn write(&mut self, order: Order) -> Vec<Effect> {
        if !self.is_play || self.busy {
            return Vec::new();
        }
        self.busy = true;
        vec![Effect::Write(order)]
    }

    pub(super) fn go_in_play(&mut self, command: Command) -> Vec<Effect> {
        let steps = self.lesson.steps.len();
        match command {
            Command::Forward if self.stuck => self.again(steps),
            Command::Back if steps > 1 => self.again(steps - 1),
            Command::Rebuild => self.again(steps),
            Command::Restart => self.again(1),
            Command::Shell(side) => self.open_shell(side),
            Command::Leave => vec![Effect::Leave],
            _ => Vec::new(),
        }
    }

    /// A new sandbox, in which the first so many steps are performed again.
    fn again(&mut self, steps: usize) -> Vec<Effect> {
        self.keep(steps);
        self.stuck = false;
        self.history.clear();
        self.enter(steps - 1);
        self.busy = true;
        vec![Effect::Learn(self.lesson.clone()), Effect::Build { replay: steps }]
    }

    fn keep(&mut self, steps: usize) {
        // The first to be taken back are those that came since.
        self.unwritten = self.unwritten.saturating_sub(self.lesson.steps.len().saturating_sub(steps));
        if steps < self.lesson.steps.len() {
            let mut lesson = Lesson::clone(&self.lesson);
            lesson.steps.truncate(steps);
            self.learn(Arc::new(lesson));
        }
        self.past.truncate(steps);
    }

    fn learn(&mut self, lesson: Arc<Lesson>) {
        self.done.resize(lesson.steps.len(), true);
        self.sights.resize(lesson.steps.len(), None);
        self.lesson = lesson;
    }

    /// After a rebuild the last step is seen as it was when it ran.
    pub(super) fn see_the_past(&mut self) {
        if !self.is_play {
            return;
        }
        if let Some(record) = self.past.last().and_then(|rounds| rounds.last()).cloned() {
            self.mark(&record);
            self.rounds = vec![record];
            self.phase = Phase::See;
        }
    }

    /// What the practice host did not survive is no step: the rebuild would fail as well.
    pub(super) fn forget_what_failed(&mut self) {
        if self.is_play && !self.past.is_empty() && self.lesson.steps.len() > self.past.len() {
            self.keep(self.past.len());
            self.enter(self.lesson.steps.len() - 1);
        }
    }
}
