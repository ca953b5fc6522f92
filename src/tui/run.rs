//! The event loop: keys, signals and the lab's thread send messages, this one draws.

use super::act::{Act, happened, press};
use super::ahead::{Ahead, opens_shell};
use super::input::{ENDS, Inputs, Message};
use super::laid::Laid;
use super::probe::probe;
use super::screen::draw;
use super::terminal::{Screen, copy, enter, lend};
use super::view::{Mode, View};
use crate::lab::Shell;
use crate::lesson::Lesson;
use crate::mounts::MountTable;
use crate::relay::relay;
use crate::session::{Effect, Event, Session};
use crate::words::Lang;
use crossterm::event::KeyEvent;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// What the thread that owns the lab sends.
pub enum LabMessage {
    Event(Event),
    Shell(HandOver),
}

/// A shell that waits for the terminal.
pub struct HandOver {
    pub shell: Shell,
    /// Dropped when the screen has the terminal back.
    pub ends: UnixStream,
}

/// The lesson as it was saved, or what is wrong with it.
pub type Saved = Result<Arc<Lesson>, String>;

/// Who else sends, beside keys and signals.
pub struct Senders {
    pub lab: Receiver<LabMessage>,
    /// Closed where nobody watches the lesson's files.
    pub saved: Receiver<Saved>,
}

/// What is asked of the lab's thread.
pub type Requests = Sender<Effect>;

/// Runs a session on the screen until the student leaves; `note` hears of every change.
pub fn run(
    (session, effects): (Session, Vec<Effect>),
    mut view: View,
    wants_ascii: bool,
    requests: &Requests,
    senders: Senders,
    note: &mut dyn FnMut(&Session),
) -> anyhow::Result<()> {
    let screen = Screen::new()?;
    // Before the keys are read by anybody else.
    let (abilities, typed) = probe(wants_ascii)?;
    view.glyphs = abilities.glyphs;
    view.colour = abilities.colour;
    if view.lang == Lang::Zh && !abilities.is_utf8 {
        view.mode = Mode::NoChinese;
    }
    let inputs = Inputs::start(&typed)?;
    let from_lab = inputs.sender.clone();
    std::thread::spawn(move || {
        let sent = senders.lab.into_iter().try_for_each(|message| from_lab.send(Message::Lab(message)));
        sent.and_then(|()| from_lab.send(Message::LabIsGone))
    });
    let from_files = inputs.sender.clone();
    std::thread::spawn(move || senders.saved.into_iter().try_for_each(|saved| from_files.send(Message::Saved(saved))));
    let laid = Laid::of(&session, &view, screen.area()?);
    let mut runner = Runner { session, view, laid, screen, inputs, requests, saved: None, ahead: Ahead::default() };
    effects.into_iter().for_each(|effect| runner.request(effect));
    runner.go(note)
}

struct Runner<'a> {
    session: Session,
    view: View,
    laid: Laid,
    screen: Screen,
    inputs: Inputs<LabMessage, Saved>,
    requests: &'a Requests,
    /// Waits until nothing is under way.
    saved: Option<Arc<Lesson>>,
    ahead: Ahead,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Leave,
}

