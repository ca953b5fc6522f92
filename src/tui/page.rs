//! The page above the tables: text, what ran, or the program.

use super::markdown::{lines, wrap};
use super::screen::{Tab, View};
use crate::conduct::with_result;
use crate::lesson::{Prediction, Run, StepText};
use crate::listing;
use crate::mounts::printable;
use crate::op::{Actor, lower};
use crate::session::{Guess, Kernel, Phase, RoundRecord, Session, judge, layer_lines, layers_of, options};
use crate::words::Lang;

/// The lines of the page, to be scrolled.
pub fn content(session: &Session, view: &View, tab: Tab, width: usize) -> Vec<String> {
    let lang = view.lang;
    if let Some(waiting) = session.asks {
        let _ = waiting;
        return wrap(&lang.say("tui.lose", &[&session.by_hand.to_string()]), width);
    }
    if view.variants {
        return variants(session, view, width);
    }
    match tab {
        Tab::Text => text(session, view, width),
        Tab::Ran => ran(session, view, width),
        Tab::Program => program(session, view, width),
    }
}

fn text(session: &Session, view: &View, width: usize) -> Vec<String> {
    let lang = view.lang;
    let words = session.lesson.step_text(lang.code(), session.step);
    let mut out = Vec::new();
    match session.phase {
        Phase::After => {
            out.extend(lines(&session.lesson.text(lang.code()).after, width));
            let (right, asked) = session.first_sight;
            out.push(String::new());
            out.extend(wrap(&lang.say("plain.score", &[&right.to_string(), &asked.to_string()]), width));
            return out;
        }
        Phase::Predict => {
            out.extend(next_calls(session, view, width));
            out.extend(lines(&words.question, width));
            out.extend(choices(session, view, words, width));
        }
        Phase::See => {
            out.extend(verdict(session, view, words, width));
            out.extend(layers(session, view, width));
            if let Some(see) = words.see.get(session.rounds.len().saturating_sub(1)) {
                out.extend(lines(see, width));
            }
        }
        Phase::Broken => {
            out.extend(layers(session, view, width));
            let id = session.variant.map(|index| session.lesson.steps[session.step].variants[index].id.as_str());
            if let Some(text) = id.and_then(|id| words.variants.get(id)) {
                out.extend(lines(&text.question, width));
                out.extend(lines(&text.why, width));
            }
        }
        Phase::Read | Phase::Do => {
            out.extend(lines(&words.text, width));
            if session.phase == Phase::Do {
                out.push(String::new());
                out.extend(next_calls(session, view, width));
            }
        }
    }
    for hint in words.hints.iter().take(session.hints) {
        out.extend(wrap(&lang.say("tui.tip", &[hint]), width));
    }
    out
}

/// The layers side by side, as the last round left them.
fn layers(session: &Session, view: &View, width: usize) -> Vec<String> {
    let table = session.rounds.last().and_then(|record| layers_of(&session.lesson.steps[session.step], record));
    let lines = table.map(|table| layer_lines(&table, view.lang, width)).unwrap_or_default();
    // Where there is no room for columns they are sentences.
    lines.iter().flat_map(|line| wrap(line, width)).collect()
}

/// What Enter will perform.
fn next_calls(session: &Session, view: &View, width: usize) -> Vec<String> {
    let step = &session.lesson.steps[session.step];
    let Some(round) = step.rounds.get(session.rounds.len()) else { return Vec::new() };
    let calls = round.does.iter().flat_map(lower).map(|call| call.to_string());
    let commands =
        round.run.iter().map(Run::line).chain(round.types.iter().map(String::as_str)).map(|line| format!("$ {line}"));
    let mut out = Vec::new();
    for line in calls.chain(commands).take(3) {
        out.extend(hang(&view.lang.say("tui.next", &[&line]), width));
    }
    out
}

fn choices(session: &Session, view: &View, words: &StepText, width: usize) -> Vec<String> {
    let lang = view.lang;
    let Some(prediction) = session.prediction() else { return Vec::new() };
    let picked = |number: usize| match &session.guess {
        Guess::One(one) => *one + 1 == number,
        Guess::Ticks(ticks) => ticks.get(number.wrapping_sub(1)).copied().unwrap_or(false),
        Guess::Unsure => number == 0,
        Guess::None => false,
    };
    let mut items: Vec<String> = options(prediction, words, &session.at_step, lang)
        .iter()
        .enumerate()
        .map(|(index, option)| {
            let sign = match (matches!(prediction, Prediction::Tick { .. }), picked(index + 1)) {
                (true, true) => "[x]",
                (true, false) => "[ ]",
                (false, true) => ">",
                (false, false) => " ",
            };
            format!("{sign} {}  {option}", index + 1)
        })
        .collect();
    items.push(format!("{} 0  {}", if picked(0) { ">" } else { " " }, lang.say("option.unsure", &[])));
    // Short options stand two in a line, so that a question fits on the page.
    let half = width / 2;
    let short = items.iter().all(|item| unicode_width::UnicodeWidthStr::width(item.as_str()) < half);
    if short && items.len() > 3 {
        let rows = items.len().div_ceil(2);
        return (0..rows)
            .map(|row| super::markdown::fit(&items[row], half) + items.get(row + rows).map_or("", String::as_str))
            .collect();
    }
    items.iter().flat_map(|item| hang(item, width)).collect()
}

