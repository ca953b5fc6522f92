//! Root reaching out: each attack is made from inside the practice host, as its root, against an outer mount and UTS
//! namespace that stands in for the machine. What it says and what the outer side is afterwards are both looked at.

use crate::common::{self, nslab};
use crate::running::Running;
use std::process::{Child, Command};

/// The machine's stand-in: a name, a shared table with a mount of its own, a process.
struct Target {
    holder: Child,
    victim: Child,
}

/// What must stay.
#[derive(Debug, PartialEq)]
struct State {
    hostname: String,
    table: String,
    victim_lives: bool,
    secret: String,
    sysctls: Vec<String>,
}

impl Target {
    fn new() -> Target {
        let mut command = Command::new("unshare");
        if !common::is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        let script = "mount --make-rshared / && hostname outer && mount -t tmpfs outer /mnt && echo kept >/mnt/secret \
             && echo ready && exec cat";
        let holder =
            common::until_ready(command.args(["--mount", "--uts", "--propagation", "private", "sh", "-c", script]));
        Target { holder, victim: Command::new("sleep").arg("1000000").spawn().unwrap() }
    }

    /// A command in there, as whoever runs the tests.
    fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount", "--uts"]);
        if !common::is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").current_dir("/");
        command
    }

    fn lesson(&self, step: usize) -> Running {
        let inner = nslab(0);
        let mut command = self.command();
        command.arg(inner.get_program());
        for (name, value) in inner.get_envs() {
            value.map(|value| command.env(name, value));
        }
        Running::start(command, step)
    }

    fn state(&mut self) -> State {
        let output =
            self.command().args(["sh", "-c", "hostname; cat /mnt/secret; touch /mnt/writable"]).output().unwrap();
        assert!(output.status.success(), "the outer side works: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let (hostname, secret) = text.split_once('\n').unwrap();
        let sysctls = ["kernel/core_pattern", "kernel/hostname", "vm/swappiness", "kernel/panic"]
            .iter()
            .map(|name| std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap())
            .collect();
        State {
            hostname: hostname.into(),
            table: std::fs::read_to_string(format!("/proc/{}/mountinfo", self.holder.id())).unwrap(),
            victim_lives: self.victim.try_wait().unwrap().is_none(),
            secret: secret.into(),
            sysctls,
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        for child in [&mut self.victim, &mut self.holder] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What an attack must say: refused with one of these words, or done within the practice host alone.
enum Answer {
    Refused(&'static [&'static str]),
    Within(&'static str),
}

use Answer::{Refused, Within};

const DENIED: Answer =
    Refused(&["Permission denied", "Operation not permitted", "permission denied", "EPERM", "must be superuser"]);
const MISSING: Answer = Refused(&["No such", "Nonexistent", "nonexistent", "not mounted", "no mount point"]);
const EITHER: Answer = Refused(&["Permission denied", "permission denied", "not permitted", "No such", "nonexistent"]);

/// In a shell of the practice host and of the container. VICTIM is a process of the machine.
const ATTACKS: [(&str, &str, Answer); 24] = [
    ("hostname", "hostname evil; hostname", Within("evil")),
    ("hostname by /proc", "echo evil >/proc/sys/kernel/hostname", DENIED),
    ("domainname by /proc", "echo evil >/proc/sys/kernel/domainname", DENIED),
    ("core_pattern", "p=$(cat /proc/sys/kernel/core_pattern); echo \"$p\" >/proc/sys/kernel/core_pattern", DENIED),
    ("swappiness", "s=$(cat /proc/sys/vm/swappiness); echo $s >/proc/sys/vm/swappiness", DENIED),
    ("panic", "p=$(cat /proc/sys/kernel/panic); echo $p >/proc/sys/kernel/panic", DENIED),
    ("sysrq", "echo h >/proc/sysrq-trigger", EITHER),
    ("kernel memory", "head -c 1 /proc/kcore", EITHER),
    (
        "remount",
        "mount -o remount,ro /; mount -o remount,bind,ro /; mount -o remount,bind,rw / && echo mine",
        Within("mine"),
    ),
    ("kill", "kill -9 VICTIM", MISSING),
    ("another's mounts", "nsenter -t VICTIM -m true", MISSING),
    (
        "PID 1's mounts",
        "nsenter -t 1 -m grep -c ' outer ' /proc/self/mountinfo; test $? = 1 && echo none",
        Within("none"),
    ),
    ("PID 1's root", "ls /proc/1/root/mnt/secret", MISSING),
    ("chroot to PID 1's root", "chroot /proc/1/root ls /mnt/secret", MISSING),
    ("every process's root", "ls -d /proc/[0-9]*/root/mnt/secret /proc/[0-9]*/cwd/mnt/secret", MISSING),
    ("umount", "umount /mnt", MISSING),
    ("a mount that travels", "mount -t tmpfs evil /mnt && umount /mnt && echo mine", Within("mine")),
    ("devtmpfs", "mount -t devtmpfs evil /mnt", DENIED),
    ("cgroup2", "mount -t cgroup2 evil /mnt", DENIED),
    ("sysfs", "mount -t sysfs evil /mnt", DENIED),
    ("debugfs", "mount -t debugfs evil /mnt", EITHER),
    ("securityfs", "mount -t securityfs evil /mnt", EITHER),
    ("the machine's processes", "ls -d /proc/VICTIM", MISSING),
    ("a user namespace's way round", "unshare -U -r sh -c 'echo 1 >/proc/sys/kernel/panic'", DENIED),
];

/// Makes an attack in an open shell, and gives what it said and its status.
fn attack(running: &mut Running, number: usize, line: &str) -> (String, String) {
    // Taken apart, so that the terminal's echo of it is not taken for its output.
    running.say(&format!("echo 'beg''in-{number}'; {line}\n echo \"en\"\"d-{number} $?\"\n"));
    running.until(&format!("begin-{number}"));
    let text = running.until(&format!("end-{number} "));
    let status = text.lines().last().and_then(|line| line.rsplit(' ').next()).unwrap_or_default().trim().to_string();
    (text, status)
}

#[test]
fn root_in_the_practice_host_reaches_nothing() {
    let mut target = Target::new();
    let before = target.state();
    assert!(before.hostname == "outer" && before.victim_lives && before.secret == "kept\n", "{before:?}");
    let mut running = target.lesson(8);
    for side in ["host", "container"] {
        running.say(&format!("shell {side}\nid -u\n"));
        running.until("0\r\n");
        for (number, (name, line, answer)) in ATTACKS.iter().enumerate() {
            let line = line.replace("VICTIM", &target.victim.id().to_string());
            let (text, status) = attack(&mut running, number, &line);
            let told = format!("{name}, in the {side}: {status}\n{text}");
            match answer {
                Refused(words) => {
                    assert_ne!(status, "0", "{told}");
                    assert!(words.iter().any(|word| text.contains(word)), "{told}");
                }
                Within(words) => {
                    assert_eq!(status, "0", "{told}");
                    assert!(text.contains(words), "{told}");
                }
            }
            assert_eq!(target.state(), before, "{told}");
        }
        running.say("exit\n");
        running.until("What you changed");
    }
    running.say("quit\n\n");
    assert_eq!(running.finish().1, Some(0));
    assert_eq!(target.state(), before);
}

/// With the programs, and the files in sight, of the machine: as if the mount namespace kept nothing out. What refuses
/// here is who root of the practice host is.
const STRONGER: [(&str, &str, Answer); 12] = [
    ("mount over the machine's", "mount -t tmpfs evil /mnt", DENIED),
    ("umount the machine's", "umount /mnt", DENIED),
    ("remount the machine's root", "mount -o remount,ro /", DENIED),
    ("make it private", "mount --make-rprivate /", DENIED),
    ("a disk's device", "mknod PLACE/disk b 8 0", DENIED),
    ("a memory device", "mknod PLACE/mem c 1 1", DENIED),
    ("the clock", "date -s \"$(date -R)\"", DENIED),
    ("another's mounts", "nsenter --mount=/proc/VICTIM/ns/mnt true", DENIED),
    ("the machine's hostname", "nsenter --uts=/proc/VICTIM/ns/uts hostname evil", DENIED),
    ("kill", "kill -9 VICTIM", MISSING),
    ("pivot_root", "cd /mnt && pivot_root . .", DENIED),
    ("core_pattern", "p=$(cat /proc/sys/kernel/core_pattern); echo \"$p\" >/proc/sys/kernel/core_pattern", DENIED),
];

/// Where the machine's root runs nslab, its files are out of reach as well: it is nobody there.
const AS_NOBODY: [(&str, &str, Answer); 4] = [
    ("root's files", "ls /root", DENIED),
    ("the passwords", "cat /etc/shadow", DENIED),
    ("a program", ": >>/etc/passwd", DENIED),
    ("another's memory", "head -c 1 /proc/VICTIM/environ", DENIED),
];

#[test]
fn nor_with_the_machines_own_programs_and_files() {
    let mut target = Target::new();
    let before = target.state();
    let running = target.lesson(8);
    let for_root: &[_] = if common::is_root() { &AS_NOBODY } else { &[] };
    for (side, pid) in [("host", running.stage()), ("container", running.agent().unwrap())] {
        for (name, line, answer) in STRONGER.iter().chain(for_root) {
            let line = line
                .replace("VICTIM", &target.victim.id().to_string())
                .replace("PLACE", &common::place().display().to_string());
            let mut command = target.command();
            command.args(["nsenter", "--target", &pid.to_string(), "--user", "--uts", "--pid", "--ipc"]);
            if !common::is_root() {
                command.arg("--preserve-credentials");
            }
            let output = command.args(["sh", "-c", &format!("test $(id -u) = 0 || exit 0; {line}")]).output().unwrap();
            let told = format!("{name}, in the {side}: {output:?}");
            let Refused(words) = answer else { unreachable!("all of these are refused") };
            assert!(!output.status.success(), "{told}");
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(words.iter().any(|word| text.contains(word)), "{told}");
            assert_eq!(target.state(), before, "{told}");
        }
    }
}
