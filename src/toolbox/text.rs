//! `cat`, `head`, `tail`, `wc`, `grep`: files as lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

use std::os::fd::AsFd;

use nix::sys::stat::{fstat, stat};

use super::util::{Done, Fail, Opts, Out, opts, warn, why};

fn open(name: &str) -> io::Result<Box<dyn Read>> {
    Ok(if name == "-" { Box::new(io::stdin()) } else { Box::new(File::open(name)?) })
}

/// Does `each` with every operand's reader (none: stdin). Status 1 if one failed.
fn every(
    tool: &str,
    files: &[String],
    mut each: impl FnMut(&str, &mut dyn Read) -> Result<(), Trouble>,
) -> Result<bool, Fail> {
    let stdin = ["-".to_string()];
    let mut ok = true;
    for name in if files.is_empty() { &stdin } else { files } {
        let done = open(name).map_err(Trouble::Read).and_then(|mut r| each(name, &mut r));
        match done {
            Ok(()) => {}
            Err(Trouble::Read(e)) => {
                ok = false;
                warn(tool, format!("{name}: {}", why(e)));
            }
            Err(Trouble::Write(e)) => return Err(e.into()),
        }
    }
    Ok(ok)
}

enum Trouble {
    Read(io::Error),
    Write(io::Error),
}

fn pump(from: &mut dyn Read, out: &mut Out) -> Result<(), Trouble> {
    let mut buf = [0; 16384];
    loop {
        match from.read(&mut buf) {
            Ok(0) => return Ok(()),
            Ok(n) => out.write_all(&buf[..n]).and_then(|()| out.flush()).map_err(Trouble::Write)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Trouble::Read(e)),
        }
    }
}

pub fn cat(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "u", &[])?;
    // What is read from the file that is written to never ends.
    let target = fstat(io::stdout().as_fd()).ok().filter(|to| to.st_mode & libc::S_IFMT == libc::S_IFREG);
    let endless = |name: &str| {
        let from = if name == "-" { fstat(io::stdin().as_fd()) } else { stat(name) };
        from.ok().zip(target).is_some_and(|(from, to)| {
            (from.st_dev, from.st_ino) == (to.st_dev, to.st_ino) && (name == "-" || from.st_size > 0)
        })
    };
    Ok(u8::from(!every("cat", &o.rest, |name, r| match endless(name) {
        true => Err(Trouble::Read(io::Error::other("the input file is the output file"))),
        false => pump(r, out),
    })?))
}

/// `-n N`, `-nN` or `-N`; and a `+` before it.
fn count(args: &[String]) -> Result<(Opts, usize, bool), Fail> {
    let args: Vec<String> = args
        .iter()
        .map(|a| match a.strip_prefix('-') {
            Some(n) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => format!("-n{n}"),
            _ => a.clone(),
        })
        .collect();
    let o = opts(&args, "n:", &["lines="])?;
    let n = o.value(&["n", "lines"]).unwrap_or("10").to_string();
    let number = n.trim_start_matches('+').parse().map_err(|_| Fail::new(1, format!("{n}: not a number of lines")))?;
    Ok((o, number, n.starts_with('+')))
}

fn title(name: &str, o: &Opts, first: &mut bool, out: &mut Out) -> Result<(), Trouble> {
    if o.rest.len() > 1 {
        let gap = if std::mem::take(first) { "" } else { "\n" };
        writeln!(out, "{gap}==> {name} <==").map_err(Trouble::Write)?;
    }
    Ok(())
}

pub fn head(args: &[String], out: &mut Out) -> Done {
    let (o, n, _) = count(args)?;
    let mut first = true;
    let ok = every("head", &o.rest, |name, r| {
        let mut lines = BufReader::new(r);
        let mut line = vec![];
        title(name, &o, &mut first, out)?;
        for _ in 0..n {
            line.clear();
            if lines.read_until(b'\n', &mut line).map_err(Trouble::Read)? == 0 {
                break;
            }
            out.write_all(&line).map_err(Trouble::Write)?;
        }
        Ok(())
    })?;
    Ok(u8::from(!ok))
}

pub fn tail(args: &[String], out: &mut Out) -> Done {
    let (o, n, from_start) = count(args)?;
    let mut first = true;
    let ok = every("tail", &o.rest, |name, r| {
        let mut all = vec![];
        r.read_to_end(&mut all).map_err(Trouble::Read)?;
        title(name, &o, &mut first, out)?;
        let lines: Vec<&[u8]> = all.split_inclusive(|b| *b == b'\n').collect();
        let skip = if from_start { n.saturating_sub(1) } else { lines.len().saturating_sub(n) };
        lines.iter().skip(skip).try_for_each(|l| out.write_all(l)).map_err(Trouble::Write)
    })?;
    Ok(u8::from(!ok))
}

