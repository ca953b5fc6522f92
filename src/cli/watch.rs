//! `nslab watch`.

use super::{CANNOT, USAGE};
use crate::lesson::Side;
use crate::mounts::{compare, diff_listing};
use crate::plain::one_change;
use crate::tui;
use crate::watch::{Both, Process, Refused, Standing, Unwatchable, Watched, Watcher, namespaces};
use crate::words::Lang;
use nix::poll::PollFlags;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process to watch, beside this shell; with two, both of them. Without any: which could be watched.
    #[arg(num_args = 0..=2, value_name = "PID")]
    pids: Vec<i32>,
    /// In words, a line for each change: for a screen reader, a pipe, a dumb terminal.
    #[arg(long)]
    plain: bool,
    /// No characters outside ASCII in the interface.
    #[arg(long)]
    ascii: bool,
}

pub fn watch(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let sides = match args.pids[..] {
        [] => return which(lang),
        [inside] => caller().and_then(|outside| Ok((outside, open(inside)?))),
        [outside, inside, ..] => open(outside).and_then(|outside| Ok((outside, open(inside)?))),
    };
    let (outside, inside) = match sides {
        Ok(sides) => sides,
        Err((pid, why)) => {
            let (status, text) = advise(pid, &why, lang);
            eprintln!("nslab: {text}");
            return Ok(status);
        }
    };
    let watcher = Watcher::new(outside, inside);
    if is_screen(args) {
        tui::watch(watcher, tui::View::new(lang), args.ascii)?;
        return Ok(0);
    }
    tell(watcher, lang)
}

fn open(pid: i32) -> Result<Process, (i32, Unwatchable)> {
    Process::open(pid).map_err(|why| (pid, why))
}

/// Whoever started nslab: mostly a shell. Where that cannot be read, nslab itself, which it put into the same namespace.
fn caller() -> Result<Process, (i32, Unwatchable)> {
    Process::open(nix::unistd::getppid().as_raw()).or_else(|_| open(std::process::id() as i32))
}

fn is_screen(args: &Args) -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    !args.plain && !dumb && io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// What was tried, on what, the kernel's answer, and what to do next.
fn advise(pid: i32, why: &Unwatchable, lang: Lang) -> (u8, String) {
    let number = pid.to_string();
    match why {
        Unwatchable::Missing => (USAGE, lang.say("watch.missing", &[&number])),
        Unwatchable::Thread => (USAGE, lang.say("watch.thread", &[&number])),
        Unwatchable::Refused(refused) => {
            let remedy = lang.say(remedy(refused, nix::unistd::geteuid().is_root()), &[]);
            (CANNOT, lang.say("watch.cannot", &[&number, &refused.to_string(), &remedy]))
        }
    }
}

fn remedy(refused: &Refused, is_root: bool) -> &'static str {
    match refused.errno {
        // It is there, as its pidfd says: this /proc hides it (hidepid=invisible).
        libc::ENOENT => "watch.remedy-hidden",
        libc::EACCES | libc::EPERM if is_root => "watch.remedy-root",
        libc::EACCES | libc::EPERM => "watch.remedy-user",
        // Its first thread has ended while others go on.
        libc::EINVAL => "watch.remedy-zombie",
        libc::EMFILE | libc::ENFILE => "watch.remedy-files",
        _ => "watch.remedy-other",
    }
}

/// Which processes could be watched: one of each other mount namespace.
fn which(lang: Lang) -> anyhow::Result<u8> {
    use anyhow::Context;
    let (all, unknown) = namespaces().context("look through /proc for mount namespaces")?;
    let mut out = io::stdout().lock();
    if all.is_empty() {
        writeln!(out, "{}", lang.say("watch.none", &[]))?;
    } else {
        writeln!(out, "{}", lang.say("watch.which", &[]))?;
    }
    for namespace in &all {
        let number = namespace.inode.to_string();
        let args = [namespace.pid.to_string(), namespace.program.clone(), number];
        let args = [args[0].as_str(), &args[1], &args[2]];
        writeln!(out, "{}", lang.count("watch.namespace", namespace.processes, &args))?;
    }
    if unknown > 0 {
        writeln!(out, "{}", lang.count("watch.unknown", unknown, &[]))?;
    }
    Ok(0)
}

