//! Lints: what a lesson that reads well may still get wrong.

use super::{Lesson, Prediction, StepText};
use std::collections::BTreeSet;

/// Words that terms.zh-CN rules out, with what to write.
const FORBIDDEN: [(&str, &str); 8] = [
    ("名称空间", "命名空间"),
    ("名字空间", "命名空间"),
    ("挂载列表", "挂载表"),
    ("映像", "镜像"),
    ("懒卸载", "延迟卸载"),
    ("档案系统", "文件系统"),
    ("您", "你"),
    ("execv() 系统调用", "execve 是系统调用，execv 是库函数"),
];

/// What is wrong, one sentence each; empty: nothing.
pub fn check(lesson: &Lesson) -> Vec<String> {
    let mut found = Vec::new();
    for language in ["en", "zh-CN"] {
        let Some(text) = lesson.texts.get(language) else {
            found.push(format!("{language}.md is missing"));
            continue;
        };
        let have: BTreeSet<_> = text.steps.keys().map(String::as_str).collect();
        let want: BTreeSet<_> = lesson.steps.iter().map(|step| step.id.as_str()).collect();
        found.extend(want.difference(&have).map(|id| format!("{language}.md: the step {id} has no words")));
        found.extend(have.difference(&want).map(|id| format!("{language}.md: {id} is no step of lesson.yaml")));
        for step in &lesson.steps {
            let Some(words) = text.steps.get(&step.id) else { continue };
            let at = format!("{language}.md: {}", step.id);
            if words.text.is_empty() || words.title.is_empty() {
                found.push(format!("{at}: the text or the title is empty"));
            }
            if words.see.len() != step.rounds.len() {
                found.push(format!(
                    "{at}: {} rounds need as many ### see, there are {}",
                    step.rounds.len(),
                    words.see.len()
                ));
            }
            if words.hints.is_empty() || words.hints.iter().any(|hint| hint.chars().count() > 200) {
                found.push(format!("{at}: hints are missing, or one is longer than 200 characters"));
            }
            if words.speaker.is_empty() {
                found.push(format!("{at}: ### speaker is missing"));
            }
            if let Some(prediction) = &step.predict {
                check_prediction(&at, prediction, words, &mut found);
            }
            for variant in &step.variants {
                match words.variants.get(&variant.id) {
                    Some(text) if !text.why.is_empty() => {}
                    _ => found.push(format!("{at}: ### break {} needs a question and a paragraph why", variant.id)),
                }
            }
            if let Some(id) = words.variants.keys().find(|id| !step.variants.iter().any(|variant| variant.id == **id)) {
                found.push(format!("{at}: ### break {id} names no variant"));
            }
        }
    }
    if let (Some(en), Some(zh)) = (lesson.texts.get("en"), lesson.texts.get("zh-CN")) {
        for (id, one) in &en.steps {
            let Some(other) = zh.steps.get(id) else { continue };
            for (what, english, chinese) in sections(one, other) {
                let (a, b) = (spans(&english), spans(&chinese));
                if a != b {
                    let only: Vec<_> = a.symmetric_difference(&b).cloned().collect();
                    found.push(format!(
                        "{id}: {what}: the code spans differ between the languages: {}",
                        only.join(", ")
                    ));
                }
            }
            if (one.hints.len(), one.options.len()) != (other.hints.len(), other.options.len()) {
                found.push(format!("{id}: the languages have different numbers of hints or options"));
            }
        }
        let whole = serde_json::to_string(zh).unwrap_or_default();
        for (bad, good) in FORBIDDEN.iter().filter(|(bad, _)| whole.contains(bad)) {
            found.push(format!("zh-CN.md: write {good}, not {bad}"));
        }
    }
    found
}

fn check_prediction(at: &str, prediction: &Prediction, words: &StepText, found: &mut Vec<String>) {
    if words.question.is_empty() {
        found.push(format!("{at}: the prediction has no question"));
    }
    let (options, worded) = match prediction {
        Prediction::Claims { options } => (options.len(), true),
        Prediction::Tick { items } => (items.len(), true),
        Prediction::RowCount { options, .. } => (options.len(), false),
        Prediction::Errno { options } => (options.len(), false),
        Prediction::WhichSide { .. } => (4, false),
        Prediction::Same { .. } => (2, false),
        Prediction::Point { .. } => return,
    };
    if worded && words.options.len() != options {
        found.push(format!("{at}: {options} options in lesson.yaml, {} in words", words.options.len()));
    }
    if !matches!(prediction, Prediction::Tick { .. }) && words.feedback.len() + 1 < options {
        found.push(format!("{at}: every option that can lose needs ### if N: {} of {options}", words.feedback.len()));
    }
}

fn sections(one: &StepText, other: &StepText) -> Vec<(String, String, String)> {
    let mut all = vec![
        ("text".to_string(), one.text.clone(), other.text.clone()),
        (
            "predict".to_string(),
            one.question.clone() + &one.options.join(" "),
            other.question.clone() + &other.options.join(" "),
        ),
        ("see".to_string(), one.see.join(" "), other.see.join(" ")),
        ("hint".to_string(), one.hints.join(" "), other.hints.join(" ")),
    ];
    for (key, text) in &one.feedback {
        all.push((format!("if {key}"), text.clone(), other.feedback.get(key).cloned().unwrap_or_default()));
    }
    for (key, text) in &one.variants {
        let other = other.variants.get(key).cloned().unwrap_or_default();
        all.push((
            format!("break {key}"),
            format!("{} {}", text.question, text.why),
            format!("{} {}", other.question, other.why),
        ));
    }
    all
}

fn spans(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(String::from).collect()
}
