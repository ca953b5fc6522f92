//! A child of nslab that joins a namespace of a process: it says which hostname it has there, and can be looked at from
//! outside until it is let go. Who sent it stays where it is, and the process notices nothing.

use super::sys;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{Pid, pipe2};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

/// An errno, then the hostname: 64 bytes at the most (uname(2)), ended by a NUL.
const SAID: usize = 4 + 65;

pub(super) struct Witness {
    pid: i32,
    hostname: Vec<u8>,
    /// Closed, it ends.
    stay: Option<OwnedFd>,
}

impl Witness {
    /// `join` runs in the child, which may be that of a program with threads: it calls the kernel and nothing else.
    pub fn send(join: impl FnOnce() -> nix::Result<()>) -> io::Result<Witness> {
        let (wait, stay) = pipe2(OFlag::O_CLOEXEC)?;
        let (told, tell) = pipe2(OFlag::O_CLOEXEC)?;
        let Some(pid) = sys::fork()? else {
            drop(stay);
            let mut said = [0; SAID];
            match join().and_then(|()| nix::sys::utsname::uname()) {
                Ok(names) => {
                    let name = names.nodename().as_encoded_bytes();
                    let length = name.len().min(SAID - 4);
                    said[4..4 + length].copy_from_slice(&name[..length]);
                }
                Err(errno) => said[..4].copy_from_slice(&(errno as i32).to_ne_bytes()),
            }
            let _ = nix::unistd::write(&tell, &said);
            let _ = nix::unistd::read(&wait, &mut [0]);
            sys::exit_now(0)
        };
        let mut witness = Witness { pid, hostname: Vec::new(), stay: Some(stay) };
        drop(tell);
        let mut said = [0; SAID];
        File::from(told).read_exact(&mut said)?;
        let (errno, name) = said.split_at(4);
        match i32::from_ne_bytes([errno[0], errno[1], errno[2], errno[3]]) {
            0 => witness.hostname.extend(name.iter().take_while(|byte| **byte != 0)),
            errno => return Err(io::Error::from_raw_os_error(errno)),
        }
        Ok(witness)
    }

    /// Joins a namespace of a process, by its name in /proc/PID/ns.
    ///
    /// That takes CAP_SYS_ADMIN in the user namespace that owns it (setns(2)). Root has it everywhere below; a plain user
    /// has it in a user namespace of its own making, once that is joined. The owner may be another user namespace than
    /// the process is in, as with bubblewrap, which makes two.
    pub fn into(pid: i32, kind: &str) -> io::Result<Witness> {
        let namespace = File::open(format!("/proc/{pid}/ns/{kind}"))?;
        // EPERM: it is none of nslab's own or below.
        let owner = sys::owner_of(namespace.as_fd()).ok();
        Witness::send(|| {
            sys::join(namespace.as_fd(), 0).or_else(|errno| {
                let owner = owner.as_ref().ok_or(errno)?;
                let joined = sys::join(owner.as_fd(), libc::CLONE_NEWUSER);
                // Where the owner cannot be joined, why the namespace could not is what counts.
                joined.and_then(|()| sys::join(namespace.as_fd(), 0)).map_err(|_| errno)
            })
        })
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    pub fn hostname(&self) -> &[u8] {
        &self.hostname
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.stay = None;
        while let Err(Errno::EINTR) = nix::sys::wait::waitpid(Pid::from_raw(self.pid), None) {}
    }
}

/// The hostname that a process has, in bytes that somebody chose. Where its UTS namespace is nslab's own nothing is
/// joined.
///
/// Errors: EACCES or EPERM where the process may not be traced or its UTS namespace not be joined, ENOENT if there is no
/// such process (namespaces(7), setns(2)).
pub fn read_hostname(pid: i32) -> io::Result<Vec<u8>> {
    let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/uts"));
    if of(&pid.to_string())? == of("self")? {
        return Ok(nix::sys::utsname::uname()?.nodename().as_encoded_bytes().to_vec());
    }
    Ok(Witness::into(pid, "uts")?.hostname().to_vec())
}
