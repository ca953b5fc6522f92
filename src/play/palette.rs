//! All operations, in the order in which somebody looks for them, each with a line to begin with.

use crate::lesson::{LAB, moved, operation};
use crate::op::Actor;
use crate::reference::{EXAMPLES, Entry, Kind, entries};
use crate::words::Lang;

/// Operations of one topic; the key names it in the catalogue.
pub struct Group {
    pub key: &'static str,
    pub names: &'static [&'static str],
}

/// A line for a side's shell stands among the operations under this name.
pub const SHELL: &str = "sh";

pub const OPERATIONS: &[Group] = &[
    Group { key: "group.namespaces", names: &["clone", "unshare", "setns", "id-map", "hostname"] },
    Group {
        key: "group.mounts",
        names: &["mount", "umount", "bind", "remount", "set-attr", "open-tree", "move-mount"],
    },
    Group { key: "group.propagation", names: &["propagation"] },
    Group { key: "group.root", names: &["chroot", "chroot-only", "pivot-root", "chdir", "fchdir"] },
    Group { key: "group.process", names: &["exec", "kill", SHELL] },
    Group {
        key: "group.files",
        names: &["mkdir", "rmdir", "remove", "rename", "chmod", "symlink", "mknod", "write", "open", "close"],
    },
];

/// What is better to begin with here than the reference's example.
const HERE: &[(&str, &str)] = &[
    ("chroot", "/lab/rootfs"),
    ("chroot-only", "/lab/rootfs"),
    ("pivot-root", "{ new: /lab/rootfs, old: /lab/rootfs/old }"),
    ("mkdir", "{ path: /lab/new }"),
    (SHELL, "findmnt || cat /proc/self/mountinfo"),
];

/// One entry of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub group: &'static str,
    pub name: &'static str,
    /// What it does, in whole sentences.
    pub about: String,
    /// Its arguments, one a line.
    pub args: Vec<String>,
    /// What to begin with, behind `name: `.
    pub begin: String,
    /// Who alone can do it.
    pub only: Option<Actor>,
}

/// All of them, for a lab at this place.
pub fn items(lab: &str, lang: Lang) -> Vec<Item> {
    let entries = entries();
    let all = OPERATIONS.iter().flat_map(|group| group.names.iter().map(move |name| (group.key, *name)));
    all.map(|(group, name)| item(group, name, entries, lab, lang)).collect()
}

fn item(group: &'static str, name: &'static str, entries: &[Entry], lab: &str, lang: Lang) -> Item {
    let entry = entries.iter().find(|entry| entry.kind == Kind::Operation && entry.name == name);
    let example = EXAMPLES.iter().find(|example| example.kind == Kind::Operation && example.name == name);
    let example = example.and_then(|example| example.yaml.trim_start_matches("- ").split_once(": "));
    let here = HERE.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let begin = here.or(example.map(|(_, text)| text)).unwrap_or_default();
    Item {
        group,
        name,
        about: entry.map_or_else(|| lang.say("play.sh", &[]), |entry| entry.about_in(lang)),
        args: entry.map_or_else(Vec::new, |entry| entry.args.iter().map(|arg| entry.arg_in(arg, lang)).collect()),
        begin: moved(begin, LAB, lab),
        only: operation(&format!("{name}: {begin}")).ok().and_then(|operation| operation.only()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::line;
    use crate::session::Snapshot;

    #[test]
    fn every_operation_has_its_place_and_a_line_that_is_understood() {
        let listed: Vec<&str> = OPERATIONS.iter().flat_map(|group| group.names).copied().collect();
        for entry in entries().iter().filter(|entry| entry.kind == Kind::Operation) {
            assert_eq!(listed.iter().filter(|name| **name == entry.name).count(), 1, "{}", entry.name);
        }
        for lang in [Lang::En, Lang::Zh] {
            let items = items("/srv", lang);
            assert_eq!(items.len(), entries().iter().filter(|entry| entry.kind == Kind::Operation).count() + 1);
            for item in &items {
                assert!(!item.about.is_empty() && lang.say(item.group, &[]) != item.group, "{item:?}");
                assert!(!item.begin.contains("/lab"), "{item:?}");
                let text = format!("{}: {}", item.name, item.begin);
                let understood = line(item.only.unwrap_or(Actor::Host), &text, &Snapshot::default());
                let is_only = matches!(understood, Err(crate::play::Fault::Not("play.no-container", _)));
                assert!(understood.is_ok() || is_only, "{text}: {understood:?}");
            }
        }
    }
}
