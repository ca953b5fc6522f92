//! nslab: an interactive teaching sandbox for Linux mount namespaces. `docs/architecture.md` shows the house.

pub mod cli;
pub mod conduct;
pub mod date;
pub mod export;
pub mod lab;
pub mod lesson;
pub mod listing;
pub mod mounts;
pub mod op;
pub mod plain;
pub mod play;

pub mod progress;
pub mod receipt;
pub mod recording;
pub mod reference;
pub mod relay;
#[cfg(target_os = "linux")]
pub mod sandbox;
#[cfg(not(target_os = "linux"))]
#[path = "nolab.rs"]
pub mod sandbox;
pub mod session;
pub mod terminal;
#[cfg(target_os = "linux")]
pub mod toolbox;
pub mod tui;
pub mod volume;
#[cfg(target_os = "linux")]
pub mod watch;
pub mod words;
pub mod wrap;
