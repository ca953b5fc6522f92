//! One watched process: never confused with a later one of the same number, and its mount table read whole.

use super::whole::Whole;
use crate::mounts::{MountTable, printable};
use crate::op::{errno_meaning, errno_name};
use crate::sandbox::sys::pidfd_open;
use crate::sandbox::{read_hostname, read_table};
use crate::session::{Facts, SideState};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// What the kernel refused: the file and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub path: String,
    pub errno: i32,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "open {}: {} ({})", self.path, errno_name(self.errno), errno_meaning(self.errno))
    }
}

/// Why a process cannot be watched from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwatchable {
    /// No process has this number.
    Missing,
    /// The number is a thread's.
    Thread,
    Refused(Refused),
}

/// Whether a process is still there to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Standing {
    #[default]
    Live,
    /// It ended: what is shown is its last table.
    Ended,
    /// It may not be read any more: what is shown is what was read before.
    Refused(Refused),
}

/// One side at one moment.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub state: Arc<SideState>,
    pub standing: Standing,
    /// It sees a part of its mount namespace, and the rest is refused: the errno of setns(2).
    pub refused_rest: Option<i32>,
}

#[derive(Debug)]
pub struct Process {
    pid: i32,
    pidfd: OwnedFd,
    /// The table that was read last; the kernel tells its changes here. None once the process ended: an open mountinfo
    /// keeps a mount namespace alive.
    mountinfo: Option<File>,
    /// Where what it does not see is read. Nothing else tells of that: each change of the namespace is told by `mountinfo`.
    whole: Whole,
    /// Where it was when these were opened.
    place: Option<Place>,
    seen: Seen,
}

/// What an open mountinfo is bound to: the mount namespace, and the process's root directory, by its mount and its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    namespace: u64,
    root: (u64, u64),
}

impl Process {
    pub fn open(pid: i32) -> Result<Process, Unwatchable> {
        // A pidfd never means another process. As long as it has not ended, neither does the number.
        let pidfd = match pidfd_open(pid) {
            Ok(pidfd) => pidfd,
            Err(_) if pid > 0 && is_thread(pid) => return Err(Unwatchable::Thread),
            Err(_) => return Err(Unwatchable::Missing),
        };
        let mut process =
            Process { pid, pidfd, mountinfo: None, whole: Whole::AsSeen, place: None, seen: Seen::default() };
        process.read(true);
        match process.seen.standing.clone() {
            Standing::Live => {
                process.read_facts(true);
                Ok(process)
            }
            Standing::Ended => Err(Unwatchable::Missing),
            Standing::Refused(refused) => Err(Unwatchable::Refused(refused)),
        }
    }

    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What tells of changes: of the table by an exception, of the end by being readable.
    pub fn descriptors(&self) -> [Option<(BorrowedFd<'_>, PollFlags)>; 2] {
        let table = self.mountinfo.as_ref().map(|file| (file.as_fd(), PollFlags::POLLPRI));
        let end = (self.seen.standing != Standing::Ended).then_some((self.pidfd.as_fd(), PollFlags::POLLIN));
        [table, end]
    }

    /// Reads the table when the kernel has told of a change: from the descriptor that is there, which is fastest. That is
    /// right but for pivot_root(2), after which it shows the old root; then rows are missing.
    pub fn follow(&mut self) {
        let anew = match (&self.seen.standing, &self.mountinfo) {
            (Standing::Live, Some(file)) => read_table(file).ok(),
            _ => None,
        };
        match anew.map(|bytes| self.seen.state.seen.reparse(bytes)) {
            Some(seen) if seen.len() >= self.seen.state.seen.len() => self.keep(seen),
            _ => self.read(false),
        }
    }

    /// Reads what the kernel did not tell of, after [`follow`](Self::follow) or without it. `by_witness`: what takes a
    /// process to know, too.
    pub fn settle(&mut self, has_followed: bool, by_witness: bool) {
        if !has_followed || by_witness || self.place.is_none() || place(self.pid) != self.place {
            self.read(by_witness);
        }
        self.read_facts(by_witness);
    }

    /// Reads the table anew, from a new descriptor: after pivot_root(2), chroot(2) or setns(2) of the process an old one
    /// shows what it was opened for. The namespace's is opened anew with another place, or with `by_witness`.
    fn read(&mut self, by_witness: bool) {
        if self.seen.standing == Standing::Ended {
            return;
        }
        // Looked up before: if it changes meanwhile, that is seen the next time.
        let place = place(self.pid);
        let path = format!("/proc/{}/mountinfo", self.pid);
        // Where its place may not be known any more, what is open is still its namespace.
        let whole = (place.is_some() && (by_witness || place != self.place)).then(|| Whole::of(self.pid));
        let anew = File::open(&path).and_then(|file| Ok((read_table(&file)?, file)));
        // Asked afterwards: what was read is this process's, since its number was still its own.
        if self.has_ended() {
            self.end();
            return;
        }
        match anew {
            Ok((bytes, file)) => {
                self.mountinfo = Some(file);
                self.place = place;
                self.whole = whole.unwrap_or_else(|| std::mem::take(&mut self.whole));
                self.seen.standing = Standing::Live;
                self.seen.refused_rest = self.whole.refused();
                self.keep(self.seen.state.seen.reparse(bytes));
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(0);
                self.seen.standing = Standing::Refused(Refused { path, errno });
            }
        }
    }

    /// Which namespaces and root directory it has, and its name: what the kernel tells nobody about. The hostname in
    /// another UTS namespace takes a witness, which is not sent for each change of a table: the UTS namespace must be another
    /// one, or `by_witness`.
    fn read_facts(&mut self, by_witness: bool) {
        if self.seen.standing == Standing::Ended {
            return;
        }
        let mut facts = facts(self.pid);
        let known = &self.seen.state.facts;
        facts.hostname = match facts.namespace("uts") {
            uts if !by_witness && uts == known.namespace("uts") => known.hostname.clone(),
            Some(_) => read_hostname(self.pid).map(|name| printable(&name)).unwrap_or_default(),
            None => String::new(),
        };
        if self.has_ended() {
            self.end();
        } else if facts != self.seen.state.facts {
            self.seen.state = Arc::new(SideState { facts, ..SideState::clone(&self.seen.state) });
        }
    }

    /// What it sees, and what else its namespace has, read after that: a change between the two is told once more.
    fn keep(&mut self, seen: MountTable) {
        let SideState { table, seen: known, facts } = &*self.seen.state;
        let whole = self.whole.read().map(|bytes| table.reparse(bytes));
        // A mount's number is its own in all namespaces: it tells whether a process of unknown place has gone elsewhere.
        let is_of = |whole: &MountTable| {
            seen.rows().first().is_none_or(|first| whole.rows().iter().any(|mount| mount.id == first.id))
        };
        let whole = whole.filter(|whole| self.place.is_some() || is_of(whole)).unwrap_or_else(|| seen.clone());
        // The very same bytes are the very same state, so nobody compares it again.
        if seen != *known || whole != *table {
            self.seen.state = Arc::new(SideState { table: whole, seen, facts: facts.clone() });
        }
    }

    fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// The last table, which the kept descriptor still has, if it has one: whatever was unmounted by the end of the
    /// namespace itself is no change of the process's.
    fn end(&mut self) {
        if let Some(file) = self.mountinfo.take()
            && let Ok(bytes) = read_table(&file)
            && !bytes.is_empty()
        {
            self.keep(self.seen.state.seen.reparse(bytes));
        }
        self.whole = Whole::AsSeen;
        self.seen.standing = Standing::Ended;
    }
}

/// Whether a number is that of a thread which is not its process's first.
fn is_thread(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("Tgid:")).is_some_and(|group| group.trim() != pid.to_string())
}

