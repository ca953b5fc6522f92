//! How rounds and tables stand in a file: a side's state is written once, and so is each row of a table.

use crate::mounts::MountTable;
use crate::session::{Facts, RoundRecord};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// A side at one moment, by number from 0 in the order of a file's lines.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    pub id: usize,
    /// The whole mount namespace, row by row.
    pub table: Vec<Row>,
    /// What the side's first process sees, where that is not the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Vec<Row>>,
    pub facts: Facts,
}

/// A row of /proc/PID/mountinfo: as the kernel wrote it the first time, from then on its number from 0.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "a row is its text, {\"base64\": its bytes}, or the number of an earlier row")]
pub enum Row {
    Known(usize),
    Text(String),
    Bytes { base64: String },
}

/// A round: what its record says, and the numbers of the states before and after.
#[derive(Debug, Serialize, Deserialize)]
pub struct Round {
    pub before: Moment,
    pub after: Moment,
    #[serde(flatten)]
    pub record: RoundRecord,
}

/// Both sides at one moment, by the numbers of their states.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Moment {
    pub outside: usize,
    pub inside: Option<usize>,
}

impl Row {
    pub fn new(bytes: &[u8]) -> Row {
        match std::str::from_utf8(bytes) {
            Ok(text) => Row::Text(text.into()),
            Err(_) => Row::Bytes { base64: STANDARD.encode(bytes) },
        }
    }

    /// The row itself; `known` are the rows before.
    pub fn bytes(&self, known: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        match self {
            Row::Known(number) => known.get(*number).cloned().ok_or_else(|| format!("there is no row {number} before")),
            Row::Text(text) => Ok(text.as_bytes().to_vec()),
            Row::Bytes { base64 } => STANDARD.decode(base64).map_err(|error| format!("a row's base64: {error}")),
        }
    }
}

/// A table's rows as the kernel wrote them.
pub fn rows(table: &MountTable) -> impl Iterator<Item = &[u8]> {
    table.raw().split(|&byte| byte == b'\n').filter(|row| !row.is_empty())
}
