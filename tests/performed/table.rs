//! Two mount tables in a form that is the same on every practice host.

use nslab::mounts::MountTable;
use std::collections::HashMap;

/// Both sides after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    pub outside: Vec<String>,
    /// None: there is no container.
    pub inside: Option<Vec<String>>,
}

impl Tables {
    /// Rows in order, parents by their row's number; anonymous devices and peer groups numbered by first appearance, on
    /// both sides together, since a group may have members on both.
    pub fn new(outside: &MountTable, inside: Option<&MountTable>) -> Tables {
        let (mut devices, mut groups) = (HashMap::new(), HashMap::new());
        let mut rows = |table: &MountTable| rows(table, &mut devices, &mut groups);
        Tables { outside: rows(outside), inside: inside.map(rows) }
    }

    /// Which rows differ.
    pub fn difference(&self, other: &Tables) -> String {
        let side = |name: &str, ours: &[String], theirs: &[String]| {
            let rows = (0..ours.len().max(theirs.len())).filter(|row| ours.get(*row) != theirs.get(*row));
            let rows = rows.map(|row| {
                format!("  {name} {row}\n    lesson:  {:?}\n    listing: {:?}\n", ours.get(row), theirs.get(row))
            });
            rows.collect::<String>()
        };
        let empty = Vec::new();
        let inside = side("inside", self.inside.as_ref().unwrap_or(&empty), other.inside.as_ref().unwrap_or(&empty));
        side("outside", &self.outside, &other.outside) + &inside
    }
}

fn rows(table: &MountTable, devices: &mut HashMap<String, usize>, groups: &mut HashMap<String, usize>) -> Vec<String> {
    assert!(table.unread().is_empty(), "lines that are no rows");
    let numbers: HashMap<u64, usize> = table.rows().iter().enumerate().map(|(number, row)| (row.id, number)).collect();
    let number_in = |map: &mut HashMap<String, usize>, key: &str| {
        let next = map.len() + 1;
        *map.entry(key.into()).or_insert(next)
    };
    let row = |row: &nslab::mounts::Mount| {
        let line = String::from_utf8_lossy(row.raw()).into_owned();
        let (head, tail) = line.split_once(" - ").unwrap();
        let mut fields = head.split(' ').skip(2);
        let device = fields.next().unwrap();
        let device = match device.strip_prefix("0:") {
            Some(anonymous) => format!("anonymous {}", number_in(devices, anonymous)),
            None => device.into(),
        };
        let parent = numbers.get(&row.parent).map_or("none".into(), ToString::to_string);
        let rest: Vec<String> = fields
            .map(|field| match field.split_once(':') {
                Some((name @ ("shared" | "master" | "propagate_from"), group)) => {
                    format!("{name}:{}", number_in(groups, group))
                }
                _ => field.into(),
            })
            .collect();
        format!("in {parent}, {device}, {} - {tail}", rest.join(" "))
    };
    table.rows().iter().map(row).collect()
}
