//! `nslab notes`: for whoever teaches, in a second terminal. Follows the progress that a lesson keeps.

use crate::lesson::{Lesson, open};
use crate::progress::LessonProgress;
use crate::words::Lang;
use anyhow::Context;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::ffi::OsStr;
use std::io::Write;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

pub fn notes(name: &str, lang: Lang) -> anyhow::Result<u8> {
    let lesson = open(name)?;
    let key = super::progress::key(name);
    let path = super::progress::store()?.path();
    let dir = path.parent().context("find the folder of the progress file")?;
    std::fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    // The file is written anew and renamed, so that its folder is what to watch; and before it is read, so that nothing
    // is missed between.
    let changes = inotify::init(CreateFlags::CLOEXEC)?;
    inotify::add_watch(&changes, dir, WatchFlags::MOVED_TO).with_context(|| format!("watch {}", dir.display()))?;
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut changes = inotify::Reader::new(changes, &mut buffer);
    let began = Instant::now();
    let mut told = None;
    let load = || anyhow::Ok(super::progress::load(lang)?.lessons.remove(&key));
    // Who was at the closing page before may be on the way there again: only nobody tells when.
    let was_finished = load()?.is_some_and(|kept| kept.finished);
    loop {
        let kept = load()?.map(|kept| LessonProgress { finished: kept.finished && !was_finished, ..kept });
        let now = tell(&lesson, kept.as_ref(), began.elapsed().as_secs() / 60, lang);
        if told.as_ref() != Some(&now.key) {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", now.text)?;
            out.flush()?;
            told = Some(now.key);
        }
        if kept.is_some_and(|kept| kept.finished) {
            return Ok(0);
        }
        loop {
            match changes.next() {
                Ok(event) if event.file_name().map(|name| OsStr::from_bytes(name.to_bytes())) == path.file_name() => {
                    break;
                }
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).with_context(|| format!("watch {}", dir.display())),
            }
        }
    }
}

/// What is to be said, and what it is about: the same is not said twice.
struct Told {
    key: (String, bool),
    text: String,
}

fn tell(lesson: &Lesson, kept: Option<&LessonProgress>, minutes: u64, lang: Lang) -> Told {
    let (at, finished) = kept.map_or(("", false), |kept| (kept.at.as_str(), kept.finished));
    let key = (at.to_string(), finished);
    if finished {
        return Told { key, text: lang.say("notes.finished", &[]) };
    }
    let Some(index) = lesson.steps.iter().position(|step| step.id == at) else {
        return Told { key, text: lang.say("notes.waiting", &[&lesson.id]) };
    };
    let words = |index: usize| lesson.step_text(lang.code(), index);
    let planned: u32 = lesson.steps[..index].iter().map(|step| step.minutes).sum();
    let [number, steps] = [index + 1, lesson.steps.len()].map(|number| number.to_string());
    let [used, all, planned] = [minutes, lesson.minutes.into(), planned.into()].map(|number| number.to_string());
    let next = match index + 1 < lesson.steps.len() {
        true => lang.say("notes.next", &[&words(index + 1).title]),
        false => lang.say("notes.last", &[]),
    };
    let head = lang.say("notes.step", &[&number, &steps, &words(index).title, &used, &all, &planned]);
    Told { key, text: format!("\n{head}\n  {}\n{next}", words(index).speaker.replace('\n', "\n  ")) }
}
