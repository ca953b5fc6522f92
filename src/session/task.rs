//! A state to be brought about by hand: what is ticked is what holds.

use super::{Effect, Phase, RoundRecord, Session, Snapshot, holds};
use crate::lesson::Goal;
use crate::words::Lang;
use std::sync::Arc;

/// One condition of a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    pub is_done: bool,
    /// How many changes ago it held, if once was enough and it does not hold any more.
    pub ago: usize,
}

/// How far a task is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskState {
    pub ticks: Vec<Tick>,
    /// How both sides were when the conditions were last looked at.
    seen: Snapshot,
    /// Which nearly right state is there now.
    pub near: Option<usize>,
    /// All was ticked at one moment: it stays done.
    pub done: bool,
    /// nslab typed the solution.
    pub shown: bool,
}

impl TaskState {
    /// A condition with its box, and what is to be said beside it: that it held, where it does not any more.
    pub fn line(&self, index: usize, goal: &str, lang: Lang) -> (String, Option<String>) {
        let tick = self.ticks.get(index).copied().unwrap_or_default();
        let line = lang.say(if tick.is_done { "task.ticked" } else { "task.open" }, &[goal]);
        (line, (tick.is_done && tick.ago > 0).then(|| lang.count("task.ago", tick.ago, &[])))
    }
}

impl Session {
    pub(super) fn begin_task(&mut self) {
        self.phase = Phase::Task;
        self.hints = 0;
        self.marks = Arc::default();
        let now = RoundRecord { before: self.now.clone(), after: self.now.clone(), ..RoundRecord::default() };
        self.see(&now);
    }

    pub(super) fn try_out(&mut self, number: usize) -> Vec<Effect> {
        let offered = self.lesson.steps[self.step].task.as_ref().map_or(0, |task| task.palette.len());
        let Some(choice) = number.checked_sub(1).filter(|choice| *choice < offered) else { return Vec::new() };
        self.busy = true;
        vec![Effect::Try { step: self.step, choice }]
    }

    /// Ticks what holds now.
    pub(super) fn see(&mut self, record: &RoundRecord) {
        let Some(task) = &self.lesson.steps[self.step].task else { return };
        self.task.ticks.resize(task.until.len(), Tick::default());
        let changes = usize::from(self.task.seen != record.after);
        self.task.seen = record.after.clone();
        for (tick, goal) in self.task.ticks.iter_mut().zip(&task.until) {
            *tick = match holds(goal.condition(), record) == Some(true) {
                true => Tick { is_done: true, ago: 0 },
                false if matches!(goal, Goal::Once(_)) => Tick { ago: tick.ago + changes, ..*tick },
                false => Tick::default(),
            };
        }
        for (tick, on_the_way) in self.task.ticks.iter_mut().zip(&record.ticked) {
            tick.is_done |= on_the_way;
        }
        self.task.done |= self.task.ticks.iter().all(|tick| tick.is_done);
        self.task.near = task.near.iter().position(|near| holds(near, record) == Some(true));
        if self.task.done {
            self.done[self.step] = true;
        }
    }
}
