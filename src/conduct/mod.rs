//! Conducts a lesson: carries out what the session asks for on a lab, and tells what happened.

mod proof;
mod round;
mod survey;
mod task;
#[cfg(test)]
mod tests;
mod whole;

pub use proof::{attempt, experiments, idle_propagation, shown};
pub use round::{perform, prepare, replay, variant};
pub use survey::{Flaw, survey};
pub use task::{is_done, solve};
pub use whole::whole;

use crate::lab::{Lab, LabError, Shell, TerminalKind};
use crate::lesson::{HostSpec, Lesson, Side};
use crate::session::{Effect, Event, Marks, RoundRecord, Snapshot};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Makes a fresh lab, as a lesson wants its practice host.
pub type Start = Box<dyn Fn(&HostSpec) -> Result<Box<dyn Lab>, LabError> + Send>;

/// Carries out what a session asks for. This seam has two makers: the conductor, who has a lab, and a recording.
pub trait Conduct {
    /// Carries out an effect, all but `Shell` and `Leave`, which belong to whoever has the terminal.
    fn carry_out(&mut self, effect: &Effect) -> Vec<Event>;
    /// Opens a shell of a side.
    fn shell(&mut self, side: Side, terminal: TerminalKind) -> Result<Shell, LabError>;
    /// Waits until a mount table changes or the container ends: true. False: `over` is readable, or closed at its other end.
    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError>;
    /// Which rows have changed by hand, as soon as the kernel has told of it: tables alone, and at once. What else there is
    /// to know, `look` tells.
    fn glimpse(&mut self) -> Result<Option<Marks>, LabError>;
    /// What has changed by hand since anything was told, seen at a step. None: nothing that anybody asks about.
    fn look(&mut self, step: usize) -> Result<Option<RoundRecord>, LabError>;
    /// Watches both sides while a shell is open at a step, until `over` is readable or closed at its other end. Tells of
    /// each change as it happens. Returns all that changed.
    fn watch(&mut self, step: usize, over: BorrowedFd, tell: &mut dyn FnMut(RoundRecord)) -> Event;
}

/// Owns the lab of a session. A sandbox's processes die with the thread that made it, so a conductor stays on one thread.
pub struct Conductor {
    lesson: Arc<Lesson>,
    start: Start,
    lab: Option<Box<dyn Lab>>,
    now: Snapshot,
    /// What was glimpsed since.
    glimpsed: Option<Snapshot>,
}

impl Conductor {
    pub fn new(lesson: Arc<Lesson>, start: Start) -> Conductor {
        Conductor { lesson, start, lab: None, now: Snapshot::default(), glimpsed: None }
    }

    fn try_out(&mut self, effect: &Effect) -> Result<Vec<Event>, LabError> {
        let lesson = self.lesson.clone();
        match *effect {
            Effect::Learn(ref lesson) => {
                self.lesson = lesson.clone();
                Ok(Vec::new())
            }
            Effect::Build { replay } => {
                let lab = fresh(&mut self.lab, &self.start, &lesson.host)?;
                let (now, past) = round::replay(lab, &lesson, replay, &[])?;
                self.now = now;
                Ok(vec![Event::Replayed(Box::new(past)), Event::Built(self.now.clone())])
            }
            Effect::Variant { step, index } => {
                let lab = fresh(&mut self.lab, &self.start, &lesson.host)?;
                let records = round::variant(lab, &lesson, step, index)?;
                if let Some(last) = records.last() {
                    self.now = last.after.clone();
                }
                Ok(vec![Event::VariantDone(records)])
            }
            Effect::Perform { step, round, .. } => {
                let at = &lesson.steps[step];
                let record = round::perform(lab(&mut self.lab)?, at, &at.rounds[round], &self.now)?;
                self.now = record.after.clone();
                Ok(vec![Event::Performed(Box::new(record))])
            }
            Effect::Try { step, choice } => {
                let at = &lesson.steps[step];
                let choice = at.task.as_ref().and_then(|task| task.palette.get(choice));
                let choice = choice.ok_or_else(|| LabError::Broken("the task does not offer this".into()))?;
                let record = task::try_out(lab(&mut self.lab)?, at, choice, &self.now)?;
                self.now = record.after.clone();
                Ok(vec![Event::Tried(Box::new(record))])
            }
            Effect::Solve { step } => {
                let (_, record) = task::solve(lab(&mut self.lab)?, &lesson.steps[step], &self.now)?;
                self.now = record.after.clone();
                Ok(vec![Event::Solved(Box::new(record))])
            }
            Effect::Write(ref order) => {
                let wrote = crate::play::write(order, &lesson, || self.again().map_err(|error| error.to_string()));
                Ok(vec![Event::Wrote(wrote)])
            }
            Effect::Shell { .. } | Effect::Leave => Err(LabError::Broken("this is not for the lab".into())),
        }
    }

