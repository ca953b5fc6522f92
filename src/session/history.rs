//! The changes that can be walked through, whoever made them: a program that mounts in a loop fills no memory.

use super::Marks;
use std::collections::VecDeque;

/// How many rows are kept, of all changes together: each has tables of its own.
const KEPT_ROWS: usize = 200_000;

/// Oldest first. A change keeps its number, from 0, however many before it were forgotten.
#[derive(Debug)]
pub struct History<T> {
    kept: VecDeque<T>,
    forgotten: usize,
    rows: usize,
}

impl<T> Default for History<T> {
    fn default() -> History<T> {
        History { kept: VecDeque::new(), forgotten: 0, rows: 0 }
    }
}

impl<T: AsRef<Marks>> History<T> {
    /// The oldest go when they all are too large; the last one is kept, whatever it takes.
    pub fn push(&mut self, change: T) {
        self.rows += rows(change.as_ref());
        self.kept.push_back(change);
        while self.rows > KEPT_ROWS && self.kept.len() > 1 {
            self.rows -= self.kept.pop_front().map_or(0, |oldest| rows(oldest.as_ref()));
            self.forgotten += 1;
        }
    }

    pub fn clear(&mut self) {
        *self = History::default();
    }

    /// How many there were, with those that are forgotten.
    pub fn len(&self) -> usize {
        self.forgotten + self.kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A change by its number, with its number: instead of one that is forgotten, the oldest that is kept.
    pub fn get(&self, number: usize) -> Option<(usize, &T)> {
        let number = number.max(self.forgotten);
        Some((number, self.kept.get(number - self.forgotten)?))
    }

    /// From a change so many further, or from now; None is now. `is_shown`: the last one is what is marked now.
    pub fn walk(&self, from: Option<usize>, by: i32, is_shown: bool) -> Option<usize> {
        let now = self.len() - usize::from(is_shown && !self.is_empty());
        let from = from.map_or(now, |number| number.max(self.forgotten));
        let at = from.saturating_add_signed(by as isize).max(self.forgotten);
        (at < now).then_some(at)
    }
}

/// What a change takes: its tables, and one row more for each that is marked, so that none takes nothing.
fn rows(marks: &Marks) -> usize {
    let after = &marks.after;
    let inside = after.inside.as_ref().map_or(0, |state| state.table.len());
    1 + after.outside.table.len() + inside + marks.outside.len() + marks.inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mounts::MountTable;
    use crate::session::{SideState, Snapshot};
    use std::sync::Arc;

    fn marks(rows: usize) -> Arc<Marks> {
        let row = |number: usize| format!("{} 1 0:{number} / /m{number} rw - tmpfs x rw\n", number + 2);
        let table = MountTable::parse((0..rows).map(row).collect::<String>().into_bytes());
        let outside = Arc::new(SideState { seen: table.clone(), table, ..SideState::default() });
        Arc::new(Marks { after: Snapshot { outside, inside: None }, ..Marks::default() })
    }

    /// However large each of them is.
    #[test]
    fn memory_is_bounded_and_the_last_is_always_there() {
        for (rows, count) in [(0, KEPT_ROWS + 9), (40_000, 9), (KEPT_ROWS + 1, 3)] {
            let (mut history, one) = (History::default(), marks(rows));
            (0..count).for_each(|_| history.push(one.clone()));
            assert_eq!((history.len(), history.kept.len()), (count, (KEPT_ROWS / (rows + 1)).max(1)));
        }
    }

    #[test]
    fn a_number_means_the_same_change_for_ever() {
        let mut history = History::default();
        let all: Vec<_> = (0..9).map(|number| marks(40_000 + number)).collect();
        let is = |history: &History<_>, number: usize, found: usize| {
            let (at, change) = history.get(number).unwrap();
            at == found && Arc::ptr_eq(change, &all[found])
        };
        history.push(all[0].clone());
        history.push(all[1].clone());
        assert!(is(&history, 0, 0) && is(&history, 1, 1) && history.get(2).is_none());
        all[2..].iter().for_each(|change| history.push(change.clone()));
        // Four are kept.
        assert!(is(&history, 0, 5) && is(&history, 5, 5) && is(&history, 8, 8) && history.get(9).is_none());
        history.clear();
        assert!(history.is_empty() && history.get(0).is_none());
    }

    #[test]
    fn walking_ends_at_the_oldest_and_at_now() {
        let mut history = History::default();
        assert_eq!(history.walk(None, -1, true), None);
        history.push(marks(1));
        assert_eq!(history.walk(None, -1, true), None, "it is what is shown");
        assert_eq!(history.walk(None, -1, false), Some(0));
        (0..8).for_each(|number| history.push(marks(40_000 + number)));
        assert_eq!(history.walk(None, -1, true), Some(7));
        assert_eq!(history.walk(None, -1, false), Some(8));
        assert_eq!(history.walk(Some(7), 1, true), None);
        assert_eq!(history.walk(Some(7), -9, true), Some(5));
        // One that is forgotten meanwhile is walked on from as the oldest.
        assert_eq!(history.walk(Some(1), 1, true), Some(6));
    }
}
