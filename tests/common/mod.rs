//! What the end-to-end tests share: nslab as root and as a plain user, and a look at the machine.
#![allow(dead_code)]

pub mod puppet;
pub mod terminal;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// nslab where any user can run it, and a cache for each. What earlier runs left is removed: a test run ends without a
/// chance to clean up after its last test.
pub fn place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner = name.strip_prefix("nslab-test-").and_then(|pid| pid.parse::<u32>().ok());
            if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let dir = std::env::temp_dir().join(format!("nslab-test-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (built, program) = (env!("CARGO_BIN_EXE_nslab"), dir.join("nslab"));
        std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).unwrap();
        for user in ["0", "1000"] {
            for part in ["", "cwd", "tmp"] {
                let path = dir.join(user).join(part);
                std::fs::create_dir_all(&path).unwrap();
                if is_root() {
                    std::os::unix::fs::chown(&path, user.parse().ok(), user.parse().ok()).unwrap();
                }
            }
        }
        dir
    })
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// The same; where not, what is left out is said on the terminal itself (what a test prints is not seen if it passes).
pub fn is_root_for(left_out: &str) -> bool {
    use std::io::Write;
    if !is_root() {
        let _ = writeln!(std::io::stderr(), "\nNOT RUN: {left_out}: that takes root\n");
    }
    is_root()
}

/// Root and a plain user where the tests run as root; else who runs them.
pub fn users() -> Vec<u32> {
    if is_root() { vec![0, 1000] } else { vec![nix::unistd::geteuid().as_raw()] }
}

/// A user's home, with the folders cache, tmp and cwd in it.
pub fn home(user: u32) -> PathBuf {
    place().join(if user == 0 { "0" } else { "1000" })
}

/// An empty folder that everybody can read and the user can write to, where no other test looks for what is left.
pub fn folder(user: u32, name: &str) -> PathBuf {
    let state = home(user).join("state");
    let path = state.join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    if is_root() {
        for dir in [&state, &path] {
            std::os::unix::fs::chown(dir, Some(user), Some(user)).unwrap();
        }
    }
    path
}

/// Runs nslab as a user: its exit status, and what it says on stdout and stderr.
pub fn run(user: u32, args: &[&str]) -> (i32, String, String) {
    let output = nslab(user).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// nslab as a user, with a home, a cache, a folder for temporary files and a working directory of its own, and no
/// progress yet.
pub fn nslab(user: u32) -> Command {
    static RUN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let run = RUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let home = home(user);
    let mut command = Command::new(place().join("nslab"));
    command
        .env("HOME", &home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_STATE_HOME", home.join("state").join(run.to_string()))
        .env("LANG", "C.UTF-8")
        .env("TMPDIR", home.join("tmp"))
        .env_remove("LC_ALL")
        .current_dir(home.join("cwd"));
    if is_root() && user != 0 {
        command.uid(user).gid(user);
    }
    command
}

/// What of the machine must stay as it is, as far as nslab could be the one who changed it.
#[derive(Debug, PartialEq)]
pub struct Machine {
    mounts: String,
    hostname: String,
    /// Each user's home, working directory and folder for temporary files; cache and progress alone may change.
    files: BTreeMap<PathBuf, (u32, u64, i64, u64)>,
    /// What bears nslab's name where programs leave things.
    left: Vec<PathBuf>,
    /// System V shared memory, semaphores and message queues.
    ipc: Vec<String>,
}

impl Machine {
    pub fn look() -> Machine {
        let mut files = BTreeMap::new();
        for user in users() {
            list(&home(user), &mut files);
        }
        let places = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/mnt", "/srv", "/"];
        let entries = places.iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
        let is_ours = |name: &str| name.contains("nslab") && !name.starts_with("nslab-test-");
        let mut left: Vec<PathBuf> =
            entries.filter(|entry| is_ours(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect();
        left.sort();
        Machine {
            mounts: std::fs::read_to_string("/proc/self/mountinfo").unwrap(),
            hostname: std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap(),
            files,
            left,
            ipc: ["shm", "sem", "msg"]
                .iter()
                .filter_map(|kind| std::fs::read_to_string(format!("/proc/sysvipc/{kind}")).ok())
                .collect(),
        }
    }
}

/// Mode, size, time of change and inode of everything below a folder, but for cache and progress.
fn list(dir: &Path, into: &mut BTreeMap<PathBuf, (u32, u64, i64, u64)>) {
    use std::os::unix::fs::MetadataExt;
    for entry in std::fs::read_dir(dir)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name() != "cache" && entry.file_name() != "state")
    {
        let is = entry.metadata().unwrap();
        into.insert(entry.path(), (is.mode(), is.size(), is.mtime_nsec(), is.ino()));
        if is.is_dir() {
            list(&entry.path(), into);
        }
    }
}

/// The command lines of processes.
pub fn commands(pids: &[i32]) -> Vec<String> {
    let of = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
    pids.iter().map(|pid| of(pid).trim().to_string()).collect()
}

/// Starts what says "ready" when it is, and stays until its standard input ends.
pub fn until_ready(command: &mut Command) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

/// Waits for a condition; false if it does not come in half a minute, which is long on a busy machine too.
pub fn comes(mut condition: impl FnMut() -> bool) -> bool {
    let ends = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !condition() {
        if std::time::Instant::now() > ends {
            return false;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    true
}

/// Whether nobody wakes for a while: of a process and of all below it, no thread. A timer would wake one again and again;
/// what others do on the machine (the kernel tells everybody of each hostname that is set) does so now and then.
pub fn rests(pid: u32) -> bool {
    let waits = |thread: PathBuf| {
        let status = std::fs::read_to_string(thread.join("status")).unwrap_or_default();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        (thread, count.map(|count| count.trim().to_string()))
    };
    let all = || -> BTreeMap<PathBuf, Option<String>> {
        let processes = [vec![pid as i32], descendants(pid)].concat();
        let threads = processes.iter().filter_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).ok());
        threads.flatten().flatten().map(|thread| waits(thread.path())).collect()
    };
    (0..10).any(|_| {
        let before = all();
        assert!(!before.is_empty());
        std::thread::sleep(std::time::Duration::from_secs(2));
        before == all()
    })
}

/// The children of a process, whichever thread made them.
pub fn children(pid: u32) -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// All processes that descend from one.
pub fn descendants(pid: u32) -> Vec<i32> {
    let mut found = children(pid);
    let mut next = 0;
    while next < found.len() {
        found.extend(children(found[next] as u32));
        next += 1;
    }
    found
}

/// Waits until processes are gone (zombies count as gone).
pub fn gone(pids: &[i32]) -> bool {
    let alive = |pid: &i32| {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
    };
    comes(|| !pids.iter().any(alive))
}
