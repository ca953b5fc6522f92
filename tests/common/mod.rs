//! What the end-to-end tests share: nslab as root and as a plain user, and a look at the machine.
#![allow(dead_code)]

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
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
            let home = dir.join(user);
            std::fs::create_dir_all(&home).unwrap();
            if is_root() {
                std::os::unix::fs::chown(&home, user.parse().ok(), user.parse().ok()).unwrap();
            }
        }
        dir
    })
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Root and a plain user where the tests run as root; else who runs them.
pub fn users() -> Vec<u32> {
    if is_root() { vec![0, 1000] } else { vec![nix::unistd::geteuid().as_raw()] }
}

/// nslab as a user, with a home and a cache of its own, and no progress yet.
pub fn nslab(user: u32) -> Command {
    static RUN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let run = RUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let home = place().join(if user == 0 { "0" } else { "1000" });
    let mut command = Command::new(place().join("nslab"));
    command
        .env("HOME", &home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_STATE_HOME", home.join(format!("state-{run}")))
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .current_dir("/");
    if is_root() && user != 0 {
        command.uid(user).gid(user);
    }
    command
}

/// What of the machine must stay as it is.
#[derive(Debug, PartialEq)]
pub struct Machine {
    mounts: String,
    hostname: String,
}

impl Machine {
    pub fn look() -> Machine {
        Machine {
            mounts: std::fs::read_to_string("/proc/self/mountinfo").unwrap(),
            hostname: std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap(),
        }
    }
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
    let ends = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let alive = pids.iter().any(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/stat"))
                .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
        });
        if !alive {
            return true;
        }
        if std::time::Instant::now() > ends {
            return false;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
