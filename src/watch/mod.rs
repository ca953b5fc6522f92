//! Two processes of the machine side by side, live and read-only: who they are, and what was seen of them. No drawing.

mod around;
mod live;
mod process;
#[cfg(test)]
mod tests;
mod watched;
mod watcher;
mod whole;
mod words;

pub use around::{Namespace, namespaces};
pub use live::Live;
pub use process::{Process, Refused, Seen, Standing, Unwatchable};
pub use watched::{Both, News, Watched};
pub use watcher::{Watcher, Woken};
