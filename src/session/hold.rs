//! Whether a condition holds, judged from what was recorded. What is undefined does not hold.

use super::{CommandRecord, FileState, RoundRecord, Snapshot};
use crate::lesson::{
    AllWord, ChangeCount, Condition, CountSpec, CountWord, FileKind, FileSpec, Place, RowFilter, Side, TieKind, View,
};
use crate::mounts::{Change, ChangeKind, MountTable};
use crate::op::errno_name;

/// Whether a condition holds after a round. None: the question has no answer yet (no container, no such command).
pub fn holds(condition: &Condition, round: &RoundRecord) -> Option<bool> {
    at(condition, round, true)
}

/// Whether a condition about a state held before the round. Conditions about results have no answer then.
pub fn held_before(condition: &Condition, round: &RoundRecord) -> Option<bool> {
    match condition {
        Condition::Change(_) | Condition::Errno(_) | Condition::Output(_) => None,
        _ => at(condition, round, false),
    }
}

/// Whether a condition would hold as well had the round done nothing: both sides as they were before it, no call made, and
/// each of its commands silent.
pub fn holds_idle(condition: &Condition, round: &RoundRecord) -> bool {
    let silent = |command: &CommandRecord| CommandRecord { output: String::new(), status: None, ..command.clone() };
    let idle = RoundRecord {
        commands: round.commands.iter().map(silent).collect(),
        files_before: round.files_before.clone(),
        files_after: round.files_before.clone(),
        ..RoundRecord::between(round.before.clone(), round.before.clone())
    };
    holds(condition, &idle) == Some(true)
}

fn at(condition: &Condition, round: &RoundRecord, after: bool) -> Option<bool> {
    let now = if after { &round.after } else { &round.before };
    match condition {
        Condition::Rows(rows) => {
            let count = |snapshot: &Snapshot, side: Side, view: View| {
                snapshot.side(side).map(|state| {
                    let table = if view == View::Process { &state.seen } else { &state.table };
                    matching(table, &rows.filter).len()
                })
            };
            let found = count(now, rows.side, rows.view)?;
            Some(match &rows.count {
                CountSpec::Exactly(wanted) => found == *wanted,
                CountSpec::Word(CountWord::Some) => found > 0,
                CountSpec::Word(CountWord::AsOutside) => found == count(now, Side::Outside, View::Namespace)?,
                CountSpec::Word(CountWord::AsBefore) => found == count(&round.before, rows.side, rows.view)?,
                CountSpec::Word(CountWord::OneMore) => found == count(&round.before, rows.side, rows.view)? + 1,
            })
        }
        Condition::Change(spec) => {
            let (before, after) = (round.before.side(spec.side)?, round.after.side(spec.side)?);
            let changes = round.changes(spec.side);
            let count = |kinds: &[ChangeKind]| {
                changes
                    .iter()
                    .filter(|change| {
                        kinds.contains(&change.kind)
                            && change_matches(change, &before.table, &after.table, &spec.filter)
                    })
                    .count()
            };
            let asked = [
                (spec.added, count(&[ChangeKind::Added])),
                (spec.removed, count(&[ChangeKind::Removed])),
                (spec.changed, count(&[ChangeKind::Changed, ChangeKind::Moved])),
                (spec.covered, count(&[ChangeKind::Covered])),
            ];
            let numbers = asked.iter().all(|(wanted, found)| match wanted {
                None => true,
                Some(ChangeCount::Exactly(wanted)) => wanted == found,
                Some(ChangeCount::Word(AllWord::All)) => *found == before.table.len(),
            });
            Some(numbers && (!spec.none || changes.is_empty()))
        }
        Condition::Propagation(every) => {
            let table = &now.side(every.side)?.table;
            Some(
                !table.rows().is_empty()
                    && table.rows().iter().all(|mount| propagation_is(&mount.propagation(), &every.every)),
            )
        }
        Condition::Errno(wanted) => {
            let answer = round.failed().map_or_else(|| "ok".to_string(), |(_, errno)| errno_name(errno));
            (!round.calls.is_empty()).then_some(answer == *wanted)
        }
        Condition::Output(output) => {
            let command = round.commands.iter().find(|command| command.line == output.of)?;
            let text = command.output.trim_end_matches('\n');
            Some(
                output.has.as_ref().is_none_or(|part| text.contains(part.as_str()))
                    && output.lacks.as_ref().is_none_or(|part| !text.contains(part.as_str()))
                    && output.is.as_ref().is_none_or(|whole| text == whole)
                    && output.is_not.as_ref().is_none_or(|whole| text != whole)
                    && output.status.is_none_or(|status| command.status == Some(status)),
            )
        }
        Condition::File(file) => {
            let files = if after { &round.files_after } else { &round.files_before };
            let seen = files.iter().find(|seen| seen.side == file.side && seen.path == file.path)?;
            Some(file_is(file, seen.state.as_ref()))
        }
        Condition::Hostname(named) => Some(now.side(named.side)?.facts.hostname == named.is),
        Condition::Root(named) => Some(now.side(named.side)?.facts.root == named.is),
        Condition::Same(same) => {
            let (outside, inside) = (&now.outside, now.inside.as_ref()?);
            let equal = match same.what.as_str() {
                "hostname" => outside.facts.hostname == inside.facts.hostname,
                "rows" => same_rows(&outside.table, &inside.table),
                kind => outside.facts.namespace(kind)? == inside.facts.namespace(kind)?,
            };
            Some(equal == same.is)
        }
        Condition::Tie(tie) => {
            let top = |place: &Place| {
                let table = &now.side(place.side)?.table;
                let row = (0..table.len())
                    .find(|&row| *table.rows()[row].target() == *place.target.as_bytes() && !table.covered(row))?;
                Some(&table.rows()[row])
            };
            let (from, to) = (top(&tie.from)?, top(&tie.to)?);
            let found = if from.shared.is_some() && from.shared == to.shared {
                TieKind::Peers
            } else if from.shared.is_some() && from.shared == to.master {
                TieKind::Slave
            } else {
                TieKind::None
            };
            Some(found == tie.is)
        }
        Condition::Pid(spec) => {
            let facts = &now.inside.as_ref()?.facts;
            let before = round.before.inside.as_ref().map(|state| state.facts.pid_outside);
            Some(
                spec.inside.is_none_or(|pid| pid == facts.pid_inside)
                    && spec.outside_as_before.is_none_or(|same| same == (before == Some(facts.pid_outside)))
                    && spec.program.as_ref().is_none_or(|program| *program == facts.program),
            )
        }
        Condition::Ended(ended) => Some(now.inside.is_none() == *ended),
    }
}

