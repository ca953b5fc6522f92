//! The calls of a lesson as a program: the classic demo as C, rendered from the calls that run.

use crate::lesson::Lesson;
use crate::op::{Actor, Call, lower};

/// One line of the program, and the step (from 0) whose call it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramLine {
    pub text: String,
    pub step: Option<usize>,
}

/// All calls of a lesson: `(step, is the host's, call)`.
pub fn calls_of(lesson: &Lesson) -> Vec<(usize, bool, Call)> {
    let rounds =
        lesson.steps.iter().enumerate().flat_map(|(index, step)| step.rounds.iter().map(move |round| (index, round)));
    rounds
        .flat_map(|(index, round)| {
            round.does.iter().flat_map(lower).map(move |call| (index, round.actor == Actor::Host, call))
        })
        .collect()
}

/// The program that makes these calls: `(step, is the host's, call)` in the order of the lesson.
pub fn program(calls: &[(usize, bool, Call)]) -> Vec<ProgramLine> {
    let plain = |text: &str| ProgramLine { text: text.into(), step: None };
    let statement = |step: usize, text: String| ProgramLine { text: format!("    {text};"), step: Some(step) };
    let mut lines = vec![plain("#define _GNU_SOURCE"), plain("int child(void *arg) {")];
    for (step, _, call) in calls.iter().filter(|(_, host, _)| !host) {
        let text = match call {
            Call::Open { fd, .. } | Call::OpenTree { fd, .. } => format!("int {fd} = {call}"),
            Call::Execve { path, .. } => format!("execve({}, argv, envp)", crate::op::quoted(path)),
            _ => call.to_string(),
        };
        lines.push(statement(*step, text));
    }
    lines.push(plain("    return 1;  /* reached only if execve failed */"));
    lines.push(plain("}"));
    lines.push(plain("int main(void) {"));
    for (step, _, call) in calls.iter().filter(|(_, host, _)| *host) {
        let text = match call {
            Call::Clone { .. } => format!("pid_t pid = {call}"),
            _ => call.to_string(),
        };
        lines.push(statement(*step, text));
    }
    lines.push(plain("    waitpid(pid, NULL, 0);"));
    lines.push(plain("}"));
    lines
}
