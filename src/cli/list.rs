//! `nslab` and `nslab list`.

use crate::lesson::{Lesson, bundled, open};
use crate::tui;
use crate::words::Lang;
use serde_json::json;
use std::io::{IsTerminal, Write};

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

/// `nslab` alone: on a terminal a menu of lessons, else the lessons and how to begin.
pub fn menu(lang: Lang) -> anyhow::Result<u8> {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    if dumb || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        println!("{}\n", lang.say("menu.what", &[]));
        list(false, lang)?;
        println!("\n{}", lang.say("menu.how", &[]));
        return Ok(0);
    }
    let entries = bundled().iter().map(|name| Ok(entry(&open(name)?))).collect::<anyhow::Result<Vec<_>>>()?;
    match tui::choose(&entries, lang)? {
        Some((chosen, lang)) => super::lesson::begin(entries[chosen].id.clone(), lang),
        None => Ok(0),
    }
}

fn entry(lesson: &Lesson) -> tui::Entry {
    let words = |lang: Lang| {
        let text = lesson.text(lang.code());
        (text.title.clone(), text.about.clone())
    };
    tui::Entry {
        id: lesson.id.clone(),
        steps: lesson.steps.len(),
        minutes: lesson.minutes,
        english: words(Lang::En),
        chinese: words(Lang::Zh),
        progress: String::new(),
    }
}
