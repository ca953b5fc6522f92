//! The UI's end of the lab: makes the stage, asks it and the agent, and looks at both from outside.

mod ask;
mod command;
mod container;
mod kept;
mod process;
mod start;

use super::elsewhere::namespaces_of;
use super::host::environment;
use super::wire::{BuildHost, NamespaceIds, Reply, Request, Wire};
use super::{idmap, ledger, sys};
use crate::lab::{Lab, LabError, Shell, TerminalKind};
use crate::lesson::{HostKind, HostSpec, Run, Side};
use crate::op::{Actor, Call};
use crate::session::{CommandRecord, FileState, SideState, Snapshot};
use ask::{ask, broken, called, no_container};
use command::OUTPUT;
use container::Agent;
use kept::Kept;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use process::facts;
use start::{start_stage, start_stage_in_copy};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

const HOSTNAME: &str = "lab-host";

/// One practice host with its container. Dropping it ends both, with everything that runs in them.
pub struct Sandbox {
    stage: Wire,
    stage_pid: i32,
    host: ledger::Host,
    /// Whether the practice host has a user namespace of its own.
    pub confined: bool,
    outside: Kept,
    agent: Option<Agent>,
    /// How both sides were when they were last looked at.
    known: Option<Snapshot>,
    /// Whether the last wait was told of a change outside, and of one inside.
    told: [bool; 2],
    /// PATH and HOME of the programs on both sides.
    env: [String; 2],
}

impl Sandbox {
    /// Starts a practice host. Must be called on the thread that will drop it: the stage dies with that thread.
    pub fn start(spec: &HostSpec, kind: HostKind, layers: &[(String, String)]) -> Result<Sandbox, LabError> {
        let build = BuildHost {
            kind,
            layers: layers.to_vec(),
            lab: spec.lab.clone(),
            shared: spec.shared,
            hostname: HOSTNAME.into(),
        };
        let (stage, host, confined) = match kind {
            HostKind::Tidy => start_stage()?,
            HostKind::Copy => start_stage_in_copy(&build)?,
        };
        let stage_pid = host.pid();
        let outside = Kept::open(stage_pid).inspect_err(|_| host.end())?;
        // From here on dropping the sandbox ends and reaps the stage.
        let mut sandbox = Sandbox {
            stage,
            stage_pid,
            host,
            confined,
            outside,
            agent: None,
            known: None,
            told: [false; 2],
            env: environment(kind, &spec.lab),
        };
        let machine: NamespaceIds = namespaces_of("self");
        sandbox.ask_stage(&Request::Hello { machine }, &[])?;
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let open = |(_, path): &(String, String)| {
            nix::fcntl::open(path.as_str(), flags, nix::sys::stat::Mode::empty()).map_err(|errno| LabError::Failed {
                tried: format!("open the image layer {path}"),
                errno: errno as i32,
            })
        };
        let layers = layers.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let layers: Vec<BorrowedFd> = layers.iter().map(OwnedFd::as_fd).collect();
        sandbox.ask_stage(&Request::Build(build), &layers).map_err(|error| match error {
            LabError::Failed { tried, errno } => super::doctor::refused(&tried, Errno::from_raw(errno)),
            other => other,
        })?;
        // The list of the old root, which is gone, is empty.
        sandbox.outside = Kept::open(stage_pid)?;
        ledger::mount_namespace(stage_pid);
        Ok(sandbox)
    }

    fn ask_stage(&mut self, request: &Request, fds: &[BorrowedFd]) -> Result<(Reply, Vec<OwnedFd>), LabError> {
        ask(&self.stage, "the practice host", request, fds)
    }

    /// Whether the container's first process has ended, or ends within a time.
    fn container_ended(&self, patience: PollTimeout) -> bool {
        self.agent.as_ref().is_some_and(|agent| {
            let mut fds = [PollFd::new(agent.pidfd.as_fd(), PollFlags::POLLIN)];
            nix::poll::poll(&mut fds, patience).is_ok_and(|ready| ready > 0)
        })
    }

    fn join_pid(&self, actor: Actor) -> Result<Option<i32>, LabError> {
        match actor {
            Actor::Host => Ok(None),
            Actor::Container if self.container_ended(PollTimeout::ZERO) => Err(no_container()),
            Actor::Container => self.agent.as_ref().map(|agent| Some(agent.pid_host)).ok_or_else(no_container),
        }
    }

    fn outside(&mut self) -> Result<SideState, LabError> {
        let (table, seen) = self.outside.look()?;
        let Reply::Name(hostname) = self.ask_stage(&Request::Hostname { of: None }, &[])?.0 else {
            return Err(LabError::Broken("the practice host did not tell its name".into()));
        };
        Ok(SideState { table, seen, facts: facts(self.stage_pid, 1, hostname) })
    }

    /// The container, or None where there is none. It may end while it is looked at: its root and namespaces go before
    /// its pidfd tells, so a look that fails waits for that before it counts as trouble.
    fn inside(&mut self) -> Result<Option<SideState>, LabError> {
        let look = match &mut self.agent {
            Some(agent) => agent.look(&self.stage).map(Some),
            None => Ok(None),
        };
        let patience = if look.is_err() { PollTimeout::from(1000u16) } else { PollTimeout::ZERO };
        let state = if self.container_ended(patience) { None } else { look? };
        if state.is_none() {
            // A kept descriptor would keep the namespace, and its mounts, alive.
            self.agent = None;
        }
        Ok(state)
    }
}

