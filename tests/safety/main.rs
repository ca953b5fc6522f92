//! The machine stays as it is, whatever is done and whatever is killed.

#[path = "../common/mod.rs"]
mod common;
mod killed;
mod left;
mod reach;
mod running;
