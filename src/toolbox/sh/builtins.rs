//! What the shell does itself.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};

use super::parse::is_name;
use super::process::cannot_run;
use super::state::{Ran, Shell, Stop, quote};
use super::{say, why};
use crate::sandbox::sys;
use crate::toolbox::{self, system, util};

const OWN: &[&str] = &[
    ":", ".", "bg", "break", "cd", "command", "continue", "eval", "exec", "exit", "export", "fg", "jobs", "read",
    "return", "set", "shift", "trap", "type", "umask", "unset", "wait",
];

/// Of the toolbox, without a process.
const TOOLS: &[&str] = &["[", "echo", "false", "kill", "printf", "pwd", "test", "true"];

pub fn is_builtin(name: &str) -> bool {
    OWN.contains(&name) || TOOLS.contains(&name)
}

pub fn run(sh: &mut Shell, name: &str, args: &[String]) -> Ran {
    if TOOLS.contains(&name)
        && let Some(tool) = toolbox::tool(name)
    {
        sh.status = i32::from(toolbox::run(name, tool, args));
        return Ok(());
    }
    let number = |default: i32| match args.first() {
        None => Ok(default),
        Some(n) => n.parse::<i32>().map_err(|_| Stop::Error(format!("{name}: {n}: not a number"))),
    };
    let times = || number(1).map(|n| n.max(1) as usize);
    let mut status = 0;
    match name {
        "exit" => return Err(Stop::Exit(number(sh.status)? & 255)),
        "return" => return Err(Stop::Return(number(sh.status)? & 255)),
        "break" => return Err(Stop::Break(times()?)),
        "continue" => return Err(Stop::Continue(times()?)),
        "cd" => status = cd(sh, args),
        "eval" => {
            sh.status = 0;
            return sh.text(&args.join(" "));
        }
        "." => return source(sh, args),
        "export" => status = export(sh, args),
        "unset" => args.iter().for_each(|a| {
            if sh.vars.remove(a).is_none() {
                sh.functions.remove(a);
            }
        }),
        "set" => return set(sh, args),
        "shift" => {
            let n = times()?;
            if n > sh.args.len() {
                say("shift: there are not so many arguments");
                status = 1;
            } else {
                sh.args.drain(..n);
            }
        }
        "trap" => status = trap(sh, args),
        "umask" => status = mask(args),
        "wait" => {
            if args.is_empty() {
                status = sh.wait_builtin(None)?;
            }
            for a in args {
                let pid = a.parse().map_err(|_| Stop::Error(format!("wait: {a}: not a process id")))?;
                status = sh.wait_builtin(Some(pid))?;
            }
        }
        "jobs" => sh.jobs(),
        "fg" | "bg" => {
            say(format!("{name}: this shell has no job control; jobs lists, wait PID awaits, kill PID ends a job"));
            status = 1;
        }
        "read" => status = read(sh, args),
        "type" => status = locate(sh, args, true),
        "command" => match args.first().map(String::as_str) {
            Some("-v") => status = locate(sh, &args[1..], false),
            Some(name) if is_builtin(name) => return run(sh, name, &args[1..]),
            Some(_) => {
                let words: Vec<String> = args.iter().map(|a| quote(a)).collect();
                return sh.text(&words.join(" "));
            }
            None => {}
        },
        _ => {}
    }
    sh.status = status;
    Ok(())
}

/// Becomes the command; without one, keeps the redirections.
pub fn exec(sh: &mut Shell, argv: &[String], vars: &[(String, String)]) -> Ran {
    sh.status = 0;
    let Some(name) = argv.first() else {
        return Ok(());
    };
    sh.status = match sh.find(name).filter(|file| name.contains('/') || file.is_file()) {
        // What the shell does itself needs no file; there is nothing to come back to all the same.
        _ if is_builtin(name) => {
            vars.iter().for_each(|(name, value)| sh.set(name, value.clone()));
            run(sh, name, &argv[1..])?;
            return Err(Stop::Exit(sh.status));
        }
        None => {
            say(format!("exec: {name}: not found"));
            127
        }
        Some(file) => {
            let e = sh.prepared(&file, argv, vars).exec();
            cannot_run(&file, name, e)
        }
    };
    if sh.interactive { Ok(()) } else { Err(Stop::Exit(sh.status)) }
}