/// None where it may not be known: that takes the right to trace the process.
fn place(pid: i32) -> Option<Place> {
    let root = statx(CWD, format!("/proc/{pid}/root"), AtFlags::empty(), StatxFlags::INO | StatxFlags::MNT_ID).ok()?;
    let namespace = std::fs::metadata(format!("/proc/{pid}/ns/mnt")).ok()?.ino();
    Some(Place { namespace, root: (root.stx_mnt_id, root.stx_ino) })
}

/// What /proc says of a process beside its table. Namespaces and root directory take the right to trace the process, its
/// table does not.
fn facts(pid: i32) -> Facts {
    let namespace = |kind: &str| -> io::Result<(String, u64)> {
        Ok((kind.to_string(), std::fs::metadata(format!("/proc/{pid}/ns/{kind}"))?.ino()))
    };
    let root = std::fs::read_link(format!("/proc/{pid}/root"));
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    Facts {
        namespaces: ["mnt", "uts"].into_iter().filter_map(|kind| namespace(kind).ok()).collect(),
        // Kept as a process may choose it, so made harmless here.
        program: printable(name.strip_suffix(b"\n").unwrap_or(&name)),
        root: root.map(|root| printable(root.as_os_str().as_encoded_bytes())).unwrap_or_default(),
        pid_outside: pid,
        ..Facts::default()
    }
}

impl Seen {
    /// The number of its mount namespace, where that may be known.
    pub fn namespace(&self) -> Option<u64> {
        self.state.facts.namespace("mnt")
    }

    /// Its whole mount namespace, as far as that may be read.
    pub fn table(&self) -> &MountTable {
        &self.state.table
    }

    /// Whether that is more than the process sees: its root directory is not its namespace's.
    pub fn sees_less(&self) -> bool {
        self.state.seen != self.state.table
    }
}
