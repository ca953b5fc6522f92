//! The words that are typed, as commands.

use crate::lesson::{Prediction, Side};
use crate::session::{Command, Phase, Session, options};
use crate::words::Lang;

/// What a line means.
#[derive(Debug, PartialEq, Eq)]
pub enum Word {
    Commands(Vec<Command>),
    Look(Look),
    Lang(Lang),
    Unknown,
}

/// What only looks, and changes nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    Table(Side),
    /// The kernel's own row, numbered as the table is told.
    Row(usize, Option<Side>),
    Changes,
    Calls,
    Program,
    Variants,
    Task,
}

/// Whether the question takes several answers.
pub fn takes_many(session: &Session) -> bool {
    matches!(session.prediction(), Some(Prediction::Tick { .. }))
}

pub fn parse(line: &str, session: &Session) -> Word {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = words.get(1).and_then(|word| word.parse::<usize>().ok());
    let one = |command| Word::Commands(vec![command]);
    if session.asks.is_some() {
        let yes = matches!(line, "" | "y" | "yes");
        return one(if yes { Command::Forward } else { Command::Cancel });
    }
    if session.phase == Phase::Predict
        && let Some(answer) = answer(line, session)
    {
        return Word::Commands(answer);
    }
    match (words.first().copied().unwrap_or(""), words.get(1).copied(), number) {
        ("" | "next" | "n", ..) => one(Command::Forward),
        ("quit" | "q", ..) => one(Command::Leave),
        ("back", ..) => one(Command::Back),
        ("again", ..) => one(Command::Rebuild),
        ("restart", ..) => one(Command::Restart),
        ("goto", _, Some(step)) if (1..=session.lesson.steps.len()).contains(&step) => one(Command::Goto(step - 1)),
        ("break", _, None) => Word::Look(Look::Variants),
        ("break", _, Some(number)) if (1..=session.lesson.steps[session.step].variants.len()).contains(&number) => {
            one(Command::Break(number - 1))
        }
        ("tip", ..) => one(Command::Tip),
        ("show", ..) if session.phase == Phase::Task => one(Command::Show),
        ("try", _, Some(number)) if session.phase == Phase::Task => one(Command::Choose(number)),
        ("task", ..) => Word::Look(Look::Task),
        ("outside", ..) => Word::Look(Look::Table(Side::Outside)),
        ("inside", ..) => Word::Look(Look::Table(Side::Inside)),
        ("changes", ..) => Word::Look(Look::Changes),
        ("call" | "calls", ..) => Word::Look(Look::Calls),
        ("program", ..) => Word::Look(Look::Program),
        ("row", _, Some(row)) => Word::Look(Look::Row(
            row,
            match words.get(2).copied() {
                Some("outside") => Some(Side::Outside),
                Some("inside") => Some(Side::Inside),
                _ => None,
            },
        )),
        ("shell", Some("host"), _) => one(Command::Shell(Side::Outside)),
        ("shell", Some("container"), _) => one(Command::Shell(Side::Inside)),
        ("lang", Some("en"), _) => Word::Lang(Lang::En),
        ("lang", Some("zh" | "zh-CN"), _) => Word::Lang(Lang::Zh),
        _ => Word::Unknown,
    }
}

/// The answer to a question: one number, or several where several may be so.
fn answer(line: &str, session: &Session) -> Option<Vec<Command>> {
    let prediction = session.prediction()?;
    let words = session.lesson.step_text("en", session.step);
    let count = options(prediction, words, &session.at_step, Lang::En).len();
    let numbers: Vec<usize> = line
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().ok().filter(|&number| number <= count))
        .collect::<Option<_>>()?;
    let choose = |numbers: &[usize]| {
        let chosen = numbers.iter().map(|number| Command::Choose(*number));
        Some(chosen.chain([Command::Forward]).collect())
    };
    match numbers.as_slice() {
        [0] => choose(&[0]),
        [one] if !takes_many(session) => choose(&[*one]),
        many if takes_many(session) && !many.is_empty() && !many.contains(&0) => choose(many),
        _ => None,
    }
}
