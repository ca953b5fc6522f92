//! The event loop: one thread reads keys, one signals, one owns the lab; this one draws. Nothing polls on a timer: an
//! idle lesson wakes the processor not at all.

use super::keys::{Key, meaning};
use super::screen::{Tab, View, draw};
use super::tables::{Columns, lines};
use crate::lab::Shell;
use crate::lesson::Side;
use crate::relay::relay;
use crate::session::{Command, Effect, Event, Phase, Session};
use crossterm::event::{self, Event as Input, KeyEvent, KeyEventKind};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, BufWriter, Read, Stdout, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

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

/// Everything that can wake the screen.
enum Message {
    Key(KeyEvent),
    Lab(LabMessage),
    Signal(i32),
    /// The reader has stopped and left the terminal alone.
    Paused,
    /// The terminal is gone.
    HungUp,
}

/// What is asked of the lab's thread.
pub type Requests = Sender<Effect>;

/// The terminal in the state a full screen needs; given back sane when dropped, whatever happens.
struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, event::DisableMouseCapture)
}

fn leave() {
    let _ = execute!(io::stdout(), LeaveAlternateScreen, crossterm::cursor::Show);
    let _ = disable_raw_mode();
}

impl Screen {
    fn new() -> io::Result<Screen> {
        enter()?;
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            previous(panic);
        }));
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())));
        terminal.map(|terminal| Screen { terminal }).inspect_err(|_| leave())
    }

    /// Draws anew on a terminal that somebody else has used meanwhile.
    fn again(&mut self) -> io::Result<()> {
        let (columns, rows) = crossterm::terminal::size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, columns, rows))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Runs a session on the screen until the student leaves.
pub fn run(
    mut session: Session,
    effects: Vec<Effect>,
    mut view: View,
    requests: &Requests,
    lab: Receiver<LabMessage>,
    note: &mut dyn FnMut(&Session),
) -> anyhow::Result<()> {
    let (sender, messages) = channel();
    let (wake, control) = UnixStream::pair()?;
    let from_lab = sender.clone();
    std::thread::spawn(move || lab.into_iter().try_for_each(|message| from_lab.send(Message::Lab(message))));
    let from_signals = sender.clone();
    let mut signals = signal_hook::iterator::Signals::new([
        libc::SIGWINCH,
        libc::SIGTERM,
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGCONT,
    ])?;
    std::thread::spawn(move || signals.forever().try_for_each(|signal| from_signals.send(Message::Signal(signal))));
    let mut screen = Screen::new()?;
    std::thread::spawn(move || read_keys(&sender, control));

    let mut state = State { wake, requests };
    for effect in effects {
        state.request(effect);
    }
    screen.terminal.draw(|frame| show(&session, &view, frame))?;
    loop {
        let mut next = messages.recv().ok();
        // Drain, then draw once.
        while let Some(message) = next.take() {
            let shell = match message {
                Message::HungUp | Message::Signal(libc::SIGTERM | libc::SIGHUP | libc::SIGINT) => return Ok(()),
                Message::Signal(libc::SIGWINCH | libc::SIGCONT) => {
                    screen.again()?;
                    None
                }
                Message::Signal(_) | Message::Paused => None,
                Message::Lab(LabMessage::Event(event)) => {
                    let goes_on = !matches!(event, Event::Failed(_));
                    session.apply(event);
                    if goes_on {
                        view.scroll = 0;
                        view.selected = None;
                    }
                    None
                }
                Message::Lab(LabMessage::Shell(shell)) => Some(shell),
                Message::Key(key) => {
                    let meant = meaning(key, &view, &session);
                    match meant.map(|key| act(key, &mut session, &mut view)).unwrap_or_default() {
                        Act::Effects(effects) => {
                            for effect in effects {
                                if effect == Effect::Leave {
                                    return Ok(());
                                }
                                state.request(effect);
                            }
                        }
                        Act::Suspend => {
                            leave();
                            // The whole job stops, as the terminal's own Ctrl-Z would do it.
                            let _ = nix::sys::signal::kill(
                                nix::unistd::Pid::from_raw(0),
                                nix::sys::signal::Signal::SIGTSTP,
                            );
                            enter()?;
                            screen.again()?;
                        }
                        Act::Redraw => screen.again()?,
                    }
                    None
                }
            };
            if let Some(shell) = shell {
                match state.hand_over(shell, &messages, &view) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
                    other => other?,
                }
                enter()?;
                screen.again()?;
            }
            next = messages.try_recv().ok();
        }
        note(&session);
        screen.terminal.draw(|frame| show(&session, &view, frame))?;
    }
}

fn show(session: &Session, view: &View, frame: &mut ratatui::Frame) {
    let area = frame.area();
    let cursor = draw(session, view, area, frame.buffer_mut());
    frame.set_cursor_position(cursor);
}

struct State<'a> {
    wake: UnixStream,
    requests: &'a Requests,
}

impl State<'_> {
    fn request(&self, effect: Effect) {
        let _ = self.requests.send(effect);
    }

    /// Gives the real terminal to a shell: the key reader stops first, so that no byte is taken from the shell.
    fn hand_over(&mut self, over: HandOver, messages: &Receiver<Message>, view: &View) -> io::Result<()> {
        self.wake.write_all(b"p")?;
        while let Ok(message) = messages.recv_timeout(Duration::from_secs(2)) {
            if matches!(message, Message::Paused) {
                break;
            }
        }
        leave();
        println!("{}", view.lang.say("plain.shell", &[]));
        relay(&over.shell)?;
        self.wake.write_all(b"r")?;
        Ok(())
    }
}

