//! Finds and reads lessons: bundled ones by name, others by path.

use super::error::{LessonError, nearest};
use super::{Lesson, guard, markdown};
use crate::mounts::printable;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

static BUNDLED: Dir = include_dir!("$CARGO_MANIFEST_DIR/lessons");

/// The languages a lesson can have.
pub(super) const LANGUAGES: [&str; 2] = ["en", "zh-CN"];
/// Nobody writes a longer lesson by hand, in bytes.
const LONGEST: usize = 1 << 20;

/// The bundled lessons' names, in the order in which they are best taken (`lessons/index.yaml`).
pub fn bundled() -> Vec<String> {
    let index = BUNDLED.get_file("index.yaml").and_then(|file| file.contents_utf8()).unwrap_or_default();
    serde_yaml::from_str(index).unwrap_or_default()
}

/// A file of a bundled lesson, by its path below `lessons`.
pub fn bundled_file(path: &str) -> Option<&'static [u8]> {
    BUNDLED.get_file(path).map(|file| file.contents())
}

/// One file of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// As it is shown in errors.
    pub path: String,
    pub text: String,
}

/// A lesson's files, not understood yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub yaml: SourceFile,
    /// The Markdown files that are there, by language.
    pub words: BTreeMap<String, SourceFile>,
}

/// A lesson by its bundled name, or by the path of its folder or its YAML file.
pub fn open(name: &str) -> Result<Lesson, LessonError> {
    parse_source(&source(name)?)
}

/// A lesson's files, without reading sense into them.
pub fn source(name: &str) -> Result<Source, LessonError> {
    if bundled().iter().any(|known| known == name) {
        return read(Path::new(name), Path::new(name).join("lesson.yaml"), &|file| {
            let path = Path::new(name).join(file);
            BUNDLED
                .get_file(path)
                .map(|file| file.contents().to_vec())
                .ok_or_else(|| std::io::ErrorKind::NotFound.into())
        });
    }
    let path = Path::new(name);
    if !name.contains('/') && !path.exists() {
        return Err(LessonError::Unknown {
            name: printable(name.as_bytes()),
            nearest: nearest(name, bundled().iter().map(String::as_str)),
        });
    }
    let folder: PathBuf = if path.is_dir() { path.into() } else { path.parent().unwrap_or(Path::new(".")).into() };
    let yaml = if path.is_dir() { path.join("lesson.yaml") } else { path.into() };
    read(&folder, yaml.clone(), &|file| {
        read_file(&if file == "lesson.yaml" { yaml.clone() } else { folder.join(file) })
    })
}

/// A file that is one: nothing that waits for a writer, and nothing without an end.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut options = File::options();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("this is no regular file; name a lesson's folder or its lesson.yaml"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read(folder: &Path, yaml: PathBuf, file: &dyn Fn(&str) -> std::io::Result<Vec<u8>>) -> Result<Source, LessonError> {
    let text = |name: &str| -> Result<SourceFile, LessonError> {
        let path = if name == "lesson.yaml" { yaml.clone() } else { folder.join(name) }.display().to_string();
        let bytes = file(name).map_err(|error| {
            let hint = match error.kind() {
                std::io::ErrorKind::NotFound => "; a lesson's folder holds lesson.yaml and en.md",
                _ => "",
            };
            LessonError::Unreadable { path: printable(path.as_bytes()), why: format!("{error}{hint}") }
        })?;
        if bytes.len() > LONGEST {
            return Err(LessonError::Unreadable { path, why: "a lesson file may have 1 MiB at most".into() });
        }
        let text = String::from_utf8(bytes).map(without_mark).map_err(|error| {
            let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let line = 1 + valid.matches('\n').count();
            let column = 1 + valid.rsplit('\n').next().unwrap_or("").chars().count();
            let text = String::from_utf8_lossy(error.as_bytes());
            LessonError::at(&path, &text, line, column, "this is not UTF-8; save the file as UTF-8".into())
        })?;
        Ok(SourceFile { path, text })
    };
    let yaml = text("lesson.yaml")?;
    let mut words = BTreeMap::new();
    for language in LANGUAGES {
        let name = format!("{language}.md");
        match text(&name) {
            Ok(file) => drop(words.insert(language.to_string(), file)),
            Err(LessonError::Unreadable { .. }) if language != "en" && file(&name).is_err() => {}
            // A fault of the structure is told first: whoever writes a lesson begins there.
            Err(error) => return Err(parse(&yaml.path, &yaml.text).err().unwrap_or(error)),
        }
    }
    Ok(Source { yaml, words })
}

/// Understands a lesson's files.
pub fn parse_source(source: &Source) -> Result<Lesson, LessonError> {
    let mut lesson = parse(&source.yaml.path, &source.yaml.text)?;
    for (language, file) in &source.words {
        lesson.texts.insert(language.clone(), markdown::parse(&file.path, &file.text)?);
    }
    Ok(lesson)
}

/// Without the byte order mark that some editors write.
fn without_mark(text: String) -> String {
    text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text)
}

