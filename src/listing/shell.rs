//! The listing as a shell script, for util-linux, coreutils and hostname.
//!
//! A shell's commands are processes, and a process cannot change another's root directory or descriptors. So the
//! container's first process waits, and commands join its namespaces; what has no such form says so.

use super::command::{Form, command, namespace_words};
use super::script::{Deed, deeds, ends, kills, parts};
use super::{Line, Text, heading, mentions, preamble, shell_line, shell_word, subject};
use crate::lesson::{Condition, Lesson, Round, Run, Side};
use crate::op::{Actor, Call, NamespaceFlags, Operation, linux, quoted};
use crate::words::Lang;
use std::ops::Range;

pub fn program(lesson: &Lesson, upto: usize, words: Lang) -> Vec<Line> {
    let mut body = Body {
        words,
        text: Text::default(),
        step: 0,
        acts_inside: false,
        root: "/".into(),
        dir: None,
        unmapped: false,
        lives: false,
    };
    for (number, id, rounds) in parts(lesson, upto) {
        (body.step, body.text.step) = (number, Some(number));
        body.text.gap();
        body.text.add(format!("# {}", heading(lesson, number, words)));
        let mut call = 0;
        for round in rounds {
            body.round(round, &mut call);
        }
        body.text.add(format!("stop {id}"));
    }
    if body.lives {
        body.end_container();
    }
    let body = body.text;
    let mut text = Text::default();
    text.add("#!/bin/sh");
    preamble(lesson, upto, words).iter().for_each(|line| text.add(format!("# {line}")));
    // What stands in single quotes is for the container's shell.
    let code = body.lines.iter().map(|line| line.text.as_str()).filter(|line| !line.trim().starts_with('#'));
    if code.collect::<Vec<_>>().join("\n").split('\'').skip(1).step_by(2).any(|quoted| quoted.contains('$')) {
        text.add("# shellcheck disable=SC2016");
    }
    text.add("set -e");
    let moves_root = body.lines.iter().any(|line| line.text.starts_with("root="));
    let said = body.whole();
    for (name, helper) in helpers(words, &joins(lesson, upto), moves_root) {
        if mentions(&said, name) {
            text.gap();
            text.add(helper);
        }
    }
    text.gap();
    text.lines.extend(body.lines);
    text.lines
}

/// nsenter(1)'s options: the namespaces that the lesson's containers have of their own.
fn joins(lesson: &Lesson, upto: usize) -> String {
    let rounds = parts(lesson, upto).flat_map(|(_, _, rounds)| rounds);
    let flags = rounds.flat_map(|round| &round.does).filter_map(|operation| match operation {
        Operation::Clone(clone) => Some(clone.new.0),
        _ => None,
    });
    let all = NamespaceFlags(flags.fold(0, |sum, flags| sum | flags));
    let names = namespace_words(all);
    let keep = if names.contains(&"user") { " --preserve-credentials" } else { "" };
    names.iter().map(|name| format!("--{name}")).collect::<Vec<_>>().join(" ") + keep
}

fn helpers(words: Lang, joins: &str, moves_root: bool) -> Vec<(&'static str, String)> {
    let chroot = if moves_root { " ${root:+chroot \"$root\"}" } else { "" };
    let say = |key: &str| words.say(key, &[]);
    vec![
        (
            "stop",
            format!(
                "# {}\nstop() {{\n    [ -z \"$STOP\" ] || {{ echo \"-- $1\"; read -r _ || :; }}\n}}",
                say("listing.stop")
            ),
        ),
        ("show", format!("# {}\nshow() {{\n    echo \"\\$ $*\"\n    \"$@\" || :\n}}", say("listing.run"))),
        (
            "start_container",
            format!(
                "# {}\nstart_container() {{\n    unshare \"$@\" --fork sleep infinity &\n    parent=$! pid=\n    until read -r pid _ < \
                 \"/proc/$parent/task/$parent/children\" || [ -n \"$pid\" ]; do\n        [ -e \"/proc/$parent\" ]\n        sleep 0.01\n    done\n}}",
                say("listing.start")
            ),
        ),
        (
            "in_container",
            format!(
                "# {}\nin_container() {{\n    nsenter --target \"$pid\" {joins}{chroot} \"$@\"\n}}",
                say("listing.in-container")
            ),
        ),
    ]
}

