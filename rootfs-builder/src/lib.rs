//! Writes a small root file system from the programs of this machine: no network, no mounts, nothing is run.
//!
//! Two layers: `base` (libraries and shells) and `tools`. Unpacked one over the other they are a root file system.

mod build;
mod cache;
mod manifest;
mod plan;
mod unpack;

pub use build::build;
pub use cache::cached;
pub use manifest::{Entry, Image, Input, Layer, Manifest};
pub use plan::{Helper, Options, default_commands};
pub use unpack::unpack;

use std::path::{Path, PathBuf};

/// What was tried, on what, and what the system answered.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}: {answer}", path.display())]
pub struct Error {
    pub what: &'static str,
    pub path: PathBuf,
    /// Said with the rest, so it is not this error's source as well: whoever tells all causes would say it twice.
    pub answer: std::io::Error,
}

/// Words an I/O error.
fn tried<T>(what: &'static str, path: &Path, result: std::io::Result<T>) -> Result<T, Error> {
    result.map_err(|answer| Error { what, path: path.into(), answer })
}
