//! What a run of a lesson proves: what it expects, and that what holds on the way fails in the variants that say so.

use super::report::{Proof, Report};
use crate::lesson::{Condition, Lesson, Round, Step};
use crate::op::Operation;
use crate::session::{Entry, RoundRecord, holds, in_words, judge};
use crate::words::Lang;

/// Follows a whole run, entry by entry.
pub struct Prover<'a> {
    lesson: &'a Lesson,
    lang: Lang,
    /// The step that is under way, and its rounds so far.
    step: usize,
    rounds: Vec<RoundRecord>,
}

impl<'a> Prover<'a> {
    pub fn new(lesson: &'a Lesson, lang: Lang) -> Prover<'a> {
        Prover { lesson, lang, step: 0, rounds: Vec::new() }
    }

    /// What is to be reported once this has happened.
    pub fn take(&mut self, entry: Entry) -> Vec<Report<'a>> {
        let place = |id: &str| self.lesson.steps.iter().position(|step| step.id == id);
        match entry {
            Entry::Prepared { record } if !self.lesson.prepare.is_empty() => {
                let (event, rounds, proofs) = ("prepare", vec![record], Vec::new());
                vec![Report { event, lesson: self.lesson, step: None, variant: None, rounds, proofs, kernel: None }]
            }
            Entry::Round { step, record, .. } => {
                let Some(index) = place(&step) else { return Vec::new() };
                let reports = self.steps_before(index);
                self.rounds.push(record);
                reports
            }
            Entry::Variant { step, variant, rounds } => {
                let mut reports = self.rest();
                reports.extend(place(&step).and_then(|index| self.variant(index, &variant, rounds)));
                reports
            }
            Entry::Solved { step, begun, solved } => {
                let mut reports = self.rest();
                reports.extend(place(&step).and_then(|index| self.task(index, &begun, solved)));
                reports
            }
            _ => Vec::new(),
        }
    }

    /// The steps that are not reported yet.
    pub fn rest(&mut self) -> Vec<Report<'a>> {
        self.steps_before(self.lesson.steps.len())
    }

    fn steps_before(&mut self, end: usize) -> Vec<Report<'a>> {
        let mut reports = Vec::new();
        while self.step < end {
            let step = &self.lesson.steps[self.step];
            let rounds = std::mem::take(&mut self.rounds);
            let mut proofs = Proof::of(&rounds, self.lang);
            if is_idle(step, &rounds) {
                proofs.push(Proof { text: self.lang.say("verify.idle-propagation", &[]), held: false });
            }
            let kernel = step.predict.as_ref().map(|prediction| judge(prediction, &rounds));
            reports.push(Report {
                event: "step",
                lesson: self.lesson,
                step: Some(step),
                variant: None,
                rounds,
                proofs,
                kernel,
            });
            self.step += 1;
        }
        reports
    }

    fn variant(&self, index: usize, id: &str, rounds: Vec<RoundRecord>) -> Option<Report<'a>> {
        let step = &self.lesson.steps[index];
        let variant = step.variants.iter().find(|variant| variant.id == id)?;
        let mut proofs = Proof::of(&rounds, self.lang);
        if let (Some(first), Some(last)) = (rounds.first(), rounds.last()) {
            // "Before" is before the variant, however many rounds it has.
            let (before, files_before) = (first.before.clone(), first.files_before.clone());
            let whole = RoundRecord { before, files_before, ..last.clone() };
            // What holds on the way must not hold here: else it proves nothing.
            for condition in self.failing_in(id) {
                let text = self.lang.say("verify.fails", &[&in_words(condition, self.lang)]);
                proofs.push(Proof { text, held: holds(condition, &whole) != Some(true) });
            }
        }
        let (event, variant) = ("variant", Some(variant.id.as_str()));
        Some(Report { event, lesson: self.lesson, step: Some(step), variant, rounds, proofs, kernel: None })
    }

    /// What the lesson expects on its way and says that a variant breaks.
    fn failing_in(&self, variant: &str) -> impl Iterator<Item = &'a Condition> {
        let expectations = self.lesson.steps.iter().flat_map(|step| &step.rounds).flat_map(|round| &round.expect);
        expectations
            .filter(move |expectation| expectation.fails_in.as_deref() == Some(variant))
            .map(|expectation| &expectation.that)
    }

    fn task(&self, index: usize, begun: &RoundRecord, solved: RoundRecord) -> Option<Report<'a>> {
        let step = &self.lesson.steps[index];
        let task = step.task.as_ref()?;
        let mut proofs: Vec<Proof> = Vec::new();
        for (number, goal) in task.until.iter().enumerate() {
            let that = goal.condition();
            let held = solved.ticked.get(number) == Some(&true) || holds(that, &solved) == Some(true);
            proofs.push(Proof { text: in_words(that, self.lang), held });
        }
        if task.until.iter().all(|goal| holds(goal.condition(), begun) == Some(true)) {
            proofs.push(Proof { text: self.lang.say("verify.already", &[]), held: false });
        }
        let rounds = vec![solved];
        Some(Report {
            event: "task",
            lesson: self.lesson,
            step: Some(step),
            variant: None,
            rounds,
            proofs,
            kernel: None,
        })
    }
}

/// A step that sets a propagation type and changes no row's teaches nothing: it was that type already. Rows that are made
/// in the same round count as new, so only rounds that do nothing else are looked at.
fn is_idle(step: &Step, rounds: &[RoundRecord]) -> bool {
    let sets = |round: &Round| matches!(round.does.as_slice(), [Operation::Propagation(_)]);
    let well = rounds.iter().all(|record| record.failed().is_none());
    let mut changes = rounds.iter().flat_map(|record| record.outside.iter().chain(&record.inside));
    step.rounds.iter().any(sets) && well && !changes.any(|change| change.fields.contains(&"propagation"))
}
