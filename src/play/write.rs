//! Writes what was done to the student's files. What is there already is replaced only if that was asked for.

use super::draft::draft;
use super::script::script;
use crate::lesson::Lesson;
use crate::mounts::printable;
use crate::reference;
use crate::session::{Form, Order, RoundRecord, Wrote};
use crate::words::Lang;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// `again` does it all once more, in a practice host of its own: what was typed by hand, which nobody can write down, is
/// in neither the file nor its expectations.
pub fn write(order: &Order, lesson: &Lesson, again: impl FnOnce() -> Result<Vec<Vec<RoundRecord>>, String>) -> Wrote {
    let is_there = order.path.symlink_metadata().is_ok();
    if is_there && !order.replaces {
        return Wrote::Exists(order.path.clone());
    }
    let records = match again() {
        Ok(records) => records,
        Err(why) => return Wrote::Failed(why),
    };
    let (written, left_out) = match order.form {
        Form::Lesson => {
            let draft = draft(lesson, &records, &id_of(&order.path));
            let schema = ("lesson.schema.json", reference::lesson_schema());
            (folder(&order.path, draft.files.into_iter().chain([schema])), draft.left_out)
        }
        Form::Script => (file(&order.path, &script(lesson, &records), order.replaces, 0o777), Vec::new()),
    };
    match written {
        Ok(()) => Wrote::Done { path: order.path.clone(), again: records, left_out },
        // Somebody was faster.
        Err((path, error)) if error.kind() == ErrorKind::AlreadyExists && !order.replaces => Wrote::Exists(path.into()),
        Err((path, error)) => Wrote::Failed(format!("write {path}: {error}")),
    }
}

type Trouble = (String, std::io::Error);

fn folder<'a>(path: &Path, files: impl Iterator<Item = (&'a str, String)>) -> Result<(), Trouble> {
    match DirBuilder::new().create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !path.is_dir() => {
            return Err((path.display().to_string(), error));
        }
        _ => {}
    }
    files.into_iter().try_for_each(|(name, text)| file(&path.join(name), &text, true, 0o666))
}

fn file(path: &Path, text: &str, replaces: bool, mode: u32) -> Result<(), Trouble> {
    let mut options = OpenOptions::new();
    options.write(true).mode(mode).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    if replaces {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let write = |mut file: File| file.write_all(text.as_bytes());
    options.open(path).and_then(write).map_err(|error| (path.display().to_string(), error))
}

/// A lesson's id from its folder's name, where that can be one.
fn id_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.is_empty() && name.chars().all(fit) && !name.starts_with('-') { name } else { "my-lesson".into() }
}

/// What came of writing, in words; `seen` is what the steps did when they were performed.
pub fn told(answer: &Wrote, form: Form, seen: &[Vec<RoundRecord>], lang: Lang) -> String {
    match answer {
        Wrote::Exists(path) => lang.say("play.exists", &[&at(path, form)]),
        Wrote::Failed(why) => lang.say("play.failed", &[why]),
        Wrote::Done { path, again, left_out } => {
            let key = if form == Form::Lesson { "play.wrote-lesson" } else { "play.wrote" };
            let mut said = vec![lang.say(key, &[&at(path, form)])];
            let numbers = |steps: &[usize]| {
                let all: Vec<String> = steps.iter().map(|step| (step + 1).to_string()).collect();
                all.join(&lang.say("play.comma", &[]))
            };
            let otherwise = otherwise(seen, again);
            for (steps, key) in [(otherwise.as_slice(), "play.otherwise"), (left_out, "play.left-out")] {
                said.extend((!steps.is_empty()).then(|| lang.say(key, &[&numbers(steps)])));
            }
            said.join("\n")
        }
    }
}

/// The path as `nslab check` takes it: a folder's name alone would be a bundled lesson's.
fn at(path: &Path, form: Form) -> String {
    let is_name = path.is_relative() && !path.starts_with(".") && !path.starts_with("..");
    let path = path.display();
    printable(if form == Form::Lesson && is_name { format!("./{path}") } else { path.to_string() }.as_bytes())
}

/// The steps (from 0) that went otherwise when they were done once more: something typed by hand had a part in them.
fn otherwise(seen: &[Vec<RoundRecord>], again: &[Vec<RoundRecord>]) -> Vec<usize> {
    let pairs = seen.iter().zip(again).enumerate();
    pairs.filter(|(_, (seen, again))| sketch(seen) != sketch(again)).map(|(index, _)| index).collect()
}

/// What is the same each time a step is done.
fn sketch(records: &[RoundRecord]) -> Vec<String> {
    let mut out = Vec::new();
    for record in records {
        out.extend(record.calls.iter().map(|call| format!("{} {:?}", call.call.name(), call.result.err())));
        out.extend(record.commands.iter().map(|command| format!("{:?}", command.status)));
        for (side, changes) in [("outside", &record.outside), ("inside", &record.inside)] {
            out.extend(changes.iter().map(|change| format!("{side} {} {:?}", change.kind.name(), change.fields)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_name_is_the_lessons_where_it_can_be_one() {
        for (path, id) in [("my-first", "my-first"), ("/tmp/Play", "play"), ("a b", "my-lesson"), ("..", "my-lesson")] {
            assert_eq!(id_of(Path::new(path)), id);
        }
    }

    #[test]
    fn nothing_is_replaced_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("play.sh");
        std::fs::write(&path, "mine").unwrap();
        let mut order = Order { form: Form::Script, path: path.clone(), replaces: false };
        let never = || panic!("nothing is performed for a file that is there");
        assert!(matches!(write(&order, &crate::play::lesson(), never), Wrote::Exists(_)));
        order.form = Form::Lesson;
        assert!(matches!(write(&order, &crate::play::lesson(), never), Wrote::Exists(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        // A lesson is a folder: a file in its place stays, asked or not.
        order.replaces = true;
        assert!(matches!(write(&order, &crate::play::lesson(), || Ok(Vec::new())), Wrote::Failed(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        order.form = Form::Script;
        assert!(matches!(write(&order, &crate::play::lesson(), || Ok(Vec::new())), Wrote::Done { .. }));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("#!/bin/sh"));
    }
}