/// You said, the kernel says; and a word to the guess.
fn verdict(session: &Session, view: &View, words: &StepText, width: usize) -> Vec<String> {
    let lang = view.lang;
    let Some(prediction) = session.prediction().filter(|_| session.rounds.len() == 1) else { return Vec::new() };
    let choices = options(prediction, words, &session.at_step, lang);
    let name = |number: usize| {
        choices.get(number).map(|text| text.split("  ").next().unwrap_or("").to_string()).unwrap_or_default()
    };
    let ticked = |ticks: &[bool]| {
        let all: Vec<String> =
            ticks.iter().enumerate().filter(|(_, tick)| **tick).map(|(index, _)| name(index)).collect();
        if all.is_empty() { lang.say("option.none", &[]) } else { all.join("; ") }
    };
    let kernel = judge(prediction, &session.rounds);
    let truth = match &kernel {
        Kernel::Void => return wrap(&lang.say("verdict.void", &[]), width),
        Kernel::Option(option) => name(*option),
        Kernel::Ticks(ticks) => ticked(ticks),
    };
    let mut out = Vec::new();
    let lost = match (&session.guess, &kernel) {
        (Guess::One(one), Kernel::Option(option)) => {
            out.extend(wrap(&lang.say("verdict.both", &[&name(*one), &truth]), width));
            (one != option).then(|| (one + 1).to_string())
        }
        (Guess::Ticks(ticks), _) => {
            out.extend(wrap(&lang.say("verdict.both", &[&ticked(ticks), &truth]), width));
            None
        }
        _ => {
            out.extend(wrap(&lang.say("verdict.kernel", &[&truth]), width));
            None
        }
    };
    if let Some(feedback) = lost.and_then(|number| words.feedback.get(&number)) {
        out.extend(lines(feedback, width));
    }
    out
}

fn ran(session: &Session, view: &View, width: usize) -> Vec<String> {
    let lang = view.lang;
    let mut out = Vec::new();
    let latest: &[RoundRecord] = if session.phase == Phase::Broken {
        &session.rounds
    } else {
        session.rounds.last().map(std::slice::from_ref).unwrap_or(&[])
    };
    for record in latest {
        let who = if record.actor == Some(Actor::Host) { "tui.host" } else { "tui.container" };
        out.push(lang.say(who, &[]));
        for call in &record.calls {
            out.extend(hang(&format!("{}   {} us", with_result(call), call.micros), width));
            for flag in call.call.flags_in_words() {
                let words = if lang == Lang::Zh { flag.zh } else { flag.en };
                out.extend(hang(&format!("  {}: {words}", flag.c), width));
            }
            if let Err(errno) = call.result {
                out.push(format!("  {}: {}", crate::op::errno_name(errno), crate::op::errno_meaning(errno)));
            }
        }
        for command in &record.commands {
            out.push(format!("$ {}", command.line));
            for line in command.output.lines() {
                out.push(super::markdown::cut(&format!("  {}", printable(line.as_bytes())), width));
            }
        }
    }
    if out.is_empty() {
        out.extend(wrap(&lang.say("tui.nothing", &[]), width));
    }
    out
}

/// The classic demo with `=>` on the line that just ran.
fn program(session: &Session, view: &View, width: usize) -> Vec<String> {
    let mut calls = Vec::new();
    for (index, step) in session.lesson.steps.iter().enumerate() {
        for round in &step.rounds {
            calls.extend(round.does.iter().flat_map(lower).map(|call| (index, round.actor == Actor::Host, call)));
        }
    }
    let ran = !session.rounds.is_empty();
    let result = session.rounds.last().and_then(|record| record.calls.last()).map(|call| match call.result {
        Ok(value) => format!("= {value}, {} us", call.micros),
        Err(errno) => format!("= -1 {}", crate::op::errno_name(errno)),
    });
    let lines = listing::program(&calls);
    let here = lines.iter().position(|line| line.step == Some(session.step)).unwrap_or(0);
    let from = here.saturating_sub(4);
    lines[from..]
        .iter()
        .map(|line| {
            let now = line.step == Some(session.step);
            let sign = if now && ran { "=>" } else { "  " };
            let comment = line.step.map_or(String::new(), |step| {
                format!("  /* {} */", view.lang.say("tui.step-n", &[&(step + 1).to_string()]))
            });
            let tail = if now && ran { format!("  {}", result.clone().unwrap_or_default()) } else { comment };
            super::markdown::cut(&format!("{sign}{}{tail}", line.text), width)
        })
        .collect()
}

fn variants(session: &Session, view: &View, width: usize) -> Vec<String> {
    let words = session.lesson.step_text(view.lang.code(), session.step);
    let variants = &session.lesson.steps[session.step].variants;
    if variants.is_empty() {
        return wrap(&view.lang.say("plain.no-variant", &[]), width);
    }
    let mut out = wrap(&view.lang.say("tui.variants", &[]), width);
    for (index, variant) in variants.iter().enumerate() {
        let question = words.variants.get(&variant.id).map_or(variant.id.as_str(), |text| text.question.as_str());
        out.extend(hang(&format!("  {}  {}", index + 1, question.replace('\n', " ")), width));
    }
    out
}

/// Wraps with the following lines indented.
fn hang(text: &str, width: usize) -> Vec<String> {
    let mut parts = wrap_keeping_code(text, width.saturating_sub(4));
    for part in parts.iter_mut().skip(1) {
        part.insert_str(0, "    ");
    }
    parts
}

/// Calls hold characters that mean something in Markdown; they are shown as they are.
fn wrap_keeping_code(text: &str, width: usize) -> Vec<String> {
    let indent: String = text.chars().take_while(|character| *character == ' ').collect();
    let mut parts = wrap(text.trim_start(), width);
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, &indent);
    }
    parts
}
