//! `mount` and `umount`.

use std::io::Write;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::util::{Done, Fail, Out, opts, warn, why};

/// The status of util-linux for a refusal by the kernel.
const REFUSED: u8 = 32;

const FLAGS: &[(&str, MsFlags, bool)] = &[
    ("ro", MsFlags::MS_RDONLY, true),
    ("rw", MsFlags::MS_RDONLY, false),
    ("nosuid", MsFlags::MS_NOSUID, true),
    ("suid", MsFlags::MS_NOSUID, false),
    ("nodev", MsFlags::MS_NODEV, true),
    ("dev", MsFlags::MS_NODEV, false),
    ("noexec", MsFlags::MS_NOEXEC, true),
    ("exec", MsFlags::MS_NOEXEC, false),
    ("sync", MsFlags::MS_SYNCHRONOUS, true),
    ("async", MsFlags::MS_SYNCHRONOUS, false),
    ("noatime", MsFlags::MS_NOATIME, true),
    ("atime", MsFlags::MS_NOATIME, false),
    ("nodiratime", MsFlags::MS_NODIRATIME, true),
    ("relatime", MsFlags::MS_RELATIME, true),
    ("strictatime", MsFlags::MS_STRICTATIME, true),
    ("remount", MsFlags::MS_REMOUNT, true),
    ("bind", MsFlags::MS_BIND, true),
    ("rbind", MsFlags::MS_BIND.union(MsFlags::MS_REC), true),
    ("move", MsFlags::MS_MOVE, true),
    ("defaults", MsFlags::empty(), true),
];

fn propagation(word: &str) -> Option<MsFlags> {
    let one = |w| {
        Some(match w {
            "private" => MsFlags::MS_PRIVATE,
            "shared" => MsFlags::MS_SHARED,
            "slave" => MsFlags::MS_SLAVE,
            "unbindable" => MsFlags::MS_UNBINDABLE,
            _ => return None,
        })
    };
    one(word).or_else(|| one(word.strip_prefix('r')?).map(|f| f | MsFlags::MS_REC))
}

/// What is asked for, before any call.
#[derive(Debug)]
struct Plan {
    flags: MsFlags,
    /// Each is a call of its own, after the mount.
    propagation: Vec<(String, MsFlags)>,
    /// For the filesystem itself.
    data: Vec<String>,
}

impl Plan {
    fn new() -> Plan {
        Plan { flags: MsFlags::empty(), propagation: vec![], data: vec![] }
    }

    fn option(&mut self, word: &str) {
        if let Some(flag) = propagation(word) {
            self.propagation.push((word.into(), flag));
        } else if let Some((_, flag, on)) = FLAGS.iter().find(|(name, ..)| *name == word) {
            self.flags.set(*flag, *on);
        } else if !word.is_empty() {
            self.data.push(word.into());
        }
    }
}

/// The octal escapes of /proc/mounts.
fn plain(s: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(s.into(), |s: String, (code, c)| s.replace(code, c))
}

/// A line of /proc/self/mounts.
pub struct Mounted {
    pub source: String,
    pub dir: String,
    fs: String,
    how: String,
}

pub fn mounted() -> Result<Vec<Mounted>, Fail> {
    let text = std::fs::read("/proc/self/mounts")
        .or_else(|_| std::fs::read("/proc/mounts"))
        .map_err(|e| Fail::os("cannot read /proc/self/mounts", e))?;
    let lines = String::from_utf8_lossy(&text);
    let row = |line: &str| {
        let mut fields = line.split(' ').map(plain);
        Some(Mounted { source: fields.next()?, dir: fields.next()?, fs: fields.next()?, how: fields.next()? })
    };
    Ok(lines.lines().filter_map(row).collect())
}

fn list(kind: Option<&str>, out: &mut Out) -> Done {
    for Mounted { source, dir, fs, how } in mounted()? {
        if kind.is_none_or(|k| k.split(',').any(|k| k == fs)) {
            writeln!(out, "{source} on {dir} type {fs} ({how})")?;
        }
    }
    Ok(0)
}

/// What the mount has already: a remount that drops a locked flag is refused.
fn kept(dir: &str, asked: &MsFlags) -> MsFlags {
    let now = statvfs(dir).map_or(FsFlags::empty(), |s| s.flags());
    let mut flags = *asked;
    for (has, flag) in [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ] {
        if now.contains(has) {
            flags |= flag;
        }
    }
    flags
}

