//! `hostname`, `id`, `uname`, `sleep`, `kill`, `env`, `setsid`, `chroot`, `pwd`.

use std::io::Write;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd;

use super::names;
use super::util::{Done, Fail, Out, become_command, myself, need, opts, warn, why};

pub fn hostname(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "s", &[])?;
    match &o.rest[..] {
        [] => {
            let name = unistd::gethostname().map_err(|e| Fail::os("cannot read the host name", e))?;
            writeln!(out, "{}", name.to_string_lossy())?;
        }
        [name] => {
            unistd::sethostname(name).map_err(|e| Fail::os(format!("cannot set the host name to '{name}'"), e))?
        }
        _ => return Err(Fail::new(1, "usage: hostname [NAME]")),
    }
    Ok(0)
}

pub fn id(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "ugGnr", &["user", "group", "groups", "name", "real"])?;
    if let Some(user) = o.rest.first() {
        return Err(Fail::new(1, format!("{user}: this small id tells of itself only")));
    }
    let (users, groups) = (names::ids("/etc/passwd"), names::ids("/etc/group"));
    let real = o.has(&["r", "real"]);
    let uid = if real { unistd::getuid() } else { unistd::geteuid() }.as_raw();
    let gid = if real { unistd::getgid() } else { unistd::getegid() }.as_raw();
    let mut all = vec![gid];
    for g in unistd::getgroups().unwrap_or_default() {
        if !all.contains(&g.as_raw()) {
            all.push(g.as_raw());
        }
    }
    let show = |id: u32, map| {
        if o.has(&["n", "name"]) { names::name(map, id) } else { id.to_string() }
    };
    let full = |id: u32, map: &std::collections::BTreeMap<u32, String>| match map.get(&id) {
        Some(name) => format!("{id}({name})"),
        None => id.to_string(),
    };
    if o.has(&["u", "user"]) {
        writeln!(out, "{}", show(uid, &users))?;
    } else if o.has(&["g", "group"]) {
        writeln!(out, "{}", show(gid, &groups))?;
    } else if o.has(&["G", "groups"]) {
        writeln!(out, "{}", all.iter().map(|g| show(*g, &groups)).collect::<Vec<_>>().join(" "))?;
    } else {
        let list = all.iter().map(|g| full(*g, &groups)).collect::<Vec<_>>().join(",");
        writeln!(out, "uid={} gid={} groups={list}", full(uid, &users), full(gid, &groups))?;
    }
    Ok(0)
}

pub fn uname(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "asnrvmo", &["all"])?;
    let all = o.has(&["a", "all"]);
    // The kernel's release and version are read from /proc, for want of a safe uname(2).
    let kernel = |what: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{what}")).map(|s| s.trim().to_string());
    let mut words = vec![];
    if all || o.has(&["s"]) || o.given.is_empty() {
        words.push("Linux".to_string());
    }
    if all || o.has(&["n"]) {
        words.push(unistd::gethostname().map_err(|e| Fail::os("host name", e))?.to_string_lossy().into_owned());
    }
    for (flag, what) in [("r", "osrelease"), ("v", "version")] {
        if o.has(&[flag]) {
            words.push(kernel(what).map_err(|e| Fail::os(format!("-{flag}: /proc/sys/kernel/{what}"), e))?);
        } else if all {
            words.push(kernel(what).unwrap_or_else(|_| "unknown".into()));
        }
    }
    if all || o.has(&["m"]) {
        words.push(std::env::consts::ARCH.into());
    }
    if all || o.has(&["o"]) {
        words.push("GNU/Linux".into());
    }
    writeln!(out, "{}", words.join(" "))?;
    Ok(0)
}

pub fn sleep(args: &[String], _: &mut Out) -> Done {
    let mut total = Duration::ZERO;
    for a in args {
        let (number, unit) = match a.chars().last() {
            Some('s') => (&a[..a.len() - 1], 1.0),
            Some('m') => (&a[..a.len() - 1], 60.0),
            Some('h') => (&a[..a.len() - 1], 3600.0),
            Some('d') => (&a[..a.len() - 1], 86400.0),
            _ => (a.as_str(), 1.0),
        };
        let secs = if number == "infinity" || number == "inf" { Some(1e10) } else { number.parse().ok() };
        let one = secs.and_then(|s: f64| Duration::try_from_secs_f64(s * unit).ok());
        total += one.ok_or_else(|| Fail::new(1, format!("'{a}': not a length of time")))?;
    }
    if args.is_empty() {
        return Err(Fail::new(1, "usage: sleep SECONDS"));
    }
    std::thread::sleep(total);
    Ok(0)
}

/// A signal by number or name, with or without SIG; 0 is None.
pub fn signal(text: &str) -> Result<Option<Signal>, Fail> {
    let bad = || Fail::new(1, format!("{text}: no such signal"));
    if let Ok(n) = text.parse::<i32>() {
        return if n == 0 { Ok(None) } else { Signal::try_from(n).map(Some).map_err(|_| bad()) };
    }
    let upper = text.to_uppercase();
    format!("SIG{}", upper.strip_prefix("SIG").unwrap_or(&upper)).parse().map(Some).map_err(|_| bad())
}

