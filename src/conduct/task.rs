//! Tasks: watches what is done by hand, and types a solution.

use super::round::{calls, files_of_task, look};
use crate::lab::{Lab, LabError, Shell, TerminalKind, prompt};
use crate::lesson::{Choice, Goal, Side, Step, Task};
use crate::op::Actor;
use crate::session::{CommandRecord, RoundRecord, Snapshot, holds};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// A shell that shows no prompt and prints nothing for so long runs a program that waits.
const QUIET: Duration = Duration::from_millis(500);
/// How long a line of a solution may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The size of the terminal that a solution is typed into, in cells.
const SIZE: (u16, u16) = (24, 80);

/// How both sides are now, compared with a moment before, with the files that the step's task asks about.
pub(super) fn moment(lab: &mut dyn Lab, step: &Step, before: &Snapshot) -> Result<RoundRecord, LabError> {
    let after = lab.snapshot()?;
    let files_after = look(lab, &files_of_task(step))?;
    Ok(RoundRecord { files_after, ..RoundRecord::between(before.clone(), after) })
}

/// Tells of each change until `over` is readable or closed at its other end. Returns the whole change.
pub fn watch(
    lab: &mut dyn Lab,
    step: &Step,
    before: &Snapshot,
    over: BorrowedFd,
    tell: &mut dyn FnMut(RoundRecord),
) -> Result<RoundRecord, LabError> {
    let mut last = before.clone();
    while lab.wait(over)? {
        let record = moment(lab, step, &last)?;
        last = record.after.clone();
        tell(record);
    }
    moment(lab, step, before)
}

/// Whether a task's conditions hold at a moment, before anybody did anything.
pub fn is_done(task: &Task, at: &RoundRecord) -> bool {
    !task.until.is_empty() && task.until.iter().all(|goal| holds(goal.condition(), at) == Some(true))
}

/// Performs an operation that the task offers.
pub fn try_out(lab: &mut dyn Lab, step: &Step, choice: &Choice, before: &Snapshot) -> Result<RoundRecord, LabError> {
    let mut done = RoundRecord::default();
    calls(lab, choice.actor, std::slice::from_ref(&choice.does), &mut done)?;
    let record = moment(lab, step, before)?;
    Ok(RoundRecord { actor: Some(choice.actor), calls: done.calls, ..record })
}

/// Types the task's solution, each line into a shell of its side, and waits for what the task wants. Returns how things
/// stood before, and what was done: one command a line with what the shell printed; `ticked` says which conditions held
/// on the way, since one that must hold only once may have come and gone.
pub fn solve(lab: &mut dyn Lab, step: &Step, before: &Snapshot) -> Result<(RoundRecord, RoundRecord), LabError> {
    let begun = moment(lab, step, before)?;
    let Some(task) = &step.task else { return Err(LabError::Broken(format!("the step {} has no task", step.id))) };
    let mut shells: Vec<(Actor, Shell)> = Vec::new();
    let mut commands = Vec::new();
    let mut ticked = vec![false; task.until.len()];
    for line in &task.solution {
        let (actor, text) = line.parts();
        let open = shells.iter().position(|(side, _)| *side == actor);
        let index = match open {
            Some(index) => index,
            None => {
                let side = if actor == Actor::Host { Side::Outside } else { Side::Inside };
                let shell = lab.shell(side, TerminalKind { name: "dumb".into(), rows: SIZE.0, columns: SIZE.1 })?;
                until_prompt(&shell, actor)?;
                shells.push((actor, shell));
                shells.len() - 1
            }
        };
        let shell = &shells[index].1;
        let broken = |errno: nix::errno::Errno| LabError::Broken(format!("type into a shell: {errno}"));
        nix::unistd::write(&shell.master, format!("{text}\n").as_bytes()).map_err(broken)?;
        let output = until_prompt(shell, actor)?;
        commands.push(CommandRecord { line: text.into(), output, status: None, typed: true });
        let record = moment(lab, step, before)?;
        for (tick, goal) in ticked.iter_mut().zip(&task.until) {
            *tick |= matches!(goal, Goal::Once(_)) && holds(goal.condition(), &record) == Some(true);
        }
    }
    let end = Instant::now() + PATIENCE;
    let record = loop {
        let record = moment(lab, step, before)?;
        let all =
            task.until.iter().zip(&ticked).all(|(goal, tick)| *tick || holds(goal.condition(), &record) == Some(true));
        if all || Instant::now() > end {
            break record;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Ok((begun, RoundRecord { commands, ticked, ..record }))
}

/// What a shell prints until it waits for the next line.
fn until_prompt(shell: &Shell, actor: Actor) -> Result<String, LabError> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = Instant::now() + PATIENCE;
    let quiet = PollTimeout::try_from(QUIET).unwrap_or(PollTimeout::MAX);
    while Instant::now() < end && !bytes.ends_with(prompt(actor).as_bytes()) {
        let mut fds = [PollFd::new(shell.master.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut fds, quiet).map_err(|errno| LabError::Broken(format!("wait for a shell: {errno}")))?;
        if ready == 0 {
            break;
        }
        match nix::unistd::read(&shell.master, &mut buffer) {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
    Ok(String::from_utf8_lossy(&bytes).replace('\r', ""))
}
