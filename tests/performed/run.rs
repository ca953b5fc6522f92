//! Performs a lesson, then its listing, and compares what both have after each step.

use crate::table::Tables;
use crate::{PROGRAM, except, folder, names};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nslab::conduct;
use nslab::lab::{Lab, TerminalKind};
use nslab::lesson::{HostKind, Lesson, Side};
use nslab::mounts::MountTable;
use nslab::op::Operation;
use nslab::sandbox::{Sandbox, read_namespace};
use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What scripts need beside the image's everyday commands.
const COREUTILS: [&str; 2] = ["chmod", "mknod"];

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn all(programs: &Path, words: &[String]) -> ExitCode {
    let image = image();
    let user = nix::unistd::geteuid();
    let mut failed = 0;
    let mut lessons: HashMap<String, Vec<Tables>> = HashMap::new();
    for (name, language) in names(words) {
        let lesson = nslab::lesson::open(&name).unwrap();
        let expected = lessons.entry(name.clone()).or_insert_with(|| conducted(&lesson, &image));
        let mut layers = image.clone();
        layers.push(("listing".into(), folder(programs, &name, language).display().to_string()));
        match performed(&lesson, language, expected, &layers) {
            Ok(steps) => println!("test uid {user}, {name} in {language}: {steps} stops ... ok"),
            Err(why) => {
                println!("test uid {user}, {name} in {language} ... FAILED\n{why}");
                failed += 1;
            }
        }
        if let Some((step, why)) = except(&lesson, language) {
            println!("     not compared from step {} on: {why}", step + 1);
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The default image, and what scripts need.
fn image() -> Vec<(String, String)> {
    let program = std::env::var_os("NSLAB").expect("nslab's own program");
    let mut options = nslab::image::options(program.into());
    options.commands.extend(COREUTILS.map(String::from));
    let cache = PathBuf::from(std::env::var_os("XDG_CACHE_HOME").unwrap()).join("images");
    nslab::image::layers(&cache, "listings", &options).unwrap()
}

/// What nslab has after the preparation and after each step.
fn conducted(lesson: &Lesson, layers: &[(String, String)]) -> Vec<Tables> {
    let mut lab = Sandbox::start(&lesson.host, HostKind::Tidy, layers).unwrap();
    let mut now = conduct::prepare(&mut lab, lesson).unwrap().after;
    let tables = |now: &nslab::session::Snapshot| {
        Tables::new(&now.outside.table, now.inside.as_ref().map(|inside| &inside.table))
    };
    let mut all = vec![tables(&now)];
    for step in &lesson.steps {
        for round in &step.rounds {
            let record = conduct::perform(&mut lab, step, round, &now).unwrap();
            assert!(record.held(), "{}: {} does not hold", lesson.id, step.id);
            now = record.after;
        }
        all.push(tables(&now));
    }
    all
}

/// Performs the program, and compares at each stop. Returns how many stops there were.
fn performed(
    lesson: &Lesson,
    language: &str,
    expected: &[Tables],
    layers: &[(String, String)],
) -> Result<usize, String> {
    let mut lab = Sandbox::start(&lesson.host, HostKind::Tidy, layers).unwrap();
    let shell = lab.shell(Side::Outside, TerminalKind { name: "dumb".into(), rows: 50, columns: 200 }).unwrap();
    let mut terminal = Terminal { master: shell.master, said: String::new(), read: 0 };
    terminal.awaits("host $ ")?;
    // In a session of its own the terminal is only a file: a shell in the container takes no control of it.
    terminal.types(&format!("STOP=1 setsid -w {PROGRAM}; echo ended: $?"));
    let until = except(lesson, language).map_or(lesson.steps.len(), |(step, _)| step);
    let prepared = (!lesson.prepare.is_empty()).then_some((0, "prepare"));
    let steps = lesson.steps.iter().enumerate().take(until).map(|(index, step)| (index + 1, step.id.as_str()));
    let mut stops = 0;
    // The container is another program by now, which reads what is typed.
    let mut executed = false;
    for (number, id) in prepared.into_iter().chain(steps) {
        let step = number.checked_sub(1).map(|index| &lesson.steps[index]);
        let rounds = step.map_or(&[][..], |step| &step.rounds);
        let is_program = |operation: &Operation| matches!(operation, Operation::Exec(exec) if exec.args.len() == 1 && exec.path.ends_with("sh"));
        let mut ended = false;
        if language != "shell" {
            let executes = rounds.iter().any(|round| round.does.iter().any(is_program));
            if executes {
                terminal.awaits("container # ")?;
                executed = true;
            }
            for line in rounds.iter().flat_map(|round| &round.types) {
                terminal.types(line);
                ended |= line == "exit";
            }
            executed &= !ended;
        }
        if !executed {
            terminal.awaits(&format!("-- {id}\r\n"))?;
        }
        agrees(&mut lab, &expected[number], id).map_err(|why| format!("{why}{}", terminal.tail()))?;
        stops += 1;
        if !executed {
            terminal.types("");
        }
    }
    if until == lesson.steps.len() && !executed {
        terminal.awaits("ended: 0")?;
    }
    Ok(stops)
}

/// What was typed into a shell takes its time; a program that stops has done all.
fn agrees(lab: &mut Sandbox, expected: &Tables, id: &str) -> Result<(), String> {
    let ends = Instant::now() + Duration::from_secs(5);
    loop {
        let found = look(lab);
        if found == *expected {
            return Ok(());
        }
        if Instant::now() > ends {
            return Err(format!("after {id}:\n{}", expected.difference(&found)));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Both tables: the practice host's, and of the first process in another mount namespace the whole of that.
fn look(lab: &mut Sandbox) -> Tables {
    let outside = lab.snapshot().unwrap().outside;
    let namespace = |pid: i32| std::fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let own = namespace(outside.facts.pid_outside);
    let all = crate::common::descendants(outside.facts.pid_outside as u32);
    let inside = all.into_iter().find(|pid| namespace(*pid).is_some_and(|link| Some(link) != own));
    let inside = inside.and_then(|pid| read_namespace(pid).ok()).map(MountTable::parse);
    Tables::new(&outside.table, inside.as_ref())
}

struct Terminal {
    master: OwnedFd,
    said: String,
    /// How much of it was waited for already.
    read: usize,
}

impl Terminal {
    fn types(&mut self, line: &str) {
        nix::unistd::write(&self.master, format!("{line}\n").as_bytes()).unwrap();
    }

    fn awaits(&mut self, text: &str) -> Result<(), String> {
        let ends = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.said[self.read..].find(text) {
                self.read += at + text.len();
                return Ok(());
            }
            let ended = self.said[self.read..].lines().any(|line| line.starts_with("ended: "));
            if ended || Instant::now() > ends {
                return Err(format!("no {text:?} came{}", self.tail()));
            }
            let mut fds = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(100u16)).unwrap();
            if fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN)) {
                let mut buffer = [0; 4096];
                let count = nix::unistd::read(&self.master, &mut buffer).unwrap_or(0);
                self.said.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        }
    }

    /// The end of what was said.
    fn tail(&self) -> String {
        let lines: Vec<&str> = self.said.lines().collect();
        format!("; the terminal says:\n{}", lines[lines.len().saturating_sub(15)..].join("\n"))
    }
}
