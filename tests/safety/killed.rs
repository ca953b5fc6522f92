//! Killed at every step: nslab, the stage (also while it is stopped), the container's first process; as every user; on a
//! machine whose mounts are private and on one whose mounts are shared.

use crate::common::{Machine, gone, users};
use crate::running::{Outer, Running};
use nix::sys::signal::Signal::{self, SIGKILL, SIGSTOP};
use std::sync::Mutex;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Victim {
    Ui,
    Stage,
    UiWhileStageIsStopped,
    StoppedStage,
    Agent,
}

const VICTIMS: [Victim; 5] =
    [Victim::Ui, Victim::Stage, Victim::UiWhileStageIsStopped, Victim::StoppedStage, Victim::Agent];
/// Before this one there is no container.
const FIRST_WITH_CONTAINER: usize = 3;
/// So many lessons run at a time.
const WORKERS: usize = 4;

fn kill(pid: i32, signal: Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
}

/// Every step, victim and user.
fn cases() -> Vec<(u32, usize, Victim)> {
    let mut all = Vec::new();
    for user in users() {
        for step in 1..=14 {
            for victim in VICTIMS {
                if victim != Victim::Agent || step >= FIRST_WITH_CONTAINER {
                    all.push((user, step, victim));
                }
            }
        }
    }
    all
}

fn strike(mut running: Running, step: usize, victim: Victim) {
    // A prediction waits for an answer; shells can be had there as well.
    running.background_job("host");
    let host_jobs = running.jobs();
    if step >= FIRST_WITH_CONTAINER {
        running.background_job("container");
    }
    let (jobs, mut all) = (running.jobs(), running.processes());
    assert_eq!(jobs.len(), if step >= FIRST_WITH_CONTAINER { 2 } else { 1 });
    let (ui, stage, agent) = (running.pid(), running.stage(), running.agent());
    assert_eq!(agent.is_some(), step >= FIRST_WITH_CONTAINER);
    match victim {
        Victim::Ui => kill(ui, SIGKILL),
        Victim::Stage => kill(stage, SIGKILL),
        Victim::UiWhileStageIsStopped => {
            kill(stage, SIGSTOP);
            kill(ui, SIGKILL);
        }
        Victim::StoppedStage => {
            kill(stage, SIGSTOP);
            kill(stage, SIGKILL);
        }
        Victim::Agent => {
            let agent = agent.unwrap();
            kill(agent, SIGKILL);
            let container: Vec<i32> =
                jobs.iter().copied().filter(|job| !host_jobs.contains(job)).chain([agent]).collect();
            assert!(gone(&container), "the container ends with its first process");
            assert_eq!(running.jobs(), host_jobs, "the practice host goes on");
        }
    }
    if matches!(victim, Victim::Ui | Victim::UiWhileStageIsStopped) {
        all.push(ui);
        assert!(gone(&all), "{all:?}");
        assert!(running.jobs().is_empty());
        let _ = running.child.wait();
        return;
    }
    if victim != Victim::Agent {
        assert!(gone(&all), "{all:?}");
        assert!(running.jobs().is_empty());
    }
    running.say("quit\n");
    let (rest, status) = running.finish();
    assert!(rest.contains("Processes: none of ours is left"), "{rest}");
    assert!(!rest.contains("LEFT"), "{rest}");
    assert_eq!(status, Some(0), "{rest}");
    assert!(gone(&all), "{all:?}");
}

/// Runs every case, some at a time, and names the one that fails.
fn all(start: impl Fn(u32, usize) -> Running + Sync) {
    // The image is made once, before many want it.
    users().into_iter().for_each(|user| drop(start(user, 1).finish()));
    let cases = Mutex::new(cases().into_iter());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some((user, step, victim)) = cases.lock().unwrap().next() else { return };
                    let case = std::panic::AssertUnwindSafe(|| strike(start(user, step), step, victim));
                    if let Err(panic) = std::panic::catch_unwind(case) {
                        eprintln!("as uid {user} at step {step}, killing {victim:?}");
                        std::panic::resume_unwind(panic);
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_is_left_whoever_is_killed() {
    let machine = Machine::look();
    all(Running::at);
    assert_eq!(Machine::look(), machine);
}

/// What a practice host mounts must not travel to a machine that shares its mounts.
#[test]
fn nothing_is_left_where_mounts_are_shared() {
    let (machine, outer) = (Machine::look(), Outer::shared());
    let before = outer.table();
    all(|user, step| {
        let running = Running::start(outer.nslab(user), step);
        assert_eq!(outer.table(), before, "uid {user}, step {step}");
        running
    });
    assert_eq!(outer.table(), before);
    drop(outer);
    assert_eq!(Machine::look(), machine);
}
