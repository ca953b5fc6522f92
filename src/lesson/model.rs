//! What a lesson file says, as types. See `docs/lesson-format.md`.

use super::LAB;
use crate::op::{Actor, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A whole lesson: its structure, and its words in every language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The version of the lesson format: 1.
    pub format: u32,
    pub id: String,
    /// How long it takes alone, in minutes.
    pub minutes: u32,
    #[serde(default)]
    pub host: HostSpec,
    /// What the practice host does before step 1: shown as step 0.
    #[serde(default)]
    pub prepare: Vec<Action>,
    pub steps: Vec<Step>,
    /// The words, by language code (`en`, `zh-CN`); read from the Markdown files beside the YAML.
    #[serde(default)]
    pub texts: BTreeMap<String, LessonText>,
}

/// How the practice host is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostSpec {
    /// Give `/` and all below it to peer groups, as systemd does.
    pub shared: bool,
    /// Where the lab's files are. A lesson file does not choose it; see [`Lesson::at`].
    #[serde(skip)]
    pub lab: String,
}

impl Default for HostSpec {
    fn default() -> Self {
        Self { shared: false, lab: LAB.into() }
    }
}

/// One thing that the host does while the practice host is prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Do(Operation),
    /// A command that goes on running in the background: words, no shell.
    Start(String),
}

/// One step: the student reads, predicts, does and sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub id: String,
    pub minutes: u32,
    #[serde(default)]
    pub predict: Option<Prediction>,
    /// What is performed, round after round: Enter runs the next one. Most steps have one.
    pub rounds: Vec<Round>,
    /// Mount points that are never folded away.
    #[serde(default)]
    pub focus: Vec<String>,
    /// What if …: the same step with one thing changed.
    #[serde(default, rename = "break")]
    pub variants: Vec<Variant>,
}

/// One round of a step: operations, then commands whose output is shown, then what must be so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Who acts. With `type` it is the program that runs in the container.
    #[serde(default = "host")]
    pub actor: Actor,
    #[serde(default, rename = "do")]
    pub does: Vec<Operation>,
    /// Commands, words without a shell, run on the actor's side after the operations.
    #[serde(default)]
    pub run: Vec<String>,
    /// Lines typed into the terminal of the container's program.
    #[serde(default, rename = "type")]
    pub types: Vec<String>,
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

fn host() -> Actor {
    Actor::Host
}

/// The same step with one thing changed; afterwards the sandbox is rebuilt as before the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub id: String,
    /// Earlier steps that are left out.
    #[serde(default)]
    pub skip: Vec<String>,
    /// What is done instead of the step's own rounds; empty: the step's first round as it is.
    #[serde(default)]
    pub rounds: Vec<Round>,
    /// What must be so afterwards, if `rounds` is empty.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// Something that must be so, and how it is proven. In YAML the proof is the key: `becomes: { rows: … }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ExpectationFile", into = "ExpectationFile")]
pub struct Expectation {
    pub proof: Proof,
    pub that: Condition,
    /// The variant in which it does not hold.
    pub fails_in: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// False before the round, true after it.
    Becomes,
    /// True before and after.
    Stays,
    /// About this round's results.
    Says,
}

/// An expectation as a file has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ExpectationFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    becomes: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stays: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    says: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fails_in: Option<String>,
}

impl TryFrom<ExpectationFile> for Expectation {
    type Error = &'static str;

    fn try_from(file: ExpectationFile) -> Result<Self, Self::Error> {
        let (proof, that) = match (file.becomes, file.stays, file.says) {
            (Some(that), None, None) => (Proof::Becomes, that),
            (None, Some(that), None) => (Proof::Stays, that),
            (None, None, Some(that)) => (Proof::Says, that),
            _ => return Err("an expectation has exactly one of becomes:, stays: and says:"),
        };
        Ok(Self { proof, that, fails_in: file.fails_in })
    }
}

impl From<Expectation> for ExpectationFile {
    fn from(expectation: Expectation) -> Self {
        let mut file = Self { fails_in: expectation.fails_in, ..Self::default() };
        *match expectation.proof {
            Proof::Becomes => &mut file.becomes,
            Proof::Stays => &mut file.stays,
            Proof::Says => &mut file.says,
        } = Some(expectation.that);
        file
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Outside,
    Inside,
}

/// A question that the kernel can answer. What is undefined (no container yet) does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// So many rows of a side's table match.
    Rows(Rows),
    /// The round's change of a side's table.
    Change(ChangeSpec),
    /// Every row of a side has this propagation type (and there is a row).
    Propagation(EveryRow),
    /// The result of the round's operations: `ok`, or the errno's name of the one that failed.
    Errno(String),
    /// What a command of the round printed (standard output and error).
    Output(Output),
    File(FileSpec),
    Hostname(Named),
    /// The root directory of the side's first process.
    Root(Named),
    /// Whether both sides have the same namespace of a kind.
    Same(Same),
    /// The container's first process: its PID inside and outside are as at the step before.
    Pid(PidSpec),
    /// The container has ended (true) or runs (false).
    Ended(bool),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    pub side: Side,
    /// `namespace` (all of it) or `process` (what the first process sees).
    #[serde(default)]
    pub view: View,
    #[serde(default, rename = "where")]
    pub filter: RowFilter,
    pub count: CountSpec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    #[default]
    Namespace,
    Process,
}

/// A number, or a word for one that differs from host to host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CountSpec {
    Exactly(usize),
    Word(CountWord),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountWord {
    /// As many as the outside table has.
    AsOutside,
    /// As many as before the round.
    AsBefore,
    /// One more than before the round.
    OneMore,
    /// At least one.
    Some,
}

