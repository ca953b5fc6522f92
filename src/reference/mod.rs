//! Everything that a lesson can name: its sentence and arguments, read off the types that read lessons, and an example.

mod examples;
mod schema;

pub use examples::{EXAMPLES, Example, Kind};
pub use schema::{Arg, Entry, entries, lesson};

pub fn first_sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    text.split_inclusive(". ").next().unwrap_or_default().trim().to_string()
}
