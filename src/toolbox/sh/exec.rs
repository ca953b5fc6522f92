//! Running what was parsed.

use std::fs::File;
use std::os::fd::OwnedFd;

use nix::unistd::pipe2;

use super::lex::Word;
use super::redirect::{Saved, place};
use super::state::{Ran, Shell, Stop};
use super::syntax::{Body, Command, Item, Pipeline};
use super::{builtins, say, why};

impl Shell {
    pub fn list(&mut self, list: &[Item]) -> Ran {
        for item in list {
            self.item(item)?;
            self.signals()?;
        }
        Ok(())
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

    fn simple(&mut self, c: &Command, assigns: &[(String, Word)], words: &[Word]) -> Ran {
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
            if let Some(saved) = saved {
                saved.keep();
            }
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
