//! Text in cells: wrapped, cut, filled.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Marks that no line begins with, and marks that no line ends with.
const CLOSING: &str = "，。、；：？！）》」』】”’…—～%";
const OPENING: &str = "（《「『【“‘";

/// A space at which no line ends.
pub const NO_BREAK: &str = "\u{a0}";

/// What stays together on a line, and how many spaces stand before it.
struct Token {
    text: String,
    gap: usize,
}

fn is_wide(character: char) -> bool {
    character.width() == Some(2)
}

/// Splits a text where a line may end: at spaces and beside Han characters, never inside a word or a code span, nor
/// between a number and its unit. In Markdown the signs of code and emphasis go.
fn tokens(text: &str, markdown: bool) -> Vec<Token> {
    let text = if markdown { text.replace("**", "") } else { text.to_string() };
    let mut out: Vec<Token> = Vec::new();
    let mut current = Token { text: String::new(), gap: 0 };
    let mut gap = 0;
    let mut in_code = false;
    for character in text.chars() {
        if markdown && character == '`' {
            in_code = !in_code;
            continue;
        }
        if character == ' ' && !in_code {
            gap += 1;
            continue;
        }
        let last = current.text.chars().last();
        let beside_han = last.is_some_and(|last| {
            (is_wide(last) || is_wide(character)) && !CLOSING.contains(character) && !OPENING.contains(last)
        });
        let is_number = !current.text.is_empty() && current.text.chars().all(|digit| digit.is_ascii_digit());
        let is_unit = gap == 1 && is_number && is_wide(character) && !OPENING.contains(character);
        if is_unit {
            current.text.push(' ');
        } else if gap > 0 || (beside_han && !in_code) {
            let next = Token { text: String::new(), gap };
            let whole = std::mem::replace(&mut current, next);
            if !whole.text.is_empty() {
                out.push(whole);
            }
        }
        gap = 0;
        current.text.push(character);
    }
    if !current.text.is_empty() {
        out.push(current);
    }
    out
}

fn fill(tokens: Vec<Token>, width: usize, indent: usize) -> Vec<String> {
    let width = width.max(8);
    let indent = indent.min(width / 2);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut is_fresh = true;
    for token in tokens {
        let gap = if is_fresh && !lines.is_empty() { 0 } else { token.gap };
        if !is_fresh && line.width() + gap + token.text.width() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_fresh = true;
        }
        if !is_fresh || lines.is_empty() {
            line.push_str(&" ".repeat(gap));
        }
        // What is longer than a line is broken where the line ends.
        for character in token.text.chars() {
            if line.width() + character.width().unwrap_or(0) > width {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            }
            line.push(character);
        }
        is_fresh = false;
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// Plain text as lines of at most `width` cells; the lines after the first are indented. A line does not end at a
/// no-break space (U+00A0), which is shown as a space.
pub fn hang(text: &str, width: usize, indent: usize) -> Vec<String> {
    fill(tokens(text, false), width, indent)
}

/// The same for a paragraph of Markdown.
pub fn hang_markdown(text: &str, width: usize, indent: usize) -> Vec<String> {
    fill(tokens(text, true), width, indent)
}

pub fn wrap(text: &str, width: usize) -> Vec<String> {
    hang(text, width, 0)
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

/// The beginning of a text, with a sign where something is left out.
pub fn cut_with(text: &str, width: usize, sign: &str) -> String {
    if text.width() <= width { text.into() } else { cut(text, width.saturating_sub(sign.width())) + sign }
}

/// A text in exactly so many cells.
pub fn fit(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let used = text.width();
    text + &" ".repeat(width.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chinese_breaks_between_han_but_not_before_a_mark() {
        assert_eq!(wrap("挂载表没有变化，一行也没有。", 16), ["挂载表没有变化，", "一行也没有。"]);
        // The comma would begin the second line: the character before it goes along.
        assert_eq!(wrap("挂载表没有变化，一行", 14), ["挂载表没有变", "化，一行"]);
        assert_eq!(wrap("这是一（括号）", 8), ["这是一", "（括号）"]);
    }

    #[test]
    fn a_number_stays_with_its_unit_and_code_in_one_piece() {
        assert_eq!(wrap("一共新增了 8 行", 13), ["一共新增了", "8 行"]);
        assert_eq!(hang_markdown("see `mount -t proc` here", 14, 0), ["see", "mount -t proc", "here"]);
        assert_eq!(hang("mount(\"a\", 0) = 0", 12, 4), ["mount(\"a\",", "    0) = 0"]);
        assert_eq!(hang("mount(\"a\", 0)\u{a0}=\u{a0}0", 14, 4), ["mount(\"a\",", "    0) = 0"]);
    }

    #[test]
    fn spaces_that_align_stay() {
        assert_eq!(wrap("> 1  two", 20), ["> 1  two"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_nothing_is_lost(text in "[a-z 0-9`*，。（）挂载表行]{0,80}", width in 8usize..40) {
            let lines = wrap(&text, width);
            for (number, line) in lines.iter().enumerate() {
                prop_assert!(line.width() <= width);
                let first = line.chars().next();
                let after_a_space = text.contains(" ，") || text.contains(" 。") || text.contains(" ）");
                let long_run = text.split_whitespace().any(|word| word.width() > width / 2);
                if number > 0 && !after_a_space && !long_run {
                    prop_assert!(first.is_none_or(|first| !CLOSING.contains(first)), "{lines:?}");
                }
            }
            let squeeze = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
