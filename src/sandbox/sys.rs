//! The one room with unsafe code: what no safe wrapper offers. Each function says why it is sound.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::ffi::{CStr, CString, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Takes a descriptor that the kernel has just handed to this process.
pub fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: the callers pass only numbers that a system call returned a moment ago and nobody else has taken.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// The socket that every stage finds at descriptor 3, if there is one.
pub fn inherited_socket() -> Option<OwnedFd> {
    // SAFETY: fcntl on a number is harmless; nothing in this process has opened anything before.
    let is_open = unsafe { libc::fcntl(3, libc::F_GETFD) } >= 0;
    if !is_open {
        return None;
    }
    // SAFETY: as above.
    unsafe { libc::fcntl(3, libc::F_SETFD, libc::FD_CLOEXEC) };
    Some(adopt(3))
}

/// What the new stage is started with.
pub struct StageStart<'a> {
    pub namespaces: c_int,
    pub program: BorrowedFd<'a>,
    pub socket: BorrowedFd<'a>,
    /// Closed without a byte: give up. One byte: the id maps are written, go on.
    pub go: BorrowedFd<'a>,
    /// The writing end of `go`, which the child must not keep: it would wait for itself for ever if nslab died between
    /// clone and the child's own death link.
    pub go_writer: BorrowedFd<'a>,
    /// Where an errno is reported before the program runs.
    pub trouble: BorrowedFd<'a>,
}

/// clone(2) of a process that executes the stage. Returns its pid.
///
/// The id maps must be written before exec, since exec by an unmapped user drops the capabilities; hence the wait.
pub fn clone_stage(start: &StageStart) -> nix::Result<i32> {
    let name: &CStr = c"nslab-stage";
    let argv = [name.as_ptr(), std::ptr::null()];
    let path = c"PATH=/usr/bin:/usr/sbin:/bin:/sbin";
    let envp = [path.as_ptr(), std::ptr::null()];
    let (program, socket, go, trouble) =
        (start.program.as_raw_fd(), start.socket.as_raw_fd(), start.go.as_raw_fd(), start.trouble.as_raw_fd());
    let go_writer = start.go_writer.as_raw_fd();
    let flags = libc::c_ulong::from(start.namespaces as u32 | libc::SIGCHLD as u32);
    // SAFETY: without CLONE_VM this is fork(2). The parent may have threads, so the child calls nothing but raw system
    // calls on values made before; it never returns.
    unsafe {
        let pid = libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0);
        if pid != 0 {
            return Errno::result(pid as i32);
        }
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        libc::close(go_writer);
        let mut byte = 0u8;
        if libc::read(go, (&raw mut byte).cast(), 1) != 1 {
            libc::_exit(0);
        }
        // Root of the practice host, who owns nothing on the machine. A plain user may not drop groups, and needs not.
        libc::syscall(libc::SYS_setgroups, 0usize, std::ptr::null::<libc::gid_t>());
        if libc::syscall(libc::SYS_setresgid, 0, 0, 0) != 0 || libc::syscall(libc::SYS_setresuid, 0, 0, 0) != 0 {
            let errno = *libc::__errno_location();
            libc::write(trouble, (&raw const errno).cast(), 4);
            libc::_exit(127);
        }
        // Another user than before has no death link: prctl(2), PR_SET_PDEATHSIG.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        // All others are close-on-exec or closed here: nothing of the machine's is left open in the practice host.
        if socket == 3 {
            libc::fcntl(3, libc::F_SETFD, 0)
        } else {
            libc::dup2(socket, 3)
        };
        libc::syscall(libc::SYS_close_range, 4u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        libc::syscall(libc::SYS_execveat, program, c"".as_ptr(), argv.as_ptr(), envp.as_ptr(), libc::AT_EMPTY_PATH);
        let errno = *libc::__errno_location();
        libc::write(trouble, (&raw const errno).cast(), 4);
        libc::_exit(127);
    }
}

/// clone(2) like fork, in a process without threads, with new namespaces; the child is its parent's sibling.
pub fn clone_sibling(namespaces: c_int) -> nix::Result<Option<i32>> {
    let flags = libc::c_ulong::from((namespaces | libc::CLONE_PARENT) as u32 | libc::SIGCHLD as u32);
    // SAFETY: without CLONE_VM this is fork(2); only the stage calls it, which never has a second thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    Errno::result(pid as i32).map(|pid| (pid != 0).then_some(pid))
}

