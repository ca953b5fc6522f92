//! Everything that a lesson can name: its sentence and arguments, read off the types that read lessons, and an example.

mod chinese;
mod examples;
mod schema;

pub use examples::{EXAMPLES, Example, Kind};
pub use schema::{Arg, Entry};

use std::sync::LazyLock;

/// All of it, kind by kind.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(schema::entries);
    &ENTRIES
}

/// The JSON Schema of lesson.yaml, as docs/lesson.schema.json has it.
pub fn lesson_schema() -> String {
    serde_json::to_string_pretty(&schema::lesson()).expect("a schema is plain values") + "\n"
}

pub fn first_sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    let latin = text.split_inclusive(". ").next().unwrap_or_default();
    latin.split_inclusive('。').next().unwrap_or_default().trim().to_string()
}
