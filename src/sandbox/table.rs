//! Reads a mount table whole (proc_pid_mountinfo(5)).

use super::witness::Witness;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
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

/// The open mountinfo of a process's whole mount namespace, even when the process is chrooted: a witness joins the
/// namespace, which puts it at the namespace's own root (setns(2)). What is open goes on telling of that namespace from
/// that root, and keeps it alive.
///
/// Joining takes CAP_SYS_ADMIN, even for the namespace that one is in already. A plain user gets nslab's own table
/// there, which is all of it unless nslab itself runs in a chroot.
///
/// Errors: EACCES or EPERM where the process may not be traced or the namespace not be joined, ENOENT if there is no such
/// process (proc_pid_mountinfo(5), setns(2)).
pub fn open_namespace(pid: i32) -> std::io::Result<File> {
    let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/mnt"));
    match Witness::into(pid, "mnt") {
        Ok(witness) => File::open(format!("/proc/{}/mountinfo", witness.pid())),
        Err(error) if error.raw_os_error() == Some(libc::EPERM) && of(&pid.to_string())? == of("self")? => {
            File::open("/proc/self/mountinfo")
        }
        Err(error) => Err(error),
    }
}

/// What [`open_namespace`] opens, read.
pub fn read_namespace(pid: i32) -> std::io::Result<Vec<u8>> {
    read_table(&open_namespace(pid)?)
}
