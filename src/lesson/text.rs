//! The words of a lesson.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    pub asked: QuestionText,
    /// Read after a round ran: `### see`, then `### see 2` …
    pub see: Vec<String>,
    pub hints: Vec<String>,
    /// For the instructor; never shown to students.
    pub speaker: String,
    #[serde(default)]
    pub task: TaskText,
    /// By variant: the question, and why it went as it did.
    pub variants: BTreeMap<String, VariantText>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VariantText {
    /// "What if …?"
    pub question: String,
    pub why: String,
    /// What is asked before it runs.
    #[serde(default)]
    pub asked: QuestionText,
}

/// The words of a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuestionText {
    pub question: String,
    /// The options' words in order, for the kinds that need them.
    pub options: Vec<String>,
    /// What is said to a guess that the kernel did not confirm, by the option's number (from 1).
    pub feedback: BTreeMap<String, String>,
}

/// The words of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskText {
    /// One sentence that names the state.
    pub text: String,
    /// One line for each condition, in order.
    pub goals: Vec<String>,
    /// One for each state that is nearly right: what is true instead.
    pub near: Vec<String>,
    /// Hints below the task's heading.
    pub hints: Vec<String>,
    /// Said when it is done.
    pub done: String,
}
