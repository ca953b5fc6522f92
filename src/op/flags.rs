//! One table per flag family: the bit, its names, and what it does in one sentence.

use super::linux;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::borrow::Cow;

/// One flag, in every language that nslab speaks.
#[derive(Debug)]
pub struct FlagWord {
    pub bit: u64,
    /// The C macro, as in mount(2) or clone(2).
    pub c: &'static str,
    /// The constant of the `nix` crate.
    pub rust: &'static str,
    /// The word that a lesson file and mount(8) use.
    pub word: &'static str,
    pub en: &'static str,
    pub zh: &'static str,
}

macro_rules! flag_words {
    ($($bit:expr, $c:literal, $rust:literal, $word:literal, $en:literal, $zh:literal;)*) => {
        &[$(FlagWord { bit: $bit as u64, c: $c, rust: $rust, word: $word, en: $en, zh: $zh }),*]
    };
}

/// mount(2)'s flags.
pub const MOUNT_FLAGS: &[FlagWord] = flag_words! {
    linux::MS_REMOUNT, "MS_REMOUNT", "MsFlags::MS_REMOUNT", "remount", "change the flags of the mount that is there", "修改已有挂载的标志";
    linux::MS_BIND, "MS_BIND", "MsFlags::MS_BIND", "bind", "show a directory or file that is reachable already at a second path", "让已有的目录或文件在另一条路径上也能到达";
    linux::MS_MOVE, "MS_MOVE", "MsFlags::MS_MOVE", "move", "move the mount to another mount point", "把挂载移到另一个挂载点";
    linux::MS_UNBINDABLE, "MS_UNBINDABLE", "MsFlags::MS_UNBINDABLE", "unbindable", "private, and cannot be bound elsewhere", "私有，并且不可绑定";
    linux::MS_PRIVATE, "MS_PRIVATE", "MsFlags::MS_PRIVATE", "private", "mount events neither leave nor arrive", "挂载事件既不传出也不传入";
    linux::MS_SLAVE, "MS_SLAVE", "MsFlags::MS_SLAVE", "slave", "mount events arrive and do not leave", "挂载事件只传入，不传出";
    linux::MS_SHARED, "MS_SHARED", "MsFlags::MS_SHARED", "shared", "mount events travel to every peer and back", "挂载事件在对等组内双向传播";
    linux::MS_REC, "MS_REC", "MsFlags::MS_REC", "rec", "this mount and all below it", "连同下面的所有挂载";
    linux::MS_RDONLY, "MS_RDONLY", "MsFlags::MS_RDONLY", "ro", "nothing can be written", "只读";
    linux::MS_NOSUID, "MS_NOSUID", "MsFlags::MS_NOSUID", "nosuid", "no set-uid through this mount", "经由这个挂载 set-uid 无效";
    linux::MS_NODEV, "MS_NODEV", "MsFlags::MS_NODEV", "nodev", "no device nodes through this mount", "经由这个挂载设备文件不可用";
    linux::MS_NOEXEC, "MS_NOEXEC", "MsFlags::MS_NOEXEC", "noexec", "no execution through this mount", "经由这个挂载程序不可执行";
    linux::MS_NOATIME, "MS_NOATIME", "MsFlags::MS_NOATIME", "noatime", "reading leaves the access time alone", "读取时不更新访问时间";
    linux::MS_RELATIME, "MS_RELATIME", "MsFlags::MS_RELATIME", "relatime", "access times are kept roughly", "访问时间只大致更新";
    linux::MS_STRICTATIME, "MS_STRICTATIME", "MsFlags::MS_STRICTATIME", "strictatime", "access times are kept exactly", "访问时间每次都更新";
};

/// clone(2)'s flags, as far as lessons use them.
pub const NAMESPACE_FLAGS: &[FlagWord] = flag_words! {
    linux::CLONE_NEWUTS, "CLONE_NEWUTS", "CloneFlags::CLONE_NEWUTS", "uts", "a hostname of its own", "自己的主机名";
    linux::CLONE_NEWIPC, "CLONE_NEWIPC", "CloneFlags::CLONE_NEWIPC", "ipc", "System V and POSIX message queues of its own", "自己的 IPC 对象";
    linux::CLONE_NEWPID, "CLONE_NEWPID", "CloneFlags::CLONE_NEWPID", "pid", "process numbers of its own, starting at 1", "自己的进程编号，从 1 开始";
    linux::CLONE_NEWNS, "CLONE_NEWNS", "CloneFlags::CLONE_NEWNS", "mnt", "a mount table of its own, copied from its creator's", "自己的挂载表，从创建者那里复制";
    linux::CLONE_NEWNET, "CLONE_NEWNET", "CloneFlags::CLONE_NEWNET", "net", "a network of its own", "自己的网络";
    linux::CLONE_NEWUSER, "CLONE_NEWUSER", "CloneFlags::CLONE_NEWUSER", "user", "user numbers and capabilities of its own", "自己的用户编号与 capability";
    linux::CLONE_FS, "CLONE_FS", "CloneFlags::CLONE_FS", "fs", "root and working directory shared with the creator", "与创建者共用根目录和工作目录";
};

