//! What happened: the one value that screens, the plain runner, `verify` and exporters read.

use crate::lesson::{Condition, FileKind, Side};
use crate::mounts::{Change, MountTable, changes};
use crate::op::{Actor, Call, errno_name, errno_number};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Both sides at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    pub outside: Arc<SideState>,
    /// None: there is no container (yet, or any more).
    pub inside: Option<Arc<SideState>>,
}

/// One side at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SideState {
    /// The whole mount namespace.
    pub table: MountTable,
    /// What the side's first process sees: differs from `table` once its root directory moved.
    pub seen: MountTable,
    pub facts: Facts,
}

/// What else a side says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Inode numbers of the namespaces: `mnt`, `pid`, `uts`, `user`, `ipc`.
    pub namespaces: Vec<(String, u64)>,
    pub hostname: String,
    /// The root directory of the side's first process, as a path of its namespace.
    pub root: String,
    /// The number of the side's first process on the machine, and in its own PID namespace.
    pub pid_outside: i32,
    pub pid_inside: i32,
    /// The number that the practice host knows it by.
    pub pid_host: i32,
    /// The command line's first word.
    pub program: String,
}

impl Facts {
    pub fn namespace(&self, kind: &str) -> Option<u64> {
        self.namespaces.iter().find(|(name, _)| name == kind).map(|(_, inode)| *inode)
    }
}

impl Snapshot {
    pub fn side(&self, side: Side) -> Option<&SideState> {
        match side {
            Side::Outside => Some(&self.outside),
            Side::Inside => self.inside.as_deref(),
        }
    }
}

/// One call that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    pub call: Call,
    /// What the kernel answered: a value, or an errno.
    #[serde(with = "answer")]
    pub result: Result<i64, i32>,
    /// How long the call took, in microseconds.
    pub micros: u64,
}

impl CallRecord {
    /// As it is displayed, where lines are wrapped: the answer stays with the call's last word.
    pub fn on_one_line(&self) -> String {
        let (call, text) = (self.call.to_string(), self.to_string());
        format!("{call}{}", text[call.len()..].replace(' ', crate::wrap::NO_BREAK))
    }
}

impl std::fmt::Display for CallRecord {
    /// The call and its answer, as strace writes them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.result {
            Ok(value) => write!(f, "{} = {value}", self.call),
            Err(errno) => write!(f, "{} = -1 {}", self.call, errno_name(errno)),
        }
    }
}

/// One command that ran, or one line that was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    pub line: String,
    /// Standard output and error in the order they were written.
    pub output: String,
    /// Exit status; 128 + n for signal n; None where the program goes on.
    pub status: Option<i32>,
    /// Typed into the terminal of the container's program rather than started by the step.
    pub typed: bool,
}

/// An expectation and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub that: Condition,
    pub held: bool,
}

/// One round of a step as it happened. Its JSON leaves out what is told elsewhere (the two moments, which rounds share)
/// and what follows from them (the changes).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundRecord {
    pub actor: Option<Actor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandRecord>,
    #[serde(skip)]
    pub before: Snapshot,
    #[serde(skip)]
    pub after: Snapshot,
    #[serde(skip)]
    pub outside: Vec<Change>,
    #[serde(skip)]
    pub inside: Vec<Change>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
    /// Of a task's solution: which of its conditions held at some moment on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ticked: Vec<bool>,
    /// Files that conditions ask about, as they were before and after: (side, path) and content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_before: Vec<FileSeen>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_after: Vec<FileSeen>,
}

/// A file as it was seen: None where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen {
    pub side: Side,
    pub path: String,
    pub state: Option<FileState>,
}

/// What a file is at one moment (inode(7)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    pub kind: FileKind,
    /// Permission bits.
    pub mode: u32,
    /// The owner's number, as the practice host has it.
    pub owner: u32,
    /// In bytes; of other kinds than files 0.
    pub size: u64,
    /// A file's content, or what a symbolic link says; of other kinds nothing.
    pub text: String,
    /// The names in a directory, sorted.
    pub entries: Vec<String>,
    /// Overlay marked the directory opaque.
    pub opaque: bool,
    /// Its mode forbids looking into it: text, entries and opaque are not known.
    pub closed: bool,
}

/// An answer as JSON: `{"value": 0}`, or `{"errno": "EPERM"}`, since numbers differ between systems.
mod answer {
    use super::{Deserialize, Serialize, errno_name, errno_number};
    use serde::{Deserializer, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Answer {
        Value(i64),
        Errno(String),
    }

    pub fn serialize<S: Serializer>(result: &Result<i64, i32>, serializer: S) -> Result<S::Ok, S::Error> {
        match result {
            Ok(value) => Answer::Value(*value),
            Err(errno) => Answer::Errno(errno_name(*errno)),
        }
        .serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Result<i64, i32>, D::Error> {
        match Answer::deserialize(deserializer)? {
            Answer::Value(value) => Ok(Ok(value)),
            Answer::Errno(name) => match errno_number(&name) {
                Some(number) => Ok(Err(number)),
                None => Err(D::Error::custom(format!("no errno is called {name:?}"))),
            },
        }
    }
}

impl RoundRecord {
    /// What changed between two moments.
    pub fn between(before: Snapshot, after: Snapshot) -> RoundRecord {
        let outside = changes(&before.outside.table, &after.outside.table);
        let inside = match (&before.inside, &after.inside) {
            (Some(before), Some(after)) => changes(&before.table, &after.table),
            // A container that starts or ends changes no row of a namespace: the namespace itself comes or goes.
            _ => Vec::new(),
        };
        RoundRecord { before, after, outside, inside, ..RoundRecord::default() }
    }

    /// Several rounds as one: from before the first to after the last. Of a command that ran several times the last counts.
    pub fn whole(rounds: &[RoundRecord]) -> RoundRecord {
        let (Some(first), Some(last)) = (rounds.first(), rounds.last()) else { return RoundRecord::default() };
        RoundRecord {
            actor: last.actor,
            calls: rounds.iter().flat_map(|round| round.calls.clone()).collect(),
            commands: rounds.iter().rev().flat_map(|round| round.commands.clone()).collect(),
            files_before: first.files_before.clone(),
            files_after: last.files_after.clone(),
            ..RoundRecord::between(first.before.clone(), last.after.clone())
        }
    }

    pub fn failed(&self) -> Option<(&Call, i32)> {
        self.calls.iter().find_map(|record| record.result.err().map(|errno| (&record.call, errno)))
    }

    pub fn held(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.held)
    }

    pub fn changes(&self, side: Side) -> &[Change] {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }
}
