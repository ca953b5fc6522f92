//! Playing without a script: a lesson in memory that grows by a step with each operation that somebody performs. So the
//! tables, the marks, the shells, back and the receipt are those of every lesson.

mod cause;
mod draft;
mod line;
mod palette;
mod script;
mod write;
mod yaml;

pub use cause::{cause, causes};
pub use line::{Fault, impossible, line};
pub use palette::{Group, Item, OPERATIONS, items};
pub use write::{told, write};

use crate::lesson::{Lesson, Round, Source, SourceFile, Step, StepText, parse_source};
use crate::op::Operation;
use crate::reference::entries;
use crate::words::Lang;
use std::collections::BTreeMap;

const LESSON: &str = include_str!("lesson.yaml");

/// How it begins: what is prepared, and one step that performs nothing.
pub fn lesson() -> Lesson {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let words = [("en", include_str!("en.md")), ("zh-CN", include_str!("zh-CN.md"))];
    let words: BTreeMap<_, _> = words.into_iter().map(|(lang, text)| (lang.into(), file(lang, text))).collect();
    let source = Source { yaml: file("play", LESSON), words };
    let mut lesson = parse_source(&source).expect("the lesson that comes with nslab can be read");
    lesson.steps[0].rounds.clear();
    lesson
}

/// The same with one step more.
pub fn with(lesson: &Lesson, round: Round) -> Lesson {
    let mut lesson = lesson.clone();
    let id = format!("{}-{}", name(&round), lesson.steps.len());
    let title = title(&round);
    for (lang, text) in [(Lang::En, "en"), (Lang::Zh, "zh-CN")] {
        let Some(words) = lesson.texts.get_mut(text) else { continue };
        words
            .steps
            .insert(id.clone(), StepText { title: title.clone(), text: about(&round, lang), ..StepText::default() });
    }
    lesson.steps.push(Step {
        id,
        minutes: 1,
        predict: None,
        rounds: vec![round],
        paged: false,
        focus: Vec::new(),
        layers: None,
        variants: Vec::new(),
        task: None,
    });
    lesson
}

/// What a round does, as it was typed: `host mount: { type: tmpfs, on: /mnt }`.
pub fn as_typed(round: &Round) -> String {
    let actor = yaml::word(&round.actor);
    let does = round.does.iter().map(yaml::operation);
    let runs = round.lines().map(|line| format!("sh: {line}"));
    format!("{actor} {}", does.chain(runs).collect::<Vec<_>>().join("; "))
}

/// The operation's name as a lesson has it; `sh` for a shell's line.
fn name(round: &Round) -> String {
    round.does.first().map_or_else(|| "sh".into(), operation_name)
}

fn operation_name(operation: &Operation) -> String {
    yaml::operation(operation).split(':').next().unwrap_or_default().to_string()
}

/// `mount /lab/data`: the operation, and what it is about.
fn title(round: &Round) -> String {
    let text = match round.does.first() {
        Some(operation) => format!("{} {}", operation_name(operation), yaml::object(operation)),
        None => round.lines().collect::<Vec<_>>().join("; "),
    };
    // A heading is one line without code.
    let text = crate::mounts::printable(text.trim().replace('`', "'").as_bytes());
    crate::wrap::cut_with(&text, 40, "..")
}

/// What such an operation does at all, in whole sentences.
fn about(round: &Round, lang: Lang) -> String {
    let name = name(round);
    match entries().iter().find(|entry| entry.name == name && entry.kind == crate::reference::Kind::Operation) {
        Some(entry) => entry.about_in(lang),
        None => lang.say("play.sh", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::operation;
    use crate::op::Actor;

    fn round(text: &str) -> Round {
        let does = vec![operation(text).unwrap()];
        Round { actor: Actor::Host, does, run: Vec::new(), types: Vec::new(), expect: Vec::new() }
    }

    #[test]
    fn each_operation_is_a_step_more() {
        let begin = lesson();
        assert_eq!((begin.steps.len(), begin.steps[0].rounds.len()), (1, 0));
        let one = with(&begin, round("mount: { type: tmpfs, on: /mnt, flags: [] }"));
        let two = with(&one, round("hostname: box"));
        assert_eq!(two.steps[..2], one.steps[..]);
        assert_eq!(two.steps[1].id, "mount-1");
        assert_eq!(two.step_text("en", 1).title, "mount /mnt");
        assert!(two.step_text("zh-CN", 1).text.contains("挂载一个新的文件系统"));
        assert_eq!(as_typed(&two.steps[1].rounds[0]), "host mount: { type: tmpfs, on: /mnt }");
        assert_eq!(as_typed(&two.steps[2].rounds[0]), "host hostname: box");
    }
}
