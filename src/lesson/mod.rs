//! Lessons: what a file says, how it is read, and what is wrong with it.

mod at;
mod check;
mod claims;
mod condition;
mod error;
mod guard;
mod load;
mod markdown;
mod model;
mod predict;
#[cfg(test)]
mod tests;
mod text;

pub use at::LAB;
pub use check::{Measure, check};
pub use claims::{Claim, Showing, Verdict, claim, claims, showings};
pub use condition::*;
pub use error::{LessonError, nearest};
pub use load::{Source, SourceFile, bundled, bundled_file, open, parse, parse_source, source};
pub use model::*;
pub use predict::*;
pub use text::*;