/// Which rows are meant; every field that is given must match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowFilter {
    #[serde(default)]
    pub target: Option<String>,
    #[serde(default, rename = "type")]
    pub fstype: Option<String>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub root: Option<String>,
    /// `private`, `shared`, `slave` or `unbindable`.
    #[serde(default)]
    pub propagation: Option<String>,
    #[serde(default)]
    pub covered: Option<bool>,
    /// The row that answers for this path.
    #[serde(default)]
    pub answers: Option<String>,
}

/// The change of one side's namespace in this round. A number that is not given is not looked at; `none: true` says
/// that nothing changed at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeSpec {
    pub side: Side,
    #[serde(default)]
    pub none: bool,
    #[serde(default)]
    pub added: Option<ChangeCount>,
    #[serde(default)]
    pub removed: Option<ChangeCount>,
    #[serde(default)]
    pub changed: Option<ChangeCount>,
    #[serde(default)]
    pub covered: Option<ChangeCount>,
    #[serde(default, rename = "where")]
    pub filter: RowFilter,
}

/// A number, or `all`: every row that the table had before the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChangeCount {
    Exactly(usize),
    Word(AllWord),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllWord {
    All,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EveryRow {
    pub side: Side,
    pub every: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The command as `run` has it.
    pub of: String,
    #[serde(default)]
    pub has: Option<String>,
    #[serde(default)]
    pub lacks: Option<String>,
    /// The whole output, without the last line's end.
    #[serde(default)]
    pub is: Option<String>,
    /// What the whole output is not.
    #[serde(default, rename = "is-not")]
    pub is_not: Option<String>,
    /// The command's exit status.
    #[serde(default)]
    pub status: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    pub side: Side,
    /// A path on that side, from the root of its namespace's first process.
    pub path: String,
    /// Whether there is such a file at all.
    #[serde(default)]
    pub exists: Option<bool>,
    /// Its whole content, without the last line's end.
    #[serde(default)]
    pub is: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub side: Side,
    pub is: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Same {
    /// `mnt`, `pid`, `uts`, `user`, `ipc`, `hostname` or `rows` (the same rows in the same order, but for the ids).
    pub what: String,
    pub is: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PidSpec {
    /// Its number in its own PID namespace.
    #[serde(default)]
    pub inside: Option<i32>,
    /// Whether the number outside is the one from before the round.
    #[serde(default, rename = "outside-as-before")]
    pub outside_as_before: Option<bool>,
    /// Its command line's first word.
    #[serde(default)]
    pub program: Option<String>,
}

/// A question asked before a step runs. The author writes the question and the options, never the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Prediction {
    /// Which table gains, loses or changes rows? Options made by nslab: outside, inside, both, neither.
    WhichSide { does: Does },
    /// How many rows match afterwards (or, with `change`, were added or removed)?
    RowCount {
        side: Side,
        #[serde(default)]
        view: View,
        #[serde(default, rename = "where")]
        filter: RowFilter,
        #[serde(default)]
        change: Option<Does>,
        options: Vec<CountSpec>,
    },
    /// What does the call answer?
    Errno { options: Vec<String> },
    /// The same before and after? Options made by nslab: the same, different.
    Same { what: Fact },
    /// Which row of a side, as it is before the step?
    Point {
        side: Side,
        #[serde(rename = "where")]
        filter: RowFilter,
    },
    /// Each line by itself: is it so?
    Tick { items: Vec<Condition> },
    /// Exactly one list holds.
    Claims { options: Vec<Vec<Condition>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Does {
    Gains,
    Loses,
    Changes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    PidOutside,
    PidInside,
    HostnameOutside,
    HostnameInside,
    Program,
}

/// The words of a lesson in one language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LessonText {
    pub title: String,
    /// One paragraph on what the lesson is about.
    pub about: String,
    pub steps: BTreeMap<String, StepText>,
    /// The closing page (`## after`), if there is one.
    #[serde(default)]
    pub after: String,
}

/// The words of a step. Markdown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepText {
    pub title: String,
    /// Read before anything runs.
    pub text: String,
    pub question: String,
    /// The options' words in order, for the kinds that need them.
    pub options: Vec<String>,
    /// What is said to a guess that the kernel did not confirm, by the option's number (from 1).
    pub feedback: BTreeMap<String, String>,
    /// Read after a round ran: `### see`, then `### see 2` …
    pub see: Vec<String>,
    pub hints: Vec<String>,
    /// For the instructor; never shown to students.
    pub speaker: String,
    /// By variant: the question, and why it went as it did.
    pub variants: BTreeMap<String, VariantText>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VariantText {
    /// "What if …?"
    pub question: String,
    pub why: String,
}

impl Lesson {
    #[cfg(test)]
    pub fn step_index(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// The words in a language; English where that one is missing.
    pub fn text(&self, lang: &str) -> &LessonText {
        static EMPTY: std::sync::LazyLock<LessonText> = std::sync::LazyLock::new(LessonText::default);
        self.texts.get(lang).or_else(|| self.texts.get("en")).unwrap_or(&EMPTY)
    }

    pub fn step_text(&self, lang: &str, step: usize) -> &StepText {
        static EMPTY: std::sync::LazyLock<StepText> = std::sync::LazyLock::new(StepText::default);
        self.steps.get(step).and_then(|step| self.text(lang).steps.get(&step.id)).unwrap_or(&EMPTY)
    }
}
