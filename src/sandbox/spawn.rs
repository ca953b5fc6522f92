//! Starts programs on either side of the practice host.

use super::{sys, terminal};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A program to start.
pub struct Program<'a> {
    pub args: &'a [String],
    pub env: &'a [String],
    pub stdin: BorrowedFd<'a>,
    pub stdout: BorrowedFd<'a>,
    pub stderr: BorrowedFd<'a>,
    /// The three are a terminal, which becomes the controlling one of a new session; rather one of the side's own, whose
    /// master goes to this socket.
    pub terminal: Option<BorrowedFd<'a>>,
}

/// Which process's namespaces and root to join first.
pub struct Join {
    pub pidfd: OwnedFd,
    /// Its user namespace is not the caller's; joining one's own is EINVAL (setns(2)).
    pub other_user: bool,
    /// The process's root directory: joining a mount namespace alone would undo a chroot.
    pub root: OwnedFd,
}

/// Starts a program as a child of this process. With `join` a child waits outside for the program inside, since
/// setns(2) into a PID namespace counts only for children; it passes on the exit status. Returns once the program runs
/// under its own name, or has failed to: whoever looks next (ps, say) shall not see a copy of this process instead.
pub fn start(program: &Program, join: Option<&Join>) -> nix::Result<i32> {
    let (runs, until_exec) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    if let Some(pid) = sys::fork()? {
        drop(until_exec);
        // The end of file is the message: execve or exit closed the last other end.
        while nix::unistd::read(&runs, &mut [0]) == Err(Errno::EINTR) {}
        return Ok(pid);
    }
    sys::reset_signals();
    let status = match join {
        None => become_program(program),
        Some(join) => enter(join).map_or_else(
            |errno| complain(program, "join the container", errno),
            |()| match sys::fork() {
                Ok(None) => become_program(program),
                Ok(Some(child)) => pass_on(child),
                Err(errno) => complain(program, "fork", errno),
            },
        ),
    };
    sys::exit_now(status)
}

/// Joins the container: its user (if it has its own), PID, UTS and mount namespace, then its root directory.
pub fn enter(join: &Join) -> nix::Result<()> {
    let user = if join.other_user { libc::CLONE_NEWUSER } else { 0 };
    sys::join(join.pidfd.as_fd(), user | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWNS)?;
    nix::unistd::fchdir(join.root.as_fd())?;
    nix::unistd::chroot(".")?;
    nix::unistd::chdir("/")
}

/// The number of a wait status as a shell has it.
pub fn exit_status(status: &WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, code) => *code,
        WaitStatus::Signaled(_, signal, _) => 128 + *signal as i32,
        _ => 0,
    }
}

fn pass_on(child: i32) -> i32 {
    sys::rename("nslab-enter");
    // It waits within the practice host's sight, and needs nothing of what the stage has open.
    sys::close_all_but_stdio();
    loop {
        match waitpid(Pid::from_raw(child), None::<WaitPidFlag>) {
            Ok(status) => return exit_status(&status),
            Err(Errno::EINTR) => {}
            Err(_) => return 1,
        }
    }
}

fn become_program(program: &Program) -> i32 {
    let _ = nix::unistd::setsid();
    let own = program.terminal.and_then(|socket| terminal::hand_out(socket, program.stdin));
    let or_own = |given| own.as_ref().map_or(given, AsFd::as_fd);
    let [stdin, stdout, stderr] = [program.stdin, program.stdout, program.stderr].map(or_own);
    if program.terminal.is_some() {
        let _ = sys::take_terminal(stdin);
    }
    if let Err(errno) = sys::become_stdio(stdin, stdout, stderr) {
        return complain(program, "connect standard input and output", errno);
    }
    sys::close_others_on_exec();
    let strings =
        |items: &[String]| items.iter().filter_map(|item| CString::new(item.as_str()).ok()).collect::<Vec<_>>();
    let (args, env) = (strings(program.args), strings(program.env));
    let Some(name) = program.args.first() else { return 127 };
    let mut answer = Errno::ENOENT;
    for candidate in candidates(name, program.env) {
        match nix::unistd::execve::<&CStr, &CStr>(
            &candidate,
            &args.iter().map(CString::as_c_str).collect::<Vec<_>>(),
            &env.iter().map(CString::as_c_str).collect::<Vec<_>>(),
        ) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(errno) => answer = errno,
        }
    }
    complain(program, "execve", answer)
}

/// The paths that a name may stand for.
fn candidates(name: &str, env: &[String]) -> Vec<CString> {
    let path = env.iter().find_map(|entry| entry.strip_prefix("PATH=")).unwrap_or("/usr/bin:/bin");
    let all: Vec<String> = if name.contains('/') {
        vec![name.into()]
    } else {
        path.split(':').map(|dir| format!("{dir}/{name}")).collect()
    };
    all.into_iter().filter_map(|path| CString::new(path).ok()).collect()
}

fn complain(program: &Program, tried: &str, errno: Errno) -> i32 {
    let name = program.args.first().map_or("", String::as_str);
    let line = format!("{name}: {tried}: {} ({errno:?})\n", errno.desc());
    let _ = nix::unistd::write(program.stderr, line.as_bytes());
    127
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step that starts a program and then looks at it with ps sees the program, however busy the machine is.
    #[test]
    fn a_started_program_has_its_own_name() {
        let null = std::fs::File::open("/dev/null").unwrap();
        let fd = null.as_fd();
        let (args, env) = (["sleep".to_string(), "60".into()], [format!("PATH={}", std::env::var("PATH").unwrap())]);
        let program = Program { args: &args, env: &env, stdin: fd, stdout: fd, stderr: fd, terminal: None };
        for _ in 0..20 {
            let pid = start(&program, None).unwrap();
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
            nix::sys::signal::kill(Pid::from_raw(pid), nix::sys::signal::SIGKILL).unwrap();
            waitpid(Pid::from_raw(pid), None).unwrap();
            assert_eq!(line, b"sleep\x0060\0");
        }
    }
}
