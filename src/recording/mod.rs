//! Recordings: transcripts as files, one JSON object a line. See `docs/recording-format.md`.

mod form;
mod keep;
mod read;
mod replay;
mod stale;
#[cfg(test)]
mod tests;
mod write;

pub use keep::Recorded;
pub use read::{ReadError, read};
pub use replay::Replay;
pub use stale::difference;
pub use write::Writer;

use crate::conduct::{Start, whole};
use crate::lab::LabError;
use crate::lesson::{HostKind, Lesson};
use crate::session::{FORMAT, Header, Transcript, User};
use std::time::SystemTime;

/// The name of a bundled recording, in its lesson's folder.
pub const BUNDLED: &str = "recording.jsonl";

/// What stands at the head of a recording that begins now.
pub fn header(lesson: &Lesson, host: HostKind) -> Header {
    let kernel = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Header {
        format: FORMAT,
        nslab: env!("CARGO_PKG_VERSION").into(),
        lesson: lesson.id.clone(),
        host,
        lab: lesson.host.lab.clone(),
        kernel: kernel.unwrap_or_default(),
        user: if nix::unistd::geteuid().is_root() { User::Root } else { User::Plain },
        date: since.map_or(0, |since| since.as_secs()),
    }
}

/// Performs a whole lesson (as it is settled on a host of this kind) and keeps what happened.
///
/// # Errors
/// What keeps a lab from being made or asked.
pub fn perform(lesson: &Lesson, host: HostKind, start: &Start) -> Result<Transcript, LabError> {
    let mut transcript = Transcript { header: header(lesson, host), source: None, entries: Vec::new(), cut: false };
    whole(lesson, start, &mut |entry| {
        transcript.entries.push(entry);
        Ok::<(), LabError>(())
    })?;
    Ok(transcript)
}

/// The recording that came with nslab, of a bundled lesson.
///
/// # Errors
/// There is none.
pub fn bundled(lesson: &str) -> Result<Transcript, ReadError> {
    let name = format!("{lesson}/{BUNDLED}");
    read(&name, crate::lesson::bundled_file(&name).unwrap_or_default())
}
