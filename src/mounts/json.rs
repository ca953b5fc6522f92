//! A mount as JSON, whatever bytes its names hold.

use super::diff::Change;
use super::table::MountTable;
use base64::Engine;
use serde_json::{Value, json};

/// A string where the bytes are UTF-8, else `{"base64": …}`.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.into()),
        Err(_) => json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }),
    }
}

/// One row.
pub fn to_json(table: &MountTable, row: usize) -> Value {
    let mount = &table.rows()[row];
    json!({
        "id": mount.id,
        "parent": mount.parent,
        "major": mount.major,
        "minor": mount.minor,
        "root": bytes(&mount.root()),
        "target": bytes(&mount.target()),
        "options": mount.options(),
        "shared": mount.shared,
        "master": mount.master,
        "propagate_from": mount.propagate_from,
        "unbindable": mount.unbindable,
        "fstype": mount.fstype(),
        "source": bytes(&mount.source()),
        "super_options": mount.super_options().iter().map(|option| bytes(option)).collect::<Vec<_>>(),
        "covered": table.covered(row),
    })
}

/// One change: `{"kind", "fields", "before", "after"}`.
pub fn change_to_json(before: &MountTable, after: &MountTable, change: &Change) -> Value {
    json!({
        "kind": change.kind.name(),
        "fields": change.fields,
        "before": change.before.map(|row| to_json(before, row)),
        "after": change.after.map(|row| to_json(after, row)),
    })
}
