//! Looks at a file of a side from outside.

use super::sys;
use crate::lesson::FileKind;
use crate::session::FileState;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{SFlag, fstat, major, minor};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

/// Of a file no more than this is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The file at a path below the root directory of a process. `host` is a process whose user namespace numbers owners.
///
/// # Errors
/// What the kernel answers, ENOENT above all.
pub fn look(pid: i32, host: i32, path: &str) -> std::io::Result<FileState> {
    let root = File::open(format!("/proc/{pid}/root"))?;
    // Links in the practice host's files lead within it, never onto the machine's paths.
    let open = |flags: OFlag| -> std::io::Result<OwnedFd> {
        let how =
            OpenHow::new().flags(flags | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW).resolve(ResolveFlag::RESOLVE_IN_ROOT);
        Ok(openat2(&root, path, how)?)
    };
    // A place first: opening a device could do something, and a whiteout cannot be opened at all.
    let place = open(OFlag::O_PATH)?;
    let stat = fstat(&place)?;
    let mut state = FileState {
        kind: FileKind::Special,
        mode: stat.st_mode & 0o7777,
        owner: owner(host, stat.st_uid),
        text: String::new(),
        entries: Vec::new(),
        opaque: false,
    };
    match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFREG => {
            state.kind = FileKind::File;
            let mut bytes = Vec::new();
            File::from(open(OFlag::O_RDONLY | OFlag::O_NONBLOCK)?).take(LONGEST).read_to_end(&mut bytes)?;
            state.text = String::from_utf8_lossy(&bytes).into_owned();
        }
        SFlag::S_IFDIR => {
            state.kind = FileKind::Directory;
            let directory = open(OFlag::O_RDONLY | OFlag::O_DIRECTORY)?;
            state.opaque = ["trusted.overlay.opaque", "user.overlay.opaque"]
                .iter()
                .any(|name| sys::attribute(directory.as_fd(), name).is_ok_and(|value| value == b"y"));
            state.entries = names(directory)?;
        }
        SFlag::S_IFLNK => {
            state.kind = FileKind::Link;
            state.text = nix::fcntl::readlinkat(&place, "")?.to_string_lossy().into_owned();
        }
        SFlag::S_IFCHR if (major(stat.st_rdev), minor(stat.st_rdev)) == (0, 0) => state.kind = FileKind::Whiteout,
        _ => {}
    }
    Ok(state)
}

fn names(directory: OwnedFd) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in nix::dir::Dir::from_fd(directory)?.into_iter() {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A machine's user number as the user namespace of a process has it (user_namespaces(7)).
fn owner(pid: i32, number: u32) -> u32 {
    const OVERFLOW: u32 = 65534;
    let Ok(map) = std::fs::read_to_string(format!("/proc/{pid}/uid_map")) else { return OVERFLOW };
    let ranges = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?, numbers.next()?))
    });
    let found = ranges.into_iter().find_map(|(inside, outside, count)| {
        number.checked_sub(outside).filter(|offset| *offset < count).map(|offset| inside + offset)
    });
    found.unwrap_or(OVERFLOW)
}
