//! The receipt at the end: what can be attributed is measured and claimed; what else differs is listed as not ours.

use crate::mounts::{Mount, MountTable, compare, printable};
use crate::sandbox::ledger::{self, FileSystem, Made};
use crate::sandbox::read_table;
use crate::words::Lang;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// No more lines than this tell of what is not ours.
const OTHERS: usize = 8;

/// The machine at one moment.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    pub table: MountTable,
    pub hostname: String,
}

impl Machine {
    pub fn look() -> std::io::Result<Machine> {
        let table = MountTable::parse(read_table(&File::open("/proc/self/mountinfo")?)?);
        let hostname = nix::unistd::gethostname()?.to_string_lossy().into_owned();
        Ok(Machine { table, hostname })
    }
}

/// What was found at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How many practice hosts this run had.
    hosts: usize,
    /// Rows of the machine's table that were looked through.
    rows: usize,
    /// Mount namespaces that the kernel was asked for; none where it cannot be asked.
    namespaces: usize,
    hostname: String,
    hostname_before: String,
    /// No file system of the machine was ever in a practice host's table.
    apart: bool,
    left: Vec<Left>,
    others: Vec<String>,
}

/// Something of ours that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Left {
    Process(i32, String),
    Mount(String),
    Namespace(u64),
    Hostname(String),
}

/// Measures and words the receipt of a run that began with `before`; None if it made nothing. `cache` and `progress` are
/// where this run wrote files. The second value says whether all is well. The run's sandboxes must have been dropped.
pub fn tell(
    before: &Machine,
    cache: &Path,
    progress: Option<&Path>,
    lang: Lang,
) -> std::io::Result<Option<(String, bool)>> {
    let made = ledger::made();
    if made.hosts == 0 {
        return Ok(None);
    }
    let receipt = Receipt::compare(before, &Machine::look()?, &made);
    Ok(Some((receipt.words(cache, progress, lang), receipt.clean())))
}

impl Receipt {
    /// A row of the machine is ours if it was not there before and shows a file system that we had. Only together do
    /// device, type and source tell: a device number that we gave back may have another owner at once.
    pub fn compare(before: &Machine, after: &Machine, made: &Made) -> Receipt {
        let at_start: BTreeSet<FileSystem> = before.table.rows().iter().map(ledger::file_system).collect();
        let ours = |mount: &Mount| {
            let shown = ledger::file_system(mount);
            made.file_systems.contains(&shown) && !at_start.contains(&shown)
        };
        let mut left: Vec<Left> = made.processes.iter().map(|(pid, name)| Left::Process(*pid, name.clone())).collect();
        let rows = after.table.rows();
        left.extend(rows.iter().filter(|mount| ours(mount)).map(|mount| Left::Mount(printable(mount.raw()))));
        left.extend(made.living.iter().map(|id| Left::Namespace(*id)));
        let mut others: Vec<String> = compare(&before.table, &after.table)
            .iter()
            .filter_map(|change| {
                let (sign, mount) = match (change.before, change.after) {
                    (Some(row), None) => ('-', &before.table.rows()[row]),
                    (None, Some(row)) => ('+', &rows[row]),
                    (_, Some(row)) => ('~', &rows[row]),
                    (None, None) => return None,
                };
                (!ours(mount)).then(|| format!("{sign} {}", printable(mount.raw())))
            })
            .collect();
        if before.hostname != after.hostname {
            if made.hostnames.contains(&after.hostname) {
                left.push(Left::Hostname(after.hostname.clone()));
            } else {
                others.push(format!("~ {} -> {}", before.hostname, after.hostname));
            }
        }
        Receipt {
            hosts: made.hosts,
            rows: rows.len(),
            namespaces: made.namespaces.len(),
            hostname: after.hostname.clone(),
            hostname_before: before.hostname.clone(),
            apart: made.file_systems.is_disjoint(&at_start),
            left,
            others,
        }
    }

    /// Nothing of ours is left.
    pub fn clean(&self) -> bool {
        self.left.is_empty()
    }