/// Reads the structure. Every error has a place.
pub fn parse(path: &str, text: &str) -> Result<Lesson, LessonError> {
    let place = |line: usize, column: usize, what: String| LessonError::at(path, text, line, column, what);
    guard::check(text).map_err(|guard::Trouble { line, column, what }| place(line, column, what))?;
    let deserializer = serde_yaml::Deserializer::from_str(text);
    let mut lesson: Lesson = serde_yaml::with::singleton_map_recursive::deserialize(deserializer).map_err(|error| {
        let at = error.location();
        let (line, column) = at.map_or((1, 1), |at| (at.line(), at.column()));
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or(&words).to_string();
        // The parser names the field that it could not place; say which one was probably meant.
        place(line, column, advise(&words))
    })?;
    let line_of = |wanted: &str| {
        let found = text.lines().position(|line| line.contains(wanted));
        found.map_or((1, 1), |line| (line + 1, text.lines().nth(line).and_then(|l| l.find(wanted)).unwrap_or(0) + 1))
    };
    let refuse = |wanted: &str, what: String| {
        let (line, column) = line_of(wanted);
        Err(place(line, column, what))
    };
    if lesson.format != 1 {
        return refuse("format", format!("format {} is not known; write: format: 1", lesson.format));
    }
    if lesson.steps.is_empty() {
        return refuse("steps", "a lesson has at least one step; write one below steps:".into());
    }
    let fit = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let mut seen: Vec<&str> = Vec::new();
    let variants: Vec<&str> =
        lesson.steps.iter().flat_map(|step| &step.variants).map(|variant| variant.id.as_str()).collect();
    for id in
        lesson.steps.iter().map(|step| step.id.as_str()).chain(variants.iter().copied()).chain([lesson.id.as_str()])
    {
        if !fit(id) {
            return refuse(id, format!("the id \"{id}\" may have small letters, digits and - only"));
        }
    }
    for step in &lesson.steps {
        if seen.contains(&step.id.as_str()) {
            return refuse(
                &format!("id: {}", step.id),
                format!("two steps are called {}; give one another id", step.id),
            );
        }
        for id in step.variants.iter().flat_map(|variant| &variant.skip) {
            if !seen.contains(&id.as_str()) {
                return refuse(id, format!("skip: {id} names no earlier step"));
            }
        }
        seen.push(&step.id);
        if step.rounds.is_empty() && step.task.is_none() {
            return refuse(
                &format!("id: {}", step.id),
                format!("step {} has neither a round nor a task; write one below rounds:", step.id),
            );
        }
        for expectation in step.rounds.iter().flat_map(|round| &round.expect) {
            if let Some(id) = expectation.fails_in.as_ref().filter(|id| !variants.contains(&id.as_str())) {
                return refuse(id, format!("fails-in: {id} names no variant of this lesson"));
            }
        }
    }
    for step in &mut lesson.steps {
        let Some(layers) = &mut step.layers else { continue };
        let Some(columns) = lesson.stacks.get(&layers.of) else {
            let near = nearest(&layers.of, lesson.stacks.keys().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            return refuse(&layers.of, format!("layers: of: {} names no stack of this lesson{near}", layers.of));
        };
        layers.columns = columns.clone();
    }
    Ok(lesson)
}

/// Adds the nearest known word to the parser's complaint about an unknown one.
fn advise(words: &str) -> String {
    let words = &plain(words);
    if let Some((_, remedy)) = TRAPS.iter().find(|(theirs, _)| words.contains(theirs)) {
        return format!("{words}; {remedy}");
    }
    let mut ticks = words.split('`');
    let unknown = words.contains("unknown").then(|| ticks.nth(1)).flatten();
    let Some(unknown) = unknown else { return words.into() };
    let known: Vec<&str> = words.split('`').skip(3).step_by(2).collect();
    match nearest(unknown, known.into_iter()) {
        // Then the whole list only hides it.
        Some(near) => format!("{}; did you mean `{near}`?", words.split(", expected ").next().unwrap_or(words)),
        None => words.into(),
    }
}

/// What YAML stumbles over most, and what to write instead.
const TRAPS: [(&str, &str); 3] = [
    ("mapping values are not allowed", "put a text that has `: ` in it in quotes"),
    ("did not find expected ',' or", "a bracket before this place is not closed, or ` #` begins a comment inside it"),
    ("found character that cannot start any token", "put a text that begins with this character in quotes"),
];

/// The parser's words for kinds of values, as somebody who writes YAML would say them.
const KINDS: [(&str, &str); 16] = [
    ("field identifier", "a word"),
    ("sequence", "a list"),
    ("map", "a map"),
    ("unit value", "nothing"),
    ("null", "nothing"),
    ("a string", "a text"),
    ("a boolean", "true or false"),
    ("a sequence", "a list"),
    ("a map", "a map"),
    ("u16", "a whole number from 0 on"),
    ("u32", "a whole number from 0 on"),
    ("u64", "a whole number from 0 on"),
    ("usize", "a whole number from 0 on"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("struct Lesson", "a lesson, which begins with format: 1"),
];

/// `steps: invalid type: integer `5`, expected a sequence` → `steps: here stands integer `5`; it must be a list`.
fn plain(words: &str) -> String {
    let kind = |word: &str| match KINDS.iter().find(|(theirs, _)| *theirs == word) {
        Some((_, ours)) => (*ours).to_string(),
        None if word.starts_with("struct ") => "a map".into(),
        None => word.trim_end_matches(" as u128").trim_end_matches(" as i128").to_string(),
    };
    let Some((before, rest)) = ["invalid type: ", "invalid value: "].iter().find_map(|start| words.split_once(start))
    else {
        return words.into();
    };
    let Some((found, wanted)) = rest.rsplit_once(", expected ") else { return words.into() };
    format!("{before}here stands {}; it must be {}", kind(found), kind(wanted))
}
