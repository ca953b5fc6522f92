//! The companion: books of lessons, as files and on a screen.

mod browser;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod fresh;
mod hostile;
mod pages;
