//! The words of a lesson: one Markdown file a language, one `##` heading a step.

use super::error::LessonError;
use super::{LessonText, QuestionText, StepText, VariantText};

/// Reads a lesson's words. Headings that mean nothing are errors, with their place.
pub fn parse(path: &str, text: &str) -> Result<LessonText, LessonError> {
    let mut lesson = LessonText::default();
    let mut step: Option<String> = None;
    let mut section = String::new();
    // The variant that a question and its answers stand below.
    let mut variant: Option<String> = None;
    let mut body = String::new();
    let mut heading_line = 1;
    let mut in_code = false;
    let mut seen: Vec<(String, Option<String>, String)> = Vec::new();
    let wrong = |line: usize, what: String| LessonError::at(path, text, line, 1, what);
    let lines = text.lines().map(Some).chain([None]);
    for (number, line) in lines.enumerate() {
        if let Some(line) = line {
            if line.starts_with("```") {
                in_code = !in_code;
            }
            if in_code || !line.starts_with('#') {
                body.push_str(line);
                body.push('\n');
                continue;
            }
        }
        put(&mut lesson, step.as_deref(), variant.as_deref(), &section, std::mem::take(&mut body).trim())
            .map_err(|what| wrong(heading_line, what))?;
        let Some(line) = line else { break };
        heading_line = number + 1;
        let title = line.trim_start_matches('#').trim();
        match line.len() - line.trim_start_matches('#').len() {
            1 if lesson.title.is_empty() => lesson.title = title.into(),
            2 => {
                let (id, name) = title.split_once(" · ").ok_or_else(|| {
                    wrong(heading_line, format!("a step's heading is its id and its title: ## {title} · Title"))
                })?;
                if lesson.steps.contains_key(id) {
                    return Err(wrong(heading_line, format!("the step {id} stands here twice")));
                }
                section.clear();
                variant = None;
                step = Some(id.into());
                if id != "after" {
                    lesson.steps.insert(id.into(), StepText { title: name.into(), ..StepText::default() });
                }
            }
            3 if step.is_some() => {
                section = title.into();
                let is_question = section == "predict" || section.starts_with("if ");
                if !is_question {
                    variant = section.strip_prefix("break ").map(String::from);
                }
                let key = (step.clone().unwrap_or_default(), variant.clone(), section.clone());
                if section != "hint" && seen.contains(&key) {
                    return Err(wrong(heading_line, format!("{section} stands in this step twice")));
                }
                seen.push(key);
            }
            _ => return Err(wrong(heading_line, format!("this heading means nothing here: {line}"))),
        }
    }
    if lesson.title.is_empty() {
        return Err(wrong(1, "the file begins with the lesson's title: # Title".into()));
    }
    Ok(lesson)
}

/// The question that a section is about: of a variant below its heading, else of the step.
fn asked<'a>(step: &'a mut StepText, variant: Option<&str>) -> &'a mut QuestionText {
    match variant {
        Some(id) => &mut step.variants.entry(id.into()).or_default().asked,
        None => &mut step.asked,
    }
}

fn put(
    lesson: &mut LessonText,
    step: Option<&str>,
    variant: Option<&str>,
    section: &str,
    body: &str,
) -> Result<(), String> {
    let Some(id) = step else {
        lesson.about = body.into();
        return Ok(());
    };
    if id == "after" {
        if !lesson.after.is_empty() {
            lesson.after.push_str("\n\n");
        }
        lesson.after.push_str(body);
        return Ok(());
    }
    let Some(step) = lesson.steps.get_mut(id) else { return Ok(()) };
    let paragraphs = || body.split("\n\n").map(|text| text.trim().to_string()).filter(|text| !text.is_empty());
    let (word, rest) = section.split_once(' ').unwrap_or((section, ""));
    match word {
        "" => step.text = body.into(),
        "predict" => {
            let (options, question): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.starts_with("- "));
            let asked = asked(step, variant);
            asked.question = question.join("\n").trim().into();
            asked.options = options.iter().map(|line| line[2..].trim().to_string()).collect();
        }
        "if" => {
            rest.parse::<usize>().map_err(|_| format!("### if {rest}: write the option's number, from 1"))?;
            asked(step, variant).feedback.insert(rest.into(), body.into());
        }
        "see" => {
            let round: usize = if rest.is_empty() {
                1
            } else {
                rest.parse().map_err(|_| format!("### see {rest}: write the round's number"))?
            };
            if round != step.see.len() + 1 {
                return Err(format!("### see {rest} comes out of turn"));
            }
            step.see.push(body.into());
        }
        // What stands below the task is about the task.
        "hint" if !step.task.text.is_empty() => step.task.hints.extend(paragraphs()),
        "hint" => step.hints.extend(paragraphs()),
        "speaker" => step.speaker = body.into(),
        "task" => {
            let (goals, text): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.starts_with("- "));
            step.task.text = text.join("\n").trim().into();
            step.task.goals = goals.iter().map(|line| line[2..].trim().to_string()).collect();
        }
        "near" => {
            if rest.parse() != Ok(step.task.near.len() + 1) {
                return Err(format!("### near {rest} comes out of turn"));
            }
            step.task.near.push(body.into());
        }
        "done" => step.task.done = body.into(),
        "break" => {
            let mut paragraphs = paragraphs();
            let question = paragraphs.next().ok_or("a variant needs its question as first paragraph")?;
            let why = paragraphs.collect::<Vec<_>>().join("\n\n");
            step.variants.insert(rest.into(), VariantText { question, why, ..VariantText::default() });
        }
        _ => {
            return Err(format!(
                "### {section} is not known; known: predict, if N, see, hint, speaker, break ID, task, near N, done"
            ));
        }
    }
    Ok(())
}
