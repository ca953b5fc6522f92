//! The intents that a lesson can name.

use super::{MountFlags, NamespaceFlags};
use serde::{Deserialize, Serialize};

/// Who acts: the practice host's stage, or the container's agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    Host,
    Container,
}

/// One intent of a lesson. In YAML each is a map with one key: `mount: { type: proc, on: /proc }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Start the container's first process in new namespaces. Only the host can.
    Clone(Clone),
    Mount(Mount),
    Umount(Umount),
    Bind(Bind),
    Propagation(Propagation),
    Hostname(String),
    Mkdir(MakeDir),
    Rmdir(String),
    /// Remove a file.
    Remove(String),
    /// Write a text file.
    Write(Write),
    Kill(Kill),
    /// chroot(2), and chdir(2) to the new `/`.
    Chroot(String),
    /// Replace the container's first process by a program.
    Exec(Exec),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clone {
    pub new: NamespaceFlags,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    #[serde(rename = "type")]
    pub fstype: String,
    /// What stands in the source column; the type's name if not given.
    #[serde(default)]
    pub source: Option<String>,
    pub on: String,
    #[serde(default)]
    pub flags: MountFlags,
    /// The file system's own options.
    #[serde(default)]
    pub data: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Umount {
    pub target: String,
    /// MNT_DETACH: out of the tree now, gone when nothing uses it any more.
    #[serde(default)]
    pub lazy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    pub from: String,
    pub to: String,
    #[serde(default)]
    pub recursive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PropagationType {
    Private,
    Slave,
    Shared,
    Unbindable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Propagation {
    pub on: String,
    #[serde(rename = "type")]
    pub kind: PropagationType,
    #[serde(default)]
    pub recursive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeDir {
    pub path: String,
    /// Permission bits; 0755 if not given.
    #[serde(default)]
    pub mode: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    pub path: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    pub pid: i32,
    /// A signal's number; 0 only asks whether the process is there.
    pub signal: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    pub path: String,
    /// argv, its first entry included.
    pub args: Vec<String>,
    #[serde(default)]
    pub env: Vec<String>,
}