pub fn mount(args: &[String], out: &mut Out) -> Done {
    const MAKE: &[&str] = &["private", "shared", "slave", "unbindable", "rprivate", "rshared", "rslave", "runbindable"];
    let make: Vec<String> = MAKE.iter().map(|m| format!("make-{m}")).collect();
    let mut long = vec!["bind", "rbind", "move", "types=", "options=", "read-only"];
    long.extend(make.iter().map(String::as_str));
    let o = opts(args, "t:o:rwnvBRM", &long)?;
    let kind = o.value(&["t", "types"]);
    if o.rest.is_empty() && o.given.iter().all(|(n, _)| matches!(n.as_str(), "t" | "types" | "v")) {
        return list(kind, out);
    }
    let mut plan = Plan::new();
    for (name, value) in &o.given {
        match name.as_str() {
            "o" | "options" => value.split(',').for_each(|w| plan.option(w)),
            "r" | "read-only" => plan.option("ro"),
            "w" => plan.option("rw"),
            "B" | "bind" => plan.option("bind"),
            "R" | "rbind" => plan.option("rbind"),
            "M" | "move" => plan.option("move"),
            n => plan.option(n.strip_prefix("make-").unwrap_or("")),
        }
    }
    let usage = || {
        Fail::new(
            1,
            "usage: mount [-t TYPE] [-o OPTIONS] SOURCE DIR; mount --make-private DIR; mount -o remount,ro DIR",
        )
    };
    let alone = plan.flags.contains(MsFlags::MS_REMOUNT) || (!plan.propagation.is_empty() && plan.flags.is_empty());
    let (source, dir) = match &o.rest[..] {
        [dir] if alone => (None, dir.as_str()),
        [source, dir] => (Some(source.as_str()), dir.as_str()),
        _ => return Err(usage()),
    };
    carry_out(&plan, kind, source, dir)
}

fn carry_out(plan: &Plan, kind: Option<&str>, source: Option<&str>, dir: &str) -> Done {
    let refused = |what: String, e: Errno| {
        let hint = match e {
            Errno::EPERM => "; it takes CAP_SYS_ADMIN in the user namespace that owns this mount namespace",
            Errno::ENODEV => "; the kernel knows no such filesystem",
            _ => "",
        };
        Fail::new(REFUSED, format!("{what}: {}{hint}", why(e)))
    };
    let call = |source: Option<&str>, kind: Option<&str>, flags, data: Option<&str>| {
        nix::mount::mount(source, dir, kind, flags, data)
    };
    let data = plan.data.join(",");
    let data = (!data.is_empty()).then_some(data.as_str());
    let bind = plan.flags.contains(MsFlags::MS_BIND);
    let from = source.unwrap_or("none");
    if plan.flags.contains(MsFlags::MS_REMOUNT) {
        let flags = if bind { kept(dir, &plan.flags) } else { plan.flags };
        call(source, None, flags, data).map_err(|e| refused(format!("remounting {dir}"), e))?;
    } else if bind {
        let how = plan.flags & (MsFlags::MS_BIND | MsFlags::MS_REC);
        call(source, None, how, None).map_err(|e| refused(format!("binding {from} on {dir}"), e))?;
        // The kernel heeds no other flag in a bind: a second call sets them.
        let more = plan.flags - how;
        if !more.is_empty() {
            let flags = kept(dir, &more) | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
            call(None, None, flags, None)
                .map_err(|e| refused(format!("{dir} is bound, but remounting it with its options"), e))?;
        }
    } else if plan.flags.contains(MsFlags::MS_MOVE) {
        call(source, None, MsFlags::MS_MOVE, None).map_err(|e| refused(format!("moving {from} to {dir}"), e))?;
    } else if source.is_some() {
        let Some(kind) = kind.filter(|k| *k != "auto") else {
            return Err(Fail::new(
                1,
                format!("{from} on {dir}: say the type with -t (this small mount does not guess)"),
            ));
        };
        call(source, Some(kind), plan.flags, data)
            .map_err(|e| refused(format!("mounting {from} on {dir} (type {kind})"), e))?;
    }
    for (word, flag) in &plan.propagation {
        call(None, None, *flag, None).map_err(|e| refused(format!("making {dir} {word}"), e))?;
    }
    Ok(0)
}

pub fn umount(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "lfRnv", &["lazy", "force", "recursive"])?;
    if o.rest.is_empty() {
        return Err(Fail::new(1, "usage: umount [-l] [-R] DIR..."));
    }
    let mut flags = MntFlags::empty();
    flags.set(MntFlags::MNT_DETACH, o.has(&["l", "lazy"]));
    flags.set(MntFlags::MNT_FORCE, o.has(&["f", "force"]));
    let mut status = 0;
    for dir in &o.rest {
        let mut all = vec![dir.clone()];
        if o.has(&["R", "recursive"]) {
            let text = std::fs::read_to_string("/proc/self/mounts")
                .map_err(|e| Fail::os("-R: cannot read /proc/self/mounts", e))?;
            let under = format!("{}/", dir.trim_end_matches('/'));
            all.extend(text.lines().filter_map(|l| l.split(' ').nth(1)).map(plain).filter(|d| d.starts_with(&under)));
        }
        for dir in all.iter().rev() {
            if let Err(e) = nix::mount::umount2(dir.as_str(), flags) {
                let hint = match e {
                    Errno::EINVAL => ": not a mount point here, or locked together with others by a user namespace",
                    Errno::EBUSY => ": something has a file, a directory or a mount open in it",
                    _ => "",
                };
                warn("umount", format!("{dir}: {}{hint}", why(e)));
                status = REFUSED;
            }
        }
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let mut plan = Plan::new();
        "rbind,ro,rw,nosuid,size=1m,rslave".split(',').for_each(|w| plan.option(w));
        assert_eq!(plan.flags, MsFlags::MS_BIND | MsFlags::MS_REC | MsFlags::MS_NOSUID);
        assert_eq!(plan.data, ["size=1m"]);
        assert_eq!(plan.propagation, [("rslave".to_string(), MsFlags::MS_SLAVE | MsFlags::MS_REC)]);
        assert_eq!(plain("/a\\040b"), "/a b");
    }
}
