//! What was seen of two processes: now, and the changes up to now. Values only.

use super::process::{Seen, Standing};
use crate::lesson::Side;
use crate::mounts::{Change, changes};
use crate::session::{History, Marks, Snapshot};
use std::sync::Arc;

/// Both sides at one moment: the first process is outside, the second inside.
#[derive(Debug, Clone, Default)]
pub struct Both {
    pub outside: Seen,
    pub inside: Seen,
}

impl Both {
    pub fn side(&self, side: Side) -> &Seen {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot { outside: self.outside.state.clone(), inside: Some(self.inside.state.clone()) }
    }

    /// Whether both are in one mount namespace; None where that may not be known.
    pub fn share_namespace(&self) -> Option<bool> {
        Some(self.outside.namespace()? == self.inside.namespace()?)
    }

    /// Whether one of them sees a part of its mount namespace, and the rest is known.
    pub fn sees_less(&self) -> bool {
        self.outside.sees_less() || self.inside.sees_less()
    }

    /// Whether nothing at all differs.
    pub fn is(&self, other: &Both) -> bool {
        let same = |a: &Seen, b: &Seen| {
            Arc::ptr_eq(&a.state, &b.state) && a.standing == b.standing && a.refused_rest == b.refused_rest
        };
        same(&self.outside, &other.outside) && same(&self.inside, &other.inside)
    }
}

/// What became known with a new look, beside changed rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Ended(Side),
    Refused(Side),
    /// It can be read again.
    Back(Side),
    /// It joined another mount namespace: its table is another one, not a changed one.
    OtherNamespace(Side),
    /// Where it is may be known now, or may not be known any more: its table is the same all the same.
    Place(Side),
    /// chroot(2) or pivot_root(2).
    OtherRoot(Side),
    /// sethostname(2), or it joined another UTS namespace.
    OtherHostname(Side),
}

#[derive(Debug, Default)]
pub struct Watched {
    pub now: Both,
    pub marks: Arc<Marks>,
    pub history: History<Arc<Marks>>,
}

impl Watched {
    pub fn new(now: Both) -> Watched {
        let at_first = Marks { before: now.snapshot(), after: now.snapshot(), ..Marks::default() };
        Watched { now, marks: Arc::new(at_first), ..Watched::default() }
    }

    /// Takes in a new look at both. Marks stay until the next change.
    pub fn take(&mut self, now: Both) -> Vec<News> {
        let before = std::mem::replace(&mut self.now, now);
        let news = [Side::Outside, Side::Inside].into_iter().flat_map(|side| news(side, &before, &self.now)).collect();
        let marks = Marks {
            outside: between(&before.outside, &self.now.outside),
            inside: between(&before.inside, &self.now.inside),
            before: before.snapshot(),
            after: self.now.snapshot(),
            by_hand: false,
        };
        let is_change = marks.is_change();
        let is_other_table = is_other(&before.outside, &self.now.outside) || is_other(&before.inside, &self.now.inside);
        if is_change || is_other_table {
            self.marks = Arc::new(marks);
        }
        if is_change {
            self.history.push(self.marks.clone());
        }
        news
    }
}

