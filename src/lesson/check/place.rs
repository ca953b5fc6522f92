//! Where in a file a finding belongs.

use super::super::LessonError;
use super::super::load::SourceFile;

/// One of a lesson's files, to find places in.
pub struct Places<'a> {
    file: &'a SourceFile,
}

impl<'a> Places<'a> {
    pub fn new(file: &'a SourceFile) -> Self {
        Self { file }
    }

    fn at(&self, line: usize, column: usize, what: String) -> LessonError {
        LessonError::at(&self.file.path, &self.file.text, line, column, what)
    }

    /// About the file as a whole.
    pub fn top(&self, what: String) -> LessonError {
        self.at(1, 1, what)
    }

    /// At the first `needle` of a step in lesson.yaml, else at the step's id.
    pub fn in_step(&self, step: &str, needle: &str, what: String) -> LessonError {
        let lines = || self.file.text.lines().enumerate();
        let is_id = |line: &str| line.trim_start().strip_prefix("- id:").is_some_and(|id| id.trim() == step);
        let Some((begin, id)) = lines().find(|(_, line)| is_id(line)) else { return self.top(what) };
        let indent = |line: &str| line.len() - line.trim_start().len();
        let depth = indent(id);
        let inside = lines().skip(begin + 1).take_while(|(_, line)| line.trim().is_empty() || indent(line) > depth);
        match inside.into_iter().find_map(|(number, line)| Some((number, line.find(needle)?))) {
            Some((line, column)) => self.at(line + 1, column + 1, what),
            None => self.at(begin + 1, depth + 1, what),
        }
    }

    /// At a section's heading of a step's words; at the step's heading if there is no such section.
    pub fn heading(&self, step: &str, section: &str, what: String) -> LessonError {
        let mut at = None;
        let mut inside = false;
        for (number, line) in self.file.text.lines().enumerate() {
            if let Some(title) = line.strip_prefix("## ") {
                inside = title.split(" · ").next() == Some(step);
                if inside {
                    at = Some(number + 1);
                }
            } else if inside && line.strip_prefix("### ") == Some(section) {
                return self.at(number + 1, 1, what);
            }
        }
        self.at(at.unwrap_or(1), 1, what)
    }

    /// At every place of a text, one finding each.
    pub fn each(&self, text: &str, what: impl Fn() -> String) -> Vec<LessonError> {
        let lines = self.file.text.lines().enumerate();
        let places = lines.filter_map(|(number, line)| {
            let byte = line.find(text)?;
            Some((number + 1, line[..byte].chars().count() + 1))
        });
        places.map(|(line, column)| self.at(line, column, what())).collect()
    }

    /// The lines of the file, numbered from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.file.text.lines().enumerate().map(|(number, line)| (number + 1, line))
    }

    /// At a line and a character, both from 1.
    pub fn spot(&self, line: usize, column: usize, what: String) -> LessonError {
        self.at(line, column, what)
    }
}
