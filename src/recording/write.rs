//! Writes a recording line by line: what happened until a kill is there, but for the line under way.

use super::form::{Moment, Round, Row, State, rows};
use crate::lesson::{Source, SourceFile};
use crate::mounts::MountTable;
use crate::session::{Entry, Header, RoundRecord, SideState, Snapshot, Transcript};
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Of a file's content so much is kept, in bytes; its size is kept as it is.
const TEXT: usize = 1024;

/// Where a recording goes to.
pub struct Writer<W: Write> {
    out: W,
    states: Vec<Arc<SideState>>,
    known: HashMap<Vec<u8>, usize>,
}

/// A line that is no entry.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Head<'a> {
    Recording(&'a Header),
    Lesson(&'a Source),
    State(State),
}

impl<W: Write> Writer<W> {
    /// Begins a recording; `source` is the lesson, where it comes along.
    pub fn begin(out: W, header: &Header, source: Option<&Source>) -> io::Result<Writer<W>> {
        let mut writer = Writer { out, states: Vec::new(), known: HashMap::new() };
        writer.line(&Head::Recording(header))?;
        if let Some(source) = source {
            writer.line(&Head::Lesson(&nameless(source)))?;
        }
        Ok(writer)
    }

    /// Writes all of a transcript.
    pub fn whole(out: W, transcript: &Transcript) -> io::Result<()> {
        let mut writer = Writer::begin(out, &transcript.header, transcript.source.as_ref())?;
        transcript.entries.iter().try_for_each(|entry| writer.entry(entry.clone()))
    }

    pub fn entry(&mut self, entry: Entry) -> io::Result<()> {
        let entry = entry.try_map(|record| self.round(record))?;
        self.line(&entry)
    }

    fn round(&mut self, mut record: RoundRecord) -> io::Result<Round> {
        for seen in record.files_before.iter_mut().chain(&mut record.files_after) {
            let Some(state) = &mut seen.state else { continue };
            let end = (0..=TEXT.min(state.text.len())).rfind(|&end| state.text.is_char_boundary(end));
            state.text.truncate(end.unwrap_or(0));
        }
        Ok(Round { before: self.moment(&record.before)?, after: self.moment(&record.after)?, record })
    }

    fn moment(&mut self, snapshot: &Snapshot) -> io::Result<Moment> {
        let outside = self.state(&snapshot.outside)?;
        let inside = snapshot.inside.as_ref().map(|state| self.state(state)).transpose()?;
        Ok(Moment { outside, inside })
    }

    /// The number of a state, which is written if it is new.
    fn state(&mut self, state: &Arc<SideState>) -> io::Result<usize> {
        let same = |known: &Arc<SideState>| Arc::ptr_eq(known, state) || known == state;
        if let Some(id) = self.states.iter().rposition(same) {
            return Ok(id);
        }
        let id = self.states.len();
        let table = self.table(&state.table);
        let seen = (state.seen != state.table).then(|| self.table(&state.seen));
        self.line(&Head::State(State { id, table, seen, facts: state.facts.clone() }))?;
        self.states.push(state.clone());
        Ok(id)
    }

    fn table(&mut self, table: &MountTable) -> Vec<Row> {
        let row = |row: &[u8]| match self.known.get(row) {
            Some(number) => Row::Known(*number),
            None => {
                self.known.insert(row.to_vec(), self.known.len());
                Row::new(row)
            }
        };
        rows(table).map(row).collect()
    }

    /// One write a line, so that nobody who reads meanwhile sees a part of one for long.
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}

/// The lesson without the folder that it lay in: that may name a person.
fn nameless(source: &Source) -> Source {
    let file = |file: &SourceFile| {
        let name = Path::new(&file.path).file_name().map(|name| name.to_string_lossy().into_owned());
        SourceFile { path: name.unwrap_or_default(), text: file.text.clone() }
    };
    Source {
        yaml: file(&source.yaml),
        words: source.words.iter().map(|(language, words)| (language.clone(), file(words))).collect(),
    }
}
