//! The seam between a lesson and what performs it.

use crate::lesson::{Run, Side};
use crate::op::{Actor, Call};
use crate::session::{CommandRecord, FileState, Snapshot};
use std::os::fd::BorrowedFd;

/// What cannot go on, worded for people once, at the edge.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// This machine refuses something that nslab needs: exit status 3.
    #[error("{what}: {}", nix::errno::Errno::from_raw(*errno))]
    Refused {
        /// What was tried.
        what: String,
        errno: i32,
        /// The catalogue's key of cause and remedy.
        key: &'static str,
    },
    /// Something around the lesson's own calls failed: what was tried, and the errno.
    #[error("{tried}: {}", nix::errno::Errno::from_raw(*errno))]
    Failed { tried: String, errno: i32 },
    #[error("{0}")]
    Broken(String),
}

/// The name of the container's first process as long as it performs operations: until it executes another program.
pub const AGENT: &str = "nslab-agent";

/// What a shell of a side prints when it waits for a line.
pub fn prompt(actor: Actor) -> &'static str {
    match actor {
        Actor::Host => "host $ ",
        Actor::Container => "container # ",
    }
}

/// The terminal that a shell is opened in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalKind {
    /// As terminfo(5) knows it: TERM.
    pub name: String,
    pub rows: u16,
    pub columns: u16,
}

impl TerminalKind {
    /// The one that nslab itself runs in.
    pub fn own() -> TerminalKind {
        let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
        let name = std::env::var("TERM").ok().filter(|name| !name.is_empty());
        TerminalKind { name: name.unwrap_or_else(|| "dumb".into()), rows, columns }
    }
}

/// A shell of one side on a pseudo terminal of its own.
#[derive(Debug)]
pub struct Shell {
    /// The terminal's master.
    pub master: std::os::fd::OwnedFd,
    /// Readable (4 bytes, the exit status as i32 in native order, or end of file) when the shell has ended.
    pub ended: std::os::fd::OwnedFd,
}

/// A practice host and its container: what a conductor asks of them.
pub trait Lab {
    /// Performs one call; `Err` is the kernel's errno.
    fn perform(&mut self, actor: Actor, call: &Call) -> Result<(Result<i64, i32>, u64), LabError>;
    /// Runs a command on a side, and waits for it unless it is to go on in the background.
    fn run(&mut self, actor: Actor, command: &Run) -> Result<CommandRecord, LabError>;
    /// The number that the practice host knows the container's first process by, while there is one.
    fn container(&self) -> Option<i32>;
    /// Types a line into the terminal of the container's program.
    fn type_line(&mut self, line: &str) -> Result<(), LabError>;
    /// What the container's program printed since last asked.
    fn typed_output(&mut self) -> Result<String, LabError>;
    /// Both sides as they are now.
    fn snapshot(&mut self) -> Result<Snapshot, LabError>;
    /// A file of a side, None where there is none.
    fn file(&mut self, side: Side, path: &str) -> Result<Option<FileState>, LabError>;
    /// Waits until a mount table changes or the container ends: true. False: `over` is readable, or closed at its other
    /// end. What the kernel does not tell (propagation, hostnames, files) is not waited for.
    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError>;
    /// The mount tables that the last wait was told of, read from what is open already; all else as it was at the last
    /// snapshot. None where that takes a snapshot.
    fn tables(&mut self) -> Result<Option<Snapshot>, LabError>;
    /// Opens a shell of a side in a terminal of a size.
    fn shell(&mut self, side: Side, terminal: TerminalKind) -> Result<Shell, LabError>;
}

/// One thing that lessons need.
#[derive(Debug)]
pub struct Check {
    /// The catalogue's key of its name.
    pub key: &'static str,
    pub ok: bool,
    /// What was tried and what the kernel answered, if it failed.
    pub tried: String,
    /// The catalogue's key of cause and remedy, if it failed.
    pub remedy: Option<&'static str>,
}

/// The verdict on this machine.
#[derive(Debug)]
pub struct Doctor {
    pub checks: Vec<Check>,
    pub root: bool,
    /// The practice host has a user namespace of its own.
    pub confined: bool,
    pub kernel: String,
}

impl Doctor {
    /// So many checks there are where nothing fails early.
    pub const NEEDS: usize = 9;

    pub fn well(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}
