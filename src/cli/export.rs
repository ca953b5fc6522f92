//! `nslab export`: a lesson as a program, to print, to read, to run.

use super::Usage;
use crate::lesson::Lesson;
use crate::listing::{Language, listing};
use crate::words::Lang;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// What a lesson is turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The C program that makes the lesson's calls.
    C,
    /// The Rust program (crate `nix`) that makes them.
    Rust,
    /// A script for sh(1), util-linux and coreutils.
    Shell,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, or the path of its folder.
    lesson: String,
    #[arg(long, value_enum)]
    format: Format,
    /// Only up to and with this step (from 1).
    #[arg(long)]
    step: Option<usize>,
    /// Into this file, which must not exist yet.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn export(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let lesson = crate::lesson::open(&args.lesson)?;
    let steps = lesson.steps.len();
    let upto = args.step.unwrap_or(steps);
    if !(1..=steps).contains(&upto) {
        let words = lang.say("export.no-step", &[&upto.to_string(), &lesson.id, &steps.to_string()]);
        return Err(Usage(words).into());
    }
    let text = render(&lesson, args.format, upto, lang);
    match &args.output {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => save(path, &text, lang)?,
    }
    Ok(0)
}

fn render(lesson: &Lesson, format: Format, upto: usize, lang: Lang) -> String {
    let language = match format {
        Format::C => Language::C,
        Format::Rust => Language::Rust,
        Format::Shell => Language::Shell,
    };
    listing(lesson, upto, language, lang).iter().map(|line| format!("{}\n", line.text)).collect()
}

/// Never over what is there.
fn save(path: &PathBuf, text: &str, lang: Lang) -> anyhow::Result<()> {
    let wrong = |error: std::io::Error| -> anyhow::Error {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            Usage(lang.say("export.exists", &[&path.display().to_string()])).into()
        } else {
            anyhow::Error::from(error).context(format!("write {}", path.display()))
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)
}
