//! What is shown is what ran: strace of nslab's own run against what it says.
//!
//! The stage and the agent get each request in one packet and answer in one. Between the two stands what they did for
//! it, and that must be what was shown: those calls, in that order, with those arguments and results.

use crate::common::{home, nslab, users};
use crate::folder;
use crate::tools::{bundled, is_there, needs};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A call in one spelling: flags sorted, strings as they are, addresses and comments left out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Made {
    name: String,
    args: Vec<String>,
    result: String,
}

/// What one request led to.
#[derive(Debug)]
struct Bracket {
    /// When it arrived.
    at: f64,
    /// Whose it is: the name of the process's trace.
    process: String,
    calls: Vec<Made>,
}

#[test]
fn what_is_shown_is_what_ran() {
    if !is_there("strace", "what_is_shown_is_what_ran") {
        return;
    }
    std::thread::scope(|scope| {
        for user in users() {
            scope.spawn(move || bundled().iter().for_each(|(lesson, _)| ran(user, lesson)));
        }
    });
}

fn ran(user: u32, lesson: &str) {
    let dir = folder(&format!("trace-{user}"));
    let events = traced(user, lesson, &dir);
    let compared = compare(&events, &brackets(&dir)).unwrap_or_else(|why| panic!("uid {user}, {lesson}: {why}"));
    assert!(compared > 0, "{lesson} makes no call");
}

/// The comparison itself notices a call that was not made, one that was not shown, and one that was another.
#[test]
fn a_difference_is_seen() {
    if !is_there("strace", "a_difference_is_seen") {
        return;
    }
    let dir = folder("trace-difference");
    let mut events = traced(users()[0], "propagation", &dir);
    let made = brackets(&dir);
    compare(&events, &made).unwrap();
    let step = events.iter().position(|event| event["step"] == "mend" && event["event"] == "step").unwrap();
    let calls = events[step]["calls"].as_array().unwrap().clone();
    let mut with = |calls: Vec<Value>| {
        events[step]["calls"] = calls.into();
        compare(&events, &made).unwrap_err()
    };
    let mut other = calls.clone();
    other[0]["text"] = "umount2(\"/proc\", MNT_DETACH)".into();
    assert!(with(other).contains("MNT_DETACH"));
    let mut result = calls.clone();
    result[0]["result"] = 1.into();
    assert!(with(result).contains("umount2"));
    assert!(with(calls[1..].to_vec()).contains("umount2"));
    let mut twice = calls.clone();
    twice.push(calls[0].clone());
    assert!(with(twice).contains("umount2"));
}

/// Runs `nslab verify` below strace. Returns what it says.
fn traced(user: u32, lesson: &str, dir: &Path) -> Vec<Value> {
    // The image is made before: what that reads is of no interest here.
    let warm = nslab(user).args(["verify", "incident-ps"]).output().unwrap();
    assert!(warm.status.success(), "{}", String::from_utf8_lossy(&warm.stderr));
    // Traces belong to who runs strace, in a folder that this user may reach.
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let place = home(user).join("tmp").join(format!("trace-{}", RUN.fetch_add(1, Ordering::Relaxed)));
    let plain = nslab(user);
    let mut strace = needs("strace", "strace");
    strace.args(["-ff", "-v", "-ttt", "-s", "4096", "-o"]).arg(place.join("t")).arg(plain.get_program());
    strace.args(["verify", "--json", "--no-proofs", lesson]).current_dir(plain.get_current_dir().unwrap());
    plain.get_envs().for_each(|(name, value)| match value {
        Some(value) => drop(strace.env(name, value)),
        None => drop(strace.env_remove(name)),
    });
    if users().len() > 1 && user != 0 {
        strace.uid(user).gid(user);
    }
    std::fs::create_dir(&place).unwrap();
    if users().len() > 1 {
        std::os::unix::fs::chown(&place, Some(user), Some(user)).unwrap();
    }
    let output = strace.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "uid {user}, strace of {lesson}: {said}");
    for entry in std::fs::read_dir(&place).unwrap().flatten() {
        std::fs::copy(entry.path(), dir.join(entry.file_name())).unwrap();
    }
    std::fs::remove_dir_all(&place).unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every request to perform something, of each practice host in the order in which they were made.
