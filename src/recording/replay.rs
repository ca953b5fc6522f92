//! Plays a recording: answers what a session asks for with what happened then, and performs nothing.

use crate::conduct::Conduct;
use crate::lab::{LabError, Shell, TerminalKind};
use crate::lesson::{Lesson, Side};
use crate::session::{Effect, Entry, Event, Marks, Past, RoundRecord, Snapshot, Transcript};
use crate::words::Lang;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// A recording in the place of a lab.
pub struct Replay {
    transcript: Transcript,
    lesson: Arc<Lesson>,
    lang: Lang,
}

impl Replay {
    pub fn new(transcript: Transcript, lesson: Arc<Lesson>, lang: Lang) -> Replay {
        Replay { transcript, lesson, lang }
    }

    /// What happened then; None where the recording does not have it.
    fn played(&self, effect: &Effect) -> Option<Event> {
        let id = |step: usize| Some(self.lesson.steps.get(step)?.id.as_str());
        let whole = |record: &RoundRecord| Box::new(record.clone());
        Some(match *effect {
            Effect::Perform { step, round, .. } => Event::Performed(whole(self.transcript.round(id(step)?, round)?)),
            Effect::Variant { step, index } => {
                let variant = &self.lesson.steps.get(step)?.variants.get(index)?.id;
                Event::VariantDone(self.transcript.variant(id(step)?, variant)?.to_vec())
            }
            Effect::Solve { step } => Event::Solved(whole(self.transcript.solved(id(step)?)?.1)),
            Effect::Try { step, choice } => {
                let id = id(step)?;
                let tried = self.transcript.entries.iter().rev().find_map(|entry| match entry {
                    Entry::Tried { step, choice: number, record } if step == id && *number == choice => Some(record),
                    _ => None,
                });
                Event::Tried(whole(tried?))
            }
            Effect::Build { .. } | Effect::Shell { .. } | Effect::Learn(_) | Effect::Write(_) | Effect::Leave => {
                return None;
            }
        })
    }

    /// How things stood when a step began, and what had happened by then.
    fn past(&self, upto: usize) -> (Past, Snapshot) {
        let rounds = |id: &str| self.transcript.rounds(id).into_iter().cloned().collect();
        let steps: Vec<Vec<RoundRecord>> =
            self.lesson.steps.iter().take(upto).map(|step| rounds(step.id.as_str())).collect();
        let prepared = self.transcript.prepared().cloned().unwrap_or_default();
        let now = steps.iter().flatten().next_back().unwrap_or(&prepared).after.clone();
        (Past { prepared, steps }, now)
    }
}

impl Conduct for Replay {
    fn carry_out(&mut self, effect: &Effect) -> Vec<Event> {
        if let Effect::Build { replay } = *effect {
            let (past, now) = self.past(replay);
            return vec![Event::Replayed(Box::new(past)), Event::Built(now)];
        }
        let lacks = || Event::Notice(self.lang.say("replay.lacks", &[]));
        vec![self.played(effect).unwrap_or_else(lacks)]
    }

    fn shell(&mut self, _: Side, _: TerminalKind) -> Result<Shell, LabError> {
        Err(LabError::Broken(self.lang.say("replay.no-shell", &[])))
    }

    /// Nothing changes here, and no shell is there that could change it.
    /// Nothing changes in a recording.
    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError> {
        let mut fds = [PollFd::new(over, PollFlags::POLLIN)];
        let _ = nix::poll::poll(&mut fds, PollTimeout::NONE);
        Ok(false)
    }

    fn glimpse(&mut self) -> Result<Option<Marks>, LabError> {
        Ok(None)
    }

    fn look(&mut self, _: usize) -> Result<Option<RoundRecord>, LabError> {
        Ok(None)
    }

    fn watch(&mut self, _: usize, _: BorrowedFd, _: &mut dyn FnMut(RoundRecord)) -> Event {
        Event::Notice(self.lang.say("replay.no-shell", &[]))
    }
}
