//! One row of a mount table in words.

use super::scene::Scene;
use super::shape::reach;
use crate::lesson::Side;
use crate::mounts::{Mount, printable};
use crate::op::MountFlags;
use crate::session::Shown;
use crate::words::Lang;

/// Short phrases, for the line under the tables.
pub fn in_words(mount: &Mount, lang: Lang) -> Vec<String> {
    let root = printable(&mount.root());
    let id = lang.say("words.id", &[&mount.id.to_string(), &mount.parent.to_string()]);
    let device = lang.say("words.device", &[&device(mount)]);
    let part = if root == "/" { lang.say("words.whole", &[]) } else { lang.say("words.part", &[&root]) };
    vec![id, device, part, propagation(mount, lang, "words")]
}

fn device(mount: &Mount) -> String {
    format!("{}:{}", mount.major, mount.minor)
}

fn propagation(mount: &Mount, lang: Lang, family: &str) -> String {
    let say = |key: &str, args: &[&str]| lang.say(&format!("{family}.{key}"), args);
    let number = |group: Option<u64>| group.map_or(String::new(), |group| group.to_string());
    let (shared, master) = (number(mount.shared), number(mount.master));
    match (mount.shared, mount.master) {
        (Some(_), Some(_)) => say("shared-slave", &[&shared, &master]),
        (Some(_), None) => say("shared", &[&shared]),
        (None, Some(_)) => say("slave", &[&master]),
        (None, None) if mount.unbindable => say("unbindable", &[]),
        (None, None) => say("private", &[]),
    }
}

/// All that is said of a row when it is explained.
pub fn explain(scene: &Scene, side: Side, row: usize, lang: Lang) -> Vec<String> {
    let mut out = fields(scene.side(side), row, lang);
    out.push(lang.say("explain.reach", &[&reach(scene, side, row, lang)]));
    out
}

/// Field by field, in the order of the kernel's row: what it says, and what that means here.
fn fields(shown: &Shown, row: usize, lang: Lang) -> Vec<String> {
    let Some(mount) = shown.mount(row) else { return Vec::new() };
    let target = printable(&mount.target());
    let parent = shown.table.rows().iter().find(|other| other.id == mount.parent && other.id != mount.id);
    let parent_id = mount.parent.to_string();
    let parent = match parent {
        Some(parent) => lang.say("explain.parent", &[&parent_id, &printable(&parent.target())]),
        None => lang.say("explain.no-parent", &[&parent_id]),
    };
    let root = printable(&mount.root());
    let fstype = printable(mount.fstype().as_bytes());
    let source = printable(&mount.source());
    let super_options: Vec<String> = mount.super_options().iter().map(|option| printable(option)).collect();
    let device_key = if mount.major == 0 { "explain.device-none" } else { "explain.device" };
    let root_key = match root.as_str() {
        "/" => "explain.root-whole",
        _ if root.ends_with("//deleted") => "explain.root-deleted",
        _ => "explain.root-part",
    };
    let target_key = if shown.is_renamed(row) { "explain.point-renamed" } else { "explain.point" };
    let source_key = if source.starts_with('/') { "explain.source-device" } else { "explain.source" };
    let namespace_target = printable(&shown.table.rows()[row].target());
    let mut out = vec![
        lang.say("explain.id", &[&mount.id.to_string()]),
        parent,
        lang.say(device_key, &[&device(mount)]),
        lang.say(root_key, &[&root, &source]),
        lang.say(target_key, &[&target, &namespace_target]),
        lang.say("explain.options", &[&options(mount, lang)]),
        propagation(mount, lang, "explain"),
        lang.say(type_key(&fstype), &[&fstype]),
        lang.say(source_key, &[&source]),
        lang.say("explain.super", &[&super_options.join(",")]),
    ];
    if !shown.is_removed(row) && shown.now.covered(row) {
        out.push(lang.say("explain.covered", &[]));
    }
    if shown.is_out_of_view(row) {
        out.push(lang.say("explain.out-of-view", &[]));
    }
    out
}

fn type_key(fstype: &str) -> &'static str {
    match fstype {
        "tmpfs" | "ramfs" => "explain.type-memory",
        "proc" | "sysfs" | "cgroup" | "cgroup2" | "devpts" | "mqueue" | "securityfs" | "debugfs" | "tracefs"
        | "bpf" => "explain.type-kernel",
        "overlay" => "explain.type-overlay",
        _ => "explain.type",
    }
}

/// Each option, with what it forbids or does where that has a flag.
fn options(mount: &Mount, lang: Lang) -> String {
    let words = |option: &str| {
        let flag = MountFlags::FAMILY.iter().find(|flag| flag.word == option)?;
        Some(if lang == Lang::Zh { flag.zh } else { flag.en })
    };
    let all: Vec<String> = mount
        .options()
        .iter()
        .map(|option| match (option.as_ref(), words(option)) {
            ("rw", _) => lang.say("explain.rw", &[]),
            (option, Some(words)) => lang.say("explain.option", &[option, words]),
            (option, None) => printable(option.as_bytes()),
        })
        .collect();
    all.into_iter().reduce(|all, part| lang.say("explain.and", &[&all, &part])).unwrap_or_default()
}
