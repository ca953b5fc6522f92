//! What a change did to both tables.

use super::{RoundRecord, Snapshot};
use crate::lesson::Side;
use crate::mounts::Change;
use std::sync::Arc;

/// What the last change did, on each side.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    pub before: Snapshot,
    pub after: Snapshot,
    pub outside: Vec<Change>,
    pub inside: Vec<Change>,
    pub by_hand: bool,
}

impl Marks {
    /// What happened between two moments.
    pub fn between(before: &Snapshot, after: &Snapshot, by_hand: bool) -> Marks {
        let RoundRecord { before, after, outside, inside, .. } = RoundRecord::between(before.clone(), after.clone());
        Marks { before, after, outside, inside, by_hand }
    }

    pub(super) fn of(record: &RoundRecord) -> Marks {
        Marks {
            before: record.before.clone(),
            after: record.after.clone(),
            outside: record.outside.clone(),
            inside: record.inside.clone(),
            by_hand: false,
        }
    }

    pub fn on(&self, side: Side) -> &[Change] {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }

    /// Whether a row changed.
    pub fn is_change(&self) -> bool {
        !self.outside.is_empty() || !self.inside.is_empty()
    }

    /// Whether a table changed, came, went, or is seen from another root directory.
    pub fn show_something(&self) -> bool {
        let root = |snapshot: &Snapshot| snapshot.inside.as_ref().map(|state| state.facts.root.clone());
        self.is_change() || root(&self.before) != root(&self.after)
    }
}

/// One change of this sandbox, to be looked at again.
#[derive(Debug, Clone)]
pub struct Moment {
    pub step: usize,
    pub marks: Arc<Marks>,
}

impl AsRef<Marks> for Moment {
    fn as_ref(&self) -> &Marks {
        &self.marks
    }
}
