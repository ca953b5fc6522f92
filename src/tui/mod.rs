//! The full-screen lesson: keys → Command → Session → Effect; the screen is drawn from session and view alone.

mod act;
mod ahead;
mod answer;
mod canvas;
mod cells;
mod elide;
mod explain;
mod glyphs;
mod input;
mod keys;
mod markdown;
mod menu;
mod notes;
mod page;
mod panes;
mod probe;
mod rows;
mod run;
mod scene;
mod screen;
mod style;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

pub use menu::{Entry, choose, progress_in_words};
pub use run::{HandOver, LabMessage, run};
pub use screen::draw;
pub use view::View;
