//! The calls of a lesson as programs in three languages, each a renderer of the same value: what is listed is what runs.

mod c;
mod command;
mod highlight;
mod rust;
mod script;
mod shell;
#[cfg(test)]
mod tests;

pub use command::{Form, command, namespace_words};
pub use highlight::{Part, parts};

use crate::lesson::{Lesson, Run};
use crate::op::{Call, lower};
use crate::words::Lang;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    C,
    Shell,
    Rust,
}

impl Language {
    pub fn name(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::Shell => "shell",
            Language::Rust => "Rust",
        }
    }
}

/// One line of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// The step that it belongs to: 0 the preparation, 1 the first step.
    pub step: Option<usize>,
    /// Which of the step's calls begin on this line, from 0.
    pub calls: Range<usize>,
}

/// The program that does what a lesson does, up to and with so many steps. Comments are in the language of `words`.
pub fn listing(lesson: &Lesson, upto: usize, language: Language, words: Lang) -> Vec<Line> {
    match language {
        Language::C => c::program(lesson, upto, words),
        Language::Shell => shell::program(lesson, upto, words),
        Language::Rust => rust::program(lesson, upto, words),
    }
}

/// Whether a step makes calls at all (from 1; 0 is the preparation).
pub fn has_calls(lesson: &Lesson, step: usize) -> bool {
    script::parts(lesson, step).any(|(number, _, rounds)| {
        number == step && rounds.iter().flat_map(|round| &round.does).any(|operation| !lower(operation).is_empty())
    })
}

/// The lines of a program as they come about.
#[derive(Debug, Default)]
struct Text {
    lines: Vec<Line>,
    step: Option<usize>,
    indent: usize,
}

impl Text {
    fn add(&mut self, text: impl AsRef<str>) {
        self.add_calls(text, 0..0);
    }

    /// Lines of which the first makes these calls.
    fn add_calls(&mut self, text: impl AsRef<str>, calls: Range<usize>) {
        for (number, line) in text.as_ref().split('\n').enumerate() {
            let text = if line.is_empty() { String::new() } else { format!("{:1$}{line}", "", self.indent) };
            let calls = if number == 0 { calls.clone() } else { 0..0 };
            self.lines.push(Line { text, step: self.step, calls });
        }
    }

    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.text.is_empty() && !line.text.ends_with('{')) {
            self.lines.push(Line { text: String::new(), step: self.step, calls: 0..0 });
        }
    }

    /// All of it, to look for names in.
    fn whole(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Whether a name stands in a text as a whole word.
fn mentions(text: &str, word: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    text.match_indices(word).any(|(at, _)| {
        let ends = at + word.len();
        (at == 0 || !is_name(bytes[at - 1]))
            && (ends == bytes.len() || !is_name(bytes[ends]) || !is_name(bytes[ends - 1]))
    })
}

/// The longest line of a listing, where it can be broken.
const WIDTH: usize = 96;

/// Breaks a long call after commas between its arguments.
fn folded(text: &str, indent: usize) -> String {
    let (mut out, mut column) = (String::new(), indent);
    for (number, part) in arguments(text).into_iter().enumerate() {
        if number > 0 && column + part.len() > WIDTH {
            out.truncate(out.trim_end().len());
            out.push_str("\n        ");
            column = indent + 8;
        }
        out.push_str(part);
        column += part.len();
    }
    out
}

/// Splits after each comma and blank that is not in a string.
fn arguments(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted && text[..at].ends_with(',') => {
                parts.push(&text[start..=at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A step's heading: `Step 3: The same files`.
fn heading(lesson: &Lesson, step: usize, words: Lang) -> String {
    match step.checked_sub(1) {
        None => words.say("listing.prepare", &[]),
        Some(index) => words.say("listing.step", &[&step.to_string(), &lesson.step_text(words.code(), index).title]),
    }
}

/// The lines that a listing begins with, without comment signs.
fn preamble(lesson: &Lesson, upto: usize, words: Lang) -> Vec<String> {
    let title = format!("{}: {}", lesson.id, lesson.text(words.code()).title);
    let about = words.say("listing.about", &[]);
    let part = words.say("listing.part", &[&upto.to_string(), &lesson.steps.len().to_string()]);
    let part = (upto < lesson.steps.len()).then_some(part);
    std::iter::once(title).chain(part).chain(about.lines().map(String::from)).collect()
}

/// What a call is about, for a message: `mount /proc`.
fn subject(call: &Call) -> String {
    let about = match call {
        Call::Mount { target, .. } | Call::Umount { target, .. } => target,
        Call::MoveMount { to, .. } => to,
        Call::Symlink { at, .. } => at,
        Call::Rename { from, .. } => from,
        Call::PivotRoot { new, .. } => new,
        Call::Sethostname { name } => name,
        Call::MountSetattr { path, .. }
        | Call::OpenTree { path, .. }
        | Call::Mkdir { path, .. }
        | Call::Rmdir { path }
        | Call::Unlink { path }
        | Call::Chmod { path, .. }
        | Call::Mknod { path, .. }
        | Call::Open { path, .. }
        | Call::Chroot { path }
        | Call::Chdir { path }
        | Call::Execve { path, .. } => path,
        _ => return call.name().into(),
    };
    format!("{} {about}", call.name())
}

/// A command as a line for sh(1).
fn shell_line(run: &Run) -> String {
    let words = |line: &str| line.split_whitespace().map(shell_word).collect::<Vec<_>>().join(" ");
    match run {
        Run::Words(line) => words(line),
        Run::Shell(shell) => shell.sh.clone(),
        Run::Start(start) => format!("{} &", words(&start.start)),
    }
}

/// A word as the shell takes it for itself.
pub fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
