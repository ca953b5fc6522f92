//! A book as one page for a browser: no network, nothing beside it, readable without scripts. Whatever a recording says
//! is text in it: everything is escaped, and the page's policy admits one script and one style, by their hashes.

mod parts;

use super::book::{Book, Chapter, Plan, Program, Question, Task, WhatIf};
use super::prose::{blocks, line};
use crate::mounts::printable;
use base64::{Engine, engine::general_purpose::STANDARD};
use parts::Parts;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

pub fn html(book: &Book) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let say = |key: &str| escape(&book.lang.say(key, &[]));
    let title = title(book);
    let unsure = book.lang.say("option.unsure", &[]);
    fill(
        PAGE,
        &[
            ("lang", book.lang.code()),
            ("title", &escape(&title)),
            ("style-hash", &hash(STYLE)),
            ("script-hash", &hash(SCRIPT)),
            ("style", STYLE),
            ("script", SCRIPT),
            ("unchosen", &escape(&book.lang.say("export.not-chosen", &[&unsure]))),
            ("place", &say("export.place")),
            ("first", COVER),
            ("skip", &say("export.skip")),
            ("steps", &say("export.steps")),
            ("previous", &say("export.previous")),
            ("forward", &say("export.forward")),
            ("contents", &say("export.contents")),
            ("all", &say("export.all")),
            ("pages", &pages(book)),
        ],
    )
}

/// The ids of the pages that are no steps. A step's begins with another word.
const COVER: &str = "contents";
const PREPARED: &str = "preparation";
const AFTER: &str = "after";
const PROGRAMS: &str = "programs";

fn step_id(number: usize) -> String {
    format!("step-{number}")
}

fn title(book: &Book) -> String {
    if book.worksheet { book.lang.say("export.worksheet", &[&book.title]) } else { book.title.clone() }
}

/// Text that means itself in an element and in an attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, part) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        for character in printable(part.as_bytes()).chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                _ => out.push(character),
            }
        }
    }
    out
}

/// The template with each `{{name}}` replaced, once: what is filled in is not looked at again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split("{{");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("every {{ of the template is closed");
        let (_, value) = values.iter().find(|(known, _)| *known == name).expect("every name of the template is known");
        out.push_str(value);
        out.push_str(rest);
    }
    out
}

fn pages(book: &Book) -> String {
    let mut parts = Parts::new(book.lang, book.worksheet);
    cover(&mut parts, book);
    if let Some(prepared) = &book.prepared {
        parts.page(PREPARED, false, &parts.say("export.prepared"), |parts| {
            let about = parts.say("export.prepared-about");
            parts.paragraph("text", &about);
            parts.ran(prepared, &[], 3);
        });
    }
    for (index, chapter) in book.chapters.iter().enumerate() {
        self::chapter(&mut parts, index + 1, chapter);
    }
    if !book.after.is_empty() {
        parts.page(AFTER, false, &parts.say("export.after"), |parts| parts.prose("text", &book.after));
    }
    if !book.programs.is_empty() {
        parts.page(PROGRAMS, false, &parts.say("export.programs"), |parts| programs(parts, &book.programs));
    }
    parts.out
}

fn cover(parts: &mut Parts, book: &Book) {
    let lang = book.lang;
    parts.open(&format!("<section class=\"page\" id=\"{COVER}\" aria-labelledby=\"h-{COVER}\">\n"));
    parts.open(&format!("<h1 id=\"h-{COVER}\" tabindex=\"-1\">{}</h1>\n", escape(&title(book))));
    parts.prose("about", &book.about);
    let (steps, minutes) = (book.chapters.len().to_string(), book.minutes.to_string());
    let mut about = vec![lang.say("export.steps-minutes", &[&steps, &minutes])];
    if let Some(needs) = book.needs.iter().cloned().reduce(|all, one| lang.say("words.and", &[&all, &one])) {
        about.push(lang.say("export.needs", &[&needs]));
    }
    about.push(lang.say("export.begin", &[&book.id]));
    let items: String = about.iter().map(|text| format!("<li>{}</li>\n", line(text))).collect();
    parts.open(&format!("<ul>\n{items}</ul>\n"));
    if book.worksheet {
        parts.field(&parts.say("export.name"));
    } else {
        parts.paragraph("faint", &escape(&book.made));
    }
    parts.paragraph("keys faint", &parts.say("export.keys"));
    parts.heading(2, &parts.say("export.steps"));
    let link = |id: &str, text: &str| format!("<li><a href=\"#{id}\">{text}</a></li>\n");
    let other = |id: &str, key: &str, is_there: bool| is_there.then(|| link(id, &parts.say(key)));
    let before: String = other(PREPARED, "export.prepared", book.prepared.is_some()).into_iter().collect();
    let steps = book.chapters.iter().enumerate();
    let steps: String = steps.map(|(index, chapter)| link(&step_id(index + 1), &line(&chapter.title))).collect();
    let after = [
        other(AFTER, "export.after", !book.after.is_empty()),
        other(PROGRAMS, "export.programs", !book.programs.is_empty()),
    ];
    let after: String = after.into_iter().flatten().collect();
    let lists = [("ul", before), ("ol", steps), ("ul", after)];
    for (list, items) in lists.iter().filter(|(_, items)| !items.is_empty()) {
        parts.open(&format!("<{list}>\n{items}</{list}>\n"));
    }
    parts.open("</section>\n");
}

