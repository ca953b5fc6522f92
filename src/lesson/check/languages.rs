//! Lints that hold the languages against each other: the same headings, code and numbers.

use super::super::{Lesson, LessonError, QuestionText, StepText};
use super::place::Places;
use std::collections::BTreeSet;

pub fn check(lesson: &Lesson, en: &Places, zh: &Places, found: &mut Vec<LessonError>) {
    let (Some(english), Some(chinese)) = (lesson.texts.get("en"), lesson.texts.get("zh-CN")) else { return };
    if english.after.is_empty() != chinese.after.is_empty() {
        found.push(zh.top("one language has a closing page (## after), the other has none".into()));
    }
    for (id, one) in &english.steps {
        let Some(other) = chinese.steps.get(id) else { continue };
        for section in sections(one, other) {
            let Section { name, english, chinese } = section;
            let (a, b) = (spans(&english), spans(&chinese));
            if a != b {
                let only: Vec<_> = a.symmetric_difference(&b).cloned().collect();
                let what = format!("{name}: these code spans stand in one language only: {}", only.join(", "));
                found.push(zh.heading(id, &name, what));
            }
            let missing: Vec<_> = digits(&english).difference(&numbers_zh(&chinese)).cloned().collect();
            if !missing.is_empty() {
                let what = format!("{name}: en.md has the number {}, this file has not", missing.join(", "));
                found.push(zh.heading(id, &name, what));
            }
            let missing: Vec<_> = digits(&chinese).difference(&numbers_en(&english)).cloned().collect();
            if !missing.is_empty() {
                let what = format!("{name}: zh-CN.md has the number {}, this file has not", missing.join(", "));
                found.push(en.heading(id, &name, what));
            }
        }
        for (name, a, b) in [
            ("hint", one.hints.len(), other.hints.len()),
            ("predict", one.asked.options.len(), other.asked.options.len()),
            ("task", one.task.hints.len(), other.task.hints.len()),
        ] {
            if a != b {
                found.push(zh.heading(id, name, format!("{name}: en.md has {a} parts here, this file {b}")));
            }
        }
    }
}

struct Section {
    /// As its heading has it.
    name: String,
    english: String,
    chinese: String,
}

fn sections(one: &StepText, other: &StepText) -> Vec<Section> {
    let mut all = Vec::new();
    let mut put = |name: &str, english: String, chinese: String| {
        all.push(Section { name: name.into(), english, chinese });
    };
    put("", one.text.clone(), other.text.clone());
    let asked = |text: &QuestionText| format!("{} {}", text.question, text.options.join(" "));
    put("predict", asked(&one.asked), asked(&other.asked));
    for (index, text) in one.see.iter().enumerate() {
        let name = if index == 0 { "see".to_string() } else { format!("see {}", index + 1) };
        put(&name, text.clone(), other.see.get(index).cloned().unwrap_or_default());
    }
    put("hint", one.hints.join(" "), other.hints.join(" "));
    for (key, text) in &one.asked.feedback {
        put(&format!("if {key}"), text.clone(), other.asked.feedback.get(key).cloned().unwrap_or_default());
    }
    for (key, text) in &one.variants {
        let other = other.variants.get(key).cloned().unwrap_or_default();
        let whole = |question: &str, why: &str| format!("{question} {why}");
        let name = format!("break {key}");
        put(&name, whole(&text.question, &text.why), whole(&other.question, &other.why));
        put(&name, asked(&text.asked), asked(&other.asked));
        for (number, text) in &text.asked.feedback {
            put(&name, text.clone(), other.asked.feedback.get(number).cloned().unwrap_or_default());
        }
    }
    let task = |text: &StepText| format!("{} {}", text.task.text, text.task.goals.join(" "));
    put("task", task(one), task(other));
    put("done", one.task.done.clone(), other.task.done.clone());
    all
}

fn spans(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// The text outside code spans.
fn prose(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Numbers written with digits, of the prose. Those inside a name (`sha256`, `x86_64`) are no numbers.
fn digits(text: &str) -> BTreeSet<String> {
    // "1 号进程" is what English calls the first process, or PID 1.
    let text = prose(text).replace("1 号进程", "").replace("PID 1", "").replace("pid 1", "");
    let mut found = BTreeSet::new();
    let mut word = String::new();
    for character in text.chars().chain([' ']) {
        if character.is_ascii_alphanumeric() || "_/.:-".contains(character) {
            word.push(character);
        } else {
            let word = std::mem::take(&mut word);
            let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) {
                found.insert(word.to_string());
            }
        }
    }
    found
}

fn numbers_en(text: &str) -> BTreeSet<String> {
    const WORDS: [(&str, &[&str]); 12] = [
        ("1", &["one", "first", "once", "a", "an", "single", "sole", "only"]),
        ("2", &["two", "second", "twice", "both"]),
        ("3", &["three", "third"]),
        ("4", &["four", "fourth"]),
        ("5", &["five", "fifth"]),
        ("6", &["six", "sixth"]),
        ("7", &["seven", "seventh"]),
        ("8", &["eight", "eighth"]),
        ("9", &["nine", "ninth"]),
        ("10", &["ten", "tenth"]),
        ("11", &["eleven"]),
        ("12", &["twelve"]),
    ];
    let text = text.to_lowercase();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let spelled = WORDS.iter().filter(|(_, names)| names.iter().any(|name| words.contains(name)));
    let pid = words.contains("1").then(|| "1".to_string());
    digits(&text).into_iter().chain(spelled.map(|(number, _)| number.to_string())).chain(pid).collect()
}

fn numbers_zh(text: &str) -> BTreeSet<String> {
    const HAN: [(&str, &str); 12] = [
        ("一", "1"),
        ("两", "2"),
        ("二", "2"),
        ("三", "3"),
        ("四", "4"),
        ("五", "5"),
        ("六", "6"),
        ("七", "7"),
        ("八", "8"),
        ("九", "9"),
        ("十", "10"),
        ("1 号", "1"),
    ];
    let spelled = HAN.iter().filter(|(han, _)| text.contains(han)).map(|(_, number)| number.to_string());
    digits(text).into_iter().chain(spelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_languages() {
        assert_eq!(digits("8 rows, `x 9`, sha256, 1.5 and 14."), ["14", "8"].map(String::from).into());
        assert!(numbers_en("two rows of PID 1").contains("2"));
        assert!(numbers_zh("第 8 步，两行").is_superset(&["2", "8"].map(String::from).into()));
    }
}
