//! A plain lesson that runs, seen from the machine.

use crate::common::{self, children, comes, commands, descendants, nslab};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Running {
    pub child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// A time that only this lesson's background jobs sleep.
    nap: String,
}

impl Running {
    /// nslab by itself, brought to a step.
    pub fn at(user: u32, step: usize) -> Running {
        Running::start(nslab(user), step)
    }

    /// nslab as another command starts it, brought to a step.
    pub fn start(mut command: Command, step: usize) -> Running {
        static NAPS: AtomicU32 = AtomicU32::new(0);
        let nap = format!("1{:05}{:04}", std::process::id() % 100_000, NAPS.fetch_add(1, Ordering::Relaxed));
        let mut child = command
            .args(["lesson", "mount-ns", "--plain", "--step", &step.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut running = Running { child, input, output, nap };
        running.until("Words:");
        running
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// The practice host's first process.
    pub fn stage(&self) -> i32 {
        let all = children(self.child.id());
        assert_eq!(all.len(), 1, "nslab has one child: {:?}", commands(&all));
        all[0]
    }

    /// The container's first process: PID 1 one PID namespace further in.
    pub fn agent(&self) -> Option<i32> {
        let numbers = |pid: i32| -> Vec<i32> {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let all = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
            all.split_whitespace().filter_map(|number| number.parse().ok()).collect()
        };
        let stage = self.stage();
        let depth = numbers(stage).len() + 1;
        children(stage as u32).into_iter().find(|&pid| {
            let all = numbers(pid);
            all.len() == depth && all.last() == Some(&1)
        })
    }

    /// Reads what nslab prints up to a text, and gives the lines before it.
    pub fn until(&mut self, part: &str) -> String {
        let mut all = String::new();
        loop {
            let from = all.len();
            assert!(self.output.read_line(&mut all).unwrap() > 0, "{part} never came:\n{all}");
            if all[from..].contains(part) {
                return all;
            }
        }
    }

    pub fn say(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    /// Ends the input and gives the rest of the output and the exit status.
    pub fn finish(self) -> (String, Option<i32>) {
        let Running { mut child, input, mut output, .. } = self;
        drop(input);
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        (rest, child.wait().unwrap().code())
    }

    /// Everything that runs on behalf of nslab now, but for nslab itself.
    pub fn processes(&self) -> Vec<i32> {
        descendants(self.child.id())
    }

    /// The background jobs that are there now, wherever on the machine.
    pub fn jobs(&self) -> Vec<i32> {
        // Whole: the shell that is about to become the job has the job in its own command line.
        let name = format!("sleep {}", self.nap);
        std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| commands(&[*pid])[0] == name)
            .collect()
    }

    /// Leaves a job behind in a side's shell that has a session of its own and ignores SIGHUP.
    pub fn background_job(&mut self, side: &str) {
        let before = self.jobs().len();
        let nap = &self.nap;
        // The shell ends only when its job has left it: its own end would hang up on the job else.
        let script = format!(
            "shell {side}\nrm -f /tmp/left; setsid sh -c 'trap \"\" HUP; : > /tmp/left; exec sleep {nap}' & \
             until [ -e /tmp/left ]; do sleep 0.01; done; exit\n"
        );
        self.say(&script);
        self.until("What you changed");
        assert!(comes(|| self.jobs().len() > before), "no job in the {side}");
        let (jobs, all) = (self.jobs(), self.processes());
        assert!(jobs.iter().all(|job| all.contains(job)), "{jobs:?} descend from nslab: {all:?}");
    }
}

/// A mount namespace around nslab that stands in for a machine as systemd sets it up: everything in it is shared.
pub struct Outer {
    holder: Child,
}

impl Outer {
    pub fn shared() -> Outer {
        let mut command = Command::new("unshare");
        if !common::is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        let holder = common::until_ready(
            command
                .args(["--mount", "--propagation", "private", "sh", "-c"])
                .arg("mount --make-rshared / && echo ready && exec cat"),
        );
        let outer = Outer { holder };
        assert!(outer.table().lines().all(|row| row.contains(" shared:")), "{}", outer.table());
        outer
    }

    pub fn table(&self) -> String {
        std::fs::read_to_string(format!("/proc/{}/mountinfo", self.holder.id())).unwrap()
    }

    /// nslab in there, as a user.
    pub fn nslab(&self, user: u32) -> Command {
        let inner = nslab(user);
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if !common::is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        if common::is_root() && user != 0 {
            command.args(["setpriv", "--reuid", &user.to_string(), "--regid", &user.to_string(), "--clear-groups"]);
        }
        command.arg(inner.get_program());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir("/");
        command
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
