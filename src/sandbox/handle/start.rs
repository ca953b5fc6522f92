//! How the stage comes to be: one clone into new namespaces, id maps, then nslab's own program from memory.

use super::ask::ask;
use crate::lab::LabError;
use crate::sandbox::doctor::refused;
use crate::sandbox::elsewhere::namespaces_of;
use crate::sandbox::wire::{BuildHost, Reply, Request, Wire};
use crate::sandbox::{idmap, ledger, sys};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;

/// Clones the stage, in a user namespace if this machine allows one.
pub(super) fn start_stage() -> Result<(Wire, ledger::Host, bool), LabError> {
    let base = libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
    match try_stage(base | libc::CLONE_NEWUSER, true) {
        Ok((wire, host)) => Ok((wire, host, true)),
        Err((what, errno)) if nix::unistd::geteuid().is_root() => match try_stage(base, false) {
            Ok((wire, host)) => Ok((wire, host, false)),
            Err(_) => Err(refused(&what, errno)),
        },
        Err((what, errno)) => Err(refused(&what, errno)),
    }
}

/// Starts a process that copies the machine's mount table and clones the stage, into a user namespace always: without one
/// root could undo what protects the machine's files. It has ended when this returns.
pub(super) fn start_stage_in_copy(build: &BuildHost) -> Result<(Wire, ledger::Host, bool), LabError> {
    let is_root = nix::unistd::geteuid().is_root();
    let namespaces = libc::CLONE_NEWNS | if is_root { 0 } else { libc::CLONE_NEWUSER };
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
