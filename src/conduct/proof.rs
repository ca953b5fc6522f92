//! Proves that what a round says could be otherwise: each expectation must fail somewhere. A `becomes` fails before its
//! round; every other one fails with the round left out, or in the experiment that its author names.

use super::round::{Wait, begin, calls, look_again, perform, replay, run, type_lines, wait_for};
use crate::lab::{Lab, LabError};
use crate::lesson::{Breaker, Condition, Expectation, Lesson, Proof, Round, Step};
use crate::op::Operation;
use crate::session::{CommandRecord, RoundRecord, Verdict, holds, holds_idle};

/// What shows that an expectation can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt<'a> {
    /// The run itself, or the variant that `fails-in` names.
    Settled,
    /// Nothing: it holds had the round done nothing, and no experiment is named.
    Unfounded,
    /// It must be performed: these operations instead of the round's own, or none.
    Try(Option<&'a Breaker>),
}

/// What shows that an expectation of a round can fail, as the round went.
pub fn doubt<'a>(expectation: &'a Expectation, round: &Round, record: &RoundRecord) -> Doubt<'a> {
    match (&expectation.broken_by, expectation.proof) {
        (Some(breaker), _) => Doubt::Try(Some(breaker)),
        _ if expectation.fails_in.is_some() => Doubt::Settled,
        (None, Proof::Becomes) => Doubt::Settled,
        (None, Proof::Stays) => Doubt::Unfounded,
        // What a command would have printed without the operations before it is not known yet.
        (None, Proof::Says) if follows_operations(&expectation.that, round) => Doubt::Try(None),
        (None, Proof::Says) if holds_idle(&expectation.that, record) => Doubt::Unfounded,
        (None, Proof::Says) => Doubt::Settled,
    }
}

/// Whether a condition is about a command that runs after what its round does and types.
fn follows_operations(that: &Condition, round: &Round) -> bool {
    let has_operations = !round.does.is_empty() || !round.types.is_empty();
    matches!(that, Condition::Output(output) if has_operations && round.run.iter().any(|run| run.line() == output.of))
}

/// One run in a fresh lab in which expectations of a round must not hold.
#[derive(Debug)]
pub struct Experiment<'a> {
    pub round: usize,
    instead: Option<&'a Breaker>,
    /// Which expectations of the round, by number.
    pub expectations: Vec<usize>,
}

impl Experiment<'_> {
    /// Its author names it; else it is the round left out.
    pub fn is_named(&self) -> bool {
        self.instead.is_some()
    }
}

/// The experiments that a step's expectations ask for; expectations of a round with the same one share it.
pub fn experiments<'a>(step: &'a Step, records: &[RoundRecord]) -> Vec<Experiment<'a>> {
    let mut all: Vec<Experiment> = Vec::new();
    for (number, (round, record)) in step.rounds.iter().zip(records).enumerate() {
        for (index, expectation) in round.expect.iter().enumerate() {
            let Doubt::Try(instead) = doubt(expectation, round, record) else { continue };
            match all.iter_mut().find(|known| known.round == number && known.instead == instead) {
                Some(known) => known.expectations.push(index),
                None => all.push(Experiment { round: number, instead, expectations: vec![index] }),
            }
        }
    }
    all
}

/// Performs an experiment in a fresh lab: all that comes before the round, then the experiment, then the round's commands.
/// A verdict for each of its expectations: held if the expectation did not hold.
pub fn attempt(
    lab: &mut dyn Lab,
    lesson: &Lesson,
    step: usize,
    experiment: &Experiment,
) -> Result<RoundRecord, LabError> {
    let at = &lesson.steps[step];
    let (mut now, _) = replay(lab, lesson, step, &[])?;
    for earlier in &at.rounds[..experiment.round] {
        now = perform(lab, at, earlier, &now)?.after;
    }
    let round = &at.rounds[experiment.round];
    let mut record = begin(lab, at, round, &now)?;
    let mut wait = Wait::No;
    if let Some(breaker) = experiment.instead {
        let actor = breaker.actor.unwrap_or(round.actor);
        calls(lab, actor, &breaker.does, &mut record)?;
        run(lab, actor, &breaker.run, &mut record)?;
        type_lines(lab, &breaker.types, &mut record)?;
        wait = wait_for(&breaker.does, &breaker.types);
    }
    for command in &round.run {
        let line = command.line().to_string();
        let silent = CommandRecord { line, output: String::new(), status: None, typed: false };
        record.commands.push(match lab.run(round.actor, command) {
            // What cannot run here, or waits for ever for what was not done, prints nothing.
            Err(LabError::Broken(_) | LabError::Failed { .. }) => silent,
            done => done?,
        });
    }
    let verdicts = |record: &RoundRecord| {
        let expectations = experiment.expectations.iter().map(|index| &round.expect[*index].that);
        expectations.map(|that| Verdict { that: that.clone(), held: holds(that, record) != Some(true) }).collect()
    };
    look_again(lab, record, wait, verdicts)
}

/// What the lesson's own run shows of a step's expectations, without an experiment: a verdict for each `says` that fails had
/// the round done nothing, and for each expectation that nothing makes fail.
pub fn shown(step: &Step, records: &[RoundRecord]) -> Vec<Verdict> {
    let rounds = step.rounds.iter().zip(records);
    let all = rounds.flat_map(|(round, record)| {
        let asked = round
            .expect
            .iter()
            .filter(|expectation| expectation.proof != Proof::Becomes && !expectation.names_experiment());
        asked.filter_map(move |expectation| match doubt(expectation, round, record) {
            Doubt::Try(_) => None,
            doubt => Some(Verdict { that: expectation.that.clone(), held: doubt == Doubt::Settled }),
        })
    });
    all.collect()
}

/// A step that sets a propagation type and changes no row's teaches nothing: it was that type already. Rows that are made
/// in the same round count as new, so only rounds that do nothing else are looked at.
pub fn idle_propagation(step: &Step, records: &[RoundRecord]) -> bool {
    let sets = |round: &Round| matches!(round.does.as_slice(), [Operation::Propagation(_)]);
    let well = records.iter().all(|record| record.failed().is_none());
    let mut changes = records.iter().flat_map(|record| record.outside.iter().chain(&record.inside));
    step.rounds.iter().any(sets) && well && !changes.any(|change| change.fields.contains(&"propagation"))
}
