//! Reads a mount table whole (proc_pid_mountinfo(5)).

use super::elsewhere::namespaces_of;
use super::sys;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

/// How often a table that changes while it is read is read again. Then it is taken as it is.
const TRIES: usize = 64;

/// How much is read at once: the kernel gives a page at the most.
const PAGE: usize = 4 * 1024;

/// The bytes of an open mountinfo, from its start. read(2) returns some 4 KB a call, so a table can be torn: the
/// kernel's own notification (POLLERR|POLLPRI, consumed by polling) before and after tells whether it was.
pub fn read_table(file: &File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4 * PAGE);
    for _ in 0..TRIES {
        changed(file)?;
        bytes.clear();
        read_whole(file, &mut bytes)?;
        if !changed(file)? {
            break;
        }
    }
    Ok(bytes)
}

/// Nothing but pread(2): std's own way asks for a size and a place first, and there is no size.
fn read_whole(file: &File, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        bytes.reserve(PAGE);
        let at = bytes.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(bytes), at) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn changed(file: &File) -> std::io::Result<bool> {
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLPRI)];
    poll(&mut fds, PollTimeout::ZERO)?;
    Ok(fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLPRI)))
}

/// The whole mount namespace of a process, even when the process is chrooted: a witness joins the namespace, which puts
/// it at the namespace's own root (setns(2)), and is read from outside.
///
/// Joining takes CAP_SYS_ADMIN, even for the namespace that one is in already. A plain user gets nslab's own table
/// there, which is all of it unless nslab itself runs in a chroot.
pub fn read_namespace(pid: i32) -> std::io::Result<Vec<u8>> {
    let (ours, theirs) = (namespaces_of("self"), namespaces_of(&pid.to_string()));
    let same = |kind: &str| theirs.iter().any(|id| id.0 == kind && ours.contains(id));
    match ask_witness(pid, !theirs.is_empty() && !same("user")) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) && same("mnt") => {
            read_table(&File::open("/proc/self/mountinfo")?)
        }
        answer => answer,
    }
}

fn ask_witness(pid: i32, other_user: bool) -> std::io::Result<Vec<u8>> {
    let (wait, go) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    let (told, tell) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    let pidfd = sys::pidfd_open(pid)?;
    let Some(witness) = sys::fork()? else {
        drop(go);
        let kinds = libc::CLONE_NEWNS | if other_user { libc::CLONE_NEWUSER } else { 0 };
        let errno = sys::join(pidfd.as_fd(), kinds).err().map_or(0, |errno| errno as i32);
        let _ = nix::unistd::write(&tell, &errno.to_ne_bytes());
        let _ = nix::unistd::read(&wait, &mut [0]);
        sys::exit_now(0)
    };
    drop(tell);
    let mut errno = [0; 4];
    let read = File::from(told).read_exact(&mut errno);
    let result = match i32::from_ne_bytes(errno) {
        0 => read.and_then(|()| File::open(format!("/proc/{witness}/mountinfo"))).and_then(|file| read_table(&file)),
        errno => Err(std::io::Error::from_raw_os_error(errno)),
    };
    drop(go);
    while let Err(Errno::EINTR) = nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(witness), None) {}
    result
}
