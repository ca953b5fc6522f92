//! Which container refers to which volume. It is only written down here: the lesson's calls make the real ones.

use super::fill::fill;
use super::store::{Store, names_in};
use super::{Fault, Source, Spec, is_name, random_id, tried};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A container that has been created: what it is called, and its mounts as `docker inspect` has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    pub id: String,
    pub name: String,
    /// The unpacked image.
    pub image: PathBuf,
    /// `--rm`: it is removed when it ends.
    pub auto_remove: bool,
    /// The destinations of its anonymous volumes (Docker's Config.Volumes).
    pub volumes: BTreeMap<String, BTreeMap<String, String>>,
    pub mounts: Vec<MountPoint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MountPoint {
    pub r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub source: PathBuf,
    pub destination: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    pub mode: String,
    #[serde(rename = "RW")]
    pub rw: bool,
    pub propagation: String,
}

impl Store {
    /// All containers by name.
    pub fn containers(&self) -> Result<Vec<Container>, Fault> {
        let dir = self.containers_dir();
        let mut found = Vec::new();
        for id in names_in(&dir)?.into_iter().filter(|id| !id.ends_with(".new")) {
            let path = dir.join(id);
            let text = tried("read", &path, std::fs::read(&path))?;
            found.push(tried("read", &path, serde_json::from_slice(&text).map_err(std::io::Error::from))?);
        }
        found.sort_by(|a: &Container, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// By its name, or the beginning of its id.
    pub fn container(&self, name: &str) -> Result<Container, Fault> {
        let all = self.containers()?;
        let found = all.iter().find(|container| container.name == name);
        let by_id = || all.iter().find(|container| !name.is_empty() && container.id.starts_with(name));
        found.or_else(by_id).cloned().ok_or_else(|| Fault::NoContainer(name.into()))
    }

    /// Writes a container down: its volumes are made if they are new, and filled from the image if they are empty.
    pub fn create_container(
        &self,
        name: Option<&str>,
        image: &Path,
        specs: &[Spec],
        auto_remove: bool,
    ) -> Result<Container, Fault> {
        let id = random_id();
        let name = name.unwrap_or(&id[..12]).to_string();
        if !is_name(&name) {
            return Err(Fault::BadName(name));
        }
        if self.containers()?.iter().any(|container| container.name == name) {
            return Err(Fault::NameTaken(name));
        }
        let image = tried("image", image, image.canonicalize())?;
        let mounts = specs.iter().map(|spec| self.mount_point(spec, &image)).collect::<Result<Vec<_>, _>>()?;
        let anonymous = specs.iter().filter(|spec| spec.source == Source::Anonymous);
        let volumes = anonymous.map(|spec| (spec.destination.clone(), BTreeMap::new())).collect();
        let container = Container { id, name, image, auto_remove, volumes, mounts };
        let dir = self.containers_dir();
        let (path, new) = (dir.join(&container.id), dir.join(format!("{}.new", container.id)));
        let text = serde_json::to_vec(&container).map_err(std::io::Error::other);
        let written = std::fs::create_dir_all(&dir)
            .and_then(|()| std::fs::write(&new, text?))
            .and_then(|()| std::fs::rename(&new, &path));
        tried("write", &path, written)?;
        Ok(container)
    }

    fn mount_point(&self, spec: &Spec, image: &Path) -> Result<MountPoint, Fault> {
        let volume = match &spec.source {
            Source::Anonymous => self.create(None, BTreeMap::new())?,
            Source::Named(name) => self.create(Some(name), BTreeMap::new())?,
            Source::Bind(path) => {
                if !path.exists() {
                    tried("make", path, std::fs::create_dir_all(path))?;
                }
                return Ok(MountPoint {
                    r#type: "bind".into(),
                    name: None,
                    source: path.clone(),
                    destination: spec.destination.clone(),
                    driver: None,
                    mode: spec.mode.clone(),
                    rw: !spec.read_only,
                    propagation: "rprivate".into(),
                });
            }
        };
        if spec.copy {
            fill(&volume.mountpoint, image, &spec.destination)?;
        }
        Ok(MountPoint {
            r#type: "volume".into(),
            name: Some(volume.name),
            source: volume.mountpoint,
            destination: spec.destination.clone(),
            driver: Some(volume.driver.into()),
            mode: spec.mode.clone(),
            rw: !spec.read_only,
            propagation: String::new(),
        })
    }

    /// Forgets a container; with `volumes` its anonymous volumes go too, unless another container refers to them.
    pub fn remove_container(&self, name: &str, volumes: bool) -> Result<(), Fault> {
        let container = self.container(name)?;
        let path = self.containers_dir().join(&container.id);
        tried("remove", &path, std::fs::remove_file(&path))?;
        let anonymous = container.mounts.iter().filter(|mount| container.volumes.contains_key(&mount.destination));
        for volume in anonymous.filter(|_| volumes).filter_map(|mount| mount.name.as_deref()) {
            match self.remove(volume) {
                Err(Fault::InUse { .. } | Fault::NoVolume(_)) => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// The container has ended: with `--rm` it goes, and its anonymous volumes with it. Tells whether it went.
    pub fn stop_container(&self, name: &str) -> Result<bool, Fault> {
        let container = self.container(name)?;
        if container.auto_remove {
            self.remove_container(&container.name, true)?;
        }
        Ok(container.auto_remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        dir: tempfile::TempDir,
        store: Store,
    }

    impl Place {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(dir.path().join("image/test")).unwrap();
            std::fs::write(dir.path().join("image/test/seed.txt"), "seed").unwrap();
            let store = Store::at(dir.path().join("store"));
            Self { dir, store }
        }

        fn create(&self, name: &str, specs: &[&str], auto_remove: bool) -> Container {
            let specs: Vec<Spec> = specs.iter().map(|spec| Spec::parse(spec).unwrap()).collect();
            self.store.create_container(Some(name), &self.dir.path().join("image"), &specs, auto_remove).unwrap()
        }

        fn volumes(&self) -> Vec<String> {
            self.store.volumes().unwrap().into_iter().map(|volume| volume.name).collect()
        }
    }

    #[test]
    fn three_forms_make_two_volumes() {
        let place = Place::new();
        let site = place.dir.path().join("site");
        let container = place.create("web", &["/cache", "data:/test", &format!("{}:/site:ro", site.display())], false);
        assert_eq!(place.volumes().len(), 2);
        let types: Vec<&str> = container.mounts.iter().map(|mount| mount.r#type.as_str()).collect();
        assert_eq!(types, ["volume", "volume", "bind"]);
        assert!(container.mounts[1].rw && !container.mounts[2].rw);
        assert!(site.is_dir(), "docker makes a missing directory for -v");
        assert_eq!(place.store.container(&container.id[..8]).unwrap(), container);
        assert!(container.mounts[1].source.join("seed.txt").exists());
    }

    #[test]
    fn nocopy_leaves_the_volume_empty() {
        let place = Place::new();
        let container = place.create("web", &["bare:/test:nocopy"], false);
        assert_eq!(std::fs::read_dir(&container.mounts[0].source).unwrap().count(), 0);
    }

    #[test]
    fn rm_leaves_an_anonymous_volume_and_rm_v_does_not() {
        let place = Place::new();
        place.create("one", &["/cache", "data:/data"], false);
        place.store.remove_container("one", false).unwrap();
        assert_eq!(place.volumes().len(), 2);
        place.create("two", &["/cache", "data:/data"], false);
        assert_eq!(place.volumes().len(), 3);
        place.store.remove_container("two", true).unwrap();
        assert_eq!(place.volumes().len(), 2, "the named one and the one left by rm");
        assert!(place.volumes().contains(&"data".to_string()));
    }

    #[test]
    fn the_end_of_a_container_removes_it_only_with_rm() {
        let place = Place::new();
        place.create("stays", &["/cache"], false);
        place.create("goes", &["/cache"], true);
        assert!(!place.store.stop_container("stays").unwrap());
        assert!(place.store.stop_container("goes").unwrap());
        assert_eq!(place.volumes().len(), 1);
        assert!(place.store.container("goes").is_err() && place.store.container("stays").is_ok());
    }

    #[test]
    fn a_volume_in_use_is_not_removed() {
        let place = Place::new();
        place.create("web", &["data:/data"], false);
        assert!(matches!(place.store.remove("data"), Err(Fault::InUse { by, .. }) if by == ["web"]));
        assert!(place.store.prune(true).unwrap().names.is_empty());
        place.store.remove_container("web", true).unwrap();
        place.store.remove("data").unwrap();
    }

    #[test]
    fn an_anonymous_volume_that_another_container_uses_stays() {
        let place = Place::new();
        let name = place.create("one", &["/cache"], false).mounts[0].name.clone().unwrap();
        place.create("two", &[&format!("{name}:/cache")], false);
        place.store.remove_container("one", true).unwrap();
        assert_eq!(place.volumes(), std::slice::from_ref(&name));
        place.store.remove_container("two", true).unwrap();
        assert_eq!(place.volumes(), [name], "two named it, so rm -v leaves it");
    }

    #[test]
    fn names_are_taken_once() {
        let place = Place::new();
        place.create("web", &[], false);
        let again = place.store.create_container(Some("web"), place.dir.path(), &[], false);
        assert!(matches!(again, Err(Fault::NameTaken(_))));
    }
}
