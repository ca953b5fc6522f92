//! The full-screen lesson: keys → Command → Session → Effect; the screen is drawn from the session alone.

mod keys;
mod markdown;
mod page;
mod run;
mod screen;
mod tables;
mod task;
#[cfg(test)]
mod tests;

pub use run::{HandOver, LabMessage, run};
pub use screen::{View, draw};
