//! `nslab verify`: performs every step and every variant, types every task's solution, and proves every expectation.

mod prove;
mod report;

use super::record::{self, Keep, Kept};
use super::{HELD_NOT, Usage, image, settle};
use crate::conduct::{Start, whole};
use crate::lesson::{HostKind, LessonError, bundled, open};
use crate::sandbox::Sandbox;
use crate::words::Lang;
use prove::Prover;
use serde_json::json;
use std::io::Write;

pub fn verify(names: &[String], as_json: bool, host: HostKind, keep: &Keep, lang: Lang) -> anyhow::Result<u8> {
    let all_of_them = names.is_empty();
    let names = if all_of_them { bundled() } else { names.to_vec() };
    let mut lessons = names.iter().map(|name| Ok((open(name)?, name))).collect::<Result<Vec<_>, LessonError>>()?;
    // Asked for all, those that can be told on this host; a lesson that is named says why it cannot.
    lessons.retain(|(lesson, _)| !(all_of_them && host == HostKind::Copy && lesson.host.tidy_only));
    if let Keep::File(file) = keep {
        if lessons.len() != 1 {
            return Err(Usage("--record keeps one lesson; name it: nslab verify ID --record FILE".into()).into());
        }
        record::check(file)?;
    }
    let layers = image()?;
    let mut all = true;
    for (lesson, name) in &lessons {
        let lesson = &settle(lesson, name, host, &layers)?;
        let mut out = std::io::stdout().lock();
        let kept = layers.clone();
        let start: Start = Box::new(move |spec| Ok(Box::new(Sandbox::start(spec, host, &kept)?)));
        // Begun once there is something to keep.
        let mut recording = None;
        let mut prover = Prover::new(lesson, lang);
        let mut held = true;
        let mut show = |reports: Vec<report::Report>| {
            reports.iter().try_for_each(|report| {
                held &= report.held();
                report.show(as_json, lang, &mut out)
            })
        };
        whole(lesson, &start, &mut |entry| {
            match &mut recording {
                Some(recording) => recording,
                none => none.insert(keep.begin(lesson, name, host)?),
            }
            .entry(&entry)?;
            Ok::<(), anyhow::Error>(show(prover.take(entry))?)
        })?;
        show(prover.rest())?;
        recording.map_or(Ok(()), |recording: Kept| recording.end(held))?;
        if as_json {
            writeln!(out, "{}", json!({ "event": "end", "lesson": lesson.id, "held": held }))?;
        } else {
            writeln!(out, "{}", lang.say(if held { "verify.held" } else { "verify.failed" }, &[&lesson.id]))?;
        }
        all &= held;
    }
    Ok(if all { 0 } else { HELD_NOT })
}
