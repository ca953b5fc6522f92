//! The page above the tables: text, what ran, the program, or what is open.

mod program;
mod question;
mod ran;
mod task;
mod text;
mod verdict;

pub use question::pointable;

use super::explain::explain;
use super::play;
use super::scene::Scene;
use super::style::Tone;
use super::view::{Mode, Tab, View};
use crate::session::Session;
use crate::wrap::{cut, hang, wrap};
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

#[derive(Debug, Clone)]
pub struct PageLine {
    pub text: String,
    pub tone: Tone,
    /// Parts of the text in another tone.
    pub parts: Vec<(Range<usize>, Tone)>,
}

/// Lines to be scrolled.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub lines: Vec<PageLine>,
    /// Where the cursor is: line and column.
    pub focus: Option<(usize, usize)>,
    /// The last line that should be visible beside the cursor's.
    pub until: Option<usize>,
}

impl Page {
    pub fn add(&mut self, lines: impl IntoIterator<Item = String>) {
        self.add_as(Tone::Plain, lines);
    }

    pub fn add_as(&mut self, tone: Tone, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines.into_iter().map(|text| PageLine { text, tone, parts: Vec::new() }));
    }

    /// An empty line between two parts.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.text.is_empty()) {
            self.add([String::new()]);
        }
    }

    /// Empty lines go where the page is too small.
    fn squeezed(mut self, height: usize) -> Page {
        while self.lines.len() > height {
            let Some(at) = self.lines.iter().rposition(|line| line.text.is_empty()) else { break };
            self.lines.remove(at);
            let moved = |line: usize| if line > at { line - 1 } else { line };
            self.focus = self.focus.map(|(line, column)| (moved(line), column));
            self.until = self.until.map(moved);
        }
        self
    }

    /// The first line of so many that shows what should be visible.
    pub fn first(&self, height: usize) -> usize {
        let to_show = |line: usize| (line + 1).saturating_sub(height);
        let until = self.until.map_or(0, to_show);
        self.focus.map_or(until, |(line, _)| until.min(line).max(to_show(line)))
    }
}

/// The page. At wide screens what ran and the program stand at its right, so it holds the rest.
pub fn content(session: &Session, view: &View, scene: &Scene, is_wide: bool, width: usize, height: usize) -> Page {
    let mut page = Page::default();
    if session.asks.is_some() {
        let lost = match session.by_hand {
            0 => view.lang.count("tui.unwritten", session.unwritten, &[]),
            by_hand => view.lang.count("tui.lose", by_hand, &[]),
        };
        page.add_as(Tone::Strong, wrap(&lost, width));
        return page;
    }
    match view.mode {
        Mode::NoChinese => {
            // Whoever sees this cannot read anything else.
            page.add(wrap(&crate::words::Lang::En.say("tui.no-chinese", &[]), width));
            page
        }
        Mode::Variants(at) => variants(session, view, at, width),
        Mode::Fault(ref fault) => {
            page.add_as(Tone::Strong, wrap(&view.lang.say("tui.fault", &[]), width));
            // The last two lines are the place and its caret, which belong one below the other.
            for line in fault.lines() {
                page.add(if line.starts_with("  | ") { vec![cut(line, width)] } else { hang(line, width, 2) });
            }
            page
        }
        Mode::Play(sheet) => play::page(sheet, session, view, width),
        Mode::Explain => {
            if let Some((side, row)) = view.selected {
                for line in explain(scene, side, row, view.lang) {
                    page.add(hang(&line, width, 4));
                }
            }
            page
        }
        _ if is_wide => text::text(session, view, width),
        _ => match view.tab(session) {
            Tab::Text => text::text(session, view, width),
            Tab::Ran => ran::ran(session, view, width, height),
            Tab::Program(language) => program::program(session, view, language, width),
            // Both shells stand below.
            Tab::Shell(_) => text::text(session, view, width),
        },
    }
    .squeezed(height)
}

/// The second page of wide screens.
pub fn right(session: &Session, view: &View, width: usize) -> Page {
    match view.right_tab() {
        Tab::Ran => ran::calls(session, view, width),
        Tab::Program(language) => program::program(session, view, language, width),
        // The text is on the first page, the shells stand below.
        Tab::Text | Tab::Shell(_) => Page::default(),
    }
}

fn variants(session: &Session, view: &View, at: usize, width: usize) -> Page {
    let mut page = Page::default();
    let words = session.lesson.step_text(view.lang.code(), session.step);
    let variants = &session.lesson.steps[session.step].variants;
    if variants.is_empty() {
        page.add(wrap(&view.lang.say("plain.no-variant", &[]), width));
        return page;
    }
    page.add_as(Tone::Strong, wrap(&view.lang.say("tui.variants", &[]), width));
    for (index, variant) in variants.iter().enumerate() {
        let question = words.variants.get(&variant.id).map_or(variant.id.as_str(), |text| text.question.as_str());
        let sign = if index == at { ">" } else { " " };
        if index == at {
            page.focus = Some((page.lines.len(), 0));
        }
        let plain = question.replace('\n', " ").replace('`', "");
        page.add(hang(&format!("{sign} {}  {plain}", index + 1), width, 5));
    }
    page
}

/// Two columns where all lines are short, to fit on the page.
fn in_columns(items: &[String], width: usize) -> Option<Vec<String>> {
    let half = width / 2;
    let is_short = items.iter().all(|item| item.width() < half);
    (is_short && items.len() > 3).then(|| {
        let rows = items.len().div_ceil(2);
        (0..rows)
            .map(|row| crate::wrap::fit(&items[row], half) + items.get(row + rows).map_or("", String::as_str))
            .collect()
    })
}
