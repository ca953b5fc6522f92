//! What was done, as a lesson that holds: its expectations are what was seen, its words a short draft in each language.

use super::{about, cause, yaml};
use crate::lesson::{
    Condition, CountSpec, EveryRow, LAB, Lesson, Named, Output, PidSpec, Proof, RowFilter, Rows, Same, Side, View,
    moved,
};
use crate::mounts::{Change, ChangeKind, Mount};
use crate::op::{Actor, Operation, errno_name};
use crate::session::{RoundRecord, SideState, held_before, holds, holds_idle, matching};
use crate::words::Lang;
use std::fmt::Write as _;

/// So many conditions about rows, and so many rows named in words, are enough for a draft.
const ROWS: usize = 4;

/// A lesson's files, and the steps (from 0) that are not in it.
pub struct Draft {
    pub files: Vec<(&'static str, String)>,
    pub left_out: Vec<usize>,
}

/// `records` are what its steps did, step by step.
pub fn draft(lesson: &Lesson, records: &[Vec<RoundRecord>], id: &str) -> Draft {
    let performed = lesson.steps.iter().zip(records).enumerate().filter_map(|(index, (step, records))| {
        let (round, record) = (step.rounds.first()?, records.last()?);
        Some(Done { index, id: &step.id, title: &lesson.step_text("en", index).title, round, record })
    });
    let (idle, done): (Vec<Done>, Vec<Done>) = performed.partition(Done::is_idle);
    let lab = lesson.host.lab.as_str();
    let files = [
        ("lesson.yaml", structure(&done, id)),
        ("en.md", words(&done, Lang::En)),
        ("zh-CN.md", words(&done, Lang::Zh)),
    ];
    // A lesson's lab is always at the same place.
    let files = files.map(|(name, text)| (name, if lab == LAB { text } else { moved(&text, lab, LAB) }));
    Draft { files: files.into(), left_out: idle.iter().map(|done| done.index).collect() }
}

/// One step that ran.
struct Done<'a> {
    index: usize,
    id: &'a str,
    title: &'a str,
    round: &'a crate::lesson::Round,
    record: &'a RoundRecord,
}

impl Done<'_> {
    /// A propagation type that every row had already: as a lesson's step it would show nothing, and `verify` refuses it.
    fn is_idle(&self) -> bool {
        let mut changes = self.record.outside.iter().chain(&self.record.inside);
        matches!(self.round.does.as_slice(), [Operation::Propagation(_)])
            && self.record.failed().is_none()
            && !changes.any(|change| change.fields.contains(&"propagation"))
    }
}

/// The steps during which a program ran in the container that ended by itself: when it does, nobody knows beforehand, so
/// nothing is expected of the inside meanwhile.
fn passing(done: &[Done]) -> Vec<bool> {
    let mut passing = vec![false; done.len()];
    let begins = |step: &Done| matches!(step.round.does.first(), Some(Operation::Exec(_)));
    for from in (0..done.len()).filter(|&index| begins(&done[index])) {
        let end = (from..done.len()).find(|&index| done[index].record.after.inside.is_none());
        let is_killed = |step: &Done| matches!(step.round.does.first(), Some(Operation::Kill(_)));
        if let Some(end) = end.filter(|&end| !is_killed(&done[end])) {
            passing[from..=end].fill(true);
        }
    }
    passing
}