/// Whether both are known and are not the same. What is not known any more is no other one.
fn differ<T: PartialEq>(old: Option<T>, new: Option<T>) -> bool {
    old.zip(new).is_some_and(|(old, new)| old != new)
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn is_other(before: &Seen, now: &Seen) -> bool {
    differ(before.namespace(), now.namespace())
}

fn between(before: &Seen, now: &Seen) -> Vec<Change> {
    if is_other(before, now) { Vec::new() } else { changes(before.table(), now.table()) }
}

fn news(side: Side, before: &Both, now: &Both) -> Vec<News> {
    let (before, now) = (before.side(side), now.side(side));
    match (&before.standing, &now.standing) {
        (old, new) if old == new => {}
        (_, Standing::Ended) => return vec![News::Ended(side)],
        (_, Standing::Refused(_)) => return vec![News::Refused(side)],
        (_, Standing::Live) => return vec![News::Back(side)],
    }
    let (old, new) = (&before.state.facts, &now.state.facts);
    let place = if is_other(before, now) {
        Some(News::OtherNamespace(side))
    } else if before.namespace().is_some() != now.namespace().is_some() {
        Some(News::Place(side))
    } else {
        differ(known(&old.root), known(&new.root)).then_some(News::OtherRoot(side))
    };
    let is_renamed = differ(known(&old.hostname), known(&new.hostname));
    place.into_iter().chain(is_renamed.then_some(News::OtherHostname(side))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mounts::MountTable;
    use crate::session::{Facts, SideState};

    fn seen(rows: usize, namespace: u64, root: &str) -> Seen {
        let row = |number: usize| format!("{} 1 0:{number} / /m{number} rw - tmpfs x rw\n", number + 2);
        let table = MountTable::parse((0..rows).map(row).collect::<String>().into_bytes());
        let facts = Facts { namespaces: vec![("mnt".into(), namespace)], root: root.into(), ..Facts::default() };
        Seen { state: Arc::new(SideState { seen: table.clone(), table, facts }), ..Seen::default() }
    }

    fn both(rows: usize) -> Both {
        Both { outside: seen(3, 1, "/"), inside: seen(rows, 2, "/") }
    }

    #[test]
    fn changes_are_kept_in_order_and_marks_stay() {
        let mut watched = Watched::new(both(3));
        assert_eq!(watched.take(both(4)), []);
        assert_eq!((watched.marks.inside.len(), watched.history.len()), (1, 1));
        assert_eq!(watched.take(both(4)), []);
        assert_eq!((watched.marks.inside.len(), watched.history.len()), (1, 1), "nothing is no change");
        watched.take(both(6));
        assert_eq!((watched.marks.inside.len(), watched.marks.outside.len(), watched.history.len()), (2, 0, 2));
    }

    #[test]
    fn another_namespace_is_another_table_and_no_change() {
        let mut watched = Watched::new(both(3));
        let news = watched.take(Both { inside: seen(5, 3, "/"), ..both(3) });
        assert_eq!(news, [News::OtherNamespace(Side::Inside)]);
        assert!(watched.marks.inside.is_empty() && watched.history.is_empty());
        let news = watched.take(Both { inside: seen(5, 3, "/srv"), ..both(3) });
        assert_eq!(news, [News::OtherRoot(Side::Inside)]);
        let named = |name: &str| {
            let mut seen = seen(5, 3, "/srv");
            let state = SideState::clone(&seen.state);
            seen.state = Arc::new(SideState { facts: Facts { hostname: name.into(), ..state.facts.clone() }, ..state });
            Both { inside: seen, ..both(3) }
        };
        assert_eq!(watched.take(named("web")), [], "it could not be known before");
        assert_eq!(watched.take(named("db")), [News::OtherHostname(Side::Inside)]);
        let gone = Seen { standing: Standing::Ended, ..seen(5, 3, "/srv") };
        assert_eq!(watched.take(Both { inside: gone, ..both(3) }), [News::Ended(Side::Inside)]);
    }

    /// A shell that does `exec su` is where it was, and what it mounts meanwhile is a change like any other.
    #[test]
    fn what_may_not_be_known_is_not_another_one() {
        let hidden = |rows: usize| {
            let mut seen = seen(rows, 2, "");
            Arc::make_mut(&mut seen.state).facts.namespaces.clear();
            Both { inside: seen, ..both(3) }
        };
        let mut watched = Watched::new(both(3));
        assert_eq!(watched.take(hidden(4)), [News::Place(Side::Inside)]);
        assert_eq!((watched.marks.inside.len(), watched.history.len()), (1, 1));
        assert_eq!(watched.take(hidden(5)), []);
        assert_eq!(watched.take(both(6)), [News::Place(Side::Inside)]);
        assert_eq!((watched.marks.inside.len(), watched.history.len()), (1, 3));
        // One without the other: its root directory was looked for when it might be known no more.
        assert_eq!(watched.take(Both { inside: seen(6, 2, ""), ..both(3) }), []);
        assert_eq!(watched.take(both(6)), []);
    }

    #[test]
    fn whether_both_share_a_namespace_may_not_be_known() {
        assert_eq!(both(1).share_namespace(), Some(false));
        assert_eq!(Both { outside: seen(1, 2, "/"), ..both(1) }.share_namespace(), Some(true));
        assert_eq!(Both { outside: Seen::default(), ..both(1) }.share_namespace(), None);
    }
}
