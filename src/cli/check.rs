//! `nslab check`.

use super::{HELD_NOT, Usage};
use crate::lesson::{bundled, check as lint, nearest, open, source};
use crate::tui;
use crate::words::Lang;
use std::io::Write;

pub fn check(names: &[String]) -> anyhow::Result<u8> {
    let names = if names.is_empty() { bundled() } else { names.to_vec() };
    let mut clean = true;
    let mut out = std::io::stdout().lock();
    for name in names {
        let found = lint(&source(&name)?, tui::page_lines)?;
        for finding in &found {
            writeln!(out, "{finding}")?;
        }
        clean &= found.is_empty();
    }
    Ok(if clean { 0 } else { HELD_NOT })
}

/// The pages of one step of one lesson, before anything runs.
pub fn preview(names: &[String], step: &str, lang: Lang) -> anyhow::Result<u8> {
    let [name] = names else {
        return Err(Usage("--preview shows a step of one lesson; name one".into()).into());
    };
    let lesson = open(name)?;
    let index = match step.parse::<usize>() {
        Ok(number) => (1..=lesson.steps.len()).contains(&number).then(|| number - 1),
        Err(_) => lesson.steps.iter().position(|at| at.id == step),
    };
    let Some(index) = index else {
        let near = nearest(step, lesson.steps.iter().map(|at| at.id.as_str()));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        let (last, step) = (lesson.steps.len(), crate::mounts::printable(step.as_bytes()));
        return Err(Usage(format!("{} has no step {step:?}, it has steps 1 to {last}{near}", lesson.id)).into());
    };
    write!(std::io::stdout(), "{}", tui::preview(&lesson, index, lang))?;
    Ok(0)
}