impl Lab for Sandbox {
    fn perform(&mut self, actor: Actor, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        match (actor, call) {
            (Actor::Host, Call::Clone { .. }) => self.clone_container(call),
            (Actor::Container, Call::Execve { .. }) => self.execve(call),
            (Actor::Host, Call::Execve { .. }) | (Actor::Container, Call::Clone { .. }) => Err(LabError::Broken(
                format!("{} is not for this side: only the host clones, only the container execs", call.name()),
            )),
            // The stage keeps its own place: what it looks up, and who joins it, depends on that.
            (Actor::Host, Call::Chroot { .. } | Call::PivotRoot { .. } | Call::Unshare { .. } | Call::Setns { .. }) => {
                Err(LabError::Broken(format!("{} is for the container only", call.name())))
            }
            (Actor::Host, _) => called(self.ask_stage(&Request::Perform(call.clone()), &[])?.0),
            (Actor::Container, _) => {
                let agent = self.agent.as_ref().ok_or_else(no_container)?;
                let wire = agent.wire.as_ref().ok_or_else(no_container)?;
                called(ask(wire, "the container", &Request::Perform(call.clone()), &[])?.0)
            }
        }
    }

    fn run(&mut self, actor: Actor, command: &Run) -> Result<CommandRecord, LabError> {
        self.spawn(actor, command)
    }

    fn container(&self) -> Option<i32> {
        self.agent.as_ref().map(|agent| agent.pid_host)
    }

    fn type_line(&mut self, line: &str) -> Result<(), LabError> {
        let terminal = self.agent.as_ref().and_then(|agent| agent.terminal.as_ref()).ok_or_else(no_container)?;
        nix::unistd::write(terminal, format!("{line}\n").as_bytes())
            .map(drop)
            .map_err(|errno| broken("type into the container's terminal", errno))
    }

    fn typed_output(&mut self) -> Result<String, LabError> {
        let Some(terminal) = self.agent.as_ref().and_then(|agent| agent.terminal.as_ref()) else {
            return Ok(String::new());
        };
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let mut fds = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
            let readable = nix::poll::poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
                && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN));
            match readable.then(|| nix::unistd::read(terminal, &mut buffer)) {
                Some(Ok(count)) if count > 0 && bytes.len() < OUTPUT => bytes.extend_from_slice(&buffer[..count]),
                _ => return Ok(String::from_utf8_lossy(&bytes).replace('\r', "")),
            }
        }
    }

    fn snapshot(&mut self) -> Result<Snapshot, LabError> {
        let outside = self.outside()?;
        let inside = self.inside()?;
        for side in std::iter::once(&outside).chain(&inside) {
            ledger::seen(&side.table, &side.facts.hostname);
        }
        let now = Snapshot { outside: Arc::new(outside), inside: inside.map(Arc::new) };
        self.known = Some(now.clone());
        Ok(now)
    }

    fn file(&mut self, side: Side, path: &str) -> Result<Option<FileState>, LabError> {
        let pid = match side {
            Side::Outside => self.stage_pid,
            Side::Inside => match &self.agent {
                Some(agent) => agent.pid,
                None => return Ok(None),
            },
        };
        Ok(super::file::look(pid, self.stage_pid, path).ok())
    }

    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError> {
        loop {
            let mut fds =
                vec![PollFd::new(over, PollFlags::POLLIN), PollFd::new(self.outside.as_fd(), PollFlags::POLLPRI)];
            if let Some(agent) = &self.agent {
                fds.push(PollFd::new(agent.kept.as_fd(), PollFlags::POLLPRI));
                fds.push(PollFd::new(agent.pidfd.as_fd(), PollFlags::POLLIN));
            }
            match nix::poll::poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => {
                    let told = |index: usize| fds.get(index).is_some_and(|fd| fd.any() == Some(true));
                    self.told = [told(1), told(2)];
                    return Ok(!told(0));
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(broken("wait for a change", errno)),
            }
        }
    }

    fn tables(&mut self) -> Result<Option<Snapshot>, LabError> {
        let Some(known) = self.known.clone() else { return Ok(None) };
        let now = |told: bool, state: Arc<SideState>, kept: &Kept| match told {
            true => kept.follow(&state).map(Arc::new),
            false => Some(state),
        };
        let outside = now(self.told[0], known.outside, &self.outside);
        let inside = match (&self.agent, known.inside) {
            (Some(agent), Some(state)) => now(self.told[1], state, &agent.kept).map(Some),
            (None, None) => Some(None),
            // It was cloned since.
            _ => None,
        };
        Ok(outside.zip(inside).map(|(outside, inside)| Snapshot { outside, inside }))
    }

    fn shell(&mut self, side: Side, terminal: TerminalKind) -> Result<Shell, LabError> {
        let actor = if side == Side::Outside { Actor::Host } else { Actor::Container };
        let join = self.join_pid(actor)?;
        let pair = nix::pty::openpty(None, None).map_err(|errno| broken("open a pseudo terminal", errno))?;
        let _ = nix::fcntl::fcntl(&pair.master, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC));
        let _ = sys::set_window_size(pair.master.as_fd(), terminal.rows, terminal.columns);
        idmap::give(self.stage_pid, &[pair.slave.as_fd()]);
        let (ended, report) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| broken("make a pipe", errno))?;
        let env = self.environment(&terminal.name, actor);
        let (socket, theirs) = Wire::pair().map_err(|errno| broken("make a socket for a terminal", errno))?;
        let request = Request::Spawn { args: vec!["sh".into()], env, join, terminal: true };
        self.ask_stage(&request, &[pair.slave.as_fd(), theirs.as_fd(), report.as_fd()])?;
        drop(theirs);
        // It was sent before the shell began, or never will be.
        let own = socket.receive_within::<Reply>(Duration::ZERO).ok().flatten().and_then(|(_, mut fds)| fds.pop());
        Ok(Shell { master: own.unwrap_or(pair.master), ended })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.agent = None;
        self.host.end();
    }
}
