//! Writes the planned image into a directory.

use crate::manifest::{Entry, Image, Layer, Manifest, Stamp};
use crate::plan::{Item, LayerPlan, Options, plan};
use crate::{Error, tried};
use std::collections::HashMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Changes when what is written changes.
pub const FORMAT: u32 = 4;

/// The options in one line, to compare.
pub fn fingerprint(options: &Options) -> String {
    format!("{options:?}")
}

/// Writes the image into `dir`, which must not exist or be empty, with its manifest.
pub fn build(dir: &Path, options: &Options) -> Result<Image, Error> {
    let plan = plan(options);
    let layers = dir.join("layers");
    tried("make the directory", &layers, std::fs::create_dir_all(&layers))?;
    let mut written = Vec::new();
    for (name, items) in [("base", &plan.base), ("tools", &plan.tools)] {
        let root = layers.join(name);
        skeleton(&root, name == "base", options)?;
        let sources = write_items(&root, items)?;
        let mut entries = Vec::new();
        record(&root, &root, &sources, &mut entries)?;
        written.push(Layer { name: name.into(), entries });
    }
    let manifest = Manifest { format: FORMAT, options: fingerprint(options), inputs: plan.inputs, layers: written };
    let path = dir.join("manifest.json");
    let text = serde_json::to_vec(&manifest).map_err(std::io::Error::other);
    tried("write", &path, text.and_then(|text| std::fs::write(&path, text)))?;
    Ok(Image { dir: dir.into(), manifest })
}

fn skeleton(root: &Path, whole: bool, options: &Options) -> Result<(), Error> {
    let directory = |name: &str, mode: u32| {
        let path = root.join(name);
        let made = std::fs::create_dir_all(&path)
            .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)));
        tried("make the directory", &path, made)
    };
    directory("", 0o755)?;
    directory("usr/bin", 0o755)?;
    if !whole {
        return Ok(());
    }
    for name in "usr/lib usr/lib64 usr/sbin etc proc sys dev run mnt root home srv opt var var/tmp".split(' ') {
        directory(name, 0o755)?;
    }
    directory("tmp", 0o1777)?;
    directory("var/tmp", 0o1777)?;
    for (name, target) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")] {
        tried("make the link", &root.join(name), symlink(target, root.join(name)))?;
    }
    let name = &options.os_name;
    for (path, text) in [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n".to_string()),
        ("etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n".to_string()),
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_string()),
        ("etc/hostname", "image\n".to_string()),
        // Without one vim reads its defaults, complains that they are not there, and waits for Enter.
        ("root/.vimrc", "\" The image's vim has no runtime files: everything is off.\n".to_string()),
        ("etc/os-release", format!("NAME=\"{name}\"\nPRETTY_NAME=\"{name}\"\nID=nslab\n")),
    ] {
        let path = root.join(path);
        tried("write", &path, std::fs::write(&path, text))?;
    }
    Ok(())
}

/// Tells which file each entry was copied from. The same source under several names is stored once.
fn write_items(root: &Path, items: &LayerPlan) -> Result<HashMap<PathBuf, PathBuf>, Error> {
    let mut first: HashMap<&Path, PathBuf> = HashMap::new();
    let mut sources = HashMap::new();
    for (at, item) in items {
        let path = root.join(at);
        if let Some(parent) = path.parent() {
            tried("make the directory", parent, std::fs::create_dir_all(parent))?;
        }
        match item {
            Item::Link(target) => tried("make the link", &path, symlink(target, &path))?,
            Item::Copy(from) => {
                match first.get(from.as_path()) {
                    Some(copy) => tried("link", &path, std::fs::hard_link(copy, &path))?,
                    None => {
                        tried("copy", from, std::fs::copy(from, &path).map(drop))?;
                        let mode =
                            std::fs::metadata(from).map_or(0o755, |data| data.permissions().mode()) & 0o755 | 0o444;
                        tried(
                            "set the mode of",
                            &path,
                            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)),
                        )?;
                        first.insert(from, path.clone());
                    }
                }
                sources.insert(path, from.clone());
            }
        }
    }
    Ok(sources)
}

/// An image is for every user, whatever the umask of who builds it: its root may be somebody else on the machine.
fn readable(path: &Path) -> std::io::Result<()> {
    let data = std::fs::symlink_metadata(path)?;
    let mode = data.permissions().mode() & 0o7777;
    let wanted = mode | if data.is_dir() || mode & 0o100 != 0 { 0o555 } else { 0o444 };
    if data.is_symlink() || wanted == mode {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(wanted))
}

fn record(root: &Path, dir: &Path, sources: &HashMap<PathBuf, PathBuf>, entries: &mut Vec<Entry>) -> Result<(), Error> {
    let mut names: Vec<PathBuf> =
        tried("list", dir, std::fs::read_dir(dir))?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    for path in names {
        tried("set the mode of", &path, readable(&path))?;
        let stamp = tried("look at", &path, Stamp::of_entry(&path).ok_or_else(|| std::io::Error::other("it is gone")))?;
        let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        entries.push(Entry { path: relative, stamp, from: sources.get(&path).cloned() });
        if path.is_dir() && !path.is_symlink() {
            record(root, &path, sources, entries)?;
        }
    }
    Ok(())
}