fn brackets(dir: &Path) -> Vec<Vec<Bracket>> {
    let mut begins = Vec::new();
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let process = entry.file_name().to_string_lossy().into_owned();
        let trace = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
        let mut open: Option<Bracket> = None;
        let (mut is_lab, mut builds) = (false, false);
        for line in trace.lines() {
            let Some((at, line)) = line.split_once(' ') else { continue };
            let at: f64 = at.parse().unwrap();
            if line.starts_with("recvmsg(") && line.contains(r#"iov_base="{\"Hello\""#) {
                begins.push(at);
                is_lab = true;
            } else if line.starts_with("recvmsg(") && line.contains(r#"iov_base="{\"Perform\""#) {
                assert!(open.is_none(), "{process}: a request before the reply to the last one: {line}");
                is_lab = true;
                open = Some(Bracket { at, process: process.clone(), calls: Vec::new() });
            } else if let Some(bracket) = &mut open {
                if line.starts_with("sendmsg(") {
                    all.extend(open.take());
                    continue;
                }
                let Some(made) = made(line) else { continue };
                let executes = made.name == "execve" && made.result == "0";
                bracket.calls.push(made);
                if executes {
                    // The reply is that the socket closes; what comes next is another program.
                    all.extend(open.take());
                    break;
                }
            } else if line.starts_with("recvmsg(") && line.contains(r#"iov_base="{\"Build\""#) {
                builds = true;
            } else if builds {
                builds = !line.starts_with("sendmsg(");
            } else if is_lab {
                unasked(&process, line);
            }
        }
        assert!(open.is_none(), "{process}: no reply to {open:?}");
    }
    begins.sort_by(f64::total_cmp);
    all.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut hosts: Vec<Vec<Bracket>> = begins.iter().map(|_| Vec::new()).collect();
    for bracket in all {
        let host = begins.iter().rposition(|begin| *begin <= bracket.at).expect("a greeting comes first");
        hosts[host].push(bracket);
    }
    hosts
}

/// But for what builds the practice host, and what it is asked for, nobody there changes a mount, a root or a name.
fn unasked(process: &str, line: &str) {
    let changes = "mount umount2 chroot pivot_root unshare setns sethostname open_tree move_mount mount_setattr mkdir rmdir \
                   unlink rename chmod symlink mknod kill chdir fchdir";
    let name = line.split_once('(').map_or(line, |(name, _)| name);
    assert!(!changes.split(' ').any(|change| change == name), "{process} made a call that nobody asked for: {line}");
}

/// A line of strace as a call; None for what only serves the process itself.
fn made(line: &str) -> Option<Made> {
    let (name, rest) = line.split_once('(')?;
    // Memory, and (between clone and its reply) the descriptors that go to the child.
    let own = ["mmap", "munmap", "mprotect", "brk", "mremap", "madvise", "fcntl", "rt_sigprocmask"];
    // After unshare and setns the agent proves anew that it is not in the machine's namespaces.
    if own.contains(&name) || name == "readlinkat" || line.starts_with("---") || line.starts_with("+++") {
        return None;
    }
    let (args, result) = rest.rsplit_once(" = ").unwrap_or_else(|| panic!("unfinished: {line}"));
    let args = args.trim_end().strip_suffix(')').unwrap_or_else(|| panic!("what is this: {line}"));
    let mut words = result.split_whitespace();
    let result = match (words.next(), words.next()) {
        (Some("-1"), Some(errno)) => format!("-1 {errno}"),
        // It was killed before strace saw the answer, which nslab had by then.
        (Some("?"), _) if name == "execve" => "0".into(),
        (Some(number), _) => number.to_string(),
        (None, _) => panic!("no result: {line}"),
    };
    Some(Made { name: name.into(), args: arguments(args), result })
}

