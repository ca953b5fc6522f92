//! `nslab lesson PATH --watch`: reads a lesson again whenever one of its files is saved. Sleeps in the kernel meanwhile.

use crate::lesson::{Lesson, parse_source, source};
use crate::tui::Saved;
use anyhow::Context;
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Tells of every save from now on, as long as somebody listens. `fit` makes the lesson fit for its practice host.
///
/// # Errors
/// The kernel's answer if the folder cannot be watched.
pub fn watch(
    name: String,
    fit: impl Fn(Lesson) -> anyhow::Result<Lesson> + Send + 'static,
    saved: Sender<Saved>,
) -> anyhow::Result<()> {
    let path = Path::new(&name);
    let file_folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = if path.is_dir() { path } else { file_folder };
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC).context("inotify_init1, to watch the lesson's files")?;
    // Editors write in place, or write a new file and rename it.
    let saves = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO;
    inotify.add_watch(folder, saves).with_context(|| format!("watch the folder {}", folder.display()))?;
    let mut before = text(&name);
    std::thread::spawn(move || {
        loop {
            match inotify.read_events() {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(_) => return,
            }
            let now = text(&name);
            if now == before {
                continue;
            }
            let read = source(&name).and_then(|source| parse_source(&source)).map_err(anyhow::Error::from);
            let lesson = read.and_then(&fit).map(Arc::new).map_err(|error| error.to_string());
            before = now;
            if saved.send(lesson).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// All that is read of a lesson; None while it cannot be read.
fn text(name: &str) -> Option<Vec<String>> {
    let source = source(name).ok()?;
    Some(std::iter::once(source.yaml.text).chain(source.words.into_values().map(|file| file.text)).collect())
}
