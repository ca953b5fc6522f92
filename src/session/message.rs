//! What goes into the state machine and what comes out of it.

use super::{Marks, RoundRecord, Snapshot};
use crate::lesson::{Lesson, Side};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the student is within a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Read,
    Predict,
    Do,
    See,
    /// The closing page.
    After,
    /// A variant was performed.
    Broken,
    /// A state is to be brought about by hand.
    Task,
}

/// What was predicted; options count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Guess {
    #[default]
    None,
    /// Not sure, show me.
    Unsure,
    One(usize),
    Ticks(Vec<bool>),
}

/// What the student wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Enter: the first entry of the key line.
    Forward,
    /// A digit; 0 is "not sure".
    Choose(usize),
    Next,
    Back,
    Goto(usize),
    /// Which variant, from 0.
    Break(usize),
    /// The next hint; after the last one of a task, its solution is typed.
    Tip,
    /// Have the task's solution typed.
    Show,
    Rebuild,
    Restart,
    Shell(Side),
    Leave,
    /// Esc: close what is asked.
    Cancel,
}

/// What somebody with a lab must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A new sandbox with so many steps performed.
    Build {
        replay: usize,
    },
    Perform {
        step: usize,
        round: usize,
        /// What was predicted.
        guess: Guess,
    },
    Variant {
        step: usize,
        index: usize,
    },
    Shell {
        side: Side,
        step: usize,
    },
    /// Perform an operation of a task's palette.
    Try {
        step: usize,
        choice: usize,
    },
    /// Type a task's solution into the shells.
    Solve {
        step: usize,
    },
    /// From now on this is the lesson.
    Learn(Arc<Lesson>),
    /// Write what was done to a file.
    Write(Order),
    Leave,
}

/// What happened before a step.
#[derive(Debug, Clone, Default)]
pub struct Past {
    pub prepared: RoundRecord,
    /// The rounds, step by step.
    pub steps: Vec<Vec<RoundRecord>>,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// What was replayed in a new sandbox; `Built` follows.
    Replayed(Box<Past>),
    Built(Snapshot),
    Performed(Box<RoundRecord>),
    VariantDone(Vec<RoundRecord>),
    /// Something changed while a shell is open.
    Seen(Box<RoundRecord>),
    /// Something was changed by hand beside the lesson, which goes on meanwhile.
    ByHand(Box<RoundRecord>),
    /// The same, as soon as the kernel told of a table: `ByHand` follows with all that there is to know.
    Glimpsed(Box<Marks>),
    /// Something changed though nobody has typed anything: what a step left running did it, or has ended.
    ByItself(Box<RoundRecord>),
    /// A shell has ended: all that changed since it was opened.
    ShellEnded(Box<RoundRecord>),
    /// An operation of the palette was performed.
    Tried(Box<RoundRecord>),
    /// The solution was typed.
    Solved(Box<RoundRecord>),
    Failed(String),
    /// A shell could not be opened; the sandbox is as it was.
    NoShell(String),
    /// Something to be said once: nothing else happened.
    Notice(String),
    /// What came of writing.
    Wrote(Wrote),
}

/// What is to be written of what was done, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub form: Form,
    pub path: PathBuf,
    /// What is there already may be replaced.
    pub replaces: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A folder with a lesson that holds.
    #[default]
    Lesson,
    /// A shell script.
    Script,
}

#[derive(Debug)]
pub enum Wrote {
    Done {
        path: PathBuf,
        /// What was done, done once more without what was typed by hand: step by step.
        again: Vec<Vec<RoundRecord>>,
        /// Steps (from 0) that are not in the file, since they changed nothing.
        left_out: Vec<usize>,
    },
    /// Something is there, and stays as it is.
    Exists(PathBuf),
    Failed(String),
}
