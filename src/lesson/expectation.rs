//! What must be so after a round, and what shows that it might not be.

use super::{Condition, Run};
use crate::op::{Actor, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that must be so, and how it is proven. In YAML the proof is the key: `becomes: { rows: … }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "ExpectationFile", into = "ExpectationFile")]
pub struct Expectation {
    pub proof: Proof,
    pub that: Condition,
    /// The variant in which it does not hold.
    pub fails_in: Option<String>,
    /// What makes it not hold, done instead of the round's own operations.
    pub broken_by: Option<Breaker>,
    /// The popular claim on which it bears, by its id.
    pub claim: Option<String>,
}

impl Expectation {
    /// Whether an experiment is named in which it does not hold.
    pub fn names_experiment(&self) -> bool {
        self.fails_in.is_some() || self.broken_by.is_some()
    }
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

/// An experiment that breaks an expectation: done instead of what the round does and types; then the round's own
/// commands are run. No student sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Who acts; the round's actor if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    #[serde(default, rename = "do", skip_serializing_if = "Vec::is_empty")]
    pub does: Vec<Operation>,
    /// Commands run on the actor's side after the operations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run: Vec<Run>,
    /// Lines typed into the terminal of the container's program.
    #[serde(default, rename = "type", skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// An expectation as a file has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ExpectationFile {
    /// False before the round and true after it: what the round brings about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    becomes: Option<Condition>,
    /// True before and after the round: what it leaves alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stays: Option<Condition>,
    /// About the round's own results: its errno, its output, its changes of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    says: Option<Condition>,
    /// The variant in which it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fails_in: Option<String>,
    /// What is done instead of the round's operations so that it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken_by: Option<Breaker>,
    /// The popular claim on which it bears, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
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
        Ok(Self { proof, that, fails_in: file.fails_in, broken_by: file.broken_by, claim: file.claim })
    }
}

impl From<Expectation> for ExpectationFile {
    fn from(expectation: Expectation) -> Self {
        let Expectation { proof, that, fails_in, broken_by, claim } = expectation;
        let mut file = Self { fails_in, broken_by, claim, ..Self::default() };
        *match proof {
            Proof::Becomes => &mut file.becomes,
            Proof::Stays => &mut file.stays,
            Proof::Says => &mut file.says,
        } = Some(that);
        file
    }
}
