//! The real lab: a practice host in namespaces of its own, and the container in it.
//!
//! ```text
//! nslab (UI) ──one clone──▶ stage ──the lesson's clone──▶ agent ──execve──▶ entrypoint
//! ```
//! The stage is PID 1 of the practice host: its death, by whatever cause, ends everything in it. Only
//! [`Call`](crate::op::Call)s cross the wire, one at a time, and both ends that have power refuse to use it in the
//! machine's own namespaces.

mod agent;
mod doctor;
mod elsewhere;
mod file;
mod handle;
mod host;
mod idmap;
pub mod ledger;
mod perform;
mod spawn;
mod stage;
pub mod sys;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod wire;
mod witness;

pub use doctor::examine;
pub use handle::Sandbox;
pub use host::lab_place;
pub use table::{open_namespace, read_namespace, read_table};
pub use witness::read_hostname;

/// Becomes the stage if this process was started as one. Called first in `main`, before any thread.
pub fn stage_entry() -> Option<std::process::ExitCode> {
    let name = std::env::args_os().next()?;
    (name == stage::NAME).then(stage::main)
}
