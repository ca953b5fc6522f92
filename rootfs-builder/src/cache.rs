//! Keeps a built image, and notices when it is damaged or the machine has changed.

use crate::build::{FORMAT, build, fingerprint};
use crate::manifest::{Image, Manifest, Stamp};
use crate::plan::Options;
use crate::{Error, tried};
use std::path::Path;
use std::time::{Duration, SystemTime};

const MANIFEST: &str = "manifest.json";
const LEFT_BY_BUILDERS: Duration = Duration::from_secs(3600);
const UNUSED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The image `name` of a cache, built if it is not there, damaged or out of date. Whatever is killed meanwhile, what
/// stands under the name is whole: it is written elsewhere and renamed.
pub fn cached(cache: &Path, name: &str, options: &Options) -> Result<Image, Error> {
    // One directory for each set of options: whoever builds another image does not take this one away.
    let name = &format!("{name}-{:016x}", key(options));
    let dir = cache.join(name);
    if let Some(image) = valid(&dir, options) {
        used(&dir);
        return Ok(image);
    }
    tried("make the directory", cache, std::fs::create_dir_all(cache))?;
    // One builder at a time; who waited finds the other's work. The lock goes with its holder, even a killed one.
    let lock_path = cache.join(".lock");
    let lock = tried("open", &lock_path, std::fs::File::create(&lock_path))?;
    tried("lock", &lock_path, lock.lock())?;
    if let Some(image) = valid(&dir, options) {
        used(&dir);
        return Ok(image);
    }
    sweep(cache);
    let unique = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let work = cache.join(format!(".{name}-{}-{unique}.tmp", std::process::id()));
    let image = build(&work, options).inspect_err(|_| drop(std::fs::remove_dir_all(&work)))?;
    let old = cache.join(format!(".{name}-{}-{unique}.old.tmp", std::process::id()));
    let _ = std::fs::rename(&dir, &old);
    tried("put the new image at", &dir, std::fs::rename(&work, &dir))?;
    let _ = std::fs::remove_dir_all(&old);
    Ok(Image { dir, ..image })
}

/// Marks an image as used now. A cache that cannot be written serves as it is.
fn used(dir: &Path) {
    let manifest = std::fs::File::options().append(true).open(dir.join(MANIFEST));
    let _ = manifest.and_then(|file| file.set_modified(SystemTime::now()));
}

/// A short name for options; the standard hasher without random keys gives the same in every run.
fn key(options: &Options) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    fingerprint(options).hash(&mut hasher);
    hasher.finish()
}

/// The image in a directory, if it is whole and made from the machine as it is.
fn valid(dir: &Path, options: &Options) -> Option<Image> {
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(dir.join(MANIFEST)).ok()?).ok()?;
    let same_options = manifest.format == FORMAT && manifest.options == fingerprint(options);
    let same_inputs = || manifest.inputs.iter().all(|input| Stamp::of_target(&input.path) == input.state);
    let whole = || {
        manifest.layers.iter().all(|layer| {
            let root = dir.join("layers").join(&layer.name);
            layer.entries.iter().all(|entry| Stamp::of_entry(&root.join(&entry.path)).as_ref() == Some(&entry.stamp))
        })
    };
    (same_options && same_inputs() && whole()).then(|| Image { dir: dir.into(), manifest })
}

/// Removes what builders left that were killed an hour ago or earlier, and images that nobody has used for so long that
/// no program still runs from them: an older nslab's, or of a PATH that was tried once.
fn sweep(cache: &Path) {
    let age = |path: &Path| {
        let modified = std::fs::symlink_metadata(path).and_then(|data| data.modified()).ok()?;
        modified.elapsed().ok()
    };
    for path in std::fs::read_dir(cache).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (of, limit) = match name.starts_with('.') && name.ends_with(".tmp") {
            true => (path.clone(), LEFT_BY_BUILDERS),
            false => (path.join(MANIFEST), UNUSED),
        };
        if age(&of).is_some_and(|age| age > limit) {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}
