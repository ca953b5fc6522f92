//! The event loop: keys, signals and the lab's thread send messages, this one draws.

use super::act::{Act, happened, pasted, press};
use super::ahead::{Ahead, opens_shell};
use super::input::{Inputs, Message};
use super::laid::Laid;
use super::probe::probe;
use super::ptys::{FromPty, Ptys};
use super::requests::{Request, Requests};
use super::screen::draw;
use super::shells::{Stage, root};
use super::terminal::{Screen, copy, enter, lend, show, take_back};
use super::view::{Mode, Tab, View};
use crate::lab::Shell;
use crate::lesson::{Lesson, Side};
use crate::mounts::MountTable;
use crate::relay::{self, ENDS, Lent};
use crate::session::{Effect, Event, Session};
use crate::terminal::{Pty, encode, paste};
use crate::words::Lang;
use crossterm::event::KeyEvent;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// What the thread that owns the lab sends.
pub enum LabMessage {
    Event(Event),
    Opened(Opened),
}

/// A shell that was asked for.
pub struct Opened {
    pub side: Side,
    pub number: u64,
    pub shell: Result<Shell, String>,
}

/// The lesson as it was saved, or what is wrong with it.
pub type Saved = Result<Arc<Lesson>, String>;

/// Who else sends, beside keys and signals.
pub struct Senders {
    pub lab: Receiver<LabMessage>,
    /// Closed where nobody watches the lesson's files.
    pub saved: Receiver<Saved>,
}

/// How long what shells print may keep the next key waiting.
const BUDGET: Duration = Duration::from_millis(8);
/// What prints all the time is drawn this often.
const FRAME: Duration = Duration::from_millis(33);
/// A key is answered within 50 ms, whatever shells print: it waits for what is being shown, and what a shell answers is drawn
/// with the next picture.
const _: () = assert!(BUDGET.as_millis() + FRAME.as_millis() <= 50);

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
    let (ahead, ptys, drawn) = (Ahead::default(), Ptys::default(), Instant::now());
    let at = session.step;
    let mut runner = Runner { session, view, laid, screen, inputs, requests, saved: None, ahead, ptys, drawn, at };
    requests.send(Request::At(at));
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
    ptys: Ptys,
    drawn: Instant,
    /// The step that the lab's thread takes the student to be at.
    at: usize,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Leave,
}

