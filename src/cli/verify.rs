//! `nslab verify`: performs every step and every variant, types every task's solution, and proves every expectation.

use super::{HELD_NOT, image, settle};
use crate::conduct;
use crate::lesson::{Condition, Lesson, LessonError, Round, Side, Step, bundled, open};
use crate::mounts::{ChangeKind, MountTable, printable_json, to_json};
use crate::op::{Actor, Operation, errno_name};
use crate::sandbox::{HostKind, Sandbox};
use crate::session::{Kernel, LayerTable, RoundRecord, Verdict, holds, in_words, judge, layers_of};
use crate::words::Lang;
use serde_json::{Value, json};
use std::io::Write;

pub fn verify(names: &[String], as_json: bool, host: HostKind, lang: Lang) -> anyhow::Result<u8> {
    let all_of_them = names.is_empty();
    let names = if all_of_them { bundled() } else { names.to_vec() };
    let mut lessons = names.iter().map(|name| Ok((open(name)?, name))).collect::<Result<Vec<_>, LessonError>>()?;
    // Asked for all, those that can be told on this host; a lesson that is named says why it cannot.
    lessons.retain(|(lesson, _)| !(all_of_them && host == HostKind::Copy && lesson.host.tidy_only));
    let layers = image()?;
    let mut all = true;
    for (lesson, name) in &lessons {
        let lesson = &settle(lesson, name, host, &layers)?;
        let mut out = std::io::stdout().lock();
        let held = one(lesson, &layers, as_json, host, lang, &mut out)?;
        if as_json {
            writeln!(out, "{}", json!({ "event": "end", "lesson": lesson.id, "held": held }))?;
        } else {
            writeln!(out, "{}", lang.say(if held { "verify.held" } else { "verify.failed" }, &[&lesson.id]))?;
        }
        all &= held;
    }
    Ok(if all { 0 } else { HELD_NOT })
}

fn one(
    lesson: &Lesson,
    layers: &[(String, String)],
    as_json: bool,
    host: HostKind,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let mut sandbox = Sandbox::start(&lesson.host, host, layers)?;
    let prepared = conduct::prepare(&mut sandbox, lesson)?;
    let mut now = prepared.after.clone();
    // Text has nothing to say of what was not asked about; an event tells what ran as step 0.
    if as_json && !lesson.prepare.is_empty() {
        let rounds = [prepared];
        let (step, variant, kernel) = ("prepare", None, None);
        Report { event: "prepare", lesson, step, variant, rounds: &rounds, kernel }.show(true, lang, out)?;
    }
    let mut all = true;
    let mut failing: Vec<(String, Condition, String)> = Vec::new();
    for step in &lesson.steps {
        let mut rounds = Vec::new();
        for round in &step.rounds {
            let record = conduct::perform(&mut sandbox, step, round, &now, lang)?;
            now = record.after.clone();
            for expectation in &round.expect {
                if let Some(variant) = &expectation.fails_in {
                    failing.push((variant.clone(), expectation.that.clone(), step.id.clone()));
                }
            }
            rounds.push(record);
        }
        let idle = idle_propagation(step, &rounds, lang);
        rounds.last_mut().into_iter().for_each(|record| record.verdicts.extend(idle.clone()));
        let report = Report {
            event: "step",
            lesson,
            step: &step.id,
            variant: None,
            rounds: &rounds,
            kernel: step.predict.as_ref().map(|prediction| judge(prediction, &rounds)),
        };
        all &= report.held();
        report.show(as_json, lang, out)?;
    }
    drop(sandbox);
    for (index, step) in lesson.steps.iter().enumerate() {
        for (number, variant) in step.variants.iter().enumerate() {
            let mut sandbox = Sandbox::start(&lesson.host, host, layers)?;
            let mut rounds = conduct::variant(&mut sandbox, lesson, index, number, lang)?;
            // What holds on the way must not hold here: else it proves nothing.
            let first = rounds.first().cloned().unwrap_or_default();
            for (_, condition, _) in failing.iter().filter(|(id, ..)| *id == variant.id) {
                let Some(last) = rounds.last_mut() else { continue };
                // "Before" is before the variant, however many rounds it has.
                let (before, files_before) = (first.before.clone(), first.files_before.clone());
                let held = holds(condition, &RoundRecord { before, files_before, ..last.clone() }) != Some(true);
                let text = lang.say("verify.fails", &[&in_words(condition, lang)]);
                last.verdicts.push(Verdict { that: condition.clone(), text, held });
            }
            let (event, variant) = ("variant", Some(variant.id.as_str()));
            let report = Report { event, lesson, step: &step.id, variant, rounds: &rounds, kernel: None };
            all &= report.held();
            report.show(as_json, lang, out)?;
        }
        if let Some(task) = &step.task {
            let mut sandbox = Sandbox::start(&lesson.host, host, layers)?;
            let (before, _) = conduct::replay(&mut sandbox, lesson, index + 1, &[], lang)?;
            let (begun, mut solved) = conduct::solve(&mut sandbox, step, &before)?;
            let mut already = true;
            for (number, goal) in task.until.iter().enumerate() {
                let that = goal.condition();
                already &= holds(that, &begun) == Some(true);
                let held = solved.ticked.get(number) == Some(&true) || holds(that, &solved) == Some(true);
                solved.verdicts.push(Verdict { that: that.clone(), text: in_words(that, lang), held });
            }
            if already {
                let that = task.until[0].condition().clone();
                solved.verdicts.push(Verdict { that, text: lang.say("verify.already", &[]), held: false });
            }
            let rounds = [solved];
            let report = Report { event: "task", lesson, step: &step.id, variant: None, rounds: &rounds, kernel: None };
            all &= report.held();
            report.show(as_json, lang, out)?;
        }
    }
    Ok(all)
}