fn structure(done: &[Done], id: &str) -> String {
    let mut out = format!(
        "# yaml-language-server: $schema=lesson.schema.json\n# A draft, written by nslab play: what was done and what was \
         seen.\nformat: 1\nid: {id}\nminutes: {}\n",
        done.len().max(1)
    );
    let common = super::LESSON;
    let (from, to) = (common.find("host:").unwrap_or(0), common.find("steps:").unwrap_or(0));
    out.push_str(&common[from..to]);
    out.push_str("steps:\n");
    for (step, passing) in done.iter().zip(passing(done)) {
        let actor = yaml::word(&step.round.actor);
        let _ = write!(out, "  - id: {}\n    minutes: 1\n    rounds:\n      - actor: {actor}\n", step.id);
        if !step.round.does.is_empty() {
            out.push_str("        do:\n");
            for operation in &step.round.does {
                let _ = writeln!(out, "          - {}", yaml::operation(operation));
            }
        }
        if !step.round.run.is_empty() {
            out.push_str("        run:\n");
            for line in step.round.lines() {
                let _ = writeln!(out, "          - {{ sh: {} }}", yaml::text(line));
            }
        }
        let sides: &[Side] = if passing { &[Side::Outside] } else { &[Side::Outside, Side::Inside] };
        let expected = expected(step.record, sides);
        if !expected.is_empty() {
            out.push_str("        expect:\n");
        }
        for (proof, condition) in expected {
            let key = match proof {
                Proof::Becomes => "becomes",
                Proof::Stays => "stays",
                Proof::Says => "says",
            };
            let _ = writeln!(out, "          - {key}: {}", yaml::condition(&condition));
        }
    }
    out
}

/// What may be expected because it was so, each proven by the record itself.
fn expected(record: &RoundRecord, sides: &[Side]) -> Vec<(Proof, Condition)> {
    let mut becomes = Vec::new();
    for &side in sides {
        if let (Some(before), Some(after)) = (record.before.side(side), record.after.side(side)) {
            facts(side, before, after, &mut becomes);
            rows(side, record, before, after, &mut becomes);
        }
    }
    match (&record.before.inside, &record.after.inside) {
        _ if !sides.contains(&Side::Inside) => {}
        (None, Some(inside)) => {
            becomes.push(Condition::Ended(false));
            for (kind, inode) in &inside.facts.namespaces {
                if record.after.outside.facts.namespace(kind) != Some(*inode) {
                    becomes.push(Condition::Same(Same { what: kind.clone(), is: false }));
                }
            }
        }
        (Some(_), None) => becomes.push(Condition::Ended(true)),
        _ => {}
    }
    becomes.retain(|condition| holds(condition, record) == Some(true) && held_before(condition, record) != Some(true));
    let mut says = Vec::new();
    if !record.calls.is_empty() {
        let answer = record.failed().map_or_else(|| "ok".into(), |(_, errno)| errno_name(errno));
        says.push(Condition::Errno(answer));
    }
    for command in record.commands.iter().filter(|command| command.status.is_some()) {
        says.push(Condition::Output(Output {
            of: command.line.clone(),
            has: None,
            lacks: None,
            is: None,
            is_not: None,
            status: command.status,
        }));
    }
    // What would hold had nothing been done tells nobody anything.
    says.retain(|condition| holds(condition, record) == Some(true) && !holds_idle(condition, record));
    let becomes = becomes.into_iter().map(|condition| (Proof::Becomes, condition));
    becomes.chain(says.into_iter().map(|condition| (Proof::Says, condition))).collect()
}

/// What else than rows a step changed of a side.
fn facts(side: Side, before: &SideState, after: &SideState, out: &mut Vec<Condition>) {
    let (before, after) = (&before.facts, &after.facts);
    if before.hostname != after.hostname {
        out.push(Condition::Hostname(Named { side, is: after.hostname.clone() }));
    }
    if before.root != after.root {
        out.push(Condition::Root(Named { side, is: after.root.clone() }));
    }
    if side == Side::Inside && before.program != after.program {
        let program = Some(after.program.clone());
        out.push(Condition::Pid(PidSpec { inside: None, outside_as_before: None, program }));
    }
}

