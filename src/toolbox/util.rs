//! What every command needs: output, failures, options, our own binary.

use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

pub type Out = BufWriter<Stdout>;

pub fn out() -> Out {
    BufWriter::new(io::stdout())
}

/// A command's end: the exit status and one line for stderr (empty: none).
#[derive(Debug)]
pub struct Fail {
    pub status: u8,
    pub msg: String,
}

pub type Done = Result<u8, Fail>;

impl Fail {
    pub fn new(status: u8, msg: impl Into<String>) -> Fail {
        Fail { status, msg: msg.into() }
    }

    /// Status 1, `what: the kernel's answer`.
    pub fn os(what: impl std::fmt::Display, e: impl Into<io::Error>) -> Fail {
        Fail::new(1, format!("{what}: {}", why(e)))
    }
}

/// A failed write to stdout. A reader that went away is nothing to report.
impl From<io::Error> for Fail {
    fn from(e: io::Error) -> Fail {
        match e.kind() {
            io::ErrorKind::BrokenPipe => Fail::new(1, ""),
            _ => Fail::os("write error", e),
        }
    }
}

/// The kernel's answer in words, with errno's name.
pub fn why(e: impl Into<io::Error>) -> String {
    let e = e.into();
    match e.raw_os_error() {
        Some(n) => {
            let n = Errno::from_raw(n);
            format!("{} ({n:?})", n.desc())
        }
        None => e.to_string(),
    }
}

pub fn warn(name: &str, msg: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{name}: {msg}");
}

/// Options taken apart, in the order given; everything else is `rest`.
#[derive(Debug, Default)]
pub struct Opts {
    pub given: Vec<(String, String)>,
    pub rest: Vec<String>,
}

impl Opts {
    pub fn has(&self, names: &[&str]) -> bool {
        self.given.iter().any(|(n, _)| names.contains(&n.as_str()))
    }

    pub fn value(&self, names: &[&str]) -> Option<&str> {
        self.given.iter().rev().find(|(n, _)| names.contains(&n.as_str())).map(|(_, v)| v.as_str())
    }
}

/// `short` as for getopt ("lt:"; a leading '+' stops at the first operand);
/// a long option with a value ends in '='.
pub fn opts(args: &[String], short: &str, long: &[&str]) -> Result<Opts, Fail> {
    let mut o = Opts::default();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        if a == "--" {
            o.rest.extend(it.cloned());
            break;
        }
        if let Some(l) = a.strip_prefix("--") {
            let (key, value) = l.split_once('=').map_or((l, None), |(k, v)| (k, Some(v.to_string())));
            if long.contains(&key) && value.is_none() {
                o.given.push((key.into(), String::new()));
            } else if long.contains(&format!("{key}=").as_str()) {
                let value = value.or_else(|| it.next().cloned());
                let value = value.ok_or_else(|| Fail::new(1, format!("--{key} needs a value")))?;
                o.given.push((key.into(), value));
            } else {
                return Err(Fail::new(1, format!("unknown option --{l}")));
            }
        } else if a.len() > 1 && a.starts_with('-') {
            let mut chars = a[1..].chars();
            while let Some(c) = chars.next() {
                match short.find(c).filter(|_| c != ':' && c != '+') {
                    None => return Err(Fail::new(1, format!("unknown option -{c}"))),
                    Some(at) if short[at + c.len_utf8()..].starts_with(':') => {
                        let tail: String = chars.by_ref().collect();
                        let value = if tail.is_empty() { it.next().cloned() } else { Some(tail) };
                        let value = value.ok_or_else(|| Fail::new(1, format!("-{c} needs a value")))?;
                        o.given.push((c.into(), value));
                    }
                    Some(_) => o.given.push((c.into(), String::new())),
                }
            }
        } else {
            o.rest.push(a.clone());
            if short.starts_with('+') {
                o.rest.extend(it.cloned());
                break;
            }
        }
    }
    Ok(o)
}

pub fn need(o: &Opts, at_least: usize, usage: &str) -> Result<(), Fail> {
    if o.rest.len() < at_least {
        return Err(Fail::new(1, format!("usage: {usage}")));
    }
    Ok(())
}

/// `DIR/NAME-OF-SRC` if `dest` is a directory, else `dest`.
pub fn into_dir(src: &str, dest: &str) -> PathBuf {
    let dest = Path::new(dest);
    match Path::new(src).file_name() {
        Some(name) if dest.is_dir() => dest.join(name),
        _ => dest.into(),
    }
}

pub fn mode(text: &str) -> Result<u32, Fail> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|m| *m <= 0o7777)
        .ok_or_else(|| Fail::new(1, format!("{text}: not an octal mode")))
}

/// A command that runs this binary once more as `name`. `/proc/self/exe` names it
/// in whatever root we are; without a `/proc` of ours, the way we were called.
pub fn myself(name: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut exe = PathBuf::from("/proc/self/exe");
    if exe.read_link().is_err() {
        let argv0 = std::env::args_os().next().unwrap_or_default();
        let argv0 = argv0.to_string_lossy().trim_start_matches('-').to_string();
        exe = if argv0.contains('/') {
            argv0.into()
        } else {
            let path = std::env::var("PATH").unwrap_or_default();
            which(&argv0, &path).unwrap_or_else(|| "/bin/sh".into())
        };
    }
    let mut c = Command::new(exe);
    c.arg0(name);
    c
}

pub const PATH: &str = "/bin:/usr/bin:/sbin:/usr/sbin";

/// The file a command name means.
pub fn which(name: &str, path: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(name.into());
    }
    let path = if path.is_empty() { PATH } else { path };
    let hits =
        || path.split(':').map(|d| Path::new(if d.is_empty() { "." } else { d }).join(name)).filter(|p| p.is_file());
    let may_run = |p: &PathBuf| nix::unistd::access(p.as_path(), nix::unistd::AccessFlags::X_OK).is_ok();
    hits().find(may_run).or_else(|| hits().next())
}

/// Becomes another command (`env`, `setsid`, `chroot`); returns only if it cannot.
pub fn become_command(argv: &[String]) -> Fail {
    use std::os::unix::process::CommandExt;
    let Some(file) = which(&argv[0], &std::env::var("PATH").unwrap_or_default()) else {
        return Fail::new(127, format!("{}: {}", argv[0], why(Errno::ENOENT)));
    };
    let e = Command::new(file).arg0(&argv[0]).args(&argv[1..]).exec();
    let status = if e.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    Fail::new(status, format!("{}: {}", argv[0], why(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let args: Vec<String> = ["-lt", "proc", "--bind", "a", "-n5", "--", "-x"].map(Into::into).into();
        let o = opts(&args, "lt:n:", &["bind"]).unwrap();
        assert!(o.has(&["l"]) && o.has(&["bind"]));
        assert_eq!((o.value(&["t"]), o.value(&["n"])), (Some("proc"), Some("5")));
        assert_eq!(o.rest, ["a", "-x"]);
        assert!(opts(&["-z".into()], "l", &[]).is_err());
    }
}
