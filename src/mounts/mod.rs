//! Mount tables as values: parsed, compared, paired. No I/O.

mod diff;
mod json;
mod pair;
mod propagation;
#[cfg(test)]
mod proptests;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub use diff::{Change, ChangeKind, changes, compare};
pub use json::{change_to_json, to_json};
pub use pair::{Pair, pair, pair_by_point};
pub use propagation::{Groups, Ties};
pub use row::Mount;
pub use table::MountTable;
pub use text::{diff_listing, elide, listing, printable, printable_json, printable_line, propagation_listing};
