//! The thread that owns the lab of a full-screen lesson: does what the screen asks for, one thing at a time, and in between
//! tells what changes: by somebody's hand, or by what a step left running.

use crate::conduct::Conduct;
use crate::lab::TerminalKind;
use crate::session::{Effect, Event};
use crate::terminal;
use crate::tui::{Asked, LabMessage, Opened, Request};
use std::sync::mpsc::{Sender, TryRecvError};
use std::time::{Duration, Instant};

/// A program that mounts in a loop is looked at no more often than this.
const PACE: Duration = Duration::from_millis(20);

pub fn serve(conductor: &mut dyn Conduct, mut asked: Asked, answers: &Sender<LabMessage>) {
    let mut hands = Hands { are_there: false, is_built: false, step: 0, looked: None };
    loop {
        let mut look = false;
        loop {
            match asked.take() {
                Err(TryRecvError::Empty) => break,
                // Several that have waited for a step are one.
                Ok(Request::Look) => look = true,
                Ok(Request::Effect(Effect::Leave)) | Err(TryRecvError::Disconnected) => return,
                Ok(request) => {
                    if hands.answer(request, conductor).into_iter().any(|answer| answers.send(answer).is_err()) {
                        return;
                    }
                }
            }
        }
        let told = match hands.is_built {
            true if look => hands.look(conductor),
            true => match conductor.wait(asked.woken()) {
                Ok(true) => {
                    let seen = hands.glimpse(conductor);
                    if seen.is_some_and(|event| answers.send(LabMessage::Event(event)).is_err()) {
                        return;
                    }
                    hands.look(conductor)
                }
                Ok(false) => None,
                Err(error) => hands.fail(error.to_string()),
            },
            false => {
                asked.wait();
                None
            }
        };
        if told.is_some_and(|event| answers.send(LabMessage::Event(event)).is_err()) {
            return;
        }
        asked.notice();
    }
}

/// Whoever types into shells.
struct Hands {
    /// A shell was opened in this sandbox: what it started may go on after it. Without one, what changes between the steps
    /// was left running by a step.
    are_there: bool,
    /// There is a sandbox that can be looked at.
    is_built: bool,
    step: usize,
    looked: Option<Instant>,
}

impl Hands {
    fn answer(&mut self, request: Request, conductor: &mut dyn Conduct) -> Vec<LabMessage> {
        match request {
            Request::At(step) => {
                self.step = step;
                Vec::new()
            }
            // Once for all that wait, by `serve`.
            Request::Look => Vec::new(),
            Request::Shell { side, number, rows, columns } => {
                let terminal = TerminalKind { name: terminal::NAME.into(), rows, columns };
                let shell = conductor.shell(side, terminal).map_err(|error| error.to_string());
                self.are_there |= shell.is_ok();
                vec![LabMessage::Opened(Opened { side, number, shell })]
            }
            Request::Effect(effect) => {
                let is_fresh = matches!(effect, Effect::Build { .. } | Effect::Variant { .. });
                // What was done until now is not the step's.
                let before = if self.is_built && !is_fresh { self.look(conductor) } else { None };
                self.are_there &= !is_fresh;
                let told = conductor.carry_out(&effect);
                let has_failed = told.iter().any(|event| matches!(event, Event::Failed(_)));
                self.is_built = (self.is_built || is_fresh) && !has_failed;
                before.into_iter().chain(told).map(LabMessage::Event).collect()
            }
        }
    }

    fn pace(&self) {
        if let Some(rest) = self.looked.and_then(|last| PACE.checked_sub(last.elapsed())) {
            std::thread::sleep(rest);
        }
    }

    /// Changed rows reach the screen before anything else is looked up, which asks both sides. What fails here, fails
    /// with the look that follows.
    fn glimpse(&mut self, conductor: &mut dyn Conduct) -> Option<Event> {
        if !self.are_there {
            return None;
        }
        self.pace();
        conductor.glimpse().ok().flatten().map(|marks| Event::Glimpsed(Box::new(marks)))
    }

    fn look(&mut self, conductor: &mut dyn Conduct) -> Option<Event> {
        self.pace();
        let seen = conductor.look(self.step);
        self.looked = Some(Instant::now());
        match seen {
            Ok(record) if self.are_there => record.map(|record| Event::ByHand(Box::new(record))),
            Ok(record) => record.map(|record| Event::ByItself(Box::new(record))),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Until the sandbox is built anew there is nothing to be seen.
    fn fail(&mut self, why: String) -> Option<Event> {
        self.is_built = false;
        Some(Event::Failed(why))
    }
}
