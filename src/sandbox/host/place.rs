//! Where the lab's files are on a practice host.

use super::super::read_table;
use crate::lab::LabError;
use crate::lesson::HostKind;
use crate::lesson::LAB;
use crate::mounts::MountTable;
use std::path::{Path, PathBuf};

/// On a copy of the machine nothing can be made in `/`, so the lab lies on a directory that most machines have and few
/// use.
const PLACES: [&str; 4] = ["/srv", "/mnt", "/media", "/opt"];

/// The place on this machine. `keep` is what must stay reachable: it is not covered.
pub fn lab_place(kind: HostKind, keep: &[PathBuf]) -> Result<&'static str, LabError> {
    if kind == HostKind::Tidy {
        return Ok(LAB);
    }
    let table = std::fs::File::open("/proc/self/mountinfo")
        .and_then(|file| read_table(&file))
        .map(MountTable::parse)
        .map_err(|error| LabError::Broken(format!("read /proc/self/mountinfo: {error}")))?;
    let keep: Vec<PathBuf> = keep.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let is_directory = |path: &str| Path::new(path).symlink_metadata().is_ok_and(|data| data.is_dir());
    choose(&table, is_directory, &keep).ok_or(LabError::Refused {
        what: format!("find a place for the lab: {}", PLACES.join(", ")),
        errno: libc::EBUSY,
        key: "refused.place",
    })
}

/// The first that is a directory, holds no mount and is no way to what is kept.
fn choose(table: &MountTable, is_directory: impl Fn(&str) -> bool, keep: &[PathBuf]) -> Option<&'static str> {
    let holds_mount = |place: &str| table.rows().iter().any(|mount| mount.is_at_or_below(place.as_bytes()));
    let leads_on = |place: &str| keep.iter().any(|path| path.starts_with(place));
    PLACES.into_iter().find(|place| is_directory(place) && !holds_mount(place) && !leads_on(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(targets: &[&str]) -> MountTable {
        let rows: Vec<String> = targets
            .iter()
            .zip(1..)
            .map(|(target, id)| format!("{id} 0 8:{id} / {target} rw - ext4 /dev/x{id} rw\n"))
            .collect();
        MountTable::parse(rows.concat().into_bytes())
    }

    #[test]
    fn the_first_place_that_is_free() {
        let all = |_: &str| true;
        let choose = |targets: &[&str], is_directory: &dyn Fn(&str) -> bool, keep: &[&str]| {
            super::choose(&table(targets), is_directory, &keep.iter().map(PathBuf::from).collect::<Vec<_>>())
        };
        assert_eq!(choose(&["/"], &all, &[]), Some("/srv"));
        assert_eq!(choose(&["/"], &|path| path != "/srv", &[]), Some("/mnt"), "it must exist");
        assert_eq!(choose(&["/", "/srv"], &all, &[]), Some("/mnt"), "a mount on it");
        assert_eq!(choose(&["/", "/srv/www/data", "/mnt"], &all, &[]), Some("/media"), "a mount below it");
        assert_eq!(choose(&["/", "/srvother"], &all, &[]), Some("/srv"), "another name");
        assert_eq!(choose(&["/"], &all, &["/home/a", "/srv/class/lesson"]), Some("/mnt"), "a way to the lesson");
        assert_eq!(choose(&["/"], &all, &["/srv"]), Some("/mnt"), "the working directory itself");
        assert_eq!(choose(&["/", "/mnt/a"], &all, &["/srv", "/media/x", "/opt/x"]), None);
    }
}
