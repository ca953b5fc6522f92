//! Lints of one language's words: nothing missing, nothing unused, nothing too long.

use super::super::{Lesson, LessonError, Prediction, QuestionText, Step, StepText};
use super::Measure;
use super::place::Places;
use std::collections::{BTreeMap, BTreeSet};

/// A hint is one thought.
const HINT: usize = 160;
/// Lines of code are shown unwrapped, in cells.
const CODE: usize = 76;

pub fn check(lesson: &Lesson, language: &str, measure: Measure, places: &Places, found: &mut Vec<LessonError>) {
    let Some(text) = lesson.texts.get(language) else { return };
    let have: BTreeSet<_> = text.steps.keys().map(String::as_str).collect();
    let want: BTreeSet<_> = lesson.steps.iter().map(|step| step.id.as_str()).collect();
    for id in want.difference(&have) {
        found.push(places.top(format!("the step {id} has no words; write: ## {id} · Title")));
    }
    for id in have.difference(&want) {
        found.push(places.heading(id, "", format!("{id} is no step of lesson.yaml")));
    }
    for step in &lesson.steps {
        if let Some(words) = text.steps.get(&step.id) {
            let mut say = |section: &str, what: String| found.push(places.heading(&step.id, section, what));
            one_step(step, words, &mut say);
            one_page(step, words, measure, &mut say);
        }
    }
    let mut in_code = false;
    for (number, line) in places.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code && unicode_width::UnicodeWidthStr::width(line) > CODE {
            found.push(places.spot(number, CODE + 1, format!("a line of code has {CODE} columns at most")));
        }
    }
}

/// What is read before anything runs is seen whole, on the smallest screen too: nobody scrolls what looks complete.
fn one_page(step: &Step, words: &StepText, measure: Measure, say: &mut dyn FnMut(&str, String)) {
    let (lines, page) = measure(&words.text);
    if lines > page && !step.paged {
        let what = format!("{lines} lines of text, and a page of 80x24 has {page}: split the step, or say paged: true");
        say("", what);
    }
}

fn one_step(step: &Step, words: &StepText, say: &mut dyn FnMut(&str, String)) {
    if words.text.is_empty() || words.title.is_empty() {
        say("", "the text or the title is empty".into());
    }
    if words.see.len() != step.rounds.len() {
        let (rounds, see) = (step.rounds.len(), words.see.len());
        say("see", format!("{rounds} rounds need as many ### see, there are {see}"));
    }
    let hints = |say: &mut dyn FnMut(&str, String), hints: &[String], of: &str| {
        if hints.is_empty() {
            say("hint", format!("{of} has no ### hint; write one to three paragraphs"));
        }
        for hint in hints.iter().filter(|hint| hint.chars().count() > HINT) {
            let begin: String = hint.chars().take(30).collect();
            say("hint", format!("a hint has {HINT} characters at most; this one is longer: {begin}..."));
        }
    };
    if !step.rounds.is_empty() {
        hints(say, &words.hints, "the step");
    }
    if words.speaker.is_empty() {
        say("", "### speaker is missing: what should an instructor know here?".into());
    }
    match &step.predict {
        Some(prediction) => one_prediction(prediction, &words.asked, say),
        None if words.asked != NOTHING_ASKED => {
            say("predict", "lesson.yaml asks nothing here: these words are never shown".into());
        }
        None => {}
    }
    for variant in &step.variants {
        if words.variants.get(&variant.id).is_none_or(|text| text.why.is_empty()) {
            let section = format!("break {}", variant.id);
            say(&section, format!("### {section} needs a question and a paragraph why"));
        }
        let asked = words.variants.get(&variant.id).map(|text| &text.asked).unwrap_or(&NOTHING_ASKED);
        let mut say = |_: &str, what: String| say(&format!("break {}", variant.id), what);
        match &variant.predict {
            Some(prediction) => one_prediction(prediction, asked, &mut say),
            None if *asked != NOTHING_ASKED => {
                say("", "lesson.yaml asks nothing before this variant: the words below it are never shown".into());
            }
            None => {}
        }
    }
    for id in words.variants.keys().filter(|id| !step.variants.iter().any(|variant| variant.id == **id)) {
        say(&format!("break {id}"), format!("lesson.yaml has no variant {id} in this step"));
    }
    match &step.task {
        Some(task) => {
            if words.task.text.is_empty() {
                say("task", "the step has a task in lesson.yaml: write ### task".into());
            }
            if words.task.goals.len() != task.until.len() {
                let (conditions, lines) = (task.until.len(), words.task.goals.len());
                say("task", format!("{conditions} conditions need as many lines with - , there are {lines}"));
            }
            if words.task.near.len() != task.near.len() {
                let (states, near) = (task.near.len(), words.task.near.len());
                say("near 1", format!("{states} near states need as many ### near, there are {near}"));
            }
            if words.task.done.is_empty() {
                say("task", "### done is missing: what did the student just show?".into());
            }
            hints(say, &words.task.hints, "the task (below ### task)");
        }
        None => {
            let unused = [
                ("task", words.task.text.is_empty() && words.task.goals.is_empty()),
                ("near 1", words.task.near.is_empty()),
                ("done", words.task.done.is_empty()),
            ];
            for (section, _) in unused.iter().filter(|(_, is_empty)| !is_empty) {
                say(section, format!("lesson.yaml has no task in this step: ### {section} is never shown"));
            }
        }
    }
}

static NOTHING_ASKED: QuestionText =
    QuestionText { question: String::new(), options: Vec::new(), feedback: BTreeMap::new() };

fn one_prediction(prediction: &Prediction, words: &QuestionText, say: &mut dyn FnMut(&str, String)) {
    if words.question.is_empty() {
        say("predict", "the prediction has no question; write ### predict".into());
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
        say("predict", format!("{options} options in lesson.yaml, {} in words", words.options.len()));
    }
    for number in words.feedback.keys().filter(|number| number.parse().is_ok_and(|number: usize| number > options)) {
        say(&format!("if {number}"), format!("there are only {options} options"));
    }
    if !matches!(prediction, Prediction::Tick { .. }) && words.feedback.len() + 1 < options {
        let have = words.feedback.len();
        say("predict", format!("every option that can lose needs ### if N: there are {have} for {options} options"));
    }
    let width = |text: &String| unicode_width::UnicodeWidthStr::width(text.as_str());
    let widths = || words.options.iter().map(width);
    // Short ones may differ: "yes" beside "not yet" gives nothing away.
    if let (Some(shortest), Some(longest)) = (widths().min(), widths().max())
        && longest > 16
        && longest > 2 * shortest
    {
        say("predict", format!("options of {shortest} and {longest} columns: their length should not tell the answer"));
    }
}
