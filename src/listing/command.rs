//! Operations as commands of util-linux, coreutils and hostname.

use super::shell_word;
use crate::op::{Call, MountFlags, NamespaceFlags, Operation, Process, SetAttr, linux};
use crate::words::Lang;

const PID: &str = "{pid}";

/// What an operation is in a script.
pub enum Form {
    /// A command; it may hold redirections.
    Command(String),
    /// Words that say why there is none: the catalogue's key.
    None(&'static str),
}

/// The command for an operation that makes these calls. Comments are in the language of `words`.
pub fn command(operation: &Operation, calls: &[Call], words: Lang) -> Form {
    let word = |text: &str| shell_word(text);
    let command = match operation {
        Operation::Mount(mount) => {
            let data = mount.data.iter().cloned();
            let options: Vec<String> = mount.flags.words().map(|flag| flag.word.to_string()).chain(data).collect();
            let options = if options.is_empty() { String::new() } else { format!("-o {} ", word(&options.join(","))) };
            let source = mount.source.as_deref().unwrap_or(&mount.fstype);
            format!("mount -t {} {options}{} {}", word(&mount.fstype), word(source), word(&mount.on))
        }
        Operation::Umount(umount) => {
            format!("umount {}{}", if umount.lazy { "--lazy " } else { "" }, word(&umount.target))
        }
        Operation::Bind(bind) => {
            let kind = if bind.recursive { "--rbind" } else { "--bind" };
            let ignored = MountFlags(bind.flags.0 & !(linux::MS_BIND | linux::MS_REC));
            let command = format!("mount {kind} {} {}", word(&bind.from), word(&bind.to));
            if ignored.0 == 0 {
                command
            } else {
                format!("# {}\n{command}", words.say("listing.ignored", &[&ignored.c()]))
            }
        }
        Operation::Remount(remount) => {
            let bind = remount.bind.then_some("bind");
            let flags = remount.flags.words().map(|flag| flag.word);
            // mount(8) keeps what is not named; mount(2) does not.
            let writable = (remount.flags.0 & linux::MS_RDONLY == 0).then_some("rw");
            let options: Vec<&str> = std::iter::once("remount").chain(bind).chain(writable).chain(flags).collect();
            format!("mount -o {} {}", options.join(","), word(&remount.on))
        }
        Operation::SetAttr(attr) if !attr.recursive => {
            format!("mount -o remount,bind,{} {}", attributes(attr), word(&attr.on))
        }
        Operation::SetAttr(attr) => {
            let options = attributes(attr);
            let on = word(&attr.on);
            format!("findmnt -Rnro TARGET {on} | while read -r at; do mount -o remount,bind,{options} \"$at\"; done")
        }
        Operation::Propagation(propagation) => {
            let kind = format!("{:?}", propagation.kind).to_lowercase();
            let recursive = if propagation.recursive { "r" } else { "" };
            format!("mount --make-{recursive}{kind} {}", word(&propagation.on))
        }
        Operation::Hostname(name) => format!("hostname {}", word(name)),
        Operation::Mkdir(dir) => {
            let mode = dir.mode.map_or(String::new(), |mode| format!("-m {:04o} ", mode.0));
            format!("mkdir {mode}{}", word(&dir.path))
        }
        Operation::Rmdir(path) => format!("rmdir {}", word(path)),
        Operation::Remove(path) => format!("rm {}", word(path)),
        Operation::Rename(rename) => format!("mv -T {} {}", word(&rename.from), word(&rename.to)),
        Operation::Chmod(chmod) => format!("chmod {:04o} {}", chmod.mode.0, word(&chmod.path)),
        Operation::Symlink(link) => format!("ln -s {} {}", word(&link.to), word(&link.at)),
        Operation::Mknod(node) => {
            let mode = node.mode.map_or(0o666, |mode| mode.0);
            format!("mknod -m {mode:04o} {} c {} {}", word(&node.path), node.major, node.minor)
        }
        Operation::Write(_) | Operation::IdMap(_) => {
            let writes = calls.chunks(3).filter_map(|three| match three {
                [Call::Open { path, .. }, Call::Write { text, .. }, _] => Some(write(path, text)),
                _ => None,
            });
            writes.collect::<Vec<_>>().join(" &&\n")
        }
        Operation::Kill(kill) => {
            let pid = match kill.pid {
                Process::Number(number) => number.to_string(),
                Process::Word(_) => "\"$pid\"".into(),
            };
            let signal = nix::sys::signal::Signal::try_from(kill.signal.0);
            let name = signal.map_or_else(|_| kill.signal.0.to_string(), |signal| signal.as_str()[3..].to_string());
            format!("kill -{name} {pid}")
        }
        Operation::Chdir(path) => format!("cd {}", word(path)),
        Operation::PivotRoot(pivot) => format!("pivot_root {} {}", word(&pivot.new), word(&pivot.old)),
        Operation::ChrootOnly(_) => return Form::None("listing.no-shell-chroot"),
        Operation::Chroot(path) => format!("chroot {}", word(path)),
        Operation::MoveMount(_) | Operation::OpenTree(_) => return Form::None("listing.no-shell-move"),
        Operation::Exec(_) => return Form::None("listing.no-shell-exec"),
        Operation::Clone(_)
        | Operation::Unshare(_)
        | Operation::Setns(_)
        | Operation::Open(_)
        | Operation::Close(_)
        | Operation::Fchdir(_) => return Form::None("listing.no-shell"),
    };
    Form::Command(command)
}

/// Attributes as mount(8)'s options.
fn attributes(attr: &SetAttr) -> String {
    let set = attr.set.words().map(|flag| flag.word.to_string());
    let clear = attr.clear.words().map(|flag| match flag.word {
        "ro" => "rw".to_string(),
        other => other.replacen("no", "", 1),
    });
    set.chain(clear).collect::<Vec<_>>().join(",")
}

/// A line into a file; the container's number is a variable.
fn write(path: &str, text: &str) -> String {
    let quoted = |text: &str| {
        if text.contains(PID) { format!("\"{}\"", text.replace(PID, "$pid")) } else { shell_word(text) }
    };
    match text.strip_suffix('\n') {
        Some(line) if !line.contains(['\n', '\\']) => format!("echo {} > {}", quoted(line), quoted(path)),
        Some(lines) if !text.contains(PID) => format!("cat > {} <<'TEXT'\n{lines}\nTEXT", quoted(path)),
        _ => format!("printf %s {} > {}", quoted(text), quoted(path)),
    }
}

/// Namespaces as unshare(1) and nsenter(1) name them.
pub fn namespace_words(flags: NamespaceFlags) -> Vec<&'static str> {
    let words = flags.words().map(|flag| flag.word).filter(|word| *word != "fs");
    words.map(|word| if word == "mnt" { "mount" } else { word }).collect()
}
