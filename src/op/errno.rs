//! Errno as data: its name, its number, and its general meaning. The cause in a given situation
//! belongs to the lesson.

use nix::errno::Errno;

/// The name of an errno: `EPERM`.
pub fn errno_name(number: i32) -> String {
    match Errno::from_raw(number) {
        Errno::UnknownErrno => format!("errno {number}"),
        errno => format!("{errno:?}"),
    }
}

/// What the C library says of an errno.
pub fn errno_meaning(number: i32) -> &'static str {
    Errno::from_raw(number).desc()
}
