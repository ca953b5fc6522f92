//! Performs rounds on a lab, replays steps, runs variants, and records what happened.

use crate::lab::{Lab, LabError};
use crate::lesson::{Condition, Goal, Lesson, Prediction, Proof, Round, Run, Side, Step};
use crate::op::{Actor, Operation, lower};
use crate::session::{
    CallRecord, CommandRecord, FileSeen, Past, RoundRecord, Snapshot, Verdict, held_before, holds, layer_files,
};
use std::time::{Duration, Instant};

/// How long a line that was typed, or a signal, may take to show its effect.
const TYPED: Duration = Duration::from_secs(5);

/// What is waited for before a round's record is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing: a system call has had its effect when it returns.
    No,
    /// That everything is as it should be.
    ForVerdicts,
    /// That anything changes.
    ForAnything,
}
/// How long a signal is waited for of which nobody expects anything: it may end the container, or do nothing at all.
const SIGNAL: Duration = Duration::from_secs(1);

/// Performs what the lesson wants done before step 1. Its record is step 0.
pub fn prepare(lab: &mut dyn Lab, lesson: &Lesson) -> Result<RoundRecord, LabError> {
    let mut record = RoundRecord { actor: Some(Actor::Host), before: lab.snapshot()?, ..RoundRecord::default() };
    for round in &lesson.prepare {
        if !calls(lab, round.actor, &round.does, &mut record)? {
            let (call, errno) = record.failed().expect("a call failed");
            return Err(LabError::Failed { tried: format!("prepare: {call}"), errno });
        }
        run(lab, round.actor, &round.run, &mut record)?;
    }
    let compared = RoundRecord::between(record.before, lab.snapshot()?);
    Ok(RoundRecord { actor: record.actor, calls: record.calls, commands: record.commands, ..compared })
}

/// Performs one round of a step and judges its expectations.
pub fn perform(lab: &mut dyn Lab, step: &Step, round: &Round, before: &Snapshot) -> Result<RoundRecord, LabError> {
    let mut record = begin(lab, step, round, before)?;
    // Where a failure is the lesson, what is run afterwards belongs to it.
    if calls(lab, round.actor, &round.does, &mut record)? || round.expect.iter().any(is_about_errno) {
        let ends = round.expect.iter().any(|expectation| expectation.that == Condition::Ended(true));
        if ends && round.does.iter().any(sends_signal) {
            until_ended(lab)?;
        }
        run(lab, round.actor, &round.run, &mut record)?;
    }
    type_lines(lab, &round.types, &mut record)?;
    let verdicts = |record: &RoundRecord| verdicts(record, round);
    let is_open = round.expect.is_empty() && round.does.iter().any(sends_signal);
    let wait = if is_open { Wait::ForAnything } else { wait_for(&round.does, &round.types) };
    look_again(lab, record, wait, verdicts)
}

/// The record of a round that has not done anything yet.
pub(super) fn begin(lab: &mut dyn Lab, step: &Step, round: &Round, before: &Snapshot) -> Result<RoundRecord, LabError> {
    let files_before = look(lab, &files_of(step, round))?;
    Ok(RoundRecord { actor: Some(round.actor), before: before.clone(), files_before, ..RoundRecord::default() })
}

pub(super) fn run(lab: &mut dyn Lab, actor: Actor, commands: &[Run], record: &mut RoundRecord) -> Result<(), LabError> {
    for command in commands {
        record.commands.push(lab.run(actor, command)?);
    }
    Ok(())
}

pub(super) fn type_lines(lab: &mut dyn Lab, lines: &[String], record: &mut RoundRecord) -> Result<(), LabError> {
    for line in lines {
        lab.type_line(line)?;
        let (line, output) = (line.clone(), String::new());
        record.commands.push(CommandRecord { line, output, status: None, typed: true });
    }
    Ok(())
}

