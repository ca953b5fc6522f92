//! `nslab doctor --class`: the line that each student pastes into the chat, and whether a server carries so many of them.

use crate::conduct::replay;
use crate::lab::Doctor;
use crate::lesson::HostKind;
use crate::sandbox::Sandbox;
use crate::words::Lang;
use anyhow::Context;
use rustix::process::{Resource, getrlimit};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The lesson that is measured, and the steps of it that are performed: the image is unpacked, its shell runs.
const MEASURED: (&str, usize) = ("mount-ns", 12);
/// Other lessons need more than the measured one, and commands come and go.
const MARGIN: u64 = 2;
/// Beside the lesson a student has a login: its shell and what carries it.
const LOGIN_TASKS: u64 = 4;
/// Both sides' shells, the lesson's own terminal and a spare one.
const TERMINALS: u64 = 4;
const KINDS: [&str; 5] = ["user", "mnt", "pid", "uts", "ipc"];

/// One line: verdict, user, kernel, terminal, characters, checks passed; then what failed.
pub fn line(doctor: &Doctor) -> String {
    let passed = doctor.checks.iter().filter(|check| check.ok).count();
    let size = crossterm::terminal::size().map_or("no-terminal".into(), |(columns, rows)| format!("{columns}x{rows}"));
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    let locale = locale.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_ascii_lowercase();
    let mut words = vec![
        if doctor.well() { "ok" } else { "no" }.to_string(),
        if doctor.root { "root" } else { "user" }.into(),
        doctor.kernel.split(['.', '-']).take(2).collect::<Vec<_>>().join("."),
        size,
        if locale.contains("utf-8") || locale.contains("utf8") { "utf8" } else { "ascii" }.into(),
        format!("{passed}/{}", Doctor::NEEDS),
    ];
    let failed = doctor.checks.iter().filter(|check| !check.ok);
    words.extend(failed.map(|check| format!("[{}: {}]", check.key.trim_start_matches("doctor."), check.tried)));
    words.join(" ")
}

/// What one student at work needs, measured.
#[derive(Debug)]
pub struct Load {
    /// Namespaces by kind, as [`KINDS`] has them.
    namespaces: [u64; KINDS.len()],
    tasks: u64,
    bytes: u64,
}

/// Performs the measured lesson and looks at what is there then.
pub fn measure() -> anyhow::Result<Load> {
    let lesson = crate::lesson::open(MEASURED.0)?;
    let mut sandbox = Sandbox::start(&lesson.host, HostKind::Tidy, &super::image()?)?;
    replay(&mut sandbox, &lesson, MEASURED.1, &[])?;
    let own = std::process::id();
    let mut processes = vec![own];
    let mut next = 0;
    while next < processes.len() {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", processes[next])).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        processes
            .extend(lists.flat_map(|list| {
                list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()).collect::<Vec<_>>()
            }));
        next += 1;
    }
    let link = |pid: u32, kind: &str| std::fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok();
    let namespaces = KINDS.map(|kind| {
        let all: BTreeSet<PathBuf> = processes.iter().filter_map(|pid| link(*pid, kind)).collect();
        all.iter().filter(|found| Some(*found) != link(own, kind).as_ref()).count() as u64
    });
    let tasks = processes.iter().map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).map_or(1, Iterator::count));
    let memory = processes.iter().filter_map(|pid| field(Path::new(&format!("/proc/{pid}/smaps_rollup")), "Pss:"));
    // The practice host's file systems are memory, and so is the copy of nslab that its first process runs.
    let stage = *processes.get(1).context("find the practice host's first process among nslab's children")?;
    let files = ["", "lab"].iter().filter_map(|name| {
        let is = rustix::fs::statvfs(format!("/proc/{stage}/root/{name}")).ok()?;
        Some((is.f_blocks - is.f_bfree) * is.f_frsize)
    });
    let program = std::fs::metadata(std::env::current_exe()?)?.len();
    Ok(Load {
        namespaces,
        tasks: tasks.sum::<usize>() as u64,
        bytes: memory.sum::<u64>() * 1024 + files.sum::<u64>() + program,
    })
}

