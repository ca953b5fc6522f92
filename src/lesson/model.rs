//! What a lesson file says, as types. See `docs/lesson-format.md`.

use super::{Condition, Expectation, LAB, LessonText, Prediction, Side, StepText};
use crate::op::{Actor, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A whole lesson: its structure, and its words in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The version of the lesson format: 1.
    pub format: u32,
    pub id: String,
    /// How long it takes alone, in minutes.
    pub minutes: u32,
    /// Lessons to take before this one.
    #[serde(default)]
    pub needs: Vec<String>,
    #[serde(default)]
    pub host: HostSpec,
    /// Stacks of directories that steps show side by side, by name: the layers of an overlay and its merged view.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stacks: BTreeMap<String, Vec<Column>>,
    /// What happens before step 1: shown as step 0.
    #[serde(default)]
    pub prepare: Vec<Round>,
    pub steps: Vec<Step>,
    /// The words, by language code (`en`, `zh-CN`); read from the Markdown files beside the YAML.
    #[serde(default)]
    #[schemars(skip)]
    pub texts: BTreeMap<String, LessonText>,
}

/// How the practice host is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HostSpec {
    /// Give `/` and all below it to peer groups, as systemd does.
    pub shared: bool,
    /// What the lesson says of rows is true of the tidy practice host only, not of a copy of some machine's table.
    #[serde(rename = "tidy-only")]
    pub tidy_only: bool,
    /// Where the lab's files are. A lesson file does not choose it; see [`Lesson::at`].
    #[serde(skip)]
    pub lab: String,
}

/// What the practice host is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    /// Seven file systems of its own, the same on every machine.
    #[default]
    Tidy,
    /// A copy of this machine's own mount table, read-only.
    Copy,
}

impl Default for HostSpec {
    fn default() -> Self {
        Self { shared: false, tidy_only: false, lab: LAB.into() }
    }
}

/// One directory of a stack: a layer, or a view on the layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: String,
    pub path: String,
    /// On which side the path is looked up.
    #[serde(default = "outside")]
    pub side: Side,
    /// A merged view rather than a layer.
    #[serde(default)]
    pub view: bool,
}

fn outside() -> Side {
    Side::Outside
}

/// What a step shows of a stack: some paths, each as every column has it. Columns stand from the lowest to the topmost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// The stack's name.
    pub of: String,
    /// Paths below each column's directory.
    pub paths: Vec<String>,
    /// The stack's columns; filled in from the lesson's stacks.
    #[serde(default)]
    #[schemars(skip)]
    pub columns: Vec<Column>,
}

/// One step: the student reads, predicts, does and sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub id: String,
    pub minutes: u32,
    #[serde(default)]
    pub predict: Option<Prediction>,
    /// What is performed, round after round: Enter runs the next one. Most steps have one; a step that is only a task
    /// has none.
    #[serde(default)]
    pub rounds: Vec<Round>,
    /// Its text is longer than a page of 80x24 on purpose: Space scrolls.
    #[serde(default)]
    pub paged: bool,
    /// Mount points that are never folded away.
    #[serde(default)]
    pub focus: Vec<String>,
    /// Paths that are shown in every layer side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Layers>,
    /// What if …: the same step with one thing changed.
    #[serde(default, rename = "break")]
    pub variants: Vec<Variant>,
    /// What the student may bring about by hand once the rounds have run.
    #[serde(default)]
    pub task: Option<Task>,
}

/// One round of a step: operations, then commands whose output is shown, then what must be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Who acts. With `type` it is the program that runs in the container.
    #[serde(default = "host")]
    pub actor: Actor,
    #[serde(default, rename = "do")]
    pub does: Vec<Operation>,
    /// Commands run on the actor's side after the operations.
    #[serde(default)]
    pub run: Vec<Run>,
    /// Lines typed into the terminal of the container's program.
    #[serde(default, rename = "type")]
    pub types: Vec<String>,
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

impl Round {
    /// What is run and typed, as it is shown.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.run.iter().map(Run::line).chain(self.types.iter().map(String::as_str))
    }
}

/// A command of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a command is words, { sh: \"…\" } or { start: \"…\" }; put words with `: ` in them in quotes"
)]
pub enum Run {
    /// Words, no shell.
    Words(String),
    Shell(ShellLine),
    Start(StartLine),
}

/// A line for the side's shell: for what no operation can say. Shown as typed, never as a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShellLine {
    pub sh: String,
}

/// A command that goes on running in the background: words, no shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartLine {
    pub start: String,
}

impl Run {
    /// As it is shown, and as an expectation's `of` names it.
    pub fn line(&self) -> &str {
        match self {
            Run::Words(line) => line,
            Run::Shell(shell) => &shell.sh,
            Run::Start(start) => &start.start,
        }
    }
}

/// A state that the student brings about by hand, in the shells or by choosing operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What must be so; each ticks by itself. The words stand in the Markdown, one line each.
    pub until: Vec<Goal>,
    /// States that are nearly right; the Markdown says of each what is true instead (`### near 1`).
    #[serde(default)]
    pub near: Vec<Condition>,
    /// Operations to choose from instead of typing.
    #[serde(default)]
    pub palette: Vec<Choice>,
    /// One way to do it: lines typed into the shells, in order.
    pub solution: Vec<Typed>,
}

/// One condition of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Once is enough: it stays ticked.
    Once(Condition),
    /// It must be so at the end.
    Now(Condition),
}

impl Goal {
    pub fn condition(&self) -> &Condition {
        match self {
            Goal::Once(condition) | Goal::Now(condition) => condition,
        }
    }
}

/// An operation that a task offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub actor: Actor,
    #[serde(rename = "do")]
    pub does: Operation,
}

/// A line for the shell of a side: `host: umount /proc`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Typed {
    Host(String),
    Container(String),
}

impl Typed {
    pub fn parts(&self) -> (Actor, &str) {
        match self {
            Typed::Host(line) => (Actor::Host, line),
            Typed::Container(line) => (Actor::Container, line),
        }
    }
}

fn host() -> Actor {
    Actor::Host
}

/// The same step with one thing changed; afterwards the sandbox is rebuilt as before the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub id: String,
    /// What the student is asked before it runs; judged by what the whole variant does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict: Option<Prediction>,
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

    /// How many hints the task of a step has.
    pub fn task_hints(&self, step: usize) -> usize {
        self.step_text("en", step).task.hints.len()
    }

    pub fn step_text(&self, lang: &str, step: usize) -> &StepText {
        static EMPTY: std::sync::LazyLock<StepText> = std::sync::LazyLock::new(StepText::default);
        self.steps.get(step).and_then(|step| self.text(lang).steps.get(&step.id)).unwrap_or(&EMPTY)
    }
}
