//! Processes of the shell: starting them, and waiting for them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process;
use std::sync::atomic::Ordering;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::redirect::Saved;
use super::state::{Shell, Stop, quote};
use super::syntax::{Body, Command};
use super::{builtins, say, why};
use crate::toolbox::util::myself;

/// How a shell's state reaches one it starts for a subshell.
pub const STATE: &str = "NSLAB_SH_STATE";

/// The state of a child: its status, and how it died if by a signal worth telling.
fn verdict(s: WaitStatus) -> Option<(i32, i32, Option<Signal>)> {
    match s {
        WaitStatus::Exited(pid, code) => Some((pid.as_raw(), code, None)),
        WaitStatus::Signaled(pid, sig, _) => Some((pid.as_raw(), 128 + sig as i32, Some(sig))),
        _ => None,
    }
}

impl Shell {
    /// Starts a command in a process of its own. None: it could not be, `status` says why.
    pub fn start(&mut self, c: &Command, background: bool) -> Result<Option<i32>, Stop> {
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

    pub fn external(&mut self, argv: &[String], vars: &[(String, String)], background: bool) -> Option<i32> {
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

    pub fn launch(&mut self, c: &mut process::Command, name: &str, background: bool) -> Option<i32> {
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

    /// `jobs`: the background commands that run.
    pub fn jobs(&mut self) {
        self.reap();
        for pid in self.children.iter().filter(|pid| !self.ended.contains_key(pid)) {
            let _ = writeln!(io::stdout(), "[{pid}] running");
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
