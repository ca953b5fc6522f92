//! Questions asked before a step runs.

use super::condition::{Condition, CountSpec, RowFilter, Side, View};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question asked before a step runs. The author writes the question and the options, never the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Does {
    Gains,
    Loses,
    Changes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    PidOutside,
    PidInside,
    HostnameOutside,
    HostnameInside,
    Program,
}
