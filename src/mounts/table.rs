//! A mount table at one moment.

use super::row::{self, Mount};
use super::tree;
use memchr::memchr;
use std::sync::Arc;

/// So many rows may have gone between two that stayed, for the second to be found.
const NEAR: usize = 8;

/// A mount table at one moment, in the kernel's order. A clone is the same table.
#[derive(Debug, Clone, Default)]
pub struct MountTable(Arc<Contents>);

#[derive(Debug, Default)]
struct Contents {
    raw: Arc<Vec<u8>>,
    rows: Vec<Mount>,
    unread: Vec<Unread>,
    parents: Vec<Option<u32>>,
    covered: Vec<bool>,
}

/// A line that is no row; nothing is dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// From 1.
    pub line: usize,
    pub bytes: Vec<u8>,
    pub why: &'static str,
}

impl PartialEq for MountTable {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.raw() == other.raw()
    }
}

impl MountTable {
    /// Rows end at the byte 0x0a and nowhere else. An empty line holds nothing that could be lost.
    pub fn parse(raw: Vec<u8>) -> MountTable {
        MountTable::parse_after(&[], raw)
    }

    /// `known` are rows of an earlier table, which need not be read again.
    fn parse_after(mut known: &[Mount], mut raw: Vec<u8>) -> MountTable {
        // Tables of earlier moments are kept by the thousand.
        raw.shrink_to_fit();
        let raw = Arc::new(raw);
        let mut rows: Vec<Mount> = Vec::with_capacity((raw.len() / 128).max(known.len() + 1));
        let mut unread = Vec::new();
        let (mut start, mut line) = (0, 0);
        while start < raw.len() {
            let end = memchr(b'\n', &raw[start..]).map_or(raw.len(), |length| start + length);
            line += 1;
            if start < end {
                // A table keeps its order, so a row that stayed is not far from the one before it.
                let stayed = known.iter().take(NEAR).position(|row| row.raw() == &raw[start..end]);
                let row = match stayed {
                    Some(at) => {
                        let row = known[at].moved(&raw, start);
                        known = &known[at + 1..];
                        Ok(row)
                    }
                    None => row::parse(&raw, start, end),
                };
                match row {
                    Ok(row) => rows.push(row),
                    Err(why) => unread.push(Unread { line, bytes: raw[start..end].to_vec(), why }),
                }
            }
            start = end + 1;
        }
        let parents = tree::parents(&rows);
        let covered = tree::covered(&rows, &parents);
        MountTable(Arc::new(Contents { raw, rows, unread, parents, covered }))
    }

    /// The same as [`parse`](Self::parse), and this very table if nothing is new.
    pub fn reparse(&self, raw: Vec<u8>) -> MountTable {
        if *self.0.raw == raw { self.clone() } else { MountTable::parse_after(self.rows(), raw) }
    }

    pub fn rows(&self) -> &[Mount] {
        &self.0.rows
    }

    pub fn len(&self) -> usize {
        self.rows().len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    pub fn raw(&self) -> &[u8] {
        &self.0.raw
    }

    pub fn unread(&self) -> &[Unread] {
        &self.0.unread
    }

    /// Whether no path leads to this mount.
    pub fn covered(&self, row: usize) -> bool {
        self.0.covered.get(row).copied().unwrap_or(false)
    }

    /// The mount on the same mount point directly below this one.
    pub fn covers(&self, row: usize) -> Option<usize> {
        let below = (*self.0.parents.get(row)?)? as usize;
        (self.rows()[below].raw_target() == self.rows()[row].raw_target()).then_some(below)
    }

    /// The mount that answers for a path: the one whose mount point is the longest prefix, among those that a path
    /// leads to.
    pub fn answering(&self, path: &[u8]) -> Option<usize> {
        (0..self.len())
            .filter(|&row| !self.covered(row) && is_below(path, &self.rows()[row].target()))
            .max_by_key(|&row| self.rows()[row].target().len())
    }

    /// Parents before children, siblings by mount point, the top of a stack first; with each row's depth.
    pub fn tree_order(&self) -> Vec<(usize, usize)> {
        tree::order(self.rows(), &self.0.parents)
    }
}

/// Whether `path` is `base` or below it, component by component.
pub(super) fn is_below(path: &[u8], base: &[u8]) -> bool {
    base == b"/" || path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}