/// Which rows a step added, took away or changed.
fn rows(side: Side, record: &RoundRecord, before: &SideState, after: &SideState, out: &mut Vec<Condition>) {
    let begin = out.len();
    let mut put = |filter: RowFilter| {
        let count = CountSpec::Exactly(matching(&after.table, &filter).len());
        let condition = Condition::Rows(Rows { side, view: View::Namespace, filter, count });
        if !out.contains(&condition) && out.len() < begin + ROWS {
            out.push(condition);
        }
    };
    let changes = record.changes(side);
    // Every row alike is one sentence, not one for each.
    let kinds = ["private", "shared", "slave", "unbindable"];
    let all = |kind: &str| {
        let filter = RowFilter { propagation: Some(kind.into()), ..RowFilter::default() };
        matching(&after.table, &filter).len() == after.table.len()
    };
    let changed = changes.iter().any(|change| change.fields.contains(&"propagation"));
    let every = kinds.into_iter().find(|kind| changed && changes.len() > 1 && all(kind));
    for change in changes {
        let row = |state: &SideState, row: Option<usize>| row.and_then(|row| state.table.rows().get(row)).and_then(at);
        match change.kind {
            ChangeKind::Added => put_some(row(after, change.after), &mut put),
            ChangeKind::Removed => put_some(row(before, change.before), &mut put),
            ChangeKind::Moved => put_some(row(after, change.after), &mut put),
            ChangeKind::Changed => {
                let (Some(new), Some(filter)) =
                    (change.after.and_then(|row| after.table.rows().get(row)), row(after, change.after))
                else {
                    continue;
                };
                if change.fields.contains(&"propagation") && every.is_none() {
                    let kind = kinds.into_iter().find(|kind| new.propagation().starts_with(&kind[..5]));
                    put(RowFilter { propagation: kind.map(String::from), ..filter.clone() });
                }
                if change.fields.iter().any(|field| *field != "propagation") {
                    let options = new.options().iter().map(ToString::to_string).collect();
                    put(RowFilter { options, ..filter });
                }
            }
            ChangeKind::Covered | ChangeKind::Uncovered => {}
        }
    }
    if let Some(every) = every {
        out.push(Condition::Propagation(EveryRow { side, every: every.into() }));
    }
}

fn put_some(filter: Option<RowFilter>, put: &mut dyn FnMut(RowFilter)) {
    if let Some(filter) = filter {
        put(filter);
    }
}

/// The filter that means a row by its mount point and type. None: its name is not text.
fn at(mount: &Mount) -> Option<RowFilter> {
    let target = String::from_utf8(mount.target().into_owned()).ok()?;
    Some(RowFilter { target: Some(target), fstype: Some(mount.fstype().into_owned()), ..RowFilter::default() })
}

fn words(done: &[Done], lang: Lang) -> String {
    let say = |key: &str, args: &[&str]| lang.say(key, args);
    let mut out = format!("# {}\n\n{}\n", say("draft.title", &[]), say("draft.about", &[]));
    for step in done {
        let host = step.round.actor == Actor::Host;
        let place = say(if host { "draft.on-host" } else { "draft.in-container" }, &[]);
        let what = match step.round.run.first() {
            Some(run) => say("draft.sh", &[&code(run.line())]),
            None => about(step.round, lang),
        };
        let tip = if step.record.failed().is_some() { "draft.tip-errno" } else { "draft.tip" };
        let space = if lang == Lang::En { " " } else { "" };
        let _ = write!(
            out,
            "\n## {} · {}\n\n{place}{space}{what}\n\n### see\n{}\n\n### hint\n{}\n\n### speaker\n{}\n",
            step.id,
            step.title,
            seen(step.record, lang).join(space),
            say(tip, &[]),
            say("draft.speaker", &[]),
        );
    }
    out
}

/// What a code span may hold.
fn code(text: &str) -> String {
    crate::mounts::printable(text.replace('`', "'").as_bytes())
}

