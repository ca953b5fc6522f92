//! What a run of a lesson proves: what it expects, and that what holds on the way fails in the variants that say so.

use super::report::{Proof, Report};
use crate::conduct::{self, Start};
use crate::lesson::{Condition, Lesson};
use crate::session::{Entry, RoundRecord, Verdict, holds, in_words, judge};
use crate::words::Lang;
use anyhow::Context;

/// Follows a whole run, entry by entry.
pub struct Prover<'a> {
    lesson: &'a Lesson,
    lang: Lang,
    prepared: bool,
    /// The step that is under way, and its rounds so far.
    step: usize,
    rounds: Vec<RoundRecord>,
    /// The rounds of the steps that are reported.
    records: Vec<Vec<RoundRecord>>,
}

impl<'a> Prover<'a> {
    pub fn new(lesson: &'a Lesson, lang: Lang) -> Prover<'a> {
        Prover { lesson, lang, prepared: false, step: 0, rounds: Vec::new(), records: Vec::new() }
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
            // A practice host is prepared anew for each variant; the lesson's own comes first.
            Entry::Prepared { record } if !self.prepared && !self.lesson.prepare.is_empty() => {
                self.prepared = true;
                let (event, rounds) = ("prepare", vec![record]);
                let lesson = self.lesson;
                vec![Report { event, lesson, step: None, variant: None, rounds, proofs: Vec::new(), kernel: None }]
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
            if conduct::idle_propagation(step, &rounds) {
                proofs.push(Proof { text: self.lang.say("verify.idle-propagation", &[]), held: false });
            }
            self.records.push(rounds.clone());
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
        // "Before" is before the variant, however many rounds it has.
        let whole = RoundRecord::whole(&rounds);
        let kernel = variant.predict.as_ref().map(|prediction| judge(prediction, std::slice::from_ref(&whole)));
        let mut proofs = Proof::of(&rounds, self.lang);
        // What holds on the way must not hold here: else it proves nothing.
        for condition in self.failing_in(id) {
            let text = self.lang.say("verify.fails", &[&in_words(condition, self.lang)]);
            proofs.push(Proof { text, held: holds(condition, &whole) != Some(true) });
        }
        let (event, variant) = ("variant", Some(variant.id.as_str()));
        Some(Report { event, lesson: self.lesson, step: Some(step), variant, rounds, proofs, kernel })
    }

    /// What the lesson expects on its way and says that a variant breaks.
    fn failing_in(&self, variant: &str) -> impl Iterator<Item = &'a Condition> {
        let expectations = self.lesson.steps.iter().flat_map(|step| &step.rounds).flat_map(|round| &round.expect);
        expectations
            .filter(move |expectation| expectation.fails_in.as_deref() == Some(variant))
            .map(|expectation| &expectation.that)
    }

    /// Each expectation of a step must fail somewhere: what the step's own run shows, and each experiment in a practice
    /// host of its own.
    pub fn doubts(&self, start: &Start, tell: &mut dyn FnMut(Report<'a>) -> std::io::Result<()>) -> anyhow::Result<()> {
        for (index, (step, records)) in self.lesson.steps.iter().zip(&self.records).enumerate() {
            let failing = |verdicts: &[Verdict], key| verdicts.iter().map(|v| self.fails(v, key)).collect::<Vec<_>>();
            let mut proofs = failing(&conduct::shown(step, records), "verify.without");
            let mut rounds = Vec::new();
            for experiment in conduct::experiments(step, records) {
                let mut lab = start(&self.lesson.host)?;
                let tried = conduct::attempt(lab.as_mut(), self.lesson, index, &experiment);
                let tried = tried.with_context(|| format!("try what breaks an expectation of the step {}", step.id))?;
                let key = if experiment.is_named() { "verify.broken" } else { "verify.without" };
                proofs.extend(failing(&tried.verdicts, key));
                rounds.push(tried);
            }
            if !proofs.is_empty() {
                let (event, step) = ("proof", Some(step));
                tell(Report { event, lesson: self.lesson, step, variant: None, rounds, proofs, kernel: None })?;
            }
        }
        Ok(())
    }

    /// What must not have held, in words; where it did, with what to write.
    fn fails(&self, verdict: &Verdict, key: &str) -> Proof {
        let text = self.lang.say(key, &[&in_words(&verdict.that, self.lang)]);
        let advice = || self.lang.say(&format!("{key}.advice"), &[]);
        Proof { text: if verdict.held { text } else { text + &advice() }, held: verdict.held }
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
        if conduct::is_done(task, begun) {
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
