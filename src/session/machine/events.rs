//! What happened, as far as the session is concerned.

use super::super::{Event, Marks, Moment, Phase, RoundRecord, Session, Snapshot, Wrote};
use crate::lesson::Side;
use std::sync::Arc;

impl Session {
    pub fn apply(&mut self, event: Event) {
        let busy = std::mem::take(&mut self.busy);
        match event {
            Event::ByHand(record) => {
                self.busy = busy;
                self.beside(*record);
            }
            Event::ByItself(record) => {
                self.busy = busy;
                self.by_itself(*record);
            }
            Event::Glimpsed(marks) => {
                self.busy = busy;
                self.now = marks.after.clone();
                self.marks = Arc::new(*marks);
            }
            Event::Replayed(past) => {
                self.busy = true;
                // The last that was done by hand may have been told after the new sandbox was asked for.
                self.history.clear();
                self.marks = Arc::default();
                for (step, record) in past
                    .steps
                    .iter()
                    .enumerate()
                    .flat_map(|(step, rounds)| rounds.iter().map(move |record| (step, record)))
                {
                    self.remember(step, Arc::new(Marks::of(record)));
                }
                if self.is_play {
                    self.past = past.steps;
                }
            }
            Event::Built(now) => {
                self.now = now;
                self.at_step = self.now.clone();
                self.by_hand = 0;
                self.see_the_past();
            }
            Event::Performed(record) => {
                if self.is_play {
                    self.past.push(vec![(*record).clone()]);
                }
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
                self.by_hand = 0;
                for record in &records {
                    self.remember(self.step, Arc::new(Marks::of(record)));
                }
                if let (Some(first), Some(last)) = (records.first(), records.last()) {
                    // What the whole variant did, whichever round did it.
                    self.mark(last);
                    self.marks = Arc::new(Marks::between(&first.before, &last.after, false));
                }
                self.rounds = records;
                self.set_aside = None;
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
                self.forget_what_failed();
            }
            Event::NoShell(what) => self.trouble = Some(what),
            Event::Notice(what) => {
                self.trouble = Some(what);
                self.leave_question();
                if self.phase != Phase::Broken {
                    self.variant = None;
                }
            }
            // Whoever asked for it says what came of it.
            Event::Wrote(Wrote::Done { .. }) => self.unwritten = 0,
            Event::Wrote(_) => {}
        }
    }

    /// What nobody types does not count as done by hand. Marks stay until there are others.
    fn by_itself(&mut self, record: RoundRecord) {
        if self.phase == Phase::Task {
            self.see(&record);
        }
        self.now = record.after.clone();
        let marks = Marks::of(&record);
        if marks.show_something() {
            self.marks = Arc::new(marks);
            self.remember(self.step, self.marks.clone());
        }
    }

    /// What somebody does by hand while the lesson goes on.
    fn beside(&mut self, record: RoundRecord) {
        if Marks::of(&record).show_something() || record.before.inside.is_some() != record.after.inside.is_some() {
            return self.by_hand(record);
        }
        if self.phase == Phase::Task {
            self.see(&record);
        }
        let name = |snapshot: &Snapshot, side| snapshot.side(side).map(|state| state.facts.hostname.clone());
        let renamed = [Side::Outside, Side::Inside]
            .into_iter()
            .filter(|side| name(&record.before, *side) != name(&record.after, *side));
        self.by_hand += renamed.count();
        self.now = record.after;
    }

    /// What somebody did by hand.
    fn by_hand(&mut self, record: RoundRecord) {
        if self.phase == Phase::Task {
            self.see(&record);
        }
        let ended = usize::from(record.before.inside.is_some() != record.after.inside.is_some());
        self.by_hand += record.outside.len() + record.inside.len() + ended;
        self.now = record.after.clone();
        self.marks = Arc::new(Marks { by_hand: true, ..Marks::of(&record) });
        self.remember(self.step, self.marks.clone());
    }

    pub(super) fn mark(&mut self, record: &RoundRecord) {
        self.now = record.after.clone();
        self.marks = Arc::new(Marks::of(record));
    }

    fn remember(&mut self, step: usize, marks: Arc<Marks>) {
        if marks.show_something() {
            self.history.push(Moment { step, marks });
        }
    }
}
