//! `nslab mounts` and `nslab diff`.

use super::Usage;
use crate::mounts::{
    MountTable, change_to_json, compare, diff_listing, listing, printable, propagation_listing, to_json,
};
use crate::sandbox::{read_namespace, read_table};
use serde_json::Value;
use std::fs::File;
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
    /// Peer groups as letters (A: member, <- A: receives from it), and which rows a mount made there reaches.
    #[arg(long, conflicts_with_all = ["json", "tree"])]
    propagation: bool,
    /// With --propagation: the tables of these processes, too.
    #[arg(long, value_name = "PID", requires = "propagation")]
    with: Vec<i32>,
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
    if args.propagation {
        let name = args.pid.map_or_else(|| args.file.as_ref().map_or("self", |_| "file").into(), |pid| pid.to_string());
        let others = args.with.iter().map(|pid| Ok((pid.to_string(), of_process(*pid)?)));
        let others = others.collect::<anyhow::Result<Vec<_>>>()?;
        let all = [(name, &table)].into_iter().chain(others.iter().map(|(name, table)| (name.clone(), table)));
        write!(out, "{}", propagation_listing(&all.collect::<Vec<_>>()))?;
    } else if args.json {
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

fn of_file(name: &str) -> anyhow::Result<MountTable> {
    let raw = std::fs::read(name)
        .map_err(|error| Usage(format!("cannot read {name}: {error}; name a file like /proc/self/mountinfo")))?;
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
