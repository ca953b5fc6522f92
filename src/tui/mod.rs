//! The full-screen lesson: keys → Command → Session → Effect; the screen is drawn from session and view alone.

mod act;
mod ahead;
mod answer;
mod canvas;
mod cells;
mod elide;
mod explain;
mod film;
mod glyphs;
mod input;
mod keys;
mod laid;
mod markdown;
mod menu;
mod page;
mod panes;
mod preview;
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

pub use act::{Act, press};
pub use film::Film;
pub use laid::Laid;
pub use menu::{Entry, choose, progress_in_words};
pub use preview::{page_lines, preview};
pub use run::{HandOver, LabMessage, Saved, Senders, run};
pub use screen::draw;
pub use view::View;
