//! The terminal in the state a full screen needs; given back sane, whatever happens.

use super::glyphs::Glyphs;
use crate::terminal::Emulator;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;

pub struct Screen {
    pub terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

pub fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

pub fn leave() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, crossterm::cursor::Show);
    let _ = disable_raw_mode();
}

/// Leaves the screen to somebody else, with a word on it. The terminal stays raw: what is typed meanwhile is neither
/// echoed nor held back until the end of a line.
pub fn lend(word: &str) -> io::Result<()> {
    execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, crossterm::cursor::Show)?;
    write!(io::stdout(), "{word}\r\n")?;
    io::stdout().flush()
}

/// What a shell has on its screen, on the real one, where it goes on. A program that has the whole screen gets all of it;
/// lines stand below what the student had there, and below the word.
pub fn show(emulator: &Emulator) -> io::Result<()> {
    let screen = emulator.screen();
    let mut text = String::new();
    if screen.alternate_screen() {
        text = screen.state_formatted();
    } else {
        let (row, column) = screen.cursor_position();
        let (_, columns) = emulator.size();
        for line in screen.rows_formatted(0, columns).take(usize::from(row)) {
            text += &format!("{line}\x1b[0m\r\n");
        }
        text += &screen.rows_formatted(0, column).nth(usize::from(row)).unwrap_or_default();
        text += &screen.attributes_formatted();
        text += &screen.input_mode_formatted();
    }
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Ends a text of which only the beginning was printed: tmux takes all that follows it for its rest.
const END: &str = "\x1b\\";
/// Cursor keys, keypad, paste, mouse, focus and the visible cursor as they were; keys spelled out no more, neither as xterm
/// does it nor as kitty. (kitty remembers that for each screen: this comes before the main one.)
const KEYS: &str = "\x1b[?1l\x1b>\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1004l\x1b[?25h\
                    \x1b[>4;0m\x1b[<u";
/// The main screen; all of it scrolls (which moves the cursor: it is put back), in plain characters.
const SCREEN: &str = "\x1b[?1049l\x1b7\x1b[r\x1b[?6l\x1b8\x1b[?7h\x0f\x1b(B\x1b[0m\r\n";

/// After a program that asked for modes of its own.
pub fn take_back() -> io::Result<()> {
    let mut out = io::stdout();
    write!(out, "{END}{KEYS}{SCREEN}")?;
    out.flush()
}

/// A panic of any thread gives the terminal back before it speaks.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            previous(panic);
        }));
    });
}

impl Screen {
    pub fn new() -> io::Result<Screen> {
        restore_on_panic();
        enter()?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())));
        terminal.map(|terminal| Screen { terminal }).inspect_err(|_| leave())
    }

    /// Draws anew on a terminal that somebody else has used meanwhile, or that has another size.
    pub fn again(&mut self) -> io::Result<()> {
        let (columns, rows) = crossterm::terminal::size()?;
        self.terminal.resize(Rect::new(0, 0, columns, rows))
    }

    pub fn area(&self) -> io::Result<Rect> {
        let (columns, rows) = crossterm::terminal::size()?;
        Ok(Rect::new(0, 0, columns, rows))
    }

    /// Stops the whole job, as the terminal's own Ctrl-Z would do it, and takes the terminal again afterwards.
    /// `wait` returns when the job goes on: kill(2) may return before another thread takes the signal and all stop.
    pub fn suspend(&mut self, wait: impl FnOnce()) -> io::Result<()> {
        leave();
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(0), nix::sys::signal::Signal::SIGTSTP);
        wait();
        enter()?;
        self.again()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Puts a text into the clipboard of the terminal that the student sits at, also over ssh (OSC 52).
pub fn copy(text: &str) -> io::Result<()> {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = io::stdout();
    write!(out, "\x1b]52;c;{encoded}\x07")?;
    out.flush()
}

/// How the interface may be drawn and coloured here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    pub glyphs: Glyphs,
    pub colour: bool,
    pub is_utf8: bool,
}
