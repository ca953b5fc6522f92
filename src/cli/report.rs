//! `nslab report`: one's own progress to hand in, and a class's as a table.

use super::Usage;
use crate::lesson::{Lesson, bundled, open};
use crate::progress::{LessonProgress, Progress};
use crate::words::Lang;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The version of the handed-in form.
const FORMAT: u32 = 1;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Reports that were handed in: the table of steps and first guesses. Without any: your own.
    #[arg(conflicts_with_all = ["to", "name"])]
    files: Vec<PathBuf>,
    /// Write your own into this folder.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Put a name to it; without one it has none.
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    json: bool,
}

/// What one student hands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Report {
    format: u32,
    /// Tells two reports of one student from those of two, and nothing else.
    student: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    lessons: BTreeMap<String, LessonProgress>,
}

pub fn report(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    if !args.files.is_empty() {
        let reports = read(&args.files)?;
        match args.json {
            true => writeln!(out, "{:#}", json!(table(&reports)?))?,
            false => write!(out, "{}", text(&table(&reports)?, reports.len(), lang))?,
        }
        return Ok(0);
    }
    let progress = super::progress::load(lang)?;
    let report = own(&progress, args.name.clone());
    let handed = serde_json::to_string(&report)?;
    if let Some(dir) = &args.to {
        let path = dir.join(format!("nslab-{}.json", report.student));
        std::fs::write(&path, handed + "\n").with_context(|| format!("write {}", path.display()))?;
        writeln!(out, "{}", lang.say("report.written", &[&path.display().to_string()]))?;
    } else if args.json {
        writeln!(out, "{handed}")?;
    } else {
        for name in bundled().iter().filter(|name| progress.lessons.contains_key(*name)) {
            writeln!(out, "{name}  {}", super::progress::line(&progress, name, open(name)?.steps.len(), lang))?;
        }
        writeln!(out, "{}\n{handed}", lang.say("report.hand-in", &[]))?;
    }
    Ok(0)
}

/// One's own report. Lessons of one's own stay out: their paths are nobody's business.
fn own(progress: &Progress, name: Option<String>) -> Report {
    let is_bundled = |id: &str| bundled().iter().any(|known| known == id);
    let lessons = progress.lessons.iter().filter(|(id, _)| is_bundled(id));
    let machine = std::fs::read("/etc/machine-id").or_else(|_| std::fs::read("/proc/sys/kernel/hostname"));
    let who = (machine.unwrap_or_default(), std::env::home_dir(), nix::unistd::getuid().as_raw());
    Report {
        format: FORMAT,
        student: format!("{:016x}", foldhash::quality::FixedState::default().hash_one(who)),
        name,
        lessons: lessons.map(|(id, kept)| (id.clone(), kept.clone())).collect(),
    }
}

/// Reads reports; of two of one student the later one counts. Pasted lines around the report's own are no matter.
fn read(files: &[PathBuf]) -> anyhow::Result<Vec<Report>> {
    let mut found: BTreeMap<String, Report> = BTreeMap::new();
    for path in files {
        for report in read_one(path)? {
            found.insert(report.student.clone(), report);
        }
    }
    Ok(found.into_values().collect())
}

fn read_one(path: &Path) -> anyhow::Result<Vec<Report>> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| Usage(format!("{shown}: {error}")))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<(usize, &str)> = text.lines().enumerate().filter(|(_, line)| line.trim().starts_with('{')).collect();
    if lines.is_empty() {
        return Err(Usage(format!("{shown}: no report is in it; a report is what nslab report prints")).into());
    }
    let parse = |(number, line): (usize, &str)| {
        let report: Report = serde_json::from_str(line.trim())
            .map_err(|error| Usage(format!("{shown}:{}: this is no report: {error}", number + 1)))?;
        match report.format {
            FORMAT => Ok(report),
            newer => {
                let what = format!("{shown}:{}: format {newer} is not known; this nslab reads {FORMAT}", number + 1);
                Err(Usage(what).into())
            }
        }
    };
    lines.into_iter().map(parse).collect()
}

/// A step, counted over all reports that have its lesson.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    lesson: String,
    step: usize,
    id: String,
    students: usize,
    done: usize,
    /// First guesses that the kernel confirmed, and those it did not.
    confirmed: usize,
    other: usize,
}

fn table(reports: &[Report]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in bundled() {
        let taken: Vec<&LessonProgress> = reports.iter().filter_map(|report| report.lessons.get(&name)).collect();
        if !taken.is_empty() {
            rows.extend(count(&open(&name)?, &name, &taken));
        }
    }
    Ok(rows)
}

fn count(lesson: &Lesson, name: &str, taken: &[&LessonProgress]) -> Vec<Row> {
    let row = |(index, step): (usize, &crate::lesson::Step)| {
        let kept = || taken.iter().filter_map(|one| one.steps.get(&step.id));
        Row {
            lesson: name.into(),
            step: index + 1,
            id: step.id.clone(),
            students: taken.len(),
            done: kept().filter(|one| one.done).count(),
            confirmed: kept().filter(|one| one.sight == Some(true)).count(),
            other: kept().filter(|one| one.sight == Some(false)).count(),
        }
    };
    lesson.steps.iter().enumerate().map(row).collect()
}

/// The table in words. The step that most students guessed otherwise is the one to speak about.
fn text(rows: &[Row], reports: usize, lang: Lang) -> String {
    let mut out = format!("{}\n", lang.count("report.count", reports, &[]));
    let mut lesson = "";
    for row in rows {
        if row.lesson != lesson {
            lesson = &row.lesson;
            out += &format!("\n{lesson}  {}\n", lang.count("report.taken", row.students, &[]));
            out += &format!("{}\n", lang.say("report.head", &[]));
        }
        let most = rows.iter().filter(|one| one.lesson == lesson).map(|one| one.other).max();
        let mark = if row.other > 0 && Some(row.other) == most { "  <" } else { "" };
        let Row { step, id, done, confirmed, other, .. } = row;
        out += &format!("{step:>4}  {id:<16} {done:>6} {confirmed:>9} {other:>9}{mark}\n");
    }
    out
}