/// In words: both tables' differences, then a line for each change, until a process ends or somebody has enough.
fn tell(mut watcher: Watcher, lang: Lang) -> anyhow::Result<u8> {
    let mut watched = Watched::new(watcher.seen());
    let (stop, signalled) = UnixStream::pair()?;
    for signal in [libc::SIGINT, libc::SIGTERM] {
        signal_hook::low_level::pipe::register(signal, stop.try_clone()?)?;
    }
    // Only where somebody sits there: in a pipe stdin is somebody else's.
    let mut asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    begin(&watched.now, asks, lang)?;
    while !over(&watched.now) {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        // A pipe that nobody reads any more tells of that without being asked.
        let ends = [(signalled.as_fd(), PollFlags::POLLIN), (stdout.as_fd(), PollFlags::empty())];
        let others = [ends.as_slice(), &[(stdin.as_fd(), PollFlags::POLLIN)]].concat();
        let woken = watcher.wait(if asks { &others } else { &ends })?;
        let mut is_asked = false;
        match woken.other {
            Some(0 | 1) => return Ok(0),
            Some(_) => match typed()?.as_deref().map(str::trim) {
                Some("q" | "quit") => return Ok(0),
                Some(_) => is_asked = true,
                None => asks = false,
            },
            None => {}
        }
        watcher.read(&woken);
        let mut is_new = say(&mut watched, watcher.seen(), lang)?;
        watcher.read_rest(&woken);
        is_new |= say(&mut watched, watcher.seen(), lang)?;
        if is_asked && !is_new {
            writeln!(io::stdout(), "{}", lang.say("watch.same", &[]))?;
        }
    }
    Ok(0)
}

fn over(now: &Both) -> bool {
    [Side::Outside, Side::Inside].into_iter().any(|side| now.side(side).standing == Standing::Ended)
}

/// One line; None at the end of input.
fn typed() -> io::Result<Option<String>> {
    let mut bytes = [0; 256];
    let count = io::stdin().lock().read(&mut bytes)?;
    Ok((count > 0).then(|| String::from_utf8_lossy(&bytes[..count]).into_owned()))
}

fn begin(now: &Both, asks: bool, lang: Lang) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for side in [Side::Outside, Side::Inside] {
        let seen = now.side(side);
        let mut place = seen.place(lang);
        let (rows, key) = (seen.state.seen.len(), if seen.sees_less() { "watch.side-part" } else { "watch.side" });
        if !seen.state.facts.hostname.is_empty() {
            place = lang.say("watch.place-named", &[&place, &seen.state.facts.hostname]);
        }
        writeln!(out, "{}", lang.count(key, rows, &[&now.name(side, lang), &place, &seen.table().len().to_string()]))?;
    }
    let (outside, inside) = (&now.outside.state.seen, &now.inside.state.seen);
    let changes = compare(outside, inside);
    if now.share_namespace() == Some(true) {
        writeln!(out, "{}", lang.say("watch.shared", &[]))?;
    }
    if changes.is_empty() {
        writeln!(out, "{}", lang.say("watch.alike", &[]))?;
    } else {
        writeln!(out, "{}", lang.say("watch.differ", &[]))?;
        write!(out, "{}", diff_listing(outside, inside, &changes))?;
    }
    writeln!(out, "{}", lang.say(if asks { "watch.live-asks" } else { "watch.live" }, &[]))?;
    out.flush()
}

/// What is new, a line each; whether anything was.
fn say(watched: &mut Watched, seen: Both, lang: Lang) -> io::Result<bool> {
    let marks = watched.marks.clone();
    let news = watched.take(seen);
    let mut out = io::stdout().lock();
    let is_changed = !std::sync::Arc::ptr_eq(&marks, &watched.marks);
    if is_changed {
        let marks = &watched.marks;
        for side in [Side::Outside, Side::Inside] {
            let (Some(before), Some(after)) = (marks.before.side(side), marks.after.side(side)) else { continue };
            for change in marks.on(side) {
                let what = one_change(change, before, after, lang);
                writeln!(out, "{}", lang.say("watch.change", &[&watched.now.name(side, lang), &what]))?;
            }
        }
    }
    for news in &news {
        writeln!(out, "{}", news.in_words(&watched.now, lang))?;
    }
    out.flush()?;
    Ok(is_changed || !news.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is refused names the file, the kernel's answer and what to do; and that is another thing than no process.
    #[test]
    fn refusals_say_what_helps() {
        for lang in [Lang::En, Lang::Zh] {
            for errno in [libc::ENOENT, libc::EACCES, libc::EPERM, libc::EINVAL, libc::EMFILE, libc::EIO] {
                let refused = Refused { path: "/proc/7/mountinfo".into(), errno };
                let (status, text) = advise(7, &Unwatchable::Refused(refused), lang);
                assert_eq!(status, CANNOT);
                assert!(text.contains("/proc/7/mountinfo") && !text.contains("watch."), "{text}");
                assert!(text.contains(&crate::op::errno_name(errno)), "{text}");
            }
            for why in [Unwatchable::Missing, Unwatchable::Thread] {
                let (status, text) = advise(7, &why, lang);
                assert!(status == USAGE && text.contains('7') && !text.contains("watch."), "{text}");
            }
        }
        assert_eq!(remedy(&Refused { path: String::new(), errno: libc::EACCES }, false), "watch.remedy-user");
    }
}
