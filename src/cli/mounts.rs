//! `nslab mounts` and `nslab diff`.

use super::{USAGE, Usage};
use crate::mounts::{
    MountTable, change_to_json, compare, diff_listing, listing, printable, printable_json, propagation_listing, to_json,
};
use crate::sandbox::{read_namespace, read_table};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process; nslab itself if none is named.
    pid: Option<i32>,
    /// A file in the format of /proc/PID/mountinfo instead.
    #[arg(long, conflicts_with_all = ["pid", "namespace"])]
    file: Option<PathBuf>,
    /// An array of mounts; names that are not UTF-8 are {"base64": …}.
    #[arg(long)]
    json: bool,
    /// Children below their parents (as text indented), the top of a stack first.
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
    let table = match (&args.file, args.pid.unwrap_or(std::process::id() as i32)) {
        (Some(file), _) => of_file(file.as_os_str())?,
        (None, pid) if args.namespace => {
            MountTable::parse(read_namespace(pid).map_err(|error| advise(pid, "mount namespace", &error))?)
        }
        (None, pid) => of_process(pid)?,
    };
    if args.propagation {
        let name = args.pid.map_or_else(|| args.file.as_ref().map_or("self", |_| "file").into(), |pid| pid.to_string());
        let others = args.with.iter().map(|pid| Ok((pid.to_string(), of_process(*pid)?)));
        let others = others.collect::<anyhow::Result<Vec<_>>>()?;
        let all = [(name, &table)].into_iter().chain(others.iter().map(|(name, table)| (name.clone(), table)));
        write!(std::io::stdout().lock(), "{}", propagation_listing(&all.collect::<Vec<_>>()))?;
    } else if args.json {
        let order: Vec<usize> = match args.tree {
            true => table.tree_order().into_iter().map(|(row, _)| row).collect(),
            false => (0..table.len()).collect(),
        };
        print_json(order.into_iter().map(|row| to_json(&table, row)).collect())?;
    } else {
        write!(std::io::stdout().lock(), "{}", listing(&table, args.tree))?;
    }
    Ok(complain(&[("", &table)]))
}

#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The table before, or of one process: digits are a process, anything else a file (./7 is the file 7).
    a: std::ffi::OsString,
    /// The table after, or of the other process.
    b: std::ffi::OsString,
    /// An array of {"kind", "fields", "before", "after"}.
    #[arg(long)]
    json: bool,
}

/// Differences are an answer, not a failure: status 0 with or without them.
pub fn diff(args: &DiffArgs) -> anyhow::Result<u8> {
    let (before, after) = (of_either(&args.a)?, of_either(&args.b)?);
    let changes = compare(&before, &after);
    if args.json {
        print_json(changes.iter().map(|change| change_to_json(&before, &after, change)).collect())?;
    } else {
        write!(std::io::stdout().lock(), "{}", diff_listing(&before, &after, &changes))?;
    }
    let [a, b] = [&args.a, &args.b].map(|name| format!("{}: ", printable(name.as_bytes())));
    Ok(complain(&[(&a, &before), (&b, &after)]))
}

fn print_json(values: Vec<Value>) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&values)?;
    writeln!(std::io::stdout().lock(), "{}", printable_json(&text))?;
    Ok(())
}

fn of_either(name: &OsStr) -> anyhow::Result<MountTable> {
    match name.to_str().and_then(|name| name.parse().ok()) {
        Some(pid) => of_process(pid),
        None => of_file(name),
    }
}

fn of_process(pid: i32) -> anyhow::Result<MountTable> {
    let read = File::open(format!("/proc/{pid}/mountinfo")).and_then(|file| read_table(&file));
    Ok(MountTable::parse(read.map_err(|error| advise(pid, "mount table", &error))?))
}

/// No table is larger, in bytes: a million mounts are some 100 MB, and the kernel's own limit is a tenth of that.
const LARGEST: u64 = 64 << 20;

fn of_file(name: &OsStr) -> anyhow::Result<MountTable> {
    let cannot = |why: &dyn std::fmt::Display| {
        let name = printable(name.as_bytes());
        Usage(format!("cannot read {name}: {why}; name a file like /proc/self/mountinfo, or a process by its number"))
    };
    let mut raw = Vec::new();
    let read = File::open(name).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut raw));
    read.map_err(|error| cannot(&error))?;
    if raw.len() as u64 > LARGEST {
        return Err(cannot(&"it has more than 64 MiB").into());
    }
    Ok(MountTable::parse(raw))
}

/// What was tried, on what, the kernel's answer, and what to do next. A process that may not be read is nothing that another
/// word on the command line would mend.
fn advise(pid: i32, what: &str, error: &std::io::Error) -> anyhow::Error {
    let root = nix::unistd::geteuid().is_root();
    let is_there = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) != Err(nix::errno::Errno::ESRCH);
    let (is_refused, next) = match error.raw_os_error() {
        Some(libc::ENOENT) if pid > 0 && is_there => {
            (true, "the process is there, but this /proc hides the processes of other users (hidepid): try with sudo")
        }
        Some(libc::ENOENT | libc::ESRCH) => (false, "there is no such process (any more); see ps -e"),
        Some(libc::EACCES | libc::EPERM) if root => {
            (true, "CAP_SYS_ADMIN and CAP_SYS_PTRACE over that process are missing; try as root outside this container")
        }
        Some(libc::EACCES | libc::EPERM) => (true, "that takes its owner, or root: try with sudo"),
        Some(libc::EINVAL) => (false, "it has ended and waits to be reaped"),
        _ => (false, "try another process"),
    };
    let text = format!("cannot read the {what} of process {pid}: {error}; {next}");
    if is_refused { anyhow::anyhow!(text) } else { Usage(text).into() }
}

/// How many lines that are no rows are shown, of each table.
const UNREAD: usize = 3;

/// Lines that are no rows are reported, never dropped in silence; and such input is not all well.
fn complain(tables: &[(&str, &MountTable)]) -> u8 {
    let mut status = 0;
    for (name, table) in tables {
        let all = table.unread();
        for unread in all.iter().take(UNREAD) {
            status = USAGE;
            let text = printable(&unread.bytes);
            eprintln!("nslab: {name}line {} is no row of a mount table: {}: {text}", unread.line, unread.why);
        }
        if all.len() > UNREAD {
            eprintln!("nslab: {name}{} more lines are no rows; is this a mount table?", all.len() - UNREAD);
        }
    }
    status
}
