//! `--record FILE`: the file that a recording is kept in.

use super::Usage;
use crate::lesson::{HostKind, Lesson, bundled, source};
use crate::mounts::printable;
use crate::recording::{Writer, header};
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::Path;

/// Begins a recording of a lesson in a new file. `name` is what the lesson was opened by; one that is not bundled comes
/// along.
pub fn begin(file: &Path, lesson: &Lesson, name: &str, host: HostKind) -> anyhow::Result<Writer<File>> {
    let shown = printable(file.as_os_str().as_encoded_bytes());
    let refuse = |error: Error| match error.kind() {
        ErrorKind::AlreadyExists => Usage(format!(
            "--record {shown}: there is such a file already, and it stays as it is; name another, or remove it first"
        )),
        _ => Usage(format!("--record {shown}: {error}; name a file in a folder that can be written")),
    };
    let source = if bundled().iter().any(|known| known == name) { None } else { Some(source(name)?) };
    let out = File::options().write(true).create_new(true).open(file).map_err(refuse)?;
    Ok(Writer::begin(out, &header(lesson, host), source.as_ref()).map_err(refuse)?)
}