impl Runner<'_> {
    fn go(&mut self, note: &mut dyn FnMut(&Session)) -> anyhow::Result<()> {
        loop {
            self.draw()?;
            note(&self.session);
            let mut next = self.inputs.messages.recv().ok();
            // Drain, then draw once.
            while let Some(message) = next.take() {
                if self.one(message)? == Next::Leave {
                    return Ok(());
                }
                self.learn();
                next = self.inputs.messages.try_recv().ok();
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let (session, view, laid) = (&self.session, &self.view, &mut self.laid);
        self.screen.terminal.draw(|frame| {
            laid.follow(session, view, frame.area());
            let cursor = draw(session, view, laid, frame.buffer_mut());
            frame.set_cursor_position(cursor);
        })?;
        // Tests see here that a panic gives the terminal back.
        #[cfg(debug_assertions)]
        if std::env::var_os("NSLAB_PANIC_ON_SCREEN").is_some() {
            panic!("asked to panic");
        }
        Ok(())
    }

    fn request(&mut self, effect: Effect) {
        self.ahead.shell |= matches!(effect, Effect::Shell { .. });
        let _ = self.requests.send(effect);
    }

    fn one(&mut self, message: Message<LabMessage, Saved>) -> anyhow::Result<Next> {
        match message {
            Message::HungUp => return Ok(Next::Leave),
            Message::Signal(signal) if ENDS.contains(&signal) => return Ok(Next::Leave),
            Message::Signal(libc::SIGWINCH | libc::SIGCONT) => self.screen.again()?,
            Message::Signal(_) | Message::Paused => {}
            Message::LabIsGone => {
                anyhow::bail!("the part of nslab that performs the calls has failed; please start it again")
            }
            Message::Saved(Ok(lesson)) => self.saved = Some(lesson),
            Message::Saved(Err(fault)) => {
                self.saved = None;
                self.view.mode = Mode::Fault(fault);
                self.view.scroll = None;
            }
            Message::Lab(LabMessage::Event(event)) => {
                if matches!(event, Event::Failed(_) | Event::NoShell(_) | Event::Notice(_)) {
                    self.ahead.clear();
                }
                happened(event, &mut self.session, &mut self.view);
                return self.catch_up();
            }
            Message::Lab(LabMessage::Shell(over)) => return self.hand_over(over),
            Message::Key(key) if self.session.busy && !self.is_reading() && self.ahead.waits(key) => {
                self.ahead.push(key);
            }
            Message::Key(key) => return self.key(key),
        }
        Ok(Next::Go)
    }

    /// Whether something is open that keys only read and close.
    fn is_reading(&self) -> bool {
        matches!(self.view.mode, Mode::Help | Mode::NoChinese | Mode::Fault(_))
    }

    /// What was pressed meanwhile, one after another, until something is under way again.
    fn catch_up(&mut self) -> anyhow::Result<Next> {
        while !self.session.busy
            && let Some(key) = self.ahead.pop()
        {
            if self.key(key)? == Next::Leave {
                return Ok(Next::Leave);
            }
            // A question is answered by somebody who has read it, and where no shell opens, nothing is typed into one.
            if self.session.asks.is_some() || (opens_shell(key) && !self.session.busy) {
                self.ahead.clear();
            }
        }
        Ok(Next::Go)
    }

    fn key(&mut self, key: KeyEvent) -> anyhow::Result<Next> {
        let area = self.screen.area()?;
        let scene = self.laid.scene(&self.session, &self.view);
        match press(key, &mut self.session, &mut self.view, scene, area) {
            Act::Effects(effects) => {
                if effects.contains(&Effect::Leave) {
                    return Ok(Next::Leave);
                }
                effects.into_iter().for_each(|effect| self.request(effect));
            }
            Act::Copy(text) => copy(&text)?,
            Act::LookAtMachine => {
                // The practice host is a namespace of its own: this reads nslab's, which is the machine's.
                self.view.machine = Arc::new(MountTable::parse(std::fs::read("/proc/self/mountinfo")?));
            }
            Act::Suspend => self.screen.suspend(|| self.inputs.until_continued())?,
            Act::Redraw => self.screen.again()?,
        }
        Ok(Next::Go)
    }

    /// Takes the saved lesson, once nothing of the old one is under way.
    fn learn(&mut self) {
        let Some(lesson) = self.saved.take_if(|_| !self.session.busy) else { return };
        self.view.mode = Mode::Look;
        self.view.turn_page();
        self.view.notice = Some(self.view.lang.say("tui.reloaded", &[]));
        let effects = self.session.relearn(lesson);
        effects.into_iter().for_each(|effect| self.request(effect));
    }

    /// Gives the real terminal to a shell.
    fn hand_over(&mut self, over: HandOver) -> anyhow::Result<Next> {
        self.inputs.pause()?.into_iter().for_each(|key| self.ahead.push(key));
        lend(&self.view.lang.say("plain.shell", &[]))?;
        match relay(&over.shell, &self.ahead.take_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Next::Leave),
            other => other?,
        };
        drop(over);
        self.inputs.resume()?;
        enter()?;
        self.screen.again()?;
        Ok(Next::Go)
    }
}
