//! What every format shows: a lesson in one language, with what happened. All its text may hold anything: each format
//! escapes it.

use crate::session::LayerTable;
use crate::words::Lang;

/// A lesson in one language. What a student is to find out is missing in a worksheet.
#[derive(Debug, Clone)]
pub struct Book {
    pub lang: Lang,
    pub id: String,
    pub title: String,
    /// Markdown.
    pub about: String,
    /// Titles of the lessons to take before.
    pub needs: Vec<String>,
    pub minutes: u32,
    /// Where and when it was performed, as a sentence.
    pub made: String,
    /// What was done before the first step.
    pub prepared: Option<Ran>,
    pub chapters: Vec<Chapter>,
    /// Markdown.
    pub after: String,
    pub programs: Vec<Program>,
    /// To be filled in.
    pub worksheet: bool,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Chapter {
    pub id: String,
    pub title: String,
    /// Markdown, as is all that lesson files say.
    pub text: String,
    /// What will be performed, round after round.
    pub plan: Vec<Plan>,
    pub question: Option<Question>,
    pub hints: Vec<String>,
    pub rounds: Vec<Ran>,
    /// The lines of the programs that this step is.
    pub excerpts: Vec<Program>,
    pub variants: Vec<WhatIf>,
    pub task: Option<Task>,
    /// What a student did in a shell.
    pub by_hand: Vec<Ran>,
}

/// What a round will do, and who does it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub who: String,
    /// The calls, and the commands as they are typed.
    pub lines: Vec<String>,
}

/// A question, and what came out.
#[derive(Debug, Clone)]
pub struct Question {
    pub text: String,
    pub options: Vec<Choice>,
    /// Several may be so.
    pub many: bool,
    /// "Kernel: both."
    pub answer: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub text: String,
    /// The kernel's answer; None where it is left open.
    pub holds: Option<bool>,
    /// What is said to whoever chose it.
    pub verdict: Option<String>,
    pub feedback: Option<String>,
}

/// A round as it happened.
#[derive(Debug, Clone)]
pub struct Ran {
    pub who: String,
    pub calls: Vec<CallLine>,
    pub commands: Vec<CommandLine>,
    pub tables: [Table; 2],
    pub layers: Option<LayerTable>,
    /// Markdown: what to see in it.
    pub see: String,
}

/// A call with its answer, as strace writes it.
#[derive(Debug, Clone)]
pub struct CallLine {
    pub text: String,
    /// Names and what they mean: the flags, then the errno.
    pub words: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct CommandLine {
    pub line: String,
    pub output: Vec<String>,
}

/// One side's mount table after a round.
#[derive(Debug, Clone)]
pub struct Table {
    /// Whose it is.
    pub name: String,
    /// How many rows there are, and what the round did to them.
    pub summary: String,
    pub lines: Vec<Line>,
    /// The round did something to it.
    pub is_changed: bool,
}

/// A line of both tables, as one of them has it.
#[derive(Debug, Clone)]
pub struct Line {
    /// None stands for a row that only the other side has.
    pub row: Option<Row>,
    /// On one of the sides there is a note.
    pub has_note: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub mark: Mark,
    /// Mount point, type, source, propagation.
    pub cells: [Cell; 4],
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    /// The round changed it.
    pub is_changed: bool,
}

/// What the round did to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    None,
    Added,
    Removed,
    Changed,
    Moved,
    Covered,
    Uncovered,
    /// The process does not see it.
    Away,
}

/// A variant: the same step with one thing changed.
#[derive(Debug, Clone)]
pub struct WhatIf {
    pub question: String,
    pub rounds: Vec<Ran>,
    pub why: String,
}

#[derive(Debug, Clone)]
pub struct Task {
    pub text: String,
    pub goals: Vec<String>,
    pub hints: Vec<String>,
    pub solution: Option<Solution>,
}

#[derive(Debug, Clone)]
pub struct Solution {
    /// The lines that were typed, and where.
    pub typed: Vec<(String, String)>,
    pub ran: Option<Ran>,
    pub done: String,
}

/// A program, or a step's part of it.
#[derive(Debug, Clone)]
pub struct Program {
    /// The language's name.
    pub name: &'static str,
    /// As a Markdown reader knows it.
    pub syntax: &'static str,
    pub text: String,
}

impl Mark {
    /// As it is named in classes.
    pub fn name(self) -> &'static str {
        match self {
            Mark::None => "",
            Mark::Added => "added",
            Mark::Removed => "removed",
            Mark::Changed => "changed",
            Mark::Moved => "moved",
            Mark::Covered => "covered",
            Mark::Uncovered => "uncovered",
            Mark::Away => "away",
        }
    }

    pub fn word(self, lang: Lang) -> String {
        match self {
            Mark::None => String::new(),
            Mark::Away => lang.say("export.away", &[]),
            mark => lang.say(&format!("change.{}", mark.name()), &[]),
        }
    }
}

impl Book {
    /// The same book with everything left open that a student is to find out.
    pub fn into_worksheet(mut self) -> Book {
        self.worksheet = true;
        self.made.clear();
        self.after.clear();
        self.programs.clear();
        self.prepared = None;
        for chapter in &mut self.chapters {
            chapter.rounds.clear();
            chapter.by_hand.clear();
            chapter.hints.clear();
            chapter.excerpts.clear();
            if let Some(question) = &mut chapter.question {
                question.answer = None;
                for option in &mut question.options {
                    *option = Choice { text: std::mem::take(&mut option.text), ..Choice::default() };
                }
            }
            for variant in &mut chapter.variants {
                variant.rounds.clear();
                variant.why.clear();
            }
            if let Some(task) = &mut chapter.task {
                task.hints.clear();
                task.solution = None;
            }
        }
        self
    }
}
