//! `ps`: what /proc lists at this moment, whoever's /proc it is.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::names;
use super::util::{Done, Fail, Out, warn, why};

/// The kernel's USER_HZ, 100 on every Linux.
const HZ: u64 = 100;

#[derive(Default)]
struct Process {
    pid: u32,
    uid: u32,
    ppid: u32,
    pgid: i64,
    sid: i64,
    nice: i64,
    threads: u64,
    state: String,
    comm: String,
    args: String,
    tty: String,
    cpu: u64,
    start: i64,
    vsz: u64,
    rss: u64,
}

/// One process, or None if it ended meanwhile.
fn process(proc: &Path, pid: u32, boot: i64) -> Option<Process> {
    use std::os::unix::fs::MetadataExt;
    let dir = proc.join(pid.to_string());
    let stat = String::from_utf8_lossy(&std::fs::read(dir.join("stat")).ok()?).into_owned();
    let comm = stat[stat.find('(')? + 1..stat.rfind(')')?].to_string();
    let f: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    let num = |i: usize| f.get(i).and_then(|s| s.parse::<i64>().ok()).unwrap_or(0);
    let status = std::fs::read(dir.join("status")).unwrap_or_default();
    let uid = String::from_utf8_lossy(&status)
        .lines()
        .find_map(|l| l.strip_prefix("Uid:")?.split_whitespace().nth(1)?.parse().ok())
        .or_else(|| std::fs::metadata(&dir).ok().map(|m| m.uid()))?;
    let line = std::fs::read(dir.join("cmdline")).unwrap_or_default();
    let args = String::from_utf8_lossy(&line).trim_end_matches('\0').replace(['\0', '\n'], " ");
    let mut state = f.first()?.to_string();
    let kernel_name = if state == "Z" { format!("[{comm}] <defunct>") } else { format!("[{comm}]") };
    if num(16) < 0 {
        state.push('<');
    } else if num(16) > 0 {
        state.push('N');
    }
    if num(3) == i64::from(pid) {
        state.push('s');
    }
    if num(17) > 1 {
        state.push('l');
    }
    if num(5) == num(2) {
        state.push('+');
    }
    Some(Process {
        pid,
        uid,
        ppid: num(1) as u32,
        pgid: num(2),
        sid: num(3),
        nice: num(16),
        threads: num(17) as u64,
        args: if args.is_empty() { kernel_name } else { args },
        comm,
        state,
        tty: tty(num(4) as u64),
        cpu: (num(11) + num(12)) as u64 / HZ,
        start: boot + num(19) / HZ as i64,
        vsz: num(20) as u64 / 1024,
        rss: num(21) as u64 * 4,
    })
}

fn tty(dev: u64) -> String {
    let (major, minor) = ((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00));
    match major {
        0 => "?".into(),
        4 if minor < 64 => format!("tty{minor}"),
        4 => format!("ttyS{}", minor - 64),
        136..=143 => format!("pts/{}", minor + (major - 136) * 256),
        _ => format!("{major}:{minor}"),
    }
}

/// What /proc lists, and whether it is the /proc of another PID namespace.
fn read(proc: &Path) -> Result<(Vec<Process>, bool), Fail> {
    let fix = "mount -t proc proc /proc";
    let dir =
        std::fs::read_dir(proc).map_err(|e| Fail::new(1, format!("/proc holds no processes: {}; {fix}", why(e))))?;
    let mut pids: Vec<u32> = dir.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    let boot = std::fs::read_to_string(proc.join("stat")).unwrap_or_default();
    let boot = boot.lines().find_map(|l| l.strip_prefix("btime ")?.parse().ok()).unwrap_or(0);
    let all: Vec<_> = pids.into_iter().filter_map(|p| process(proc, p, boot)).collect();
    let gone = proc.join("self").read_link().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound);
    if all.is_empty() {
        // An empty list with `uptime` there is a procfs whose namespace has died.
        let what = if proc.join("uptime").exists() {
            "the PID namespace it belongs to has none left; umount it, or"
        } else {
            "no procfs is mounted there;"
        };
        return Err(Fail::new(1, format!("/proc holds no processes: {what} {fix}")));
    }
    Ok((all, gone))
}