fn chapter(parts: &mut Parts, number: usize, chapter: &Chapter) {
    let heading = format!("{number}. {}", line(&chapter.title));
    let asks = chapter.question.is_some() && !parts.worksheet;
    parts.page(&step_id(number), asks, &heading, |parts| {
        parts.prose("text", &chapter.text);
        plan(parts, &chapter.plan);
        if let Some(question) = &chapter.question {
            self::question(parts, number, question);
        }
        hints(parts, &chapter.hints, 3);
        if parts.worksheet {
            if !chapter.plan.is_empty() {
                parts.room(&parts.say("export.happened"), 5);
            }
            after_it(parts, chapter);
            return;
        }
        parts.open("<div class=\"result\">\n");
        if let Some(question) = &chapter.question {
            answer(parts, question);
        }
        let count = chapter.rounds.len();
        if count == 0 && !chapter.plan.is_empty() {
            parts.paragraph("text", &parts.say("export.not-run"));
        }
        for (index, ran) in chapter.rounds.iter().enumerate() {
            let heading = match count {
                1 => parts.say("export.ran"),
                _ => parts.say_with("export.ran-round", &[&(index + 1).to_string(), &count.to_string()]),
            };
            parts.heading(3, &heading);
            // The programs are about the whole step.
            parts.ran(ran, if index == 0 { &chapter.excerpts } else { &[] }, 4);
        }
        for ran in &chapter.by_hand {
            parts.heading(3, &parts.say("export.by-hand"));
            parts.ran(ran, &[], 4);
        }
        after_it(parts, chapter);
        parts.open("</div>\n");
    });
}

/// What follows when a step has run.
fn after_it(parts: &mut Parts, chapter: &Chapter) {
    if !chapter.variants.is_empty() {
        parts.heading(3, &parts.say("export.variants"));
        chapter.variants.iter().for_each(|variant| self::variant(parts, variant));
    }
    if let Some(task) = &chapter.task {
        self::task(parts, task);
    }
}

/// What is going to be done. Of a step that is told in full only the first round: the others stand where they ran.
fn plan(parts: &mut Parts, plan: &[Plan]) {
    let rounds = if parts.worksheet { plan } else { &plan[..plan.len().min(1)] };
    for round in rounds.chunk_by(|one, next| one.who == next.who) {
        parts.heading(3, &escape(&parts.lang.say("export.next-by", &[&round[0].who])));
        let lines: Vec<&str> = round.iter().flat_map(|plan| &plan.lines).map(String::as_str).collect();
        parts.code(&lines.join("\n"));
    }
}

fn question(parts: &mut Parts, number: usize, question: &Question) {
    parts.heading(3, &parts.say("export.predict"));
    let kind = if question.many { "checkbox" } else { "radio" };
    let mut options = String::new();
    let unsure = parts.say("option.unsure");
    let texts = question.options.iter().map(|choice| line(&choice.text)).chain([unsure]);
    for (index, text) in texts.enumerate() {
        options.push_str(&format!(
            "<li><label><input type=\"{kind}\" name=\"q{number}\" value=\"{index}\"><span>{text}</span></label></li>\n"
        ));
    }
    let how = parts.say(if question.many { "export.choose-many" } else { "export.choose-one" });
    parts.open(&format!(
        "<fieldset class=\"question\">\n<legend>{}</legend>\n<p class=\"faint\">{how}</p>\n<ul class=\"choices\">\n{options}</ul>\n",
        line(&question.text)
    ));
    if !parts.worksheet {
        let reveal = parts.say("export.reveal");
        parts.open(&format!(
            "<button type=\"button\" class=\"reveal\">{reveal}</button>\n<p class=\"says\" role=\"status\"></p>\n"
        ));
    }
    parts.open("</fieldset>\n");
    if parts.worksheet {
        parts.room(&parts.say("export.why"), 3);
    }
}

