//! Reads a recording. Whatever a file holds, it is a transcript or an error with its place.

use super::form::{Moment, Round, Row, State};
use crate::mounts::{MountTable, printable};
use crate::session::{Entry, FORMAT, Header, RoundRecord, SideState, Snapshot, Transcript};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What is wrong with a recording, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct ReadError {
    file: String,
    /// From 1.
    line: usize,
    what: String,
}

/// The first thing that is read of a line.
#[derive(Deserialize)]
struct Kind {
    event: String,
}

/// So many bytes all tables of a recording may have together: rows that are named by number cost nothing in the file.
const TABLES: usize = 256 << 20;

#[derive(Default)]
struct Reader {
    /// Bytes of the tables so far.
    size: usize,
    rows: Vec<Vec<u8>>,
    states: Vec<Arc<SideState>>,
}

/// Reads a recording; `file` is its name in errors. A last line without an end is left out: nslab was killed while it
/// wrote.
///
/// # Errors
/// Says which line cannot be read, and why.
pub fn read(file: &str, bytes: &[u8]) -> Result<Transcript, ReadError> {
    let wrong = |line: usize, what: String| ReadError {
        file: printable(file.as_bytes()),
        line: line + 1,
        what: printable(what.as_bytes()),
    };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(&bytes[..0], |end| &bytes[..end]);
    let mut lines = whole.split(|&byte| byte == b'\n').enumerate();
    let no_recording = "this is no recording of nslab; make one with nslab lesson ID --record FILE";
    let first = lines.next().map_or(&whole[..0], |(_, line)| line);
    let header = match serde_json::from_slice::<Kind>(first) {
        Ok(Kind { event }) if event == "recording" => first,
        _ => return Err(wrong(0, no_recording.into())),
    };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    match serde_json::from_slice::<Format>(header) {
        Ok(Format { format }) if format > FORMAT => {
            let what =
                format!("format {format} is newer than this nslab, which reads up to {FORMAT}; use a newer nslab");
            return Err(wrong(0, what));
        }
        _ => {}
    }
    let header: Header = parse(header).map_err(|what| wrong(0, what))?;
    let is_plain = |text: &str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if ![&header.kernel, &header.nslab, &header.lesson].into_iter().all(|text| is_plain(text)) {
        return Err(wrong(
            0,
            "kernel, nslab and lesson are short words; the recording is damaged, make it again".into(),
        ));
    }
    let lab = header.lab.strip_prefix('/').unwrap_or_default();
    if lab.is_empty() || !lab.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err(wrong(0, format!("lab: {:?} is no place for a lab; it is /lab in most recordings", header.lab)));
    }
    let mut transcript = Transcript { header, source: None, entries: Vec::new(), cut: !bytes.ends_with(b"\n") };
    let mut reader = Reader::default();
    let mut last = 0;
    for (number, line) in lines {
        reader.line(line, &mut transcript).map_err(|what| wrong(number, what))?;
        last = number;
    }
    if transcript.prepared().is_none() {
        return Err(wrong(last, "the recording ends before anything was performed; make it again".into()));
    }
    Ok(transcript)
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| {
        // A line is all that the parser sees: of its place only the column says something.
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or(&words).to_string();
        let column = if error.column() > 0 { format!("column {}: ", error.column()) } else { String::new() };
        format!("{column}{words}; the recording is damaged, make it again")
    })
}

impl Reader {
    fn line(&mut self, line: &[u8], transcript: &mut Transcript) -> Result<(), String> {
        let Kind { event } = parse(line)?;
        match event.as_str() {
            "recording" => return Err("a second recording begins here; give each a file of its own".into()),
            "lesson" => transcript.source = Some(parse(line)?),
            "state" => {
                let state = parse(line)?;
                self.state(state)?;
            }
            _ => {
                let entry: Entry<Round> = parse(line)?;
                transcript.entries.push(entry.try_map(|round| self.round(round))?);
            }
        }
        Ok(())
    }

    fn state(&mut self, state: State) -> Result<(), String> {
        if state.id != self.states.len() {
            return Err(format!("state {} stands where state {} must; lines are missing", state.id, self.states.len()));
        }
        let table = self.table(&state.table)?;
        let seen = state.seen.map_or(Ok(table.clone()), |seen| self.table(&seen))?;
        self.states.push(Arc::new(SideState { table, seen, facts: state.facts }));
        Ok(())
    }

    fn table(&mut self, rows: &[Row]) -> Result<MountTable, String> {
        let mut raw = Vec::new();
        for row in rows {
            let bytes = row.bytes(&self.rows)?;
            if bytes.is_empty() || bytes.contains(&b'\n') {
                return Err("a row is one line of a mount table".into());
            }
            raw.extend_from_slice(&bytes);
            raw.push(b'\n');
            self.size += bytes.len() + 1;
            if self.size > TABLES {
                return Err("the recording's tables are larger than any lesson's; it is damaged, make it again".into());
            }
            if !matches!(row, Row::Known(_)) {
                self.rows.push(bytes);
            }
        }
        Ok(MountTable::parse(raw))
    }

    fn round(&self, round: Round) -> Result<RoundRecord, String> {
        let (before, after) = (self.moment(round.before)?, self.moment(round.after)?);
        let RoundRecord { before, after, outside, inside, .. } = RoundRecord::between(before, after);
        Ok(RoundRecord { before, after, outside, inside, ..round.record })
    }

    fn moment(&self, moment: Moment) -> Result<Snapshot, String> {
        let state = |id: usize| self.states.get(id).cloned().ok_or_else(|| format!("there is no state {id} before"));
        Ok(Snapshot { outside: state(moment.outside)?, inside: moment.inside.map(state).transpose()? })
    }
}
