//! Requests and replies over a SOCK_SEQPACKET pair: one packet each, file descriptors beside it (unix(7)).

use crate::lesson::HostKind;
use crate::op::Call;
use nix::cmsg_space;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// The kernel's default limit of a packet is some 200 KB; tables and output never travel this way.
const LARGEST: usize = 128 * 1024;

/// No request comes with more descriptors.
const MOST_FDS: usize = 32;

/// A namespace's kind and inode number.
pub type NamespaceIds = Vec<(String, u64)>;

#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// First of all: the namespaces of the machine, in which the receiver must refuse to act.
    Hello { machine: NamespaceIds },
    /// Make a copy of the machine's mount table and clone the stage into it (only before the greeting, and only for a
    /// process in a mount namespace of its own). `owner`: who its root is here.
    Descend { machine: NamespaceIds, host: BuildHost, owner: u32 },
    /// Build the practice host; the image's layers come with this, as open directories (stage only).
    Build(BuildHost),
    /// The socket of the agent that the next clone starts comes with this (stage only).
    AgentSocket,
    /// Perform one call of the lesson.
    Perform(Call),
    /// A pidfd of a process of the practice host, please (stage only).
    Pidfd { pid: i32 },
    /// Start a program; its pipes come with this, or a terminal and a socket for the master of a better one, and last the
    /// pipe for its exit status (stage only).
    Spawn { args: Vec<String>, env: Vec<String>, join: Option<i32>, terminal: bool },
    /// The hostname that a process has, or this one's own.
    Hostname { of: Option<i32> },
    /// Get ready for execve (agent only). The entrypoint's terminal comes with this, the first time; if the container has a
    /// better one, its master comes back.
    Terminal,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuildHost {
    pub kind: HostKind,
    /// Directories of the image's layers, lowest first: name and path on the machine.
    pub layers: Vec<(String, String)>,
    /// Where the lab's files are.
    pub lab: String,
    pub shared: bool,
    pub hostname: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    Done,
    /// A call's result: a value or an errno, and the time it took in microseconds.
    Called {
        result: Result<i64, i32>,
        micros: u64,
    },
    Started {
        pid: i32,
    },
    Name(String),
    /// The receiver will not: it stands in the machine's own namespace of these kinds, or was asked for nonsense.
    Refused(String),
    /// Something around the request went wrong: what was tried, on what, errno.
    Failed {
        tried: String,
        errno: i32,
    },
}

/// One end of a wire.
#[derive(Debug)]
pub struct Wire(OwnedFd);

impl From<OwnedFd> for Wire {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl Wire {
    pub fn pair() -> nix::Result<(Wire, OwnedFd)> {
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        Ok((Wire(ours), theirs))
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.0
    }

    pub fn send<T: Serialize>(&self, message: &T, fds: &[BorrowedFd]) -> nix::Result<()> {
        let bytes = serde_json::to_vec(message).map_err(|_| nix::errno::Errno::EBADMSG)?;
        let raw: Vec<RawFd> = fds.iter().map(|fd| fd.as_raw_fd()).collect();
        let control: &[ControlMessage] = if raw.is_empty() { &[] } else { &[ControlMessage::ScmRights(&raw)] };
        loop {
            match sendmsg::<()>(self.0.as_raw_fd(), &[IoSlice::new(&bytes)], control, MsgFlags::MSG_NOSIGNAL, None) {
                Err(nix::errno::Errno::EINTR) => {}
                other => return other.map(drop),
            }
        }
    }

    /// The next message, waited for so long; ETIMEDOUT when the other end lives but does not answer.
    pub fn receive_within<T: DeserializeOwned>(&self, patience: Duration) -> nix::Result<Option<(T, Vec<OwnedFd>)>> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(0) => return Err(nix::errno::Errno::ETIMEDOUT),
                Ok(_) => return self.receive(),
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// The next message; None when the other end is gone.
    pub fn receive<T: DeserializeOwned>(&self) -> nix::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut buffer = vec![0; LARGEST];
        let mut space = cmsg_space!([RawFd; MOST_FDS]);
        loop {
            let mut parts = [IoSliceMut::new(&mut buffer)];
            let message =
                match recvmsg::<()>(self.0.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
                    Err(nix::errno::Errno::EINTR) => continue,
                    Err(nix::errno::Errno::ECONNRESET) => return Ok(None),
                    other => other?,
                };
            let mut fds = Vec::new();
            for control in message.cmsgs()? {
                if let ControlMessageOwned::ScmRights(raw) = control {
                    fds.extend(raw.into_iter().map(super::sys::adopt));
                }
            }
            let length = message.bytes;
            if length == 0 {
                return Ok(None);
            }
            let value = serde_json::from_slice(&buffer[..length]).map_err(|_| nix::errno::Errno::EBADMSG)?;
            return Ok(Some((value, fds)));
        }
    }
}
