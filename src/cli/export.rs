//! `nslab export`: a lesson as a book to read, or as a program to print, to read, to run.

use super::{Usage, image, replay, settle};
use crate::conduct::Start;
use crate::export::{Book, html, markdown};
use crate::lesson::{HostKind, Lesson, bundled, open, source};
use crate::listing::{Language, listing};
use crate::mounts::printable;
use crate::recording::perform;
use crate::sandbox::Sandbox;
use crate::session::Transcript;
use crate::words::Lang;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a lesson is turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The C program that makes the lesson's calls.
    C,
    /// The Rust program (crate `nix`) that makes them.
    Rust,
    /// A script for sh(1), util-linux and coreutils.
    Shell,
    /// A book that reads well as it stands: texts, questions, what ran, both tables.
    Markdown,
    /// The same as one page for a browser, step by step, without network.
    Html,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, the path of its folder, or a recording (FILE.jsonl).
    lesson: String,
    #[arg(long, value_enum)]
    format: Format,
    /// Of a program: only up to and with this step (from 1).
    #[arg(long)]
    step: Option<usize>,
    /// Of a book: leave the answers blank, for a class.
    #[arg(long)]
    worksheet: bool,
    /// Into this file, which must not exist yet.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn export(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let language = match args.format {
        Format::C => Some(Language::C),
        Format::Rust => Some(Language::Rust),
        Format::Shell => Some(Language::Shell),
        Format::Markdown | Format::Html => None,
    };
    if if language.is_some() { args.worksheet } else { args.step.is_some() } {
        return Err(Usage(lang.say("export.not-both", &[])).into());
    }
    // What cannot be written is said before a lesson is performed.
    if let Some(path) = args.output.as_ref().filter(|path| path.exists()) {
        return Err(exists(path, lang).into());
    }
    let text = match language {
        Some(language) => {
            let lesson = match replay::asked(&args.lesson, false)? {
                Some(transcript) => transcript.lesson()?,
                None => open(&args.lesson)?,
            };
            program(&lesson, language, args.step, lang)?
        }
        None => {
            let book = Book::new(&transcript(&args.lesson)?, lang)?;
            let book = if args.worksheet { book.into_worksheet() } else { book };
            if args.format == Format::Html { html(&book) } else { markdown(&book) }
        }
    };
    match &args.output {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => save(path, &text, lang)?,
    }
    Ok(0)
}

fn program(lesson: &Lesson, language: Language, step: Option<usize>, lang: Lang) -> anyhow::Result<String> {
    let steps = lesson.steps.len();
    let upto = step.unwrap_or(steps);
    if !(1..=steps).contains(&upto) {
        let words = lang.say("export.no-step", &[&upto.to_string(), &lesson.id, &steps.to_string()]);
        return Err(Usage(words).into());
    }
    Ok(listing(lesson, upto, language, lang).iter().map(|line| format!("{}\n", line.text)).collect())
}

/// What happened in a lesson: as a recording tells it, the one that came with nslab or a file. A lesson of somebody's own
/// is performed.
fn transcript(name: &str) -> anyhow::Result<Transcript> {
    let is_bundled = bundled().iter().any(|known| known == name);
    if let Some(transcript) = replay::asked(name, is_bundled)? {
        return Ok(transcript);
    }
    let source = Some(source(name)?);
    let layers = image()?;
    let lesson = settle(&open(name)?, name, HostKind::Tidy, &layers)?;
    let start: Start = Box::new(move |spec| Ok(Box::new(Sandbox::start(spec, HostKind::Tidy, &layers)?)));
    Ok(Transcript { source, ..perform(&lesson, HostKind::Tidy, &start)? })
}

fn exists(path: &Path, lang: Lang) -> Usage {
    Usage(lang.say("export.exists", &[&printable(path.as_os_str().as_encoded_bytes())]))
}

/// Never over what is there.
fn save(path: &Path, text: &str, lang: Lang) -> anyhow::Result<()> {
    let wrong = |error: std::io::Error| -> anyhow::Error {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            exists(path, lang).into()
        } else {
            anyhow::Error::from(error).context(format!("write {}", path.display()))
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)
}