    pub fn words(&self, cache: &Path, progress: Option<&Path>, lang: Lang) -> String {
        let mut lines = vec![lang.say("receipt.title", &[])];
        let mut say = |key: &str, args: &[&str]| lines.push(format!("- {}", lang.say(key, args)));
        let none = |wanted: fn(&Left) -> bool| !self.left.iter().any(wanted);
        if none(|left| matches!(left, Left::Process(..))) {
            say("receipt.processes", &[&self.hosts.to_string()]);
        }
        if none(|left| matches!(left, Left::Namespace(_))) && self.namespaces > 0 {
            say("receipt.namespaces", &[&self.namespaces.to_string()]);
        }
        if none(|left| matches!(left, Left::Mount(_))) {
            say("receipt.mounts", &[&self.rows.to_string()]);
        }
        if self.hostname == self.hostname_before {
            say("receipt.hostname", &[&printable(self.hostname.as_bytes())]);
        }
        let named = |path: &Path| printable(path.as_os_str().as_encoded_bytes());
        let cache = named(cache);
        say(if self.apart { "receipt.files" } else { "receipt.files-near" }, &[&cache]);
        if let Some(progress) = progress {
            say("receipt.progress", &[&named(progress)]);
        }
        if !self.others.is_empty() {
            say("receipt.others", &[&self.others.len().to_string()]);
            lines.extend(self.others.iter().take(OTHERS).map(|other| format!("  {other}")));
            if self.others.len() > OTHERS {
                lines.push("  ...".into());
            }
        }
        for left in &self.left {
            lines.push(format!(
                "! {}",
                match left {
                    Left::Process(pid, name) =>
                        lang.say("receipt.left-process", &[&pid.to_string(), &printable(name.as_bytes())]),
                    Left::Mount(row) => lang.say("receipt.left-mount", &[row]),
                    Left::Namespace(id) => lang.say("receipt.left-namespace", &[&id.to_string()]),
                    Left::Hostname(name) => lang.say("receipt.left-hostname", &[name, &self.hostname_before]),
                }
            ));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
    const LAB: &str = "77 20 0:47 / /mnt rw - tmpfs lab rw\n";

    fn machine(rows: &str, hostname: &str) -> Machine {
        Machine { table: MountTable::parse(rows.into()), hostname: hostname.into() }
    }

    fn made() -> Made {
        let file_systems = MountTable::parse(LAB.into()).rows().iter().map(ledger::file_system).collect();
        Made {
            hosts: 2,
            file_systems,
            hostnames: ["box".to_string()].into(),
            namespaces: [7].into(),
            ..Made::default()
        }
    }

    fn words(receipt: &Receipt) -> String {
        let (en, zh) = [Lang::En, Lang::Zh].map(|lang| receipt.words(Path::new("/c"), None, lang)).into();
        assert_eq!(en.lines().count(), zh.lines().count(), "{en}\n{zh}");
        en
    }

    #[test]
    fn nothing_left_is_claimed_part_by_part() {
        let receipt = Receipt::compare(&machine(ROOT, "pc"), &machine(ROOT, "pc"), &made());
        assert!(receipt.clean());
        let text = words(&receipt);
        assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 5, "{text}");
        assert!(text.contains("pc") && text.contains("/c") && !text.contains('!'), "{text}");
    }

    /// What the kernel could not be asked is not claimed.
    #[test]
    fn an_old_kernel_is_told_less() {
        let asked = Receipt::compare(&machine(ROOT, "pc"), &machine(ROOT, "pc"), &made());
        let unasked = Receipt { namespaces: 0, ..asked.clone() };
        assert_eq!(words(&unasked).lines().count() + 1, words(&asked).lines().count());
    }

    #[test]
    fn what_is_left_is_told_and_not_claimed_away() {
        let left = Made { processes: vec![(5, "sleep".into())], living: [7].into(), ..made() };
        let receipt = Receipt::compare(&machine(ROOT, "pc"), &machine(&format!("{ROOT}{LAB}"), "box"), &left);
        assert!(!receipt.clean());
        let text = words(&receipt);
        let told: Vec<&str> = text.lines().filter(|line| line.starts_with("! ")).collect();
        assert_eq!(told.len(), 4, "{text}");
        assert!(told[0].contains('5') && told[0].contains("sleep"), "{text}");
        assert!(told[1].contains("/mnt rw - tmpfs lab"), "{text}");
        assert!(told[3].contains("box") && told[3].contains("pc"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 1, "only the files are claimed: {text}");
    }

    /// Others mount, unmount and rename meanwhile, and may get a device number that we gave back.
    #[test]
    fn what_others_did_is_not_ours() {
        let theirs = "78 20 0:47 / /media rw - tmpfs stick rw\n";
        let receipt = Receipt::compare(
            &machine(&format!("{ROOT}21 20 0:9 / /old rw - tmpfs old rw\n"), "pc"),
            &machine(&format!("{ROOT}{theirs}"), "renamed"),
            &made(),
        );
        assert!(receipt.clean());
        let text = words(&receipt);
        for other in ["+ 78 20 0:47", "- 21 20 0:9", "~ pc -> renamed"] {
            assert!(text.contains(other), "{other}: {text}");
        }
        assert!(!text.contains("as before"), "the hostname is not claimed: {text}");
    }

    /// A practice host on a copy of the machine's table shows the machine's own file systems: they are not left over.
    #[test]
    fn the_machines_own_file_systems_are_not_ours() {
        let copied = MountTable::parse(format!("{ROOT}{LAB}").into()).rows().iter().map(ledger::file_system).collect();
        let receipt =
            Receipt::compare(&machine(ROOT, "pc"), &machine(ROOT, "pc"), &Made { file_systems: copied, ..made() });
        assert!(receipt.clean());
        assert!(!receipt.apart);
    }
}
