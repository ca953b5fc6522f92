//! A new volume is filled from the image: what lies at the destination, with owners and modes.

use super::{Fault, tried};
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown, symlink};
use std::path::{Component, Path, PathBuf};

/// Fills an empty volume from a directory of the image. A volume with files in it stays as it is.
pub fn fill(data: &Path, image: &Path, destination: &str) -> Result<(), Fault> {
    let mut entries = tried("list", data, std::fs::read_dir(data))?;
    if entries.next().is_some() {
        return Ok(());
    }
    let source = tried("resolve", image, resolve(image, destination))?;
    match source.symlink_metadata() {
        Ok(meta) if meta.is_dir() => {
            tried("fill", data, copy_into(&source, data, &mut HashMap::new()))?;
            tried("keep", data, keep(data, &meta))
        }
        // The image has nothing there: the volume stays empty.
        _ => Ok(()),
    }
}

/// The path of a file as a process sees it whose root directory is `root`: links lead within it.
fn resolve(root: &Path, path: &str) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut done = PathBuf::new();
    let mut left: Vec<PathBuf> = vec![path.into()];
    let mut links = 0;
    while let Some(next) = left.pop() {
        let mut parts = next.components();
        let Some(part) = parts.next() else { continue };
        left.push(parts.as_path().into());
        match part {
            Component::RootDir => done.clear(),
            Component::ParentDir => drop(done.pop()),
            Component::Normal(name) => match std::fs::read_link(root.join(&done).join(name)) {
                Ok(target) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::from_raw_os_error(libc::ELOOP));
                    }
                    left.push(target);
                }
                Err(_) => done.push(name),
            },
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Ok(root.join(done))
}

fn copy_into(from: &Path, to: &Path, copied: &mut HashMap<(u64, u64), PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let meta = entry.metadata()?;
        if meta.is_dir() {
            std::fs::create_dir(&target)?;
            copy_into(&source, &target, copied)?;
        } else if meta.is_symlink() {
            symlink(std::fs::read_link(&source)?, &target)?;
        } else if !meta.is_file() {
            return Err(io::Error::other(format!("{} is no file, directory or link", source.display())));
        } else if let Some(first) = copied.get(&(meta.dev(), meta.ino())) {
            std::fs::hard_link(first, &target)?;
            continue;
        } else {
            std::fs::copy(&source, &target)?;
            copied.insert((meta.dev(), meta.ino()), target.clone());
        }
        keep(&target, &meta)?;
    }
    Ok(())
}

/// Owner first: changing it clears set-uid.
fn keep(path: &Path, meta: &std::fs::Metadata) -> io::Result<()> {
    lchown(path, Some(meta.uid()), Some(meta.gid()))?;
    if meta.is_symlink() { Ok(()) } else { std::fs::set_permissions(path, meta.permissions()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    struct Place {
        dir: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            for name in ["image/test/sub", "data"] {
                std::fs::create_dir_all(dir.path().join(name)).unwrap();
            }
            std::fs::write(dir.path().join("image/test/seed.txt"), "from image\n").unwrap();
            Self { dir }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.dir.path().join(path)
        }

        fn fill(&self, destination: &str) {
            fill(&self.at("data"), &self.at("image"), destination).unwrap();
        }

        fn mode(&self, path: &str) -> u32 {
            self.at(path).symlink_metadata().unwrap().permissions().mode() & 0o7777
        }
    }

    #[test]
    fn files_links_and_modes_come_along() {
        let place = Place::new();
        let set = |path: &str, mode| {
            std::fs::set_permissions(place.at(path), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set("image/test/seed.txt", 0o4750);
        set("image/test", 0o710);
        symlink("seed.txt", place.at("image/test/link")).unwrap();
        std::fs::hard_link(place.at("image/test/seed.txt"), place.at("image/test/sub/same")).unwrap();
        place.fill("/test");
        assert_eq!(std::fs::read_to_string(place.at("data/seed.txt")).unwrap(), "from image\n");
        assert_eq!(std::fs::read_link(place.at("data/link")).unwrap(), Path::new("seed.txt"));
        assert_eq!((place.mode("data"), place.mode("data/seed.txt")), (0o710, 0o4750));
        assert_eq!(place.at("data/sub/same").metadata().unwrap().nlink(), 2);
    }

    /// As root; a plain user has only its own number to give.
    #[test]
    fn owners_come_along() {
        let place = Place::new();
        let owner = if nix::unistd::geteuid().is_root() { 33 } else { nix::unistd::geteuid().as_raw() };
        lchown(place.at("image/test"), Some(owner), None).unwrap();
        place.fill("/test");
        assert_eq!(place.at("data").metadata().unwrap().uid(), owner);
    }

    #[test]
    fn a_volume_with_files_stays_as_it_is() {
        let place = Place::new();
        std::fs::write(place.at("data/own"), "").unwrap();
        place.fill("/test");
        assert_eq!(std::fs::read_dir(place.at("data")).unwrap().count(), 1);
    }

    #[test]
    fn what_the_image_lacks_fills_nothing() {
        let place = Place::new();
        place.fill("/missing");
        place.fill("/test/seed.txt");
        assert_eq!(std::fs::read_dir(place.at("data")).unwrap().count(), 0);
    }

    /// A link of the image never leads onto the host's paths.
    #[test]
    fn links_lead_within_the_image() {
        let place = Place::new();
        let secret = place.at("secret");
        std::fs::create_dir(&secret).unwrap();
        std::fs::write(secret.join("key"), "").unwrap();
        symlink(&secret, place.at("image/absolute")).unwrap();
        symlink("../../../../secret", place.at("image/up")).unwrap();
        symlink("/test", place.at("image/inside")).unwrap();
        place.fill("/absolute");
        place.fill("/up");
        assert_eq!(std::fs::read_dir(place.at("data")).unwrap().count(), 0);
        place.fill("/inside");
        assert!(place.at("data/seed.txt").exists());
        symlink("loop", place.at("image/loop")).unwrap();
        assert!(resolve(&place.at("image"), "/loop/a").is_err());
    }
}