/// The kernel's answer; to whoever chose an option, what is said to that one; to who reads without a script, to all.
fn answer(parts: &mut Parts, question: &Question) {
    parts.heading(3, &parts.say("export.answer"));
    let answer = escape(question.answer.as_deref().unwrap_or_default());
    if question.many {
        parts.open(&format!("<p class=\"verdict\" tabindex=\"-1\">{answer}</p>\n<ul>\n"));
        for (index, choice) in question.options.iter().enumerate() {
            let holds = choice.holds.map(|holds| parts.say(if holds { "export.so" } else { "export.not-so" }));
            let mine = format!("<span class=\"mine\" data-option=\"{index}\">{}</span>", parts.say("export.you-said"));
            let holds = holds.map_or(String::new(), |holds| format!(": <strong>{holds}</strong>"));
            parts.open(&format!("<li>{}{holds} {mine}</li>\n", line(&choice.text)));
        }
        parts.open("</ul>\n");
        return;
    }
    parts.open(&format!("<div class=\"verdict\" tabindex=\"-1\">\n<p class=\"everybody\">{answer}</p>\n"));
    let unsure = (question.options.len(), &answer);
    let verdicts = question.options.iter().map(|choice| choice.verdict.as_deref().map(escape)).enumerate();
    for (index, verdict) in verdicts {
        let verdict = verdict.unwrap_or_else(|| answer.clone());
        parts.open(&format!("<p class=\"mine\" data-option=\"{index}\">{verdict}</p>\n"));
    }
    parts.open(&format!("<p class=\"mine\" data-option=\"{}\">{}</p>\n</div>\n", unsure.0, unsure.1));
    for (index, choice) in question.options.iter().enumerate() {
        let Some(feedback) = &choice.feedback else { continue };
        let name = choice.text.split("  ").next().unwrap_or_default();
        let to = line(&parts.lang.say("export.to", &[name]));
        parts.open(&format!(
            "<div class=\"told everybody\"><p>{to}</p>{0}</div>\n<div class=\"told mine\" data-option=\"{index}\">{0}</div>\n",
            blocks(feedback)
        ));
    }
}

fn hints(parts: &mut Parts, hints: &[String], level: usize) {
    if hints.is_empty() {
        return;
    }
    parts.heading(level, &parts.say("export.hints"));
    for (index, hint) in hints.iter().enumerate() {
        let name = parts.say_with("export.hint", &[&(index + 1).to_string()]);
        parts.details("tip", &name, |parts| parts.prose("text", hint));
    }
}

fn variant(parts: &mut Parts, variant: &WhatIf) {
    if parts.worksheet {
        parts.heading(4, &line(&variant.question));
        parts.room(&parts.say("export.happened"), 4);
        return;
    }
    parts.details("", &format!("<h4>{}</h4>", line(&variant.question)), |parts| {
        variant.rounds.iter().for_each(|ran| parts.ran(ran, &[], 5));
        parts.prose("text", &variant.why);
    });
}

fn task(parts: &mut Parts, task: &Task) {
    parts.heading(3, &parts.say("export.task"));
    parts.prose("text", &task.text);
    let goals: String = task.goals.iter().map(|goal| format!("<li>{}</li>\n", line(goal))).collect();
    parts.open(&format!("<ul>\n{goals}</ul>\n"));
    if parts.worksheet {
        parts.room(&parts.say("export.did"), 5);
    }
    hints(parts, &task.hints, 4);
    if let Some(solution) = &task.solution {
        parts.details("", &format!("<h4>{}</h4>", parts.say("export.solution")), |parts| {
            match &solution.ran {
                Some(ran) => parts.ran(ran, &[], 5),
                None => {
                    let typed = solution.typed.iter().map(|(side, line)| parts.lang.say("choice.does", &[side, line]));
                    parts.code(&typed.collect::<Vec<_>>().join("\n"));
                }
            }
            parts.prose("text", &solution.done);
        });
    }
}

fn programs(parts: &mut Parts, programs: &[Program]) {
    let panels = programs.iter().map(|program| {
        let mut inner = Parts::new(parts.lang, false);
        inner.code(&program.text);
        (program.name.to_string(), inner.out)
    });
    let panels: Vec<_> = panels.collect();
    let label = parts.say("export.languages");
    parts.tabs(&label, 3, panels);
}
