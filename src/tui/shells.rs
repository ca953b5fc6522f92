//! The shells as the screen has them: one of each side, what it shows, which one keys go to. The terminals themselves are
//! elsewhere (`ptys`).

use crate::lesson::Side;
use crate::session::Session;
use crate::terminal::Emulator;

/// What the student can do with a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Opening,
    Running,
    /// With its exit status, unless it ended with the sandbox.
    Ended(Option<i32>),
}

pub struct Pane {
    /// Tells it from those that were there before.
    pub number: u64,
    pub stage: Stage,
    pub emulator: Emulator,
    /// The root directory that the shell was opened in, as a path of its namespace.
    pub root: String,
}

#[derive(Default)]
pub struct Shells {
    outside: Option<Pane>,
    inside: Option<Pane>,
    /// Keys go to this one.
    pub typing: Option<Side>,
    /// The one that was left by the last key: the same key again is for it.
    pub left: Option<Side>,
    /// Something was typed in this sandbox: what came of it may be nothing that anybody sees, a file say.
    pub typed: bool,
    opened: u64,
}

/// Until the map says how large it is.
const SIZE: (u16, u16) = (8, 79);

/// The root directory of a side's first process.
pub fn root(session: &Session, side: Side) -> &str {
    session.now.side(side).map_or("/", |state| state.facts.root.as_str())
}

impl Shells {
    pub fn get(&self, side: Side) -> Option<&Pane> {
        match side {
            Side::Outside => self.outside.as_ref(),
            Side::Inside => self.inside.as_ref(),
        }
    }

    pub fn get_mut(&mut self, side: Side) -> Option<&mut Pane> {
        self.slot(side).as_mut()
    }

    fn slot(&mut self, side: Side) -> &mut Option<Pane> {
        match side {
            Side::Outside => &mut self.outside,
            Side::Inside => &mut self.inside,
        }
    }

    pub fn any(&self) -> bool {
        self.outside.is_some() || self.inside.is_some()
    }

    /// A pane for a shell that is still to come.
    pub fn open(&mut self, side: Side, root: String) {
        self.opened += 1;
        let number = self.opened;
        let emulator = Emulator::new(SIZE.0, SIZE.1);
        *self.slot(side) = Some(Pane { number, stage: Stage::Opening, emulator, root });
        self.typing = Some(side);
        self.left = None;
    }

    /// Whether a side's shell still takes what is typed.
    pub fn lives(&self, side: Side) -> bool {
        self.get(side).is_some_and(|pane| !matches!(pane.stage, Stage::Ended(_)))
    }

    pub fn end(&mut self, side: Side, status: Option<i32>) {
        if let Some(pane) = self.get_mut(side) {
            pane.stage = Stage::Ended(status);
        }
        self.stop_typing(side);
    }

    pub fn close(&mut self, side: Side) {
        *self.slot(side) = None;
        self.stop_typing(side);
    }

    fn stop_typing(&mut self, side: Side) {
        self.typing = self.typing.filter(|typing| *typing != side);
        self.left = self.left.filter(|left| *left != side);
    }
}
