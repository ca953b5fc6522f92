//! The shell's state: variables, arguments, what signals have asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigAction, Signal};

use super::parse;
use super::syntax::Command;
use crate::toolbox::util::{PATH, which};

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
    /// With what was done with them before.
    pub ignored: Vec<(Signal, SigAction)>,
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

    pub fn exported(&self) -> impl Iterator<Item = (&String, &String)> {
        self.vars.iter().filter(|(_, (_, exported))| *exported).map(|(k, (v, _))| (k, v))
    }

    pub fn find(&self, name: &str) -> Option<PathBuf> {
        which(name, &self.get("PATH").unwrap_or_else(|| PATH.into()))
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
}
