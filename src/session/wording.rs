//! A condition in words, for `verify` and for readers.

use crate::lesson::{
    AllWord, ChangeCount, Choice, Condition, CountSpec, CountWord, FileSpec, RowFilter, Side, TieKind,
};
use crate::op::{Actor, lower};
use crate::words::Lang;

/// What an expectation says, as one sentence without a full stop.
pub fn in_words(condition: &Condition, lang: Lang) -> String {
    let side = |side: Side| lang.say(if side == Side::Outside { "side.outside" } else { "side.inside" }, &[]);
    match condition {
        Condition::Rows(rows) => {
            lang.say("cond.rows", &[&side(rows.side), &count(rows.count, lang), &filter(&rows.filter, lang)])
        }
        Condition::Change(spec) if spec.none => lang.say("cond.no-change", &[&side(spec.side)]),
        Condition::Change(spec) => {
            let parts: Vec<_> = [
                ("added", spec.added),
                ("removed", spec.removed),
                ("changed", spec.changed),
                ("covered", spec.covered),
            ]
            .into_iter()
            .filter_map(|(word, number)| {
                let number = match number? {
                    ChangeCount::Exactly(number) => number.to_string(),
                    ChangeCount::Word(AllWord::All) => lang.say("count.all", &[]),
                };
                Some(lang.say(&format!("cond.{word}"), &[&number]))
            })
            .collect();
            lang.say("cond.change", &[&side(spec.side), &parts.join(", "), &filter(&spec.filter, lang)])
        }
        Condition::Propagation(every) => lang.say("cond.every", &[&side(every.side), &every.every]),
        Condition::Errno(name) if name == "ok" => lang.say("cond.ok", &[]),
        Condition::Errno(name) => lang.say("cond.errno", &[name]),
        Condition::Output(output) => {
            let mut parts = Vec::new();
            for (key, text) in [
                ("cond.has", &output.has),
                ("cond.lacks", &output.lacks),
                ("cond.is", &output.is),
                ("cond.is-not", &output.is_not),
            ] {
                if let Some(text) = text {
                    parts.push(lang.say(key, &[text]));
                }
            }
            if let Some(status) = output.status {
                parts.push(lang.say("cond.status", &[&status.to_string()]));
            }
            lang.say("cond.output", &[&output.of, &parts.join(", ")])
        }
        Condition::File(file) => self::file(file, &side(file.side), lang),
        Condition::Hostname(named) => lang.say("cond.hostname", &[&side(named.side), &named.is]),
        Condition::Root(named) => lang.say("cond.root", &[&side(named.side), &named.is]),
        Condition::Same(same) => lang.say(if same.is { "cond.same" } else { "cond.different" }, &[&same.what]),
        Condition::Tie(tie) => {
            let key = match tie.is {
                TieKind::Peers => "cond.peers",
                TieKind::Slave => "cond.slave",
                TieKind::None => "cond.no-tie",
            };
            lang.say(key, &[&side(tie.from.side), &tie.from.target, &side(tie.to.side), &tie.to.target])
        }
        Condition::Pid(spec) => {
            let mut parts = Vec::new();
            if let Some(pid) = spec.inside {
                parts.push(lang.say("cond.pid-inside", &[&pid.to_string()]));
            }
            if let Some(same) = spec.outside_as_before {
                parts.push(lang.say(if same { "cond.pid-kept" } else { "cond.pid-new" }, &[]));
            }
            if let Some(program) = &spec.program {
                parts.push(lang.say("cond.program", &[program]));
            }
            parts.join(", ")
        }
        Condition::Ended(true) => lang.say("cond.ended", &[]),
        Condition::Ended(false) => lang.say("cond.runs", &[]),
    }
}

fn file(file: &FileSpec, side: &str, lang: Lang) -> String {
    if file.exists == Some(false) {
        return lang.say("cond.no-file", &[side, &file.path]);
    }
    let mut parts = Vec::new();
    for (key, text) in [("cond.file-is", &file.is), ("cond.file-has", &file.has)] {
        parts.extend(text.as_ref().map(|text| lang.say(key, &[text])));
    }
    if let Some(kind) = file.kind {
        parts.push(lang.say(&format!("kind.{}", kind.name()), &[]));
    }
    parts.extend(file.mode.map(|mode| lang.say("cond.mode", &[&String::from(mode)])));
    parts.extend(file.owner.map(|owner| lang.say("cond.owner", &[&owner.to_string()])));
    parts.extend(file.size.map(|size| lang.say("cond.size", &[&size.to_string()])));
    parts.extend(file.entries.as_ref().map(|names| match names.as_slice() {
        [] => lang.say("cond.empty", &[]),
        names => lang.say("cond.entries", &[&names.join(" ")]),
    }));
    parts.extend(file.opaque.map(|opaque| lang.say(if opaque { "cond.opaque" } else { "cond.not-opaque" }, &[])));
    if parts.is_empty() {
        return lang.say("cond.file", &[side, &file.path]);
    }
    lang.say("cond.file-state", &[side, &file.path, &parts.join(", ")])
}

/// A number of rows, as conditions and options of a question say it.
pub fn count(count: CountSpec, lang: Lang) -> String {
    match count {
        CountSpec::Exactly(number) => number.to_string(),
        CountSpec::Word(CountWord::AsOutside) => lang.say("count.as-outside", &[]),
        CountSpec::Word(CountWord::AsBefore) => lang.say("count.as-before", &[]),
        CountSpec::Word(CountWord::OneMore) => lang.say("count.one-more", &[]),
        CountSpec::Word(CountWord::Some) => lang.say("count.some", &[]),
    }
}

fn filter(filter: &RowFilter, lang: Lang) -> String {
    let mut parts = Vec::new();
    for (key, value) in [
        ("where.target", &filter.target),
        ("where.type", &filter.fstype),
        ("where.source", &filter.source),
        ("where.root", &filter.root),
        ("where.propagation", &filter.propagation),
        ("where.answers", &filter.answers),
    ] {
        if let Some(value) = value {
            parts.push(lang.say(key, &[value]));
        }
    }
    parts.extend(filter.options.iter().chain(&filter.super_options).map(|option| lang.say("where.option", &[option])));
    if let Some(covered) = filter.covered {
        parts.push(lang.say(if covered { "where.covered" } else { "where.uncovered" }, &[]));
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// An operation that a task offers: who, and the calls.
pub fn choice_in_words(choice: &Choice, lang: Lang) -> String {
    let who = lang.say(if choice.actor == Actor::Host { "choice.host" } else { "choice.container" }, &[]);
    let calls: Vec<String> = lower(&choice.does).iter().map(ToString::to_string).collect();
    lang.say("choice.does", &[&who, &calls.join("; ")])
}
