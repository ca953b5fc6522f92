//! `nslab verify`: performs every step and every variant, types every task's solution, and proves every expectation.

mod report;

use super::{HELD_NOT, image, settle};
use crate::conduct;
use crate::lab::LabError;
use crate::lesson::{Condition, Lesson, LessonError, bundled, open};
use crate::sandbox::{HostKind, Sandbox};
use crate::session::{Kernel, RoundRecord, Snapshot, Verdict, holds, in_words, judge};
use crate::words::Lang;
use anyhow::Context;
use report::Report;
use serde_json::json;
use std::io::Write;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Lessons by name or path; all if none is named.
    lessons: Vec<String>,
    /// One event a line.
    #[arg(long)]
    json: bool,
    #[arg(long, value_enum, default_value_t)]
    host: HostKind,
    /// Leave out the runs that show that each expectation can fail.
    #[arg(long)]
    no_proofs: bool,
}

pub fn verify(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let all_of_them = args.lessons.is_empty();
    let names = if all_of_them { bundled() } else { args.lessons.clone() };
    let mut lessons = names.iter().map(|name| Ok((open(name)?, name))).collect::<Result<Vec<_>, LessonError>>()?;
    // Asked for all, those that can be told on this host; a lesson that is named says why it cannot.
    lessons.retain(|(lesson, _)| !(all_of_them && args.host == HostKind::Copy && lesson.host.tidy_only));
    let layers = image()?;
    let mut all = true;
    for (lesson, name) in &lessons {
        let lesson = &settle(lesson, name, args.host, &layers)?;
        let mut out = std::io::stdout().lock();
        let mut run = Run { lesson, layers: &layers, args, lang, out: &mut out, held: true };
        run.whole()?;
        let held = run.held;
        if args.json {
            writeln!(
                out,
                "{}",
                json!({ "event": "end", "lesson": lesson.id, "held": held, "proofs": !args.no_proofs })
            )?;
        } else {
            let key = match (held, args.no_proofs) {
                (true, false) => "verify.held",
                (true, true) => "verify.held-unproven",
                (false, _) => "verify.failed",
            };
            writeln!(out, "{}", lang.say(key, &[&lesson.id]))?;
        }
        all &= held;
    }
    Ok(if all { 0 } else { HELD_NOT })
}

/// One lesson as it is verified.
struct Run<'a> {
    lesson: &'a Lesson,
    layers: &'a [(String, String)],
    args: &'a Args,
    lang: Lang,
    out: &'a mut dyn Write,
    /// Whether all held so far.
    held: bool,
}

