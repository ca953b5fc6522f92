//! The mechanism: one exact system call with its arguments.

use super::operation::{Process, ProcessWord};
use super::{AttrFlags, MountFlags, NamespaceFlags, OpenFlags, TreeFlags, linux};
use serde::{Deserialize, Serialize};

/// What stands in a path or a text for the number of the container's first process.
const PID: &str = "{pid}";

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
    Unshare {
        flags: NamespaceFlags,
    },
    Setns {
        fd: Fd,
        kind: NamespaceFlags,
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
    /// mount_setattr(2) from the working directory.
    MountSetattr {
        path: String,
        recursive: bool,
        set: AttrFlags,
        clear: AttrFlags,
    },
    /// open_tree(2) from the working directory.
    OpenTree {
        path: String,
        flags: TreeFlags,
        fd: Fd,
    },
    /// move_mount(2) of what a descriptor holds (MOVE_MOUNT_F_EMPTY_PATH).
    MoveMount {
        fd: Fd,
        to: String,
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
    Rename {
        from: String,
        to: String,
    },
    Chmod {
        path: String,
        mode: u32,
    },
    Symlink {
        to: String,
        at: String,
    },
    /// mknod(2) of a character device.
    Mknod {
        path: String,
        mode: u32,
        major: u32,
        minor: u32,
    },
    /// open(2); `mode` only where it makes a file.
    Open {
        path: String,
        flags: OpenFlags,
        mode: Option<u32>,
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
        pid: Process,
        signal: i32,
    },
    Chroot {
        path: String,
    },
    Chdir {
        path: String,
    },
    Fchdir {
        fd: Fd,
    },
    PivotRoot {
        new: String,
        old: String,
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
            Call::Unshare { .. } => "unshare",
            Call::Setns { .. } => "setns",
            Call::MountSetattr { .. } => "mount_setattr",
            Call::OpenTree { .. } => "open_tree",
            Call::MoveMount { .. } => "move_mount",
            Call::Rename { .. } => "rename",
            Call::Chmod { .. } => "chmod",
            Call::Symlink { .. } => "symlink",
            Call::Mknod { .. } => "mknod",
            Call::Fchdir { .. } => "fchdir",
            Call::PivotRoot { .. } => "pivot_root",
            Call::Open { .. } => "open",
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
            Call::Unshare { flags } | Call::Setns { kind: flags, .. } => flags.words().collect(),
            Call::Mount { flags, .. } => flags.words().collect(),
            Call::Open { flags, .. } => flags.words().collect(),
            Call::OpenTree { flags, .. } => flags.words().collect(),
            Call::MountSetattr { set, clear, .. } => AttrFlags(set.0 | clear.0).words().collect(),
            _ => Vec::new(),
        }
    }

    /// The call with the container's first process in place of its name: what is performed, and recorded.
    pub fn resolve(&self, pid: Option<i32>) -> Call {
        let Some(pid) = pid else { return self.clone() };
        match self {
            Call::Kill { pid: Process::Word(ProcessWord::Container), signal } => {
                Call::Kill { pid: Process::Number(pid), signal: *signal }
            }
            Call::Open { path, flags, mode, fd } if path.contains(PID) => {
                Call::Open { path: path.replace(PID, &pid.to_string()), flags: *flags, mode: *mode, fd: fd.clone() }
            }
            Call::Write { fd, text } if text.contains(PID) => {
                Call::Write { fd: fd.clone(), text: text.replace(PID, &pid.to_string()) }
            }
            other => other.clone(),
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
            Call::Unshare { flags } => write!(f, "unshare({})", flags.c()),
            Call::Setns { fd, kind } => write!(f, "setns({fd}, {})", kind.c()),
            Call::MountSetattr { path, recursive, set, clear } => {
                let mut attr = Vec::new();
                for (name, flags) in [(".attr_set", set), (".attr_clr", clear)] {
                    if flags.0 != 0 {
                        attr.push(format!("{name}={}", flags.c()));
                    }
                }
                let flags = if *recursive { "AT_RECURSIVE" } else { "0" };
                write!(f, "mount_setattr(AT_FDCWD, {}, {flags}, {{{}}}, 32)", quoted(path), attr.join(", "))
            }
            Call::OpenTree { path, flags, .. } => write!(f, "open_tree(AT_FDCWD, {}, {})", quoted(path), flags.c()),
            Call::MoveMount { fd, to } => {
                write!(f, "move_mount({fd}, \"\", AT_FDCWD, {}, MOVE_MOUNT_F_EMPTY_PATH)", quoted(to))
            }
            Call::Rename { from, to } => write!(f, "rename({}, {})", quoted(from), quoted(to)),
            Call::Chmod { path, mode } => write!(f, "chmod({}, {})", quoted(path), octal(*mode)),
            Call::Symlink { to, at } => write!(f, "symlink({}, {})", quoted(to), quoted(at)),
            Call::Mknod { path, mode, major, minor } => {
                write!(f, "mknod({}, S_IFCHR|{}, makedev({major}, {minor}))", quoted(path), octal(*mode))
            }
            Call::Fchdir { fd } => write!(f, "fchdir({fd})"),
            Call::PivotRoot { new, old } => write!(f, "pivot_root({}, {})", quoted(new), quoted(old)),
            Call::Open { path, flags, mode, .. } => {
                // Reading is the absence of a flag: O_RDONLY is 0.
                let reads = flags.0 & (linux::O_WRONLY | linux::O_RDWR) as u64 == 0;
                let flags = if reads { format!("O_RDONLY|{}", flags.c()) } else { flags.c() };
                let mode = mode.map_or(String::new(), |mode| format!(", {}", octal(mode)));
                write!(f, "open({}, {flags}{mode})", quoted(path))
            }
            Call::Write { fd, text } => write!(f, "write({fd}, {}, {})", quoted(text), text.len()),
            Call::Close { fd } => write!(f, "close({fd})"),
            Call::Kill { pid, signal } => write!(f, "kill({pid}, {})", signal_name(*signal)),
            Call::Chroot { path } => write!(f, "chroot({})", quoted(path)),
            Call::Chdir { path } => write!(f, "chdir({})", quoted(path)),
            Call::Execve { path, args, env } => write!(f, "execve({}, {}, {})", quoted(path), list(args), list(env)),
        }
    }
}

fn signal_name(number: i32) -> String {
    nix::sys::signal::Signal::try_from(number).map_or_else(|_| number.to_string(), |signal| signal.as_str().into())
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Process::Number(number) => write!(f, "{number}"),
            Process::Word(ProcessWord::Container) => write!(f, "pid"),
        }
    }
}

fn octal(mode: u32) -> String {
    format!("0{mode:o}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_gets_its_number_in_paths_texts_and_signals() {
        let say = |call: Call, pid| call.resolve(pid).to_string();
        let write = || Call::Write { fd: "fd".into(), text: "{pid}\n".into() };
        assert_eq!(say(write(), Some(17)), r#"write(fd, "17\n", 3)"#);
        assert_eq!(say(write(), None), r#"write(fd, "{pid}\n", 6)"#);
        let flags = OpenFlags(linux::O_WRONLY as u64);
        let open = Call::Open { path: "/proc/{pid}/uid_map".into(), flags, mode: None, fd: "fd".into() };
        assert_eq!(say(open, Some(17)), r#"open("/proc/17/uid_map", O_WRONLY)"#);
        let kill = Call::Kill { pid: Process::Word(ProcessWord::Container), signal: libc::SIGTERM };
        assert_eq!(say(kill, Some(17)), "kill(17, SIGTERM)");
    }
}
