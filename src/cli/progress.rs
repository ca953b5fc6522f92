//! `nslab progress` and `nslab reset`.

use super::Usage;
use crate::lesson::{bundled, open};
use crate::progress::{LessonProgress, Progress, Store};
use crate::words::Lang;
use anyhow::Context;
use serde_json::json;
use std::io::{IsTerminal, Write};

#[derive(Debug, clap::Args)]
pub struct ResetArgs {
    /// A lesson; all of them if none is named.
    lesson: Option<String>,
    /// Only this step of the lesson, by its id or its number.
    step: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// What a lesson's progress is kept under: its name, or the path of one that is not bundled.
pub fn key(lesson: &str) -> String {
    match std::fs::canonicalize(lesson) {
        Ok(path) if !bundled().iter().any(|name| name == lesson) => path.display().to_string(),
        _ => lesson.to_string(),
    }
}

pub fn store() -> anyhow::Result<Store> {
    Store::open().context("find the home directory; set HOME or XDG_STATE_HOME")
}

/// What has been done so far; a file that cannot be used is said on stderr.
pub fn load(lang: Lang) -> anyhow::Result<Progress> {
    let store = store()?;
    let path = store.path();
    let loaded = store.load().with_context(|| format!("read what you did so far from {}", path.display()))?;
    if let Some((aside, why)) = &loaded.aside {
        let (path, aside) = (path.display().to_string(), aside.display().to_string());
        eprintln!("nslab: {}", lang.say("progress.aside", &[&path, why, &aside]));
    }
    Ok(loaded.progress)
}

pub fn show(as_json: bool, lang: Lang) -> anyhow::Result<u8> {
    let progress = load(lang)?;
    let mut out = std::io::stdout().lock();
    if as_json {
        let path = store()?.path();
        writeln!(out, "{:#}", json!({ "file": path.display().to_string(), "lessons": progress.lessons }))?;
        return Ok(0);
    }
    for name in bundled() {
        let lesson = open(&name)?;
        writeln!(out, "{name}  {}", line(&progress, &name, lesson.steps.len(), lang))?;
    }
    Ok(0)
}

/// How far a lesson is, in words.
pub fn line(progress: &Progress, lesson: &str, steps: usize, lang: Lang) -> String {
    let kept = progress.lessons.get(lesson);
    crate::tui::progress_in_words(kept.is_some_and(|kept| kept.finished), kept.map(LessonProgress::score), steps, lang)
}

/// Forgets what was done of a lesson.
pub fn forget(lesson: &str) -> anyhow::Result<()> {
    change(|progress| drop(progress.lessons.remove(lesson)))
}

fn change(what: impl FnOnce(&mut Progress)) -> anyhow::Result<()> {
    let store = store()?;
    store.update(what).with_context(|| format!("write {}", store.path().display()))
}

pub fn reset(args: &ResetArgs, lang: Lang) -> anyhow::Result<u8> {
    let step = match (&args.lesson, &args.step) {
        (Some(name), Some(step)) => {
            let lesson = open(name)?;
            let number = step.parse::<usize>().ok().and_then(|number| lesson.steps.get(number.checked_sub(1)?));
            let found = number.or_else(|| lesson.steps.iter().find(|one| one.id == *step));
            let ids = lesson.steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>().join(", ");
            Some(found.ok_or_else(|| Usage(format!("{name} has no step {step}; its steps: {ids}")))?.id.clone())
        }
        (Some(name), None) if !load(lang)?.lessons.contains_key(name) => {
            open(name)?;
            None
        }
        _ => None,
    };
    let what = match (&args.lesson, &step) {
        (Some(lesson), Some(step)) => lang.say("reset.step", &[lesson, step]),
        (Some(lesson), None) => lang.say("reset.lesson", &[lesson]),
        (None, _) => lang.say("reset.all", &[]),
    };
    if !args.yes && !sure(&what, lang)? {
        println!("{}", lang.say("reset.kept", &[]));
        return Ok(0);
    }
    change(|progress| match (&args.lesson, &step) {
        (Some(lesson), Some(step)) => {
            if let Some(kept) = progress.lessons.get_mut(lesson) {
                kept.steps.remove(step);
                kept.finished = false;
            }
        }
        (Some(lesson), None) => drop(progress.lessons.remove(lesson)),
        (None, _) => progress.lessons.clear(),
    })?;
    println!("{}", lang.say("reset.done", &[&what]));
    Ok(0)
}

/// Asks a person. Where there is none, forgetting must be asked for with --yes.
fn sure(what: &str, lang: Lang) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Usage(format!("{what}: {}", lang.say("reset.say-yes", &[]))).into());
    }
    print!("{}", lang.say("reset.ask", &[what]));
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "yes" | "是"))
}
