//! `nslab verify`: performs every step and every variant, types every task's solution, and proves every expectation: that
//! it holds, and that it can fail.

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
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Lessons by name or path; all if none is named.
    lessons: Vec<String>,
    /// One event a line.
    #[arg(long)]
    json: bool,
    #[arg(long, value_enum, default_value_t)]
    host: HostKind,
    /// Leave out the runs that show that each expectation can fail.
    #[arg(long)]
    no_proofs: bool,
    /// Keep what happened in a new file; of one lesson.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Make the recordings that come with nslab anew, each in its lesson's folder below this one.
    #[arg(long, value_name = "LESSONS", conflicts_with_all = ["record", "host"])]
    record_bundled: Option<PathBuf>,
}

pub fn verify(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let Args { json, host, no_proofs, .. } = *args;
    let keep = &Keep::of(args.record.clone(), args.record_bundled.clone());
    let all_of_them = args.lessons.is_empty();
    let names = if all_of_them { bundled() } else { args.lessons.clone() };
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
                report.show(json, lang, &mut out)
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
        if !no_proofs {
            prover.doubts(&start, &mut |report| show(vec![report]))?;
        }
        recording.map_or(Ok(()), |recording: Kept| recording.end(held))?;
        if json {
            writeln!(out, "{}", json!({ "event": "end", "lesson": lesson.id, "held": held, "proofs": !no_proofs }))?;
        } else {
            let key = match (held, no_proofs) {
                (true, false) => "verify.held",
                (true, true) => "verify.held-unproven",
                (false, _) => "verify.failed",
            };
            writeln!(out, "{}", lang.say(key, &[&lesson.id]))?;
        }
        all &= held;
    }
    Ok(if all { 0 } else { HELD_NOT })
}
