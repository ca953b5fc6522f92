//! A lesson as it was performed: what recordings keep, `verify` prints and exporters read. It knows no language: words are
//! found again by whoever shows it.

use super::{Guess, Kernel, RoundRecord, Snapshot, judge, options};
use crate::lesson::{HostKind, Lesson, LessonError, Prediction, Source, open, parse_source};
use crate::words::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format that this nslab writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// A run of a lesson.
#[derive(Debug, Clone)]
pub struct Transcript {
    pub header: Header,
    /// The lesson's own files, where it is not told by its name alone.
    pub source: Option<Source>,
    /// In the order in which things happened.
    pub entries: Vec<Entry>,
    /// The file's last line is not whole, and left out.
    pub cut: bool,
}

/// Where and when a lesson was performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    /// The version of nslab.
    pub nslab: String,
    /// The lesson's id.
    pub lesson: String,
    pub host: HostKind,
    /// Where the lab's files were: `/lab`, but on some copies of a machine.
    pub lab: String,
    /// The kernel's release.
    pub kernel: String,
    pub user: User,
    /// Seconds since 1970, UTC.
    pub date: u64,
}

/// Who started nslab; never a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum User {
    Root,
    Plain,
}

/// One thing that happened. Steps and variants are named by their ids, rounds and choices by number from 0.
///
/// `R` is what a round is: with all it knows in memory, in a file without the tables, which are written once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Entry<R = RoundRecord> {
    /// A new practice host, and what the lesson wants done in it before step 1. The rounds that follow happened there.
    Prepared { record: R },
    /// One round of a step.
    Round { step: String, round: usize, record: R },
    /// A question, and what became of it: after the step's first round.
    Prediction(Box<Asked>),
    /// A variant, all its rounds, in a practice host of its own.
    Variant { step: String, variant: String, rounds: Vec<R> },
    /// A task's solution, typed by nslab: how things stood, and what was done.
    Solved { step: String, begun: R, solved: R },
    /// An operation that a task offers.
    Tried { step: String, choice: usize, record: R },
    /// What a shell did, from when it was opened until it ended.
    Hand { step: String, record: R },
}

/// A question that was asked before a step ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub step: String,
    pub question: Prediction,
    /// By language code.
    pub words: BTreeMap<String, AskedWords>,
    /// The kernel's answer.
    pub held: Kernel,
    /// What the student said.
    pub chose: Guess,
}

/// The words of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedWords {
    pub question: String,
    pub options: Vec<String>,
}

impl Header {
    /// As in 2026-11-24 (UTC).
    pub fn day(&self) -> String {
        let (year, month, day, ..) = crate::date::civil(i64::try_from(self.date).unwrap_or(0));
        format!("{year}-{month:02}-{day:02}")
    }

    pub fn host_in_words(&self, lang: Lang) -> String {
        lang.say(if self.host == HostKind::Tidy { "replay.host-tidy" } else { "replay.host-copy" }, &[])
    }
}

impl Transcript {
    /// The lesson that was performed, as it was performed.
    ///
    /// # Errors
    /// A lesson that came with the recording and is damaged, or a name that is not bundled here.
    pub fn lesson(&self) -> Result<Lesson, LessonError> {
        let lesson = self.source.as_ref().map_or_else(|| open(&self.header.lesson), parse_source)?;
        Ok(lesson.at(&self.header.lab))
    }

    /// How things stood before step 1, the first time.
    pub fn prepared(&self) -> Option<&RoundRecord> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Prepared { record } => Some(record),
            _ => None,
        })
    }

    /// A round of a step; of several the last one, since whoever went back saw that one last.
    pub fn round(&self, step: &str, round: usize) -> Option<&RoundRecord> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Round { step: of, round: number, record } if of == step && *number == round => Some(record),
            _ => None,
        })
    }

    /// All rounds of a step, as far as they were performed.
    pub fn rounds(&self, step: &str) -> Vec<&RoundRecord> {
        (0..).map_while(|number| self.round(step, number)).collect()
    }

    pub fn question(&self, step: &str) -> Option<&Asked> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Prediction(asked) if asked.step == step => Some(&**asked),
            _ => None,
        })
    }

    pub fn variant(&self, step: &str, variant: &str) -> Option<&[RoundRecord]> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Variant { step: of, variant: name, rounds } if of == step && name == variant => Some(&**rounds),
            _ => None,
        })
    }

    /// A task's solution: how things stood, and what was done.
    pub fn solved(&self, step: &str) -> Option<(&RoundRecord, &RoundRecord)> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Solved { step: of, begun, solved } if of == step => Some((begun, solved)),
            _ => None,
        })
    }
}

impl<R> Entry<R> {
    /// The same entry with its rounds in another form.
    pub fn try_map<S, E>(self, mut form: impl FnMut(R) -> Result<S, E>) -> Result<Entry<S>, E> {
        Ok(match self {
            Entry::Prepared { record } => Entry::Prepared { record: form(record)? },
            Entry::Round { step, round, record } => Entry::Round { step, round, record: form(record)? },
            Entry::Prediction(asked) => Entry::Prediction(asked),
            Entry::Variant { step, variant, rounds } => {
                Entry::Variant { step, variant, rounds: rounds.into_iter().map(form).collect::<Result<_, _>>()? }
            }
            Entry::Solved { step, begun, solved } => Entry::Solved { step, begun: form(begun)?, solved: form(solved)? },
            Entry::Tried { step, choice, record } => Entry::Tried { step, choice, record: form(record)? },
            Entry::Hand { step, record } => Entry::Hand { step, record: form(record)? },
        })
    }
}

impl Asked {
    /// The question of a step (from 0) and the kernel's answer; None where nothing is asked. `before` is how things stood
    /// when the step began.
    pub fn of(lesson: &Lesson, step: usize, before: &Snapshot, rounds: &[RoundRecord], chose: Guess) -> Option<Asked> {
        let at = &lesson.steps[step];
        let question = at.predict.clone()?;
        let words = [Lang::En, Lang::Zh].map(|lang| {
            let text = lesson.step_text(lang.code(), step);
            let options = options(&question, &text.asked, before, lang);
            (lang.code().to_string(), AskedWords { question: text.asked.question.clone(), options })
        });
        let held = judge(&question, rounds);
        Some(Asked { step: at.id.clone(), words: words.into(), held, chose, question })
    }
}