/// A call as nslab shows it.
fn shown(call: &Value) -> Made {
    let text = call["text"].as_str().unwrap();
    let (name, args) = text.split_once('(').unwrap();
    let mut args = arguments(args.strip_suffix(')').unwrap());
    let mut name = name.to_string();
    // The C library's functions of these names make the newer calls.
    if ["open", "mknod"].contains(&name.as_str()) {
        name += "at";
        args.insert(0, "AT_FDCWD".into());
    } else if name == "clone" {
        // glibc's function takes another order; the stack is an address.
        args = vec![args[2].clone()];
    }
    let result = match call["errno"].as_str() {
        Some(errno) => format!("-1 {errno}"),
        None => call["result"].to_string(),
    };
    Made { name, args, result }
}

/// Splits at commas outside strings and brackets; each argument in one spelling.
fn arguments(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0, false, false);
    for character in uncommented(text).chars() {
        let part = parts.last_mut().unwrap();
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' | '(' if !quoted => depth += 1,
            ']' | '}' | ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        part.push(character);
    }
    // clone's stack is an address; its flags are what it is about.
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.starts_with("child_stack="));
    parts.map(|part| spelled(part.strip_prefix("flags=").unwrap_or(part))).collect()
}

/// strace's comments, outside strings.
fn uncommented(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("/* ").filter(|at| rest[..*at].matches('"').count().is_multiple_of(2)) {
        let Some(end) = rest[at..].find("*/") else { break };
        out.push_str(rest[..at].trim_end());
        rest = &rest[at + end + 2..];
    }
    out + rest
}

fn spelled(argument: &str) -> String {
    if let Some(fields) = argument.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let fields = arguments(fields).into_iter().map(|field| field.trim_start_matches('.').to_string());
        let mut set: Vec<String> = fields.filter(|field| !field.ends_with("=0")).collect();
        set.sort();
        return format!("{{{}}}", set.join(", "));
    }
    if let Some(items) = argument.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return format!("[{}]", arguments(items).join(", "));
    }
    if let Some(numbers) = argument.strip_prefix("makedev(").and_then(|rest| rest.strip_suffix(')')) {
        let number = |text: &str| match text.trim().strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
            None => text.trim().parse().unwrap(),
        };
        return format!("makedev({:?})", numbers.split(',').map(number).collect::<Vec<_>>());
    }
    if argument.starts_with('"') {
        return format!("{:?}", String::from_utf8_lossy(&unescaped(argument.trim_matches('"'))));
    }
    let mut flags: Vec<&str> = argument.split('|').collect();
    flags.sort_unstable();
    flags.join("|")
}

/// The bytes of a C string: both write octal, strace with as few digits as will do.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(first @ b'0'..=b'7') => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                bytes.push(value as u8);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    bytes
}

/// Compares what is shown with what was made: the preparation and the steps on the first practice host; each variant
/// on one of its own, after the steps that lead to it. Returns how many calls were compared.
fn compare(events: &[Value], hosts: &[Vec<Bracket>]) -> Result<usize, String> {
    let of = |kind: &[&str]| -> Vec<&Value> {
        events.iter().filter(|event| kind.iter().any(|kind| event["event"] == *kind)).collect()
    };
    let calls = |event: &Value| event["calls"].as_array().unwrap().clone();
    let whole: Vec<Value> = of(&["prepare", "step"]).into_iter().flat_map(calls).collect();
    let first = hosts.first().ok_or("no practice host was made")?;
    let mut compared = same(&whole, &[], first)?;
    let others = of(&["variant", "task"]);
    if others.len() != hosts.len() - 1 {
        return Err(format!("{} variants and tasks on {} practice hosts", others.len(), hosts.len() - 1));
    }
    for (event, host) in others.into_iter().zip(&hosts[1..]) {
        let calls = calls(event);
        let before = host.len().checked_sub(calls.len()).ok_or("fewer calls were made than a variant shows")?;
        let (before, after) = host.split_at(before);
        compared +=
            same(&calls, before, after).map_err(|why| format!("{} {}: {why}", event["event"], event["step"]))?;
    }
    Ok(compared)
}