struct Body {
    words: Lang,
    text: Text,
    step: usize,
    acts_inside: bool,
    /// The root directory that the container's commands get.
    root: String,
    /// The working directory that the container's first process would have, where it is not its root.
    dir: Option<String>,
    /// The container's user namespace has no id map yet.
    unmapped: bool,
    lives: bool,
}

impl Body {
    fn round(&mut self, round: &Round, call: &mut usize) {
        let inside = round.actor == Actor::Container;
        self.acts_inside = inside;
        let mut block: Vec<(String, Range<usize>)> = Vec::new();
        for deed in deeds(round) {
            let calls = *call..*call + deed.calls.len();
            *call = calls.end;
            match deed.operation {
                Operation::Clone(clone) => {
                    self.flush(inside, &mut block);
                    self.clone(clone.new, calls);
                }
                Operation::Chroot(path) if inside => {
                    self.flush(inside, &mut block);
                    let root = format!("{}/{}", self.root.trim_end_matches('/'), path.trim_start_matches('/'));
                    let at = self.text.lines.len();
                    self.enter_root(&root);
                    self.text.lines[at..].iter_mut().for_each(|line| line.calls = calls.clone());
                }
                operation if kills(operation) => {
                    self.end_container();
                    self.text.lines.iter_mut().rev().nth(1).into_iter().for_each(|line| line.calls = calls.clone());
                }
                Operation::IdMap(_) if deed.refused.is_none() => {
                    self.unmapped = false;
                    let Form::Command(command) = self.form(&deed) else { unreachable!("id maps are files") };
                    self.text.add_calls(command, calls);
                }
                _ => match self.form(&deed) {
                    Form::Command(command) if inside => self.inside(&deed, command, calls, &mut block),
                    Form::Command(command) => self.text.add_calls(command, calls),
                    Form::None(key) => {
                        for (number, one) in deed.calls.iter().enumerate() {
                            let line = format!("# {}", self.words.say(key, &[&one.to_string()]));
                            let at = calls.start + number;
                            if inside { block.push((line, at..at + 1)) } else { self.text.add_calls(line, at..at + 1) }
                        }
                        if matches!(deed.operation, Operation::Setns(_)) {
                            // Joining a mount namespace resets the root directory to the namespace's own (setns(2)).
                            self.flush(inside, &mut block);
                            self.enter_root("/");
                        }
                    }
                },
            }
        }
        self.flush(inside, &mut block);
        self.root_as_expected(round);
        for run in &round.run {
            self.run(inside, run);
        }
        self.type_lines(round);
        if ends(round) && self.lives {
            self.end_container();
        }
    }

    /// A command for the container, in the directory where its first process would be.
    fn inside(&mut self, deed: &Deed, command: String, calls: Range<usize>, block: &mut Vec<(String, Range<usize>)>) {
        if let Some(dir) = self.dir.as_ref().filter(|_| block.is_empty() && deed.calls.iter().any(is_relative)) {
            block.push((format!("cd {}", shell_word(dir)), 0..0));
        }
        match deed.operation {
            Operation::Chdir(path) if path.starts_with('/') => self.dir = Some(path.clone()).filter(|dir| dir != "/"),
            Operation::PivotRoot(_) if deed.refused.is_none() => self.dir = None,
            _ => {}
        }
        block.push((command, calls));
    }

    fn clone(&mut self, flags: NamespaceFlags, calls: Range<usize>) {
        let names = namespace_words(flags);
        let mut options: Vec<String> = names.iter().map(|name| format!("--{name}")).collect();
        if names.contains(&"mount") {
            options.push("--propagation unchanged".into());
        }
        self.text.add_calls(format!("start_container {}", options.join(" ")), calls);
        (self.lives, self.unmapped) = (true, names.contains(&"user"));
        self.enter_root("/");
    }

    /// The root directory of the container's commands from here on.
    fn enter_root(&mut self, root: &str) {
        self.dir = None;
        if root == self.root {
            return;
        }
        self.root = root.into();
        self.text.add(format!("root={}", if root == "/" { String::new() } else { shell_word(root) }));
    }

