//! Looks over a YAML text before a parser builds anything from it: depth, aliases, tags, keys that stand twice.

use std::collections::HashSet;

/// What is wrong, at a line and column from 1.
pub struct Trouble {
    pub line: usize,
    pub column: usize,
    pub what: String,
}

/// No lesson needs more levels.
const DEEPEST: usize = 40;

/// Refuses what a hostile or careless file may hold. Block scalars and quoted text are not looked into.
pub fn check(text: &str) -> Result<(), Trouble> {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some((number, line)) = text.lines().enumerate().find(|(_, line)| line.contains(steers)) {
        let column = line.chars().position(steers).unwrap_or(0);
        let code = line.chars().nth(column).map_or(0, u32::from);
        let what = format!("a control character (U+{code:04X}) stands here; take it out");
        return Err(Trouble { line: number + 1, column: column + 1, what });
    }
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Err(Trouble { line: 1, column: 1, what: "the file is empty; begin with: format: 1".into() });
    }
    // The keys of each open block mapping: (column, keys).
    let mut open: Vec<(usize, HashSet<String>)> = Vec::new();
    let mut flow = 0usize;
    let mut block_scalar: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        let trouble =
            |column: usize, what: &str| Err(Trouble { line: line_number, column: column + 1, what: what.into() });
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() {
            continue;
        }
        if block_scalar.is_some_and(|outer| indent > outer) {
            continue;
        }
        block_scalar = None;
        if line.trim_start_matches(' ').starts_with('\t') {
            return trouble(indent, "YAML indents with spaces, not with tabs");
        }
        if flow == 0 {
            let depth = dashes_and_key(line, line_number, &mut open)?;
            if depth > DEEPEST {
                return trouble(indent, "more than 40 levels; a lesson has no use for them");
            }
        }
        let mut quote = None;
        let mut before = ' ';
        let bytes: Vec<char> = line.chars().collect();
        let mut column = 0;
        while column < bytes.len() {
            let c = bytes[column];
            match quote {
                Some('"') if c == '\\' => column += 1,
                Some(mark) if c == mark => quote = None,
                Some(_) => {}
                None if c == '#' && before.is_whitespace() => break,
                None if (c == '"' || c == '\'') && (before.is_whitespace() || "[{,:(".contains(before)) => {
                    quote = Some(c)
                }
                None if c == '[' || c == '{' => {
                    if flow > 0 || before.is_whitespace() || before == '-' {
                        flow += 1;
                    }
                    if flow > DEEPEST {
                        return trouble(column, "more than 40 levels; a lesson has no use for them");
                    }
                }
                None if c == ']' || c == '}' => flow = flow.saturating_sub(1),
                None if (c == '&' || c == '*')
                    && before.is_whitespace()
                    && bytes.get(column + 1).is_some_and(|c| c.is_alphanumeric()) =>
                {
                    return trouble(
                        column,
                        "anchors and aliases are not used in lessons; write it out, or put the text in quotes",
                    );
                }
                None if c == '!' && before.is_whitespace() => {
                    return trouble(
                        column,
                        "tags (!) are not used in lessons; write a map with one key, or put the text in quotes",
                    );
                }
                None if (c == '|' || c == '>')
                    && bytes[column + 1..].iter().all(|c| c.is_whitespace() || "+-0123456789".contains(*c))
                    && before == ' ' =>
                {
                    block_scalar = Some(indent);
                }
                None => {}
            }
            before = c;
            column += 1;
        }
    }
    Ok(())
}

/// Follows `- - key: …` of one line: which mappings it closes and opens, and whether a key stands there twice.
fn dashes_and_key(line: &str, number: usize, open: &mut Vec<(usize, HashSet<String>)>) -> Result<usize, Trouble> {
    let mut column = line.len() - line.trim_start_matches(' ').len();
    let mut rest = &line[column..];
    let mut is_new = false;
    let mut dashes = 0;
    while let Some(tail) = rest.strip_prefix("- ").or_else(|| (rest == "-").then_some("")) {
        dashes += 1;
        // An item starts anew whatever its earlier sibling had.
        open.retain(|level| level.0 <= column);
        let inner = tail.len() - tail.trim_start_matches(' ').len();
        column += 2 + inner;
        rest = &tail[inner..];
        is_new = true;
    }
    open.retain(|level| level.0 < column || (level.0 == column && !is_new));
    let Some(key) = key_of(rest) else { return Ok(open.len() + dashes) };
    match open.last_mut().filter(|level| level.0 == column) {
        Some(level) if level.1.contains(&key) => {
            return Err(Trouble {
                line: number,
                column: column + 1,
                what: format!("the key {key} stands here twice; take one out"),
            });
        }
        Some(level) => drop(level.1.insert(key)),
        None => open.push((column, HashSet::from([key]))),
    }
    Ok(open.len() + dashes)
}

fn key_of(text: &str) -> Option<String> {
    if text.starts_with(['"', '\'', '[', '{', '#']) {
        return None;
    }
    let end = text.find(": ").or_else(|| text.strip_suffix(':').map(str::len))?;
    Some(text[..end].to_string())
}
