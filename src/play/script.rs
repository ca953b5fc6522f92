//! What was done, as a shell script: mount(8), unshare(1) and their like. It runs on any Linux, in namespaces of its own.

use super::as_typed;
use crate::lesson::{Lesson, Round};
use crate::op::{Actor, AttrFlags, MountFlags, NamespaceFlags, Operation};
use crate::session::RoundRecord;
use std::fmt::Write as _;

/// Where the script has its lab: a directory that there is on most machines.
const PLACE: &str = "/srv";

const HEAD: &str = r#"#!/bin/sh
# Written by nslab play: what was done there, with util-linux and coreutils. It runs in namespaces of its own, and what it
# mounts ends with it; your machine's mounts stay as they are. The lab of the practice host is a tmpfs on /srv here.
set -u
if [ "${1-}" != inside ]; then
    exec unshare --user --map-root-user --mount --pid --uts --fork --mount-proc --propagation shared sh "$0" inside
fi
mount -t tmpfs lab /srv
mkdir /srv/data /srv/from /srv/to /srv/rootfs
echo "a file of the practice host" >/srv/from/note
echo "another one" >/srv/note
# A root file system in /srv/rootfs is yours to copy: the practice host has nslab's image there.

# The container is a shell that reads its lines from descriptor 3 and answers on 4.
mkfifo /srv/.lines /srv/.answers
exec 3<>/srv/.lines 4<>/srv/.answers
inside() {
    printf '%s\necho $? >&4\n' "$1" >&3
    read -r status <&4
    return "$status"
}
"#;

/// The script. `records` are what the lesson's steps did, step by step.
pub fn script(lesson: &Lesson, records: &[Vec<RoundRecord>]) -> String {
    let lesson = lesson.at(PLACE);
    let mut out = HEAD.to_string();
    for (step, records) in lesson.steps.iter().zip(records) {
        for (round, record) in step.rounds.iter().zip(records) {
            let _ = writeln!(out, "\n# {}", as_typed(round).replace('\n', " "));
            if let Some((_, errno)) = record.failed() {
                let _ = writeln!(out, "# It is refused: {}.", crate::op::errno_name(errno));
            }
            lines(round).iter().for_each(|line| out.push_str(&format!("{line}\n")));
        }
    }
    out
}

fn lines(round: &Round) -> Vec<String> {
    let place = |line: String| if round.actor == Actor::Host { line } else { format!("inside {}", quoted(&line)) };
    let does = round.does.iter().map(|operation| match operation {
        Operation::Clone(clone) => {
            let kinds = namespaces(clone.new);
            format!("unshare {kinds}--fork --propagation unchanged sh <&3 &")
        }
        // Nobody answers for the new program.
        Operation::Exec(exec) => {
            let env: Vec<String> = exec.env.iter().map(|pair| quoted(pair)).collect();
            let args: Vec<String> = exec.args.iter().skip(1).map(|arg| quoted(arg)).collect();
            let line = format!("exec env -i {} {} {}", env.join(" "), quoted(&exec.path), args.join(" "));
            format!("printf '%s\\n' {} >&3", quoted(line.trim_end()))
        }
        other => {
            command(other).map_or_else(|| format!("# No command does this: {}", super::yaml::operation(other)), place)
        }
    });
    does.chain(round.lines().map(|line| place(line.to_string()))).collect()
}

