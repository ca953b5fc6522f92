//! The store: `volumes/NAME/_data` for each volume, its labels beside it, `containers/ID` for each container.

use super::{Fault, if_there, is_name, random_id, tried};
use serde::Serialize;
use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The label of a volume that got its name from Docker (captured with 28).
pub const ANONYMOUS: &str = "com.docker.volume.anonymous";

#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A volume, with the keys of `docker volume inspect` in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Volume {
    pub created_at: String,
    pub driver: &'static str,
    pub labels: Option<BTreeMap<String, String>>,
    pub mountpoint: PathBuf,
    pub name: String,
    pub options: Option<BTreeMap<String, String>>,
    pub scope: &'static str,
}

impl Volume {
    pub fn is_anonymous(&self) -> bool {
        self.labels.as_ref().is_some_and(|labels| labels.contains_key(ANONYMOUS))
    }
}

/// What prune took away.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub names: Vec<String>,
    pub bytes: u64,
}

impl Store {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(super) fn containers_dir(&self) -> PathBuf {
        self.root.join("containers")
    }

    fn volume_dir(&self, name: &str) -> PathBuf {
        self.root.join("volumes").join(name)
    }

    /// The volume of that name, made if there is none. Without a name it is a new anonymous one.
    pub fn create(&self, name: Option<&str>, mut labels: BTreeMap<String, String>) -> Result<Volume, Fault> {
        let name = match name {
            Some(name) if is_name(name) => name.to_string(),
            Some(name) => return Err(Fault::BadName(name.into())),
            None => {
                labels.insert(ANONYMOUS.into(), String::new());
                random_id()
            }
        };
        let dir = self.volume_dir(&name);
        if dir.join("_data").is_dir() {
            return self.volume(&name);
        }
        let made = std::fs::create_dir_all(self.root.join("volumes"))
            // As Docker has it: whoever knows the path may pass through, nobody else may list it.
            .and_then(|()| std::fs::DirBuilder::new().recursive(true).mode(0o701).create(&dir));
        tried("make", &dir, made)?;
        if !labels.is_empty() {
            let path = dir.join("labels.json");
            let text = serde_json::to_vec(&labels).map_err(std::io::Error::other);
            tried("write", &path, text.and_then(|text| std::fs::write(&path, text)))?;
        }
        // Last: a directory without _data is no volume.
        let data = dir.join("_data");
        tried("make", &data, std::fs::DirBuilder::new().mode(0o755).create(&data))?;
        self.volume(&name)
    }

    pub fn volume(&self, name: &str) -> Result<Volume, Fault> {
        let dir = self.volume_dir(name);
        let mountpoint = dir.join("_data");
        if !is_name(name) || !mountpoint.is_dir() {
            return Err(Fault::NoVolume(name.into()));
        }
        let path = dir.join("labels.json");
        let labels = match if_there("read", &path, std::fs::read(&path))? {
            Some(text) => Some(tried("read", &path, serde_json::from_slice(&text).map_err(std::io::Error::from))?),
            None => None,
        };
        let made = tried("look", &dir, dir.metadata().and_then(|data| data.modified()))?;
        Ok(Volume {
            created_at: rfc3339(made),
            driver: "local",
            labels,
            mountpoint,
            name: name.into(),
            options: None,
            scope: "local",
        })
    }

    /// All volumes by name.
    pub fn volumes(&self) -> Result<Vec<Volume>, Fault> {
        let dir = self.root.join("volumes");
        let mut names = names_in(&dir)?;
        names.retain(|name| is_name(name) && dir.join(name).join("_data").is_dir());
        names.iter().map(|name| self.volume(name)).collect()
    }

    /// The names of the containers that refer to a volume.
    pub fn users(&self, volume: &str) -> Result<Vec<String>, Fault> {
        let refers = |mount: &super::MountPoint| mount.name.as_deref() == Some(volume);
        let containers = self.containers()?.into_iter().filter(|container| container.mounts.iter().any(refers));
        Ok(containers.map(|container| container.name).collect())
    }

