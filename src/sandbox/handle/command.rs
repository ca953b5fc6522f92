//! Commands that a step runs on either side: what they get, and what they print until they end.

use super::Sandbox;
use super::ask::{PATIENCE, broken};
use crate::lab::{LabError, prompt};
use crate::lesson::Run;
use crate::op::Actor;
use crate::sandbox::idmap;
use crate::sandbox::wire::Request;
use crate::session::CommandRecord;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

/// Of a command's output no more than this is kept, in bytes.
pub(super) const OUTPUT: usize = 1 << 20;

impl Sandbox {
    pub(super) fn environment(&self, term: &str, actor: Actor) -> Vec<String> {
        let mut env = self.env.to_vec();
        env.extend(["HISTFILE=".into(), format!("PS1={}", prompt(actor))]);
        env.push(format!("TERM={term}"));
        env
    }

    pub(super) fn spawn(&mut self, actor: Actor, command: &Run) -> Result<CommandRecord, LabError> {
        let join = self.join_pid(actor)?;
        let pipe = || nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| broken("make a pipe", errno));
        // An empty pipe without a writer: end of file for whoever reads standard input.
        let (stdin, _) = pipe()?;
        let (output, stdout) = pipe()?;
        let (ended, report) = pipe()?;
        idmap::give(self.stage_pid, &[stdin.as_fd(), stdout.as_fd()]);
        let (args, wait) = match command {
            Run::Words(line) => (line.split_whitespace().map(str::to_string).collect(), true),
            Run::Shell(shell) => (vec!["/bin/sh".into(), "-c".into(), shell.sh.clone()], true),
            Run::Start(start) => (start.start.split_whitespace().map(str::to_string).collect(), false),
        };
        let env = self.environment("dumb", actor);
        let request = Request::Spawn { args, env, join, terminal: false };
        self.ask_stage(&request, &[stdin.as_fd(), stdout.as_fd(), report.as_fd()])?;
        drop((stdout, report));
        let line = command.line().to_string();
        let mut record = CommandRecord { line, output: String::new(), status: None, typed: false };
        if wait {
            let (bytes, status) = collect(output, ended)?;
            record.output = String::from_utf8_lossy(&bytes).into_owned();
            record.status = Some(status);
        }
        Ok(record)
    }
}

/// Reads what a program prints until its exit status is reported. Background children may keep the pipe open.
fn collect(output: OwnedFd, ended: OwnedFd) -> Result<(Vec<u8>, i32), LabError> {
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    let mut status = None;
    loop {
        let wait = if status.is_some() {
            PollTimeout::ZERO
        } else {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LabError::Broken("a command did not end in 20 seconds".into()));
            }
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        };
        let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN), PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
        if status.is_some() {
            fds[1] = PollFd::new(output.as_fd(), PollFlags::POLLIN);
        }
        match nix::poll::poll(&mut fds, wait) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(broken("wait for a command", errno)),
        }
        let events = |index: usize| fds[index].revents().unwrap_or(PollFlags::empty());
        if events(0).contains(PollFlags::POLLIN) {
            let count = nix::unistd::read(&output, &mut buffer).unwrap_or(0);
            if bytes.len() < OUTPUT {
                bytes.extend_from_slice(&buffer[..count]);
            }
            continue;
        }
        if let Some(status) = status {
            return Ok((bytes, status));
        }
        if !events(1).is_empty() {
            let mut raw = [0; 4];
            let count = nix::unistd::read(&ended, &mut raw).unwrap_or(0);
            if count < 4 {
                return Err(LabError::Broken("the practice host ended while a command ran".into()));
            }
            status = Some(i32::from_ne_bytes(raw));
        } else if !events(0).is_empty() {
            // The output's other end is closed; only the status is still to come.
            let mut only = [PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
            let left = deadline.saturating_duration_since(Instant::now());
            let _ = nix::poll::poll(&mut only, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX));
        }
    }
}
