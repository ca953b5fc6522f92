//! Which recording is to be played: one that came with nslab, or a file.

use super::Usage;
use crate::lesson::bundled;
use crate::mounts::printable;
use crate::recording::{self, read};
use crate::session::Transcript;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// No run of a lesson is longer, in bytes.
const LONGEST: u64 = 64 << 20;

/// The recording that is asked for: `name` is one, or the bundled one of the lesson `name` is wanted.
pub fn asked(name: &str, wanted: bool) -> anyhow::Result<Option<Transcript>> {
    let is_bundled = bundled().iter().any(|known| known == name);
    if is_bundled {
        return if wanted { Ok(Some(recording::bundled(name)?)) } else { Ok(None) };
    }
    if name.ends_with(".jsonl") {
        return from_file(name).map(Some);
    }
    if wanted {
        let what = format!(
            "--replay: {} is not bundled, so no recording came with nslab; make one with --record FILE.jsonl, and play \
             it with nslab lesson FILE.jsonl",
            printable(name.as_bytes())
        );
        return Err(Usage(what).into());
    }
    Ok(None)
}

fn from_file(name: &str) -> anyhow::Result<Transcript> {
    let refuse = |why: String| Usage(format!("{}: {why}", printable(name.as_bytes())));
    let mut options = File::options();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(Path::new(name));
    let file = file.map_err(|error| refuse(format!("{error}; name a file that nslab lesson ID --record made")))?;
    if !file.metadata()?.is_file() {
        return Err(refuse("this is no regular file; name one that nslab lesson ID --record made".into()).into());
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(refuse("a recording has 64 MiB at most; this is none".into()).into());
    }
    Ok(read(name, &bytes)?)
}
