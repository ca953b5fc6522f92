//! The files that recordings are kept in: `--record FILE`, and those that come with nslab.

use super::Usage;
use crate::lesson::{HostKind, Lesson, source};
use crate::mounts::printable;
use crate::recording::{BUNDLED, Writer, header};
use crate::session::Entry;
use anyhow::Context;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// Begins a recording of a lesson in a new file. `name` is what the lesson was opened by. The lesson comes along, so that
/// the recording can be played by an nslab that has another version of it, or none.
pub fn begin(file: &Path, lesson: &Lesson, name: &str, host: HostKind) -> anyhow::Result<Writer<File>> {
    let source = source(name)?;
    let out = File::options().write(true).create_new(true).open(file).map_err(|error| refused(file, &error))?;
    Ok(Writer::begin(out, &header(lesson, host), Some(&source)).map_err(|error| refused(file, &error))?)
}

/// Whether a recording could be begun in a file: asked before anything is made, so that nothing is made in vain.
pub fn check(file: &Path) -> Result<(), Usage> {
    if file.symlink_metadata().is_ok() {
        return Err(refused(file, &ErrorKind::AlreadyExists.into()));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.metadata().map(drop).map_err(|error| refused(file, &error))
}

fn refused(file: &Path, error: &Error) -> Usage {
    let shown = printable(file.as_os_str().as_encoded_bytes());
    Usage(match error.kind() {
        ErrorKind::AlreadyExists => format!(
            "--record {shown}: there is such a file already, and it stays as it is; name another, or remove it first"
        ),
        _ => format!("--record {shown}: {error}; name a file in a folder that can be written"),
    })
}

/// What `verify` keeps of its runs.
pub enum Keep {
    Nothing,
    /// One lesson's, in a new file.
    File(PathBuf),
    /// Those that come with nslab, below the folder of lessons.
    Bundled(PathBuf),
}

impl Keep {
    pub fn of(file: Option<PathBuf>, lessons: Option<PathBuf>) -> Keep {
        match (file, lessons) {
            (Some(file), _) => Keep::File(file),
            (None, Some(lessons)) => Keep::Bundled(lessons),
            (None, None) => Keep::Nothing,
        }
    }

    pub fn begin(&self, lesson: &Lesson, name: &str, host: HostKind) -> anyhow::Result<Kept> {
        match self {
            Keep::Nothing => Ok(Kept { writer: None, place: None }),
            Keep::File(file) => Ok(Kept { writer: Some(begin(file, lesson, name, host)?), place: None }),
            Keep::Bundled(lessons) => {
                let folder = lessons.join(&lesson.id);
                let (part, place) = (folder.join(format!("{BUNDLED}.part")), folder.join(BUNDLED));
                let out = File::create(&part).with_context(|| format!("create {}", part.display()))?;
                let writer = Writer::begin(out, &header(lesson, host), None)?;
                Ok(Kept { writer: Some(writer), place: Some((part, place)) })
            }
        }
    }
}

/// A recording under way.
pub struct Kept {
    writer: Option<Writer<File>>,
    /// Where it is written, and where it belongs once it is whole and every expectation held.
    place: Option<(PathBuf, PathBuf)>,
}

impl Kept {
    pub fn entry(&mut self, entry: &Entry) -> anyhow::Result<()> {
        match &mut self.writer {
            Some(writer) => writer.entry(entry.clone()).context("write the recording"),
            None => Ok(()),
        }
    }

    pub fn end(self, held: bool) -> anyhow::Result<()> {
        let Some((part, place)) = self.place else { return Ok(()) };
        let done = if held { std::fs::rename(&part, &place) } else { std::fs::remove_file(&part) };
        done.with_context(|| format!("put {} in place", part.display()))
    }
}
