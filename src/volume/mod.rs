//! The practice host's volumes and who uses them, kept as Docker keeps them: directories, and a few lines beside them.
//! Nothing here mounts anything: a volume is bound into a container by a call that a lesson or a student makes.

mod container;
mod fill;
mod spec;
mod store;

pub use container::{Container, MountPoint};
pub use spec::{Source, Spec};
pub use store::{ANONYMOUS, Pruned, Store, Volume};

use std::path::PathBuf;

/// Why something with volumes could not be done. It is worded at the edge, from the catalogue.
#[derive(Debug)]
pub enum Fault {
    NoVolume(String),
    InUse {
        name: String,
        by: Vec<String>,
    },
    NoContainer(String),
    NameTaken(String),
    BadName(String),
    BadSpec(String),
    /// `tried` is a key of the catalogue.
    Io {
        tried: &'static str,
        path: PathBuf,
        error: std::io::Error,
    },
}

fn tried<T>(what: &'static str, path: &std::path::Path, result: std::io::Result<T>) -> Result<T, Fault> {
    result.map_err(|error| Fault::Io { tried: what, path: path.into(), error })
}

/// The same, where a missing file is an answer and no fault.
fn if_there<T>(what: &'static str, path: &std::path::Path, result: std::io::Result<T>) -> Result<Option<T>, Fault> {
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        result => tried(what, path, result).map(Some),
    }
}

/// 64 hexadecimal digits that nobody else has.
fn random_id() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // The standard library seeds these hashers from getrandom(2), which needs no file: /dev may be covered here.
    (0..4).map(|_| format!("{:016x}", RandomState::new().build_hasher().finish())).collect()
}

/// Whether Docker would take it as the name of a volume or container.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    name.len() > 1
        && chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && chars.all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}