    /// All steps once more, in a lab of their own; the one that is there goes on.
    fn again(&self) -> Result<Vec<Vec<RoundRecord>>, LabError> {
        let mut lab = (self.start)(&self.lesson.host)?;
        let (_, past) = round::replay(lab.as_mut(), &self.lesson, self.lesson.steps.len(), &[])?;
        Ok(past.steps)
    }
}

impl Conduct for Conductor {
    fn carry_out(&mut self, effect: &Effect) -> Vec<Event> {
        self.try_out(effect).unwrap_or_else(|error| vec![Event::Failed(error.to_string())])
    }

    fn shell(&mut self, side: Side, terminal: TerminalKind) -> Result<Shell, LabError> {
        lab(&mut self.lab)?.shell(side, terminal)
    }

    fn watch(&mut self, step: usize, over: BorrowedFd, tell: &mut dyn FnMut(RoundRecord)) -> Event {
        let step = &self.lesson.steps[step];
        let watched = lab(&mut self.lab).and_then(|lab| task::watch(lab, step, &self.now, over, tell));
        match watched {
            Ok(record) => {
                self.now = record.after.clone();
                Event::ShellEnded(Box::new(record))
            }
            Err(error) => Event::Failed(error.to_string()),
        }
    }

    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError> {
        lab(&mut self.lab)?.wait(over)
    }

    fn glimpse(&mut self) -> Result<Option<Marks>, LabError> {
        let Some(now) = lab(&mut self.lab)?.tables()? else { return Ok(None) };
        let marks = Marks::between(&self.now, &now, true);
        if !marks.show_something() {
            return Ok(None);
        }
        self.glimpsed = Some(now);
        Ok(Some(marks))
    }

    fn look(&mut self, step: usize) -> Result<Option<RoundRecord>, LabError> {
        let step = &self.lesson.steps[step];
        // It is of this sandbox, whatever becomes of the look.
        let glimpsed = self.glimpsed.take();
        let mut record = task::moment(lab(&mut self.lab)?, step, &self.now)?;
        // What came and went again meanwhile was shown as having come.
        if let Some(glimpsed) = glimpsed.filter(|_| record.outside.is_empty() && record.inside.is_empty()) {
            let files_after = std::mem::take(&mut record.files_after);
            record = RoundRecord { files_after, ..RoundRecord::between(glimpsed, record.after) };
        }
        let facts = |snapshot: &Snapshot| {
            (snapshot.outside.facts.clone(), snapshot.inside.as_ref().map(|inside| inside.facts.clone()))
        };
        let is_new = !record.outside.is_empty()
            || !record.inside.is_empty()
            || facts(&record.before) != facts(&record.after)
            || step.task.is_some();
        self.now = record.after.clone();
        Ok(is_new.then_some(record))
    }
}

/// The old lab ends before the new one begins.
fn fresh<'a>(slot: &'a mut Option<Box<dyn Lab>>, start: &Start, host: &HostSpec) -> Result<&'a mut dyn Lab, LabError> {
    *slot = None;
    Ok(slot.insert(start(host)?).as_mut())
}

fn lab(slot: &mut Option<Box<dyn Lab>>) -> Result<&mut dyn Lab, LabError> {
    match slot {
        Some(lab) => Ok(lab.as_mut()),
        None => Err(LabError::Broken("the practice host has ended; rebuild it".into())),
    }
}
