//! `nslab myths`.

use super::Usage;
use crate::lesson::{Claim, Lesson, Showing, Verdict, bundled, claim, claims, open, showings};
use crate::words::Lang;
use crate::wrap::hang_markdown;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;
/// Below the claim's number.
const INDENT: usize = 4;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One claim, by its id or its number: every step that shows it.
    claim: Option<String>,
    #[arg(long)]
    json: bool,
    /// As the companion page, docs/companion/claims.LANG.md.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

pub fn myths(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let lessons = bundled().iter().map(|name| open(name)).collect::<Result<Vec<_>, _>>()?;
    let shown = showings(&lessons);
    let chosen = match &args.claim {
        None => 0..claims().len(),
        Some(name) => {
            let index = place(name).map_err(Usage)?;
            index..index + 1
        }
    };
    let told = chosen.map(|index| Told {
        number: index + 1,
        claim: &claims()[index],
        steps: shown.get(claims()[index].id.as_str()).map_or(&[], Vec::as_slice),
        lessons: &lessons,
        lang,
    });
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{:#}", Value::Array(told.map(|told| told.json()).collect()))?;
    } else if args.markdown {
        writeln!(out, "# {}\n\n{}", lang.say("myths.title", &[]), lang.say("myths.about", &[]))?;
        for told in told {
            write!(out, "\n{}", told.markdown())?;
        }
    } else {
        let every = args.claim.is_some();
        let width = width();
        for told in told {
            writeln!(out, "{}", told.text(width, every))?;
        }
        if !every {
            writeln!(out, "{}", lang.say("myths.how", &[]))?;
        }
    }
    Ok(0)
}

/// A claim's place in the list, by its number from 1 or its id.
fn place(name: &str) -> Result<usize, String> {
    match name.parse::<usize>() {
        Ok(number) if (1..=claims().len()).contains(&number) => Ok(number - 1),
        Ok(number) => Err(format!("there is no claim {number}; nslab myths shows 1 to {}", claims().len())),
        Err(_) => claim(name),
    }
}

/// The columns of the terminal; lines for a pipe are not broken.
fn width() -> usize {
    match std::io::stdout().is_terminal() {
        true => crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns)).clamp(20, WIDEST),
        false => usize::MAX,
    }
}

/// A claim with the steps that show it, in a language.
struct Told<'a> {
    number: usize,
    claim: &'a Claim,
    steps: &'a [Showing],
    lessons: &'a [Lesson],
    lang: Lang,
}

impl Told<'_> {
    fn verdict(&self) -> String {
        let key = match self.claim.verdict {
            Verdict::True => "verdict.true",
            Verdict::Half => "verdict.half",
            Verdict::False => "verdict.false",
            Verdict::Outdated => "verdict.outdated",
        };
        self.lang.say(key, &[])
    }

    fn command(&self, shown: Showing) -> String {
        format!("nslab lesson {} --step {}", self.lessons[shown.lesson].id, shown.step + 1)
    }

    fn title(&self, shown: Showing) -> &str {
        &self.lessons[shown.lesson].step_text(self.lang.code(), shown.step).title
    }

    /// In words, for a terminal so wide.
    fn text(&self, width: usize, every: bool) -> String {
        let words = self.claim.text(self.lang.code());
        let claim = format!("{}. {}", self.number, self.lang.say("myths.quote", &[&words.claim]));
        let fact = self.lang.say("myths.verdict", &[&self.verdict(), &words.fact]);
        let mut lines = hang_markdown(&claim, width, INDENT);
        let indent = |line: String| " ".repeat(INDENT) + &line;
        lines.extend(hang_markdown(&fact, width.saturating_sub(INDENT), 0).into_iter().map(indent));
        let steps = self.steps.iter().take(if every { usize::MAX } else { 1 });
        lines.extend(steps.map(|shown| indent(self.command(*shown))));
        lines.join("\n") + "\n"
    }

    fn markdown(&self) -> String {
        let words = self.claim.text(self.lang.code());
        let heading = format!("## {}. {}", self.number, self.lang.say("myths.quote", &[&words.claim]));
        let verdict = self.lang.say("myths.verdict", &[&format!("**{}**", self.verdict()), &words.fact]);
        let step = self
            .steps
            .first()
            .map_or(String::new(), |shown| format!("`{}` · {}", self.command(*shown), self.title(*shown)));
        format!("{heading}\n\n{verdict}\n\n{step}\n")
    }

    fn json(&self) -> Value {
        let words = self.claim.text(self.lang.code());
        let step = |shown: &Showing| {
            let lesson = &self.lessons[shown.lesson];
            json!({
                "lesson": lesson.id, "step": shown.step + 1, "id": lesson.steps[shown.step].id,
                "title": self.title(*shown), "command": self.command(*shown),
            })
        };
        json!({
            "id": self.claim.id, "claim": words.claim, "verdict": self.claim.verdict, "fact": words.fact,
            "command": self.steps.first().map(|shown| self.command(*shown)),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}