/// mount_setattr(2): a mount and all below it become read-only, or this one mount becomes writable.
pub fn set_read_only(path: &CStr, read_only: bool) -> nix::Result<()> {
    // SAFETY: all zero is a valid mount_attr: it changes nothing.
    let mut attr: libc::mount_attr = unsafe { std::mem::zeroed() };
    let mut flags = 0;
    if read_only {
        attr.attr_set = libc::MOUNT_ATTR_RDONLY;
        flags = libc::AT_RECURSIVE;
    } else {
        attr.attr_clr = libc::MOUNT_ATTR_RDONLY;
    }
    let size = size_of::<libc::mount_attr>();
    // SAFETY: reads a C string and one mount_attr of the given size.
    let result =
        unsafe { libc::syscall(libc::SYS_mount_setattr, libc::AT_FDCWD, path.as_ptr(), flags, &raw const attr, size) };
    Errno::result(result).map(drop)
}

/// Lets the user namespace's root look at this process again, which a change of identity forbids (prctl(2)).
pub fn set_dumpable() {
    // SAFETY: plain integers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
}

/// fork(2) in a process without threads; or for a child that makes system calls alone and ends by [`exit_now`].
pub fn fork() -> nix::Result<Option<i32>> {
    // SAFETY: the stage, the agent and doctor's probes never have a second thread. A witness may be sent by a process that
    // has, and only calls the kernel on values made before: no lock of another thread's is ever waited for.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Parent { child } => Ok(Some(child.as_raw())),
        nix::unistd::ForkResult::Child => Ok(None),
    }
}

/// Ends a forked child at once: no destructors, no buffers flushed twice.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit(2) has no preconditions.
    unsafe { libc::_exit(status) }
}

/// clone(2) as the lesson shows it: a stack of its own (1 MiB above a guard page) and SIGCHLD. `child` never returns.
pub fn clone_with_stack(flags: u64, child: Box<dyn FnOnce()>) -> nix::Result<i32> {
    const STACK: usize = 1 << 20;
    const GUARD: usize = 4096;
    extern "C" fn run(argument: *mut c_void) -> c_int {
        // SAFETY: the pointer is the box leaked below; the child has its own copy of the memory.
        let child = unsafe { Box::from_raw(argument.cast::<Box<dyn FnOnce()>>()) };
        child();
        exit_now(0)
    }
    // SAFETY: a fresh private mapping; its top is handed to the child, which has its own copy since CLONE_VM is not
    // set. So the parent may unmap it, and free the box, as soon as clone has returned.
    unsafe {
        let base = libc::mmap(
            std::ptr::null_mut(),
            STACK + GUARD,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
            -1,
            0,
        );
        if base == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        libc::mprotect(base, GUARD, libc::PROT_NONE);
        let argument = Box::into_raw(Box::new(child));
        let pid = libc::clone(run, base.byte_add(STACK + GUARD), flags as c_int | libc::SIGCHLD, argument.cast());
        let result = Errno::result(pid);
        drop(Box::from_raw(argument));
        libc::munmap(base, STACK + GUARD);
        result
    }
}

/// pidfd_open(2).
pub fn pidfd_open(pid: i32) -> nix::Result<OwnedFd> {
    // SAFETY: plain integers in, a new descriptor or -1 out.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    Errno::result(fd as i32).map(adopt)
}

/// pidfd_send_signal(2) of SIGKILL: unlike a number, a pidfd never means another process.
pub fn kill_by_pidfd(pidfd: BorrowedFd) -> nix::Result<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: plain integers and a null pointer, which the kernel allows.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), libc::SIGKILL, none, 0) };
    Errno::result(result).map(drop)
}

/// The namespace that a PID namespace lies in (ioctl_ns(2)). EPERM where it is outside this process's own.
pub fn parent_namespace(namespace: BorrowedFd) -> nix::Result<OwnedFd> {
    const NS_GET_PARENT: libc::Ioctl = 0xb702;
    // SAFETY: takes no argument, gives a new descriptor or -1.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_PARENT) }).map(adopt)
}

/// The user namespace that owns a namespace (ioctl_ns(2)). EPERM where it is outside this process's own.
pub fn owner_of(namespace: BorrowedFd) -> nix::Result<OwnedFd> {
    const NS_GET_USERNS: libc::Ioctl = 0xb701;
    // SAFETY: takes no argument, gives a new descriptor or -1.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_USERNS) }).map(adopt)
}

