//! The baseline: one single-threaded program without tables, checks or messages. It builds the same practice hosts and
//! makes the same calls and execs, as a C programmer would write it down.
#![allow(unsafe_code)] // clone and fork: a process of one thread, whose children only make system calls and exec.

use crate::notes::{Act, Notes};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, clone};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork};
use nslab::op::{Actor, Call, Process};
use std::collections::HashMap;
use std::ffi::{CString, c_int};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ENV: [&str; 5] =
    ["PATH=/usr/bin:/usr/sbin:/bin:/sbin", "HOME=/root", "HISTFILE=", "PS1=container # ", "TERM=dumb"];
const PROMPT: &[u8] = b"container # ";

pub fn main(notes: &str) -> ExitCode {
    let notes: Notes = serde_json::from_slice(&std::fs::read(notes).expect("read the notes")).expect("the notes");
    for acts in &notes.hosts {
        practice_host(&notes, acts);
    }
    ExitCode::SUCCESS
}

/// Clones the practice host, lets it do all its acts, and waits for its end.
fn practice_host(notes: &Notes, acts: &[Act]) {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    let (mut go, mut gone) = UnixStream::pair().expect("a socket pair");
    let mut flags =
        CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    flags.set(CloneFlags::CLONE_NEWUSER, notes.confined);
    let stage = start(flags, || {
        gone.read_exact(&mut [0]).expect("the id maps are written");
        nix::unistd::setsid().expect("setsid");
        build(notes);
        Host::default().perform(acts);
        0
    });
    let maps =
        [("setgroups", "deny".to_string()), ("uid_map", format!("0 {uid} 1\n")), ("gid_map", format!("0 {gid} 1\n"))];
    for (file, text) in maps.iter().filter(|_| notes.confined) {
        std::fs::write(format!("/proc/{stage}/{file}"), text).expect("write the id maps");
    }
    go.write_all(b"g").expect("go");
    assert_eq!(waitpid(stage, None), Ok(WaitStatus::Exited(stage, 0)));
}

/// clone(2) with a stack of 1 MiB; a child that panics ends with status 101.
fn start(flags: CloneFlags, mut child: impl FnMut() -> isize) -> Pid {
    let mut stack = vec![0; 1 << 20];
    let guarded = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut child)).unwrap_or(101);
    unsafe { clone(Box::new(guarded), &mut stack, flags, Some(libc::SIGCHLD)) }.expect("clone")
}

fn new_mount(fstype: &str, source: &str, on: &Path, flags: MsFlags, data: Option<&str>) {
    mount(Some(source), on, Some(fstype), flags, data).expect("mount");
}

/// The same seven file systems, with the image in the same two places.
fn build(notes: &Notes) {
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("make mounts private");
    let devices: Vec<OwnedFd> = ["null", "zero", "full", "random", "urandom", "tty"]
        .iter()
        .map(|name| {
            let flags = nix::fcntl::OFlag::O_PATH | nix::fcntl::OFlag::O_CLOEXEC;
            nix::fcntl::open(format!("/dev/{name}").as_str(), flags, nix::sys::stat::Mode::empty()).expect("a device")
        })
        .collect();
    let layers: Vec<(&str, File)> = notes
        .layers
        .iter()
        .map(|(name, path)| (name.as_str(), File::open(path).expect("a layer of the image")))
        .collect();
    let base = Path::new("/tmp");
    new_mount("tmpfs", "host", base, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755"));
    let of = |fd: &File| PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    layers.iter().for_each(|(_, fd)| copy(&of(fd), base, &mut HashMap::new()));
    ["proc", "dev", "run", "tmp", "lab", "etc"].iter().for_each(|name| drop(std::fs::create_dir(base.join(name))));
    std::fs::write(base.join("etc/hostname"), "lab-host\n").expect("write");
    std::fs::write(base.join("etc/os-release"), "NAME=bare\n").expect("write");
    let quiet = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    new_mount("proc", "proc", &base.join("proc"), quiet, None);
    let dev = base.join("dev");
    new_mount("tmpfs", "dev", &dev, MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, Some("mode=755"));
    std::fs::create_dir(dev.join("pts")).expect("mkdir");
    let pts = Some("newinstance,ptmxmode=0666,mode=0620");
    new_mount("devpts", "devpts", &dev.join("pts"), MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, pts);
    symlink("pts/ptmx", dev.join("ptmx")).expect("link");
    symlink("/proc/self/fd", dev.join("fd")).expect("link");
    for (device, name) in devices.into_iter().zip(["null", "zero", "full", "random", "urandom", "tty"]) {
        symlink(format!("/proc/1/fd/{}", device.into_raw_fd()), dev.join(name)).expect("link");
    }
    for (name, mode) in [("run", "mode=755"), ("tmp", "mode=1777"), ("lab", "mode=755")] {
        new_mount("tmpfs", name, &base.join(name), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(mode));
    }
    for (name, fd) in &layers {
        let layer = base.join("lab/image").join(name);
        std::fs::create_dir_all(&layer).expect("mkdir");
        copy(&of(fd), &layer, &mut HashMap::new());
    }
    nix::unistd::chdir(base).expect("chdir");
    nix::unistd::pivot_root(".", ".").expect("pivot_root");
    umount2(".", MntFlags::MNT_DETACH).expect("umount2");
    nix::unistd::chdir("/").expect("chdir");
    nix::unistd::sethostname("lab-host").expect("sethostname");
    if notes.shared {
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_SHARED, none).expect("make mounts shared");
    }
}

