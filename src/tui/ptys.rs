//! The terminals of the shells: what is typed goes out, what is printed comes in, and neither is waited for.

use super::shells::{Shells, Stage};
use crate::lesson::Side;
use crate::sandbox::sys;
use crate::terminal::{Pty, Told, Typed};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// How long a shell that has printed must be quiet until the tables are read again, for what the kernel does not tell.
const QUIET: Duration = Duration::from_millis(40);
/// One that prints all the time is looked at this often.
const PATIENCE: Duration = Duration::from_millis(400);
/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// What is typed before the shell is there is no longer than this.
const TYPED: usize = 64 * 1024;

/// What a terminal's thread tells the screen.
#[derive(Debug)]
pub struct FromPty {
    pub side: Side,
    pub number: u64,
    pub told: Told,
}

#[derive(Default)]
struct Line {
    number: u64,
    /// None: it is not there yet.
    pty: Option<Pty>,
    /// Typed before it was there.
    typed: Vec<u8>,
    /// Printed and not yet shown.
    printed: Vec<u8>,
    readable: bool,
    ended: Option<Option<i32>>,
}

/// When to look at the tables again.
struct Activity {
    since: Instant,
    last: Instant,
}

#[derive(Default)]
pub struct Ptys {
    outside: Option<Line>,
    inside: Option<Line>,
    activity: Option<Activity>,
}

const SIDES: [Side; 2] = [Side::Outside, Side::Inside];

impl Ptys {
    fn slot(&mut self, side: Side) -> &mut Option<Line> {
        match side {
            Side::Outside => &mut self.outside,
            Side::Inside => &mut self.inside,
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.outside.iter().chain(&self.inside)
    }

    /// A shell was asked for; what is typed from now on is for it.
    pub fn expect(&mut self, side: Side, number: u64) {
        *self.slot(side) = Some(Line { number, ..Line::default() });
    }

    pub fn close(&mut self, side: Side) {
        *self.slot(side) = None;
    }

    /// The shell is there. A terminal that nobody waits for any more is closed.
    pub fn connect(&mut self, side: Side, number: u64, pty: Pty, shells: &mut Shells) {
        let Some(line) = self.slot(side).as_mut().filter(|line| line.number == number) else { return };
        let pty = line.pty.insert(pty);
        if let Some(pane) = shells.get_mut(side) {
            let (rows, columns) = pane.emulator.size();
            let _ = sys::set_window_size(pty.master(), rows, columns);
            pane.stage = Stage::Running;
        }
        pty.write(&std::mem::take(&mut line.typed));
    }

    /// False: so much waits already that this is left out.
    pub fn write(&mut self, side: Side, bytes: &[u8]) -> bool {
        let Some(line) = self.slot(side) else { return true };
        match &mut line.pty {
            Some(pty) => pty.write(bytes),
            None if line.typed.len() + bytes.len() > TYPED => false,
            None => {
                line.typed.extend_from_slice(bytes);
                true
            }
        }
    }

    pub fn resize(&mut self, side: Side, rows: u16, columns: u16) {
        if let Some(pty) = self.slot(side).as_ref().and_then(|line| line.pty.as_ref()) {
            let _ = sys::set_window_size(pty.master(), rows, columns);
        }
    }

    pub fn hear(&mut self, from: FromPty) {
        let Some(line) = self.slot(from.side).as_mut().filter(|line| line.number == from.number) else { return };
        match from.told {
            Told::Readable => line.readable = true,
            Told::Writable => {
                if let Some(pty) = &mut line.pty {
                    pty.flush();
                }
            }
            Told::Ended(status) => {
                line.ended = Some(status);
                line.readable = true;
            }
        }
    }

    /// Shows what was printed, as much as can be until a moment. Whether anything was.
    pub fn pump(&mut self, shells: &mut Shells, until: Instant) -> bool {
        let mut printed = false;
        let mut buffer = vec![0; if self.is_behind() { READ } else { 0 }];
        let busy = self.lines().filter(|line| line.is_behind()).count() as u32;
        for side in SIDES {
            let Some(line) = self.slot(side).as_mut().filter(|line| line.is_behind()) else { continue };
            // Two that print as fast as they can have half of the time each.
            let now = Instant::now();
            let until = if busy > 1 && side == Side::Outside { now + until.duration_since(now) / busy } else { until };
            printed |= line.pump(side, shells, &mut buffer, until);
        }
        let now = Instant::now();
        if printed {
            self.activity.get_or_insert(Activity { since: now, last: now }).last = now;
        }
        self.say_goodbye(shells);
        printed
    }

    /// A shell whose last words were read is at its end.
    fn say_goodbye(&mut self, shells: &mut Shells) {
        for side in SIDES {
            let slot = self.slot(side);
            let ended = slot.as_ref().filter(|line| !line.is_behind()).and_then(|line| line.ended);
            if let Some(status) = ended {
                *slot = None;
                shells.end(side, status);
            }
        }
    }

    /// Whether something printed waits to be shown.
    pub fn is_behind(&self) -> bool {
        self.lines().any(Line::is_behind)
    }

    /// When the tables are to be looked at again.
    pub fn due(&self) -> Option<Instant> {
        self.activity.as_ref().map(|activity| (activity.last + QUIET).min(activity.since + PATIENCE))
    }

    /// Whether it is time for that.
    pub fn looks(&mut self) -> bool {
        let is_due = self.due().is_some_and(|due| due <= Instant::now());
        if is_due {
            self.activity = None;
        }
        is_due
    }

    /// Lends a shell's terminal, and what is under way in it, to somebody who waits for it. None: there is no such shell now.
    pub fn lend<T>(
        &mut self,
        side: Side,
        to: impl FnOnce(BorrowedFd, BorrowedFd, &mut Typed, &mut Vec<u8>) -> T,
    ) -> Option<T> {
        let now = Instant::now();
        self.activity = Some(Activity { since: now, last: now });
        let line = self.slot(side).as_mut()?;
        let printed = &mut line.printed;
        line.pty.as_mut().map(|pty| pty.lend(|master, ended, typed| to(master, ended, typed, printed)))
    }
}

impl Line {
    fn is_behind(&self) -> bool {
        self.pty.is_some() && (self.readable || !self.printed.is_empty())
    }

