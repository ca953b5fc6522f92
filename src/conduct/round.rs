//! Performs rounds on a lab, replays steps, runs variants, and records what happened.

use crate::lab::{Lab, LabError};
use crate::lesson::{Condition, Goal, Lesson, Prediction, Proof, Round, Side, Step};
use crate::op::{Actor, Operation, lower};
use crate::session::{CallRecord, FileSeen, Past, RoundRecord, Snapshot, Verdict, held_before, holds, layer_files};
use std::time::{Duration, Instant};

/// How long a line that was typed, or a signal, may take to show its effect.
const TYPED: Duration = Duration::from_secs(5);

/// Performs what the lesson wants done before step 1. Its record is step 0.
pub fn prepare(lab: &mut dyn Lab, lesson: &Lesson) -> Result<RoundRecord, LabError> {
    let mut record = RoundRecord { actor: Some(Actor::Host), before: lab.snapshot()?, ..RoundRecord::default() };
    for round in &lesson.prepare {
        if !calls(lab, round.actor, &round.does, &mut record)? {
            let (call, errno) = record.failed().expect("a call failed");
            return Err(LabError::Failed { tried: format!("prepare: {call}"), errno });
        }
        for command in &round.run {
            record.commands.push(lab.run(round.actor, command)?);
        }
    }
    let compared = RoundRecord::between(record.before, lab.snapshot()?);
    Ok(RoundRecord { actor: record.actor, calls: record.calls, commands: record.commands, ..compared })
}

/// Performs one round of a step and judges its expectations.
pub fn perform(lab: &mut dyn Lab, step: &Step, round: &Round, before: &Snapshot) -> Result<RoundRecord, LabError> {
    let files = files_of(step, round);
    let mut record = RoundRecord {
        actor: Some(round.actor),
        before: before.clone(),
        files_before: look(lab, &files)?,
        ..RoundRecord::default()
    };
    let went_well = calls(lab, round.actor, &round.does, &mut record)?;
    // Where a failure is the lesson, what is run afterwards belongs to it.
    if went_well || round.expect.iter().any(is_about_errno) {
        for command in &round.run {
            record.commands.push(lab.run(round.actor, command)?);
        }
    }
    for line in &round.types {
        lab.type_line(line)?;
        record.commands.push(crate::session::CommandRecord {
            line: line.clone(),
            output: String::new(),
            status: None,
            typed: true,
        });
    }
    let deadline = Instant::now() + TYPED;
    loop {
        let RoundRecord { after, outside, inside, .. } = RoundRecord::between(before.clone(), lab.snapshot()?);
        record = RoundRecord { after, outside, inside, files_after: look(lab, &files)?, ..record };
        judge(&mut record, round);
        if let Some(last) = record.commands.iter_mut().rev().find(|command| command.typed) {
            last.output.push_str(&lab.typed_output()?);
        }
        if !takes_time(round) || record.held() || Instant::now() > deadline {
            return Ok(record);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What is typed takes effect in its own time, and so does a signal; any other system call has had its effect when it
/// returns.
fn takes_time(round: &Round) -> bool {
    let sends = |operation: &Operation| matches!(operation, Operation::Kill(kill) if kill.signal.0 != 0);
    !round.types.is_empty() || round.does.iter().any(sends)
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

fn judge(record: &mut RoundRecord, round: &Round) {
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
    record.verdicts = verdicts.collect();
}

/// The files that a round's expectations, and its step's prediction, ask about.
fn files_of(step: &Step, round: &Round) -> Vec<(Side, String)> {
    let mut conditions: Vec<&Condition> = round.expect.iter().map(|expectation| &expectation.that).collect();
    // A variant is judged by expectations of other rounds too.
    conditions.extend(step.rounds.iter().flat_map(|round| &round.expect).map(|expectation| &expectation.that));
    match &step.predict {
        Some(Prediction::Tick { items }) => conditions.extend(items),
        Some(Prediction::Claims { options }) => conditions.extend(options.iter().flatten()),
        _ => {}
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
