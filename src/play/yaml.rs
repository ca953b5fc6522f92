//! Operations and conditions as somebody would write them into a lesson: on one line, and nothing that goes without
//! saying.

use crate::lesson::Condition;
use crate::op::Operation;
use crate::reference::{Kind, entries};
use serde::Serialize;
use serde_yaml::{Mapping, Value};

/// `mount: { type: tmpfs, on: /mnt }`.
pub fn operation(operation: &Operation) -> String {
    let (name, value) = only(value(operation));
    let entry = entries().iter().find(|entry| entry.kind == Kind::Operation && entry.name == name);
    let must = |arg: &str| entry.is_none_or(|entry| entry.args.iter().any(|known| known.name == arg && known.required));
    let value = match value {
        Value::Mapping(args) => {
            let said = |(key, value): &(Value, Value)| must(key.as_str().unwrap_or_default()) || !goes_without(value);
            Value::Mapping(args.into_iter().filter(said).collect())
        }
        other => other,
    };
    format!("{name}: {}", flow(&value))
}

/// `{ rows: { side: inside, where: { target: /mnt }, count: 1 } }`.
pub fn condition(condition: &Condition) -> String {
    flow(&said(value(condition)))
}

/// What an operation is about: a path where it has one.
pub fn object(operation: &Operation) -> String {
    let (_, value) = only(value(operation));
    let Value::Mapping(args) = value else { return words(&value) };
    let keys = ["on", "target", "to", "at", "path", "new", "kind", "fd", "pid", "uid"];
    keys.iter().find_map(|key| args.get(*key)).map(words).unwrap_or_default()
}

/// A word of a lesson: `host`, `inside`.
pub fn word<T: Serialize>(word: &T) -> String {
    words(&value(word))
}

/// A text as it stands in YAML: bare where it cannot be mistaken.
pub fn text(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let is_text = || serde_yaml::from_str::<Value>(text).is_ok_and(|value| value.as_str() == Some(text));
    // YAML 1.1 readers take these for true and false.
    let is_trap = ["y", "n", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if begins && text.chars().all(plain) && !is_trap && is_text() {
        text.into()
    } else {
        serde_json::to_string(text).unwrap_or_default()
    }
}

fn value<T: Serialize>(of: &T) -> Value {
    serde_yaml::with::singleton_map_recursive::serialize(of, serde_yaml::value::Serializer).unwrap_or(Value::Null)
}

/// The key and the value of a map with one key.
fn only(value: Value) -> (String, Value) {
    match value {
        Value::Mapping(map) => map
            .into_iter()
            .next()
            .map_or((String::new(), Value::Null), |(key, value)| (key.as_str().unwrap_or_default().into(), value)),
        other => (String::new(), other),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Sequence(items) => items.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::String(text) => text.clone(),
        other => flow(other),
    }
}

fn goes_without(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(map) => map.is_empty(),
        _ => false,
    }
}

/// Without what a condition says by itself.
fn said(value: Value) -> Value {
    let Value::Mapping(map) = value else { return value };
    let keep = |key: &Value, value: &Value| match (key.as_str(), value) {
        (Some("none"), Value::Bool(none)) => *none,
        (Some("view"), Value::String(view)) => view != "namespace",
        (_, Value::Bool(_)) => true,
        (_, value) => !goes_without(value),
    };
    let parts = map.into_iter().map(|(key, value)| (key, said(value)));
    Value::Mapping(parts.filter(|(key, value)| keep(key, value)).collect::<Mapping>())
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(it) => text(it),
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(map) => {
            let parts = map.iter().map(|(key, value)| format!("{}: {}", key.as_str().unwrap_or_default(), flow(value)));
            format!("{{ {} }}", parts.collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => number.to_string(),
        Value::Bool(bool) => bool.to_string(),
        _ => "null".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::EXAMPLES;

    /// What is written is read as the same, for every operation; what is required stays, empty or not.
    #[test]
    fn operations_come_back_as_they_were() {
        let mut texts: Vec<String> = EXAMPLES
            .iter()
            .filter(|example| example.kind == Kind::Operation)
            .map(|example| example.yaml.trim_start_matches("- ").to_string())
            .collect();
        texts.extend(
            [
                "clone: { new: [] }",
                "unshare: []",
                "exec: { path: /bin/sh, args: [] }",
                "remount: { on: /, flags: [] }",
                "write: { path: /lab/a, text: \"a # b: 'c' \\\"d\\\" `e`\\n\\t容器\" }",
                "hostname: \"yes\"",
                "hostname: \"on\"",
                "hostname: \"12\"",
                "hostname: \"1e3\"",
                "rmdir: \"- x\"",
                "kill: { pid: 1, signal: 0 }",
                "mkdir: { path: \"/lab/a, b}\", mode: \"0700\" }",
            ]
            .map(String::from),
        );
        for text in texts {
            let read = crate::lesson::operation(&text).unwrap();
            let written = operation(&read);
            assert_eq!(crate::lesson::operation(&written).unwrap(), read, "{text} became {written}");
        }
    }

    #[test]
    fn nothing_is_said_that_goes_without_saying() {
        let short = |text: &str| operation(&crate::lesson::operation(text).unwrap());
        assert_eq!(
            short("mount: { type: tmpfs, on: /mnt, flags: [], source: null }"),
            "mount: { type: tmpfs, on: /mnt }"
        );
        assert_eq!(short("umount: { target: /mnt, lazy: false }"), "umount: { target: /mnt }");
        let none: Condition = serde_json::from_str(r#"{"change":{"side":"outside","none":true}}"#).unwrap();
        assert_eq!(condition(&none), "{ change: { side: outside, none: true } }");
        let runs: Condition = serde_json::from_str(r#"{"ended":false}"#).unwrap();
        assert_eq!(condition(&runs), "{ ended: false }");
    }
}