/// A column: its names for -o, heading, width (negative: to the left).
const COLUMNS: &[(&[&str], &str, isize)] = &[
    (&["UID"], "UID", -8),
    (&["short_uid"], "UID", -6),
    (&["uid", "euid"], "UID", 5),
    (&["user", "euser", "ruser", "uname"], "USER", -8),
    (&["pid", "tgid"], "PID", 7),
    (&["ppid"], "PPID", 7),
    (&["pgid", "pgrp"], "PGID", 7),
    (&["sid", "sess"], "SID", 7),
    (&["c"], "C", 2),
    (&["%cpu", "pcpu"], "%CPU", 4),
    (&["%mem", "pmem"], "%MEM", 4),
    (&["vsz"], "VSZ", 7),
    (&["rss"], "RSS", 6),
    (&["ni", "nice"], "NI", 3),
    (&["nlwp", "thcount"], "NLWP", 4),
    (&["stime", "start"], "STIME", -5),
    (&["tty", "tt", "tname"], "TTY", -8),
    (&["s", "state"], "S", -1),
    (&["stat"], "STAT", -4),
    (&["time", "cputime"], "TIME", 8),
    (&["comm", "ucmd", "ucomm"], "COMMAND", -15),
    (&["args", "cmd", "command"], "CMD", -27),
];

fn value(p: &Process, key: &str, users: &BTreeMap<u32, String>) -> String {
    let cut = |s: String, n: usize| match s.chars().count() > n {
        true => s.chars().take(n - 1).chain(['+']).collect(),
        false => s,
    };
    match key {
        "UID" | "user" => cut(names::name(users, p.uid), 8),
        "short_uid" => cut(names::name(users, p.uid), 6),
        "uid" => p.uid.to_string(),
        "pid" => p.pid.to_string(),
        "ppid" => p.ppid.to_string(),
        "pgid" => p.pgid.to_string(),
        "sid" => p.sid.to_string(),
        "c" => (p.cpu * 100 / (names::now() - p.start).max(1) as u64).min(99).to_string(),
        "%cpu" => format!("{:.1}", p.cpu as f64 * 100.0 / (names::now() - p.start).max(1) as f64),
        "%mem" => "0.0".into(),
        "vsz" => p.vsz.to_string(),
        "rss" => p.rss.to_string(),
        "ni" => p.nice.to_string(),
        "nlwp" => p.threads.to_string(),
        "tty" => p.tty.clone(),
        "s" => p.state.chars().take(1).collect(),
        "stat" => p.state.clone(),
        "time" => format!("{:02}:{:02}:{:02}", p.cpu / 3600, p.cpu / 60 % 60, p.cpu % 60),
        "stime" => {
            let (_, month, day, hour, minute) = names::date(p.start);
            match names::now() - p.start < 86400 {
                true => format!("{hour:02}:{minute:02}"),
                false => format!("{month}{day:02}"),
            }
        }
        "comm" => p.comm.clone(),
        _ => p.args.clone(),
    }
}

