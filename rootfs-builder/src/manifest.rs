//! What an image holds and what it was made from, so that damage and changes are seen without reading a file.

use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A built image.
#[derive(Debug, Clone)]
pub struct Image {
    pub dir: PathBuf,
    pub manifest: Manifest,
}

impl Image {
    /// The layers' names and directories, lowest first.
    pub fn layers(&self) -> Vec<(String, PathBuf)> {
        let dir = self.dir.join("layers");
        self.manifest.layers.iter().map(|layer| (layer.name.clone(), dir.join(&layer.name))).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The options it was made with, in one line.
    pub options: String,
    /// Every place on the machine that was looked at.
    pub inputs: Vec<Input>,
    pub layers: Vec<Layer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    pub name: String,
    pub entries: Vec<Entry>,
}

/// A path on the machine, and its state then: None where there was nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub path: PathBuf,
    pub state: Option<Stamp>,
}

/// A file of the image, relative to its layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub path: PathBuf,
    pub stamp: Stamp,
    /// Which file of the machine it is a copy of.
    pub from: Option<PathBuf>,
}

/// Enough to notice that a file is no longer what it was: the change time cannot be set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub inode: u64,
    pub mode: u32,
    pub size: u64,
    pub changed: (i64, i64),
}

impl Stamp {
    /// Of what a path leads to.
    pub fn of_target(path: &Path) -> Option<Stamp> {
        std::fs::metadata(path).ok().map(|data| Stamp::new(&data))
    }

    /// Of the path itself, be it a symbolic link.
    pub fn of_entry(path: &Path) -> Option<Stamp> {
        std::fs::symlink_metadata(path).ok().map(|data| Stamp::new(&data))
    }

    fn new(data: &std::fs::Metadata) -> Stamp {
        // A directory's own size and times change with what is put beside; only that it is there counts.
        let directory = data.is_dir();
        Stamp {
            inode: if directory { 0 } else { data.ino() },
            mode: data.mode(),
            size: if directory { 0 } else { data.size() },
            changed: if directory { (0, 0) } else { (data.ctime(), data.ctime_nsec()) },
        }
    }
}
