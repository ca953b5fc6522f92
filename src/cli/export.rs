//! `nslab export`: a lesson as a book to read, or as a program to print, to read, to run.

use super::{Usage, image, replay, settle};
use crate::conduct::Start;
use crate::export::{Book, cast, file_name, html, index, index_name, markdown};
use crate::lesson::{HostKind, Lesson, bundled, open, source};
use crate::listing::{Language, listing};
use crate::mounts::printable;
use crate::recording::{self, perform};
use crate::sandbox::Sandbox;
use crate::session::Transcript;
use crate::words::Lang;
use anyhow::Context;
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
    /// The real screen as asciicast v2, which asciinema plays.
    Cast,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, the path of its folder, or a recording (FILE.jsonl).
    #[arg(required_unless_present = "companion")]
    lesson: Option<String>,
    #[arg(long, value_enum, required_unless_present = "companion")]
    format: Option<Format>,
    /// Of a program: only up to and with this step (from 1).
    #[arg(long)]
    step: Option<usize>,
    /// Of a book: leave the answers blank, for a class.
    #[arg(long)]
    worksheet: bool,
    /// Into this file, which must not exist yet.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Instead, write the books of all lessons and their index into this folder, over those that are there.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["lesson", "format", "step", "worksheet", "output"])]
    companion: Option<PathBuf>,
}

pub fn export(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    if let Some(folder) = &args.companion {
        return companion(folder);
    }
    let (Some(name), Some(format)) = (&args.lesson, args.format) else {
        return Err(Usage(lang.say("export.what", &[])).into());
    };
    let language = match format {
        Format::C => Some(Language::C),
        Format::Rust => Some(Language::Rust),
        Format::Shell => Some(Language::Shell),
        Format::Markdown | Format::Html | Format::Cast => None,
    };
    let is_book = matches!(format, Format::Markdown | Format::Html);
    if (args.worksheet && !is_book) || (args.step.is_some() && language.is_none()) {
        return Err(Usage(lang.say("export.not-both", &[])).into());
    }
    // What cannot be written is said before a lesson is performed.
    if let Some(path) = args.output.as_ref().filter(|path| path.exists()) {
        return Err(exists(path, lang).into());
    }
    let text = match language {
        Some(language) => {
            let lesson = match replay::asked(name, false)? {
                Some(transcript) => transcript.lesson()?,
                None => open(name)?,
            };
            program(&lesson, language, args.step, lang)?
        }
        None if format == Format::Cast => cast(&transcript(name)?, lang)?,
        None => {
            let book = Book::new(&transcript(name)?, lang)?;
            let book = if args.worksheet { book.into_worksheet() } else { book };
            if format == Format::Html { html(&book) } else { markdown(&book) }
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

/// The books that docs/companion holds.
fn companion(folder: &Path) -> anyhow::Result<u8> {
    let transcripts = bundled().iter().map(|name| recording::bundled(name)).collect::<Result<Vec<_>, _>>()?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", printable(path.as_os_str().as_encoded_bytes())))
    };
    for lang in [Lang::En, Lang::Zh] {
        let books = transcripts.iter().map(|transcript| Book::new(transcript, lang)).collect::<Result<Vec<_>, _>>()?;
        for book in &books {
            write(&file_name(&book.id, lang, "md"), &markdown(book))?;
            write(&file_name(&book.id, lang, "html"), &html(book))?;
        }
        write(index_name(lang), &index(&books, lang))?;
    }
    Ok(0)
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
