//! The UI's end of the lab: makes the stage, asks it and the agent, and looks at both from outside.

use super::elsewhere::namespaces_of;
use super::host::environment;
use super::idmap;
use super::ledger;
use super::sys;
use super::table::read_table;
use super::wire::{BuildHost, HostKind, NamespaceIds, Reply, Request, Wire};
use crate::lab::{Lab, LabError, Shell, prompt};
use crate::lesson::{HostSpec, Run, Side};
use crate::mounts::MountTable;
use crate::op::{Actor, Call};
use crate::session::{CommandRecord, Facts, FileState, SideState, Snapshot};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

const HOSTNAME: &str = "lab-host";
/// A step's command that runs longer is given up; so is a stage or an agent that somebody has stopped.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of a command's output no more than this is kept, in bytes.
const OUTPUT: usize = 1 << 20;

/// One practice host with its container. Dropping it ends both, with everything that runs in them.
pub struct Sandbox {
    stage: Wire,
    stage_pid: i32,
    host: ledger::Host,
    /// Whether the practice host has a user namespace of its own.
    pub confined: bool,
    outside: File,
    table_outside: MountTable,
    agent: Option<Agent>,
    /// PATH and HOME of the programs on both sides.
    env: [String; 2],
}

struct Agent {
    /// None once execve has replaced the agent.
    wire: Option<Wire>,
    pidfd: OwnedFd,
    /// Its number in the practice host and on the machine.
    pid_host: i32,
    pid: i32,
    /// Opened before any chroot: shows the whole namespace for good, until the process moves to another one.
    mountinfo: File,
    /// The inode number of the mount namespace that `mountinfo` shows.
    namespace: Option<u64>,
    table: MountTable,
    terminal: Option<OwnedFd>,
}