/// The rows that a filter means.
pub fn matching(table: &MountTable, filter: &RowFilter) -> Vec<usize> {
    let answering = filter.answers.as_ref().map(|path| table.answering(path.as_bytes()));
    (0..table.len())
        .filter(|&row| {
            let mount = &table.rows()[row];
            let is =
                |wanted: &Option<String>, have: &[u8]| wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == have);
            is(&filter.target, &mount.target())
                && is(&filter.source, &mount.source())
                && is(&filter.root, &mount.root())
                && filter.fstype.as_ref().is_none_or(|wanted| *wanted == mount.fstype())
                && filter.propagation.as_ref().is_none_or(|wanted| propagation_is(&mount.propagation(), wanted))
                && filter.covered.is_none_or(|covered| covered == table.covered(row))
                && filter.options.iter().all(|option| mount.options().iter().any(|have| have == option))
                && filter
                    .super_options
                    .iter()
                    .all(|option| mount.super_options().iter().any(|have| **have == *option.as_bytes()))
                && answering.as_ref().is_none_or(|found| *found == Some(row))
        })
        .collect()
}

/// Whether a change is about a row that a filter means.
pub fn change_matches(change: &Change, before: &MountTable, after: &MountTable, filter: &RowFilter) -> bool {
    match (change.after, change.before) {
        (Some(row), _) => matching(after, filter).contains(&row),
        (None, Some(row)) => matching(before, filter).contains(&row),
        (None, None) => false,
    }
}

fn file_is(wanted: &FileSpec, found: Option<&FileState>) -> bool {
    // Of what could not be looked into, nothing is known.
    let open = found.filter(|state| !state.closed);
    let text = open.map(|state| state.text.trim_end_matches('\n'));
    let has = |part: &String| text.is_some_and(|text| text.contains(part.as_str()));
    let of = |wanted: &dyn Fn(&FileState) -> bool| found.is_some_and(wanted);
    let within = |wanted: &dyn Fn(&FileState) -> bool| open.is_some_and(wanted);
    wanted.exists.is_none_or(|exists| exists == found.is_some())
        && wanted.is.as_ref().is_none_or(|whole| text == Some(whole.as_str()))
        && wanted.has.as_ref().is_none_or(has)
        && wanted.kind.is_none_or(|kind| of(&|state| state.kind == kind))
        && wanted.mode.is_none_or(|mode| of(&|state| state.mode == mode.0))
        && wanted.owner.is_none_or(|owner| of(&|state| state.owner == owner))
        && wanted.size.is_none_or(|size| of(&|state| state.kind == FileKind::File && state.size == size))
        && wanted.entries.as_ref().is_none_or(|entries| within(&|state| state.entries == *entries))
        && wanted.opaque.is_none_or(|opaque| within(&|state| state.opaque == opaque))
}

fn propagation_is(cell: &str, wanted: &str) -> bool {
    match wanted {
        "private" => cell == "private",
        "shared" => cell.starts_with("shared") || cell.starts_with("sh+sl"),
        "slave" => cell.starts_with("slave") || cell.starts_with("sh+sl"),
        "unbindable" => cell == "unbind",
        _ => false,
    }
}

fn same_rows(one: &MountTable, other: &MountTable) -> bool {
    let rows = |table: &MountTable| {
        let of = |mount: &crate::mounts::Mount| {
            (
                mount.target().into_owned(),
                mount.root().into_owned(),
                mount.source().into_owned(),
                mount.major,
                mount.minor,
            )
        };
        // In the order in which tables are shown: the kernel's own follows the history of a namespace.
        table.tree_order().into_iter().map(|(row, _)| of(&table.rows()[row])).collect::<Vec<_>>()
    };
    rows(one) == rows(other)
}
