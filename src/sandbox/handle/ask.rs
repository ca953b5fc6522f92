//! One question, one answer; what goes wrong says who was asked for what.

use crate::lab::LabError;
use crate::sandbox::wire::{Reply, Request, Wire};
use nix::errno::Errno;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// A step's command that runs longer is given up; so is a stage or an agent that somebody has stopped.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn ask(
    wire: &Wire,
    who: &str,
    request: &Request,
    fds: &[BorrowedFd],
) -> Result<(Reply, Vec<OwnedFd>), LabError> {
    wire.send(request, fds).map_err(|errno| broken(&format!("ask {who}"), errno))?;
    match wire.receive_within::<Reply>(PATIENCE).map_err(|errno| broken(&format!("hear from {who}"), errno))? {
        None => Err(LabError::Broken(format!("{who} has ended"))),
        Some((Reply::Refused(why), _)) => Err(LabError::Broken(format!("{who} refused: {why}"))),
        Some((Reply::Failed { tried, errno }, _)) => Err(LabError::Failed { tried, errno }),
        Some(answer) => Ok(answer),
    }
}

pub(super) fn called(reply: Reply) -> Result<(Result<i64, i32>, u64), LabError> {
    match reply {
        Reply::Called { result, micros } => Ok((result, micros)),
        other => Err(LabError::Broken(format!("unexpected answer to a call: {other:?}"))),
    }
}

pub(super) fn broken(what: &str, errno: Errno) -> LabError {
    LabError::Broken(format!("{what}: {} ({errno:?})", errno.desc()))
}

pub(super) fn no_container() -> LabError {
    LabError::Broken("there is no container (any more) that could do this".into())
}
