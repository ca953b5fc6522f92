//! A state to be brought about by hand: what is ticked is what holds.

use super::{Effect, Phase, RoundRecord, Session, holds};
use crate::lesson::Goal;
use std::sync::Arc;

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
        self.task.ticks.resize(task.until.len(), false);
        for (tick, goal) in self.task.ticks.iter_mut().zip(&task.until) {
            let holds = holds(goal.condition(), record) == Some(true);
            *tick = holds || (*tick && matches!(goal, Goal::Once(_)));
        }
        for (tick, on_the_way) in self.task.ticks.iter_mut().zip(&record.ticked) {
            *tick |= on_the_way;
        }
        self.task.done |= self.task.ticks.iter().all(|tick| *tick);
        self.task.near = task.near.iter().position(|near| holds(near, record) == Some(true));
        if self.task.done {
            self.done[self.step] = true;
        }
    }
}