/// Copies what is in a directory, with links, hard links and modes.
fn copy(from: &Path, to: &Path, copied: &mut HashMap<u64, PathBuf>) {
    for entry in std::fs::read_dir(from).expect("list").flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let data = entry.metadata().expect("look at");
        if data.is_dir() {
            let _ = std::fs::create_dir(&target);
            copy(&source, &target, copied);
            std::fs::set_permissions(&target, data.permissions()).expect("chmod");
        } else if data.is_symlink() {
            symlink(std::fs::read_link(&source).expect("readlink"), &target).expect("link");
        } else if let Some(first) = copied.get(&data.ino()) {
            std::fs::hard_link(first, &target).expect("link");
        } else {
            std::fs::copy(&source, &target).expect("copy");
            copied.insert(data.ino(), target);
        }
    }
}

/// The practice host's PID 1, with the container that it cloned.
#[derive(Default)]
struct Host {
    open: HashMap<String, File>,
    container: Option<Container>,
}

struct Container {
    pid: Pid,
    socket: UnixStream,
    terminal: OwnedFd,
}

impl Host {
    fn perform(&mut self, acts: &[Act]) {
        for (index, act) in acts.iter().enumerate() {
            match act {
                Act::Call { actor: Actor::Host, call: Call::Clone { flags }, errno: None } => {
                    self.container = Some(Container::start(flags.0 as c_int, acts));
                }
                Act::Call { actor: Actor::Host, call, errno } => assert_eq!(do_call(call, &mut self.open), *errno),
                Act::Run { actor: Actor::Host, args, status } => run(args, *status),
                Act::Call { actor: Actor::Container, call: Call::Execve { .. }, errno: None } => {
                    let container = self.container.as_mut().expect("a container");
                    container.ask(index);
                    container.wait_for_prompt();
                }
                Act::Call { actor: Actor::Container, .. } | Act::Run { actor: Actor::Container, .. } => {
                    let container = self.container.as_mut().expect("a container");
                    container.ask(index);
                    container.socket.read_exact(&mut [0]).expect("the container did it");
                }
                Act::Type { line } => {
                    let container = self.container.as_mut().expect("a container");
                    nix::unistd::write(&container.terminal, format!("{line}\n").as_bytes()).expect("type");
                    if !container.wait_for_prompt() {
                        waitpid(container.pid, None).expect("the container has ended");
                        self.container = None;
                    }
                }
            }
        }
    }
}

impl Container {
    fn start(flags: c_int, acts: &[Act]) -> Container {
        let (socket, mut theirs) = UnixStream::pair().expect("a socket pair");
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        let mut open = HashMap::new();
        let pid = start(CloneFlags::from_bits_retain(flags), || {
            let mut index = [0; 8];
            while theirs.read_exact(&mut index).is_ok() {
                match &acts[usize::from_ne_bytes(index)] {
                    Act::Call { call: Call::Execve { path, args, env }, errno: None, .. } => {
                        take_terminal(&pty.slave);
                        exec(path, args, env);
                        panic!("execve {path}: {}", Errno::last());
                    }
                    Act::Call { call, errno, .. } => assert_eq!(do_call(call, &mut open), *errno, "{call}"),
                    Act::Run { args, status, .. } => run(args, *status),
                    act => panic!("not for the container: {act:?}"),
                }
                theirs.write_all(&[0]).expect("tell that it is done");
            }
            0
        });
        Container { pid, socket, terminal: pty.master }
    }

    fn ask(&mut self, index: usize) {
        self.socket.write_all(&index.to_ne_bytes()).expect("ask the container");
    }

    /// Reads until the shell waits for the next line. False: the terminal's other end is gone.
    fn wait_for_prompt(&mut self) -> bool {
        let mut said = Vec::new();
        let mut buffer = [0; 4096];
        while !said.ends_with(PROMPT) {
            match nix::unistd::read(&self.terminal, &mut buffer) {
                Ok(count @ 1..) => said.extend_from_slice(&buffer[..count]),
                _ => return false,
            }
        }
        true
    }
}

