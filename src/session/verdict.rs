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
    let kernel = judge(prediction, std::slice::from_ref(&first));
    let Some(truth) = kernel_in_words(&kernel, &choices, lang) else {
        return Some(Spoken { result: lang.say("verdict.void", &[]), feedback: None });
    };
    let (both, alone) = match session.recorded {
        None => ("verdict.both", "verdict.kernel"),
        Some(_) => ("verdict.both-recorded", "verdict.kernel-recorded"),
    };
    let both = |you: &str| lang.say(both, &[you, &truth]);
    let (result, lost) = match (&session.guess, &kernel) {
        (Guess::One(one), Kernel::Option(option)) => (both(&name(&choices, *one)), (one != option).then_some(one + 1)),
        (Guess::Ticks(ticks), _) => (both(&ticked(&choices, ticks, lang)), None),
        _ => (lang.say(alone, &[&truth]), None),
    };
    Some(Spoken { result, feedback: lost.and_then(|number| words.feedback.get(&number.to_string()).cloned()) })
}

/// The kernel's answer to a question with these options; None where nothing is judged.
pub fn kernel_in_words(kernel: &Kernel, options: &[String], lang: Lang) -> Option<String> {
    match kernel {
        Kernel::Void => None,
        Kernel::Option(option) => Some(name(options, *option)),
        Kernel::Ticks(ticks) => Some(ticked(options, ticks, lang)),
    }
}

/// What a student said; None where nothing was said.
pub fn guess_in_words(guess: &Guess, options: &[String], lang: Lang) -> Option<String> {
    match guess {
        Guess::None => None,
        Guess::Unsure => Some(lang.say("option.unsure", &[])),
        Guess::One(one) => Some(name(options, *one)),
        Guess::Ticks(ticks) => Some(ticked(options, ticks, lang)),
    }
}

/// An option without marks; of a row only its mount point.
fn name(options: &[String], number: usize) -> String {
    let text = options.get(number).and_then(|text| text.split("  ").next()).unwrap_or("");
    text.replace('`', "")
}

fn ticked(options: &[String], ticks: &[bool], lang: Lang) -> String {
    let all = ticks.iter().enumerate().filter(|(_, tick)| **tick).map(|(index, _)| name(options, index));
    let list = all.reduce(|all, one| lang.say("words.and", &[&all, &one]));
    list.unwrap_or_else(|| lang.say("option.none", &[]))
}
