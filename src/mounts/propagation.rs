//! Peer groups as letters, and the way a mount event travels (mount_namespaces(7)).
//!
//! A group's number means the same in every mount namespace, so rows of several tables are read together.

use super::table::MountTable;
use std::collections::{BTreeSet, HashMap};

/// A row: which table, and which row in it.
pub type Place = (usize, usize);

/// What is known of the peer groups of some tables.
pub struct Groups<'a> {
    tables: &'a [&'a MountTable],
    /// The groups' places in order of first appearance: A, B, C …
    order: HashMap<u64, usize>,
    members: HashMap<u64, Vec<Place>>,
    slaves: HashMap<u64, Vec<Place>>,
}

/// How one row is tied, in letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ties {
    /// The group it is a member of: events travel both ways.
    pub member: Option<String>,
    /// The group it receives from: events travel one way.
    pub receives: Option<String>,
    /// The nearest group on that way of which the reader of the table sees a member, if it is not the same.
    pub through: Option<String>,
    pub unbindable: bool,
}

impl<'a> Groups<'a> {
    /// Names the groups: those of a table's rows in the order in which the table is drawn, one table after the other.
    pub fn of(tables: &'a [&'a MountTable]) -> Self {
        let mut groups = Self { tables, order: HashMap::new(), members: HashMap::new(), slaves: HashMap::new() };
        for (table, rows) in tables.iter().enumerate() {
            for (row, _) in rows.tree_order() {
                let mount = &rows.rows()[row];
                for group in [mount.shared, mount.master, mount.propagate_from].into_iter().flatten() {
                    let next = groups.order.len();
                    groups.order.entry(group).or_insert(next);
                }
                for (group, index) in [(mount.shared, &mut groups.members), (mount.master, &mut groups.slaves)] {
                    if let Some(group) = group {
                        index.entry(group).or_default().push((table, row));
                    }
                }
            }
        }
        groups
    }

    /// The letter of a group's number.
    pub fn letter(&self, group: u64) -> Option<String> {
        self.order.get(&group).copied().map(letters)
    }

    pub fn ties(&self, (table, row): Place) -> Ties {
        let mount = &self.tables[table].rows()[row];
        let name = |group: Option<u64>| group.and_then(|group| self.letter(group));
        Ties {
            member: name(mount.shared),
            receives: name(mount.master),
            through: name(mount.propagate_from),
            unbindable: mount.unbindable,
        }
    }

    /// Where a mount made below this row appears too: at its peers, at their slaves, at the peers of those, and so on.
    /// The row itself is not among them.
    pub fn reached(&self, from: Place) -> Vec<Place> {
        let group_of = |(table, row): Place| self.tables[table].rows()[row].shared;
        let mut found = BTreeSet::new();
        let mut known = BTreeSet::new();
        let mut waiting: Vec<u64> = group_of(from).into_iter().collect();
        while let Some(group) = waiting.pop() {
            if !known.insert(group) {
                continue;
            }
            for &place in [&self.members, &self.slaves].into_iter().filter_map(|index| index.get(&group)).flatten() {
                found.insert(place);
                waiting.extend(group_of(place));
            }
        }
        found.remove(&from);
        found.into_iter().collect()
    }
}

/// `A`, `<- A`, `B <- A`, `<- C (A)`, `unbindable`, `private`.
impl std::fmt::Display for Ties {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.member.clone());
        parts.extend(self.receives.as_ref().map(|group| format!("<- {group}")));
        parts.extend(self.through.as_ref().map(|group| format!("({group})")));
        match parts.is_empty() {
            true if self.unbindable => f.pad("unbindable"),
            true => f.pad("private"),
            false => f.pad(&parts.join(" ")),
        }
    }
}

/// 0 is A, 25 is Z, 26 is AA.
fn letters(mut number: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(b'A' + (number % 26) as u8);
        match number / 26 {
            0 => break,
            rest => number = rest - 1,
        }
    }
    out.reverse();
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&str]) -> MountTable {
        let raw: String = rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let (target, ties) = row.split_once(' ').unwrap_or((row, ""));
                let parent = if index == 0 { 99 } else { 1 };
                let ties = if ties.is_empty() { String::new() } else { format!("{ties} ") };
                format!("{} {parent} 0:9 / {target} rw {ties}- tmpfs x rw\n", index + 1)
            })
            .collect();
        let table = MountTable::parse(raw.into_bytes());
        assert!(table.unread().is_empty() && table.len() == rows.len());
        table
    }

    /// Two namespaces: outside in group 40; inside a slave that is shared again as 7, with a peer, and behind it a
    /// slave of its own, whose further slave is read where 51 cannot be seen.
    fn tables() -> (MountTable, MountTable) {
        let outside = table(&["/ shared:12", "/tree shared:40"]);
        let inside = table(&[
            "/ master:12",
            "/copy shared:7 master:40",
            "/far master:51 propagate_from:7",
            "/mid shared:51 master:7",
            "/none",
            "/tree shared:7 master:40",
            "/unb unbindable",
        ]);
        (outside, inside)
    }

    #[test]
    fn letters_come_in_the_order_of_first_appearance() {
        let (outside, inside) = tables();
        let both = [&outside, &inside];
        let groups = Groups::of(&both);
        let of = |table: usize, row: usize| groups.ties((table, row)).to_string();
        assert_eq!([of(0, 0), of(0, 1)], ["A", "B"]);
        let inside: Vec<String> = (0..7).map(|row| of(1, row)).collect();
        assert_eq!(inside, ["<- A", "C <- B", "<- D (C)", "D <- C", "private", "C <- B", "unbindable"]);
        assert_eq!(groups.letter(51).as_deref(), Some("D"));
        assert_eq!(groups.letter(999), None);
    }

    #[test]
    fn an_event_travels_to_peers_and_down_to_slaves_but_never_up() {
        let (outside, inside) = tables();
        let both = [&outside, &inside];
        let groups = Groups::of(&both);
        assert_eq!(groups.reached((0, 1)), [(1, 1), (1, 2), (1, 3), (1, 5)], "from the top: all the way down");
        assert_eq!(groups.reached((1, 5)), [(1, 1), (1, 2), (1, 3)], "from inside: not to the host");
        assert_eq!(groups.reached((1, 3)), [(1, 2)]);
        assert_eq!(groups.reached((1, 2)), [], "a slave sends nothing");
        assert_eq!(groups.reached((1, 4)), [], "nor does a private row");
    }

    /// No kernel makes it, but a file may hold it.
    #[test]
    fn groups_that_receive_from_each_other_end() {
        let round = table(&["/ shared:1 master:2", "/a shared:2 master:1"]);
        let tables = [&round];
        assert_eq!(Groups::of(&tables).reached((0, 0)), [(0, 1)]);
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