/// A step that sets a propagation type and changes no row's teaches nothing: it was that type already. Rows that are made
/// in the same round count as new, so only rounds that do nothing else are looked at.
fn idle_propagation(step: &Step, rounds: &[RoundRecord], lang: Lang) -> Option<Verdict> {
    let sets = |round: &Round| matches!(round.does.as_slice(), [Operation::Propagation(_)]);
    let well = rounds.iter().all(|record| record.failed().is_none());
    let mut changes = rounds.iter().flat_map(|record| record.outside.iter().chain(&record.inside));
    let idle = step.rounds.iter().any(sets) && well && !changes.any(|change| change.fields.contains(&"propagation"));
    let that = Condition::Errno("ok".into());
    idle.then(|| Verdict { that, text: lang.say("verify.idle-propagation", &[]), held: false })
}

/// What is reported of the preparation, a step or a variant.
struct Report<'a> {
    event: &'static str,
    lesson: &'a Lesson,
    step: &'a str,
    variant: Option<&'a str>,
    rounds: &'a [RoundRecord],
    /// The answer to the step's question, if it asks one.
    kernel: Option<Kernel>,
}

impl Report<'_> {
    /// A question without exactly one answer teaches nothing: it fails as an expectation does.
    fn answered(&self) -> bool {
        self.kernel != Some(Kernel::Void)
    }

    fn held(&self) -> bool {
        self.answered() && self.rounds.iter().all(RoundRecord::held)
    }

    fn show(&self, as_json: bool, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
        if as_json {
            return writeln!(out, "{}", printable_json(&self.as_event().to_string()));
        }
        let name = match self.variant {
            Some(variant) => format!("{} / {variant}", self.step),
            None if self.event == "task" => format!("{} / task", self.step),
            None => self.step.to_string(),
        };
        writeln!(out, "{} {name}", if self.held() { "ok  " } else { "FAIL" })?;
        for verdict in self.rounds.iter().flat_map(|round| &round.verdicts).filter(|verdict| !verdict.held) {
            writeln!(out, "     {}", lang.say("verify.not", &[&verdict.text]))?;
        }
        if !self.answered() {
            writeln!(out, "     {}", lang.say("verify.void", &[]))?;
        }
        if self.held() {
            return Ok(());
        }
        for round in self.rounds {
            round.calls.iter().try_for_each(|call| writeln!(out, "     {call}"))?;
            for command in &round.commands {
                writeln!(out, "     $ {}  ({:?})", command.line, command.status)?;
                let mut lines = command.output.lines().take(20);
                lines.try_for_each(|line| writeln!(out, "     {}", crate::mounts::printable(line.as_bytes())))?;
            }
        }
        Ok(())
    }

    /// One JSON object; several rounds are added up.
    fn as_event(&self) -> Value {
        let calls: Vec<Value> = self
            .rounds
            .iter()
            .flat_map(|round| &round.calls)
            .map(|record| {
                json!({
                    "name": record.call.name(),
                    "text": record.call.to_string(),
                    "result": record.result.unwrap_or(-1),
                    "errno": record.result.err().map(errno_name),
                    "micros": record.micros,
                })
            })
            .collect();
        let commands = self.rounds.iter().flat_map(|round| &round.commands);
        let output: String = commands.map(|command| command.output.as_str()).collect();
        let expect: Vec<Value> = self
            .rounds
            .iter()
            .flat_map(|round| &round.verdicts)
            .map(|verdict| json!({ "text": verdict.text, "held": verdict.held }))
            .collect();
        let actor = self.rounds.first().and_then(|round| round.actor);
        let mut value = json!({
            "event": self.event,
            "lesson": self.lesson.id,
            "step": self.step,
            "actor": actor.map(|actor| if actor == Actor::Host { "host" } else { "container" }),
            "calls": calls,
            "outside": changes(self.rounds, Side::Outside),
            "inside": changes(self.rounds, Side::Inside),
            "output": output,
            "expect": expect,
        });
        let at = self.lesson.steps.iter().find(|step| step.id == self.step);
        if let Some(table) = at.zip(self.rounds.last()).and_then(|(step, record)| layers_of(step, record)) {
            value["layers"] = layers(&table);
        }
        if let Some(variant) = self.variant {
            value["variant"] = json!(variant);
        }
        if let Some(kernel) = &self.kernel {
            // Options count from 1, as the student sees them; null: the question has no answer here.
            let answer = match kernel {
                Kernel::Option(index) => json!(index + 1),
                Kernel::Ticks(ticks) => json!(ticks),
                Kernel::Void => Value::Null,
            };
            value["question"] = json!({ "answer": answer });
        }
        value
    }
}