pub fn kill(args: &[String], out: &mut Out) -> Done {
    let (mut args, mut what) = (args, Some(Signal::SIGTERM));
    match args.first().map(String::as_str) {
        Some("-l") => {
            if let Some(n) = args.get(1).and_then(|n| n.parse::<i32>().ok()) {
                let s = signal(&(n & 127).to_string())?;
                writeln!(out, "{}", s.map_or("0", |s| s.as_str().trim_start_matches("SIG")))?;
            } else {
                let all: Vec<_> = Signal::iterator()
                    .map(|s| format!("{:>2} {:<7}", s as i32, s.as_str().trim_start_matches("SIG")))
                    .collect();
                for row in all.chunks(6) {
                    writeln!(out, "{}", row.join("  ").trim_end())?;
                }
            }
            return Ok(0);
        }
        Some("-s" | "-n") => {
            what = signal(args.get(1).map_or("", String::as_str))?;
            args = &args[2..];
        }
        Some("--") => {}
        Some(s) if s.starts_with('-') && args.len() > 1 => {
            what = signal(&s[1..])?;
            args = &args[1..];
        }
        _ => {}
    }
    if args.first().is_some_and(|a| a == "--") {
        args = &args[1..];
    }
    if args.is_empty() {
        return Err(Fail::new(2, "usage: kill [-SIGNAL] PID...; kill -l"));
    }
    let mut status = 0;
    for a in args {
        let done = match a.parse() {
            Ok(pid) => nix::sys::signal::kill(unistd::Pid::from_raw(pid), what).map_err(why),
            Err(_) => Err("not a process id".into()),
        };
        if let Err(e) = done {
            warn("kill", format!("({a}): {e}"));
            status = 1;
        }
    }
    Ok(status)
}

pub fn env(args: &[String], out: &mut Out) -> Done {
    use std::os::unix::process::CommandExt;
    let o = opts(args, "+iu:", &["ignore-environment", "unset="])?;
    let mut vars: Vec<(String, String)> = match o.has(&["i", "ignore-environment"])
        || o.rest.first().is_some_and(|a| a == "-")
    {
        true => vec![],
        false => std::env::vars_os().map(|(k, v)| (k.to_string_lossy().into(), v.to_string_lossy().into())).collect(),
    };
    vars.retain(|(k, _)| !o.given.iter().any(|(n, v)| n != "i" && v == k));
    let mut rest = o.rest.iter().skip_while(|a| *a == "-").peekable();
    while let Some((k, v)) = rest.peek().and_then(|a| a.split_once('=')) {
        vars.retain(|(key, _)| key != k);
        vars.push((k.into(), v.into()));
        rest.next();
    }
    let Some(name) = rest.next() else {
        for (k, v) in &vars {
            writeln!(out, "{k}={v}")?;
        }
        return Ok(0);
    };
    let path = vars.iter().find(|(k, _)| k == "PATH").map_or("", |(_, v)| v.as_str());
    let Some(file) = super::util::which(name, path) else {
        return Err(Fail::new(127, format!("'{name}': {}", why(nix::errno::Errno::ENOENT))));
    };
    let e = std::process::Command::new(file).arg0(name).args(rest).env_clear().envs(vars).exec();
    Err(Fail::new(if e.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }, format!("'{name}': {}", why(e))))
}

pub fn setsid(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "+wf", &["wait", "fork"])?;
    need(&o, 1, "setsid [-w] [-f] COMMAND [ARGUMENT]...")?;
    let forked = o.has(&["f", "fork"]);
    if !forked && unistd::setsid().is_ok() {
        return Err(become_command(&o.rest));
    }
    // The leader of a process group may not start a session: a child does.
    let mut child =
        myself("setsid").arg("--").args(&o.rest).spawn().map_err(|e| Fail::os("cannot start a child", e))?;
    if o.has(&["w", "wait"]) {
        use std::os::unix::process::ExitStatusExt;
        let s = child.wait().map_err(|e| Fail::os("wait", e))?;
        return Ok(s.code().unwrap_or_else(|| 128 + s.signal().unwrap_or(0)) as u8);
    }
    Ok(0)
}

pub fn chroot(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "+", &[])?;
    need(&o, 1, "chroot DIR [COMMAND [ARGUMENT]...]").map_err(|f| Fail::new(125, f.msg))?;
    let dir = o.rest[0].as_str();
    let bad = |what: &str, e| Fail::new(125, format!("{what} '{dir}': {}", why(e)));
    unistd::chroot(dir).map_err(|e| bad("cannot change root directory to", e))?;
    unistd::chdir("/").map_err(|e| bad("cannot enter", e))?;
    let shell = || vec![std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".into()), "-i".into()];
    Err(become_command(&if o.rest.len() > 1 { o.rest[1..].to_vec() } else { shell() }))
}

pub fn pwd(_: &[String], out: &mut Out) -> Done {
    let dir = std::env::current_dir().map_err(|e| Fail::os("cannot tell the working directory", e))?;
    writeln!(out, "{}", dir.display())?;
    Ok(0)
}
