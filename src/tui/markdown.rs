//! The lessons' little Markdown on a screen: paragraphs, lists, code.

use crate::wrap::{cut, hang_markdown};
use unicode_width::UnicodeWidthChar;

/// Text as lines of at most `width` cells. Code blocks keep their lines.
pub fn lines(text: &str, width: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    for line in text.lines().chain([""]) {
        let is_list = line.starts_with("- ") || line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
        if in_code || line.starts_with("```") || line.trim().is_empty() || is_list {
            if !paragraph.is_empty() {
                let indent = if paragraph.starts_with("- ") { 2 } else { 0 };
                out.extend(hang_markdown(&std::mem::take(&mut paragraph), width, indent));
            }
            if line.starts_with("```") {
                in_code = !in_code;
            } else if in_code {
                out.push(cut(line, width));
            } else if is_list {
                paragraph = line.to_string();
            } else if out.last().is_some_and(|last| !last.is_empty()) {
                out.push(String::new());
            }
            continue;
        }
        // Lines of Chinese text join without a space.
        let han = |character: Option<char>| character.is_some_and(|character| character.width() == Some(2));
        if !(paragraph.is_empty() || han(paragraph.chars().last()) || han(line.chars().next())) {
            paragraph.push(' ');
        }
        paragraph.push_str(line.trim());
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}
