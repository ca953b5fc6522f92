//! Keeps a recording of a lesson while a student takes it.

use super::Writer;
use crate::conduct::Conduct;
use crate::lab::{LabError, Shell, TerminalKind};
use crate::lesson::{Lesson, Side};
use crate::session::{Asked, Effect, Entry, Event, Marks, RoundRecord};
use crate::words::Lang;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// A lesson's conductor whose every answer is kept.
pub struct Recorded {
    conductor: Box<dyn Conduct>,
    /// None once something could not be written.
    writer: Option<Writer<File>>,
    /// Why not, until it is said.
    untold: Option<io::Error>,
    lesson: Arc<Lesson>,
    lang: Lang,
}

impl Recorded {
    pub fn new(conductor: Box<dyn Conduct>, writer: Writer<File>, lesson: Arc<Lesson>, lang: Lang) -> Recorded {
        Recorded { conductor, writer: Some(writer), untold: None, lesson, lang }
    }

    /// Writes what happened. After a failure nothing more is written, and the lesson goes on without.
    fn write(&mut self, entries: Vec<Entry>) {
        let Some(writer) = &mut self.writer else { return };
        if let Err(error) = entries.into_iter().try_for_each(|entry| writer.entry(entry)) {
            self.writer = None;
            self.untold = Some(error);
        }
    }

    fn entries(&self, effect: &Effect, event: &Event) -> Vec<Entry> {
        let steps = &self.lesson.steps;
        let id = |step: usize| steps[step].id.clone();
        match (effect, event) {
            (_, Event::Replayed(past)) => {
                let rounds = steps.iter().zip(&past.steps).flat_map(|(step, rounds)| {
                    let round = |(round, record): (usize, &RoundRecord)| Entry::Round {
                        step: step.id.clone(),
                        round,
                        record: record.clone(),
                    };
                    rounds.iter().enumerate().map(round)
                });
                std::iter::once(Entry::Prepared { record: past.prepared.clone() }).chain(rounds).collect()
            }
            (Effect::Perform { step, round, guess }, Event::Performed(record)) => {
                let first = std::slice::from_ref(&**record);
                let asked = Asked::of(&self.lesson, *step, &record.before, first, guess.clone());
                let asked = asked.filter(|_| *round == 0).map(|asked| Entry::Prediction(Box::new(asked)));
                let round = Entry::Round { step: id(*step), round: *round, record: RoundRecord::clone(record) };
                std::iter::once(round).chain(asked).collect()
            }
            (Effect::Variant { step, index }, Event::VariantDone(rounds)) => {
                let variant = steps[*step].variants[*index].id.clone();
                vec![Entry::Variant { step: id(*step), variant, rounds: rounds.clone() }]
            }
            (Effect::Try { step, choice }, Event::Tried(record)) => {
                vec![Entry::Tried { step: id(*step), choice: *choice, record: RoundRecord::clone(record) }]
            }
            (Effect::Solve { step }, Event::Solved(solved)) => {
                let begun = RoundRecord::between(solved.before.clone(), solved.before.clone());
                vec![Entry::Solved { step: id(*step), begun, solved: RoundRecord::clone(solved) }]
            }
            _ => Vec::new(),
        }
    }
}

impl Conduct for Recorded {
    fn carry_out(&mut self, effect: &Effect) -> Vec<Event> {
        let mut events = self.conductor.carry_out(effect);
        let entries = events.iter().flat_map(|event| self.entries(effect, event)).collect();
        self.write(entries);
        let stopped = |error: io::Error| Event::Notice(self.lang.say("record.stopped", &[&error.to_string()]));
        events.extend(self.untold.take().map(stopped));
        events
    }

    fn shell(&mut self, side: Side, terminal: TerminalKind) -> Result<Shell, LabError> {
        self.conductor.shell(side, terminal)
    }

    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError> {
        self.conductor.wait(over)
    }

    fn glimpse(&mut self) -> Result<Option<Marks>, LabError> {
        self.conductor.glimpse()
    }

    fn look(&mut self, step: usize) -> Result<Option<RoundRecord>, LabError> {
        let seen = self.conductor.look(step)?;
        let step = &self.lesson.steps[step].id;
        let entries = seen.iter().map(|record| Entry::Hand { step: step.clone(), record: record.clone() }).collect();
        self.write(entries);
        Ok(seen)
    }

    fn watch(&mut self, step: usize, over: BorrowedFd, tell: &mut dyn FnMut(RoundRecord)) -> Event {
        let event = self.conductor.watch(step, over, tell);
        if let Event::ShellEnded(record) = &event {
            let step = self.lesson.steps[step].id.clone();
            self.write(vec![Entry::Hand { step, record: RoundRecord::clone(record) }]);
        }
        event
    }
}
