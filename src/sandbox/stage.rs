//! PID 1 of the practice host: builds it, acts as it, clones the container, starts shells, reaps everything.

use super::agent;
use super::elsewhere::{Elsewhere, differs};
use super::host::{self, Descended};
use super::perform::{Open, perform};
use super::spawn::{self, Join, Program};
use super::sys;
use super::wire::{BuildHost, NamespaceIds, Reply, Request, Wire};
use super::witness::Witness;
use crate::op::{Call, NamespaceFlags};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, readlinkat};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::Instant;

/// How the stage is called: its argv[0], and its name in ps.
pub const NAME: &str = "nslab-stage";

pub fn main() -> ExitCode {
    let Some(socket) = sys::inherited_socket() else {
        eprintln!("nslab: this entry is for nslab itself; try: nslab lesson mount-ns");
        return ExitCode::from(2);
    };
    sys::die_with_parent();
    if sys::forget_stdio().is_err() {
        return ExitCode::FAILURE;
    }
    sys::reset_signals();
    sys::rename(NAME);
    let _ = nix::unistd::setsid();
    match serve(Wire::from(socket)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Serves until the other end is gone.
pub fn serve(wire: Wire) -> nix::Result<()> {
    Stage::new(wire)?.serve()
}

impl From<host::Failed> for Reply {
    fn from(failed: host::Failed) -> Self {
        Reply::Failed { tried: failed.tried, errno: failed.errno as i32 }
    }
}

struct Stage {
    wire: Wire,
    children: SignalFd,
    machine: NamespaceIds,
    proof: Result<Elsewhere, String>,
    /// The /proc in which the stage has a number, kept since a lesson may cover or break the path.
    proc: OwnedFd,
    /// Descriptors that the practice host's /dev refers to.
    devices: Vec<OwnedFd>,
    agent_socket: Option<OwnedFd>,
    open: Open,
    /// Where the exit status of a started program is reported.
    reports: HashMap<i32, OwnedFd>,
}

impl Stage {
    fn new(wire: Wire) -> nix::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block()?;
        let children = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let proc = nix::fcntl::open("/proc", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(Self {
            wire,
            children,
            machine: Vec::new(),
            proof: Err("not greeted yet".into()),
            proc,
            devices: Vec::new(),
            agent_socket: None,
            open: Open::new(),
            reports: HashMap::new(),
        })
    }

    fn serve(&mut self) -> nix::Result<()> {
        loop {
            let mut fds = [
                PollFd::new(self.wire.fd().as_fd(), PollFlags::POLLIN),
                PollFd::new(self.children.as_fd(), PollFlags::POLLIN),
            ];
            match nix::poll::poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
            let ready = |index: usize| fds[index].revents().is_some_and(|events| !events.is_empty());
            let (request, child) = (ready(0), ready(1));
            if child {
                self.reap();
            }
            if request {
                let Some((request, fds)) = self.wire.receive::<Request>()? else { return Ok(()) };
                self.answer(request, fds)?;
            }
        }
    }

    /// In any order, never for one pid: the container's PID 1 waits in the kernel until every process that joined its
    /// PID namespace is reaped, so waiting for it first would be a deadlock (pid_namespaces(7)).
    fn reap(&mut self) {
        while let Ok(Some(_)) = self.children.read_signal() {}
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
            if let Some(report) = status.pid().and_then(|pid| self.reports.remove(&pid.as_raw())) {
                let _ = nix::unistd::write(&report, &spawn::exit_status(&status).to_ne_bytes());
            }
        }
    }

    fn answer(&mut self, request: Request, mut fds: Vec<OwnedFd>) -> nix::Result<()> {
        let reply = match request {
            Request::Hello { machine } => {
                self.proof = Elsewhere::prove(self.proc.as_fd(), &machine);
                self.machine = machine;
                match &self.proof {
                    Ok(_) => Reply::Done,
                    Err(why) => Reply::Refused(why.clone()),
                }
            }
            Request::Descend { machine, host, owner } => match self.descend(&machine, &host, owner) {
                Ok(Descended::Outer(pid)) => {
                    self.wire.send(&Reply::Started { pid }, &[])?;
                    sys::exit_now(0)
                }
                // The outer process answers.
                Ok(Descended::Inner) => return Ok(()),
                Err(refusal) => refusal,
            },
            _ if self.proof.is_err() => Reply::Refused(self.proof.as_ref().err().cloned().unwrap_or_default()),
            Request::Build(build) => match host::build(&build, fds) {
                Ok(built) => {
                    self.proc = built.proc;
                    self.devices = built.devices;
                    Reply::Done
                }
                Err(failed) => failed.into(),
            },
            Request::AgentSocket => {
                self.agent_socket = fds.pop();
                Reply::Done
            }
            Request::Perform(Call::Clone { flags }) => self.clone_container(flags),
            Request::Perform(call) => {
                let Ok(proof) = &self.proof else { unreachable!("refused above") };
                let start = Instant::now();
                let result = perform(proof, &mut self.open, &call);
                agent::called(start, result)
            }
            Request::Pidfd { pid } => match sys::pidfd_open(pid) {
                Ok(pidfd) => return self.wire.send(&Reply::Done, &[pidfd.as_fd()]),
                Err(errno) => Reply::Failed { tried: format!("pidfd_open({pid})"), errno: errno as i32 },
            },
            Request::Spawn { args, env, join, terminal } => match self.spawn(&args, &env, join, terminal, fds) {
                Ok(pid) => Reply::Started { pid },
                Err(errno) => Reply::Failed { tried: format!("start {}", args.join(" ")), errno: errno as i32 },
            },
            Request::Hostname { of: None } => agent::hostname(),
            Request::Hostname { of: Some(pid) } => match self.hostname_of(pid) {
                Ok(name) => Reply::Name(name),
                Err(errno) => Reply::Failed { tried: format!("read the hostname of {pid}"), errno: errno as i32 },
            },
            Request::Terminal => Reply::Refused("the stage has no terminal".into()),
        };
        self.wire.send(&reply, &[])
    }

    fn descend(&self, machine: &NamespaceIds, host: &BuildHost, owner: u32) -> Result<Descended, Reply> {
        differs(self.proc.as_fd(), machine, "mnt").map_err(Reply::Refused)?;
        host::descend(host, owner).map_err(Reply::from)
    }

    fn clone_container(&mut self, flags: NamespaceFlags) -> Reply {
        let Some(socket) = self.agent_socket.take() else {
            return Reply::Refused("no socket was sent for the agent".into());
        };
        let Ok(proc) = self.proc.try_clone() else {
            return Reply::Failed { tried: "dup".into(), errno: Errno::EMFILE as i32 };
        };
        let machine = self.machine.clone();
        let stage = std::os::fd::AsRawFd::as_raw_fd(self.wire.fd());
        let start = Instant::now();
        let result = sys::clone_with_stack(
            flags.0,
            Box::new(move || {
                // The stage's own end: held open here, the stage would outlive its death.
                let _ = nix::unistd::close(stage);
                agent::serve(socket, proc, &machine);
            }),
        );
        agent::called(start, result.map(i64::from))
    }

    fn join_of(&self, pid: i32) -> nix::Result<Join> {
        let pidfd = sys::pidfd_open(pid)?;
        let root = openat(
            &self.proc,
            format!("{pid}/root").as_str(),
            OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        let user = |who: &str| readlinkat(&self.proc, format!("{who}/ns/user").as_str());
        Ok(Join { pidfd, other_user: user(&pid.to_string())? != user("self")?, root })
    }

    fn spawn(
        &mut self,
        args: &[String],
        env: &[String],
        join: Option<i32>,
        terminal: bool,
        mut fds: Vec<OwnedFd>,
    ) -> nix::Result<i32> {
        let report = fds.pop().ok_or(Errno::EBADF)?;
        let (stdin, stdout, terminal) = match fds.as_slice() {
            [slave, socket] if terminal => (slave, slave, Some(socket.as_fd())),
            [stdin, stdout] => (stdin, stdout, None),
            _ => return Err(Errno::EBADF),
        };
        let program =
            Program { args, env, stdin: stdin.as_fd(), stdout: stdout.as_fd(), stderr: stdout.as_fd(), terminal };
        let join = join.map(|pid| self.join_of(pid)).transpose()?;
        let pid = spawn::start(&program, join.as_ref())?;
        self.reports.insert(pid, report);
        Ok(pid)
    }

    /// A hostname can be read only in its UTS namespace, and the stage itself never calls setns.
    fn hostname_of(&self, pid: i32) -> nix::Result<String> {
        let pidfd = sys::pidfd_open(pid)?;
        let witness = Witness::send(|| sys::join(pidfd.as_fd(), libc::CLONE_NEWUTS));
        let witness = witness.map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))?;
        Ok(String::from_utf8_lossy(witness.hostname()).into_owned())
    }
}
