//! asciicast v2: the real screen as a film that asciinema plays. A recording is gone through from the first step to the last, as a
//! student who is not sure would do it; the pauses are there for reading.

use crate::lesson::LessonError;
use crate::recording::Replay;
use crate::session::{Phase, Session, Transcript};
use crate::tui::Film;
use crate::words::Lang;
use crossterm::event::KeyCode;
use serde_json::json;
use std::sync::Arc;

/// The smallest screen that lessons are written for, in cells.
const SIZE: (u16, u16) = (80, 24);
/// So many characters are read in a second; of an unknown page it takes a moment to find the place.
const SPEED: f64 = 25.0;
const MOMENT: f64 = 1.5;
/// Nobody waits longer for the next key, in seconds.
const LONGEST: f64 = 15.0;

/// A recording as asciicast v2, in a language.
///
/// # Errors
/// The recording's lesson cannot be read.
pub fn cast(transcript: &Transcript, lang: Lang) -> Result<String, LessonError> {
    let header = &transcript.header;
    let lesson = Arc::new(transcript.lesson()?);
    let (mut session, effects) = Session::new(lesson.clone(), 0);
    session.recorded = Some(header.clone());
    let replay = Box::new(Replay::new(transcript.clone(), lesson.clone(), lang));
    let film = Film::new((session, effects), replay, lang, SIZE).expect("a screen in memory");
    let head = json!({
        "version": 2,
        "width": SIZE.0,
        "height": SIZE.1,
        "timestamp": header.date,
        "title": lesson.text(lang.code()).title,
        "env": { "TERM": "xterm-256color", "SHELL": "/bin/sh" },
    });
    let mut reel = Reel { film, at: 0.0, lines: vec![head.to_string()] };
    // Nothing of what was on the screen before stays; the cursor is put where it is on the real one.
    reel.send("\u{1b}[2J\u{1b}[H");
    reel.look();
    while reel.film.session.phase != Phase::After && reel.step() {}
    Ok(reel.lines.join("\n") + "\n")
}

/// What has been filmed.
struct Reel {
    film: Film,
    /// In seconds.
    at: f64,
    lines: Vec<String>,
}

impl Reel {
    fn send(&mut self, what: &str) {
        self.lines.push(json!([(self.at * 1000.0).round() / 1000.0, "o", what]).to_string());
    }

    /// Shows what there is now, and leaves time to read what is new of it; page after page.
    fn look(&mut self) {
        self.film.from_the_top();
        loop {
            let frame = self.film.frame().expect("a screen in memory");
            self.send(&frame);
            self.at += (MOMENT + letters(&frame) as f64 / SPEED).min(LONGEST);
            if !self.film.page_on() {
                return;
            }
        }
    }

    fn press(&mut self, code: KeyCode) {
        self.film.press(code);
        self.look();
    }

    /// What is next in the lesson. False: the recording ends here.
    fn step(&mut self) -> bool {
        let session = &self.film.session;
        let before = (session.step, session.phase, session.rounds.len(), session.hints);
        match session.phase {
            Phase::Predict => {
                self.press(KeyCode::Char('0'));
                self.press(KeyCode::Enter);
            }
            // The tips one by one; after the last the solution.
            Phase::Task if !session.task.done => self.press(KeyCode::Char('t')),
            _ => self.press(KeyCode::Enter),
        }
        let session = &self.film.session;
        before != (session.step, session.phase, session.rounds.len(), session.hints)
    }
}

/// Characters that are read: without what steers a terminal.
fn letters(frame: &str) -> usize {
    let parts = frame.split('\u{1b}').enumerate();
    parts
        .map(|(number, part)| match number {
            0 => part,
            // A control sequence ends with a letter.
            _ => part.find(|end: char| end.is_ascii_alphabetic()).map_or("", |end| &part[end + 1..]),
        })
        .flat_map(str::chars)
        .filter(|character| character.is_alphanumeric())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// What a terminal of that size shows after each line, with the times.
    fn watched(text: &str) -> Vec<(f64, String)> {
        let mut lines = text.lines();
        let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!((&head["version"], &head["width"], &head["height"]), (&json!(2), &json!(80), &json!(24)));
        let [rows, columns] = [SIZE.1, SIZE.0].map(|cells| std::num::NonZeroU16::new(cells).unwrap());
        let mut terminal = vt100::Parser::new(rows, columns, 0);
        let shown = lines.map(|line| {
            let (at, kind, data): (f64, String, String) = serde_json::from_str(line).unwrap();
            assert_eq!(kind, "o");
            terminal.process(data.as_bytes());
            (at, terminal.screen().contents())
        });
        shown.collect()
    }

    #[test]
    fn every_lesson_is_filmed_from_the_first_step_to_the_last() {
        // A film takes a while to draw: each in one language, turn by turn.
        for (number, id) in crate::lesson::bundled().into_iter().enumerate() {
            let lang = [Lang::En, Lang::Zh][number % 2];
            let transcript = crate::recording::bundled(&id).unwrap();
            let lesson = transcript.lesson().unwrap();
            let shown = watched(&cast(&transcript, lang).unwrap());
            assert!(shown.is_sorted_by(|(one, _), (other, _)| one <= other), "{id}: time goes on");
            let (end, last) = shown.last().unwrap();
            assert!(last.contains(&lang.say("replay.title", &[])), "{id}: {last}");
            assert!((60.0..7200.0).contains(end), "{id}: {end}");
            let all: String = shown.iter().map(|(_, screen)| screen.as_str()).collect();
            for number in 1..=lesson.steps.len() {
                assert!(all.contains(&format!(" {number}/{} ", lesson.steps.len())), "{id} {number}");
            }
            // Each task is solved in the end.
            for number in (1..=lesson.steps.len()).filter(|number| lesson.steps[number - 1].task.is_some()) {
                let place = format!(" {number}/{} ", lesson.steps.len());
                let done = lang.say("task.done", &[]);
                let is_done = |(_, screen): &(f64, String)| screen.contains(&place) && screen.contains(&done);
                assert!(shown.iter().any(is_done), "{id}{place}: {done}");
            }
        }
    }

    /// A film of half a lesson ends where the recording ends.
    #[test]
    fn a_recording_that_ends_early_is_filmed_as_far_as_it_goes() {
        let mut transcript = crate::recording::bundled("mount-ns").unwrap();
        transcript.entries.truncate(3);
        let shown = watched(&cast(&transcript, Lang::En).unwrap());
        assert!(shown.last().unwrap().1.contains("The recording does not have this"), "{}", shown.last().unwrap().1);
    }
}
