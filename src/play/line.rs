//! A line that somebody typed, as a round: one operation as lesson.yaml has it, or a line for a shell.

use crate::lesson::{LessonError, Round, Run, ShellLine, operation};
use crate::op::{Actor, Operation};
use crate::reference::{EXAMPLES, Kind};
use crate::session::Snapshot;
use crate::words::Lang;

/// Why a line cannot be performed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is not understood; the column counts from 1.
    Wrong { column: usize, what: String },
    /// It cannot be done here now: the catalogue's key of why, and what is filled in.
    Not(&'static str, Vec<String>),
}

impl Fault {
    pub fn say(&self, lang: Lang) -> String {
        match self {
            Fault::Wrong { column, what } => lang.say("play.wrong", &[&column.to_string(), what]),
            Fault::Not(key, args) => lang.say(key, &args.iter().map(String::as_str).collect::<Vec<_>>()),
        }
    }
}

/// The round that a line means, if it can be performed as things stand.
pub fn line(actor: Actor, text: &str, now: &Snapshot) -> Result<Round, Fault> {
    let text = text.trim();
    let mut round = Round { actor, does: Vec::new(), run: Vec::new(), types: Vec::new(), expect: Vec::new() };
    match text.strip_prefix("sh:").map(str::trim) {
        Some("") => return Err(Fault::Not("play.no-line", Vec::new())),
        Some(line) => round.run.push(Run::Shell(ShellLine { sh: line.into() })),
        None => round.does.push(read(text)?),
    }
    match impossible(actor, round.does.first(), now) {
        Some(key) => Err(Fault::Not(key, Vec::new())),
        None => Ok(round),
    }
}

fn read(text: &str) -> Result<Operation, Fault> {
    let name = text.trim_end_matches(':');
    let example = EXAMPLES.iter().find(|example| example.kind == Kind::Operation && example.name == name);
    if let Some(example) = example {
        let example = example.yaml.trim_start_matches("- ").to_string();
        return Err(Fault::Not("play.no-arguments", vec![example]));
    }
    operation(text).map_err(|error| match error {
        LessonError::Wrong { column, what, .. } => Fault::Wrong { column, what },
        other => Fault::Wrong { column: 1, what: other.to_string() },
    })
}

/// Why an operation (None: a shell's line) cannot even be tried: the catalogue's key.
pub fn impossible(actor: Actor, operation: Option<&Operation>, now: &Snapshot) -> Option<&'static str> {
    let only = operation.and_then(Operation::only);
    match (actor, only) {
        (Actor::Container, Some(Actor::Host)) => return Some("play.only-host"),
        (Actor::Host, Some(Actor::Container)) => return Some("play.only-container"),
        _ => {}
    }
    let replaced = || now.inside.as_ref().is_some_and(|inside| inside.facts.program != crate::lab::AGENT);
    match (actor, operation) {
        (Actor::Container, _) if now.inside.is_none() => Some("play.no-container"),
        (Actor::Container, Some(_)) if replaced() => Some("play.replaced"),
        (Actor::Host, Some(Operation::Clone(_))) if now.inside.is_some() => Some("play.one-container"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SideState;
    use std::sync::Arc;

    fn with_container(program: &str) -> Snapshot {
        let mut state = SideState::default();
        state.facts.program = program.into();
        Snapshot { inside: Some(Arc::new(state)), ..Snapshot::default() }
    }

    #[test]
    fn a_line_is_an_operation_or_a_shells() {
        let none = Snapshot::default();
        let round = line(Actor::Host, "mount: { type: tmpfs, on: /mnt }", &none).unwrap();
        assert_eq!((round.does.len(), round.run.len()), (1, 0));
        let round = line(Actor::Host, " sh: echo a: b # c ", &none).unwrap();
        assert_eq!(round.lines().collect::<Vec<_>>(), ["echo a: b # c"]);
    }

    /// Whatever is wrong is said with its place, or with what to do instead.
    #[test]
    fn what_is_wrong_is_said() {
        let none = Snapshot::default();
        let said = |text: &str| line(Actor::Host, text, &none).unwrap_err().say(Lang::En);
        for (text, part) in [
            ("mount", "mount: { type: tmpfs, on: /lab/data"),
            ("mont: { on: /mnt }", "did you mean `mount`?"),
            ("mount: { type: tmpfs, at: /mnt }", "unknown field `at`"),
            ("mount: { type: tmpfs }", "missing field `on`"),
            ("mount: { type: tmpfs, on: /mnt, flags: [red] }", "known: remount, bind"),
            ("mkdir: { path: /a, mode: \"9\" }", "octal digits in quotes"),
            ("mkdir: { path: /a", "not closed"),
            ("write: { path: /a, text: b: c }", "in quotes"),
            ("sh:", "line"),
            ("", "empty"),
        ] {
            assert!(said(text).contains(part), "{text}: {}", said(text));
        }
    }

    #[test]
    fn what_cannot_be_done_is_not_tried() {
        let (none, agent, shell) = (Snapshot::default(), with_container(crate::lab::AGENT), with_container("sh"));
        for (actor, text, now, wanted) in [
            (Actor::Container, "hostname: box", &none, Some("play.no-container")),
            (Actor::Container, "sh: ls", &none, Some("play.no-container")),
            (Actor::Container, "hostname: box", &agent, None),
            (Actor::Container, "hostname: box", &shell, Some("play.replaced")),
            (Actor::Container, "sh: ls", &shell, None),
            (Actor::Host, "chroot: /lab", &agent, Some("play.only-container")),
            (Actor::Container, "clone: { new: [mnt] }", &agent, Some("play.only-host")),
            (Actor::Host, "clone: { new: [mnt] }", &agent, Some("play.one-container")),
            (Actor::Host, "clone: { new: [mnt] }", &none, None),
        ] {
            let key = match line(actor, text, now) {
                Ok(_) => None,
                Err(Fault::Not(key, _)) => Some(key),
                Err(other) => panic!("{text}: {other:?}"),
            };
            assert_eq!(key, wanted, "{text}");
            for lang in [Lang::En, Lang::Zh] {
                assert!(wanted.is_none_or(|key| lang.say(key, &[]) != key), "{wanted:?}");
            }
        }
    }
}
