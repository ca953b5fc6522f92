//! The intents that a lesson can name.

use super::{AttrFlags, MountFlags, NamespaceFlags, OpenFlags, TreeFlags};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who acts: the practice host's stage, or the container's agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    Host,
    Container,
}

/// One intent of a lesson. In YAML each is a map with one key: `mount: { type: proc, on: /proc }`.
///
/// `{pid}` in a path, or in a text to write, stands for the container's first process, as the practice host numbers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Start the container's first process in new namespaces. Only the host can.
    Clone(Clone),
    /// unshare(2): new namespaces for this process itself. Only the container can.
    Unshare(NamespaceFlags),
    /// setns(2): join the namespace that an open file refers to. Only the container can.
    Setns(Setns),
    /// Write the id maps of the container's user namespace. Only the host can.
    IdMap(IdMap),
    /// mount(2): mount a new file system, such as a tmpfs, proc or overlay.
    Mount(Mount),
    /// umount2(2): unmount the top mount on a path.
    Umount(Umount),
    /// Show a directory or file at a second path (MS_BIND).
    Bind(Bind),
    /// Change the flags of a mount that is there (MS_REMOUNT).
    Remount(Remount),
    /// mount_setattr(2): change attributes, also of all mounts below.
    SetAttr(SetAttr),
    /// open_tree(2): a descriptor of a mount, or of a copy of it.
    OpenTree(OpenTree),
    /// move_mount(2): attach what open_tree copied, or move a mount.
    MoveMount(MoveMount),
    /// Set whether mount events travel from and to a mount.
    Propagation(Propagation),
    /// sethostname(2): name the UTS namespace.
    Hostname(String),
    /// mkdir(2): make one directory.
    Mkdir(MakeDir),
    /// rmdir(2): remove an empty directory, or show why it cannot be removed.
    Rmdir(String),
    /// Remove a file.
    Remove(String),
    /// rename(2): give a file or directory another path.
    Rename(Rename),
    /// chmod(2): set permission bits.
    Chmod(Chmod),
    /// A symbolic link.
    Symlink(Symlink),
    /// A character device.
    Mknod(Mknod),
    /// Write a text file.
    Write(Write),
    /// Open a file or directory and keep the descriptor under a name.
    Open(Open),
    /// Close a descriptor that an earlier operation named.
    Close(String),
    /// kill(2): send a signal, or ask whether a process is there.
    Kill(Kill),
    /// chdir(2): set the working directory.
    Chdir(String),
    /// chdir(2) to an open directory.
    Fchdir(String),
    /// chroot(2), and chdir(2) to the new `/`. Only the container can.
    Chroot(String),
    /// chroot(2) alone: the working directory stays where it is. Only the container can.
    ChrootOnly(String),
    /// pivot_root(2): make a mount the root mount of the namespace, and put the old root on a directory. Only the
    /// container can.
    PivotRoot(PivotRoot),
    /// Replace the container's first process by a program. Only the container can.
    Exec(Exec),
}

impl Operation {
    /// Who alone can do it, if it is not for both.
    pub fn only(&self) -> Option<Actor> {
        match self {
            Operation::Clone(_) | Operation::IdMap(_) => Some(Actor::Host),
            Operation::Unshare(_)
            | Operation::Setns(_)
            | Operation::Chroot(_)
            | Operation::ChrootOnly(_)
            | Operation::PivotRoot(_)
            | Operation::Exec(_) => Some(Actor::Container),
            _ => None,
        }
    }
}

