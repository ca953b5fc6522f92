//! The classic demo with `=>` on the line that just ran: a debugger for it.

use super::Page;
use crate::listing;
use crate::op::errno_name;
use crate::session::{Phase, Session};
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::hang;
use unicode_width::UnicodeWidthStr;

pub fn program(session: &Session, view: &View, width: usize) -> Page {
    let calls = listing::calls_of(&session.lesson);
    // The answers to this step's calls so far, in order; a variant's are not the program's.
    let rounds = if session.phase == Phase::Broken { &[][..] } else { &session.rounds };
    let answers: Vec<String> = rounds
        .iter()
        .flat_map(|record| &record.calls)
        .map(|call| match call.result {
            Ok(value) => format!("= {value}, {} us", call.micros),
            Err(errno) => format!("= -1 {}", errno_name(errno)),
        })
        .collect();
    let mut number = 0;
    // A step without calls stands behind the last call before it.
    let has_calls = calls.iter().any(|(step, ..)| *step == session.step);
    let mut page = Page::default();
    let lines = listing::program(&calls);
    for line in &lines {
        let is_here = line.step == Some(session.step);
        let answer = if is_here { answers.get(number) } else { None };
        number += usize::from(is_here);
        let is_last = is_here && number == answers.len();
        let sign = if is_last { "=> " } else { "   " };
        let tail = match (line.step, answer) {
            (_, Some(answer)) => answer.clone(),
            (Some(step), None) => {
                let key = if step < session.step { "tui.step-n" } else { "tui.step-later" };
                format!("/* {} */", view.lang.say(key, &[&(step + 1).to_string()]))
            }
            (None, None) => String::new(),
        };
        let mut parts = hang(&line.text, width.saturating_sub(3), 10);
        let rest = width.saturating_sub(3 + parts.last().map_or(0, |part| part.width()) + 2);
        if tail.width() <= rest && !tail.is_empty() {
            let last = parts.last_mut().expect("a line");
            last.push_str(&format!("{}{tail}", " ".repeat(2 + rest - tail.width())));
        } else if answer.is_some() {
            parts.push(format!("{:>1$}", tail, width.saturating_sub(3)));
        }
        if is_last || (is_here && page.focus.is_none()) {
            page.focus = Some((page.lines.len() + parts.len(), 0));
        }
        if !has_calls && line.step.is_some_and(|step| step < session.step) {
            page.focus = Some((page.lines.len(), 0));
        }
        let tone = if is_last { Tone::Strong } else { Tone::Plain };
        for (number, part) in parts.into_iter().enumerate() {
            page.add_as(tone, [format!("{}{part}", if number == 0 { sign } else { "   " })]);
        }
    }
    page.focus = page.focus.map(|(line, _)| (line.min(page.lines.len() - 1), 0));
    page
}