fn cd(sh: &mut Shell, args: &[String]) -> i32 {
    let back = args.first().is_some_and(|a| a == "-");
    let dir = match args.first() {
        None => sh.get("HOME"),
        Some(_) if back => sh.get("OLDPWD"),
        Some(dir) => Some(dir.clone()),
    };
    let Some(dir) = dir else {
        say(format!("cd: {} is not set", if back { "OLDPWD" } else { "HOME" }));
        return 1;
    };
    let old = sh.get("PWD").unwrap_or_default();
    if let Err(e) = std::env::set_current_dir(&dir) {
        say(format!("cd: {dir}: {}", why(e)));
        return 1;
    }
    let now = std::env::current_dir().map_or(dir, |d| d.display().to_string());
    if back {
        let _ = writeln!(std::io::stdout(), "{now}");
    }
    sh.set("OLDPWD", old);
    sh.set("PWD", now);
    0
}

fn source(sh: &mut Shell, args: &[String]) -> Ran {
    let Some(file) = args.first() else {
        return Err(Stop::Error(".: a file is missing".into()));
    };
    let path = sh.find(file).unwrap_or_else(|| file.into());
    let text = std::fs::read_to_string(path).map_err(|e| Stop::Error(format!(".: {file}: {}", why(e))))?;
    sh.status = 0;
    match sh.text(&text) {
        Err(Stop::Return(status)) => {
            sh.status = status;
            Ok(())
        }
        ran => ran,
    }
}

fn export(sh: &mut Shell, args: &[String]) -> i32 {
    if args.iter().all(|a| a == "-p") {
        for (k, v) in sh.exported() {
            let _ = writeln!(std::io::stdout(), "export {k}={}", quote(v));
        }
        return 0;
    }
    let mut status = 0;
    for a in args {
        let (name, value) = a.split_once('=').map_or((a.as_str(), None), |(n, v)| (n, Some(v)));
        if !is_name(name) {
            say(format!("export: {name}: not a name"));
            status = 1;
            continue;
        }
        let var = sh.vars.entry(name.into()).or_default();
        var.1 = true;
        if let Some(v) = value {
            var.0 = v.into();
        }
    }
    status
}

fn set(sh: &mut Shell, args: &[String]) -> Ran {
    sh.status = 0;
    if args.is_empty() {
        for (k, (v, _)) in &sh.vars {
            let _ = writeln!(std::io::stdout(), "{k}={}", quote(v));
        }
        return Ok(());
    }
    for (i, a) in args.iter().enumerate() {
        if a == "--" {
            sh.args = args[i + 1..].to_vec();
            return Ok(());
        }
        let on = a.starts_with('-');
        let Some(flags) = a.strip_prefix(['-', '+']).filter(|f| !f.is_empty()) else {
            sh.args = args[i..].to_vec();
            return Ok(());
        };
        for c in flags.chars() {
            match c {
                'e' => sh.errexit = on,
                'u' => sh.nounset = on,
                'x' => sh.trace = on,
                _ => {
                    return Err(Stop::Error(format!("set: {a}: this shell knows -e, -u, -x and --")));
                }
            }
        }
    }
    Ok(())
}

fn trap(sh: &mut Shell, args: &[String]) -> i32 {
    let args = if args.first().is_some_and(|a| a == "--") { &args[1..] } else { args };
    let Some((action, names)) = args.split_first() else {
        for (name, action) in &sh.traps {
            let _ = writeln!(std::io::stdout(), "trap -- {} {name}", quote(action));
        }
        return 0;
    };
    let mut status = 0;
    for name in names {
        if name == "EXIT" || name == "0" {
            match action.as_str() {
                "-" => sh.traps.remove("EXIT"),
                _ => sh.traps.insert("EXIT".into(), action.clone()),
            };
            continue;
        }
        let Ok(Some(sig)) = system::signal(name) else {
            say(format!("trap: {name}: no such signal"));
            status = 1;
            continue;
        };
        if let Err(e) = arm(sh, sig, action) {
            say(format!("trap: {name}: {e}"));
            status = 1;
        }
    }
    status
}

