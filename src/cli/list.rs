//! `nslab` and `nslab list`.

use crate::lesson::{Lesson, bundled, open};
use crate::progress::{LessonProgress, Progress, Store};
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
    // Without a home there is nothing to remember; the lessons go on.
    let progress = if Store::open().is_some() { super::progress::load(lang)? } else { Progress::default() };
    let entries =
        bundled().iter().map(|name| Ok(entry(&open(name)?, &progress))).collect::<anyhow::Result<Vec<_>>>()?;
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    match tui::choose(entries, lang, &super::progress::forget)? {
        Some(chosen) => super::lesson::begin(ids[chosen.lesson].clone(), chosen.step, chosen.lang),
        None => Ok(0),
    }
}

fn entry(lesson: &Lesson, progress: &Progress) -> tui::Entry {
    let words = |lang: Lang| {
        let text = lesson.text(lang.code());
        (text.title.clone(), text.about.clone())
    };
    let kept = progress.lessons.get(&lesson.id);
    tui::Entry {
        id: lesson.id.clone(),
        steps: lesson.steps.len(),
        minutes: lesson.minutes,
        english: words(Lang::En),
        chinese: words(Lang::Zh),
        needs: lesson.needs.clone(),
        finished: kept.is_some_and(|kept| kept.finished),
        score: kept.map(LessonProgress::score),
    }
}