struct Asked {
    columns: Vec<(&'static str, String, isize)>,
    pids: Vec<u32>,
}

fn columns(list: &str, add: &mut Vec<(&'static str, String, isize)>) -> Result<(), Fail> {
    for one in list.split([',', ' ']).filter(|s| !s.is_empty()) {
        let (key, heading) = one.split_once('=').map_or((one, None), |(k, h)| (k, Some(h)));
        let Some((keys, head, width)) = COLUMNS.iter().find(|(keys, ..)| keys.contains(&key)) else {
            return Err(Fail::new(1, format!("unknown column {key}")));
        };
        add.push((keys[0], heading.unwrap_or(head).into(), *width));
    }
    Ok(())
}

fn ask(args: &[String]) -> Result<Asked, Fail> {
    let mut asked = Asked { columns: vec![], pids: vec![] };
    let mut layout = "short_uid,pid,ppid,args";
    let mut it = args.iter();
    let number = |s: &str| s.parse().map_err(|_| Fail::new(1, format!("{s}: not a process id")));
    while let Some(a) = it.next() {
        if let Ok(pid) = a.parse() {
            asked.pids.push(pid);
            continue;
        }
        if a == "--no-headers" || a == "--no-heading" {
            return Err(Fail::new(1, format!("unknown option {a}; -o pid=,args= prints no headings")));
        }
        let flags = a.strip_prefix('-').unwrap_or(a);
        let mut chars = flags.chars();
        while let Some(c) = chars.next() {
            let mut rest = || match chars.as_str() {
                "" => it.next().cloned().unwrap_or_default(),
                tail => tail.to_string(),
            };
            match c {
                'e' | 'A' | 'a' | 'x' | 'w' | 'H' => {}
                'f' => layout = "UID,pid,ppid,c,stime,tty,time,args",
                'l' => layout = "s,uid,pid,ppid,ni,rss,tty,time,args",
                'u' if !a.starts_with('-') || flags.contains('a') => {
                    layout = "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,args"
                }
                'j' => layout = "pid,pgid,sid,tty,time,args",
                'o' => {
                    columns(&rest(), &mut asked.columns)?;
                    break;
                }
                'p' | 'q' => {
                    for p in rest().split([',', ' ']) {
                        asked.pids.push(number(p)?);
                    }
                    break;
                }
                _ => {
                    return Err(Fail::new(
                        1,
                        format!("unknown option {a}; try ps, ps -ef, ps aux, ps -o pid,ppid,args, ps -p PID"),
                    ));
                }
            }
        }
    }
    if asked.columns.is_empty() {
        columns(layout, &mut asked.columns)?;
    }
    Ok(asked)
}

fn row(cells: &[String], columns: &[(&str, String, isize)], out: &mut Out) -> std::io::Result<()> {
    let mut line = String::new();
    for (cell, (_, head, width)) in cells.iter().zip(columns) {
        let pad = width.unsigned_abs().max(head.len());
        match width.is_negative() {
            true => line += &format!("{cell:<pad$} "),
            false => line += &format!("{cell:>pad$} "),
        }
    }
    writeln!(out, "{}", line.trim_end())
}

pub fn ps(args: &[String], out: &mut Out) -> Done {
    let asked = ask(args)?;
    let (all, foreign) = read(Path::new("/proc"))?;
    let users = names::ids("/etc/passwd");
    let heads: Vec<String> = asked.columns.iter().map(|(_, h, _)| h.clone()).collect();
    if heads.iter().any(|h| !h.is_empty()) {
        row(&heads, &asked.columns, out)?;
    }
    let mut shown = 0;
    for p in all.iter().filter(|p| asked.pids.is_empty() || asked.pids.contains(&p.pid)) {
        let cells: Vec<String> = asked.columns.iter().map(|(key, ..)| value(p, key, &users)).collect();
        row(&cells, &asked.columns, out)?;
        shown += 1;
    }
    out.flush()?;
    if foreign {
        warn(
            "ps",
            "/proc belongs to another PID namespace (/proc/self: ENOENT); mount -t proc proc /proc, or umount the one on top",
        );
    }
    Ok(u8::from(foreign || shown == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proc_of_another_namespace_and_an_empty_one() {
        let tmp = tempfile::tempdir().unwrap();
        let fail = |p: &Path| read(p).err().unwrap();
        assert!(fail(tmp.path()).msg.starts_with("/proc holds no processes: "));
        assert!(fail(&tmp.path().join("none")).msg.contains("(ENOENT); mount -t proc proc /proc"));
        let one = tmp.path().join("1");
        std::fs::create_dir(&one).unwrap();
        std::fs::write(one.join("stat"), "1 (a (b) c) S 0 1 1 34816 1 0 0 0 0 0 250 50 0 0 20 0 1 0 500 4096 2")
            .unwrap();
        std::fs::write(one.join("cmdline"), "sh\0-c\0x\0").unwrap();
        let (all, foreign) = read(tmp.path()).unwrap();
        assert!(foreign);
        assert_eq!((all[0].comm.as_str(), all[0].args.as_str(), all[0].tty.as_str()), ("a (b) c", "sh -c x", "pts/0"));
        assert_eq!((all[0].cpu, all[0].start, all[0].state.as_str()), (3, 5, "Ss+"));
        std::fs::write(one.join("stat"), "1 (sleep) Z 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0").unwrap();
        std::fs::write(one.join("cmdline"), "").unwrap();
        assert_eq!(read(tmp.path()).unwrap().0[0].args, "[sleep] <defunct>");
        std::os::unix::fs::symlink("1", tmp.path().join("self")).unwrap();
        assert!(!read(tmp.path()).unwrap().1);
    }

    #[test]
    fn what_is_asked() {
        let heads = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|s| s.to_string()).collect();
            ask(&args).map(|a| a.columns.iter().map(|c| c.1.clone()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(heads(&[]).unwrap(), "UID PID PPID CMD");
        assert_eq!(heads(&["-ef"]).unwrap(), "UID PID PPID C STIME TTY TIME CMD");
        assert_eq!(heads(&["aux"]).unwrap(), "USER PID %CPU %MEM VSZ RSS TTY STAT STIME TIME CMD");
        assert_eq!(heads(&["-eo", "pid,ppid,uid,comm,args,stat"]).unwrap(), "PID PPID UID COMMAND CMD STAT");
        assert!(heads(&["-Z"]).is_err() && heads(&["--forest"]).is_err());
    }
}
