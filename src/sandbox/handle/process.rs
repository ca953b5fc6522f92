//! What /proc tells of a process on the other side, read from outside.

use crate::lab::LabError;
use crate::sandbox::elsewhere::namespaces_of;
use crate::session::Facts;
use std::os::fd::{AsRawFd, OwnedFd};

pub(super) fn facts(pid: i32, pid_host: i32, hostname: String) -> Facts {
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

pub(super) fn unreadable(error: std::io::Error) -> LabError {
    LabError::Broken(format!("read a mount table: {error}"))
}

/// The machine's number of a pidfd's process (proc_pid_fdinfo(5)).
pub(super) fn pid_of(pidfd: &OwnedFd) -> Option<i32> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok().filter(|&pid| pid > 0)
}
