//! `cp` and `mv`.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{Mode, SFlag, UtimensatFlags, mknod, utimensat};
use nix::sys::time::TimeSpec;

use super::files::remove_tree;
use super::util::{Done, Fail, Out, into_dir, need, opts, warn, why};

struct Copy {
    recursive: bool,
    /// Mode, times, and (as far as we may) owners; symbolic links as links.
    archive: bool,
    links: bool,
    force: bool,
    failed: bool,
}

impl Copy {
    fn failed(&mut self, what: &str, path: &Path, e: io::Error) {
        self.failed = true;
        warn("cp", format!("cannot {what} '{}': {}", path.display(), why(e)));
    }

    fn entry(&mut self, from: &Path, to: &Path, top: bool) {
        let follow = !self.links || (top && !self.archive && !self.recursive);
        let meta = match if follow { from.metadata() } else { from.symlink_metadata() } {
            Ok(m) => m,
            Err(e) => return self.failed("stat", from, e),
        };
        if let (Ok(t), true) = (to.metadata(), meta.is_file())
            && (t.dev(), t.ino()) == (meta.dev(), meta.ino())
        {
            self.failed = true;
            return warn("cp", format!("'{}' and '{}' are the same file", from.display(), to.display()));
        }
        let kind = meta.file_type();
        let made = if kind.is_dir() {
            if !self.recursive {
                self.failed = true;
                return warn("cp", format!("-r not given; omitting directory '{}'", from.display()));
            }
            self.dir(from, to, &meta);
            return;
        } else if kind.is_symlink() {
            from.read_link().and_then(|t| {
                if to.symlink_metadata().is_ok_and(|m| !m.is_dir()) {
                    fs::remove_file(to)?;
                }
                symlink(t, to)
            })
        } else if kind.is_file() || !self.recursive {
            if self.force && fs::OpenOptions::new().write(true).open(to).is_err() && to.symlink_metadata().is_ok() {
                let _ = fs::remove_file(to);
            }
            file(from, to, &meta)
        } else {
            let sort = match () {
                () if kind.is_fifo() => SFlag::S_IFIFO,
                () if kind.is_socket() => SFlag::S_IFSOCK,
                () if kind.is_char_device() => SFlag::S_IFCHR,
                () => SFlag::S_IFBLK,
            };
            mknod(to, sort, Mode::from_bits_truncate(meta.mode()), meta.rdev()).map_err(io::Error::from)
        };
        if let Err(e) = made {
            return self.failed("create", to, e);
        }
        self.keep(to, &meta);
    }

    fn dir(&mut self, from: &Path, to: &Path, meta: &Metadata) {
        let inside = |p: &Path| {
            p.ancestors().any(|a| a.metadata().is_ok_and(|a| (a.dev(), a.ino()) == (meta.dev(), meta.ino())))
        };
        let parent = match to.parent() {
            Some(p) if !p.as_os_str().is_empty() => fs::canonicalize(p),
            _ => std::env::current_dir(),
        };
        let fresh = !to.is_dir();
        if fresh && parent.is_ok_and(|p| inside(&p)) {
            self.failed = true;
            return warn(
                "cp",
                format!("cannot copy the directory '{}' into itself, '{}'", from.display(), to.display()),
            );
        }
        if fresh && let Err(e) = fs::create_dir(to) {
            return self.failed("create directory", to, e);
        }
        let list = match fs::read_dir(from) {
            Ok(list) => list,
            Err(e) => return self.failed("read directory", from, e),
        };
        for e in list.flatten() {
            self.entry(&e.path(), &to.join(e.file_name()), false);
        }
        if fresh && !self.archive {
            let _ = fs::set_permissions(to, Permissions::from_mode(meta.mode() & 0o777));
        }
        self.keep(to, meta);
    }

    /// What -a keeps. Owners only where the kernel lets us: GNU's -a is as lenient.
    fn keep(&mut self, to: &Path, meta: &Metadata) {
        if !self.archive {
            return;
        }
        let _ = lchown(to, Some(meta.uid()), Some(meta.gid()));
        if !meta.is_symlink()
            && let Err(e) = fs::set_permissions(to, Permissions::from_mode(meta.mode() & 0o7777))
        {
            self.failed("set the mode of", to, e);
        }
        let time = |s, ns| TimeSpec::new(s, ns);
        let (a, m) = (time(meta.atime(), meta.atime_nsec()), time(meta.mtime(), meta.mtime_nsec()));
        if let Err(e) = utimensat(AT_FDCWD, to, &a, &m, UtimensatFlags::NoFollowSymlink) {
            self.failed("set the times of", to, e.into());
        }
    }
}

