//! What `nslab verify` prints of a step, a variant or a task.

use crate::lesson::{Lesson, Side, Step};
use crate::mounts::{ChangeKind, MountTable, printable_json, to_json};
use crate::op::{Actor, errno_name};
use crate::session::{Kernel, LayerTable, RoundRecord, in_words, layers_of};
use crate::words::Lang;
use serde_json::{Value, json};
use std::io::Write;

/// What is reported of the preparation, a step or a variant.
pub struct Report<'a> {
    pub event: &'static str,
    pub lesson: &'a Lesson,
    /// None: the preparation.
    pub step: Option<&'a Step>,
    pub variant: Option<&'a str>,
    pub rounds: Vec<RoundRecord>,
    /// What had to be so.
    pub proofs: Vec<Proof>,
    /// The answer to the step's question, if it asks one.
    pub kernel: Option<Kernel>,
}

/// Something that had to be so, in words.
pub struct Proof {
    pub text: String,
    pub held: bool,
}

impl Proof {
    /// What a round's own expectations say.
    pub fn of(rounds: &[RoundRecord], lang: Lang) -> Vec<Proof> {
        let verdicts = rounds.iter().flat_map(|round| &round.verdicts);
        verdicts.map(|verdict| Proof { text: in_words(&verdict.that, lang), held: verdict.held }).collect()
    }
}

impl Report<'_> {
    /// A question without exactly one answer teaches nothing: it fails as an expectation does.
    fn answered(&self) -> bool {
        self.kernel != Some(Kernel::Void)
    }

    pub fn held(&self) -> bool {
        self.answered() && self.proofs.iter().all(|proof| proof.held)
    }

    pub fn show(&self, as_json: bool, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
        if as_json {
            return writeln!(out, "{}", printable_json(&self.as_event().to_string()));
        }
        // Text has nothing to say of what was not asked about; an event tells what ran as step 0.
        let Some(step) = self.step else { return Ok(()) };
        let name = match self.variant {
            Some(variant) => format!("{} / {variant}", step.id),
            None if self.event == "task" => format!("{} / task", step.id),
            None => step.id.clone(),
        };
        writeln!(out, "{} {name}", if self.held() { "ok  " } else { "FAIL" })?;
        for proof in self.proofs.iter().filter(|proof| !proof.held) {
            writeln!(out, "     {}", lang.say("verify.not", &[&proof.text]))?;
        }
        if !self.answered() {
            writeln!(out, "     {}", lang.say("verify.void", &[]))?;
        }
        if self.held() {
            return Ok(());
        }
        for round in &self.rounds {
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
        let expect: Vec<Value> =
            self.proofs.iter().map(|proof| json!({ "text": proof.text, "held": proof.held })).collect();
        let actor = self.rounds.first().and_then(|round| round.actor);
        let mut value = json!({
            "event": self.event,
            "lesson": self.lesson.id,
            "step": self.step.map_or("prepare", |step| &step.id),
            "actor": actor.map(|actor| if actor == Actor::Host { "host" } else { "container" }),
            "calls": calls,
            "outside": changes(&self.rounds, Side::Outside),
            "inside": changes(&self.rounds, Side::Inside),
            "output": output,
            "expect": expect,
        });
        if let Some(table) = self.step.zip(self.rounds.last()).and_then(|(step, record)| layers_of(step, record)) {
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