impl Runner<'_> {
    fn go(&mut self, note: &mut dyn FnMut(&Session)) -> anyhow::Result<()> {
        self.draw()?;
        loop {
            note(&self.session);
            let mut next = self.next();
            let mut is_urgent = next.is_some();
            // Drain, then draw once.
            while let Some(message) = next.take() {
                is_urgent |= !matches!(message, Message::Pty(_));
                if self.one(message)? == Next::Leave {
                    return Ok(());
                }
                self.learn();
                next = self.inputs.messages.try_recv().ok();
            }
            // What a key did does not wait for what shells print.
            if is_urgent && self.ptys.is_behind() {
                self.draw()?;
            }
            self.pump();
            self.tell_of_shells();
            // A flood is drawn now and then; its end, and whatever else happens, at once.
            if !self.ptys.is_behind() || self.drawn.elapsed() >= FRAME {
                self.draw()?;
            }
        }
    }

    /// The next message; None where there is something else to do first.
    fn next(&mut self) -> Option<Message<LabMessage, Saved>> {
        let messages = &self.inputs.messages;
        match self.ptys.due() {
            _ if self.ptys.is_behind() => messages.try_recv().ok(),
            Some(due) => messages.recv_timeout(due.saturating_duration_since(Instant::now())).ok(),
            None => messages.recv().ok(),
        }
    }

    /// Shows what shells have printed. One that ends while it is typed into stays in sight.
    fn pump(&mut self) {
        let typing = self.view.shells.typing;
        self.ptys.pump(&mut self.view.shells, Instant::now() + BUDGET);
        if let Some(side) = typing.filter(|_| self.view.shells.typing.is_none()) {
            self.view.tab = Some(Tab::Shell(side));
        }
    }

    /// What shells do is seen by the kernel's notice of mounts; the rest by looking once they have printed something.
    fn tell_of_shells(&mut self) {
        if self.at != self.session.step {
            self.at = self.session.step;
            self.requests.send(Request::At(self.at));
        }
        if self.ptys.looks() {
            self.requests.send(Request::Look);
        }
    }

    /// Gives the shells the sizes that they are shown in.
    fn fit_shells(&mut self) {
        let shown = self.laid.map.as_ref().map_or(Vec::new(), |map| map.shells.clone());
        for (side, area) in shown {
            let Some(pane) = self.view.shells.get_mut(side) else { continue };
            if pane.emulator.size() != (area.height, area.width) && area.area() > 0 {
                pane.emulator.resize(area.height, area.width);
                self.ptys.resize(side, area.height, area.width);
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        self.laid.follow(&self.session, &self.view, self.screen.area()?);
        self.fit_shells();
        let (session, view, laid) = (&self.session, &self.view, &mut self.laid);
        self.screen.terminal.draw(|frame| {
            if laid.area != frame.area() {
                laid.follow(session, view, frame.area());
            }
            let cursor = draw(session, view, laid, frame.buffer_mut());
            frame.set_cursor_position(cursor);
        })?;
        self.drawn = Instant::now();
        // Tests see here that a panic gives the terminal back.
        #[cfg(debug_assertions)]
        if std::env::var_os("NSLAB_PANIC_ON_SCREEN").is_some() {
            panic!("asked to panic");
        }
        Ok(())
    }

    fn request(&mut self, effect: Effect) {
        if matches!(effect, Effect::Build { .. } | Effect::Variant { .. }) {
            for side in [Side::Outside, Side::Inside] {
                self.ptys.close(side);
                self.view.shells.close(side);
            }
        }
        self.requests.send(Request::Effect(effect));
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
                happened(event, &mut self.session, &mut self.view, &mut self.laid);
                return self.catch_up();
            }
            Message::Lab(LabMessage::Opened(opened)) => self.opened(opened)?,
            Message::Pty(from) => self.ptys.hear(from),
            Message::Paste(text) => self.paste(&text),
            Message::Key(key) if self.view.shells.typing.is_some() => return self.key(key),
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
            if self.session.asks.is_some() || (opens_shell(key) && self.view.shells.typing.is_none()) {
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
            Act::Open(side) => self.open(side)?,
            Act::Type(side, key) => {
                if let Some(pane) = self.view.shells.get_mut(side) {
                    pane.emulator.to_the_end();
                    let bytes = encode(key, pane.emulator.modes());
                    self.write(side, &bytes);
                }
            }
            Act::Lend(side) => return self.lend(side),
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

    /// Keys and texts for a shell. A line that is ended may do what no table shows.
    fn write(&mut self, side: Side, bytes: &[u8]) {
        self.view.shells.typed |= bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
        if !self.ptys.write(side, bytes) {
            self.view.notice = Some(self.view.lang.say("shell.full", &[]));
        }
    }

    /// A text at once is for the shell that is typed into, or for what else is typed.
    fn paste(&mut self, text: &str) {
        let Some(side) = self.view.shells.typing else { return pasted(text, &mut self.view) };
        if let Some(pane) = self.view.shells.get(side) {
            let bytes = paste(text, pane.emulator.modes());
            self.write(side, &bytes);
        }
    }

    /// Asks for a side's shell, in the size that it will be shown in.
    fn open(&mut self, side: Side) -> io::Result<()> {
        self.view.shells.open(side, root(&self.session, side).to_string());
        self.laid.follow(&self.session, &self.view, self.screen.area()?);
        self.fit_shells();
        if let Some(pane) = self.view.shells.get(side) {
            let (number, (rows, columns)) = (pane.number, pane.emulator.size());
            self.ptys.expect(side, number);
            self.requests.send(Request::Shell { side, number, rows, columns });
        }
        Ok(())
    }

    fn opened(&mut self, opened: Opened) -> io::Result<()> {
        let Opened { side, number, shell } = opened;
        if self.view.shells.get(side).is_none_or(|pane| pane.number != number) {
            return Ok(());
        }
        match shell {
            Ok(shell) => {
                let sender = self.inputs.sender.clone();
                let tell = move |told| sender.send(Message::Pty(FromPty { side, number, told })).is_ok();
                let pty = Pty::new(shell.master, shell.ended, tell)?;
                self.ptys.connect(side, number, pty, &mut self.view.shells);
            }
            Err(why) => {
                self.ptys.close(side);
                self.view.shells.close(side);
                self.view.notice = Some(why);
            }
        }
        Ok(())
    }

    /// Gives the real terminal to a shell, which goes on in its pane afterwards.
    fn lend(&mut self, side: Side) -> anyhow::Result<Next> {
        let Some(pane) = self.view.shells.get_mut(side).filter(|pane| pane.stage == Stage::Running) else {
            return Ok(Next::Go);
        };
        // What was typed after the key that asked for this is for the shell.
        let mut ahead: Vec<u8> = Vec::new();
        let modes = pane.emulator.modes();
        std::iter::from_fn(|| self.ahead.pop()).for_each(|key| ahead.extend(encode(key, modes)));
        for message in self.inputs.pause()? {
            match message {
                Message::Key(key) => ahead.extend(encode(key, modes)),
                Message::Paste(text) => ahead.extend(paste(&text, modes)),
                _ => {}
            }
        }
        lend(&self.view.lang.say("shell.lent", &[&self.view.leave.names]))?;
        let (columns, rows) = crossterm::terminal::size()?;
        pane.emulator.resize(rows, columns);
        show(&pane.emulator)?;
        self.ptys.resize(side, rows, columns);
        let (leaves, emulator) = (self.view.leave.bytes(), &mut pane.emulator);
        let takes = &mut |bytes: &[u8]| {
            let taken = emulator.process(bytes, Instant::now() + BUDGET);
            // The terminal itself answers.
            emulator.take_answers();
            taken
        };
        let lent = self.ptys.lend(side, |master, ended, typed, printed| {
            relay::lend(&mut Lent { master, ended, typed, printed, takes, leaves: &leaves }, &ahead)
        });
        // Nobody takes the whole terminal but to type.
        self.view.shells.typed = true;
        // Also where nslab ends: what a program has asked of the terminal would stay.
        let taken_back = take_back();
        match lent {
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => return Ok(Next::Leave),
            Some(other) => other?,
            None => {}
        }
        taken_back?;
        self.inputs.resume()?;
        enter()?;
        self.screen.again()?;
        Ok(Next::Go)
    }
}