/// open(2)'s flags, as far as lessons use them.
pub const OPEN_FLAGS: &[FlagWord] = flag_words! {
    linux::O_WRONLY, "O_WRONLY", "OFlag::O_WRONLY", "write", "open for writing", "只写打开";
    linux::O_RDWR, "O_RDWR", "OFlag::O_RDWR", "read-write", "open for reading and writing", "读写打开";
    linux::O_CREAT, "O_CREAT", "OFlag::O_CREAT", "create", "make the file if it is missing", "文件不存在时创建";
    linux::O_TRUNC, "O_TRUNC", "OFlag::O_TRUNC", "truncate", "empty the file first", "先清空文件";
    linux::O_APPEND, "O_APPEND", "OFlag::O_APPEND", "append", "write at the end", "在末尾写入";
    linux::O_DIRECTORY, "O_DIRECTORY", "OFlag::O_DIRECTORY", "directory", "only if it is a directory", "必须是目录";
    linux::O_PATH, "O_PATH", "OFlag::O_PATH", "path", "a place in the tree, not the content", "只表示一个位置，不读内容";
    linux::O_CLOEXEC, "O_CLOEXEC", "OFlag::O_CLOEXEC", "cloexec", "closed by execve", "execve 时自动关闭";
};

/// open_tree(2)'s flags.
pub const TREE_FLAGS: &[FlagWord] = flag_words! {
    1, "OPEN_TREE_CLONE", "OPEN_TREE_CLONE", "clone", "a copy of the mount, attached nowhere yet", "复制这个挂载，暂不挂到任何地方";
    linux::O_CLOEXEC, "OPEN_TREE_CLOEXEC", "OPEN_TREE_CLOEXEC", "cloexec", "closed by execve", "execve 时自动关闭";
    linux::AT_RECURSIVE, "AT_RECURSIVE", "AT_RECURSIVE", "rec", "this mount and all below it", "连同下面的所有挂载";
};

/// mount_setattr(2)'s attributes.
pub const ATTR_FLAGS: &[FlagWord] = flag_words! {
    0x1, "MOUNT_ATTR_RDONLY", "MOUNT_ATTR_RDONLY", "ro", "nothing can be written", "只读";
    0x2, "MOUNT_ATTR_NOSUID", "MOUNT_ATTR_NOSUID", "nosuid", "no set-uid through this mount", "经由这个挂载 set-uid 无效";
    0x4, "MOUNT_ATTR_NODEV", "MOUNT_ATTR_NODEV", "nodev", "no device nodes through this mount", "经由这个挂载设备文件不可用";
    0x8, "MOUNT_ATTR_NOEXEC", "MOUNT_ATTR_NOEXEC", "noexec", "no execution through this mount", "经由这个挂载程序不可执行";
};

/// Flags of one family: the bits, in a file the words.
macro_rules! flag_set {
    ($name:ident, $table:ident, $what:literal) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
        #[serde(into = "Vec<String>")]
        pub struct $name(pub u64);

        impl $name {
            pub const FAMILY: &'static [FlagWord] = $table;

            pub fn words(self) -> impl Iterator<Item = &'static FlagWord> {
                $table.iter().filter(move |flag| self.0 & flag.bit != 0)
            }

            /// As C writes it: `MS_REC|MS_PRIVATE`, or `0`.
            pub fn c(self) -> String {
                let names: Vec<_> = self.words().map(|flag| flag.c).collect();
                if names.is_empty() { "0".into() } else { names.join("|") }
            }

            pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
                words.into_iter().try_fold(Self(0), |sum, word| match $table.iter().find(|flag| flag.word == word) {
                    Some(flag) => Ok(Self(sum.0 | flag.bit)),
                    None => {
                        let known: Vec<_> = $table.iter().map(|flag| flag.word).collect();
                        Err(format!("unknown {} \"{word}\"; known: {}", $what, known.join(", ")))
                    }
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let word = |flag: &FlagWord| json!({ "const": flag.word, "description": format!("{}: {}", flag.c, flag.en) });
                let words: Vec<_> = $table.iter().map(word).collect();
                json_schema!({ "type": "array", "items": { "type": "string", "oneOf": words } })
            }
        }

        impl From<$name> for Vec<String> {
            fn from(flags: $name) -> Self {
                flags.words().map(|flag| flag.word.to_string()).collect()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let words = Vec::<String>::deserialize(deserializer)?;
                Self::from_words(words.iter().map(String::as_str)).map_err(serde::de::Error::custom)
            }
        }
    };
}

flag_set!(MountFlags, MOUNT_FLAGS, "mount flag");
flag_set!(NamespaceFlags, NAMESPACE_FLAGS, "namespace");
flag_set!(OpenFlags, OPEN_FLAGS, "open flag");
flag_set!(TreeFlags, TREE_FLAGS, "open_tree flag");
flag_set!(AttrFlags, ATTR_FLAGS, "mount attribute");
