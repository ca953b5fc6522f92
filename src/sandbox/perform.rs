//! One call, made exactly as it is shown.

use super::elsewhere::Elsewhere;
use crate::op::Call;
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags};
use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

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
        Call::Create { path, mode, fd } => {
            let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(*mode).open(path);
            let file = file.map_err(errno)?;
            let number = std::os::fd::AsRawFd::as_raw_fd(&file);
            open.insert(fd.clone(), file);
            Ok(number.into())
        }
        Call::Write { fd, text } => {
            let file = open.get_mut(fd).ok_or(Errno::EBADF)?;
            file.write(text.as_bytes()).map(|count| count as i64).map_err(errno)
        }
        Call::Close { fd } => open.remove(fd).map(|_| 0).ok_or(Errno::EBADF),
        Call::Kill { pid, signal } => {
            let signal = match signal {
                0 => None,
                number => Some(nix::sys::signal::Signal::try_from(*number)?),
            };
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(*pid), signal).map(|()| 0)
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

fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