fn broken(what: &str, errno: Errno) -> LabError {
    LabError::Broken(format!("{what}: {} ({errno:?})", errno.desc()))
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
        let outside = mountinfo(stage_pid).inspect_err(|_| host.end())?;
        // From here on dropping the sandbox ends and reaps the stage.
        let mut sandbox = Sandbox {
            stage,
            stage_pid,
            host,
            confined,
            outside,
            table_outside: MountTable::default(),
            agent: None,
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
        // One opened before pivot_root reads empty once the old root is gone.
        sandbox.outside = mountinfo(stage_pid)?;
        ledger::mount_namespace(stage_pid);
        Ok(sandbox)
    }

    fn ask_stage(&mut self, request: &Request, fds: &[BorrowedFd]) -> Result<(Reply, Vec<OwnedFd>), LabError> {
        ask(&self.stage, "the practice host", request, fds)
    }

    fn clone_container(&mut self, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        if self.agent.is_some() {
            return Err(LabError::Broken("there is a container already".into()));
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
            let mountinfo = mountinfo(pid)?;
            ledger::mount_namespace(pid);
            ask(&wire, "the container", &Request::Hostname { of: None }, &[])?;
            self.agent = Some(Agent {
                wire: Some(wire),
                pidfd,
                pid_host,
                pid,
                mountinfo,
                namespace: None,
                table: MountTable::default(),
                terminal: None,
            });
        }
        Ok((result, micros))
    }

    fn execve(&mut self, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        let agent = self.agent.as_mut().ok_or_else(no_container)?;
        let wire = agent.wire.as_ref().ok_or_else(no_container)?;
        let pair = nix::pty::openpty(None, None).map_err(|errno| broken("open a pseudo terminal", errno))?;
        for fd in [&pair.master, &pair.slave] {
            nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
                .map_err(|errno| broken("mark the terminal close-on-exec", errno))?;
        }
        let _ = sys::set_window_size(pair.master.as_fd(), 24, 80);
        idmap::give(self.stage_pid, &[pair.slave.as_fd()]);
        ask(wire, "the container", &Request::Terminal, &[pair.slave.as_fd()])?;
        drop(pair.slave);
        let start = Instant::now();
        wire.send(&Request::Perform(call.clone()), &[]).map_err(|errno| broken("ask the container", errno))?;
        match wire.receive_within::<Reply>(PATIENCE).map_err(|errno| broken("hear from the container", errno))? {
            Some((reply, _)) => called(reply),
            // A successful execve closes the agent's socket instead of answering.
            None => {
                let micros = start.elapsed().as_micros() as u64;
                agent.wire = None;
                agent.terminal = Some(pair.master);
                Ok((Ok(0), micros))
            }
        }
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

    fn environment(&self, terminal: bool, actor: Actor) -> Vec<String> {
        let mut env = self.env.to_vec();
        env.extend(["HISTFILE=".into(), format!("PS1={}", prompt(actor))]);
        let term = std::env::var("TERM").unwrap_or_default();
        env.push(format!("TERM={}", if terminal && !term.is_empty() { &term } else { "dumb" }));
        env
    }

    fn spawn(&mut self, actor: Actor, command: &Run) -> Result<CommandRecord, LabError> {
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
        let env = self.environment(false, actor);
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

    fn outside(&mut self) -> Result<SideState, LabError> {
        let raw = read_table(&mut self.outside).map_err(unreadable)?;
        self.table_outside = self.table_outside.reparse(raw);
        let Reply::Name(hostname) = self.ask_stage(&Request::Hostname { of: None }, &[])?.0 else {
            return Err(LabError::Broken("the practice host did not tell its name".into()));
        };
        let table = self.table_outside.clone();
        let facts = facts(self.stage_pid, 1, hostname);
        Ok(SideState { seen: table.clone(), table, facts })
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

impl Agent {
    fn look(&mut self, stage: &Wire) -> Result<SideState, LabError> {
        let namespace =
            namespaces_of(&self.pid.to_string()).into_iter().find(|(kind, _)| kind == "mnt").map(|(_, id)| id);
        let mut raw = read_table(&mut self.mountinfo).map_err(unreadable)?;
        // After setns or unshare the descriptor shows a namespace that the process has left; after pivot_root, once the
        // old root is gone, nothing.
        if raw.is_empty() || (self.namespace.is_some() && self.namespace != namespace) {
            self.mountinfo = File::open(format!("/proc/{}/mountinfo", self.pid)).map_err(unreadable)?;
            raw = read_table(&mut self.mountinfo).map_err(unreadable)?;
        }
        self.namespace = namespace;
        self.table = self.table.reparse(raw);
        let (reply, _) = match &self.wire {
            Some(wire) => ask(wire, "the container", &Request::Hostname { of: None }, &[])?,
            None => ask(stage, "the practice host", &Request::Hostname { of: Some(self.pid_host) }, &[])?,
        };
        let Reply::Name(hostname) = reply else {
            return Err(LabError::Broken("the container did not tell its name".into()));
        };
        let facts = facts(self.pid, self.pid_host, hostname);
        let table = self.table.clone();
        // Its root may be called / and yet lie in another namespace, whose rows are not in its table: only its own
        // list tells.
        let raw = File::open(format!("/proc/{}/mountinfo", self.pid)).and_then(|mut file| read_table(&mut file));
        let seen = self.table.reparse(raw.map_err(unreadable)?);
        Ok(SideState { table, seen, facts })
    }

    /// A list opened before pivot_root shows what lies below the old root only.
    fn pivoted(&mut self) -> Result<(), LabError> {
        self.mountinfo = File::open(format!("/proc/{}/mountinfo", self.pid)).map_err(unreadable)?;
        Ok(())
    }
}

fn mountinfo(pid: i32) -> Result<File, LabError> {
    let path = format!("/proc/{pid}/mountinfo");
    File::open(&path).map_err(|error| LabError::Broken(format!("open {path}: {error}")))
}

fn unreadable(error: std::io::Error) -> LabError {
    LabError::Broken(format!("read a mount table: {error}"))
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
                let agent = self.agent.as_mut().ok_or_else(no_container)?;
                let wire = agent.wire.as_ref().ok_or_else(no_container)?;
                let answer = called(ask(wire, "the container", &Request::Perform(call.clone()), &[])?.0)?;
                if matches!((call, &answer), (Call::PivotRoot { .. }, (Ok(_), _))) {
                    agent.pivoted()?;
                }
                Ok(answer)
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
        Ok(Snapshot { outside: Arc::new(outside), inside: inside.map(Arc::new) })
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
                fds.push(PollFd::new(agent.mountinfo.as_fd(), PollFlags::POLLPRI));
                fds.push(PollFd::new(agent.pidfd.as_fd(), PollFlags::POLLIN));
            }
            match nix::poll::poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => return Ok(fds[0].revents().is_none_or(|events| events.is_empty())),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(broken("wait for a change", errno)),
            }
        }
    }

    fn shell(&mut self, side: Side, rows: u16, columns: u16) -> Result<Shell, LabError> {
        let actor = if side == Side::Outside { Actor::Host } else { Actor::Container };
        let join = self.join_pid(actor)?;
        let pair = nix::pty::openpty(None, None).map_err(|errno| broken("open a pseudo terminal", errno))?;
        let _ = nix::fcntl::fcntl(&pair.master, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC));
        let _ = sys::set_window_size(pair.master.as_fd(), rows, columns);
        idmap::give(self.stage_pid, &[pair.slave.as_fd()]);
        let (ended, report) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| broken("make a pipe", errno))?;
        let env = self.environment(true, actor);
        let request = Request::Spawn { args: vec!["sh".into()], env, join, terminal: true };
        self.ask_stage(&request, &[pair.slave.as_fd(), report.as_fd()])?;
        Ok(Shell { master: pair.master, ended })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.agent = None;
        self.host.end();
    }
}