impl Run<'_> {
    fn sandbox(&self) -> Result<Sandbox, LabError> {
        Sandbox::start(&self.lesson.host, self.args.host, self.layers)
    }

    fn report(
        &mut self,
        event: &'static str,
        step: usize,
        variant: Option<&str>,
        rounds: &[RoundRecord],
        kernel: Option<Kernel>,
    ) -> std::io::Result<()> {
        let step = &self.lesson.steps[step].id;
        let report = Report { event, lesson: self.lesson, step, variant, rounds, kernel };
        self.held &= report.held();
        report.show(self.args.json, self.lang, self.out)
    }

    fn whole(&mut self) -> anyhow::Result<()> {
        let lesson = self.lesson;
        let steps = self.steps()?;
        for (index, step) in lesson.steps.iter().enumerate() {
            if !self.args.no_proofs {
                self.proofs(index, &steps[index])?;
            }
            for number in 0..step.variants.len() {
                self.variant(index, number)?;
            }
            if step.task.is_some() {
                self.task(index)?;
            }
        }
        Ok(())
    }

    /// The lesson from its first step to its last, in one sandbox.
    fn steps(&mut self) -> anyhow::Result<Vec<Vec<RoundRecord>>> {
        let mut sandbox = self.sandbox()?;
        let mut now: Snapshot = conduct::prepare(&mut sandbox, self.lesson)?.after;
        let mut all = Vec::new();
        for (index, step) in self.lesson.steps.iter().enumerate() {
            let mut rounds = Vec::new();
            for round in &step.rounds {
                let record = conduct::perform(&mut sandbox, step, round, &now, self.lang)?;
                now = record.after.clone();
                rounds.push(record);
            }
            if conduct::idle_propagation(step, &rounds)
                && let Some(last) = rounds.last_mut()
            {
                let (that, text) = (Condition::Errno("ok".into()), self.lang.say("verify.idle-propagation", &[]));
                last.verdicts.push(Verdict { that, text, held: false });
            }
            let kernel = step.predict.as_ref().map(|prediction| judge(prediction, &rounds));
            self.report("step", index, None, &rounds, kernel)?;
            all.push(rounds);
        }
        Ok(all)
    }

    /// Each expectation of a step must fail somewhere: what the step's own run shows, and each experiment in a sandbox of
    /// its own.
    fn proofs(&mut self, index: usize, records: &[RoundRecord]) -> anyhow::Result<()> {
        let step = &self.lesson.steps[index];
        let verdicts = conduct::shown(step, records, self.lang);
        let mut proofs = Vec::new();
        if !verdicts.is_empty() {
            proofs.push(RoundRecord { verdicts, ..RoundRecord::default() });
        }
        for experiment in conduct::experiments(step, records) {
            let mut sandbox = self.sandbox()?;
            let proof = conduct::attempt(&mut sandbox, self.lesson, index, &experiment, self.lang);
            proofs.push(proof.with_context(|| format!("try what breaks an expectation of the step {}", step.id))?);
        }
        if proofs.is_empty() { Ok(()) } else { Ok(self.report("proof", index, None, &proofs, None)?) }
    }

    fn variant(&mut self, index: usize, number: usize) -> anyhow::Result<()> {
        let variant = &self.lesson.steps[index].variants[number];
        let mut sandbox = self.sandbox()?;
        let mut rounds = conduct::variant(&mut sandbox, self.lesson, index, number, self.lang)?;
        let whole = RoundRecord::whole(&rounds);
        let kernel = variant.predict.as_ref().map(|prediction| judge(prediction, std::slice::from_ref(&whole)));
        // What holds on the way must not hold here: else it proves nothing. "Before" is before the variant, however many
        // rounds it has.
        let expectations = self.lesson.steps.iter().flat_map(|step| &step.rounds).flat_map(|round| &round.expect);
        for expectation in expectations.filter(|expectation| expectation.fails_in.as_ref() == Some(&variant.id)) {
            let Some(last) = rounds.last_mut() else { continue };
            let that = expectation.that.clone();
            let held = holds(&that, &whole) != Some(true);
            let text = self.lang.say("verify.fails", &[&in_words(&that, self.lang)]);
            last.verdicts.push(Verdict { that, text, held });
        }
        Ok(self.report("variant", index, Some(&variant.id), &rounds, kernel)?)
    }

    fn task(&mut self, index: usize) -> anyhow::Result<()> {
        let step = &self.lesson.steps[index];
        let Some(task) = &step.task else { return Ok(()) };
        let mut sandbox = self.sandbox()?;
        let (before, _) = conduct::replay(&mut sandbox, self.lesson, index + 1, &[], self.lang)?;
        let (begun, mut solved) = conduct::solve(&mut sandbox, step, &before)?;
        for (number, goal) in task.until.iter().enumerate() {
            let that = goal.condition();
            let held = solved.ticked.get(number) == Some(&true) || holds(that, &solved) == Some(true);
            solved.verdicts.push(Verdict { that: that.clone(), text: in_words(that, self.lang), held });
        }
        if conduct::is_done(task, &begun) {
            let that = task.until[0].condition().clone();
            solved.verdicts.push(Verdict { that, text: self.lang.say("verify.already", &[]), held: false });
        }
        Ok(self.report("task", index, None, &[solved], None)?)
    }
}
