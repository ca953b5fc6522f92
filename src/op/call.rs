//! The mechanism: one exact system call with its arguments.

use super::{MountFlags, NamespaceFlags};
use serde::{Deserialize, Serialize};

/// A file descriptor that an earlier call of the same actor opened, by the name given to it there.
pub type Fd = String;

/// One system call. `Display` writes it as C and strace do, without its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// clone(2) with a stack of its own and SIGCHLD.
    Clone {
        flags: NamespaceFlags,
    },
    /// mount(2).
    Mount {
        source: Option<String>,
        target: String,
        fstype: Option<String>,
        flags: MountFlags,
        data: Option<String>,
    },
    /// umount2(2); the only flag is MNT_DETACH.
    Umount {
        target: String,
        detach: bool,
    },
    Sethostname {
        name: String,
    },
    Mkdir {
        path: String,
        mode: u32,
    },
    Rmdir {
        path: String,
    },
    Unlink {
        path: String,
    },
    /// open(2) with O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC.
    Create {
        path: String,
        mode: u32,
        fd: Fd,
    },
    Write {
        fd: Fd,
        text: String,
    },
    Close {
        fd: Fd,
    },
    Kill {
        pid: i32,
        signal: i32,
    },
    Chroot {
        path: String,
    },
    Chdir {
        path: String,
    },
    Execve {
        path: String,
        args: Vec<String>,
        env: Vec<String>,
    },
}

impl Call {
    /// The name of the system call.
    pub fn name(&self) -> &'static str {
        match self {
            Call::Clone { .. } => "clone",
            Call::Mount { .. } => "mount",
            Call::Umount { .. } => "umount2",
            Call::Sethostname { .. } => "sethostname",
            Call::Mkdir { .. } => "mkdir",
            Call::Rmdir { .. } => "rmdir",
            Call::Unlink { .. } => "unlink",
            Call::Create { .. } => "open",
            Call::Write { .. } => "write",
            Call::Close { .. } => "close",
            Call::Kill { .. } => "kill",
            Call::Chroot { .. } => "chroot",
            Call::Chdir { .. } => "chdir",
            Call::Execve { .. } => "execve",
        }
    }

    /// Explains the flags of this call in words: `(C name, English, Chinese)`.
    pub fn flags_in_words(&self) -> Vec<&'static super::FlagWord> {
        match self {
            Call::Clone { flags } => flags.words().collect(),
            Call::Mount { flags, .. } => flags.words().collect(),
            _ => Vec::new(),
        }
    }
}

/// A C string literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(byte as char),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

fn or_null(text: &Option<String>) -> String {
    text.as_deref().map_or_else(|| "NULL".into(), quoted)
}

fn list(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Call::Clone { flags: NamespaceFlags(0) } => write!(f, "clone(child, stack_top, SIGCHLD, NULL)"),
            Call::Clone { flags } => write!(f, "clone(child, stack_top, {}|SIGCHLD, NULL)", flags.c()),
            Call::Mount { source, target, fstype, flags, data } => write!(
                f,
                "mount({}, {}, {}, {}, {})",
                or_null(source),
                quoted(target),
                or_null(fstype),
                flags.c(),
                or_null(data)
            ),
            Call::Umount { target, detach } => {
                write!(f, "umount2({}, {})", quoted(target), if *detach { "MNT_DETACH" } else { "0" })
            }
            Call::Sethostname { name } => write!(f, "sethostname({}, {})", quoted(name), name.len()),
            Call::Mkdir { path, mode } => write!(f, "mkdir({}, {})", quoted(path), octal(*mode)),
            Call::Rmdir { path } => write!(f, "rmdir({})", quoted(path)),
            Call::Unlink { path } => write!(f, "unlink({})", quoted(path)),
            Call::Create { path, mode, .. } => {
                write!(f, "open({}, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, {})", quoted(path), octal(*mode))
            }
            Call::Write { fd, text } => write!(f, "write({fd}, {}, {})", quoted(text), text.len()),
            Call::Close { fd } => write!(f, "close({fd})"),
            Call::Kill { pid, signal } => write!(f, "kill({pid}, {signal})"),
            Call::Chroot { path } => write!(f, "chroot({})", quoted(path)),
            Call::Chdir { path } => write!(f, "chdir({})", quoted(path)),
            Call::Execve { path, args, env } => write!(f, "execve({}, {}, {})", quoted(path), list(args), list(env)),
        }
    }
}

fn octal(mode: u32) -> String {
    format!("0{mode:o}")
}
