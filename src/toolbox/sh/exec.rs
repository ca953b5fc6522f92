//! The shell's state, and running what was parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, pipe2};

use super::parse::{Body, Command, Item, Pipeline, Redir};
use super::{builtins, parse, say, why};
use crate::toolbox::util::{PATH, myself, which};

/// How a shell's state reaches one it starts for a subshell.
pub const STATE: &str = "NSLAB_SH_STATE";

/// What ends a list early.
#[derive(Debug)]
pub enum Stop {
    Exit(i32),
    Return(i32),
    Break(usize),
    Continue(usize),
    /// Ctrl-C, in an interactive shell.
    Interrupt,
    /// An error that ends a shell that is not interactive.
    Error(String),
}

pub type Ran = Result<(), Stop>;

#[derive(Default)]
pub struct Shell {
    /// Value, and whether exported.
    pub vars: BTreeMap<String, (String, bool)>,
    pub functions: BTreeMap<String, (Rc<Command>, String)>,
    pub name: String,
    pub args: Vec<String>,
    pub pid: i32,
    pub status: i32,
    pub last_background: i32,
    pub interactive: bool,
    pub errexit: bool,
    pub nounset: bool,
    pub trace: bool,
    pub traps: BTreeMap<String, String>,
    pub flags: Vec<(Signal, Arc<AtomicBool>)>,
    pub interrupted: Arc<AtomicBool>,
    /// A command substitution has set `status`.
    pub substituted: bool,
    /// In a condition: `set -e` is of no effect.
    pub tested: usize,
    pub in_trap: bool,
    pub children: BTreeSet<i32>,
    pub ended: BTreeMap<i32, i32>,
}

pub fn quote(s: &str) -> String {
    format!("'{}'", s.replace('\'', "'\\''"))
}

/// Standard input, output and error as they were; back in place when dropped.
struct Saved([io::Result<OwnedFd>; 3]);

impl Saved {
    fn new() -> Saved {
        Saved([
            io::stdin().as_fd().try_clone_to_owned(),
            io::stdout().as_fd().try_clone_to_owned(),
            io::stderr().as_fd().try_clone_to_owned(),
        ])
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        for (n, fd) in self.0.iter().enumerate() {
            let _ = fd.as_ref().map(|fd| place(fd, n as i32));
        }
    }
}

fn place(fd: impl AsFd, n: i32) -> nix::Result<()> {
    match n {
        0 => dup2_stdin(fd),
        1 => dup2_stdout(fd),
        _ => dup2_stderr(fd),
    }
}

/// The state of a child: its status, and how it died if by a signal worth telling.
fn verdict(s: WaitStatus) -> Option<(i32, i32, Option<Signal>)> {
    match s {
        WaitStatus::Exited(pid, code) => Some((pid.as_raw(), code, None)),
        WaitStatus::Signaled(pid, sig, _) => Some((pid.as_raw(), 128 + sig as i32, Some(sig))),
        _ => None,
    }
}

