//! Lessons: what a file says, how it is read, and what is wrong with it.

mod at;
mod check;
mod claims;
mod condition;
mod error;
mod expectation;
mod guard;
mod load;
mod markdown;
mod model;
mod predict;
#[cfg(test)]
mod tests;
mod text;

pub use at::LAB;
pub(crate) use at::moved;
pub use check::{Measure, Spot, check, find};
pub use claims::{Claim, Showing, Verdict, claim, claims, showings};
pub use condition::*;
pub use error::{LessonError, nearest};
pub use expectation::{Breaker, Expectation, Proof};
pub use load::{Source, SourceFile, bundled, bundled_file, open, operation, parse, parse_source, source};
pub use model::*;
pub use predict::*;
pub use text::*;