pub fn wc(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "lwc", &["lines", "words", "bytes"])?;
    let all = o.given.is_empty();
    let want = [all || o.has(&["l", "lines"]), all || o.has(&["w", "words"]), all || o.has(&["c", "bytes"])];
    let lone = want.iter().filter(|w| **w).count() == 1 && o.rest.len() < 2;
    let mut total = [0; 3];
    let mut line = |n: [usize; 3], name: &str| {
        let cells = n.iter().zip(want).filter(|(_, w)| *w);
        let text: Vec<_> = cells.map(|(n, _)| if lone { n.to_string() } else { format!("{n:>7}") }).collect();
        let name = if name == "-" { "" } else { name };
        writeln!(out, "{}", format!("{} {name}", text.join(" ")).trim_end())
    };
    let ok = every("wc", &o.rest, |name, r| {
        let mut data = vec![];
        r.read_to_end(&mut data).map_err(Trouble::Read)?;
        let words = data.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).count();
        let n = [data.iter().filter(|b| **b == b'\n').count(), words, data.len()];
        (0..3).for_each(|i| total[i] += n[i]);
        line(n, name).map_err(Trouble::Write)
    })?;
    if o.rest.len() > 1 {
        line(total, "total")?;
    }
    Ok(u8::from(!ok))
}

/// Fixed strings, and `^` and `$` at the ends; more is said not to be known.
pub fn grep(args: &[String], out: &mut Out) -> Done {
    let o = opts(args, "vcqFinhHe:Esw", &["fixed-strings", "quiet"]).map_err(|f| Fail::new(2, f.msg))?;
    let mut files = o.rest.clone();
    let pattern = match o.value(&["e"]) {
        Some(p) => p.to_string(),
        None if files.is_empty() => {
            return Err(Fail::new(2, "usage: grep [-v] [-c] [-q] [-i] [-n] [-F] TEXT [FILE]..."));
        }
        None => files.remove(0),
    };
    let fixed = o.has(&["F", "fixed-strings"]);
    let plain = pattern.strip_prefix('^').unwrap_or(&pattern);
    let plain = plain.strip_suffix('$').unwrap_or(plain);
    if o.has(&["w"])
        || !fixed
            && plain.contains(['*', '[', '\\', '^', '$', '+', '?', '|'])
            && (o.has(&["E"]) || plain.contains(['*', '[', '\\']))
    {
        return Err(Fail::new(
            2,
            format!("'{pattern}': this small grep knows fixed strings, ^ and $ only; -F takes it as it is"),
        ));
    }
    let fold = |s: &str| {
        if o.has(&["i"]) { s.to_lowercase() } else { s.to_string() }
    };
    let (start, end) = (!fixed && pattern.starts_with('^'), !fixed && pattern.ends_with('$') && pattern != "^");
    let needle = if fixed { fold(&pattern) } else { fold(plain) };
    let hit = |line: &str| match (start, end) {
        (true, true) => line == needle,
        (true, false) => line.starts_with(&needle),
        (false, true) => line.ends_with(&needle),
        (false, false) => line.contains(&needle),
    };
    let named = o.has(&["H"]) || files.len() > 1 && !o.has(&["h"]);
    let mut any = false;
    let ok = every("grep", &files, |name, r| {
        let prefix = if named { format!("{name}:") } else { String::new() };
        let mut lines = BufReader::new(r);
        let (mut found, mut at) = (0, 0);
        let mut raw = vec![];
        loop {
            raw.clear();
            if lines.read_until(b'\n', &mut raw).map_err(Trouble::Read)? == 0 {
                break;
            }
            at += 1;
            let line = String::from_utf8_lossy(raw.strip_suffix(b"\n").unwrap_or(&raw)).into_owned();
            if hit(&fold(&line)) == o.has(&["v"]) {
                continue;
            }
            found += 1;
            any = true;
            if o.has(&["q", "quiet"]) {
                break;
            }
            if !o.has(&["c"]) {
                let number = if o.has(&["n"]) { format!("{at}:") } else { String::new() };
                writeln!(out, "{prefix}{number}{line}").map_err(Trouble::Write)?;
            }
        }
        if o.has(&["c"]) && !o.has(&["q", "quiet"]) {
            writeln!(out, "{prefix}{found}").map_err(Trouble::Write)?;
        }
        Ok(())
    })?;
    Ok(if ok || (any && o.has(&["q", "quiet"])) { u8::from(!any) } else { 2 })
}
