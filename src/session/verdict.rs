//! What is said of a prediction once the kernel has answered. Never a word like "wrong": you said, the kernel says.

use super::{Guess, Kernel, Phase, RoundRecord, Session, judge, options};
use crate::words::Lang;

/// The result of this step's prediction, and what is said to a guess that the kernel did not confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    pub result: String,
    pub feedback: Option<String>,
}

/// None: nothing was asked, or nothing has run.
pub fn verdict(session: &Session, lang: Lang) -> Option<Spoken> {
    let prediction = session.prediction()?;
    let words = session.asked(lang);
    let first = match session.phase {
        Phase::Broken => RoundRecord::whole(&session.rounds),
        _ => session.rounds.first()?.clone(),
    };
    let choices = options(prediction, words, &session.at_step, lang);
    // Of a row only its mount point is named.
    let name = |number: usize| {
        let text = choices.get(number).and_then(|text| text.split("  ").next()).unwrap_or("");
        text.replace('`', "")
    };
    let ticked = |ticks: &[bool]| {
        let all: Vec<String> =
            ticks.iter().enumerate().filter(|(_, tick)| **tick).map(|(index, _)| name(index)).collect();
        let list = all.into_iter().reduce(|all, one| lang.say("words.and", &[&all, &one]));
        list.unwrap_or_else(|| lang.say("option.none", &[]))
    };
    let kernel = judge(prediction, std::slice::from_ref(&first));
    let truth = match &kernel {
        Kernel::Void => return Some(Spoken { result: lang.say("verdict.void", &[]), feedback: None }),
        Kernel::Option(option) => name(*option),
        Kernel::Ticks(ticks) => ticked(ticks),
    };
    let (both, alone) = match session.recorded {
        None => ("verdict.both", "verdict.kernel"),
        Some(_) => ("verdict.both-recorded", "verdict.kernel-recorded"),
    };
    let both = |you: &str| lang.say(both, &[you, &truth]);
    let (result, lost) = match (&session.guess, &kernel) {
        (Guess::One(one), Kernel::Option(option)) => (both(&name(*one)), (one != option).then_some(one + 1)),
        (Guess::Ticks(ticks), _) => (both(&ticked(ticks)), None),
        _ => (lang.say(alone, &[&truth]), None),
    };
    Some(Spoken { result, feedback: lost.and_then(|number| words.feedback.get(&number.to_string()).cloned()) })
}