/// What there is to see, as sentences.
fn seen(record: &RoundRecord, lang: Lang) -> Vec<String> {
    let mut out = Vec::new();
    let mut say = |key: &str, args: &[&str]| out.push(lang.say(key, args));
    if let Some((call, errno)) = record.failed() {
        say("draft.errno", &[&errno_name(errno)]);
        if let Some(cause) = cause(record, call, errno, lang) {
            say("draft.as-is", &[&cause]);
        }
    }
    for status in record.commands.iter().filter_map(|command| command.status) {
        say(if status == 0 { "draft.well" } else { "draft.ill" }, &[]);
    }
    match (&record.before.inside, &record.after.inside) {
        (None, Some(_)) => say("draft.came", &[]),
        (Some(_), None) => say("draft.went", &[]),
        _ => {}
    }
    let mut changed = false;
    for (side, name) in [(Side::Outside, "outside"), (Side::Inside, "inside")] {
        let (Some(before), Some(after)) = (record.before.side(side), record.after.side(side)) else { continue };
        for (kinds, key) in [
            (&[ChangeKind::Added][..], "added"),
            (&[ChangeKind::Removed], "removed"),
            (&[ChangeKind::Changed, ChangeKind::Moved], "changed"),
            (&[ChangeKind::Covered], "covered"),
            (&[ChangeKind::Uncovered], "uncovered"),
        ] {
            let changes: Vec<&Change> =
                record.changes(side).iter().filter(|change| kinds.contains(&change.kind)).collect();
            if changes.is_empty() {
                continue;
            }
            changed = true;
            let key = format!("draft.{name}-{key}");
            say(&key, &[&targets(&changes, before, after, lang)]);
        }
        let (before, after) = (&before.facts, &after.facts);
        if before.hostname != after.hostname {
            changed = true;
            say(&format!("draft.{name}-hostname"), &[&code(&after.hostname)]);
        }
        if before.root != after.root {
            changed = true;
            say("draft.root", &[&code(&after.root)]);
        }
        if side == Side::Inside && before.program != after.program {
            changed = true;
            say("draft.program", &[&code(&after.program)]);
        }
    }
    if !changed && record.before.inside.is_some() == record.after.inside.is_some() {
        say("draft.nothing", &[]);
    }
    out
}

fn targets(changes: &[&Change], before: &SideState, after: &SideState, lang: Lang) -> String {
    let target = |change: &&&Change| {
        let (table, row) = match (change.after, change.before) {
            (Some(row), _) => (&after.table, row),
            (None, row) => (&before.table, row?),
        };
        Some(format!("`{}`", code(&String::from_utf8_lossy(&table.rows().get(row)?.target()))))
    };
    let mut names: Vec<String> = changes.iter().filter_map(|change| target(&change)).collect();
    names.sort();
    names.dedup();
    let more = names.len() > ROWS;
    names.truncate(ROWS);
    let text = names.join(&lang.say("draft.comma", &[]));
    if more { lang.say("draft.more", &[&text]) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Source, SourceFile, check};
    use crate::op::lower;
    use crate::play::{items, lesson, line, with};
    use crate::session::{CallRecord, Snapshot};
    use crate::tui::page_lines;

    /// A draft of whatever was done passes the lints, with every operation and every cause that is told of.
    #[test]
    fn whatever_the_kernel_answers_the_words_pass_the_lints() {
        let mut agent = SideState::default();
        agent.facts.program = crate::lab::AGENT.into();
        let inside = Snapshot { inside: Some(std::sync::Arc::new(agent)), ..Snapshot::default() };
        let mut all = lesson();
        let mut records = vec![Vec::new()];
        let answers = (1..134).map(Err).chain([Ok(0)]);
        for item in items(LAB, Lang::En) {
            let now = if item.only == Some(Actor::Container) { &inside } else { &Snapshot::default() };
            let text = format!("{}: {}", item.name, item.begin);
            let round = line(item.only.unwrap_or(Actor::Host), &text, now).unwrap();
            for result in answers.clone() {
                let Some(call) = round.does.iter().flat_map(lower).next() else { continue };
                let calls = vec![CallRecord { call, result, micros: 1 }];
                let record = RoundRecord { actor: Some(round.actor), calls, ..RoundRecord::default() };
                // One step for each answer whose cause is told, and one without an answer that is.
                let told = crate::play::causes(&record, Lang::En).is_some();
                if told || result.is_ok() || result == Err(libc::EXFULL) {
                    all = with(&all, round.clone());
                    records.push(vec![record]);
                }
            }
        }
        assert!(records.len() > 120, "{}", records.len());
        let draft = draft(&all, &records, "all");
        let file = |name: &str| {
            let text = &draft.files.iter().find(|(known, _)| *known == name).unwrap().1;
            SourceFile { path: name.into(), text: text.clone() }
        };
        let words = ["en", "zh-CN"].map(|lang| (lang.to_string(), file(&format!("{lang}.md"))));
        let source = Source { yaml: file("lesson.yaml"), words: words.into() };
        let found: Vec<String> = check(&source, page_lines).unwrap().iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
