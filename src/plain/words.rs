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
    Help,
    /// No word, or one that does not fit here: the catalogue's key of what to say, and what is filled in.
    Wrong(&'static str, Vec<String>),
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
    let steps = session.lesson.steps.len();
    let variants = session.lesson.steps[session.step].variants.len();
    match (words.first().copied().unwrap_or(""), words.get(1).copied(), number) {
        ("" | "next" | "n", ..) if session.phase == Phase::Predict => wrong_answer(session),
        ("" | "next" | "n", ..) => one(Command::Forward),
        ("?" | "help", ..) => Word::Help,
        ("quit" | "q", ..) => one(Command::Leave),
        ("back", ..) => one(Command::Back),
        ("again", ..) => one(Command::Rebuild),
        ("restart", ..) => one(Command::Restart),
        ("goto", _, Some(step)) if (1..=steps).contains(&step) => one(Command::Goto(step - 1)),
        ("goto", ..) => Word::Wrong("plain.goto-which", vec![steps.to_string()]),
        ("break", None, _) => Word::Look(Look::Variants),
        ("break", _, Some(number)) if (1..=variants).contains(&number) => one(Command::Break(number - 1)),
        ("break", ..) if variants > 0 => Word::Wrong("plain.break-which", vec![variants.to_string()]),
        ("break", ..) => Word::Look(Look::Variants),
        ("tip", ..) => one(Command::Tip),
        ("show", ..) if session.phase == Phase::Task => one(Command::Show),
        ("try", _, Some(number)) if session.phase == Phase::Task => one(Command::Choose(number)),
        ("show" | "try", ..) if session.phase != Phase::Task => Word::Look(Look::Task),
        ("try", ..) => Word::Wrong("plain.try-which", Vec::new()),
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
        ("row", ..) => Word::Wrong("plain.row-which", Vec::new()),
        ("shell", Some("host"), _) => one(Command::Shell(Side::Outside)),
        ("shell", Some("container"), _) => one(Command::Shell(Side::Inside)),
        ("shell", ..) => Word::Wrong("plain.shell-which", Vec::new()),
        ("lang", Some("en"), _) => Word::Lang(Lang::En),
        ("lang", Some("zh" | "zh-CN"), _) => Word::Lang(Lang::Zh),
        ("lang", ..) => Word::Wrong("plain.lang-which", Vec::new()),
        _ if session.phase == Phase::Predict && line.starts_with(|first: char| first.is_ascii_digit()) => {
            wrong_answer(session)
        }
        _ => Word::Wrong("plain.no-word", vec![line.into()]),
    }
}

/// How many answers there are; several may be given where several may be so.
fn wrong_answer(session: &Session) -> Word {
    let key = if takes_many(session) { "plain.answers-which" } else { "plain.answer-which" };
    Word::Wrong(key, vec![count(session).to_string()])
}

fn count(session: &Session) -> usize {
    let words = session.asked(Lang::En);
    session.prediction().map_or(0, |prediction| options(prediction, words, &session.at_step, Lang::En).len())
}

/// The answer to a question: one number, or several where several may be so.
fn answer(line: &str, session: &Session) -> Option<Vec<Command>> {
    let count = count(session);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Event, Snapshot};
    use std::sync::Arc;

    fn session() -> Session {
        let lesson = crate::lesson::open("mount-ns").unwrap();
        let step = lesson.steps.iter().position(|step| step.variants.len() > 1).unwrap();
        let (mut session, _) = Session::new(Arc::new(lesson), step);
        session.apply(Event::Built(Snapshot::default()));
        session
    }

    /// A word that does not fit is answered with what would; only `?` tells all words.
    #[test]
    fn what_does_not_fit_is_said() {
        let mut session = session();
        let key = |line: &str, session: &Session| match parse(line, session) {
            Word::Wrong(key, args) => {
                for lang in [Lang::En, Lang::Zh] {
                    let args: Vec<&str> = args.iter().map(String::as_str).collect();
                    let said = lang.say(key, &args);
                    assert!(said != key && !said.contains('{'), "{line}: {said}");
                }
                key
            }
            other => panic!("{line}: {other:?}"),
        };
        for (line, wanted) in [
            ("foo", "plain.no-word"),
            ("goto 77", "plain.goto-which"),
            ("goto", "plain.goto-which"),
            ("break 9", "plain.break-which"),
            ("break x", "plain.break-which"),
            ("row", "plain.row-which"),
            ("shell bar", "plain.shell-which"),
            ("lang fr", "plain.lang-which"),
        ] {
            assert_eq!(key(line, &session), wanted, "{line}");
        }
        assert_eq!(parse("?", &session), Word::Help);
        assert_eq!(parse("try 1", &session), Word::Look(Look::Task), "no task is open");
        assert_eq!(parse("break", &session), Word::Look(Look::Variants));
        session.handle(Command::Forward);
        assert_eq!(session.phase, Phase::Predict);
        for line in ["", "next", "9", "1 2", "0 1"] {
            assert_eq!(key(line, &session), "plain.answer-which", "{line}");
        }
        assert_eq!(parse("0", &session), Word::Commands(vec![Command::Choose(0), Command::Forward]));
    }
}
