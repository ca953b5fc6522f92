//! The full screen of `nslab watch`: the lesson's tables over two processes of the machine. It only looks.

mod act;
mod draw;
#[cfg(test)]
mod tests;

use super::act::pasted;
use super::input::{Inputs, Message};
use super::laid::Laid;
use super::probe::probe;
use super::scene::Scene;
use super::terminal::{Screen, copy};
use super::view::{Focus, Sight, View};
use crate::lesson::Side;
use crate::relay::ENDS;
use crate::session::{Marks, Snapshot};
use crate::watch::{Both, Live, Watched, Watcher};
use crate::words::Lang;
use act::{Act, press};
use draw::draw;
use ratatui::layout::Rect;
use std::sync::Arc;

/// What the screen shows: what was seen, how it is looked at, and which rows stand where.
pub struct Watching {
    watched: Watched,
    view: View,
    laid: Laid,
}

impl Watching {
    pub fn new(now: Both, view: View, area: Rect) -> Watching {
        let watched = Watched::new(now);
        // Two processes often have root file systems of their own, and then no row in common.
        let view = View { focus: Focus::Table, by_point: true, ..view };
        let (now, marks) = (watched.now.snapshot(), watched.marks.clone());
        let laid = Laid::bare(Scene::new(&now, &marks, &view), area);
        Watching { watched, view, laid }
    }

    /// Takes in a new look. What was selected stays selected, wherever its row is now.
    fn take(&mut self, now: Both) {
        let selected = self.laid.selected(&self.view);
        let marks = self.watched.marks.clone();
        let news = self.watched.take(now);
        if !Arc::ptr_eq(&marks, &self.watched.marks) {
            // It was said of how things were.
            self.view.notice = None;
        }
        if let Some(news) = news.first() {
            self.view.notice = Some(news.in_words(&self.watched.now, self.view.lang));
        }
        if self.view.sight == Sight::Namespace && !self.watched.now.sees_less() {
            self.view.sight = Sight::Process;
        }
        self.scene();
        self.view.selected = selected.and_then(|selected| self.laid.row(selected));
    }

    /// The tables of now, or of the change that is looked at.
    fn scene(&mut self) -> &Scene {
        let (now, marks) = tables(&self.watched, &self.view);
        self.laid.show(&now, &marks, &self.view)
    }
}

fn tables(watched: &Watched, view: &View) -> (Snapshot, Arc<Marks>) {
    match view.moment.and_then(|moment| watched.history.get(moment)) {
        Some((_, marks)) => (marks.after.clone(), marks.clone()),
        None => (watched.now.snapshot(), watched.marks.clone()),
    }
}

const SIDES: [Side; 2] = [Side::Outside, Side::Inside];

/// Shows two processes until somebody has seen enough.
pub fn watch(watcher: Watcher, mut view: View, wants_ascii: bool) -> anyhow::Result<()> {
    let mut screen = Screen::new()?;
    let (abilities, typed) = probe(wants_ascii)?;
    view.glyphs = abilities.glyphs;
    view.colour = abilities.colour;
    if !abilities.is_utf8 {
        // There is nothing else to read here: no lesson that was asked for in Chinese.
        view.lang = Lang::En;
    }
    let inputs: Inputs<(), ()> = Inputs::start(&typed)?;
    let mut watching = Watching::new(watcher.seen(), view, screen.area()?);
    let sender = inputs.sender.clone();
    let mut live = Live::start(watcher, move || sender.send(Message::Lab(())).is_ok())?;
    loop {
        screen.terminal.draw(|frame| {
            let cursor = draw(&mut watching, frame.area(), frame.buffer_mut());
            frame.set_cursor_position(cursor);
        })?;
        let mut next = inputs.messages.recv().ok();
        // Drain, then draw once.
        while let Some(message) = next.take() {
            let act = match message {
                Message::HungUp => Act::Leave,
                Message::Signal(signal) if ENDS.contains(&signal) => Act::Leave,
                Message::Signal(libc::SIGWINCH | libc::SIGCONT) => Act::Redraw,
                Message::Lab(()) => {
                    live.take().into_iter().for_each(|now| watching.take(now));
                    Act::Nothing
                }
                Message::Key(key) => press(key, &mut watching, screen.area()?),
                Message::Paste(text) => {
                    pasted(&text, &mut watching.view);
                    Act::Nothing
                }
                // Nothing pauses the keys here, no lesson is saved, and nobody types into a shell.
                Message::Signal(_) | Message::Paused | Message::LabIsGone | Message::Saved(()) | Message::Pty(_) => {
                    Act::Nothing
                }
            };
            match act {
                Act::Nothing => {}
                Act::Leave => return Ok(()),
                Act::Copy(text) => copy(&text)?,
                Act::Reread => live.reread()?,
                Act::Suspend => screen.suspend(|| inputs.until_continued())?,
                Act::Redraw => screen.again()?,
            }
            next = inputs.messages.try_recv().ok();
        }
    }
}
