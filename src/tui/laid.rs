//! What a frame is drawn from and does not make itself: which rows stand where. Pairing and folding look at every row of
//! both tables, so they are done anew only when something changed that they depend on; a frame then costs what is
//! visible.

use super::cells::Kind;
use super::rows::{Line, Wanted, first_visible, lines};
use super::scene::{Scene, session_tables};
use super::screen::Map;
use super::view::View;
use crate::lesson::Side;
use crate::session::{Marks, Session, Snapshot};
use ratatui::layout::Rect;
use std::sync::Arc;

pub struct Laid {
    pub(super) area: Rect,
    /// None: the screen is too small.
    pub(super) map: Option<Map>,
    pub(super) scene: Scene,
    /// All lines of the tables, folded, and the first one to draw.
    pub(super) lines: Vec<Line>,
    pub(super) first: usize,
    /// What `lines` were made for.
    wanted: Option<Wanted>,
}

impl Laid {
    pub fn of(session: &Session, view: &View, area: Rect) -> Laid {
        let mut laid = Laid::bare(Scene::of(session, view), area);
        laid.follow(session, view, area);
        laid
    }

    /// A scene of which no line was laid out yet.
    pub(super) fn bare(scene: Scene, area: Rect) -> Laid {
        Laid { area, map: None, scene, lines: Vec::new(), first: 0, wanted: None }
    }

    /// Takes in what has changed.
    pub fn follow(&mut self, session: &Session, view: &View, area: Rect) {
        self.scene(session, view);
        let map = Map::of(session, view, &self.scene, area);
        let wanted = map.as_ref().map(|map| wanted(session.step, view, map));
        self.lay(area, map, &session.lesson.steps[session.step].focus, wanted);
    }

    /// Lays the scene's lines out for a map, unless they are just that.
    pub(super) fn lay(&mut self, area: Rect, map: Option<Map>, focus: &[String], wanted: Option<Wanted>) {
        self.area = area;
        self.map = map;
        if self.wanted != wanted {
            self.lines = wanted.as_ref().map_or_else(Vec::new, |wanted| lines(focus, &self.scene, wanted));
            self.first = wanted.as_ref().map_or(0, |wanted| first_visible(&self.lines, &self.scene, wanted));
            self.wanted = wanted;
        }
    }

    /// The tables of now; the lines stay behind until the next frame.
    pub fn scene(&mut self, session: &Session, view: &View) -> &Scene {
        let (now, marks) = session_tables(session, view);
        self.show(now, marks, view)
    }

    /// These tables; the lines stay behind until they are laid out again.
    pub(super) fn show(&mut self, now: &Snapshot, marks: &Arc<Marks>, view: &View) -> &Scene {
        if !self.scene.shows(now, marks, view) {
            self.scene = Scene::new(now, marks, view);
            self.wanted = None;
        }
        &self.scene
    }

    /// The selected row by its mount's number, which it keeps while others come and go.
    pub(super) fn selected(&self, view: &View) -> Option<(Side, u64)> {
        let (side, row) = view.selected?;
        Some((side, self.scene.side(side).mount(row)?.id))
    }

    /// The row that has this number.
    pub(super) fn row(&self, (side, id): (Side, u64)) -> Option<(Side, usize)> {
        Some((side, self.scene.side(side).now.rows().iter().position(|mount| mount.id == id)?))
    }
}

pub(super) fn wanted(step: usize, view: &View, map: &Map) -> Wanted {
    Wanted {
        step,
        selected: view.selected,
        folded: view.folded,
        filter: view.filter.clone(),
        lang: view.lang,
        height: map.tables.len(),
        only: (map.columns.kind == Kind::Single).then_some(view.side),
    }
}