fn file(from: &Path, to: &Path, meta: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut input = fs::File::open(from)?;
    let mut output =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(meta.mode() & 0o777).open(to)?;
    io::copy(&mut input, &mut output)?;
    Ok(())
}

pub fn cp(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "arRpfPdLt:T", &["archive", "recursive"])?;
    let archive = o.has(&["a", "archive"]);
    let mut copy = Copy {
        recursive: o.has(&["a", "archive", "r", "R", "recursive"]),
        archive: archive || o.has(&["p"]),
        links: !o.has(&["L"]) && (archive || o.has(&["r", "R", "P", "d", "recursive"])),
        force: o.has(&["f"]),
        failed: false,
    };
    let (sources, dest) = ends(&o.rest, o.value(&["t"]), "cp [-a] [-r] SOURCE... DEST")?;
    for from in sources {
        // `DIR/.` has no name of its own: its contents go straight into DEST.
        let contents = from == "." || from == ".." || from.ends_with("/.") || from.ends_with("/..");
        let to = if contents || o.has(&["T"]) { PathBuf::from(dest) } else { into_dir(from, dest) };
        copy.entry(Path::new(from), &to, true);
    }
    Ok(u8::from(copy.failed))
}

fn ends<'a>(rest: &'a [String], dir: Option<&'a str>, usage: &str) -> Result<(&'a [String], &'a str), Fail> {
    let bad = || Fail::new(1, format!("usage: {usage}"));
    let (sources, dest) = match dir {
        Some(dir) => (rest, dir),
        None => rest.split_last().map(|(d, s)| (s, d.as_str())).ok_or_else(bad)?,
    };
    if sources.is_empty() {
        return Err(bad());
    }
    if (sources.len() > 1 || dir.is_some()) && !Path::new(dest).is_dir() {
        return Err(Fail::os(format!("'{dest}'"), Errno::ENOTDIR));
    }
    Ok((sources, dest))
}

pub fn mv(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "fTt:", &["force"])?;
    need(&o, 1, "mv SOURCE... DEST")?;
    let (sources, dest) = ends(&o.rest, o.value(&["t"]), "mv SOURCE... DEST")?;
    let mut status = 0;
    for from in sources {
        let to = if o.has(&["T"]) { PathBuf::from(dest) } else { into_dir(from, dest) };
        let done = match fs::rename(from, &to) {
            Err(e) if e.raw_os_error() == Some(libc::EXDEV) => across(Path::new(from), &to),
            done => done.map_err(|e| format!("cannot move '{from}' to '{}': {}", to.display(), why(e))),
        };
        if let Err(msg) = done {
            if !msg.is_empty() {
                warn("mv", msg);
            }
            status = 1;
        }
    }
    Ok(status)
}

/// Copies a tree with mode, times and owners. Tells on stderr what it could not.
pub(super) fn archive(from: &Path, to: &Path) -> bool {
    let mut copy = Copy { recursive: true, archive: true, links: true, force: true, failed: false };
    copy.entry(from, to, true);
    !copy.failed
}

/// Gives a directory the mode, times and owner of another one.
pub(super) fn like(from: &Path, to: &Path) -> io::Result<bool> {
    let mut copy = Copy { recursive: false, archive: true, links: true, force: false, failed: false };
    copy.keep(to, &from.symlink_metadata()?);
    Ok(!copy.failed)
}

/// To another filesystem: copy, then remove.
fn across(from: &Path, to: &Path) -> Result<(), String> {
    if !archive(from, to) {
        return Err(String::new());
    }
    let gone = if from.is_dir() && !from.is_symlink() {
        remove_tree(from)
    } else {
        fs::remove_file(from).map_err(|e| (from.display().to_string(), why(e)))
    };
    gone.map_err(|(what, e)| format!("cannot remove '{what}': {e}"))
}
