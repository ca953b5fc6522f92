//! The JSON Schema of a lesson, and what it says of each name, as flat entries.

use super::Kind;
use crate::lesson::Lesson;
use schemars::schema_for;
use serde_json::{Map, Value};

/// One name that a lesson can use.
pub struct Entry {
    pub kind: Kind,
    pub name: String,
    pub about: String,
    pub args: Vec<Arg>,
}

pub struct Arg {
    /// Empty where the value itself is meant.
    pub name: String,
    pub kind: String,
    pub required: bool,
    pub about: String,
}

pub fn lesson() -> Value {
    schema_for!(Lesson).to_value()
}

/// All of them, kind by kind.
pub fn entries() -> Vec<Entry> {
    let root = lesson();
    let schema = Definitions { root: &root };
    let mut out = Vec::new();
    for (kind, name) in [(Kind::Operation, "Operation"), (Kind::Condition, "Condition")] {
        for variant in list(schema.named(name), "oneOf") {
            let Some((name, inner)) = properties(variant).next() else { continue };
            out.push(Entry { kind, name: name.clone(), about: about(variant), args: schema.args(inner) });
        }
    }
    for (name, part) in properties(schema.named("Expectation"))
        .filter(|(name, _)| ["becomes", "stays", "says"].contains(&name.as_str()))
    {
        let rest = properties(schema.named("Expectation"))
            .filter(|(name, _)| !["becomes", "stays", "says"].contains(&name.as_str()));
        let mut args = vec![schema.arg("", part, true)];
        args.extend(rest.map(|(name, part)| schema.arg(name, part, false)));
        out.push(Entry { kind: Kind::Expectation, name: name.clone(), about: about(part), args });
    }
    for variant in list(schema.named("Prediction"), "oneOf") {
        let name = variant["properties"]["ask"]["const"].as_str().unwrap_or_default().to_string();
        out.push(Entry { kind: Kind::Prediction, name, about: about(variant), args: schema.args(variant) });
    }
    for variant in list(schema.named("Run"), "anyOf") {
        let inner = schema.resolve(variant);
        let name = properties(inner).next().map_or("words", |(name, _)| name).to_string();
        let about = if about(variant).is_empty() { about(inner) } else { about(variant) };
        out.push(Entry { kind: Kind::Command, name, about, args: schema.args(inner) });
    }
    for (name, part) in properties(schema.named("Task")) {
        let required = is_required(schema.named("Task"), name);
        out.push(Entry {
            kind: Kind::Task,
            name: name.clone(),
            about: about(part),
            args: vec![schema.arg("", part, required)],
        });
    }
    let parts = [
        ("lesson", &root),
        ("host", schema.named("HostSpec")),
        ("stacks", schema.named("Column")),
        ("step", schema.named("Step")),
        ("layers", schema.named("Layers")),
        ("round", schema.named("Round")),
        ("broken-by", schema.named("Breaker")),
        ("break", schema.named("Variant")),
        ("where", schema.named("RowFilter")),
    ];
    for (name, part) in parts {
        out.push(Entry { kind: Kind::Part, name: name.into(), about: about(part), args: schema.args(part) });
    }
    // Kind by kind, however they were found.
    out.sort_by_key(|entry| entry.kind as u8);
    out
}

struct Definitions<'a> {
    root: &'a Value,
}

impl<'a> Definitions<'a> {
    fn named(&self, name: &str) -> &'a Value {
        &self.root["$defs"][name]
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            Some(name) => self.named(name),
            None => schema,
        }
    }

    /// What stands in a map's keys; the value itself if it is no map.
    fn args(&self, schema: &'a Value) -> Vec<Arg> {
        let schema = self.resolve(schema);
        if schema["properties"].is_null() {
            return vec![self.arg("", schema, true)];
        }
        let mut args: Vec<Arg> =
            properties(schema).map(|(name, part)| self.arg(name, part, is_required(schema, name))).collect();
        args.sort_by_key(|arg| !arg.required);
        args
    }

    fn arg(&self, name: &str, schema: &'a Value, required: bool) -> Arg {
        let about = if name.is_empty() { String::new() } else { about(schema) };
        Arg { name: name.into(), kind: self.kind(schema), required, about }
    }

    /// A type as somebody who writes YAML would name it.
    fn kind(&self, schema: &'a Value) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            if let Some((_, ours)) = NAMES.iter().find(|(theirs, _)| *theirs == name) {
                return (*ours).into();
            }
            return self.kind(self.named(name));
        }
        if let Some(word) = schema["const"].as_str() {
            return word.into();
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if schema[key].is_array() {
                let kinds: Vec<String> =
                    list(schema, key).map(|part| self.kind(part)).filter(|kind| kind != "null").collect();
                return kinds.join(" | ");
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => {
                kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("value")
            }
            kind => kind.as_str().unwrap_or("value"),
        };
        match kind {
            "string" => "text".into(),
            "integer" => "number".into(),
            "boolean" => "true | false".into(),
            "array" => format!("list of: {}", self.kind(&schema["items"])),
            "object" if schema["properties"].is_object() => {
                let mut keys = properties(schema);
                match (keys.next(), keys.next()) {
                    (Some((name, part)), None) => format!("{{ {name}: {} }}", self.kind(part)),
                    _ => format!(
                        "{{ {} }}",
                        properties(schema).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
                    ),
                }
            }
            "object" => format!("map of names to {}", self.kind(&schema["additionalProperties"])),
            other => other.into(),
        }
    }
}

/// Parts that have an entry of their own.
const NAMES: [(&str, &str); 14] = [
    ("Operation", "operation"),
    ("Condition", "condition"),
    ("Expectation", "expectation"),
    ("Prediction", "question"),
    ("Run", "command"),
    ("Task", "task"),
    ("Step", "step"),
    ("Round", "round"),
    ("Variant", "variant (break)"),
    ("Breaker", "broken-by"),
    ("RowFilter", "filter (where)"),
    ("HostSpec", "host"),
    ("Column", "stacks"),
    ("Layers", "layers"),
];

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_string()
}

fn is_required(schema: &Value, name: &str) -> bool {
    list(schema, "required").any(|required| required == name)
}

fn list<'a>(schema: &'a Value, key: &str) -> std::slice::Iter<'a, Value> {
    schema[key].as_array().map_or([].iter(), |items| items.iter())
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    schema["properties"].as_object().unwrap_or(&NONE).iter()
}
