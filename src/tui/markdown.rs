//! The lessons' little Markdown on a screen: paragraphs, lists, code; wrapped by cells.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text as lines of at most `width` cells. Code blocks keep their lines.
pub fn lines(text: &str, width: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    for line in text.lines().chain([""]) {
        let is_list = line.starts_with("- ") || line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
        if in_code || line.starts_with("```") || line.trim().is_empty() || is_list {
            if !paragraph.is_empty() {
                out.extend(wrap(&std::mem::take(&mut paragraph), width));
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

/// Breaks a text at spaces and between Han characters; no closing mark begins a line, no opening one ends it.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let text = text.replace("**", "");
    let (mut lines, mut current, mut used) = (Vec::new(), String::new(), 0);
    let mut break_at: Option<usize> = None;
    let mut in_code = false;
    for character in text.chars() {
        let cells = character.width().unwrap_or(0);
        let wide = cells == 2;
        if wide
            && !in_code
            && !"，。、；：？！）》”’…".contains(character)
            && !current.ends_with(['（', '《', '“', '‘'])
        {
            break_at = Some(current.len());
        }
        if used + cells > width {
            let at = break_at.filter(|&at| at > 0).unwrap_or(current.len());
            let rest = current.split_off(at);
            lines.push(current.trim_end().to_string());
            current = rest.trim_start().to_string();
            used = current.width();
            break_at = None;
        }
        if character == '`' {
            in_code = !in_code;
            continue;
        }
        current.push(character);
        used += cells;
        if character == ' ' {
            break_at = Some(current.len());
        }
    }
    if !current.trim().is_empty() || lines.is_empty() {
        lines.push(current.trim_end().to_string());
    }
    lines
}

/// The beginning of a text, in so many cells.
pub fn cut(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// A text in exactly so many cells.
pub fn fit(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let used = text.width();
    text + &" ".repeat(width.saturating_sub(used))
}
