//! `mkdir`, `rmdir`, `touch`, `rm`, `ln`.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

use super::util::{Done, Out, into_dir, mode, need, opts, warn, why};

/// Does `act` with every name; one that fails is reported, the others still done.
fn each(tool: &str, what: &str, names: &[String], act: impl Fn(&str) -> std::io::Result<()>) -> Done {
    let mut status = 0;
    for name in names {
        if let Err(e) = act(name) {
            warn(tool, format!("cannot {what} '{name}': {}", why(e)));
            status = 1;
        }
    }
    Ok(status)
}

pub fn mkdir(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "pm:", &["parents", "mode="])?;
    need(&o, 1, "mkdir [-p] [-m MODE] DIR...")?;
    let mode = o.value(&["m", "mode"]).map(mode).transpose()?;
    let parents = o.has(&["p", "parents"]);
    each("mkdir", "create directory", &o.rest, |name| {
        DirBuilder::new().recursive(parents).mode(0o777).create(name)?;
        mode.map_or(Ok(()), |m| fs::set_permissions(name, Permissions::from_mode(m)))
    })
}

pub fn rmdir(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "p", &[])?;
    need(&o, 1, "rmdir [-p] DIR...")?;
    each("rmdir", "remove directory", &o.rest, |name| {
        fs::remove_dir(name)?;
        let parents = Path::new(name).ancestors().skip(1).filter(|p| o.has(&["p"]) && !p.as_os_str().is_empty());
        parents.into_iter().try_for_each(fs::remove_dir)
    })
}

pub fn touch(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "c", &[])?;
    need(&o, 1, "touch [-c] FILE...")?;
    each("touch", "touch", &o.rest, |name| {
        let now = SystemTime::now();
        let times = fs::FileTimes::new().set_accessed(now).set_modified(now);
        if Path::new(name).is_dir() {
            return fs::File::open(name)?.set_times(times);
        }
        match OpenOptions::new().write(true).create(!o.has(&["c"])).truncate(false).open(name) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && o.has(&["c"]) => Ok(()),
            file => file?.set_times(times),
        }
    })
}

pub fn rm(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "rRfdv", &["recursive", "force"])?;
    let force = o.has(&["f", "force"]);
    need(&o, usize::from(!force), "rm [-r] [-f] FILE...")?;
    let mut status = 0;
    for name in &o.rest {
        let path = Path::new(name);
        let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let gone = match path.symlink_metadata() {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && force => continue,
            Err(e) => Err((name.clone(), why(e))),
            Ok(_) if matches!(last, "" | "." | "..") => Err((name.clone(), "refused: it is the root, . or ..".into())),
            Ok(m) if !m.is_dir() => fs::remove_file(path).map_err(|e| (name.clone(), why(e))),
            Ok(_) if o.has(&["r", "R", "recursive"]) => remove_tree(path),
            Ok(_) if o.has(&["d"]) => fs::remove_dir(path).map_err(|e| (name.clone(), why(e))),
            Ok(_) => Err((name.clone(), "Is a directory (EISDIR); -r removes it".into())),
        };
        if let Err((what, e)) = gone {
            warn("rm", format!("cannot remove '{what}': {e}"));
            status = 1;
        }
    }
    Ok(status)
}

/// Like `fs::remove_dir_all`, but says which entry the kernel would not let go.
pub fn remove_tree(dir: &Path) -> Result<(), (String, String)> {
    let at = |p: &Path, e| (p.display().to_string(), why(e));
    for e in fs::read_dir(dir).map_err(|e| at(dir, e))? {
        let e = e.map_err(|e| at(dir, e))?;
        let path = e.path();
        if e.file_type().map_err(|e| at(&path, e))?.is_dir() {
            remove_tree(&path)?;
        } else {
            fs::remove_file(&path).map_err(|e| at(&path, e))?;
        }
    }
    fs::remove_dir(dir).map_err(|e| at(dir, e))
}

pub fn ln(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "sfn", &["symbolic", "force"])?;
    need(&o, 1, "ln [-s] [-f] TARGET... [LINK|DIR]")?;
    let (targets, dest) = match o.rest.split_last() {
        Some((dest, targets)) if !targets.is_empty() => (targets, dest.as_str()),
        _ => (&o.rest[..], "."),
    };
    each("ln", "link to", targets, |target| {
        let no_follow = o.has(&["n"]) && Path::new(dest).is_symlink();
        let link = if no_follow { dest.into() } else { into_dir(target, dest) };
        if o.has(&["f", "force"]) && link.symlink_metadata().is_ok() {
            fs::remove_file(&link)?;
        }
        match o.has(&["s", "symbolic"]) {
            true => std::os::unix::fs::symlink(target, link),
            false => fs::hard_link(target, link),
        }
    })
}
