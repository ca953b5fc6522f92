//! Lessons: what a file says, how it is read, and what is wrong with it.

mod check;
mod error;
mod guard;
mod load;
mod markdown;
mod model;
#[cfg(test)]
mod tests;

pub use check::check;
pub use error::LessonError;
pub use load::{bundled, open, parse};
pub use model::*;
