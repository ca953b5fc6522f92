//! `nslab verify`: performs every step, and every variant, and proves every expectation.

use super::{HELD_NOT, image};
use crate::conduct;
use crate::lesson::{Lesson, Side, bundled, open};
use crate::mounts::{ChangeKind, MountTable, to_json};
use crate::op::{Actor, errno_name};
use crate::sandbox::{HostKind, Sandbox};
use crate::session::{LayerTable, RoundRecord, holds, in_words, layers_of};
use crate::words::Lang;
use serde_json::{Value, json};
use std::io::Write;

pub fn verify(names: &[String], as_json: bool, host: HostKind, lang: Lang) -> anyhow::Result<u8> {
    let names = if names.is_empty() { bundled() } else { names.to_vec() };
    let lessons = names.iter().map(|name| open(name)).collect::<Result<Vec<_>, _>>()?;
    let layers = image()?;
    let mut all = true;
    for lesson in &lessons {
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
    let mut all = true;
    let mut failing: Vec<(String, crate::lesson::Condition, String)> = Vec::new();
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
        all &= rounds.iter().all(RoundRecord::held);
        show("step", lesson, &step.id, None, &rounds, as_json, lang, out)?;
    }
    drop(sandbox);
    for (index, step) in lesson.steps.iter().enumerate() {
        for (number, variant) in step.variants.iter().enumerate() {
            let mut sandbox = Sandbox::start(&lesson.host, host, layers)?;
            let mut rounds = conduct::variant(&mut sandbox, lesson, index, number, lang)?;
            // What holds on the way must not hold here: else it proves nothing.
            for (_, condition, _) in failing.iter().filter(|(id, ..)| *id == variant.id) {
                let Some(last) = rounds.last_mut() else { continue };
                let held = holds(condition, last) != Some(true);
                let text = lang.say("verify.fails", &[&in_words(condition, lang)]);
                last.verdicts.push(crate::session::Verdict { that: condition.clone(), text, held });
            }
            all &= rounds.iter().all(RoundRecord::held);
            show("variant", lesson, &step.id, Some(&variant.id), &rounds, as_json, lang, out)?;
        }
    }
    Ok(all)
}

#[expect(clippy::too_many_arguments, reason = "one line of a report, not an interface")]
fn show(
    event: &str,
    lesson: &Lesson,
    step: &str,
    variant: Option<&str>,
    rounds: &[RoundRecord],
    as_json: bool,
    lang: Lang,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if as_json {
        return writeln!(out, "{}", as_event(event, lesson, step, variant, rounds));
    }
    let held = rounds.iter().all(RoundRecord::held);
    let name = variant.map_or_else(|| step.to_string(), |variant| format!("{step} / {variant}"));
    writeln!(out, "{} {name}", if held { "ok  " } else { "FAIL" })?;
    for verdict in rounds.iter().flat_map(|round| &round.verdicts).filter(|verdict| !verdict.held) {
        writeln!(out, "     {}", lang.say("verify.not", &[&verdict.text]))?;
    }
    if !held {
        for round in rounds {
            round.calls.iter().try_for_each(|call| writeln!(out, "     {}", conduct::with_result(call)))?;
            for command in &round.commands {
                writeln!(out, "     $ {}  ({:?})", command.line, command.status)?;
                command
                    .output
                    .lines()
                    .take(20)
                    .try_for_each(|line| writeln!(out, "     {}", crate::mounts::printable(line.as_bytes())))?;
            }
        }
    }
    Ok(())
}

/// A step as one JSON object; several rounds are added up.
fn as_event(event: &str, lesson: &Lesson, step: &str, variant: Option<&str>, rounds: &[RoundRecord]) -> Value {
    let calls: Vec<Value> = rounds
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
    let output: String =
        rounds.iter().flat_map(|round| &round.commands).map(|command| command.output.as_str()).collect();
    let expect: Vec<Value> = rounds
        .iter()
        .flat_map(|round| &round.verdicts)
        .map(|verdict| json!({ "text": verdict.text, "held": verdict.held }))
        .collect();
    let actor = rounds
        .first()
        .and_then(|round| round.actor)
        .map(|actor| if actor == Actor::Host { "host" } else { "container" });
    let mut value = json!({
        "event": event,
        "lesson": lesson.id,
        "step": step,
        "actor": actor,
        "calls": calls,
        "outside": changes(rounds, Side::Outside),
        "inside": changes(rounds, Side::Inside),
        "output": output,
        "expect": expect,
    });
    let at = lesson.steps.iter().find(|other| other.id == step);
    if let Some(table) = at.zip(rounds.last()).and_then(|(step, record)| layers_of(step, record)) {
        value["layers"] = layers(&table);
    }
    if let Some(variant) = variant {
        value["variant"] = json!(variant);
    }
    value
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
