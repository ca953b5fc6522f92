//! In the sandbox's place where the system is not Linux: there are no namespaces to make one of, and that is said. Recordings
//! play, lessons are checked and mount tables of files are read all the same.

use crate::lab::{Check, Doctor, Lab, LabError, Shell, TerminalKind};
use crate::lesson::{HostKind, HostSpec, Run, Side};
use crate::op::{Actor, Call};
use crate::session::{CommandRecord, FileState, Snapshot};
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

/// There is none.
pub enum Sandbox {}

/// The error of whatever needs Linux.
pub fn refused() -> LabError {
    LabError::Refused {
        what: "make a practice host".into(),
        errno: nix::errno::Errno::ENOSYS as i32,
        key: "refused.system",
    }
}

impl Sandbox {
    pub fn start(_: &HostSpec, _: HostKind, _: &[(String, String)]) -> Result<Sandbox, LabError> {
        Err(refused())
    }
}

pub fn lab_place(_: HostKind, _: &[PathBuf]) -> Result<&'static str, LabError> {
    Err(refused())
}

pub fn examine() -> Doctor {
    let kernel = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let host = Check { key: "doctor.host", ok: false, tried: refused().to_string(), remedy: Some("refused.system") };
    Doctor {
        checks: vec![host],
        root: nix::unistd::geteuid().is_root(),
        confined: false,
        kernel: kernel.unwrap_or_default(),
    }
}

pub fn read_table(_: &File) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub fn read_namespace(_: i32) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Lab for Sandbox {
    fn perform(&mut self, _: Actor, _: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        match *self {}
    }

    fn run(&mut self, _: Actor, _: &Run) -> Result<CommandRecord, LabError> {
        match *self {}
    }

    fn container(&self) -> Option<i32> {
        match *self {}
    }

    fn type_line(&mut self, _: &str) -> Result<(), LabError> {
        match *self {}
    }

    fn typed_output(&mut self) -> Result<String, LabError> {
        match *self {}
    }

    fn snapshot(&mut self) -> Result<Snapshot, LabError> {
        match *self {}
    }

    fn file(&mut self, _: Side, _: &str) -> Result<Option<FileState>, LabError> {
        match *self {}
    }

    fn wait(&mut self, _: BorrowedFd) -> Result<bool, LabError> {
        match *self {}
    }

    fn tables(&mut self) -> Result<Option<Snapshot>, LabError> {
        match *self {}
    }

    fn shell(&mut self, _: Side, _: TerminalKind) -> Result<Shell, LabError> {
        match *self {}
    }
}

/// Nothing is made, so nothing is left.
pub mod ledger {
    use crate::mounts::Mount;
    use std::collections::BTreeSet;

    pub type FileSystem = (u32, u32, String, Vec<u8>);

    #[derive(Debug, Clone, Default)]
    pub struct Made {
        pub hosts: usize,
        pub file_systems: BTreeSet<FileSystem>,
        pub hostnames: BTreeSet<String>,
        pub namespaces: BTreeSet<u64>,
        pub living: BTreeSet<u64>,
        pub processes: Vec<(i32, String)>,
    }

    pub fn file_system(mount: &Mount) -> FileSystem {
        (mount.major, mount.minor, mount.fstype().into_owned(), mount.source().into_owned())
    }

    pub fn made() -> Made {
        Made::default()
    }

    pub fn end_all() {}
}

pub mod sys {
    use std::os::fd::BorrowedFd;

    /// No shell has a terminal here.
    pub fn set_window_size(_: BorrowedFd, _: u16, _: u16) -> nix::Result<()> {
        Err(nix::errno::Errno::ENOTTY)
    }
}
