//! Which parts of a program's line are keywords, strings and comments: enough for a screen, no more.

use super::Language;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Keyword,
    Text,
    Comment,
}

const C: &str = "char define for if include int pid_t return ssize_t static struct void while const sizeof _Noreturn";
const RUST: &str = "as drop else fn for if let match mut pub return unsafe use while";
const SHELL: &str = "do done exit fi if read set then until while";

/// The parts of one line, in order; what is between them is plain.
pub fn parts(line: &str, language: Language) -> Vec<(Range<usize>, Part)> {
    let (keywords, comment) = match language {
        Language::C => (C, "/*"),
        Language::Rust => (RUST, "//"),
        Language::Shell => (SHELL, "#"),
    };
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    // The preamble in C goes on over lines.
    if language == Language::C && line.starts_with(" * ") {
        return vec![(0..line.len(), Part::Comment)];
    }
    let mut at = 0;
    while at < bytes.len() {
        let rest = &line[at..];
        let begins_word = at == 0 || !is_word(bytes[at - 1]);
        if rest.starts_with(comment) && (language != Language::Shell || at == 0 || bytes[at - 1] == b' ') {
            found.push((at..line.len(), Part::Comment));
            break;
        } else if rest.starts_with('"') || (language == Language::Shell && rest.starts_with('\'')) {
            let end = at + string(rest);
            found.push((at..end, Part::Text));
            at = end;
        } else if begins_word && is_word(bytes[at]) {
            let length = rest.bytes().take_while(|byte| is_word(*byte)).count();
            if keywords.split(' ').any(|keyword| keyword == &rest[..length]) {
                found.push((at..at + length, Part::Keyword));
            }
            at += length;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the string that a text begins with, its quotes included; all of it if it goes on on the next line.
fn string(text: &str) -> usize {
    let quote = text.as_bytes()[0];
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quote == b'"' => escaped = true,
            _ if byte == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &str, language: Language) -> Vec<(&str, Part)> {
        parts(line, language).into_iter().map(|(range, part)| (&line[range], part)).collect()
    }

    #[test]
    fn each_language_has_its_parts() {
        use Part::{Comment, Keyword, Text};
        let line = r#"    if (put("/a \" if", 0) == -1)  /* 若 */"#;
        assert_eq!(marked(line, Language::C), [("if", Keyword), (r#""/a \" if""#, Text), ("/* 若 */", Comment)]);
        assert_eq!(marked(" * a \"preamble\"", Language::C), [(" * a \"preamble\"", Comment)]);
        let line = "let pid = f(\"https://x\")?; // unsafe";
        assert_eq!(marked(line, Language::Rust), [("let", Keyword), ("\"https://x\"", Text), ("// unsafe", Comment)]);
        let line = "echo 'a # b' ${x#y} > \"$1\" # done";
        assert_eq!(marked(line, Language::Shell), [("'a # b'", Text), ("\"$1\"", Text), ("# done", Comment)]);
        assert_eq!(marked("notify ifs", Language::Shell), []);
    }
}