/// `before`: what was made earlier, for the descriptors that it left open.
fn same(shown_calls: &[Value], before: &[Bracket], made: &[Bracket]) -> Result<usize, String> {
    let mut descriptors: HashMap<&str, Descriptors> = HashMap::new();
    for bracket in before {
        let descriptors = descriptors.entry(&bracket.process).or_default();
        bracket.calls.iter().for_each(|made| descriptors.made(made));
    }
    for (number, bracket) in made.iter().enumerate() {
        let Some(call) = shown_calls.get(number) else {
            return Err(format!("made and not shown: {bracket:?}"));
        };
        let (mut shown, mut calls) = (shown(call), bracket.calls.clone());
        let text = || format!("shown: {call}\nmade: {bracket:?}");
        if shown.name == "clone" {
            // The child's socket is closed once the child has it.
            calls.retain(|made| made.name != "close");
        }
        let [made] = calls.as_mut_slice() else { return Err(format!("not one call: {}", text())) };
        descriptors.entry(&bracket.process).or_default().name(&mut shown, made);
        if shown != *made {
            return Err(text());
        }
    }
    match shown_calls.get(made.len()) {
        Some(call) => Err(format!("shown and not made: {call}")),
        None => Ok(made.len()),
    }
}

/// The descriptors of one process: those that no name was used for yet, and what each name means.
#[derive(Default)]
struct Descriptors {
    fresh: Vec<String>,
    names: HashMap<String, String>,
}

impl Descriptors {
    fn made(&mut self, made: &Made) {
        if ["openat", "open_tree"].contains(&made.name.as_str()) && !made.result.starts_with('-') {
            self.fresh.push(made.result.clone());
        }
    }

    /// The pane has a descriptor's name, the kernel its number. A name means the number of an earlier open, and goes on
    /// meaning it until it is closed or given to another.
    fn name(&mut self, shown: &mut Made, made: &Made) {
        self.made(made);
        if !["write", "close", "fchdir", "setns", "move_mount"].contains(&shown.name.as_str()) {
            return;
        }
        let (Some(name), Some(number)) = (shown.args.first_mut(), made.args.first()) else { return };
        if self.fresh.contains(number) {
            self.names.insert(name.clone(), number.clone());
            self.fresh.retain(|fresh| fresh != number);
        }
        let meant = if shown.name == "close" { self.names.remove(name) } else { self.names.get(name).cloned() };
        *name = meant.unwrap_or_else(|| format!("{name}, which is not open"));
    }
}

/// One spelling for two: the tables above, by example.
#[test]
fn calls_have_one_spelling() {
    let by_strace = [
        r#"mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL) = 0"#,
        r#"clone(child_stack=0x7f1c58, flags=CLONE_NEWNS|CLONE_NEWPID|SIGCHLD) = 5 /* 711 in strace's PID NS */"#,
        r#"openat(AT_FDCWD, "/lab/\345\215\267", O_WRONLY|O_CREAT|O_CLOEXEC, 0644) = 9"#,
        r#"umount2("/x", 0)                         = -1 EBUSY (Device or resource busy)"#,
        r#"mount_setattr(-100, "/x", AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0 /* MS_??? */, userns_fd=0}, 32) = 0"#,
        r#"mknodat(AT_FDCWD, "/dev/x", S_IFCHR|0666, makedev(0x1, 0x3)) = 0"#,
    ];
    let by_nslab = [
        (r#"mount("proc", "/proc", "proc", MS_NODEV|MS_NOEXEC|MS_NOSUID, NULL)"#, "0"),
        ("clone(child, stack_top, CLONE_NEWPID|CLONE_NEWNS|SIGCHLD, NULL)", "5"),
        (r#"open("/lab/\345\215\267", O_CREAT|O_WRONLY|O_CLOEXEC, 0644)"#, "9"),
        (r#"umount2("/x", 0)"#, "-1 EBUSY"),
        (r#"mount_setattr(-100, "/x", AT_RECURSIVE, {.attr_set=MOUNT_ATTR_RDONLY}, 32)"#, "0"),
        (r#"mknod("/dev/x", S_IFCHR|0666, makedev(1, 3))"#, "0"),
    ];
    let all: BTreeMap<&str, (&str, &str)> = by_strace.into_iter().zip(by_nslab).collect();
    assert_eq!(all.len(), 6);
    for (strace, (text, result)) in all {
        let errno = result.strip_prefix("-1 ");
        let call = serde_json::json!({ "text": text, "errno": errno, "result": result.parse::<i64>().unwrap_or(-1) });
        assert_eq!(made(strace).unwrap(), shown(&call));
    }
}