/// A mount namespace's number, never used again (unlike its inode). ENOTTY before Linux 6.11.
pub fn mount_namespace_id(namespace: BorrowedFd) -> nix::Result<u64> {
    const NS_GET_MNTNS_ID: libc::Ioctl = 0x8008_b705u32 as libc::Ioctl;
    let mut id = 0u64;
    // SAFETY: the kernel writes one u64.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_MNTNS_ID, &raw mut id) }).map(|_| id)
}

/// Whether a mount namespace exists, by listmount(2). None where this kernel or this user cannot know: to who may not
/// look, one that exists is ENOENT too.
pub fn mount_namespace_exists(id: u64) -> Option<bool> {
    #[repr(C)]
    struct Wanted {
        size: u32,
        spare: u32,
        mount: u64,
        after: u64,
        namespace: u64,
    }
    const LISTMOUNT: libc::c_long = 458;
    const ROOT: u64 = u64::MAX;
    let wanted = Wanted { size: 32, spare: 0, mount: ROOT, after: 0, namespace: id };
    let mut first = 0u64;
    // SAFETY: the kernel reads one `Wanted` and writes at most one u64.
    let result = unsafe { libc::syscall(LISTMOUNT, &raw const wanted, &raw mut first, 1usize, 0u32) };
    match Errno::result(result) {
        Ok(_) => Some(true),
        Err(Errno::ENOENT) => Some(false),
        Err(_) => None,
    }
}

/// setns(2): joins the named namespaces of a pidfd's process, or the one namespace of a descriptor.
pub fn join(pidfd: BorrowedFd, namespaces: c_int) -> nix::Result<()> {
    // SAFETY: plain integers.
    Errno::result(unsafe { libc::setns(pidfd.as_raw_fd(), namespaces) }).map(drop)
}

/// fgetxattr(2): the value of an extended attribute, of at most 64 bytes.
pub fn attribute(fd: BorrowedFd, name: &str) -> nix::Result<Vec<u8>> {
    let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
    let mut value = vec![0; 64];
    // SAFETY: a C string and a buffer of the length given, both outliving the call.
    let length =
        unsafe { libc::fgetxattr(fd.as_raw_fd(), name.as_ptr(), value.as_mut_ptr().cast::<c_void>(), value.len()) };
    value.truncate(Errno::result(length)? as usize);
    Ok(value)
}

/// open_tree(2) from the working directory.
pub fn open_tree(path: &str, flags: u32) -> nix::Result<OwnedFd> {
    let path = CString::new(path).map_err(|_| Errno::EINVAL)?;
    // SAFETY: a C string that outlives the call, and plain integers; a new descriptor or -1 out.
    let fd = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
    Errno::result(fd as i32).map(adopt)
}

/// move_mount(2) of what a descriptor of open_tree(2) holds.
pub fn move_mount(from: BorrowedFd, to: &str) -> nix::Result<()> {
    const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
    let to = CString::new(to).map_err(|_| Errno::EINVAL)?;
    // SAFETY: C strings that outlive the call, and plain integers.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            from.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    Errno::result(result).map(drop)
}

/// mount_setattr(2): attributes to set and to clear of a mount, with `recursive` of all below it too.
pub fn mount_setattr(path: &str, recursive: bool, set: u64, clear: u64) -> nix::Result<()> {
    let path = CString::new(path).map_err(|_| Errno::EINVAL)?;
    // struct mount_attr: attr_set, attr_clr, propagation, userns_fd.
    let attributes: [u64; 4] = [set, clear, 0, 0];
    let flags = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: a C string and 32 bytes of plain integers, both outliving the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    Errno::result(result).map(drop)
}

/// Makes a terminal the controlling terminal of this session leader (ioctl_tty(2)).
pub fn take_terminal(fd: BorrowedFd) -> nix::Result<()> {
    // SAFETY: TIOCSCTTY takes an integer.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}

/// Sets a terminal's size in cells; its foreground processes get SIGWINCH.
pub fn set_window_size(fd: BorrowedFd, rows: u16, columns: u16) -> nix::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCSWINSZ reads one winsize.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// dup2(2) onto 0, 1 and 2.
pub fn become_stdio(stdin: BorrowedFd, stdout: BorrowedFd, stderr: BorrowedFd) -> nix::Result<()> {
    for (fd, number) in [(stdin, 0), (stdout, 1), (stderr, 2)] {
        // SAFETY: plain integers; 0, 1 and 2 are owned by nobody in this process.
        Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) })?;
    }
    Ok(())
}

