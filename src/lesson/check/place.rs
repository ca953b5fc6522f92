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

    /// At an expectation of a step's rounds: the number `index` (from 0) of `count`.
    pub fn expectation(&self, step: &str, index: usize, count: usize, what: String) -> LessonError {
        let keys = self.expectation_keys(step);
        match keys.get(index).filter(|_| keys.len() == count) {
            Some((line, column)) => self.at(*line, *column, what),
            // It is written in a way that is not followed here.
            None => self.in_step(step, "expect:", what),
        }
    }

    /// Where the keys `becomes`, `stays` and `says` stand below a step's own `rounds:`; lines and columns from 1.
    fn expectation_keys(&self, step: &str) -> Vec<(usize, usize)> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let is_id = |line: &str| line.trim_start().strip_prefix("- id:").is_some_and(|id| id.trim() == step);
        let mut lines = self.lines().skip_while(|(_, line)| !is_id(line));
        let Some((_, id)) = lines.next() else { return Vec::new() };
        let depth = indent(id) + 2;
        let of_step = lines.take_while(|(_, line)| line.trim().is_empty() || indent(line) >= depth);
        let mut rounds = of_step.skip_while(|(_, line)| indent(line) != depth || !line.trim().starts_with("rounds:"));
        let first = rounds.next();
        // Items of a list may stand as far left as its key.
        let is_inside = |line: &str| line.trim().is_empty() || indent(line) > depth || line.trim().starts_with("- ");
        let block = first.into_iter().chain(rounds.take_while(|(_, line)| is_inside(line)));
        block.flat_map(|(number, line)| keys(&code(line)).into_iter().map(move |column| (number, column))).collect()
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

/// A line of YAML with blanks in the place of quoted texts and comments.
fn code(line: &str) -> String {
    let mut quote = None;
    let mut before = ' ';
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let is_code = quote.is_none();
        match quote {
            Some('"') if letter == '\\' => out.extend(letters.next().map(|_| ' ')),
            Some(mark) if letter == mark => quote = None,
            Some(_) => {}
            None if letter == '#' && before.is_whitespace() => break,
            None if matches!(letter, '"' | '\'') && (before.is_whitespace() || "[{,:(".contains(before)) => {
                quote = Some(letter);
            }
            None => {}
        }
        out.push(if is_code && quote.is_none() { letter } else { ' ' });
        before = letter;
    }
    out
}

/// The columns (from 1) at which an expectation's key stands.
fn keys(code: &str) -> Vec<usize> {
    let mut columns = Vec::new();
    for key in ["becomes:", "stays:", "says:"] {
        for (at, _) in code.match_indices(key) {
            let is_word = code[..at].ends_with([' ', '{', '[', ',']) || at == 0;
            if is_word && code[at + key.len()..].chars().next().is_none_or(char::is_whitespace) {
                columns.push(code[..at].chars().count() + 1);
            }
        }
    }
    columns.sort_unstable();
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expectations are counted through a step's rounds, however they are written, and nowhere else.
    #[test]
    fn an_expectation_has_a_place() {
        let text = "steps:\n\
            \u{20} - id: one\n    break:\n      - id: x\n        rounds:\n          - expect: [{ says: { errno: ok } }]\n\
            \u{20}   rounds: # says: nothing\n      - do: [{ write: { path: /a, text: \"says: { x }\" } }]\n        expect:\n\
            \u{20}         - { says: { errno: ok } }\n          - stays: { ended: false }\n\
            \u{20}   # becomes: no\n\
            \u{20} - id: two\n    rounds:\n    - expect: [{ becomes: { ended: true } }, { says: { errno: EIO } }]\n";
        let file = SourceFile { path: "x".into(), text: text.into() };
        let places = Places::new(&file);
        assert_eq!(places.expectation_keys("one"), [(10, 15), (11, 13)]);
        assert_eq!(places.expectation_keys("two"), [(15, 18), (15, 48)]);
        assert_eq!(places.expectation_keys("three"), []);
        let first = |error: LessonError| error.to_string().lines().next().unwrap().to_string();
        assert_eq!(first(places.expectation("one", 1, 2, "w".into())), "x:11:13: w");
        assert_eq!(first(places.expectation("two", 1, 2, "w".into())), "x:15:48: w");
        // Another number of them: nearby, rather than at another one.
        assert_eq!(first(places.expectation("two", 0, 3, "w".into())), "x:15:7: w");
    }
}
