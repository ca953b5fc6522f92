//! What this run has made, written down as it is made: the receipt at the end looks for it, also for what died on the
//! way. One ledger a process, since it is the process that answers for what it made.

use super::sys;
use crate::mounts::{Mount, MountTable};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::stat::{Mode, fstat};
use std::collections::BTreeSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// PID namespaces are kept of so many hosts, so that their inode numbers stay theirs while processes are looked for.
const KEPT: usize = 64;

/// A mount as the kernel tells file systems apart: device, type, source.
pub type FileSystem = (u32, u32, String, Vec<u8>);

pub fn file_system(mount: &Mount) -> FileSystem {
    (mount.major, mount.minor, mount.fstype().into_owned(), mount.source().into_owned())
}

/// The practice host's first process.
#[derive(Debug, Clone)]
pub struct Host(Arc<First>);

#[derive(Debug)]
struct First {
    pid: i32,
    pidfd: OwnedFd,
    /// Pins the namespace's number, and none of its processes or mounts.
    namespace: OwnedFd,
}

impl Host {
    pub fn pid(&self) -> i32 {
        self.0.pid
    }

    /// PID 1's death is the death of everything in the practice host; it is reaped after all of that.
    pub fn end(&self) {
        let _ = sys::kill_by_pidfd(self.0.pidfd.as_fd());
        let _ = self.ended(PollTimeout::NONE);
        while let Err(Errno::EINTR) = nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(self.0.pid), None) {}
    }

    fn ended(&self, patience: PollTimeout) -> bool {
        let mut fds = [PollFd::new(self.0.pidfd.as_fd(), PollFlags::POLLIN)];
        loop {
            match nix::poll::poll(&mut fds, patience) {
                Err(Errno::EINTR) => {}
                other => return other.is_ok_and(|ready| ready > 0),
            }
        }
    }
}

#[derive(Default)]
struct Ledger {
    count: usize,
    hosts: Vec<Host>,
    seen: Made,
}

/// What was made, and what of it is there now.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// How many practice hosts there were.
    pub hosts: usize,
    /// Their processes, by number and name, that are there now.
    pub processes: Vec<(i32, String)>,
    /// File systems that stood in their mount tables.
    pub file_systems: BTreeSet<FileSystem>,
    /// Names that they had.
    pub hostnames: BTreeSet<String>,
    /// Mount namespaces, by the number that is never used again; only those that could be looked up while they lived.
    pub namespaces: BTreeSet<u64>,
    /// Which of them are there now.
    pub living: BTreeSet<u64>,
}

fn ledger() -> MutexGuard<'static, Ledger> {
    static LEDGER: LazyLock<Mutex<Ledger>> = LazyLock::new(Mutex::default);
    // A panic elsewhere leaves the ledger as true as it was.
    LEDGER.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A practice host was made; this is its first process.
pub fn host(pid: i32) -> nix::Result<Host> {
    let made = sys::pidfd_open(pid).and_then(|pidfd| {
        let path = format!("/proc/{pid}/ns/pid");
        let namespace = open(path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(Host(Arc::new(First { pid, pidfd, namespace })))
    });
    let host = made.inspect_err(|_| {
        // Its own child, not yet waited for: the number is still its.
        let child = nix::unistd::Pid::from_raw(pid);
        let _ = nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL);
        let _ = nix::sys::wait::waitpid(child, None);
    })?;
    let mut ledger = ledger();
    ledger.count += 1;
    ledger.hosts.push(host.clone());
    if ledger.hosts.len() > KEPT
        && let Some(old) = ledger.hosts.iter().position(|host| host.ended(PollTimeout::ZERO))
    {
        ledger.hosts.remove(old);
    }
    Ok(host)
}

/// A process's mount namespace is one of ours.
pub fn mount_namespace(pid: i32) {
    let path = format!("/proc/{pid}/ns/mnt");
    let Ok(namespace) = open(path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()) else { return };
    let Ok(id) = sys::mount_namespace_id(namespace.as_fd()) else { return };
    if sys::mount_namespace_exists(id) == Some(true) {
        ledger().seen.namespaces.insert(id);
    }
}

/// A mount table and a hostname of ours were looked at.
pub fn seen(table: &MountTable, hostname: &str) {
    let mut ledger = ledger();
    ledger.seen.file_systems.extend(table.rows().iter().map(file_system));
    ledger.seen.hostnames.insert(hostname.into());
}

/// Ends every practice host, from whichever thread: one that waits for a stage which somebody stopped waits no longer.
pub fn end_all() {
    for host in &ledger().hosts {
        let _ = sys::kill_by_pidfd(host.0.pidfd.as_fd());
    }
}

/// What was made, and what of it is there now.
pub fn made() -> Made {
    let (mut made, hosts) = {
        let ledger = ledger();
        (Made { hosts: ledger.count, ..ledger.seen.clone() }, ledger.hosts.clone())
    };
    made.processes = processes_in(&hosts);
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        made.living =
            made.namespaces.iter().copied().filter(|&id| sys::mount_namespace_exists(id) == Some(true)).collect();
        // The kernel frees a namespace a moment after its last user.
        if made.living.is_empty() || Instant::now() > deadline {
            return made;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The processes that are in one of the hosts' PID namespaces, or in one that lies in it.
fn processes_in(hosts: &[Host]) -> Vec<(i32, String)> {
    let inode = |fd: &OwnedFd| fstat(fd).ok().map(|stat| (stat.st_dev, stat.st_ino));
    let ours: BTreeSet<_> = hosts.iter().filter_map(|host| inode(&host.0.namespace)).collect();
    let within = |pid: i32| {
        let path = format!("/proc/{pid}/ns/pid");
        let mut namespace = open(path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok();
        while let Some(at) = namespace {
            if inode(&at).is_some_and(|id| ours.contains(&id)) {
                return true;
            }
            namespace = sys::parent_namespace(at.as_fd()).ok();
        }
        false
    };
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|&pid| within(pid))
        .map(|pid| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            (pid, name.trim().to_string())
        })
        .collect()
}