/// Lets go of the caller's standard input, output and error: through `/proc/1/fd` root in the practice host could write
/// into the file or the terminal behind them.
pub fn forget_stdio() -> nix::Result<()> {
    let null = nix::fcntl::open("/dev/null", nix::fcntl::OFlag::O_RDWR, nix::sys::stat::Mode::empty())?;
    become_stdio(null.as_fd(), null.as_fd(), null.as_fd())
}

/// Marks every descriptor from 3 on close-on-exec.
pub fn close_others_on_exec() {
    // SAFETY: changes only what an exec will do.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// Lets descriptors outlive an exec. Those that are not open are left out.
pub fn keep_on_exec(numbers: std::ops::Range<RawFd>) {
    for number in numbers {
        // SAFETY: changes only what an exec will do.
        unsafe { libc::fcntl(number, libc::F_SETFD, 0) };
    }
}

/// Closes every descriptor from 3 on, in a forked child that ends by [`exit_now`]: no owner closes its own again.
pub fn close_all_but_stdio() {
    // SAFETY: nothing in this process uses or drops a descriptor after this.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
}

/// A duplicate of a descriptor at a number of at least `lowest`, close-on-exec.
pub fn duplicate_high(fd: BorrowedFd, lowest: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: plain integers.
    Errno::result(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) }).map(adopt)
}

/// Gives this process a name in `ps`: the thread's name and the first word of the command line.
pub fn rename(name: &str) {
    let Ok(wanted) = CString::new(name) else { return };
    // SAFETY: PR_SET_NAME copies up to 16 bytes of a C string.
    unsafe { libc::prctl(libc::PR_SET_NAME, wanted.as_ptr()) };
    // The command line lies where the kernel put it at exec; fields 48 and 49 of proc_pid_stat(5) say where.
    let Ok(stat) = std::fs::read_to_string("/proc/thread-self/stat") else { return };
    let Some((_, rest)) = stat.rsplit_once(')') else { return };
    let fields: Vec<_> = rest.split_whitespace().collect();
    let at = |number: usize| fields.get(number - 3).and_then(|field| field.parse::<usize>().ok());
    if let (Some(start), Some(end)) = (at(48), at(49))
        && start != 0
        && end.saturating_sub(start) == name.len() + 1
    {
        // SAFETY: [start, end) is this process's own argument area, writable, exactly as long as the name and its NUL.
        unsafe { std::ptr::copy_nonoverlapping(wanted.as_ptr(), start as *mut _, name.len() + 1) };
    }
}

/// SIGKILL when the thread that made this process ends.
pub fn die_with_parent() {
    // SAFETY: plain integers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
}

/// All signals as after boot: nothing ignored, nothing blocked.
pub fn reset_signals() {
    for number in 1..=64 {
        // SAFETY: SIG_DFL runs no code; numbers that cannot be set are refused by the kernel.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
    let _ = SigSet::empty().thread_set_mask();
}

/// Ignores a signal, as whatever is executed then does too; gives what was done with it before (signal(7)).
pub fn ignore(signal: Signal) -> nix::Result<SigAction> {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: SIG_IGN runs no code.
    unsafe { sigaction(signal, &action) }
}

/// Undoes [`ignore`].
pub fn heed(signal: Signal, before: &SigAction) -> nix::Result<()> {
    // SAFETY: what was in force before, whose code is there as long as the program.
    unsafe { sigaction(signal, before) }.map(drop)
}

/// A sealed copy of this program in memory. The practice host runs from it, so that nothing a student does through
/// `/proc/1/exe` reaches the file on the machine.
pub fn program_in_memory() -> std::io::Result<OwnedFd> {
    use std::io::Write;
    let program = std::fs::read("/proc/self/exe")?;
    // SAFETY: a name and flags in, a new descriptor or -1 out.
    let fd = unsafe { libc::memfd_create(c"nslab".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) };
    let mut file = std::fs::File::from(Errno::result(fd).map(adopt)?);
    file.write_all(&program)?;
    let seals = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE;
    // SAFETY: plain integers.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) };
    // A descriptor that is open for writing cannot be executed: open it again for reading.
    Ok(std::fs::File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))?.into())
}
