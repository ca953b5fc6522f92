//! `nslab ops`: everything that a lesson can name, read off the types that read lessons.

use super::Usage;
use crate::lesson::nearest;
use crate::reference::{self, EXAMPLES, Entry, Kind, entries, first_sentence};
use crate::words::Lang;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One of them, in full.
    name: Option<String>,
    /// All of them as JSON, each with its example and the rounds that come before it.
    #[arg(long, conflicts_with = "name")]
    json: bool,
    /// The JSON Schema of lesson.yaml, for editors.
    #[arg(long, conflicts_with_all = ["name", "json"])]
    schema: bool,
}

pub fn ops(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    if args.schema {
        write!(out, "{}", reference::lesson_schema())?;
        return Ok(0);
    }
    let all = entries();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&all.iter().map(as_json).collect::<Vec<_>>())?)?;
        return Ok(0);
    }
    let Some(name) = &args.name else {
        let mut kind = None;
        for entry in all {
            if kind.replace(entry.kind) != Some(entry.kind) {
                writeln!(out, "{}", heading(entry.kind, lang))?;
            }
            writeln!(out, "  {:<13}{}", entry.name, first_sentence(&entry.about_in(lang)))?;
        }
        writeln!(out, "\n{}", lang.say("ops.how", &[]))?;
        return Ok(0);
    };
    let found: Vec<&Entry> = all.iter().filter(|entry| entry.name == *name).collect();
    if found.is_empty() {
        let near = nearest(name, all.iter().map(|entry| entry.name.as_str()));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        let shown = crate::mounts::printable(name.as_bytes());
        return Err(Usage(format!("there is nothing called \"{shown}\" in a lesson{near}; nslab ops shows all")).into());
    }
    let texts: Vec<String> = found.into_iter().map(|entry| in_full(entry, lang)).collect();
    write!(out, "{}", texts.join("\n"))?;
    Ok(0)
}

fn heading(kind: Kind, lang: Lang) -> String {
    let key = match kind {
        Kind::Operation => "ops.operations",
        Kind::Expectation => "ops.expectations",
        Kind::Condition => "ops.conditions",
        Kind::Prediction => "ops.questions",
        Kind::Command => "ops.commands",
        Kind::Task => "ops.task",
        Kind::Part => "ops.parts",
    };
    lang.say(key, &[])
}

fn in_full(entry: &Entry, lang: Lang) -> String {
    let mut out = format!("{}: {}\n", entry.name, entry.about_in(lang));
    let _ = writeln!(out, "  {}", heading(entry.kind, lang));
    let label = |name: &'_ str| if name.is_empty() { "(value)".to_string() } else { name.to_string() };
    let wide = entry.args.iter().map(|arg| label(&arg.name).len()).max().unwrap_or(0);
    for arg in &entry.args {
        let need = lang.say(if arg.required { "ops.required" } else { "ops.optional" }, &[]);
        let about = if arg.about.is_empty() { String::new() } else { format!("  {}", arg.about.replace('\n', " ")) };
        let _ = writeln!(out, "  {:<wide$}  {} ({need}){about}", label(&arg.name), arg.kind);
    }
    for example in EXAMPLES.iter().filter(|example| example.kind == entry.kind && example.name == entry.name) {
        let _ = writeln!(out, "  {}", lang.say("ops.example", &[]));
        out.extend(example.yaml.lines().map(|line| format!("    {line}\n")));
    }
    out
}

fn as_json(entry: &Entry) -> serde_json::Value {
    let example = EXAMPLES.iter().find(|example| example.kind == entry.kind && example.name == entry.name);
    json!({
        "kind": entry.kind,
        "name": entry.name,
        "about": entry.about,
        "arguments": entry.args.iter().map(|arg| json!({
            "name": arg.name, "type": arg.kind, "required": arg.required, "about": arg.about,
        })).collect::<Vec<_>>(),
        "example": example.map(|example| example.yaml),
        "setup": example.map(|example| example.setup),
    })
}
