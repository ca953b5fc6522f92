//! Copies layers into a directory, one over the other.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// Fills an existing directory from layers, the lowest first. Links, hard links and modes are kept.
pub fn unpack(layers: &[&Path], into: &Path) -> io::Result<()> {
    layers.iter().try_for_each(|layer| copy_directory(layer, into, false, &mut HashMap::new()))
}

/// `is_new`: nothing of another layer is there, so nothing has to give way.
fn copy_directory(from: &Path, to: &Path, is_new: bool, copied: &mut HashMap<(u64, u64), PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let data = entry.metadata()?;
        if data.is_dir() {
            let is_new = is_new || !target.is_dir() || target.is_symlink();
            if is_new {
                std::fs::create_dir(&target)?;
            }
            copy_directory(&source, &target, is_new, copied)?;
            // Last, so that a directory without write permission can be filled.
            std::fs::set_permissions(&target, data.permissions())?;
            continue;
        }
        match if is_new { Ok(()) } else { std::fs::remove_file(&target) } {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if data.is_symlink() {
            symlink(std::fs::read_link(&source)?, &target)?;
            continue;
        }
        match copied.get(&(data.dev(), data.ino())) {
            Some(first) => std::fs::hard_link(first, &target)?,
            None => {
                std::fs::copy(&source, &target)?;
                if data.nlink() > 1 {
                    copied.insert((data.dev(), data.ino()), target);
                }
            }
        }
    }
    Ok(())
}
