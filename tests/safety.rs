//! The machine stays as it is, whatever is done and whatever is killed.

mod common;

use common::{Machine, children, descendants, gone, nslab, users};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// A plain lesson that is brought to a step, with a background job on each side that ignores SIGHUP.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn at(user: u32, step: usize) -> Running {
        let mut child = nslab(user)
            .args(["lesson", "mount-ns", "--plain", "--step", &step.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut running = Running { child, input, output };
        running.until("Words:");
        running
    }

    fn until(&mut self, part: &str) {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if line.contains(part) {
                return;
            }
            line.clear();
        }
        panic!("{part} never came");
    }

    fn say(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    /// Everything that runs on behalf of nslab now, but for nslab itself.
    fn processes(&self) -> Vec<i32> {
        descendants(self.child.id())
    }

    fn background_jobs(&mut self, inside: bool) {
        let script = "setsid sh -c 'trap \"\" HUP; sleep 4321' &\nsleep 0.1; exit\n";
        self.say(&format!("1\nshell host\n{script}"));
        self.until("What you changed");
        if inside {
            self.say(&format!("shell container\n{script}"));
            self.until("What you changed");
        }
    }
}

fn kill(pid: i32, signal: nix::sys::signal::Signal) {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal);
}

use nix::sys::signal::Signal::{SIGKILL, SIGSTOP, SIGTERM};

/// Killed at every step: nslab, the stage (also while it is stopped), the container's first process.
#[test]
fn nothing_is_left_whoever_is_killed() {
    let machine = Machine::look();
    for user in users() {
        for step in 1..=14 {
            let victim = step % 4;
            let mut running = Running::at(user, step);
            let has_container = step > 2;
            running.background_jobs(has_container);
            let all = running.processes();
            assert!(all.len() > 2, "step {step}: {all:?}");
            let stage = children(running.child.id())[0];
            let ui = running.child.id() as i32;
            match victim {
                0 => kill(ui, SIGKILL),
                1 => kill(stage, SIGKILL),
                2 => {
                    kill(stage, SIGSTOP);
                    kill(ui, SIGKILL);
                }
                _ => {
                    let agent = children(stage as u32).last().copied().unwrap_or(stage);
                    kill(agent, SIGKILL);
                    running.say("quit\n\n");
                    drop(running.input);
                    let mut rest = String::new();
                    let _ = running.output.read_to_string(&mut rest);
                    kill(ui, SIGTERM);
                    let _ = running.child.wait();
                    assert!(gone(&all), "uid {user}, step {step}, agent killed: {all:?}");
                    continue;
                }
            }
            if victim == 1 {
                assert!(gone(&all), "uid {user}, step {step}, stage killed");
                kill(ui, SIGKILL);
            }
            let _ = running.child.wait();
            assert!(gone(&all), "uid {user}, step {step}, victim {victim}: {all:?}");
        }
    }
    assert_eq!(Machine::look(), machine);
}

#[test]
fn a_run_and_a_quit_leave_nothing() {
    let machine = Machine::look();
    for user in users() {
        let mut running = Running::at(user, 9);
        let all = running.processes();
        assert!(!all.is_empty());
        running.say("1\nquit\n");
        assert!(running.child.wait().unwrap().success());
        assert!(gone(&all));
    }
    assert_eq!(Machine::look(), machine);
}

/// What root does in the practice host does not reach the namespaces around it: here an outer namespace stands in for
/// the machine, with a shared root.
#[test]
fn root_in_the_practice_host_cannot_reach_out() {
    if !common::is_root() {
        // A plain user's practice host has nothing of root's to reach with; the other tests run there.
        return;
    }
    let script = format!(
        "mount --make-rshared / && hostname outer && sleep 7777 & JOB=$!; sleep 0.3; before=$(cat /proc/self/mountinfo); \
         printf '1\\nshell host\\nhostname evil; mount -o remount,ro /; nsenter -t 1 -m true; kill -9 '$JOB'; for p in /proc/[0-9]*; do :; done; exit\\n\\nquit\\n\\n' \
         | {} lesson mount-ns --plain --step 1 > {}/out; \
         test \"$(hostname)\" = outer || echo HOSTNAME; kill -0 $JOB || echo KILLED; touch /tmp/nslab-touch-$$ && rm /tmp/nslab-touch-$$ || echo READONLY; \
         after=$(cat /proc/self/mountinfo); test \"$before\" = \"$after\" || echo MOUNTS; kill $JOB; echo finished",
        common::place().join("nslab").display(),
        common::place().display()
    );
    let output = std::process::Command::new("unshare")
        .args([
            "--mount",
            "--uts",
            "--pid",
            "--fork",
            "--mount-proc",
            "--propagation",
            "private",
            "bash",
            "-c",
            &script,
        ])
        .env("XDG_CACHE_HOME", common::place().join("0/cache"))
        .output()
        .unwrap();
    let said = std::fs::read_to_string(common::place().join("out")).unwrap_or_default();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "finished\n",
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("hostname evil"), "the attack ran: {said}");
}

/// An idle lesson does not wake the processor.
#[test]
fn waiting_costs_nothing() {
    let mut running = Running::at(users()[0], 3);
    let ticks = |pid: u32| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        stat.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap().trim().parse().unwrap()
    };
    std::thread::sleep(Duration::from_millis(300));
    let everyone: Vec<u32> =
        std::iter::once(running.child.id()).chain(running.processes().into_iter().map(|pid| pid as u32)).collect();
    let before: Vec<u64> = everyone.iter().map(|pid| ticks(*pid)).collect();
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(700));
    let after: Vec<u64> = everyone.iter().map(|pid| ticks(*pid)).collect();
    assert_eq!(before, after, "somebody woke within {:?}", start.elapsed());
    running.say("1\nquit\n");
    running.child.wait().unwrap();
}