fn take_terminal(slave: &OwnedFd) {
    let _ = nix::unistd::setsid();
    let result = unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSCTTY, 0) };
    assert_eq!(result, 0, "take the terminal");
    become_stdio(slave, slave);
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0) };
}

fn become_stdio(stdin: &OwnedFd, stdout: &OwnedFd) {
    dup2_stdin(stdin).and_then(|()| dup2_stdout(stdout)).and_then(|()| dup2_stderr(stdout)).expect("dup2");
}

fn exec(path: &str, args: &[String], env: &[String]) {
    let strings = |items: &[String]| items.iter().map(|item| CString::new(item.as_str()).unwrap()).collect::<Vec<_>>();
    let _ = nix::unistd::execve(&CString::new(path).unwrap(), &strings(args), &strings(env));
}

/// Starts a command; with `output` its standard output and error go there.
fn spawn(args: &[String], output: Option<&OwnedFd>) -> Pid {
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let _ = nix::unistd::setsid();
            let (stdin, _) = nix::unistd::pipe().expect("a pipe");
            let (_, unread) = nix::unistd::pipe().expect("a pipe");
            become_stdio(&stdin, output.unwrap_or(&unread));
            unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0) };
            let env = ENV.map(str::to_string);
            for directory in ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] {
                exec(&format!("{directory}/{}", args[0]), args, &env);
            }
            unsafe { libc::_exit(127) }
        }
    }
}

/// Runs a command, reads what it prints, and holds its status against the one noted. Without one it is only started.
fn run(args: &[String], status: Option<i32>) {
    let Some(status) = status else {
        spawn(args, None);
        return;
    };
    let (read, write) = nix::unistd::pipe().expect("a pipe");
    let child = spawn(args, Some(&write));
    drop(write);
    let mut output = Vec::new();
    File::from(read).read_to_end(&mut output).expect("read a command's output");
    match waitpid(child, None).expect("wait for a command") {
        WaitStatus::Exited(_, found) => assert_eq!(found, status, "{args:?}"),
        other => panic!("{args:?}: {other:?}"),
    }
}

/// Makes one call and tells its errno.
fn do_call(call: &Call, open: &mut HashMap<String, File>) -> Option<i32> {
    let result: nix::Result<()> = match call {
        Call::Mount { source, target, fstype, flags, data } => mount(
            source.as_deref(),
            target.as_str(),
            fstype.as_deref(),
            MsFlags::from_bits_retain(flags.0),
            data.as_deref(),
        ),
        Call::Umount { target, detach } => {
            umount2(target.as_str(), if *detach { MntFlags::MNT_DETACH } else { MntFlags::empty() })
        }
        Call::Sethostname { name } => nix::unistd::sethostname(name),
        Call::Mkdir { path, mode } => of_io(std::fs::DirBuilder::new().mode(*mode).create(path)),
        Call::Rmdir { path } => of_io(std::fs::remove_dir(path)),
        Call::Unlink { path } => nix::unistd::unlink(path.as_str()),
        Call::Open { path, flags, mode, fd } => {
            let (flags, mode) = (OFlag::from_bits_retain(flags.0 as c_int), Mode::from_bits_retain(mode.unwrap_or(0)));
            nix::fcntl::open(path.as_str(), flags, mode).map(|file| drop(open.insert(fd.clone(), file.into())))
        }
        Call::Chmod { path, mode } => of_io(std::fs::set_permissions(path, PermissionsExt::from_mode(*mode))),
        Call::Write { fd, text } => of_io(open[fd].try_clone().and_then(|mut file| file.write_all(text.as_bytes()))),
        Call::Close { fd } => {
            open.remove(fd);
            Ok(())
        }
        Call::Kill { pid: Process::Number(pid), signal } => {
            Errno::result(unsafe { libc::kill(*pid, *signal) }).map(drop)
        }
        Call::Chroot { path } => nix::unistd::chroot(path.as_str()),
        Call::Chdir { path } => nix::unistd::chdir(path.as_str()),
        // Both are made here only where they fail; the ones that work start and end a container.
        Call::Clone { flags } => {
            let flags = flags.0 as c_int | libc::SIGCHLD;
            let pid = unsafe { libc::syscall(libc::SYS_clone, flags as libc::c_ulong, 0, 0, 0, 0) };
            Errno::result(pid).map(|_| panic!("{call} worked"))
        }
        Call::Execve { path, args, env } => {
            exec(path, args, env);
            Err(Errno::last())
        }
        other => panic!("this lesson makes no such call: {other}"),
    };
    result.err().map(|errno| errno as i32)
}

fn of_io(result: std::io::Result<()>) -> nix::Result<()> {
    result.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}
