//! How the student looks at the session. Nothing here changes what happened.

use super::glyphs::Glyphs;
use super::leave_key::LeaveKey;
use super::play::{Palette, Sheet};
use super::shells::Shells;
use crate::lesson::Side;
use crate::listing::Language;
use crate::mounts::MountTable;
use crate::session::{Phase, Session};
use crate::words::Lang;
use std::sync::Arc;

/// What the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Text,
    Ran,
    /// The lesson as a program in this language.
    Program(Language),
    /// Where one shell is shown at a time.
    Shell(Side),
}

/// The programs' tabs, in their order.
pub const PROGRAMS: [Tab; 3] = [Tab::Program(Language::C), Tab::Program(Language::Shell), Tab::Program(Language::Rust)];

/// Which pane the arrows move in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    Page,
    /// The table of `View::side`.
    Table,
}

/// Which mounts the tables show, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// What the first process of each side sees.
    Process,
    /// The whole mount namespace.
    Namespace,
    /// The machine's own table in the place of the practice host's.
    Machine,
    /// The whole namespace, each mount below the one that it lies on.
    Tree,
    /// The whole namespace, with peer groups as letters.
    Propagation,
}

/// What is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: the page and the tables.
    Look,
    Help,
    /// The list of variants; which of them the arrows are on, from 0.
    Variants(usize),
    /// Digits of the step to go to.
    Goto(String),
    /// Typing the filter.
    Filter,
    /// The selected row, field by field.
    Explain,
    /// A Chinese lesson in a terminal that does not show Chinese.
    NoChinese,
    /// What is wrong with the lesson's files as they were saved.
    Fault(String),
    /// What one does without a script: the palette and its forms.
    Play(Sheet),
    /// A side's first process has another root directory than its shell: is a new one wanted?
    Reopen(Side),
}

/// The tabs of the page, or of the second page of wide screens, which the text is not on.
pub fn tabs(is_second: bool) -> Vec<Tab> {
    let first: &[Tab] = if is_second { &[Tab::Ran] } else { &[Tab::Text, Tab::Ran] };
    [first, &PROGRAMS].concat()
}

pub struct View {
    pub lang: Lang,
    pub mode: Mode,
    pub focus: Focus,
    /// None: what the phase calls for.
    pub tab: Option<Tab>,
    /// The page's first line; None: wherever its focus is visible.
    pub scroll: Option<usize>,
    pub side: Side,
    pub selected: Option<(Side, usize)>,
    pub sight: Sight,
    pub machine: Arc<MountTable>,
    pub folded: bool,
    /// Rows that have nothing else in common stand side by side by their mount points.
    pub by_point: bool,
    pub zoomed: bool,
    /// Only rows that contain this.
    pub filter: String,
    /// The number of the change of this sandbox that is looked at, from 0; None: now.
    pub moment: Option<usize>,
    /// Where the arrows are in a question whose lines are ticked.
    pub tick: usize,
    pub glyphs: Glyphs,
    pub colour: bool,
    /// Said once, until the next key.
    pub notice: Option<String>,
    /// What was typed into the palette.
    pub palette: Palette,
    pub shells: Shells,
    pub leave: LeaveKey,
}

impl View {
    pub fn new(lang: Lang) -> View {
        View {
            lang,
            mode: Mode::Look,
            focus: Focus::Page,
            tab: None,
            scroll: None,
            side: Side::Inside,
            selected: None,
            sight: Sight::Process,
            machine: Arc::default(),
            folded: true,
            by_point: false,
            zoomed: false,
            filter: String::new(),
            moment: None,
            tick: 1,
            glyphs: Glyphs::Ascii,
            colour: true,
            notice: None,
            palette: Palette::default(),
            shells: Shells::default(),
            leave: LeaveKey::default(),
        }
    }

    /// After something ran, what ran; else the text.
    pub fn tab(&self, session: &Session) -> Tab {
        self.tab.unwrap_or(match session.phase {
            Phase::See | Phase::Broken => Tab::Ran,
            _ => Tab::Text,
        })
    }

    /// The tab of the second page of wide screens, which the text is not on.
    pub fn right_tab(&self) -> Tab {
        self.tab.filter(|tab| !matches!(tab, Tab::Text | Tab::Shell(_))).unwrap_or(PROGRAMS[0])
    }

    /// The view of a new page: nothing open, nothing selected.
    pub fn turn_page(&mut self) {
        // A fault stays open until somebody has read or mended it, and so does what has nothing to do with the page.
        if !matches!(self.mode, Mode::Fault(_) | Mode::Help | Mode::NoChinese | Mode::Play(_)) {
            self.mode = Mode::Look;
        }
        self.focus = Focus::Page;
        self.tab = None;
        self.scroll = None;
        self.selected = None;
        self.moment = None;
        self.tick = 1;
    }
}