/// A process of a lesson: a number, or the word `container` for the container's first process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Process {
    Number(i32),
    Word(ProcessWord),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcessWord {
    Container,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clone {
    /// The kinds of namespaces that are made new.
    pub new: NamespaceFlags,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// The type of the file system: `tmpfs`, `proc`, `overlay` …
    #[serde(rename = "type")]
    pub fstype: String,
    /// What stands in the source column; the type's name if not given.
    #[serde(default)]
    pub source: Option<String>,
    /// The mount point.
    pub on: String,
    #[serde(default)]
    pub flags: MountFlags,
    /// The file system's own options.
    #[serde(default)]
    pub data: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Umount {
    pub target: String,
    /// MNT_DETACH: out of the tree now, gone when nothing uses it any more.
    #[serde(default)]
    pub lazy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    pub from: String,
    pub to: String,
    #[serde(default)]
    pub recursive: bool,
    /// Further flags in the same call. The kernel ignores most of them there.
    #[serde(default)]
    pub flags: MountFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PropagationType {
    Private,
    Slave,
    Shared,
    Unbindable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Propagation {
    pub on: String,
    #[serde(rename = "type")]
    pub kind: PropagationType,
    #[serde(default)]
    pub recursive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeDir {
    pub path: String,
    /// Permission bits as octal text; "0755" if not given.
    #[serde(default)]
    pub mode: Option<Mode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    pub path: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    pub pid: Process,
    pub signal: Signal,
}

/// A signal: its name without SIG, or 0, which only asks whether the process is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "SignalFile", into = "SignalFile")]
pub struct Signal(pub i32);

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum SignalFile {
    Number(i32),
    Name(String),
}

impl TryFrom<SignalFile> for Signal {
    type Error = String;

    fn try_from(file: SignalFile) -> Result<Self, String> {
        match file {
            SignalFile::Number(number) if (0..=64).contains(&number) => Ok(Self(number)),
            SignalFile::Number(number) => Err(format!("there is no signal {number}")),
            SignalFile::Name(name) => format!("SIG{name}")
                .parse::<nix::sys::signal::Signal>()
                .map(|signal| Self(signal as i32))
                .map_err(|_| format!("there is no signal \"{name}\"; write for example: TERM, KILL, CHLD or 0")),
        }
    }
}

impl From<Signal> for SignalFile {
    fn from(signal: Signal) -> Self {
        SignalFile::Number(signal.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setns {
    /// The name of a descriptor that `open` made, of a file like /proc/1/ns/mnt.
    pub fd: String,
    pub kind: NamespaceFlags,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdMap {
    /// `INSIDE OUTSIDE COUNT`, as uid_map has it (user_namespaces(7)).
    pub uid: String,
    pub gid: String,
    /// Forbid setgroups(2) first, which a plain user must.
    #[serde(default, rename = "deny-setgroups")]
    pub deny_setgroups: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remount {
    pub on: String,
    pub flags: MountFlags,
    /// Only this mount (MS_BIND); without it the file system itself, for all its mounts.
    #[serde(default)]
    pub bind: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAttr {
    pub on: String,
    #[serde(default)]
    pub set: AttrFlags,
    #[serde(default)]
    pub clear: AttrFlags,
    #[serde(default)]
    pub recursive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTree {
    pub path: String,
    /// The descriptor's name for later operations.
    pub fd: String,
    pub flags: TreeFlags,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveMount {
    /// The name of a descriptor that `open-tree` made.
    pub fd: String,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    pub from: String,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chmod {
    pub path: String,
    /// Permission bits; write them as octal text: "0600".
    pub mode: Mode,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symlink {
    /// What the link says.
    pub to: String,
    /// Where it lies.
    pub at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mknod {
    pub path: String,
    /// The device's two numbers: `/dev/null` is 1 and 3.
    pub major: u32,
    pub minor: u32,
    /// Permission bits as octal text; "0666" if not given.
    #[serde(default)]
    pub mode: Option<Mode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Open {
    pub path: String,
    /// The descriptor's name for later operations.
    pub fd: String,
    #[serde(default)]
    pub flags: OpenFlags,
    /// Stays open across execve: without O_CLOEXEC.
    #[serde(default)]
    pub inherit: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PivotRoot {
    pub new: String,
    pub old: String,
}

/// Permission bits. In a file octal text, since YAML reads 0755 as a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Mode(pub u32);

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match u32::from_str_radix(&text, 8) {
            Ok(bits) if bits <= 0o7777 => Ok(Self(bits)),
            _ => Err(format!("\"{text}\" is no mode; write octal digits in quotes: \"0755\"")),
        }
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> String {
        format!("{:04o}", mode.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    pub path: String,
    /// argv, its first entry included.
    pub args: Vec<String>,
    #[serde(default)]
    pub env: Vec<String>,
}
