//! `ls`, `stat`, `readlink`: what a directory and an inode say.

use std::fs::Metadata;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::names;
use super::util::{Done, Fail, Opts, Out, need, opts, warn, why};

/// `drwxr-xr-x`.
pub fn mode_text(m: &Metadata) -> String {
    let t = m.file_type();
    let kind = match () {
        () if t.is_dir() => 'd',
        () if t.is_symlink() => 'l',
        () if t.is_char_device() => 'c',
        () if t.is_block_device() => 'b',
        () if t.is_fifo() => 'p',
        () if t.is_socket() => 's',
        () => '-',
    };
    let mut text = String::from(kind);
    for (shift, special, on, off) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let bits = m.mode() >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (m.mode() & special != 0, bits & 1 != 0) {
            (true, true) => on,
            (true, false) => off,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

fn when(secs: i64) -> String {
    let (year, month, day, hour, minute) = names::date(secs);
    if (names::now() - secs).abs() < 182 * 86400 {
        format!("{month} {day:>2} {hour:02}:{minute:02}")
    } else {
        format!("{month} {day:>2}  {year}")
    }
}

struct Entry {
    name: String,
    path: PathBuf,
    meta: Metadata,
}

fn entry(name: String, path: PathBuf, ok: &mut bool) -> Option<Entry> {
    match path.symlink_metadata() {
        Ok(meta) => Some(Entry { name, path, meta }),
        Err(e) => {
            *ok = false;
            warn("ls", format!("cannot access '{}': {}", path.display(), why(e)));
            None
        }
    }
}

fn long(entries: &[Entry], o: &Opts, out: &mut Out) -> std::io::Result<()> {
    let numeric = o.has(&["n"]);
    let users = if numeric { Default::default() } else { names::ids("/etc/passwd") };
    let groups = if numeric { Default::default() } else { names::ids("/etc/group") };
    let rows: Vec<[String; 5]> = entries
        .iter()
        .map(|e| {
            let t = e.meta.file_type();
            let size = if t.is_char_device() || t.is_block_device() {
                let dev = e.meta.rdev();
                format!("{}, {}", nix::sys::stat::major(dev), nix::sys::stat::minor(dev))
            } else {
                e.meta.size().to_string()
            };
            let inode = if o.has(&["i"]) { e.meta.ino().to_string() } else { String::new() };
            [
                inode,
                e.meta.nlink().to_string(),
                names::name(&users, e.meta.uid()),
                names::name(&groups, e.meta.gid()),
                size,
            ]
        })
        .collect();
    let width = |i: usize| rows.iter().map(|r| r[i].len()).max().unwrap_or(0);
    let [i, l, u, g, s] = [0, 1, 2, 3, 4].map(width);
    for (e, r) in entries.iter().zip(&rows) {
        if i > 0 {
            write!(out, "{:>i$} ", r[0])?;
        }
        write!(out, "{} {:>l$} {:<u$} {:<g$} {:>s$} ", mode_text(&e.meta), r[1], r[2], r[3], r[4])?;
        write!(out, "{} {}", when(e.meta.mtime()), e.name)?;
        if e.meta.is_symlink() {
            let to = e.path.read_link().map_or_else(why, |t| t.display().to_string());
            write!(out, " -> {to}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn short(entries: &[Entry], o: &Opts, out: &mut Out) -> std::io::Result<()> {
    let cells: Vec<String> = entries
        .iter()
        .map(|e| if o.has(&["i"]) { format!("{} {}", e.meta.ino(), e.name) } else { e.name.clone() })
        .collect();
    let wide = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).unwrap_or(80);
    let cell = cells.iter().map(|c| c.chars().count() + 2).max().unwrap_or(1);
    let across = if o.has(&["1"]) || !std::io::stdout().is_terminal() { 1 } else { (wide / cell).max(1) };
    let down = cells.len().div_ceil(across);
    for row in 0..down {
        let line: Vec<_> = cells.iter().skip(row).step_by(down.max(1)).map(|c| format!("{c:<w$}", w = cell)).collect();
        writeln!(out, "{}", line.concat().trim_end())?;
    }
    Ok(())
}

pub fn ls(args: &[String], out: &mut Out) -> Done {
    let mut o = opts(args, "la1idnAhtrFR", &["all", "directory", "inode"])?;
    for bad in ["R", "t", "r", "F"] {
        if o.has(&[bad]) {
            return Err(Fail::new(2, format!("-{bad}: not in this small ls (it has -l -a -A -1 -i -d -n)")));
        }
    }
    if o.rest.is_empty() {
        o.rest.push(".".into());
    }
    let print = |list: &[Entry], out: &mut Out| {
        if o.has(&["l", "n"]) { long(list, &o, out) } else { short(list, &o, out) }
    };
    let mut ok = true;
    let (mut files, mut dirs) = (vec![], vec![]);
    for name in &o.rest {
        let path = PathBuf::from(name);
        let link = path.is_symlink() && o.has(&["l", "n"]) && !name.ends_with('/');
        if path.is_dir() && !o.has(&["d", "directory"]) && !link {
            dirs.push(name.clone());
        } else {
            files.extend(entry(name.clone(), path, &mut ok));
        }
    }
    print(&files, out)?;
    for (i, name) in dirs.iter().enumerate() {
        if o.rest.len() > 1 {
            let gap = if i > 0 || !files.is_empty() { "\n" } else { "" };
            writeln!(out, "{gap}{name}:")?;
        }
        let dir = Path::new(name);
        let list = match std::fs::read_dir(dir) {
            Ok(list) => list,
            Err(e) => {
                ok = false;
                warn("ls", format!("cannot open directory '{name}': {}", why(e)));
                continue;
            }
        };
        let mut found: Vec<String> = list.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        let all = o.has(&["a", "all"]);
        found.retain(|n| all || o.has(&["A"]) || !n.starts_with('.'));
        if all {
            found.extend([".".into(), "..".into()]);
        }
        found.sort();
        let entries: Vec<Entry> = found.into_iter().filter_map(|n| entry(n.clone(), dir.join(&n), &mut ok)).collect();
        print(&entries, out)?;
    }
    Ok(if ok { 0 } else { 2 })
}

pub fn stat(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "Lc:", &["format=", "dereference"])?;
    need(&o, 1, "stat [-L] [-c FORMAT] FILE...")?;
    let mut status = 0;
    for name in &o.rest {
        let path = Path::new(name);
        let meta = if o.has(&["L", "dereference"]) { path.metadata() } else { path.symlink_metadata() };
        let m = match meta {
            Ok(m) => m,
            Err(e) => {
                warn("stat", format!("cannot stat '{name}': {}", why(e)));
                status = 1;
                continue;
            }
        };
        let format = o.value(&["c", "format"]).unwrap_or(
            "  File: %N\n  Size: %s\tBlocks: %b\t%F\nDevice: %d\tInode: %i\tLinks: %h\nAccess: (%a/%A)  Uid: %u/%U   Gid: %g/%G",
        );
        let mut chars = format.chars();
        let mut line = String::new();
        while let Some(c) = chars.next() {
            if c != '%' {
                line.push(c);
                continue;
            }
            let key = chars.next().unwrap_or('%');
            line += &match key {
                'i' => m.ino().to_string(),
                'n' => name.clone(),
                'N' => match path.read_link() {
                    Ok(to) => format!("'{name}' -> '{}'", to.display()),
                    Err(_) => name.clone(),
                },
                's' => m.size().to_string(),
                'b' => m.blocks().to_string(),
                'd' => m.dev().to_string(),
                'h' => m.nlink().to_string(),
                'a' => format!("{:o}", m.mode() & 0o7777),
                'A' => mode_text(&m),
                'f' => format!("{:x}", m.mode()),
                'u' => m.uid().to_string(),
                'g' => m.gid().to_string(),
                'U' => names::name(&names::ids("/etc/passwd"), m.uid()),
                'G' => names::name(&names::ids("/etc/group"), m.gid()),
                'Y' => m.mtime().to_string(),
                'F' => kind(&m).into(),
                '%' => "%".into(),
                _ => return Err(Fail::new(1, format!("unknown directive %{key}"))),
            };
        }
        writeln!(out, "{line}")?;
    }
    Ok(status)
}

fn kind(m: &Metadata) -> &'static str {
    match mode_text(m).as_bytes()[0] {
        b'd' => "directory",
        b'l' => "symbolic link",
        b'c' => "character special file",
        b'b' => "block special file",
        b'p' => "fifo",
        b's' => "socket",
        _ if m.size() == 0 => "regular empty file",
        _ => "regular file",
    }
}

pub fn readlink(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "fen", &["canonicalize"])?;
    need(&o, 1, "readlink [-f] FILE...")?;
    let mut status = 0;
    for name in &o.rest {
        let full = o.has(&["f", "e", "canonicalize"]);
        match if full { std::fs::canonicalize(name) } else { std::fs::read_link(name) } {
            Ok(to) if o.has(&["n"]) => write!(out, "{}", to.display())?,
            Ok(to) => writeln!(out, "{}", to.display())?,
            Err(e) => {
                warn("readlink", format!("{name}: {}", why(e)));
                status = 1;
            }
        }
    }
    Ok(status)
}