impl Shell {
    pub fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "?" => self.status.to_string(),
            "$" => self.pid.to_string(),
            "!" if self.last_background == 0 => return None,
            "!" => self.last_background.to_string(),
            "#" => self.args.len().to_string(),
            "0" => self.name.clone(),
            "@" | "*" => self.args.join(" "),
            "-" => [(self.errexit, "e"), (self.nounset, "u"), (self.trace, "x"), (self.interactive, "i")]
                .map(|(on, c)| if on { c } else { "" })
                .concat(),
            n if n.starts_with(|c: char| c.is_ascii_digit()) => {
                self.args.get(n.parse::<usize>().ok()?.checked_sub(1)?)?.clone()
            }
            n => self.vars.get(n)?.0.clone(),
        })
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.vars.entry(name.into()).or_default().0 = value;
    }

    pub fn list(&mut self, list: &[Item]) -> Ran {
        for item in list {
            self.item(item)?;
            self.signals()?;
        }
        Ok(())
    }

    /// What signals have asked for meanwhile.
    pub fn signals(&mut self) -> Ran {
        if self.interactive && self.interrupted.swap(false, Ordering::Relaxed) && !self.traps.contains_key("INT") {
            return Err(Stop::Interrupt);
        }
        if self.in_trap {
            return Ok(());
        }
        for i in 0..self.flags.len() {
            let (sig, flag) = self.flags[i].clone();
            let name = sig.as_str().trim_start_matches("SIG");
            if let Some(action) = self.traps.get(name).cloned().filter(|_| flag.swap(false, Ordering::Relaxed)) {
                let status = self.status;
                self.in_trap = true;
                let ran = self.text(&action);
                self.in_trap = false;
                ran?;
                self.status = status;
            }
        }
        Ok(())
    }

    /// Runs a text in this shell (`eval`, a trap).
    pub fn text(&mut self, text: &str) -> Ran {
        match parse::parse(text) {
            Ok(list) => self.list(&list),
            Err(bad) => {
                super::complain(&bad);
                self.status = 2;
                if self.interactive { Ok(()) } else { Err(Stop::Exit(2)) }
            }
        }
    }

    fn item(&mut self, item: &Item) -> Ran {
        if item.background {
            return self.background(item);
        }
        let last = item.rest.len();
        self.tested += usize::from(last > 0);
        let mut ran = self.pipeline(&item.first);
        self.tested -= usize::from(last > 0);
        for (i, (and, next)) in item.rest.iter().enumerate() {
            ran?;
            ran = Ok(());
            if (self.status == 0) == *and {
                let tested = usize::from(i + 1 < last);
                self.tested += tested;
                ran = self.pipeline(next);
                self.tested -= tested;
            }
        }
        ran
    }

    /// The commands of a condition: `set -e` looks away.
    fn condition(&mut self, list: &[Item]) -> Result<bool, Stop> {
        self.tested += 1;
        let ran = self.list(list);
        self.tested -= 1;
        ran.map(|()| self.status == 0)
    }

    fn background(&mut self, item: &Item) -> Ran {
        let saved = Saved::new();
        if !self.interactive
            && let Ok(null) = File::open("/dev/null")
        {
            let _ = place(null, 0);
        }
        let lone = item.rest.is_empty() && !item.first.negated && item.first.commands.len() == 1;
        let pid = match lone {
            true => self.start(&item.first.commands[0], true)?,
            false => self.launch(&mut self.subshell(&item.text), "sh", true),
        };
        drop(saved);
        self.status = 0;
        if let Some(pid) = pid {
            self.last_background = pid;
            if self.interactive {
                say(format!("[{pid}]"));
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, p: &Pipeline) -> Ran {
        self.tested += usize::from(p.negated);
        let ran = match &p.commands[..] {
            [one] => self.command(one),
            many => self.pipe(many),
        };
        self.tested -= usize::from(p.negated);
        ran?;
        if p.negated {
            self.status = i32::from(self.status == 0);
        } else if self.errexit && self.status != 0 && self.tested == 0 {
            return Err(Stop::Exit(self.status));
        }
        Ok(())
    }

    fn pipe(&mut self, commands: &[Command]) -> Ran {
        let mut pids = vec![];
        let mut input: Option<OwnedFd> = None;
        for (i, c) in commands.iter().enumerate() {
            let saved = Saved::new();
            if let Some(fd) = input.take() {
                let _ = place(fd, 0);
            }
            if i + 1 < commands.len() {
                let (read, write) =
                    pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|e| Stop::Error(format!("pipe: {}", why(e))))?;
                let _ = place(write, 1);
                input = Some(read);
            }
            let pid = self.start(c, false)?;
            pids.push(pid.ok_or(self.status));
            drop(saved);
        }
        for pid in pids {
            self.status = pid.map_or_else(|status| status, |pid| self.wait_for(pid));
        }
        Ok(())
    }

    /// Starts a command in a process of its own. None: it could not be, `status` says why.
    fn start(&mut self, c: &Command, background: bool) -> Result<Option<i32>, Stop> {
        if let Body::Simple { assigns, words } = &c.body {
            let own = words.first().is_none_or(|w| match &w[..] {
                [super::lex::Part::Plain(n)] => builtins::is_builtin(n) || self.functions.contains_key(n),
                _ => true,
            });
            if own {
                return Ok(self.launch(&mut self.subshell(&c.text), "sh", background));
            }
            let argv = self.words(words)?;
            let mut vars = vec![];
            for (name, w) in assigns {
                vars.push((name.clone(), self.one(w)?));
            }
            let _saved = Saved::new();
            if !self.redirect(&c.redirs)? {
                return Ok(None);
            }
            return Ok(self.external(&argv, &vars, background));
        }
        let _saved = Saved::new();
        if !self.redirect(&c.redirs)? {
            return Ok(None);
        }
        let text = match &c.body {
            Body::Subshell(inner) => inner,
            _ => &c.text,
        };
        Ok(self.launch(&mut self.subshell(text), "sh", background))
    }

    /// A shell for a text, in the state of this one.
    pub fn subshell(&self, text: &str) -> process::Command {
        let mut state = format!(
            "{}\n{}\n{}\n{}\n",
            self.pid,
            self.status,
            self.last_background,
            quote(&self.name).replace('\n', " ")
        );
        for (name, (value, exported)) in &self.vars {
            if !exported {
                state += &format!("{name}={}\n", quote(value));
            }
        }
        self.functions.values().for_each(|(_, text)| state += &format!("{text}\n"));
        let args: Vec<String> = self.args.iter().map(|a| quote(a)).collect();
        state += &format!("set -- {}\n", args.join(" "));
        for (on, flag) in [(self.nounset, "u"), (self.errexit && self.tested == 0, "e"), (self.trace, "x")] {
            state += if on { "set -" } else { "set +" };
            state += &format!("{flag}\n");
        }
        let mut c = myself("sh");
        c.args(["-c", text]).env_clear().envs(self.exported()).env(STATE, state);
        c
    }

    pub fn exported(&self) -> impl Iterator<Item = (&String, &String)> {
        self.vars.iter().filter(|(_, (_, exported))| *exported).map(|(k, (v, _))| (k, v))
    }

    pub fn find(&self, name: &str) -> Option<PathBuf> {
        which(name, &self.get("PATH").unwrap_or_else(|| PATH.into()))
    }

    fn external(&mut self, argv: &[String], vars: &[(String, String)], background: bool) -> Option<i32> {
        let Some(file) = argv.first().and_then(|n| self.find(n)) else {
            say(format!("{}: not found", argv.first().map_or("", |a| a)));
            self.status = 127;
            return None;
        };
        let mut c = self.prepared(&file, argv, vars);
        self.launch(&mut c, &argv[0], background)
    }

    /// A command to spawn or to become. A script without `#!` is for a shell of ours.
    pub fn prepared(&self, file: &Path, argv: &[String], vars: &[(String, String)]) -> process::Command {
        let mut head = [0; 4];
        let script = File::open(file).and_then(|mut f| f.read_exact(&mut head)).is_ok()
            && !head.starts_with(b"#!")
            && head != *b"\x7fELF";
        let mut c = if script { myself("sh") } else { process::Command::new(file) };
        if script {
            c.arg(file);
        } else {
            c.arg0(&argv[0]);
        }
        c.args(&argv[1..]).env_clear().envs(self.exported()).envs(vars.iter().cloned());
        c
    }

    fn launch(&mut self, c: &mut process::Command, name: &str, background: bool) -> Option<i32> {
        if background && self.interactive {
            // Ctrl-C is for the foreground.
            c.process_group(0);
        }
        match c.spawn() {
            Ok(child) => {
                self.children.insert(child.id() as i32);
                Some(child.id() as i32)
            }
            Err(e) => {
                self.status = cannot_run(Path::new(c.get_program()), name, e);
                None
            }
        }
    }

    /// Waits for one child, and takes the others' ends, and orphans', meanwhile.
    pub fn wait_for(&mut self, pid: i32) -> i32 {
        loop {
            if let Some(status) = self.ended.remove(&pid) {
                self.children.remove(&pid);
                return status;
            }
            match waitpid(None, None) {
                Ok(s) => {
                    if let Some((p, _, Some(sig))) = verdict(s).filter(|v| v.0 == pid) {
                        match sig {
                            Signal::SIGINT if self.interactive => self.interrupted.store(true, Ordering::Relaxed),
                            Signal::SIGINT | Signal::SIGPIPE => {}
                            _ => say(format!("{p}: ended by {}", sig.as_str())),
                        }
                    }
                    self.note(s, pid);
                }
                Err(Errno::EINTR) => {}
                Err(_) => return 127,
            }
        }
    }

    fn note(&mut self, s: WaitStatus, waited: i32) {
        if let Some((pid, status, _)) = verdict(s)
            && (pid == waited || self.children.contains(&pid))
        {
            self.ended.insert(pid, status);
        }
    }

    /// `wait`: for one child, or all; a signal with a trap, or Ctrl-C, ends it.
    pub fn wait_builtin(&mut self, pid: Option<i32>) -> Result<i32, Stop> {
        loop {
            while let Ok(s) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                if s == WaitStatus::StillAlive {
                    break;
                }
                self.note(s, 0);
            }
            let over = match pid {
                Some(pid) if !self.children.contains(&pid) => return Ok(127),
                Some(pid) => self.ended.contains_key(&pid),
                None => self.children.iter().all(|c| self.ended.contains_key(c)),
            };
            if over {
                let status = pid.map_or(0, |pid| self.wait_for(pid));
                if pid.is_none() {
                    self.children.clear();
                    self.ended.clear();
                }
                return Ok(status);
            }
            if let Some((sig, _)) = self.flags.iter().find(|(_, f)| f.load(Ordering::Relaxed)) {
                return Ok(128 + *sig as i32);
            }
            self.signals()?;
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Takes the ends of children nobody waits for; a shell may be PID 1.
    pub fn reap(&mut self) {
        while let Ok(s) = waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
            if s == WaitStatus::StillAlive {
                return;
            }
            self.note(s, 0);
        }
    }

    /// Puts a command's redirections in place; false (and status 1) if one fails.
    pub fn redirect(&mut self, redirs: &[Redir]) -> Result<bool, Stop> {
        for r in redirs {
            let word = self.one(&r.word)?;
            if let Err(e) = redirect(r, &word) {
                say(format!(
                    "{}{} {word}: {e}",
                    if r.fd == i32::from(r.op.starts_with('>')) { String::new() } else { r.fd.to_string() },
                    r.op
                ));
                self.status = 1;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn command(&mut self, c: &Command) -> Ran {
        if let Body::Simple { assigns, words } = &c.body {
            return self.simple(c, assigns, words);
        }
        if let Body::Function { name, body } = &c.body {
            self.functions.insert(name.clone(), (body.clone(), c.text.clone()));
            self.status = 0;
            return Ok(());
        }
        let _saved = if c.redirs.is_empty() { None } else { Some(Saved::new()) };
        if !self.redirect(&c.redirs)? {
            return Ok(());
        }
        self.compound(&c.body)
    }

    fn compound(&mut self, body: &Body) -> Ran {
        match body {
            Body::Brace(list) => self.list(list),
            Body::Subshell(text) => {
                if let Some(pid) = self.launch(&mut self.subshell(text), "sh", false) {
                    self.status = self.wait_for(pid);
                }
                Ok(())
            }
            Body::If { arms, otherwise } => {
                for (condition, then) in arms {
                    if self.condition(condition)? {
                        return self.list(then);
                    }
                }
                self.status = 0;
                otherwise.as_ref().map_or(Ok(()), |list| self.list(list))
            }
            Body::Loop { until, condition, body } => {
                let mut status = 0;
                loop {
                    let go = match self.condition(condition) {
                        Ok(yes) => yes != *until,
                        Err(stop) => match rounds(Err(stop))? {
                            true => continue,
                            false => break,
                        },
                    };
                    if !go || !rounds(self.list(body))? {
                        break;
                    }
                    status = self.status;
                }
                self.status = status;
                Ok(())
            }
            Body::For { name, words, body } => {
                let values = match words {
                    Some(words) => self.words(words)?,
                    None => self.args.clone(),
                };
                self.status = 0;
                for v in values {
                    self.set(name, v);
                    if !rounds(self.list(body))? {
                        break;
                    }
                }
                Ok(())
            }
            Body::Case { word, arms } => {
                let value = self.one(word)?;
                for (patterns, list) in arms {
                    for p in patterns {
                        if self.pattern(p)?.matches(&value) {
                            self.status = 0;
                            return self.list(list);
                        }
                    }
                }
                self.status = 0;
                Ok(())
            }
            Body::Simple { .. } | Body::Function { .. } => Ok(()),
        }
    }

    fn simple(&mut self, c: &Command, assigns: &[(String, super::lex::Word)], words: &[super::lex::Word]) -> Ran {
        self.substituted = false;
        let argv = self.words(words)?;
        let mut vars = vec![];
        for (name, w) in assigns {
            let value = self.one(w)?;
            if argv.is_empty() {
                self.set(name, value);
            } else {
                vars.push((name.clone(), value));
            }
        }
        if self.trace {
            say(format!(
                "+ {}",
                vars.iter().map(|(k, v)| format!("{k}={v}")).chain(argv.iter().cloned()).collect::<Vec<_>>().join(" ")
            ));
        }
        let exec = argv.first().is_some_and(|n| n == "exec");
        let saved = if c.redirs.is_empty() { None } else { Some(Saved::new()) };
        if !self.redirect(&c.redirs)? {
            return Ok(());
        }
        let Some(name) = argv.first() else {
            self.status = if self.substituted { self.status } else { 0 };
            return Ok(());
        };
        if exec {
            // What `exec` redirects stays so.
            std::mem::forget(saved);
            return builtins::exec(self, &argv[1..], &vars);
        }
        let function = self.functions.get(name).cloned();
        if function.is_none() && !builtins::is_builtin(name) {
            if let Some(pid) = self.external(&argv, &vars, false) {
                self.status = self.wait_for(pid);
            }
            return Ok(());
        }
        let before: Vec<_> = vars.iter().map(|(k, _)| (k.clone(), self.vars.get(k).cloned())).collect();
        vars.iter().for_each(|(k, v)| self.set(k, v.clone()));
        let ran = match function {
            Some((body, _)) => {
                let args = std::mem::replace(&mut self.args, argv[1..].to_vec());
                let ran = self.command(&body);
                self.args = args;
                match ran {
                    Err(Stop::Return(status)) => {
                        self.status = status;
                        Ok(())
                    }
                    ran => ran,
                }
            }
            None => builtins::run(self, name, &argv[1..]),
        };
        for (k, v) in before {
            match v {
                Some(v) => self.vars.insert(k, v),
                None => self.vars.remove(&k),
            };
        }
        ran
    }
}

/// After a loop's round: whether there is another.
fn rounds(ran: Ran) -> Result<bool, Stop> {
    match ran {
        Ok(()) | Err(Stop::Continue(1)) => Ok(true),
        Err(Stop::Break(1)) => Ok(false),
        Err(Stop::Continue(n)) => Err(Stop::Continue(n - 1)),
        Err(Stop::Break(n)) => Err(Stop::Break(n - 1)),
        Err(stop) => Err(stop),
    }
}

/// Says why a file could not be run; gives 127 or 126.
pub fn cannot_run(file: &Path, name: &str, e: io::Error) -> i32 {
    let missing = e.kind() == io::ErrorKind::NotFound;
    let hint = if missing && file.is_file() {
        "; the file is there, but the loader or interpreter it names is not"
    } else {
        ""
    };
    say(format!("{name}: {}{hint}", why(e)));
    if missing { 127 } else { 126 }
}

fn redirect(r: &Redir, word: &str) -> Result<(), String> {
    let open = |o: &mut OpenOptions| o.open(word).map_err(why);
    let put = |fd: OwnedFd| place(fd, r.fd).map_err(why);
    let file = match r.op {
        "<" => open(OpenOptions::new().read(true))?,
        ">" | ">|" => open(OpenOptions::new().write(true).create(true).truncate(true))?,
        ">>" => open(OpenOptions::new().append(true).create(true))?,
        "<>" => open(OpenOptions::new().read(true).write(true).create(true).truncate(false))?,
        "<&" | ">&" => {
            let copy = match word {
                "0" => io::stdin().as_fd().try_clone_to_owned(),
                "1" => io::stdout().as_fd().try_clone_to_owned(),
                "2" => io::stderr().as_fd().try_clone_to_owned(),
                "-" => File::options().read(true).write(true).open("/dev/null").map(Into::into),
                _ => return Err("only 0, 1, 2 and - can be copied".into()),
            };
            return put(copy.map_err(why)?);
        }
        // A here-document: through a pipe, which a thread fills.
        _ => {
            let (read, write) = pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(why)?;
            let body = word.to_string();
            std::thread::spawn(move || io::Write::write_all(&mut File::from(write), body.as_bytes()));
            return put(read);
        }
    };
    put(file.into())
}
