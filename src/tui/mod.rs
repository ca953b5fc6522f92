//! The full-screen lesson: keys → Command → Session → Effect; the screen is drawn from session and view alone.

mod act;
mod ahead;
mod answer;
mod canvas;
mod cells;
mod elide;
mod explain;
mod film;
mod fold;
mod glyphs;
mod input;
mod keys;
mod laid;
mod leave_key;
mod look;
mod markdown;
mod menu;
mod page;
mod panes;
mod play;
mod preview;
mod probe;
mod ptys;
mod requests;
mod rows;
mod run;
mod scene;
mod screen;
mod shape;
mod shells;
mod style;
mod terminal;
#[cfg(test)]
mod tests;
mod typing;
mod view;
#[cfg(target_os = "linux")]
mod watch;

pub use act::{Act, press};
pub use film::Film;
pub use laid::Laid;
pub use leave_key::LeaveKey;
pub use menu::{Entry, choose, progress_in_words};
pub use preview::{page_lines, preview};
pub use requests::{Asked, Request, Requests, requests};
pub use run::{LabMessage, Opened, Saved, Senders, run};
pub use screen::draw;
pub use view::View;
#[cfg(target_os = "linux")]
pub use watch::watch;
