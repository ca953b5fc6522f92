//! The course of a lesson: a pure state machine, and the record of what happened.

mod record;

pub use record::*;
