//! What wakes the screen: one thread reads keys, one waits for signals, one for the end of the terminal. None of them polls
//! on a timer.

use super::ptys::FromPty;
use crate::relay::ENDS;
use crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use signal_hook::iterator::{Handle, Signals};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub enum Message<T, S> {
    Key(KeyEvent),
    /// A text at once.
    Paste(String),
    Signal(i32),
    /// The reader has stopped and left the terminal alone.
    Paused,
    /// The terminal is gone.
    HungUp,
    /// From a shell's terminal.
    Pty(FromPty),
    /// From the thread that owns the lab.
    Lab(T),
    /// That thread is gone.
    LabIsGone,
    /// From the thread that watches the lesson's files.
    Saved(S),
}

/// The threads; they are told to end when this is dropped.
pub struct Inputs<T, S> {
    pub messages: Receiver<Message<T, S>>,
    pub sender: Sender<Message<T, S>>,
    wake: UnixStream,
    signals: Handle,
    reader: Option<JoinHandle<()>>,
    /// Its end ends the watch.
    _unwatched: UnixStream,
}

impl<T: Send + 'static, S: Send + 'static> Inputs<T, S> {
    /// `typed` was read from the terminal already.
    pub fn start(typed: &[u8]) -> io::Result<Inputs<T, S>> {
        let (sender, messages) = channel();
        let (wake, control) = UnixStream::pair()?;
        let mut signals = Signals::new([ENDS.as_slice(), &[libc::SIGWINCH, libc::SIGCONT]].concat())?;
        let handle = signals.handle();
        let from_signals = sender.clone();
        std::thread::spawn(move || signals.forever().try_for_each(|signal| from_signals.send(Message::Signal(signal))));
        keys_of(typed).into_iter().for_each(|key| drop(sender.send(Message::Key(key))));
        let from_keys = sender.clone();
        let reader = std::thread::spawn(move || read_keys(&from_keys, control));
        let (unwatched, watched) = UnixStream::pair()?;
        let from_watch = sender.clone();
        std::thread::spawn(move || watch(&from_watch, &watched));
        Ok(Inputs { messages, sender, wake, signals: handle, reader: Some(reader), _unwatched: unwatched })
    }

    /// Stops reading, so that no byte is taken from whom the terminal is handed to. Returns the keys and texts that were
    /// read by then.
    pub fn pause(&mut self) -> io::Result<Vec<Message<T, S>>> {
        self.wake.write_all(b"p")?;
        self.until(Duration::from_secs(2), |message| matches!(message, Message::Paused));
        let is_typed = |message: &Message<T, S>| matches!(message, Message::Key(_) | Message::Paste(_));
        let (typed, others): (Vec<_>, Vec<_>) = self.messages.try_iter().partition(is_typed);
        others.into_iter().for_each(|message| drop(self.sender.send(message)));
        Ok(typed)
    }

    /// Waits for the reader's end, so that the next reader of the terminal loses no byte. Not for a terminal that may be
    /// gone: at its end of file crossterm reads for ever.
    pub fn stop(mut self) {
        let _ = self.wake.shutdown(std::net::Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }

    /// Waits for SIGCONT, or a little where nothing stops this process: there is no shell with jobs above it.
    pub fn until_continued(&self) {
        self.until(Duration::from_millis(200), |message| matches!(message, Message::Signal(libc::SIGCONT)));
    }

    /// Waits for one message, no longer than so long after another; the others are kept.
    fn until(&self, patience: Duration, wanted: impl Fn(&Message<T, S>) -> bool) {
        let mut others = Vec::new();
        while let Ok(message) = self.messages.recv_timeout(patience) {
            if wanted(&message) {
                break;
            }
            others.push(message);
        }
        others.into_iter().for_each(|message| drop(self.sender.send(message)));
    }

    pub fn resume(&mut self) -> io::Result<()> {
        self.wake.write_all(b"r")
    }
}

impl<T, S> Drop for Inputs<T, S> {
    fn drop(&mut self) {
        self.signals.close();
        let _ = self.wake.shutdown(std::net::Shutdown::Both);
    }
}

/// Characters; keys of several bytes that were pressed before the screen was there are left out, whole.
fn keys_of(typed: &[u8]) -> Vec<KeyEvent> {
    let text = String::from_utf8_lossy(typed);
    let mut characters = text.chars();
    let mut keys = Vec::new();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            // ESC [ … letter, or ESC O letter.
            if characters.next() == Some('[') {
                characters.by_ref().find(|end| ('@'..='~').contains(end));
            } else {
                characters.next();
            }
        }
        keys.extend(key_of(character));
    }
    keys
}

fn key_of(character: char) -> Option<KeyEvent> {
    let code = match character {
        // Before the terminal was raw, it made a line feed of it.
        '\r' | '\n' => KeyCode::Enter,
        '\x7f' => KeyCode::Backspace,
        '\x03' => return Some(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)),
        character if !character.is_control() => KeyCode::Char(character),
        _ => return None,
    };
    Some(KeyEvent::new(code, KeyModifiers::NONE))
}

/// Tells when the terminal is gone. The reader may be inside crossterm then, which reads an end of file for ever; and
/// where this terminal is nobody's controlling one, no signal comes.
fn watch<T, S>(sender: &Sender<Message<T, S>>, until: &UnixStream) {
    let stdin = io::stdin();
    loop {
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::empty()), PollFd::new(until.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(nix::errno::Errno::EINTR) => continue,
            Ok(_) if fds[1].any() == Some(false) => drop(sender.send(Message::HungUp)),
            _ => {}
        }
        return;
    }
}

fn read_keys<T, S>(sender: &Sender<Message<T, S>>, mut control: UnixStream) {
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
        // Also where there is something left to read: see `stop`.
        if keys.intersects(PollFlags::POLLHUP | PollFlags::POLLERR) {
            let _ = sender.send(Message::HungUp);
            return;
        }
        if !keys.contains(PollFlags::POLLIN) {
            continue;
        }
        // One read may hold several keys, or only a part of one.
        let mut found = false;
        while event::poll(Duration::ZERO).unwrap_or(false) {
            found = true;
            match event::read() {
                Ok(Input::Key(key)) if key.kind != KeyEventKind::Release => {
                    if sender.send(Message::Key(key)).is_err() {
                        return;
                    }
                }
                Ok(Input::Paste(text)) => {
                    if sender.send(Message::Paste(text)).is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => {
                    let _ = sender.send(Message::HungUp);
                    return;
                }
            }
        }
        if !found {
            tell_again(&stdin);
        }
    }
}

/// Has the kernel tell once more that there is something to read. crossterm is told of changes alone (epoll's edges), and
/// forgets about keys where a change of the window's size comes at the same time, or where they are more than it reads at
/// once: they would wait for the next key. Setting the attributes that are set already wakes whoever waits for the terminal.
fn tell_again(stdin: &io::Stdin) {
    if let Ok(attributes) = tcgetattr(stdin) {
        let _ = tcsetattr(stdin, SetArg::TCSANOW, &attributes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_before_the_screen_was_there() {
        let codes = |typed: &[u8]| keys_of(typed).into_iter().map(|key| key.code).collect::<Vec<_>>();
        let wanted = [KeyCode::Enter, KeyCode::Char('卷'), KeyCode::Backspace, KeyCode::Enter];
        assert_eq!(codes("\n卷\x7f\r".as_bytes()), wanted);
        assert_eq!(codes(b"\x1b[Aa\x1b[3~b\x1bOBc"), ['a', 'b', 'c'].map(KeyCode::Char));
        assert_eq!(codes(b"\x1b[1;"), [], "half a key is none");
    }
}
