//! `sh`: a small POSIX-like shell.
//!
//! It does not fork: what must run in a process of its own (a subshell, a stage of
//! a pipeline, `$(…)`) is given as text to another run of this binary. It redirects
//! descriptors 0, 1 and 2, has no job control, and calls what it does not know a
//! syntax error.

mod arith;
mod builtins;
mod exec;
mod expand;
mod lex;
mod parse;
mod process;
mod redirect;
mod state;
mod syntax;

use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::util::{self, why};
use lex::Bad;
use process::STATE;
use state::{Shell, Stop};

fn say(msg: impl std::fmt::Display) {
    util::warn("sh", msg);
}

fn complain(bad: &Bad) {
    match bad {
        Bad::Incomplete(what) => say(format!("syntax error: the text ends, {what} is missing")),
        Bad::Syntax(what) => say(format!("syntax error: {what}")),
    }
}

/// One line of stdin, read so that what follows stays there. None at its end.
fn line() -> Option<String> {
    let mut bytes = vec![];
    loop {
        let mut one = [0];
        match nix::unistd::read(std::io::stdin().as_fd(), &mut one) {
            Ok(1) => bytes.push(one[0]),
            Err(nix::errno::Errno::EINTR) => continue,
            _ if bytes.is_empty() => return None,
            _ => break,
        }
        if one[0] == b'\n' {
            break;
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where the program comes from.
enum Source {
    Text(String),
    Stdin,
}

struct Call {
    source: Source,
    interactive: bool,
}

pub fn main(argv0: &str, args: &[String]) -> u8 {
    let mut sh =
        Shell { pid: std::process::id() as i32, name: argv0.trim_start_matches('-').into(), ..Shell::default() };
    for (k, v) in std::env::vars_os() {
        if let Some(k) = k.to_str().filter(|k| parse::is_name(k) && *k != STATE && *k != "IFS") {
            sh.vars.insert(k.into(), (v.to_string_lossy().into(), true));
        }
    }
    if let Ok(dir) = std::env::current_dir() {
        sh.vars.insert("PWD".into(), (dir.display().to_string(), true));
    }
    let call = match options(&mut sh, args) {
        Ok(call) => call,
        Err(msg) => {
            say(msg);
            return 2;
        }
    };
    if let Ok(state) = std::env::var(STATE) {
        inherit(&mut sh, &state);
    }
    if call.interactive {
        interactive(&mut sh);
    }
    let mut status = finish(&mut sh, call.source);
    if let Some(action) = sh.traps.remove("EXIT").filter(|a| !a.is_empty()) {
        sh.status = status;
        if let Err(Stop::Exit(n)) = sh.text(&action) {
            status = n;
        }
    }
    status as u8
}

fn options(sh: &mut Shell, args: &[String]) -> Result<Call, String> {
    let (mut command, mut interactive, mut stdin) = (false, false, false);
    let mut args = args;
    while let Some((flags, rest)) = args.split_first().filter(|(a, _)| a.len() > 1 && a.starts_with('-')) {
        args = rest;
        if flags == "--" {
            break;
        }
        for c in flags[1..].chars().filter(|_| !matches!(flags.as_str(), "--login" | "--noprofile" | "--norc")) {
            match c {
                'c' => command = true,
                'i' => interactive = true,
                's' => stdin = true,
                'e' => sh.errexit = true,
                'u' => sh.nounset = true,
                'x' => sh.trace = true,
                'l' => {}
                _ => {
                    return Err(format!("{flags}: unknown option; this shell has -c -e -i -s -u -x"));
                }
            }
        }
    }
    let mut rest = args.iter().cloned();
    let source = if command {
        let text = rest.next().ok_or("-c: a command is missing")?;
        sh.name = rest.next().unwrap_or(sh.name.clone());
        Source::Text(text)
    } else if let (false, Some(file)) = (stdin, rest.next()) {
        let text = std::fs::read(&file).map_err(|e| format!("{file}: {}", why(e)))?;
        sh.name = file;
        Source::Text(String::from_utf8_lossy(&text).into_owned())
    } else {
        interactive |= std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Source::Stdin
    };
    sh.args = if stdin { args.to_vec() } else { rest.collect() };
    Ok(Call { source, interactive })
}

/// The state a shell gave its subshell.
fn inherit(sh: &mut Shell, state: &str) {
    let mut lines = state.splitn(5, '\n');
    let mut number = || lines.next().and_then(|l| l.parse().ok()).unwrap_or(0);
    sh.pid = number();
    let status = number();
    sh.last_background = number();
    if let Some(name) = lines.next() {
        sh.name = name.trim_matches('\'').into();
    }
    let _ = sh.text(lines.next().unwrap_or(""));
    sh.status = status;
}

/// Ctrl-C, Ctrl-\ and SIGTERM are for the commands; exec gives them their defaults back.
fn interactive(sh: &mut Shell) {
    sh.interactive = true;
    let _ = signal_hook::flag::register(libc::SIGINT, sh.interrupted.clone());
    for sig in [libc::SIGQUIT, libc::SIGTERM] {
        let _ = signal_hook::flag::register(sig, Default::default());
    }
}

/// Runs the program to its end and gives the exit status.
fn finish(sh: &mut Shell, mut source: Source) -> i32 {
    let mut text = String::new();
    loop {
        let next = match &mut source {
            Source::Text(all) if all.is_empty() => None,
            Source::Text(all) => {
                let end = all.find('\n').map_or(all.len(), |i| i + 1);
                Some(all.drain(..end).collect())
            }
            Source::Stdin if sh.interactive => ask(sh, &mut text),
            Source::Stdin => line(),
        };
        let over = next.is_none();
        text += &next.unwrap_or_default();
        let continued =
            text.ends_with("\\\n") && (text.len() - 1 - text[..text.len() - 1].trim_end_matches('\\').len()) % 2 == 1;
        if continued && !over {
            continue;
        }
        let ran = match parse::parse(&text) {
            Err(Bad::Incomplete(_)) if !over => continue,
            Err(bad) => {
                complain(&bad);
                sh.status = 2;
                if !sh.interactive {
                    return 2;
                }
                Ok(())
            }
            Ok(list) => sh.list(&list),
        };
        text.clear();
        match ran {
            Ok(()) => {}
            Err(Stop::Exit(status) | Stop::Return(status)) => return status,
            Err(Stop::Break(_) | Stop::Continue(_)) => {}
            Err(Stop::Interrupt) => {
                sh.status = 130;
                let _ = writeln!(std::io::stderr());
            }
            Err(Stop::Error(msg)) => {
                say(msg);
                sh.status = 2;
                if !sh.interactive {
                    return 2;
                }
            }
        }
        if over {
            if sh.interactive {
                let _ = writeln!(std::io::stderr());
            }
            return sh.status;
        }
        sh.reap();
    }
}

/// Prompts and reads a line. Ctrl-C drops what was typed so far, and asks again.
fn ask(sh: &mut Shell, text: &mut String) -> Option<String> {
    loop {
        let root = nix::unistd::geteuid().is_root();
        let prompt = match text.is_empty() {
            true => sh.prompt("PS1", if root { "# " } else { "$ " }),
            false => sh.prompt("PS2", "> "),
        };
        let _ = write!(std::io::stderr(), "{prompt}");
        loop {
            let stdin = std::io::stdin();
            let ready = poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE);
            if sh.interrupted.swap(false, Ordering::Relaxed) {
                text.clear();
                sh.status = 130;
                let _ = writeln!(std::io::stderr());
                break;
            }
            if ready.is_ok() {
                return line();
            }
            let _ = sh.signals();
        }
    }
}
