//! A transcript as something to show: one file a format.

mod cast;

pub use cast::cast;
