//! What is wrong with a lesson, where, and what to write instead.

/// An error in a lesson, with its place.
#[derive(Debug, thiserror::Error)]
pub enum LessonError {
    #[error("there is no lesson \"{name}\"{}; nslab list shows them all", nearest.as_ref().map_or(String::new(), |near| format!("; did you mean {near}?")))]
    Unknown { name: String, nearest: Option<String> },
    #[error("{path}: {why}")]
    Unreadable { path: String, why: String },
    #[error("{path}:{line}:{column}: {what}\n{shown}")]
    Wrong { path: String, line: usize, column: usize, what: String, shown: String },
}

impl LessonError {
    /// An error at a line and column (both from 1) of a text; the line is shown with a caret below.
    pub fn at(path: &str, text: &str, line: usize, column: usize, what: String) -> LessonError {
        let whole = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
        // A window of the line, so that a long one does not fill the screen; nothing that steers a terminal.
        let from = column.saturating_sub(60);
        let part: String = whole.chars().skip(from).take(100).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let caret = " ".repeat(column.saturating_sub(1).saturating_sub(from).min(part.chars().count()));
        let shown = format!("  | {part}\n  | {caret}^");
        let what = crate::mounts::printable(what.chars().take(600).collect::<String>().as_bytes());
        LessonError::Wrong { path: crate::mounts::printable(path.as_bytes()), line, column, what, shown }
    }
}

/// The nearest known word, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let limit = (word.chars().count() / 2).clamp(1, 4);
    known
        .map(|known| (distance(word, known), known))
        .filter(|near| near.0 <= limit)
        .min()
        .map(|near| near.1.to_string())
}

/// Levenshtein's distance, of the first 40 letters.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().take(40).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
