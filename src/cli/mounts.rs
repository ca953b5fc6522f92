//! `nslab mounts` and `nslab diff`.

use super::Usage;
use crate::mounts::{MountTable, change_to_json, compare, diff_listing, listing, printable, to_json};
use crate::sandbox::{read_namespace, read_table};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process; nslab itself if none is named.
    pid: Option<i32>,
    /// A file in the format of /proc/PID/mountinfo instead.
    #[arg(long, conflicts_with_all = ["pid", "namespace"])]
    file: Option<PathBuf>,
    #[arg(long)]
    json: bool,
    /// Indent by parent.
    #[arg(long)]
    tree: bool,
    /// All that the process's namespace holds, even if the process is chrooted.
    #[arg(long)]
    namespace: bool,
}

pub fn mounts(args: &Args) -> anyhow::Result<u8> {
    let table = match (&args.file, args.pid) {
        (Some(file), _) => of_file(&file.display().to_string())?,
        (None, pid) => {
            let pid = pid.unwrap_or(std::process::id() as i32);
            if args.namespace {
                let raw = read_namespace(pid).map_err(|error| advise(pid, &error))?;
                MountTable::parse(raw)
            } else {
                of_process(pid)?
            }
        }
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        let rows: Vec<Value> = (0..table.len()).map(|row| to_json(&table, row)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    } else {
        write!(out, "{}", listing(&table, args.tree))?;
    }
    complain(&table);
    Ok(0)
}

pub fn diff(a: &str, b: &str, as_json: bool) -> anyhow::Result<u8> {
    let (before, after) = (of_either(a)?, of_either(b)?);
    let changes = compare(&before, &after);
    let mut out = std::io::stdout().lock();
    if as_json {
        let rows: Vec<Value> = changes.iter().map(|change| change_to_json(&before, &after, change)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    } else {
        write!(out, "{}", diff_listing(&before, &after, &changes))?;
    }
    complain(&before);
    complain(&after);
    Ok(0)
}

/// Digits name a process, anything else a file.
fn of_either(name: &str) -> anyhow::Result<MountTable> {
    match name.parse() {
        Ok(pid) => of_process(pid),
        Err(_) => of_file(name),
    }
}

fn of_process(pid: i32) -> anyhow::Result<MountTable> {
    let read = File::open(format!("/proc/{pid}/mountinfo")).and_then(|mut file| read_table(&mut file));
    Ok(MountTable::parse(read.map_err(|error| advise(pid, &error))?))
}

/// No table is larger, in bytes: a million mounts are some 100 MB, and the kernel's own limit is a tenth of that.
const LARGEST: u64 = 64 << 20;

fn of_file(name: &str) -> anyhow::Result<MountTable> {
    let cannot = |why: &dyn std::fmt::Display| {
        let name = printable(name.as_bytes());
        Usage(format!("cannot read {name}: {why}; name a file like /proc/self/mountinfo"))
    };
    let mut raw = Vec::new();
    let read = File::open(name).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut raw));
    read.map_err(|error| cannot(&error))?;
    if raw.len() as u64 > LARGEST {
        return Err(cannot(&"it has more than 64 MiB").into());
    }
    Ok(MountTable::parse(raw))
}

fn advise(pid: i32, error: &std::io::Error) -> Usage {
    let next = match error.raw_os_error() {
        Some(libc::ENOENT | libc::ESRCH) => "there is no such process (any more)",
        Some(libc::EACCES | libc::EPERM) => "it belongs to another user; try as root",
        Some(libc::EINVAL) => "it has ended and waits to be reaped",
        _ => "try another process",
    };
    Usage(format!("cannot read the mount table of process {pid}: {error}; {next}"))
}

/// Rows that could not be read are reported, never dropped in silence.
fn complain(table: &MountTable) {
    for unread in table.unread() {
        eprintln!(
            "nslab: line {} is no row of a mount table: {}: {}",
            unread.line,
            unread.why,
            printable(&unread.bytes)
        );
    }
}