    /// A trick that only descriptors can do moved the root directory all the same.
    fn root_as_expected(&mut self, round: &Round) {
        let root = round.expect.iter().find_map(|expectation| match &expectation.that {
            Condition::Root(named) if named.side == Side::Inside => Some(named.is.clone()),
            _ => None,
        });
        if let Some(root) = root.filter(|_| self.lives) {
            self.enter_root(&root);
        }
    }

    fn flush(&mut self, inside: bool, block: &mut Vec<(String, Range<usize>)>) {
        let mut lines = std::mem::take(block);
        if inside && lines.iter().all(|(line, _)| line.starts_with('#') || line.starts_with("cd ")) {
            // A working directory belongs to one process, and no command follows that would need it.
            lines.retain(|(_, calls)| !calls.is_empty());
            for (line, _) in &mut lines {
                if let Some(dir) = line.strip_prefix("cd ") {
                    *line = format!("# {}", self.words.say("listing.no-shell", &[&format!("chdir({})", quoted(dir))]));
                }
            }
        }
        let is_comment = |line: &str| line.starts_with('#');
        let commands = lines.iter().filter(|(line, _)| !is_comment(line)).count();
        let is_plain = |line: &str| line.starts_with("if ") || !line.contains(['>', ';', '&', '|']);
        if !inside
            || commands == 0
            || (commands == 1 && lines.iter().all(|(line, _)| is_comment(line) || is_plain(line)))
        {
            for (line, calls) in lines {
                let line = match line.strip_prefix("if ") {
                    _ if !inside || is_comment(&line) => line,
                    Some(rest) => format!("if in_container {rest}"),
                    None => format!("in_container {line}"),
                };
                self.text.add_calls(line, calls);
            }
            return;
        }
        self.text.add("in_container sh -e <<'END'");
        lines.into_iter().for_each(|(line, calls)| self.text.add_calls(line, calls));
        self.text.add("END");
    }

    fn run(&mut self, inside: bool, run: &Run) {
        let join = if inside { "in_container " } else { "" };
        // What prepares must not fail; what looks may.
        let show = if self.step == 0 { "" } else { "show " };
        let line = match run {
            Run::Start(_) => format!("{join}{}", shell_line(run)),
            Run::Shell(shell) => format!("{show}{join}sh -c {}", shell_word(&shell.sh)),
            Run::Words(_) => format!("{show}{join}{}", shell_line(run)),
        };
        self.text.add(line);
    }

    /// What is typed into the shell that the container has become.
    fn type_lines(&mut self, round: &Round) {
        let lines: Vec<&String> = round.types.iter().filter(|line| *line != "exit").collect();
        if lines.is_empty() {
            return;
        }
        self.text.add("in_container sh <<'END'");
        lines.into_iter().for_each(|line| self.text.add(line));
        self.text.add("END");
    }

    fn end_container(&mut self) {
        self.text.add("kill -KILL \"$pid\"\nwait \"$parent\" || :");
        self.lives = false;
    }

    fn form(&self, deed: &Deed) -> Form {
        let form = command(deed.operation, &deed.calls, self.words);
        if self.unmapped && self.acts_inside {
            return Form::None("listing.no-shell-unmapped");
        }
        match (form, deed.refused) {
            (Form::Command(_), Some(_)) if matches!(deed.operation, Operation::Rename(_)) => {
                Form::None("listing.no-shell-rename")
            }
            // mount(8) adds the flags that the mount has, and so is not refused.
            (Form::Command(_), Some(_)) if matches!(deed.operation, Operation::Remount(_)) => {
                Form::None("listing.no-shell-remount")
            }
            (Form::Command(command), Some(errno)) => {
                let note = self.words.say("listing.refused", &[errno]);
                let command = command.replace('\n', "\n    ");
                Form::Command(format!("if {command}; then exit 1; fi  # {note}"))
            }
            (form, _) => form,
        }
    }
}

/// Whether a call depends on the working directory.
fn is_relative(call: &Call) -> bool {
    let relative = |path: &str| !path.starts_with('/');
    match call {
        Call::Mount { source: Some(source), target, flags, .. } => {
            relative(target) || (flags.0 & linux::MS_BIND != 0 && relative(source))
        }
        Call::Sethostname { .. }
        | Call::Write { .. }
        | Call::Close { .. }
        | Call::Kill { .. }
        | Call::Execve { .. } => false,
        other => subject(other).split_once(' ').is_some_and(|(_, path)| relative(path)),
    }
}