    /// Removes a volume with its data, unless a container refers to it.
    pub fn remove(&self, name: &str) -> Result<(), Fault> {
        self.volume(name)?;
        let by = self.users(name)?;
        if !by.is_empty() {
            return Err(Fault::InUse { name: name.into(), by });
        }
        let dir = self.volume_dir(name);
        tried("remove", &dir, std::fs::remove_dir_all(&dir))
    }

    /// Removes the anonymous volumes that no container refers to; with `all` the named ones too.
    pub fn prune(&self, all: bool) -> Result<Pruned, Fault> {
        let mut pruned = Pruned::default();
        for volume in self.volumes()? {
            if (all || volume.is_anonymous()) && self.users(&volume.name)?.is_empty() {
                let bytes = size(&volume.mountpoint);
                self.remove(&volume.name)?;
                pruned.bytes += bytes;
                pruned.names.push(volume.name);
            }
        }
        Ok(pruned)
    }
}

/// The names in a directory, sorted; none where there is no directory.
pub(super) fn names_in(dir: &Path) -> Result<Vec<String>, Fault> {
    let Some(entries) = if_there("list", dir, std::fs::read_dir(dir))? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        names.push(tried("list", dir, entry)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The bytes of the files below a directory, each file once.
fn size(dir: &Path) -> u64 {
    fn add(dir: &Path, seen: &mut std::collections::HashSet<(u64, u64)>) -> u64 {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let of = |entry: std::fs::DirEntry, seen: &mut std::collections::HashSet<(u64, u64)>| match entry.metadata() {
            Ok(data) if data.is_dir() => add(&entry.path(), seen),
            Ok(data) if data.is_file() && seen.insert((data.dev(), data.ino())) => data.len(),
            _ => 0,
        };
        entries.map(|entry| of(entry, seen)).sum()
    }
    add(dir, &mut std::collections::HashSet::new())
}

fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let (year, month, day, hour, minute) = crate::date::civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", seconds.rem_euclid(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        (dir, store)
    }

    #[test]
    fn an_anonymous_volume_has_64_digits_and_the_label() {
        let (_dir, store) = store();
        let volume = store.create(None, BTreeMap::new()).unwrap();
        assert!(volume.name.len() == 64 && volume.name.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(volume.is_anonymous() && volume.mountpoint.is_dir());
        assert_ne!(store.create(None, BTreeMap::new()).unwrap().name, volume.name);
    }

    #[test]
    fn creating_again_keeps_the_data() {
        let (_dir, store) = store();
        let volume = store.create(Some("data"), BTreeMap::new()).unwrap();
        std::fs::write(volume.mountpoint.join("a"), "a").unwrap();
        assert_eq!(store.create(Some("data"), BTreeMap::new()).unwrap(), volume);
        assert!(volume.mountpoint.join("a").exists());
    }

    #[test]
    fn names_never_lead_out_of_the_store() {
        let (_dir, store) = store();
        for name in ["..", ".", "a/b", "", "x", "-a"] {
            assert!(matches!(store.create(Some(name), BTreeMap::new()), Err(Fault::BadName(_))), "{name}");
            assert!(matches!(store.remove(name), Err(Fault::NoVolume(_))), "{name}");
        }
    }

    #[test]
    fn prune_takes_anonymous_ones_and_with_all_the_named() {
        let (_dir, store) = store();
        let anonymous = store.create(None, BTreeMap::new()).unwrap();
        std::fs::write(anonymous.mountpoint.join("a"), "12345").unwrap();
        store.create(Some("data"), BTreeMap::new()).unwrap();
        assert_eq!(store.prune(false).unwrap(), Pruned { names: vec![anonymous.name], bytes: 5 });
        assert_eq!(store.prune(true).unwrap().names, ["data"]);
        assert!(store.volumes().unwrap().is_empty());
    }

    #[test]
    fn times_are_written_as_docker_does() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_709_210_096);
        assert_eq!(rfc3339(time), "2024-02-29T12:34:56Z");
    }
}
