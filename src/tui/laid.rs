//! What a frame is drawn from and does not make itself: which rows stand where. Pairing and folding look at every row of
//! both tables, so they are done anew only when something changed that they depend on; a frame then costs what is
//! visible.

use super::cells::Kind;
use super::rows::{Line, Wanted, first_visible, lines};
use super::scene::Scene;
use super::screen::Map;
use super::view::View;
use crate::session::Session;
use ratatui::layout::Rect;

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
        let scene = Scene::of(session, view);
        let mut laid = Laid { area, map: None, scene, lines: Vec::new(), first: 0, wanted: None };
        laid.follow(session, view, area);
        laid
    }

    /// Takes in what has changed.
    pub fn follow(&mut self, session: &Session, view: &View, area: Rect) {
        self.scene(session, view);
        self.area = area;
        self.map = Map::of(session, view, &self.scene, area);
        let wanted = self.map.as_ref().map(|map| wanted(session, view, map));
        if self.wanted != wanted {
            self.lines = wanted.as_ref().map_or_else(Vec::new, |wanted| lines(&session.lesson, &self.scene, wanted));
            self.first = wanted.as_ref().map_or(0, |wanted| first_visible(&self.lines, &self.scene, wanted));
            self.wanted = wanted;
        }
    }

    /// The tables of now; the lines stay behind until the next frame.
    pub fn scene(&mut self, session: &Session, view: &View) -> &Scene {
        if !self.scene.is_of(session, view) {
            self.scene = Scene::of(session, view);
            self.wanted = None;
        }
        &self.scene
    }
}

fn wanted(session: &Session, view: &View, map: &Map) -> Wanted {
    Wanted {
        step: session.step,
        selected: view.selected,
        folded: view.folded,
        filter: view.filter.clone(),
        lang: view.lang,
        height: map.tables.len(),
        only: (map.columns.kind == Kind::Single).then_some(view.side),
    }
}
