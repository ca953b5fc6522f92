//! One call, made exactly as it is shown.

use super::elsewhere::Elsewhere;
use super::sys;
use crate::op::{Call, Process};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;
use nix::sys::stat::{Mode, SFlag};
use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

/// The descriptors that earlier calls opened, by name.
pub type Open = HashMap<String, File>;

/// Makes the call. `clone` and `execve` belong to the stage and the agent; they are not made here.
pub fn perform(_proof: &Elsewhere, open: &mut Open, call: &Call) -> Result<i64, Errno> {
    match call {
        Call::Mount { source, target, fstype, flags, data } => nix::mount::mount(
            source.as_deref(),
            target.as_str(),
            fstype.as_deref(),
            MsFlags::from_bits_retain(flags.0),
            data.as_deref(),
        )
        .map(|()| 0),
        Call::Umount { target, detach } => {
            let flags = if *detach { MntFlags::MNT_DETACH } else { MntFlags::empty() };
            nix::mount::umount2(target.as_str(), flags).map(|()| 0)
        }
        Call::Sethostname { name } => nix::unistd::sethostname(name).map(|()| 0),
        Call::Mkdir { path, mode } => std::fs::DirBuilder::new().mode(*mode).create(path).map(|()| 0).map_err(errno),
        Call::Rmdir { path } => std::fs::remove_dir(path).map(|()| 0).map_err(errno),
        Call::Unlink { path } => nix::unistd::unlink(path.as_str()).map(|()| 0),
        Call::Rename { from, to } => std::fs::rename(from, to).map(|()| 0).map_err(errno),
        Call::Chmod { path, mode } => {
            std::fs::set_permissions(path, PermissionsExt::from_mode(*mode)).map(|()| 0).map_err(errno)
        }
        Call::Symlink { to, at } => std::os::unix::fs::symlink(to, at).map(|()| 0).map_err(errno),
        Call::Mknod { path, mode, major, minor } => {
            let device = nix::sys::stat::makedev((*major).into(), (*minor).into());
            nix::sys::stat::mknod(path.as_str(), SFlag::S_IFCHR, Mode::from_bits_retain(*mode), device).map(|()| 0)
        }
        Call::Open { path, flags, mode, fd } => {
            let flags = OFlag::from_bits_retain(flags.0 as i32);
            keep(open, fd, nix::fcntl::open(path.as_str(), flags, Mode::from_bits_retain(mode.unwrap_or(0)))?)
        }
        Call::OpenTree { path, flags, fd } => keep(open, fd, sys::open_tree(path, flags.0 as u32)?),
        Call::MoveMount { fd, to } => sys::move_mount(of(open, fd)?, to).map(|()| 0),
        Call::MountSetattr { path, recursive, set, clear } => {
            sys::mount_setattr(path, *recursive, set.0, clear.0).map(|()| 0)
        }
        Call::Unshare { flags } => nix::sched::unshare(CloneFlags::from_bits_retain(flags.0 as i32)).map(|()| 0),
        Call::Setns { fd, kind } => {
            nix::sched::setns(of(open, fd)?, CloneFlags::from_bits_retain(kind.0 as i32)).map(|()| 0)
        }
        Call::Fchdir { fd } => nix::unistd::fchdir(of(open, fd)?).map(|()| 0),
        Call::PivotRoot { new, old } => nix::unistd::pivot_root(new.as_str(), old.as_str()).map(|()| 0),
        Call::Write { fd, text } => {
            let file = open.get_mut(fd).ok_or(Errno::EBADF)?;
            file.write(text.as_bytes()).map(|count| count as i64).map_err(errno)
        }
        Call::Close { fd } => open.remove(fd).map(|_| 0).ok_or(Errno::EBADF),
        Call::Kill { pid, signal } => {
            // The conductor knows who the container is; here a name has no meaning.
            let Process::Number(number) = *pid else { return Err(Errno::ESRCH) };
            let signal = match signal {
                0 => None,
                number => Some(nix::sys::signal::Signal::try_from(*number)?),
            };
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(number), signal).map(|()| 0)
        }
        Call::Chroot { path } => nix::unistd::chroot(path.as_str()).map(|()| 0),
        Call::Chdir { path } => nix::unistd::chdir(path.as_str()).map(|()| 0),
        Call::Clone { .. } | Call::Execve { .. } => Err(Errno::ENOSYS),
    }
}

/// execve(2). Returns only if it failed.
pub fn execute(_proof: &Elsewhere, path: &str, args: &[String], env: &[String]) -> Errno {
    let strings =
        |items: &[String]| items.iter().map(|item| CString::new(item.as_str())).collect::<Result<Vec<_>, _>>();
    match (CString::new(path), strings(args), strings(env)) {
        (Ok(path), Ok(args), Ok(env)) => match nix::unistd::execve(&path, &args, &env) {
            Err(errno) => errno,
        },
        _ => Errno::EINVAL,
    }
}

/// Keeps a new descriptor under its name. Its number is the call's result.
fn keep(open: &mut Open, name: &str, fd: OwnedFd) -> Result<i64, Errno> {
    let number = fd.as_raw_fd();
    if let Some(forgotten) = open.insert(name.into(), fd.into()) {
        // Closing the one that had this name would be a call that nobody asked for, and that is not shown.
        std::mem::forget(forgotten);
    }
    Ok(number.into())
}

fn of<'a>(open: &'a Open, name: &str) -> Result<BorrowedFd<'a>, Errno> {
    open.get(name).map(AsFd::as_fd).ok_or(Errno::EBADF)
}

fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
