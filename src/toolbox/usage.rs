//! `df` and `du`: space as the file system counts it, and as paths find it.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::mount::{Mounted, mounted};
use super::util::{Done, Fail, Out, need, opts, warn, why};

pub fn df(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "kP", &[])?;
    let all = mounted()?;
    let mut rows = vec![["Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"].map(String::from)];
    let mut status = 0;
    if o.rest.is_empty() {
        rows.extend(all.iter().filter_map(|mount| space(mount).ok().filter(|row| row[1] != "0")));
    }
    for name in &o.rest {
        // The last row with the longest mount point above the path is the one that answers for it.
        let row = std::fs::canonicalize(name).map_err(why).and_then(|path| {
            let above = all.iter().filter(|mount| path.starts_with(&mount.dir));
            let mount = above.max_by_key(|mount| mount.dir.len()).ok_or("no mount answers for it")?;
            space(mount).map_err(why)
        });
        match row {
            Ok(row) => rows.push(row),
            Err(e) => {
                warn("df", format!("{name}: {e}"));
                status = 1;
            }
        }
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    for row in rows.iter().filter(|_| rows.len() > 1) {
        let [source, size, used, left, share, dir] = row;
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(width);
        writeln!(out, "{source:<a$} {size:>b$} {used:>c$} {left:>d$} {share:>e$} {dir}")?;
    }
    Ok(status)
}

fn space(mount: &Mounted) -> nix::Result<[String; 6]> {
    let s = statvfs(mount.dir.as_str())?;
    let kib = |blocks: u64| blocks * s.fragment_size() / 1024;
    let used = s.blocks().saturating_sub(s.blocks_free());
    let reach = used + s.blocks_available();
    let share = if reach == 0 { "-".into() } else { format!("{}%", (used * 100).div_ceil(reach)) };
    let [size, used, left] = [s.blocks(), used, s.blocks_available()].map(|blocks| kib(blocks).to_string());
    Ok([mount.source.clone(), size, used, left, share, mount.dir.clone()])
}

pub fn du(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "skxa", &["summarize"])?;
    need(&o, 1, "du [-s] [-k] [-x] [-a] FILE...")?;
    let mut walk = Walk {
        sum: o.has(&["s", "summarize"]),
        files: o.has(&["a"]),
        device: None,
        counted: HashSet::new(),
        status: 0,
    };
    for name in &o.rest {
        let path = Path::new(name);
        let meta = path.symlink_metadata().map_err(|e| Fail::os(format!("cannot access '{name}'"), e))?;
        walk.device = o.has(&["x"]).then(|| meta.dev());
        let blocks = walk.tree(path, &meta, out)?;
        // Directories that are walked through print themselves, the one that was asked for included.
        if walk.sum || (!meta.is_dir() && !walk.files) {
            writeln!(out, "{}\t{name}", blocks.div_ceil(2))?;
        }
    }
    Ok(walk.status)
}

struct Walk {
    sum: bool,
    files: bool,
    /// Stay on this file system.
    device: Option<u64>,
    /// Files with several names, which count once.
    counted: HashSet<(u64, u64)>,
    status: u8,
}

impl Walk {
    /// Half kibibytes of a file, or of a directory and all below it.
    fn tree(&mut self, path: &Path, meta: &Metadata, out: &mut Out) -> Result<u64, Fail> {
        let again = meta.nlink() > 1 && !meta.is_dir() && !self.counted.insert((meta.dev(), meta.ino()));
        if again || self.device.is_some_and(|device| device != meta.dev()) {
            return Ok(0);
        }
        let mut blocks = meta.blocks();
        if meta.is_dir() {
            let mut entries = match std::fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>()) {
                Ok(entries) => entries,
                Err(e) => {
                    warn("du", format!("cannot read directory '{}': {}", path.display(), why(e)));
                    self.status = 1;
                    Vec::new()
                }
            };
            entries.sort_by_key(std::fs::DirEntry::file_name);
            for entry in entries {
                if let Ok(meta) = entry.path().symlink_metadata() {
                    blocks += self.tree(&entry.path(), &meta, out)?;
                }
            }
        }
        if !self.sum && (meta.is_dir() || self.files) {
            writeln!(out, "{}\t{}", blocks.div_ceil(2), path.display())?;
        }
        Ok(blocks)
    }
}
