//! Predictions, judged from what the kernel did.

use super::wording::count;
use super::{RoundRecord, Snapshot, change_matches, holds, matching};
use crate::lesson::{Condition, CountSpec, Does, Fact, Prediction, QuestionText, Rows, Side};
use crate::mounts::{ChangeKind, printable};
use crate::words::Lang;
use serde::{Deserialize, Serialize};

/// What the kernel answered to a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kernel {
    /// This option, from 0. For `point` too: the options are the rows.
    Option(usize),
    /// Each line by itself.
    Ticks(Vec<bool>),
    /// The stage itself failed, or not exactly one option fits: nothing is judged.
    Void,
}

/// The rows that can be pointed at: those of the table as it is before the step, in its order.
fn pointable(before: &Snapshot, side: Side) -> Option<(&crate::mounts::MountTable, Vec<usize>)> {
    let table = &before.side(side)?.table;
    Some((table, table.tree_order().into_iter().map(|(row, _)| row).collect()))
}

/// The options in words, in order.
pub fn options(prediction: &Prediction, text: &QuestionText, before: &Snapshot, lang: Lang) -> Vec<String> {
    let words = |keys: &[&str]| keys.iter().map(|key| lang.say(key, &[])).collect();
    match prediction {
        Prediction::WhichSide { .. } => words(&["option.outside", "option.inside", "option.both", "option.neither"]),
        Prediction::RowCount { options, .. } if text.options.len() != options.len() => {
            options.iter().map(|option| count(*option, lang)).collect()
        }
        Prediction::Errno { options } if text.options.len() != options.len() => options.clone(),
        Prediction::Same { .. } => words(&["option.same", "option.different"]),
        Prediction::Point { side, .. } => pointable(before, *side)
            .map(|(table, rows)| {
                rows.iter()
                    .map(|&row| format!("{}  {}", printable(&table.rows()[row].target()), table.rows()[row].fstype()))
                    .collect()
            })
            .unwrap_or_default(),
        _ => text.options.clone(),
    }
}

/// The kernel's answer.
pub fn judge(prediction: &Prediction, rounds: &[RoundRecord]) -> Kernel {
    let Some(first) = rounds.first() else { return Kernel::Void };
    let wants_failure =
        matches!(prediction, Prediction::Errno { .. } | Prediction::Claims { .. } | Prediction::Tick { .. });
    if first.failed().is_some() && !wants_failure {
        return Kernel::Void;
    }
    match prediction {
        Prediction::WhichSide { does } => {
            let did = |side| first.changes(side).iter().any(|change| counts(*does, change.kind));
            Kernel::Option(match (did(Side::Outside), did(Side::Inside)) {
                (true, false) => 0,
                (false, true) => 1,
                (true, true) => 2,
                (false, false) => 3,
            })
        }
        Prediction::RowCount { side, view, filter, change: None, options } => only(options, |&count| {
            let rows = Rows { side: *side, view: *view, filter: filter.clone(), count };
            holds(&Condition::Rows(rows), first) == Some(true)
        }),
        Prediction::RowCount { side, filter, change: Some(does), options, .. } => {
            let (Some(before), Some(after)) = (first.before.side(*side), first.after.side(*side)) else {
                return Kernel::Void;
            };
            let found = first.changes(*side).iter().filter(|change| {
                counts(*does, change.kind) && change_matches(change, &before.table, &after.table, filter)
            });
            let found = CountSpec::Exactly(found.count());
            only(options, |option| *option == found)
        }
        Prediction::Errno { options } => {
            let answer = first.failed().map_or_else(|| "ok".into(), |(_, errno)| crate::op::errno_name(errno));
            only(options, |option| *option == answer)
        }
        Prediction::Same { what } => {
            let of = |snapshot: &Snapshot| {
                let inside = snapshot.inside.as_ref().map(|state| &state.facts);
                match what {
                    Fact::PidOutside => inside.map(|facts| facts.pid_outside.to_string()),
                    Fact::PidInside => inside.map(|facts| facts.pid_inside.to_string()),
                    Fact::HostnameOutside => Some(snapshot.outside.facts.hostname.clone()),
                    Fact::HostnameInside => inside.map(|facts| facts.hostname.clone()),
                    Fact::Program => inside.map(|facts| facts.program.clone()),
                }
            };
            match (of(&first.before), of(&first.after)) {
                (Some(before), Some(after)) => Kernel::Option(usize::from(before != after)),
                _ => Kernel::Void,
            }
        }
        Prediction::Point { side, filter } => match pointable(&first.before, *side) {
            Some((table, rows)) => {
                let meant = matching(table, filter);
                only(&rows, |row| meant.contains(row))
            }
            None => Kernel::Void,
        },
        Prediction::Tick { items } => {
            Kernel::Ticks(items.iter().map(|item| holds(item, first) == Some(true)).collect())
        }
        Prediction::Claims { options } => {
            only(options, |claims| claims.iter().all(|condition| holds(condition, first) == Some(true)))
        }
    }
}

/// The one option that fits. None or several: the question has no answer.
fn only<T>(options: &[T], fits: impl Fn(&T) -> bool) -> Kernel {
    let fitting: Vec<usize> = (0..options.len()).filter(|&index| fits(&options[index])).collect();
    match fitting.as_slice() {
        [only] => Kernel::Option(*only),
        _ => Kernel::Void,
    }
}

fn counts(does: Does, kind: ChangeKind) -> bool {
    match does {
        Does::Gains => kind == ChangeKind::Added,
        Does::Loses => kind == ChangeKind::Removed,
        Does::Changes => matches!(kind, ChangeKind::Changed | ChangeKind::Moved),
    }
}
