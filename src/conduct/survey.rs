//! What only a run shows of a lesson that is being written: expectations, tasks and calls that teach nothing.

use super::Start;
use super::proof::{Doubt, attempt, doubt, experiments, idle_propagation};
use super::round::{perform, prepare};
use super::task::{is_done, moment};
use crate::lab::LabError;
use crate::lesson::{Lesson, Proof, Step};
use crate::session::{RoundRecord, held_before};

/// What is wrong with a step. Expectations are numbered from 0 through its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A `becomes` that holds before its round.
    Already(usize),
    /// An expectation that holds had the round done nothing, and names nothing that breaks it.
    Unfounded(usize),
    /// An expectation that its `broken-by` does not break.
    Unbroken(usize),
    /// It sets a propagation type and no row has another one afterwards.
    IdlePropagation,
    /// Its task is done before anybody did anything.
    TaskDone,
}

/// Performs the steps, and what is said to break their expectations, in fresh labs. Flaws come step by step.
pub fn survey(start: &Start, lesson: &Lesson) -> Result<Vec<(usize, Flaw)>, LabError> {
    let mut flaws = Vec::new();
    for (index, (records, done)) in run(start, lesson)?.iter().enumerate() {
        let step = &lesson.steps[index];
        let mut found = of_expectations(step, records);
        for experiment in experiments(step, records) {
            let mut lab = start(&lesson.host)?;
            let tried = attempt(lab.as_mut(), lesson, index, &experiment)?;
            let first = first_of(step, experiment.round);
            let held = experiment.expectations.iter().zip(&tried.verdicts).filter(|(_, verdict)| !verdict.held);
            found.extend(held.map(|(number, _)| {
                let is_named = step.rounds[experiment.round].expect[*number].broken_by.is_some();
                if is_named { Flaw::Unbroken(first + number) } else { Flaw::Unfounded(first + number) }
            }));
        }
        found.extend(idle_propagation(step, records).then_some(Flaw::IdlePropagation));
        found.extend(done.then_some(Flaw::TaskDone));
        flaws.extend(found.into_iter().map(|flaw| (index, flaw)));
    }
    Ok(flaws)
}

/// The records of each step in one lab, and whether its task is done as it begins.
fn run(start: &Start, lesson: &Lesson) -> Result<Vec<(Vec<RoundRecord>, bool)>, LabError> {
    let mut lab = start(&lesson.host)?;
    let mut now = prepare(lab.as_mut(), lesson)?.after;
    let mut all = Vec::new();
    for step in &lesson.steps {
        let mut records = Vec::new();
        for round in &step.rounds {
            let record = perform(lab.as_mut(), step, round, &now)?;
            now = record.after.clone();
            records.push(record);
        }
        let done = match &step.task {
            Some(task) => is_done(task, &moment(lab.as_mut(), step, &now)?),
            None => false,
        };
        all.push((records, done));
    }
    Ok(all)
}

/// What the run itself shows of a step's expectations. Whether a `stays` names an experiment is seen without one.
fn of_expectations(step: &Step, records: &[RoundRecord]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (number, (round, record)) in step.rounds.iter().zip(records).enumerate() {
        for (index, expectation) in (first_of(step, number)..).zip(&round.expect) {
            let held_before = held_before(&expectation.that, record) == Some(true);
            match expectation.proof {
                Proof::Becomes if held_before => flaws.push(Flaw::Already(index)),
                Proof::Says if doubt(expectation, round, record) == Doubt::Unfounded => {
                    flaws.push(Flaw::Unfounded(index));
                }
                _ => {}
            }
        }
    }
    flaws
}

/// The number of a round's first expectation.
fn first_of(step: &Step, round: usize) -> usize {
    step.rounds[..round].iter().map(|round| round.expect.len()).sum()
}