/// A limit of this machine, and what a class asks of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Limit {
    name: String,
    needs: u64,
    allows: u64,
    /// What raises it; none where nothing but fewer students helps.
    raise: Option<String>,
}

impl Limit {
    fn ok(&self) -> bool {
        self.needs <= self.allows
    }
}

/// A class on one server.
#[derive(Debug)]
pub struct Class {
    students: u64,
    load: Load,
    limits: Vec<Limit>,
}

impl Class {
    /// `root` is where the machine's /proc and /sys are.
    pub fn new(students: u64, load: Load, root: &Path) -> Class {
        let number = |path: &str| std::fs::read_to_string(root.join(path)).ok()?.trim().parse::<u64>().ok();
        let mut limits = Vec::new();
        let mut limit = |name: String, needs: u64, allows: Option<u64>, raise: Option<String>| {
            if let Some(allows) = allows {
                limits.push(Limit { name, needs, allows, raise });
            }
        };
        for (kind, count) in KINDS.iter().zip(load.namespaces) {
            let (name, needs) = (format!("user.max_{kind}_namespaces"), students * count * MARGIN);
            let raise = Some(format!("sudo sysctl {name}={needs}"));
            limit(name, needs, number(&format!("proc/sys/user/max_{kind}_namespaces")), raise);
        }
        let tasks = students * (load.tasks * MARGIN + LOGIN_TASKS);
        let running = std::fs::read_to_string(root.join("proc/loadavg")).ok();
        let running = running.and_then(|text| text.split('/').nth(1)?.split(' ').next()?.parse::<u64>().ok());
        for name in ["threads-max", "pid_max"] {
            let needs = tasks + running.unwrap_or(0);
            let raise = Some(format!("sudo sysctl kernel.{name}={needs}"));
            limit(format!("kernel.{name}"), needs, number(&format!("proc/sys/kernel/{name}")), raise);
        }
        let terminals = number("proc/sys/kernel/pty/nr").unwrap_or(0) + students * TERMINALS;
        let raise = Some(format!("sudo sysctl kernel.pty.max={terminals}"));
        limit("kernel.pty.max".into(), terminals, number("proc/sys/kernel/pty/max"), raise);
        let mine = getrlimit(Resource::Nproc).current;
        limit("ulimit -u".into(), tasks, mine, Some(format!("ulimit -u {tasks}")));
        let groups = groups(root);
        let fewest = groups.iter().filter_map(|group| Some((number(&format!("{group}/pids.max"))?, group))).min();
        if let Some((allows, group)) = fewest {
            let raise = Some(format!("echo {tasks} | sudo tee /{group}/pids.max"));
            limit(format!("/{group}/pids.max"), tasks, Some(allows), raise);
        }
        let free = field(&root.join("proc/meminfo"), "MemAvailable:").map(|kib| kib / 1024);
        let left = groups.iter().filter_map(|group| {
            let used = number(&format!("{group}/memory.current")).unwrap_or(0);
            Some(number(&format!("{group}/memory.max"))?.saturating_sub(used) >> 20)
        });
        let allows = free.into_iter().chain(left).min();
        limit("memory, MiB".into(), students * mebibytes(load.bytes), allows, None);
        Class { students, load, limits }
    }

    pub fn fits(&self) -> bool {
        self.limits.iter().all(Limit::ok)
    }

    pub fn json(&self) -> Value {
        let limit = |limit: &Limit| json!({ "limit": limit.name, "needs": limit.needs, "allows": limit.allows, "ok": limit.ok(), "raise": limit.raise });
        let namespaces: serde_json::Map<String, Value> =
            KINDS.iter().zip(self.load.namespaces).map(|(kind, count)| ((*kind).to_string(), count.into())).collect();
        json!({
            "students": self.students, "ok": self.fits(),
            "one": { "bytes": self.load.bytes, "tasks": self.load.tasks, "namespaces": namespaces },
            "limits": self.limits.iter().map(limit).collect::<Vec<_>>(),
        })
    }

