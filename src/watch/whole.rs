//! The whole mount namespace of a process that sees a part of it: one whose root directory is not its namespace's.

use crate::sandbox::{open_namespace, read_table};
use std::fs::File;
use std::path::Path;

#[derive(Debug, Default)]
pub enum Whole {
    /// It sees all of it; or that may not be known.
    #[default]
    AsSeen,
    /// Opened from the namespace's own root. It tells of that for as long as it is open, whatever the process does.
    Open(File),
    /// Joining the namespace is refused: the errno.
    Refused(i32),
}

impl Whole {
    /// Takes a process that joins the namespace, so it is done once for each place that a chrooted process has.
    pub fn of(pid: i32) -> Whole {
        let root = std::fs::read_link(format!("/proc/{pid}/root"));
        if root.map_or(true, |root| root == Path::new("/")) {
            return Whole::AsSeen;
        }
        match open_namespace(pid) {
            Ok(file) => Whole::Open(file),
            Err(error) => Whole::Refused(error.raw_os_error().unwrap_or(0)),
        }
    }

    pub fn read(&self) -> Option<Vec<u8>> {
        match self {
            Whole::Open(file) => read_table(file).ok(),
            Whole::AsSeen | Whole::Refused(_) => None,
        }
    }

    pub fn refused(&self) -> Option<i32> {
        match self {
            Whole::Refused(errno) => Some(*errno),
            Whole::AsSeen | Whole::Open(_) => None,
        }
    }
}
