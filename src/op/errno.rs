//! Errno as data: its name, its number, and its general meaning. The cause in a given situation
//! belongs to the lesson.

use nix::errno::Errno;

/// Linux returns no greater errno.
const LAST: i32 = 4095;

/// The name of an errno: `EPERM`.
pub fn errno_name(number: i32) -> String {
    match Errno::from_raw(number) {
        Errno::UnknownErrno => format!("errno {number}"),
        errno => format!("{errno:?}"),
    }
}

/// The number of an errno by its name: what [`errno_name`] undoes.
pub fn errno_number(name: &str) -> Option<i32> {
    match name.strip_prefix("errno ") {
        Some(number) => number.parse().ok(),
        None => (1..=LAST).find(|&number| errno_name(number) == name),
    }
}

/// What the C library says of an errno.
pub fn errno_meaning(number: i32) -> &'static str {
    Errno::from_raw(number).desc()
}
