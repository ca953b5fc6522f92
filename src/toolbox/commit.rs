//! `commit`: a new image layer from a container's upper directory, as Docker's overlay2 driver makes it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, mknod};
use rustix::fs::{XattrFlags, lgetxattr, lsetxattr};

use super::cp;
use super::util::{Done, Fail, Out, need, opts};

/// Overlay's mark of an opaque directory: the second where it is mounted with `userxattr`.
const OPAQUE: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Prints the names as a layer's archive has them (`.wh.NAME`: removed; `.wh..wh..opq`: nothing of the layers below),
/// and writes the layer as overlay wants it: a character device 0:0, and the mark of an opaque directory.
pub fn commit(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "", &[])?;
    need(&o, 2, "commit UPPER LAYER")?;
    let (upper, layer) = (Path::new(&o.rest[0]), Path::new(&o.rest[1]));
    fs::create_dir(layer).map_err(|e| Fail::os(format!("cannot make the layer '{}'", layer.display()), e))?;
    directory(upper, layer, "", out)
}

/// Commits what is in a directory; `name` is its own name in the archive, with a `/` at its end.
fn directory(from: &Path, to: &Path, name: &str, out: &mut Out) -> Done {
    let failed = |what: &str, path: &Path| {
        let what = format!("cannot {what} '{}'", path.display());
        move |e: io::Error| Fail::os(what, e)
    };
    let entries = fs::read_dir(from).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(failed("read", from))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut status = 0;
    for entry in entries {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let base = entry.file_name().to_string_lossy().into_owned();
        let meta = from.symlink_metadata().map_err(failed("look at", &from))?;
        if meta.file_type().is_char_device() && meta.rdev() == 0 {
            writeln!(out, "{name}.wh.{base}")?;
            mknod(&to, SFlag::S_IFCHR, Mode::empty(), 0).map_err(|e| failed("make the whiteout", &to)(e.into()))?;
        } else if meta.is_dir() {
            let name = format!("{name}{base}/");
            writeln!(out, "{name}")?;
            fs::create_dir(&to).map_err(failed("make the directory", &to))?;
            for mark in OPAQUE.into_iter().filter(|mark| is_set(&from, mark)) {
                writeln!(out, "{name}.wh..wh..opq")?;
                lsetxattr(&to, mark, b"y", XattrFlags::empty()).map_err(|e| failed("mark as opaque", &to)(e.into()))?;
            }
            status |= directory(&from, &to, &name, out)?;
            // After its content, which would change its time.
            status |= u8::from(!cp::like(&from, &to).map_err(failed("look at", &from))?);
        } else {
            writeln!(out, "{name}{base}")?;
            status |= u8::from(!cp::archive(&from, &to));
        }
    }
    Ok(status)
}

fn is_set(path: &Path, mark: &str) -> bool {
    let mut value = [0; 1];
    matches!(lgetxattr(path, mark, &mut value[..]), Ok(1)) && value == *b"y"
}
