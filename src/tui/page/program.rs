//! The lesson as a program, with `=>` on the line that just ran: a debugger for it.

use super::{Page, PageLine};
use crate::listing::{Language, Part, has_calls, listing, parts};
use crate::op::errno_name;
use crate::session::{Phase, Session};
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::wrap::hang;
use unicode_width::UnicodeWidthStr;

pub fn program(session: &Session, view: &View, language: Language, width: usize) -> Page {
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
    let (lesson, here) = (&session.lesson, session.step + 1);
    // A step without calls stands at its heading.
    let has_calls = has_calls(lesson, here);
    let mut page = Page::default();
    for line in listing(lesson, lesson.steps.len(), language, view.lang) {
        let is_here = line.step == Some(here);
        // Several calls on one line: the answer of the last one made.
        let made = line.calls.start..line.calls.end.min(answers.len());
        let answer = if is_here { answers.get(made.clone()).and_then(<[String]>::last) } else { None };
        let is_last = answer.is_some() && made.contains(&(answers.len() - 1));
        let sign = if is_last { "=> " } else { "   " };
        let mut lines = hang(&line.text, width.saturating_sub(3), 10);
        let coloured: Vec<_> = lines.iter().map(|text| parts(text, language)).collect();
        if let Some(answer) = answer {
            let rest = width.saturating_sub(3 + lines.last().map_or(0, |part| part.width()) + 2);
            if answer.width() <= rest {
                let last = lines.last_mut().expect("a line");
                last.push_str(&format!("{}{answer}", " ".repeat(2 + rest - answer.width())));
            } else {
                lines.push(format!("{answer:>0$}", width.saturating_sub(3)));
            }
        }
        let is_first = is_here && page.focus.is_none() && (!has_calls || !line.calls.is_empty());
        if is_last || is_first {
            page.focus = Some((page.lines.len() + lines.len(), 0));
        }
        let tone = if is_last { Tone::Strong } else { Tone::Plain };
        for (number, part) in lines.into_iter().enumerate() {
            let text = format!("{}{part}", if number == 0 { sign } else { "   " });
            // The sign comes first; where it stands, the whole line is strong.
            let coloured = coloured.get(number).filter(|_| !is_last).into_iter().flatten();
            let parts = coloured.map(|(range, part)| (range.start + 3..range.end + 3, tone_of(*part))).collect();
            page.lines.push(PageLine { text, tone, parts });
        }
    }
    page.focus = page.focus.map(|(line, _)| (line.min(page.lines.len() - 1), 0));
    page
}

fn tone_of(part: Part) -> Tone {
    match part {
        Part::Keyword => Tone::Strong,
        Part::Text => Tone::Text,
        Part::Comment => Tone::Comment,
    }
}