/// Waits for keys without a time limit, and stops while a shell has the terminal.
fn read_keys(sender: &Sender<Message>, mut control: UnixStream) {
    let stdin = io::stdin();
    loop {
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN), PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::NONE).is_err_and(|errno| errno != nix::errno::Errno::EINTR) {
            return;
        }
        let flags = |index: usize| fds[index].revents().unwrap_or(PollFlags::empty());
        let (keys, wakes) = (flags(0), flags(1));
        if !wakes.is_empty() {
            let mut byte = [0];
            if control.read_exact(&mut byte).is_err() {
                return;
            }
            if &byte == b"p" && (sender.send(Message::Paused).is_err() || control.read_exact(&mut byte).is_err()) {
                return;
            }
            continue;
        }
        if keys.intersects(PollFlags::POLLHUP | PollFlags::POLLERR) && !keys.contains(PollFlags::POLLIN) {
            let _ = sender.send(Message::HungUp);
            return;
        }
        if !keys.contains(PollFlags::POLLIN) {
            continue;
        }
        // One read may hold several keys.
        loop {
            match event::read() {
                Ok(Input::Key(key)) if key.kind != KeyEventKind::Release => {
                    if sender.send(Message::Key(key)).is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => {
                    let _ = sender.send(Message::HungUp);
                    return;
                }
            }
            if !event::poll(Duration::ZERO).unwrap_or(false) {
                break;
            }
        }
    }
}

/// What a key leads to.
enum Act {
    Effects(Vec<Effect>),
    Suspend,
    Redraw,
}

impl Default for Act {
    fn default() -> Act {
        Act::Effects(Vec::new())
    }
}

fn act(key: Key, session: &mut Session, view: &mut View) -> Act {
    if view.help && !matches!(key, Key::Suspend | Key::Session(Command::Leave)) {
        view.help = false;
        return Act::default();
    }
    if let Some(digits) = view.goto.as_mut() {
        match key {
            Key::Digit(digit) if digits.len() < 3 => digits.push_str(&digit.to_string()),
            Key::Session(Command::Forward) => {
                let step = digits.parse::<usize>().ok().filter(|step| (1..=session.lesson.steps.len()).contains(step));
                view.goto = None;
                return step.map_or_else(Act::default, |step| Act::Effects(session.handle(Command::Goto(step - 1))));
            }
            Key::Digit(_) => {}
            _ => view.goto = None,
        }
        return Act::default();
    }
    let phase = (session.step, session.phase, session.rounds.len());
    let effects = match key {
        Key::Session(command) => {
            view.variants = false;
            session.handle(command)
        }
        Key::Digit(0) if view.variants => Vec::new(),
        Key::Digit(number) if view.variants => {
            view.variants = false;
            session.handle(Command::Break(number - 1))
        }
        Key::Digit(number) => {
            choose(session, view, number);
            Vec::new()
        }
        Key::Close => {
            view.variants = false;
            view.tab = Tab::Text;
            view.selected = None;
            session.handle(Command::Cancel)
        }
        Key::Suspend => return Act::Suspend,
        Key::Redraw => return Act::Redraw,
        other => {
            look(other, session, view);
            Vec::new()
        }
    };
    if phase != (session.step, session.phase, session.rounds.len()) {
        view.scroll = 0;
        if session.phase != Phase::See {
            view.tab = Tab::Text;
        }
    }
    Act::Effects(effects)
}

/// Answers by number; what does not exist is not chosen.
fn choose(session: &mut Session, view: &View, number: usize) {
    let Some(prediction) = session.prediction() else { return };
    let words = session.lesson.step_text(view.lang.code(), session.step);
    let count = crate::session::options(prediction, words, &session.at_step, view.lang).len();
    if number <= count {
        session.handle(Command::Choose(number));
    }
}

/// Keys that only change how one looks.
fn look(key: Key, session: &Session, view: &mut View) {
    match key {
        Key::Scroll(by) => view.scroll = view.scroll.saturating_add_signed(by as isize).min(500),
        Key::Side(side) => {
            view.side = side;
            view.selected = None;
        }
        Key::OtherSide => view.side = if view.side == Side::Outside { Side::Inside } else { Side::Outside },
        Key::Tab(by) => {
            let tabs = [Tab::Text, Tab::Ran, Tab::Program];
            let at = tabs.iter().position(|tab| *tab == view.tab).unwrap_or(0) as i32;
            view.tab = tabs[(at + by).rem_euclid(3) as usize];
            view.scroll = 0;
        }
        Key::Select(by) => {
            let all = lines(session, view, Columns::Narrow, usize::MAX, view.lang);
            let rows: Vec<usize> = all
                .iter()
                .filter_map(|line| if view.side == Side::Outside { &line.left } else { &line.right }.as_ref()?.row)
                .collect();
            let at =
                view.selected.and_then(|(side, row)| rows.iter().position(|other| side == view.side && *other == row));
            let next = match at {
                Some(at) => at.saturating_add_signed(by as isize),
                None => 0,
            };
            view.selected = rows.get(next.min(rows.len().saturating_sub(1))).map(|row| (view.side, *row));
        }
        Key::View => view.namespace = !view.namespace,
        Key::Fold => view.folded = !view.folded,
        Key::Variants => view.variants = !view.variants,
        Key::GoTo => view.goto = Some(String::new()),
        Key::Language => view.lang = view.lang.other(),
        Key::Help => view.help = true,
        _ => {}
    }
}