fn no_container() -> LabError {
    LabError::Broken("there is no container (any more) that could do this".into())
}

fn ask(wire: &Wire, who: &str, request: &Request, fds: &[BorrowedFd]) -> Result<(Reply, Vec<OwnedFd>), LabError> {
    wire.send(request, fds).map_err(|errno| broken(&format!("ask {who}"), errno))?;
    match wire.receive_within::<Reply>(PATIENCE).map_err(|errno| broken(&format!("hear from {who}"), errno))? {
        None => Err(LabError::Broken(format!("{who} has ended"))),
        Some((Reply::Refused(why), _)) => Err(LabError::Broken(format!("{who} refused: {why}"))),
        Some((Reply::Failed { tried, errno }, _)) => Err(LabError::Failed { tried, errno }),
        Some(answer) => Ok(answer),
    }
}

fn called(reply: Reply) -> Result<(Result<i64, i32>, u64), LabError> {
    match reply {
        Reply::Called { result, micros } => Ok((result, micros)),
        other => Err(LabError::Broken(format!("unexpected answer to a call: {other:?}"))),
    }
}

/// The machine's number of a pidfd's process (proc_pid_fdinfo(5)).
fn pid_of(pidfd: &OwnedFd) -> Option<i32> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok().filter(|&pid| pid > 0)
}

