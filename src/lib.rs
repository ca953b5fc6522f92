//! nslab: an interactive teaching sandbox for Linux mount namespaces. `docs/architecture.md` shows the house.

pub mod cli;
pub mod conduct;
pub mod export;
pub mod lab;
pub mod lesson;
pub mod listing;
pub mod mounts;
pub mod op;
pub mod plain;
pub mod progress;
pub mod receipt;
pub mod recording;
pub mod relay;
pub mod sandbox;
pub mod session;
pub mod toolbox;
pub mod tui;
pub mod volume;
pub mod words;
pub mod wrap;
