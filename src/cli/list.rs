//! `nslab`, `nslab list` and `nslab check`.

use super::HELD_NOT;
use crate::lesson::{bundled, check as lint, open, source};
use crate::words::Lang;
use serde_json::json;
use std::io::Write;

pub fn list(as_json: bool, lang: Lang) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    let mut objects = Vec::new();
    for name in bundled() {
        let lesson = open(&name)?;
        let text = lesson.text(lang.code());
        if as_json {
            objects.push(json!({
                "id": lesson.id, "title": text.title, "about": text.about, "minutes": lesson.minutes, "steps": lesson.steps.len(),
            }));
        } else {
            let size = lang.say("list.size", &[&lesson.steps.len().to_string(), &lesson.minutes.to_string()]);
            writeln!(out, "{}  {}  ({size})", lesson.id, text.title)?;
        }
    }
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&objects)?)?;
    }
    Ok(0)
}

/// What `nslab` alone says: the lessons, and how to begin.
pub fn menu(lang: Lang) -> anyhow::Result<u8> {
    println!("{}\n", lang.say("menu.what", &[]));
    list(false, lang)?;
    println!("\n{}", lang.say("menu.how", &[]));
    Ok(0)
}

pub fn check(names: &[String]) -> anyhow::Result<u8> {
    let names = if names.is_empty() { bundled() } else { names.to_vec() };
    let mut clean = true;
    let mut out = std::io::stdout().lock();
    for name in names {
        let found = lint(&source(&name)?);
        for finding in &found {
            writeln!(out, "{finding}")?;
        }
        clean &= found.is_empty();
    }
    Ok(if clean { 0 } else { HELD_NOT })
}
