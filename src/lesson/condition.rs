//! Questions that the kernel can answer.

use crate::op::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Outside,
    Inside,
}

/// A question that the kernel can answer. What is undefined (no container yet) does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// So many rows of a side's table match.
    Rows(Rows),
    /// The round's change of a side's table.
    Change(ChangeSpec),
    /// Every row of a side has this propagation type (and there is a row).
    Propagation(EveryRow),
    /// The result of the round's operations: `ok`, or the errno's name of the one that failed.
    Errno(String),
    /// What a command of the round printed (standard output and error).
    Output(Output),
    /// A file or directory of a side: whether it is there, and what it is.
    File(FileSpec),
    /// A side's hostname.
    Hostname(Named),
    /// The root directory of the side's first process.
    Root(Named),
    /// Whether both sides have the same namespace of a kind.
    Same(Same),
    /// How two rows are tied by propagation.
    Tie(Tie),
    /// The container's first process: its PID inside and outside are as at the step before.
    Pid(PidSpec),
    /// The container has ended (true) or runs (false).
    Ended(bool),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    pub side: Side,
    /// `namespace` (all of it) or `process` (what the first process sees).
    #[serde(default)]
    pub view: View,
    #[serde(default, rename = "where")]
    pub filter: RowFilter,
    pub count: CountSpec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum View {
    #[default]
    Namespace,
    Process,
}

/// Two rows, each the top one on its mount point, and how mount events travel between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    pub from: Place,
    pub to: Place,
    pub is: TieKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub side: Side,
    pub target: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TieKind {
    /// Both are in one peer group: events travel both ways.
    Peers,
    /// `to` is a slave of the peer group of `from`: events travel one way.
    Slave,
    /// Neither.
    None,
}

/// A number, or a word for one that differs from host to host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a count is a number from 0 on, or one of `as-outside`, `as-before`, `one-more`, `some`")]
pub enum CountSpec {
    Exactly(usize),
    Word(CountWord),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountWord {
    /// As many as the outside table has.
    AsOutside,
    /// As many as before the round.
    AsBefore,
    /// One more than before the round.
    OneMore,
    /// At least one.
    Some,
}

/// Which rows are meant; every field that is given must match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RowFilter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub fstype: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// `private`, `shared`, `slave` or `unbindable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<bool>,
    /// Options of the mount itself that it has: `ro`, `nosuid` …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Options of the file system (its superblock) that it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub super_options: Vec<String>,
    /// The row that answers for this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// The change of one side's namespace in this round. A number that is not given is not looked at; `none: true` says
/// that nothing changed at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSpec {
    pub side: Side,
    #[serde(default)]
    pub none: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<ChangeCount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<ChangeCount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChangeCount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<ChangeCount>,
    #[serde(default, rename = "where")]
    pub filter: RowFilter,
}

/// A number, or `all`: every row that the table had before the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a count of changed rows is a number from 0 on, or `all`")]
pub enum ChangeCount {
    Exactly(usize),
    Word(AllWord),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AllWord {
    All,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EveryRow {
    pub side: Side,
    pub every: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The command as `run` has it.
    pub of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// The whole output, without the last line's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// What the whole output is not.
    #[serde(default, rename = "is-not", skip_serializing_if = "Option::is_none")]
    pub is_not: Option<String>,
    /// The command's exit status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    pub side: Side,
    /// A path on that side, from the root of its namespace's first process.
    pub path: String,
    /// Whether there is such a file at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// Its whole content, without the last line's end; for a symbolic link what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// A part of its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FileKind>,
    /// Permission bits as octal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The owner's number, as the practice host has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<u32>,
    /// A file's size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The names in a directory, sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<String>>,
    /// Overlay's mark of an opaque directory (trusted.overlay.opaque or user.overlay.opaque).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opaque: Option<bool>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    File,
    Directory,
    Link,
    /// Overlay's whiteout: a character device 0:0.
    Whiteout,
    /// Any other device, socket or pipe.
    Special,
}

impl FileKind {
    /// As a lesson's file has it.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::File => "file",
            FileKind::Directory => "directory",
            FileKind::Link => "link",
            FileKind::Whiteout => "whiteout",
            FileKind::Special => "special",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub side: Side,
    pub is: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Same {
    /// `mnt`, `pid`, `uts`, `user`, `ipc`, `hostname` or `rows` (the same rows in the same order, but for the ids).
    pub what: String,
    pub is: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PidSpec {
    /// Its number in its own PID namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<i32>,
    /// Whether the number outside is the one from before the round.
    #[serde(default, rename = "outside-as-before", skip_serializing_if = "Option::is_none")]
    pub outside_as_before: Option<bool>,
    /// Its command line's first word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}