/// What each layer has at the step's paths after the last round.
fn layers(table: &LayerTable) -> Value {
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().zip(&table.columns).map(|(cell, column)| {
            json!({
                "layer": column,
                "kind": cell.state.as_ref().map(|state| state.kind.name()),
                "size": cell.state.as_ref().map(|state| state.size),
                "opaque": cell.state.as_ref().is_some_and(|state| state.opaque),
                "shows": cell.shows,
                "round": cell.mark.name(),
            })
        });
        json!({ "path": row.path, "cells": cells.collect::<Vec<_>>() })
    });
    rows.collect()
}

fn changes(rounds: &[RoundRecord], side: Side) -> Value {
    let empty = MountTable::default();
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for round in rounds {
        let before = round.before.side(side).map_or(&empty, |state| &state.table);
        let after = round.after.side(side).map_or(&empty, |state| &state.table);
        for change in round.changes(side) {
            match (change.kind, change.before, change.after) {
                (ChangeKind::Added, _, Some(row)) => added.push(to_json(after, row)),
                (ChangeKind::Removed, Some(row), _) => removed.push(to_json(before, row)),
                (kind, Some(old), Some(new)) => changed.push(json!({
                    "kind": kind.name(), "fields": change.fields, "before": to_json(before, old), "after": to_json(after, new),
                })),
                _ => {}
            }
        }
    }
    json!({ "added": added, "removed": removed, "changed": changed })
}