/// Looks at both sides and gives verdicts; where what was done takes effect in its own time, until all is as it should be
/// or patience ends.
pub(super) fn look_again(
    lab: &mut dyn Lab,
    mut record: RoundRecord,
    wait: Wait,
    verdicts: impl Fn(&RoundRecord) -> Vec<Verdict>,
) -> Result<RoundRecord, LabError> {
    let files: Vec<_> = record.files_before.iter().map(|seen| (seen.side, seen.path.clone())).collect();
    let deadline = Instant::now() + if wait == Wait::ForAnything { SIGNAL } else { TYPED };
    loop {
        let RoundRecord { after, outside, inside, .. } = RoundRecord::between(record.before.clone(), lab.snapshot()?);
        record = RoundRecord { after, outside, inside, files_after: look(lab, &files)?, ..record };
        record.verdicts = verdicts(&record);
        if let Some(last) = record.commands.iter_mut().rev().find(|command| command.typed) {
            last.output.push_str(&lab.typed_output()?);
        }
        let is_over = match wait {
            Wait::No => true,
            Wait::ForVerdicts => record.held(),
            Wait::ForAnything => shows_something(&record),
        };
        if is_over || Instant::now() > deadline {
            return Ok(record);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What is typed takes effect in its own time, and so does a signal; any other system call has had its effect when it
/// returns.
pub(super) fn wait_for(does: &[Operation], types: &[String]) -> Wait {
    if !types.is_empty() || does.iter().any(sends_signal) { Wait::ForVerdicts } else { Wait::No }
}

fn sends_signal(operation: &Operation) -> bool {
    matches!(operation, Operation::Kill(kill) if kill.signal.0 != 0)
}

fn shows_something(record: &RoundRecord) -> bool {
    let there = |snapshot: &Snapshot| snapshot.inside.is_some();
    record.failed().is_some()
        || !record.outside.is_empty()
        || !record.inside.is_empty()
        || there(&record.before) != there(&record.after)
}

/// The commands of a round in which the container ends come after its end: ps would still show it dying.
fn until_ended(lab: &mut dyn Lab) -> Result<(), LabError> {
    let deadline = Instant::now() + TYPED;
    while lab.snapshot()?.inside.is_some() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

fn is_about_errno(expectation: &crate::lesson::Expectation) -> bool {
    matches!(expectation.that, Condition::Errno(_))
}

/// Performs steps without stopping, leaving out some: how back, go-to and variants rebuild. Tells how things stand then.
pub fn replay(lab: &mut dyn Lab, lesson: &Lesson, upto: usize, skip: &[String]) -> Result<(Snapshot, Past), LabError> {
    let mut past = Past { prepared: prepare(lab, lesson)?, steps: Vec::new() };
    let mut now = past.prepared.after.clone();
    for step in &lesson.steps[..upto.min(lesson.steps.len())] {
        let mut rounds = Vec::new();
        if !skip.contains(&step.id) {
            for round in &step.rounds {
                let record = perform(lab, step, round, &now)?;
                now = record.after.clone();
                rounds.push(record);
            }
        }
        past.steps.push(rounds);
    }
    Ok((now, past))
}

/// Runs a variant of a step in a fresh lab: the steps before it but for those it skips, then its own rounds (or the
/// step's first).
pub fn variant(lab: &mut dyn Lab, lesson: &Lesson, step: usize, index: usize) -> Result<Vec<RoundRecord>, LabError> {
    let at = &lesson.steps[step];
    let variant = &at.variants[index];
    let (mut now, _) = replay(lab, lesson, step, &variant.skip)?;
    let rounds: Vec<Round> = if variant.rounds.is_empty() {
        let first = at.rounds.first().cloned();
        first.map(|round| Round { expect: variant.expect.clone(), ..round }).into_iter().collect()
    } else {
        variant.rounds.clone()
    };
    let mut records = Vec::new();
    for round in &rounds {
        let record = perform(lab, at, round, &now)?;
        now = record.after.clone();
        records.push(record);
    }
    Ok(records)
}

/// Makes the calls of operations in order until one fails. Tells whether all went well.
pub(super) fn calls(
    lab: &mut dyn Lab,
    actor: Actor,
    operations: &[Operation],
    record: &mut RoundRecord,
) -> Result<bool, LabError> {
    for call in operations.iter().flat_map(lower) {
        let call = call.resolve(lab.container());
        let (result, micros) = lab.perform(actor, &call)?;
        let failed = result.is_err();
        record.calls.push(CallRecord { call, result, micros });
        if failed {
            return Ok(false);
        }
    }
    Ok(true)
}

fn verdicts(record: &RoundRecord, round: &Round) -> Vec<Verdict> {
    let verdicts = round.expect.iter().map(|expectation| {
        let that = &expectation.that;
        let after = holds(that, record) == Some(true);
        let before = held_before(that, record) == Some(true);
        let held = match expectation.proof {
            Proof::Becomes => after && !before,
            Proof::Stays => after && before,
            Proof::Says => after,
        };
        Verdict { that: that.clone(), held }
    });
    verdicts.collect()
}

/// The files that a round's expectations, and its step's prediction, ask about.
fn files_of(step: &Step, round: &Round) -> Vec<(Side, String)> {
    let mut conditions: Vec<&Condition> = round.expect.iter().map(|expectation| &expectation.that).collect();
    // A variant is judged by expectations of other rounds too.
    conditions.extend(step.rounds.iter().flat_map(|round| &round.expect).map(|expectation| &expectation.that));
    for prediction in step.predict.iter().chain(step.variants.iter().flat_map(|variant| &variant.predict)) {
        match prediction {
            Prediction::Tick { items } => conditions.extend(items),
            Prediction::Claims { options } => conditions.extend(options.iter().flatten()),
            _ => {}
        }
    }
    let mut files: Vec<(Side, String)> = step.layers.iter().flat_map(layer_files).collect();
    asked_files(conditions, &mut files);
    files
}

/// The files that a task asks about.
pub(super) fn files_of_task(step: &Step) -> Vec<(Side, String)> {
    let mut files = Vec::new();
    asked_files(step.task.iter().flat_map(|task| task.until.iter().map(Goal::condition).chain(&task.near)), &mut files);
    files
}

fn asked_files<'a>(conditions: impl IntoIterator<Item = &'a Condition>, files: &mut Vec<(Side, String)>) {
    for condition in conditions {
        if let Condition::File(file) = condition {
            let asked = (file.side, file.path.clone());
            if !files.contains(&asked) {
                files.push(asked);
            }
        }
    }
}

pub(super) fn look(lab: &mut dyn Lab, files: &[(Side, String)]) -> Result<Vec<FileSeen>, LabError> {
    files
        .iter()
        .map(|(side, path)| Ok(FileSeen { side: *side, path: path.clone(), state: lab.file(*side, path)? }))
        .collect()
}
