//! The container as seen from the UI: how it is cloned, how execve replaces its agent, what it looks like.

use super::Sandbox;
use super::ask::{PATIENCE, ask, broken, called, no_container};
use super::kept::Kept;
use super::process::{facts, pid_of};
use crate::lab::LabError;
use crate::op::Call;
use crate::sandbox::wire::{Reply, Request, Wire};
use crate::sandbox::{idmap, ledger, sys};
use crate::session::SideState;
use nix::poll::PollTimeout;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

pub(super) struct Agent {
    /// None once execve has replaced the agent.
    pub(super) wire: Option<Wire>,
    pub(super) pidfd: OwnedFd,
    /// Its number in the practice host and on the machine.
    pub(super) pid_host: i32,
    pub(super) pid: i32,
    /// Opened before any chroot.
    pub(super) kept: Kept,
    pub(super) terminal: Option<OwnedFd>,
}

impl Sandbox {
    pub(super) fn clone_container(&mut self, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        if let Some(agent) = &self.agent {
            // A program may end by itself; when it is all done once more, the next clone comes sooner.
            let patience = if agent.wire.is_none() { PATIENCE.as_millis() as u16 } else { 0 };
            if !self.container_ended(PollTimeout::from(patience)) {
                return Err(LabError::Broken("there is a container already".into()));
            }
            self.agent = None;
        }
        let (wire, theirs) = Wire::pair().map_err(|errno| broken("make a socket for the container", errno))?;
        self.ask_stage(&Request::AgentSocket, &[theirs.as_fd()])?;
        drop(theirs);
        let (result, micros) = called(self.ask_stage(&Request::Perform(call.clone()), &[])?.0)?;
        if let Ok(pid_host) = result {
            let pid_host = pid_host as i32;
            let (_, mut fds) = self.ask_stage(&Request::Pidfd { pid: pid_host }, &[])?;
            let pidfd = fds.pop().ok_or_else(|| LabError::Broken("no pidfd came back".into()))?;
            let pid = pid_of(&pidfd).ok_or_else(|| LabError::Broken("the container has ended already".into()))?;
            let kept = Kept::open(pid)?;
            ledger::mount_namespace(pid);
            ask(&wire, "the container", &Request::Hostname { of: None }, &[])?;
            self.agent = Some(Agent { wire: Some(wire), pidfd, pid_host, pid, kept, terminal: None });
        }
        Ok((result, micros))
    }

    pub(super) fn execve(&mut self, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        let agent = self.agent.as_mut().ok_or_else(no_container)?;
        let wire = agent.wire.as_ref().ok_or_else(no_container)?;
        // It is kept even where execve fails: the process is its session's leader, which a hang-up would end.
        match agent.terminal {
            None => agent.terminal = Some(terminal_for(wire, self.stage_pid)?),
            Some(_) => drop(ask(wire, "the container", &Request::Terminal, &[])?),
        }
        let start = Instant::now();
        wire.send(&Request::Perform(call.clone()), &[]).map_err(|errno| broken("ask the container", errno))?;
        match wire.receive_within::<Reply>(PATIENCE).map_err(|errno| broken("hear from the container", errno))? {
            Some((reply, _)) => called(reply),
            // A successful execve closes the agent's socket instead of answering.
            None => {
                let micros = start.elapsed().as_micros() as u64;
                agent.wire = None;
                Ok((Ok(0), micros))
            }
        }
    }
}

/// Makes a terminal the agent's, for the program that replaces it. Gives its master.
fn terminal_for(agent: &Wire, stage_pid: i32) -> Result<OwnedFd, LabError> {
    let pair = nix::pty::openpty(None, None).map_err(|errno| broken("open a pseudo terminal", errno))?;
    for fd in [&pair.master, &pair.slave] {
        nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
            .map_err(|errno| broken("mark the terminal close-on-exec", errno))?;
    }
    let _ = sys::set_window_size(pair.master.as_fd(), 24, 80);
    idmap::give(stage_pid, &[pair.slave.as_fd()]);
    let (_, mut own) = ask(agent, "the container", &Request::Terminal, &[pair.slave.as_fd()])?;
    Ok(own.pop().unwrap_or(pair.master))
}

impl Agent {
    pub(super) fn look(&mut self, stage: &Wire) -> Result<SideState, LabError> {
        let (table, seen) = self.kept.look()?;
        let (reply, _) = match &self.wire {
            Some(wire) => ask(wire, "the container", &Request::Hostname { of: None }, &[])?,
            None => ask(stage, "the practice host", &Request::Hostname { of: Some(self.pid_host) }, &[])?,
        };
        let Reply::Name(hostname) = reply else {
            return Err(LabError::Broken("the container did not tell its name".into()));
        };
        let facts = facts(self.pid, self.pid_host, hostname);
        Ok(SideState { table, seen, facts })
    }
}
