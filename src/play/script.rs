//! What was done, as a shell script: mount(8), unshare(1) and their like. It runs on any Linux, in namespaces of its own.

use super::as_typed;
use crate::lesson::{Lesson, Round};
use crate::listing::{Form, command, namespace_words, shell_word};
use crate::op::{Actor, NamespaceFlags, Operation, lower};
use crate::session::RoundRecord;
use crate::words::Lang;
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
    let place = |line: String| if round.actor == Actor::Host { line } else { format!("inside {}", shell_word(&line)) };
    let does = round.does.iter().map(|operation| match operation {
        Operation::Clone(clone) => format!("unshare {} --fork --propagation unchanged sh <&3 &", namespaces(clone.new)),
        // Nobody answers for the new program.
        Operation::Exec(exec) => {
            let words = exec.env.iter().chain([&exec.path]).chain(exec.args.iter().skip(1));
            let words: Vec<String> = words.map(|word| shell_word(word)).collect();
            format!("printf '%s\\n' {} >&3", shell_word(&format!("exec env -i {}", words.join(" "))))
        }
        // The container's shell becomes another shell; where there is none, it stays, and nobody waits for an answer.
        Operation::Unshare(kinds) => place(format!("exec unshare {} --propagation unchanged sh", namespaces(*kinds))),
        Operation::Chroot(path) => {
            let dir = shell_word(path);
            place(format!("chroot {dir} /bin/sh -c : && exec chroot {dir} /bin/sh"))
        }
        other => match one(other) {
            Some(line) => place(line),
            None => format!("# No command does this: {}", super::yaml::operation(other)),
        },
    });
    // A shell of its own, as there: it may exit, and reads nothing of what the container's shell is to read.
    let run = |line: &str| place(format!("sh -c {} </dev/null", shell_word(line)));
    does.chain(round.lines().map(run)).collect()
}

/// The command for an operation; None where only a program can do it, or where it takes the container's number, which a
/// shell among shells does not know.
fn one(operation: &Operation) -> Option<String> {
    match command(operation, &lower(operation), Lang::En) {
        Form::Command(_) if matches!(operation, Operation::Kill(_) | Operation::IdMap(_)) => None,
        Form::Command(line) => Some(line),
        Form::None(_) => None,
    }
}

fn namespaces(kinds: NamespaceFlags) -> String {
    namespace_words(kinds).iter().map(|kind| format!("--{kind}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::operation;

    fn one(actor: Actor, text: &str) -> String {
        let does = vec![operation(text).unwrap()];
        lines(&Round { actor, does, run: Vec::new(), types: Vec::new(), expect: Vec::new() }).join("\n")
    }

    /// What the practice host begins with is there for the script, too.
    #[test]
    fn the_lab_is_that_of_play() {
        let lesson = crate::play::lesson().at(PLACE);
        let does = lesson.prepare.iter().flat_map(|round| &round.does);
        let paths: Vec<&String> = does
            .filter_map(|operation| match operation {
                Operation::Mkdir(mkdir) => Some(&mkdir.path),
                Operation::Write(write) => Some(&write.path),
                _ => None,
            })
            // Its content is not.
            .filter(|path| !path.starts_with("/srv/rootfs/"))
            .collect();
        assert_eq!(paths.len(), 6);
        for path in paths {
            assert!(HEAD.contains(&format!("{path}\n")) || HEAD.contains(&format!("{path} ")), "{path}");
        }
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
                r"inside 'printf %s '\''it'\''\'\'''\''s'\'' > /a'",
            ),
            (
                Actor::Host,
                "clone: { new: [mnt, pid] }",
                "unshare --pid --mount --fork --propagation unchanged sh <&3 &",
            ),
            (
                Actor::Container,
                "chroot: /lab/rootfs",
                "inside 'chroot /lab/rootfs /bin/sh -c : && exec chroot /lab/rootfs /bin/sh'",
            ),
            (Actor::Host, "move-mount: { fd: x, to: /a }", "# No command does this: move-mount: { fd: x, to: /a }"),
            (Actor::Host, "set-attr: { on: /a, set: [ro], clear: [nodev] }", "mount -o remount,bind,ro,dev /a"),
        ] {
            assert_eq!(one(actor, text), wanted);
        }
    }
}
