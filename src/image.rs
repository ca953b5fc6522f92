//! The default image: this machine's programs, and nslab's own where it has none or has none that would do.

use crate::toolbox::{ALWAYS, PROGRAM, STAND_IN};
use rootfs_builder::{Error, Helper, Options};
use std::path::{Path, PathBuf};

/// What is in it; `program` is nslab itself, which stands in.
pub fn options(program: PathBuf) -> Options {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    // The command line itself answers to its own name inside: `nslab volume ls` is typed there.
    let always = [names(ALWAYS), names(&["nslab"])].concat();
    let helper = Helper { program, name: PROGRAM.into(), always, stand_in: names(STAND_IN) };
    Options {
        path: std::env::var_os("PATH").unwrap_or_default(),
        helper: Some(helper),
        os_name: "nslab image".into(),
        commands: rootfs_builder::default_commands(),
    }
}

/// The layers of an image, lowest first, by name and path; made if they are not in the cache as they should be.
///
/// Errors: what could not be read, written or made.
pub fn layers(cache: &Path, name: &str, options: &Options) -> Result<Vec<(String, String)>, Error> {
    let image = rootfs_builder::cached(cache, name, options)?;
    Ok(image.layers().into_iter().map(|(name, path)| (name, path.display().to_string())).collect())
}