    fn pump(&mut self, side: Side, shells: &mut Shells, buffer: &mut [u8], until: Instant) -> bool {
        let Some((pty, pane)) = self.pty.as_mut().zip(shells.get_mut(side)) else { return false };
        let mut any = false;
        loop {
            if self.printed.is_empty() {
                match pty.read(buffer) {
                    0 => {
                        self.readable = false;
                        return any;
                    }
                    count => self.printed.extend_from_slice(&buffer[..count]),
                }
            }
            any = true;
            let taken = pane.emulator.process(&self.printed, until);
            self.printed.drain(..taken);
            let answers = pane.emulator.take_answers();
            if !answers.is_empty() {
                pty.write(&answers);
            }
            if Instant::now() >= until {
                return any;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Emulator;

    /// Both shells have printed more than can be shown by now: the least is shown of each.
    #[test]
    fn a_flood_is_shown_a_piece_at_a_time() {
        let (mut ptys, mut shells) = (Ptys::default(), Shells::default());
        let flood = b"\x1b[65535bx".repeat(100);
        let _held = SIDES.map(|side| {
            let pair = nix::pty::openpty(None, None).unwrap();
            let (ended, report) = nix::unistd::pipe().unwrap();
            shells.open(side, "/".into());
            let number = shells.get(side).unwrap().number;
            ptys.expect(side, number);
            ptys.connect(side, number, Pty::new(pair.master, ended, |_| true).unwrap(), &mut shells);
            ptys.slot(side).as_mut().unwrap().printed = flood.clone();
            (pair.slave, report)
        });
        let least = Emulator::new(8, 79).process(&flood, Instant::now());
        assert!(ptys.pump(&mut shells, Instant::now()) && ptys.is_behind());
        for line in ptys.lines() {
            assert_eq!(flood.len() - line.printed.len(), least);
        }
    }
}
