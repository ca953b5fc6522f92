//! The container's first process: performs the lesson's calls one at a time, until execve replaces it.

use super::elsewhere::Elsewhere;
use super::host;
use super::perform::{Open, execute, perform};
use super::wire::{NamespaceIds, Reply, Request, Wire};
use super::{sys, terminal};
use crate::op::Call;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// Serves until the other end is gone. `proc` is the practice host's /proc, kept open from before any lesson.
pub fn serve(socket: OwnedFd, proc: OwnedFd, machine: &NamespaceIds) {
    sys::rename(crate::lab::AGENT);
    let wire = Wire::from(socket);
    let mask = SigSet::from(Signal::SIGCHLD);
    let _ = mask.thread_block();
    let Ok(children) = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK) else { return };
    let mut proof = Elsewhere::prove(proc.as_fd(), machine);
    let mut open = Open::new();
    loop {
        if !wait_for_request(&wire, &children) {
            return;
        }
        let Ok(Some((request, mut fds))) = wire.receive::<Request>() else { return };
        let executes = matches!(request, Request::Perform(Call::Execve { .. }));
        let moves = matches!(request, Request::Perform(Call::Unshare { .. } | Call::Setns { .. }));
        let mut master = None;
        let reply = match (request, &proof) {
            (_, Err(why)) => Reply::Refused(why.clone()),
            (Request::Perform(Call::Execve { path, args, env }), Ok(proof)) => {
                // The image's /dev leads to PID 1, which the entrypoint is from now on.
                sys::keep_on_exec(host::DEVICES);
                let start = Instant::now();
                let errno = execute(proof, &path, &args, &env);
                called(start, Err(errno))
            }
            (Request::Perform(call), Ok(proof)) => {
                let start = Instant::now();
                let result = perform(proof, &mut open, &call);
                called(start, result)
            }
            (Request::Hostname { of: None }, Ok(_)) => hostname(),
            (Request::Terminal, Ok(_)) => {
                // A blocked signal stays blocked across execve (signal(7)).
                sys::reset_signals();
                match fds.pop() {
                    Some(given) => {
                        let own = terminal::own(given.as_fd());
                        master = own.as_ref().and_then(|own| own.master.try_clone().ok());
                        become_terminal(&own.map_or(given, |own| own.slave))
                    }
                    None => Reply::Done,
                }
            }
            (other, Ok(_)) => Reply::Refused(format!("the agent does not do this: {other:?}")),
        };
        if moves {
            proof = Elsewhere::prove(proc.as_fd(), machine);
        }
        let masters: Vec<BorrowedFd> = master.iter().map(OwnedFd::as_fd).collect();
        if wire.send(&reply, &masters).is_err() {
            return;
        }
        if executes {
            // It did not; whoever ended meanwhile is told of no more.
            let _ = mask.thread_block();
            reap();
        }
    }
}

pub fn called(start: Instant, result: nix::Result<i64>) -> Reply {
    let micros = start.elapsed().as_micros() as u64;
    Reply::Called { result: result.map_err(|errno| errno as i32), micros }
}

pub fn hostname() -> Reply {
    match nix::unistd::gethostname() {
        Ok(name) => Reply::Name(name.to_string_lossy().into_owned()),
        Err(errno) => Reply::Failed { tried: "gethostname".into(), errno: errno as i32 },
    }
}

/// Waits for the next request and, as PID 1 must, reaps what is orphaned meanwhile.
fn wait_for_request(wire: &Wire, children: &SignalFd) -> bool {
    loop {
        let mut fds =
            [PollFd::new(wire.fd().as_fd(), PollFlags::POLLIN), PollFd::new(children.as_fd(), PollFlags::POLLIN)];
        match nix::poll::poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return false,
        }
        let ready = |index: usize| fds[index].revents().is_some_and(|events| !events.is_empty());
        if ready(1) {
            while let Ok(Some(_)) = children.read_signal() {}
            reap();
        }
        if ready(0) {
            return true;
        }
    }
}

fn reap() {
    while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status != WaitStatus::StillAlive) {}
}

/// The entrypoint's standard input and output; and nothing that the agent needed survives execve.
fn become_terminal(terminal: &OwnedFd) -> Reply {
    let fd = terminal.as_fd();
    let _ = nix::unistd::setsid();
    let done = sys::take_terminal(fd).and_then(|()| sys::become_stdio(fd, fd, fd));
    match done {
        Ok(()) => Reply::Done,
        Err(errno) => Reply::Failed { tried: "take the terminal".into(), errno: errno as i32 },
    }
}