fn facts(pid: i32, pid_host: i32, hostname: String) -> Facts {
    let of = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let status = String::from_utf8_lossy(&of("status")).into_owned();
    let inner =
        status.lines().find_map(|line| line.strip_prefix("NSpid:")).and_then(|all| all.split_whitespace().last());
    let command = of("cmdline");
    let program = command.split(|&byte| byte == 0).next().unwrap_or_default();
    Facts {
        namespaces: namespaces_of(&pid.to_string()),
        hostname,
        root: std::fs::read_link(format!("/proc/{pid}/root"))
            .map_or_else(|_| "?".into(), |root| root.display().to_string()),
        pid_outside: pid,
        pid_inside: inner.and_then(|number| number.parse().ok()).unwrap_or(0),
        pid_host,
        program: String::from_utf8_lossy(program).into_owned(),
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

/// Clones the stage, in a user namespace if this machine allows one.
fn start_stage() -> Result<(Wire, ledger::Host, bool), LabError> {
    let base = libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
    match try_stage(base | libc::CLONE_NEWUSER, true) {
        Ok((wire, host)) => Ok((wire, host, true)),
        Err((what, errno)) if nix::unistd::geteuid().is_root() => match try_stage(base, false) {
            Ok((wire, host)) => Ok((wire, host, false)),
            Err(_) => Err(super::doctor::refused(&what, errno)),
        },
        Err((what, errno)) => Err(super::doctor::refused(&what, errno)),
    }
}

/// Starts a process that copies the machine's mount table and clones the stage, into a user namespace always: without one
/// root could undo what protects the machine's files. It has ended when this returns.
fn start_stage_in_copy(build: &BuildHost) -> Result<(Wire, ledger::Host, bool), LabError> {
    let is_root = nix::unistd::geteuid().is_root();
    let namespaces = libc::CLONE_NEWNS | if is_root { 0 } else { libc::CLONE_NEWUSER };
    let refused = |what: &str, errno| super::doctor::refused(what, errno);
    let (wire, outer) = try_process(namespaces, !is_root).map_err(|(what, errno)| refused(&what, errno))?;
    let owner = if is_root { idmap::stranger_here() } else { 0 };
    if is_root && owner == 0 {
        // Whoever is the machine's root may write to /proc/sys, whatever user namespace it is in.
        end(outer);
        return Err(refused("give the lab to a user who owns nothing", Errno::EINVAL));
    }
    let request = Request::Descend { machine: namespaces_of("self"), host: build.clone(), owner };
    let answer = ask(&wire, "the practice host", &request, &[]);
    end(outer);
    match answer {
        Ok((Reply::Started { pid }, _)) => {
            let what = "open the practice host's namespaces";
            let host = ledger::host(pid).map_err(|errno| refused(what, errno))?;
            Ok((wire, host, true))
        }
        Ok((other, _)) => Err(LabError::Broken(format!("unexpected answer to a descent: {other:?}"))),
        Err(LabError::Failed { tried, errno }) => Err(refused(&tried, Errno::from_raw(errno))),
        Err(error) => Err(error),
    }
}

/// Ends a child of this process that is in no ledger.
fn end(child: i32) {
    let pid = nix::unistd::Pid::from_raw(child);
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
    while let Err(Errno::EINTR) = nix::sys::wait::waitpid(pid, None) {}
}

fn try_stage(namespaces: i32, map: bool) -> Result<(Wire, ledger::Host), (String, Errno)> {
    let (wire, pid) = try_process(namespaces, map)?;
    let host = ledger::host(pid).map_err(|errno| ("open the practice host's namespaces".to_string(), errno))?;
    Ok((wire, host))
}

/// A child that runs the stage's program in new namespaces. Until it is in the ledger it must not be waited for by
/// anybody else.
fn try_process(namespaces: i32, map: bool) -> Result<(Wire, i32), (String, Errno)> {
    let step = |what: &str| {
        let what = what.to_string();
        move |errno: Errno| (what, errno)
    };
    let program = program().map_err(|errno| ("copy nslab's own program".to_string(), errno))?;
    let (wire, theirs) = Wire::pair().map_err(step("socketpair"))?;
    let (go_read, go) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(step("pipe"))?;
    let (trouble, trouble_write) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(step("pipe"))?;
    let start = sys::StageStart {
        namespaces,
        program: program.as_fd(),
        socket: theirs.as_fd(),
        go: go_read.as_fd(),
        go_writer: go.as_fd(),
        trouble: trouble_write.as_fd(),
    };
    let pid = sys::clone_stage(&start).map_err(step("clone with new namespaces"))?;
    drop((go_read, trouble_write, theirs));
    let result = (|| {
        if map {
            idmap::write(pid)?;
        }
        nix::unistd::write(&go, b"g").map_err(step("start the practice host"))?;
        let mut errno = [0; 4];
        match File::from(trouble).read_exact(&mut errno) {
            Ok(()) => Err(("execute nslab's own program".to_string(), Errno::from_raw(i32::from_ne_bytes(errno)))),
            Err(_) => Ok(()),
        }
    })();
    match result {
        Ok(()) => Ok((wire, pid)),
        Err(error) => {
            end(pid);
            Err(error)
        }
    }
}

/// The sealed copy of nslab's program, made once.
fn program() -> Result<&'static OwnedFd, Errno> {
    static PROGRAM: OnceLock<Result<OwnedFd, i32>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| sys::program_in_memory().map_err(|error| error.raw_os_error().unwrap_or(libc::EIO)))
        .as_ref()
        .map_err(|&errno| Errno::from_raw(errno))
}
