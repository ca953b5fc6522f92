//! Why the kernel refused a call, where its tables tell or where there is one usual cause.

use crate::mounts::MountTable;
use crate::op::{Actor, Call, errno_name, linux};
use crate::session::RoundRecord;
use crate::words::Lang;

const PROPAGATION: u64 = linux::MS_PRIVATE | linux::MS_SLAVE | linux::MS_SHARED | linux::MS_UNBINDABLE;

/// The causes of what failed in a round.
pub fn causes(record: &RoundRecord, lang: Lang) -> Option<String> {
    let (call, errno) = record.failed()?;
    cause(record, call, errno, lang)
}

/// The cause of one answer, as one or two sentences.
pub fn cause(record: &RoundRecord, call: &Call, errno: i32, lang: Lang) -> Option<String> {
    let (kind, errno) = (kind(call), errno_name(errno));
    let table = table(record);
    let here = table.and_then(|table| situation(table, call, &errno));
    let keys = [here.map(|here| format!("cause.{kind}.{errno}.{here}")), Some(format!("cause.{kind}.{errno}"))];
    let keys = keys.into_iter().flatten().chain([format!("cause.any.{errno}")]);
    keys.into_iter().find_map(|key| lang.find(&key))
}

/// mount(2) is several operations in one.
fn kind(call: &Call) -> &'static str {
    match call {
        Call::Mount { flags, .. } if flags.0 & linux::MS_REMOUNT != 0 => "remount",
        Call::Mount { flags, .. } if flags.0 & linux::MS_BIND != 0 => "bind",
        Call::Mount { flags, .. } if flags.0 & PROPAGATION != 0 => "propagation",
        other => other.name(),
    }
}

/// The table that the caller's paths lead through.
fn table(record: &RoundRecord) -> Option<&MountTable> {
    match record.actor? {
        Actor::Host => Some(&record.before.outside.table),
        Actor::Container => record.before.inside.as_ref().map(|inside| &inside.seen),
    }
}

/// What the table says of the case, where an errno has several causes.
fn situation(table: &MountTable, call: &Call, errno: &str) -> Option<&'static str> {
    let row = |path: &str| table.rows().iter().find(|mount| *mount.target() == *path.trim_end_matches('/').as_bytes());
    let is_there = |path: &str| path == "/" || row(path).is_some();
    match (call, errno) {
        (Call::Umount { target, .. }, "EINVAL") => Some(if is_there(target) { "locked" } else { "none" }),
        (Call::PivotRoot { new, .. }, "EINVAL") if !is_there(new) => Some("none"),
        (Call::PivotRoot { new, .. }, "EINVAL") => {
            let is_shared =
                |path: &str| table.answering(path.as_bytes()).is_some_and(|row| table.rows()[row].shared.is_some());
            (is_shared("/") || is_shared(new)).then_some("shared")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::operation;
    use crate::op::lower;
    use crate::session::{CallRecord, SideState, Snapshot};
    use std::sync::Arc;

    fn failed(text: &str, errno: i32) -> RoundRecord {
        let table = "1 0 0:1 / / rw shared:1 - tmpfs host rw\n2 1 0:2 / /proc rw - proc proc rw\n";
        let state = SideState { table: MountTable::parse(table.into()), ..SideState::default() };
        let before = Snapshot { outside: Arc::new(state), inside: None };
        let call = lower(&operation(text).unwrap()).remove(0);
        let calls = vec![CallRecord { call, result: Err(errno), micros: 1 }];
        RoundRecord { actor: Some(Actor::Host), calls, before, ..RoundRecord::default() }
    }

    #[test]
    fn the_cause_fits_the_table() {
        let said = |text: &str, errno| causes(&failed(text, errno), Lang::En).unwrap_or_default();
        for (text, errno, part) in [
            ("umount: { target: /proc }", libc::EINVAL, "locked"),
            ("umount: { target: /lab }", libc::EINVAL, "no mount"),
            ("pivot-root: { new: /lab, old: /lab }", libc::EINVAL, "no mount"),
            ("pivot-root: { new: /proc, old: /proc }", libc::EINVAL, "shared"),
            ("propagation: { on: /lab, type: private }", libc::EINVAL, "no mount"),
            ("mkdir: { path: /a/b }", libc::ENOENT, "not there"),
        ] {
            assert!(said(text, errno).contains(part), "{text}: {}", said(text, errno));
        }
        assert_eq!(causes(&failed("mkdir: { path: /a }", libc::EXDEV), Lang::En), None, "nothing is made up");
    }
}