    pub fn text(&self, lang: Lang) -> String {
        let one = &self.load;
        let [students, memory, tasks, namespaces] =
            [self.students, mebibytes(one.bytes), one.tasks, one.namespaces.iter().sum()]
                .map(|number| number.to_string());
        let mut lines = vec![lang.say("class.measured", &[&memory, &tasks, &namespaces, &students])];
        for limit in &self.limits {
            let verdict = lang.say(if limit.ok() { "doctor.ok" } else { "doctor.no" }, &[]);
            let numbers = [limit.needs.to_string(), limit.allows.to_string()];
            lines.push(format!("{verdict:4} {}", lang.say("class.limit", &[&limit.name, &numbers[0], &numbers[1]])));
            match &limit.raise {
                _ if limit.ok() => {}
                Some(raise) => lines.push(format!("     {}", lang.say("class.raise", &[raise]))),
                None => {
                    let few = (limit.allows * self.students / limit.needs.max(1)).to_string();
                    lines.push(format!("     {}", lang.say("class.memory", &[&few])));
                }
            }
        }
        lines.push(lang.say(if self.fits() { "class.fits" } else { "class.tight" }, &[&students]));
        lines.join("\n")
    }
}

fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// A number of kibibytes from a file of `Name: 12 kB` lines.
fn field(path: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.trim().trim_end_matches("kB").trim().parse().ok()
}

/// The directories of this process's control group and of those above it, below `root`.
fn groups(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let Some(path) = text.lines().find_map(|line| line.strip_prefix("0::/")) else { return Vec::new() };
    let below = Path::new(path).ancestors().map(|path| format!("sys/fs/cgroup/{}", path.display()));
    below.map(|path| path.trim_end_matches('/').to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    /// What is too low is named with what raises it; what is not limited is not mentioned.
    #[test]
    fn limits_that_are_too_low() {
        let root = machine(&[
            ("proc/sys/user/max_mnt_namespaces", "100\n"),
            ("proc/sys/user/max_pid_namespaces", "1000\n"),
            ("proc/loadavg", "0.1 0.2 0.3 1/50 4711\n"),
            ("proc/sys/kernel/pid_max", "300\n"),
            ("proc/sys/kernel/pty/nr", "5\n"),
            ("proc/sys/kernel/pty/max", "4096\n"),
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/pids.max", "200\n"),
            ("sys/fs/cgroup/a/b/pids.max", "max\n"),
            ("sys/fs/cgroup/a/memory.max", "536870912\n"),
            ("sys/fs/cgroup/a/memory.current", "268435456\n"),
            ("proc/meminfo", "MemTotal: 9999999 kB\nMemAvailable:    1048576 kB\n"),
        ]);
        let load = Load { namespaces: [1, 2, 2, 2, 1], tasks: 6, bytes: 20 << 20 };
        let class = Class::new(30, load, root.path());
        let limit = |name: &str| class.limits.iter().find(|limit| limit.name == name).unwrap();
        let numbers = |name: &str| (limit(name).needs, limit(name).allows, limit(name).ok());
        assert_eq!(numbers("user.max_mnt_namespaces"), (120, 100, false));
        assert_eq!(numbers("user.max_pid_namespaces"), (120, 1000, true));
        assert_eq!(numbers("kernel.pid_max"), (30 * 16 + 50, 300, false));
        assert_eq!(numbers("kernel.pty.max"), (125, 4096, true));
        assert_eq!(numbers("/sys/fs/cgroup/a/pids.max"), (480, 200, false));
        assert_eq!(numbers("memory, MiB"), (600, 256, false));
        assert!(!class.limits.iter().any(|limit| limit.name.contains("uts")));
        let text = class.text(Lang::En);
        for part in ["sudo sysctl user.max_mnt_namespaces=120", "sudo sysctl kernel.pid_max=530", "12 students"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!class.fits() && !text.contains("max_pid_namespaces="));
    }
}