fn arm(sh: &mut Shell, sig: Signal, action: &str) -> Result<(), String> {
    if matches!(sig, Signal::SIGKILL | Signal::SIGSTOP) {
        return Err("the kernel lets no one catch or ignore it".into());
    }
    let name = sig.as_str().trim_start_matches("SIG").to_string();
    if let Some(at) = sh.ignored.iter().position(|(s, _)| *s == sig) {
        sys::heed(sig, &sh.ignored.remove(at).1).map_err(why)?;
    }
    let handled = sh.flags.iter().any(|(s, _)| *s == sig);
    if action.is_empty() {
        sh.ignored.push((sig, sys::ignore(sig).map_err(why)?));
    } else if action != "-" && !handled {
        let flag = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(sig as i32, flag.clone()).map_err(why)?;
        sh.flags.push((sig, flag));
    } else if action == "-" && handled && !sh.interactive {
        // The handler stays, and does what the default would.
        signal_hook::flag::register_conditional_default(sig as i32, Arc::new(AtomicBool::new(true))).map_err(why)?;
        sh.flags.retain(|(s, _)| *s != sig);
    }
    match action {
        "-" => sh.traps.remove(&name),
        _ => sh.traps.insert(name, action.into()),
    };
    Ok(())
}

fn mask(args: &[String]) -> i32 {
    match args.first() {
        None => {
            let now = umask(Mode::empty());
            umask(now);
            let _ = writeln!(std::io::stdout(), "{:04o}", now.bits());
            0
        }
        Some(m) => match util::mode(m) {
            Ok(m) => {
                umask(Mode::from_bits_truncate(m));
                0
            }
            Err(e) => {
                say(format!("umask: {}", e.msg));
                1
            }
        },
    }
}

/// One line, a byte at a time: what follows is for whoever reads next.
fn read(sh: &mut Shell, args: &[String]) -> i32 {
    let raw = args.first().is_some_and(|a| a == "-r");
    let names = if raw { &args[1..] } else { args };
    let mut line = String::new();
    let mut ended = false;
    while let Some(one) = super::line() {
        ended = one.ends_with('\n');
        line += one.strip_suffix('\n').unwrap_or(&one);
        if raw || !line.ends_with('\\') || !ended {
            break;
        }
        line.pop();
        ended = false;
    }
    if !raw {
        line = line.replace('\\', "");
    }
    let ifs = sh.get("IFS").unwrap_or_else(|| " \t\n".into());
    let blank = |c: char| ifs.contains(c) && c.is_whitespace();
    let mut rest = line.trim_matches(blank);
    let reply = ["REPLY".to_string()];
    let names = if names.is_empty() { &reply } else { names };
    for (i, name) in names.iter().enumerate() {
        let cut = if i + 1 == names.len() { None } else { rest.find(|c| ifs.contains(c)) };
        let (word, more) = cut.map_or((rest, ""), |at| (&rest[..at], &rest[at..]));
        sh.set(name, word.into());
        let more = more.trim_start_matches(blank);
        let solid = cut.is_some() && more.starts_with(|c| ifs.contains(c));
        rest = if solid { &more[1..] } else { more };
        rest = rest.trim_start_matches(blank);
    }
    i32::from(!ended)
}

fn locate(sh: &Shell, names: &[String], wordy: bool) -> i32 {
    let mut status = 0;
    for name in names {
        let found = match () {
            () if sh.functions.contains_key(name) => Some(("is a function", None)),
            () if is_builtin(name) => Some(("is a shell builtin", None)),
            () => sh.find(name).filter(|p| p.is_file()).map(|p| ("is", Some(p.display().to_string()))),
        };
        let line = match found {
            Some((what, path)) if wordy => format!("{name} {what} {}", path.unwrap_or_default()),
            Some((_, path)) => path.unwrap_or_else(|| name.clone()),
            None => {
                if wordy {
                    say(format!("{name}: not found"));
                }
                status = 127;
                continue;
            }
        };
        let _ = writeln!(std::io::stdout(), "{}", line.trim_end());
    }
    status
}
