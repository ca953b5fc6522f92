//! The companion: books of lessons, as they are on a screen.

mod browser;
#[path = "../common/mod.rs"]
mod common;
mod pages;
