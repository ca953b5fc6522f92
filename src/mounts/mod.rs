//! Mount tables as values: parsed, compared, paired. No I/O.

mod diff;
mod json;
mod pair;
mod table;
mod text;
#[cfg(test)]
mod tests;

pub use diff::{Change, ChangeKind, changes, compare};
pub use json::{change_to_json, to_json};
pub use pair::{Pair, pair};
pub use table::{Mount, MountTable, Unread};
pub use text::{diff_listing, elide, listing, printable};
