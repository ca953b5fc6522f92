//! Whether two recordings of one lesson tell the same. Left out is what differs between runs, kernels and machines by nature:
//! times, dates, numbers that the kernel gives out, who ran it, what a machine's own programs print, how large its files are.

use crate::mounts::MountTable;
use crate::session::{Entry, Facts, RoundRecord, SideState, Snapshot, Transcript};
use serde_json::{Value, json};
use std::collections::HashMap;

/// So many hexadecimal digits in a row are an id that chance made.
const CHANCE: usize = 12;

/// The first thing that differs, as both tell it; None if they tell the same.
pub fn difference(one: &Transcript, other: &Transcript) -> Option<(String, String)> {
    let (one, other) = (told(one), told(other));
    let place = (0..one.len().max(other.len())).find(|&place| one.get(place) != other.get(place))?;
    let line = |lines: &[Value]| lines.get(place).map_or("nothing".into(), Value::to_string);
    Some((line(&one), line(&other)))
}

fn told(transcript: &Transcript) -> Vec<Value> {
    let header = &transcript.header;
    let head = json!([header.format, header.lesson, header.host, header.lab]);
    let entry = |entry: &Entry| {
        let told = entry.clone().try_map(|round| Ok::<Value, ()>(record(&round)));
        let mut value = serde_json::to_value(told.expect("nothing fails")).expect("values are JSON");
        each_string(&mut value);
        value
    };
    std::iter::once(head).chain(transcript.entries.iter().map(entry)).collect()
}

fn record(round: &RoundRecord) -> Value {
    let RoundRecord { actor, calls, commands, before, after, verdicts, ticked, .. } = round;
    // What changed is not told: it follows from the tables, but for ids that are given out again by chance.
    let calls: Vec<_> = calls.iter().map(|call| json!([without_pids(json!(call.call)), call.result.err()])).collect();
    let commands: Vec<_> =
        commands.iter().map(|command| json!([command.line, command.status, command.typed])).collect();
    let files: Vec<_> = [&round.files_before, &round.files_after]
        .into_iter()
        .flatten()
        .map(|seen| json!([seen.side, seen.path, seen.state.as_ref().map(|state| (state.kind, state.opaque))]))
        .collect();
    json!([actor, calls, commands, snapshot(before), snapshot(after), verdicts, ticked, files])
}

/// A call without the numbers of processes.
fn without_pids(mut call: Value) -> Value {
    let Some(arguments) = call.as_object_mut().and_then(|call| call.values_mut().next()?.as_object_mut()) else {
        return call;
    };
    for (name, argument) in arguments {
        let parts = argument.as_str().map(|text| text.split('/').map(|part| (part, is_number(part.trim_end()))));
        match name.as_str() {
            "pid" => *argument = Value::Null,
            "path" | "text" => {
                let parts = parts.into_iter().flatten().map(|(part, is_pid)| if is_pid { "pid" } else { part });
                *argument = parts.collect::<Vec<_>>().join("/").into();
            }
            _ => {}
        }
    }
    call
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Numbers of the kernel by kind, in the order in which a moment shows them.
#[derive(Default)]
struct Names(HashMap<(String, u64), usize>);

impl Names {
    fn number(&mut self, kind: &str, number: u64) -> usize {
        let next = self.0.keys().filter(|(known, _)| known == kind).count();
        *self.0.entry((kind.to_string(), number)).or_insert(next)
    }

    fn side(&mut self, side: &SideState) -> Value {
        let Facts { namespaces, hostname, root, pid_inside, program, .. } = &side.facts;
        let namespaces: Vec<_> = namespaces.iter().map(|(kind, inode)| self.number(kind, *inode)).collect();
        json!([self.table(&side.table), self.table(&side.seen), namespaces, hostname, root, pid_inside, program])
    }

    fn table(&mut self, table: &MountTable) -> Value {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let row = |(row, depth): (usize, usize)| {
            let mount = &table.rows()[row];
            let device = self.number("device", u64::from(mount.major) << 32 | u64::from(mount.minor));
            let groups = [mount.shared, mount.master].map(|group| group.map(|group| self.number("group", group)));
            let names = [text(&mount.target()), text(&mount.root()), text(&mount.source()), mount.fstype().into()];
            json!([depth, device, groups, mount.unbindable, table.covered(row), names, mount.options()])
        };
        table.tree_order().into_iter().map(row).collect()
    }
}

fn snapshot(snapshot: &Snapshot) -> Value {
    let mut names = Names::default();
    json!([names.side(&snapshot.outside), snapshot.inside.as_ref().map(|side| names.side(side))])
}

fn each_string(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_chance(text),
        Value::Array(items) => items.iter_mut().for_each(each_string),
        Value::Object(fields) => fields.values_mut().for_each(each_string),
        _ => {}
    }
}

/// A text without ids that chance made.
fn without_chance(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_hex = |character: char| matches!(character, '0'..='9' | 'a'..='f');
        let run = rest.find(|character| !is_hex(character)).unwrap_or(rest.len());
        out.push_str(if run >= CHANCE { "@" } else { &rest[..run] });
        let next = rest[run..].find(is_hex).map_or(rest.len(), |next| run + next);
        out.push_str(&rest[run..next]);
        rest = &rest[next..];
    }
    out
}