/// The command for an operation; None where only a program can do it.
fn command(operation: &Operation) -> Option<String> {
    let q = |text: &str| quoted(text);
    let mode = |mode: Option<crate::op::Mode>| mode.map_or(String::new(), |mode| format!("-m {} ", String::from(mode)));
    Some(match operation {
        Operation::Unshare(kinds) => format!("exec unshare {}--propagation unchanged sh", namespaces(*kinds)),
        Operation::Mount(mount) => {
            let mut options = flags(mount.flags);
            options.extend(mount.data.clone());
            let options = if options.is_empty() { String::new() } else { format!("-o {} ", q(&options.join(","))) };
            let source = mount.source.as_deref().unwrap_or(&mount.fstype);
            format!("mount -t {} {options}{} {}", q(&mount.fstype), q(source), q(&mount.on))
        }
        Operation::Umount(umount) => format!("umount {}{}", if umount.lazy { "-l " } else { "" }, q(&umount.target)),
        Operation::Bind(bind) => {
            format!("mount --{} {} {}", if bind.recursive { "rbind" } else { "bind" }, q(&bind.from), q(&bind.to))
        }
        Operation::Remount(remount) => {
            let first = if remount.bind { "remount,bind" } else { "remount" };
            let options: Vec<String> = std::iter::once(first.to_string()).chain(flags(remount.flags)).collect();
            format!("mount -o {} {}", options.join(","), q(&remount.on))
        }
        Operation::SetAttr(attr) => {
            let end = if attr.recursive { "=recursive" } else { "" };
            let set = attr_words(attr.set).into_iter().map(|word| format!("{word}{end}"));
            let opposite = |word: &str| match word {
                "ro" => "rw".to_string(),
                other => other.trim_start_matches("no").to_string(),
            };
            let clear = attr_words(attr.clear).into_iter().map(|word| format!("{}{end}", opposite(word)));
            let options: Vec<String> = std::iter::once("remount,bind".into()).chain(set).chain(clear).collect();
            format!("mount -o {} {}", options.join(","), q(&attr.on))
        }
        Operation::Propagation(propagation) => {
            let kind = super::yaml::word(&propagation.kind);
            format!("mount --make-{}{kind} {}", if propagation.recursive { "r" } else { "" }, q(&propagation.on))
        }
        Operation::Hostname(name) => format!("hostname {}", q(name)),
        Operation::Mkdir(dir) => format!("mkdir {}{}", mode(dir.mode), q(&dir.path)),
        Operation::Rmdir(path) => format!("rmdir {}", q(path)),
        Operation::Remove(path) => format!("unlink {}", q(path)),
        Operation::Rename(rename) => format!("mv -T {} {}", q(&rename.from), q(&rename.to)),
        Operation::Chmod(chmod) => format!("chmod {} {}", String::from(chmod.mode), q(&chmod.path)),
        Operation::Symlink(link) => format!("ln -s {} {}", q(&link.to), q(&link.at)),
        Operation::Mknod(node) => format!("mknod {}{} c {} {}", mode(node.mode), q(&node.path), node.major, node.minor),
        Operation::Write(file) => format!("printf %s {} >{}", q(&file.text), q(&file.path)),
        Operation::Chdir(path) => format!("cd {}", q(path)),
        Operation::Chroot(path) => format!("exec chroot {} /bin/sh", q(path)),
        Operation::PivotRoot(pivot) => format!("pivot_root {} {}", q(&pivot.new), q(&pivot.old)),
        Operation::Clone(_)
        | Operation::Exec(_)
        | Operation::Setns(_)
        | Operation::IdMap(_)
        | Operation::OpenTree(_)
        | Operation::MoveMount(_)
        | Operation::Open(_)
        | Operation::Close(_)
        | Operation::Kill(_)
        | Operation::Fchdir(_)
        | Operation::ChrootOnly(_) => return None,
    })
}

fn flags(flags: MountFlags) -> Vec<String> {
    flags.words().map(|flag| flag.word.to_string()).collect()
}

fn attr_words(flags: AttrFlags) -> Vec<&'static str> {
    flags.words().map(|flag| flag.word).collect()
}

/// `--mount --pid `.
fn namespaces(kinds: NamespaceFlags) -> String {
    let word = |word: &str| match word {
        "mnt" => "--mount ".to_string(),
        "fs" => String::new(),
        other => format!("--{other} "),
    };
    kinds.words().map(|kind| word(kind.word)).collect()
}

/// A word as a shell reads it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_.,-=:".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::operation;

    fn one(actor: Actor, text: &str) -> String {
        let does = vec![operation(text).unwrap()];
        lines(&Round { actor, does, run: Vec::new(), types: Vec::new(), expect: Vec::new() }).join("\n")
    }

    #[test]
    fn operations_are_commands() {
        for (actor, text, wanted) in [
            (Actor::Host, "mount: { type: tmpfs, on: /mnt, flags: [nosuid] }", "mount -t tmpfs -o nosuid tmpfs /mnt"),
            (
                Actor::Container,
                "propagation: { on: /, type: private, recursive: true }",
                "inside 'mount --make-rprivate /'",
            ),
            (
                Actor::Container,
                "write: { path: /a, text: \"it's\" }",
                r"inside 'printf %s '\''it'\''\'\'''\''s'\'' >/a'",
            ),
            (
                Actor::Host,
                "clone: { new: [mnt, pid] }",
                "unshare --pid --mount --fork --propagation unchanged sh <&3 &",
            ),
            (Actor::Host, "move-mount: { fd: x, to: /a }", "# No command does this: move-mount: { fd: x, to: /a }"),
            (Actor::Host, "set-attr: { on: /a, set: [ro], clear: [nodev] }", "mount -o remount,bind,ro,dev /a"),
        ] {
            assert_eq!(one(actor, text), wanted);
        }
    }
}
