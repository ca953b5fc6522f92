//! The screen without a terminal: keys go in, and what a terminal would be sent comes out. For recordings on film.

use super::act::{Act, happened, press};
use super::glyphs::Glyphs;
use super::laid::Laid;
use super::screen::draw;
use super::view::View;
use crate::conduct::Conduct;
use crate::session::{Effect, Session};
use crate::words::Lang;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

/// A session on a screen that nobody sits at.
pub struct Film {
    pub session: Session,
    conduct: Box<dyn Conduct>,
    view: View,
    laid: Laid,
    terminal: Terminal<CrosstermBackend<Sink>>,
    sink: Sink,
}

/// What was sent to the terminal since last asked.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Film {
    pub fn new(
        (session, effects): (Session, Vec<Effect>),
        conduct: Box<dyn Conduct>,
        lang: Lang,
        (columns, rows): (u16, u16),
    ) -> io::Result<Film> {
        let view = View { glyphs: Glyphs::Box, ..View::new(lang) };
        let area = Rect::new(0, 0, columns, rows);
        let sink = Sink::default();
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(CrosstermBackend::new(sink.clone()), options)?;
        let laid = Laid::of(&session, &view, area);
        let mut film = Film { session, conduct, view, laid, terminal, sink };
        film.carry_out(effects);
        Ok(film)
    }

    /// Presses a key, and waits for what it leads to.
    pub fn press(&mut self, code: KeyCode) {
        let area = self.laid.area;
        let scene = self.laid.scene(&self.session, &self.view);
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        if let Act::Effects(effects) = press(key, &mut self.session, &mut self.view, scene, area) {
            self.carry_out(effects);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects.iter().filter(|effect| !matches!(effect, Effect::Leave | Effect::Shell { .. })) {
            let events = self.conduct.carry_out(effect);
            events.into_iter().for_each(|event| happened(event, &mut self.session, &mut self.view, &mut self.laid));
        }
    }

    /// Draws a frame: what a terminal is sent for it.
    ///
    /// # Errors
    /// Nothing fails in memory.
    pub fn frame(&mut self) -> io::Result<String> {
        let (session, view, laid) = (&self.session, &self.view, &mut self.laid);
        self.terminal.draw(|frame| {
            laid.follow(session, view, frame.area());
            let cursor = draw(session, view, laid, frame.buffer_mut());
            frame.set_cursor_position(cursor);
        })?;
        Ok(String::from_utf8_lossy(&self.sink.0.take()).into_owned())
    }

    /// Shows the page from its first line.
    pub fn from_the_top(&mut self) {
        self.view.scroll = Some(0);
    }

    /// Shows the next part of the page; false if all of it has been shown.
    pub fn page_on(&mut self) -> bool {
        let Some(map) = &self.laid.map else { return false };
        let (_, first, last) = map.page(&self.session, &self.view, &self.laid.scene);
        self.view.scroll = Some((first + map.page.len().saturating_sub(1).max(1)).min(last));
        first < last
    }
}
