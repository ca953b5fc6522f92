//! You said, the kernel says; a word to the guess; what to see.

use super::Page;
use crate::session::{Guess, Kernel, Session, judge, options};
use crate::tui::markdown::lines;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::tui::wrap::wrap;

pub fn verdict(session: &Session, view: &View, page: &mut Page, width: usize) {
    let words = session.lesson.step_text(view.lang.code(), session.step);
    guess(session, view, page, width);
    if let Some(see) = words.see.get(session.rounds.len().saturating_sub(1)) {
        page.add(lines(see, width));
    }
}

fn guess(session: &Session, view: &View, page: &mut Page, width: usize) {
    let lang = view.lang;
    let words = session.lesson.step_text(lang.code(), session.step);
    let Some(prediction) = session.prediction().filter(|_| session.rounds.len() == 1) else { return };
    let choices = options(prediction, words, &session.at_step, lang);
    let name = |number: usize| {
        let text = choices.get(number).map_or("", |text| text.split("  ").next().unwrap_or(""));
        text.replace('`', "")
    };
    let ticked = |ticks: &[bool]| {
        let all: Vec<String> =
            ticks.iter().enumerate().filter(|(_, tick)| **tick).map(|(index, _)| name(index)).collect();
        let list = all.into_iter().reduce(|all, one| lang.say("words.and", &[&all, &one]));
        list.unwrap_or_else(|| lang.say("option.none", &[]))
    };
    let kernel = judge(prediction, &session.rounds);
    let truth = match &kernel {
        Kernel::Void => {
            page.add_as(Tone::Strong, wrap(&lang.say("verdict.void", &[]), width));
            return;
        }
        Kernel::Option(option) => name(*option),
        Kernel::Ticks(ticks) => ticked(ticks),
    };
    let mut lost = None;
    let said = match (&session.guess, &kernel) {
        (Guess::One(one), Kernel::Option(option)) => {
            lost = (one != option).then(|| (one + 1).to_string());
            lang.say("verdict.both", &[&name(*one), &truth])
        }
        (Guess::Ticks(ticks), _) => lang.say("verdict.both", &[&ticked(ticks), &truth]),
        _ => lang.say("verdict.kernel", &[&truth]),
    };
    page.add_as(Tone::Strong, wrap(&said, width));
    if let Some(feedback) = lost.and_then(|number| words.feedback.get(&number)) {
        page.add(lines(feedback, width));
    }
}
