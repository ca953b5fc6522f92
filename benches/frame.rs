//! One frame of the lesson's screen with 10,000 rows on each side against one with 30: only what is visible should cost.
//! Selecting another row folds the tables anew, so there each row may cost the same.

#[path = "paired/clock.rs"]
mod clock;
mod paired;

use clock::timed;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nslab::mounts::MountTable;
use nslab::session::{Event, Session, SideState, Snapshot};
use nslab::tui::{Laid, View, draw, press};
use nslab::words::Lang;
use paired::Pair;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::hint::black_box;
use std::sync::Arc;

const ROUNDS: usize = 60;

fn main() {
    for (width, height) in [(80, 24), (160, 45)] {
        let area = Rect::new(0, 0, width, height);
        let [mut many, mut few] = [10_000, 30].map(|rows| Screen::new(rows, area));
        let pair = Pair::measure(ROUNDS, || timed(|| many.frame()), || timed(|| few.frame()));
        pair.report(&format!("{width}x{height}: frame of 10000 rows / of 30 rows"), 2.0);
        let [mut many, mut fewer] = [10_000, 1000].map(|rows| Screen::new(rows, area));
        let pair = Pair::measure(ROUNDS, || timed(|| many.select_next()), || timed(|| fewer.select_next()));
        pair.report(&format!("{width}x{height}: next row of 10000 / of 1000"), 12.0);
    }
}

/// What the event loop has in its hands.
struct Screen {
    session: Session,
    view: View,
    laid: Laid,
    area: Rect,
}

impl Screen {
    fn new(rows: u64, area: Rect) -> Screen {
        let (session, view) = (session(rows), View::new(Lang::En));
        let laid = Laid::of(&session, &view, area);
        let mut screen = Screen { session, view, laid, area };
        // Into the table.
        screen.press(KeyCode::Right);
        screen.frame();
        screen
    }

    fn press(&mut self, code: KeyCode) {
        let scene = self.laid.scene(&self.session, &self.view);
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        black_box(press(key, &mut self.session, &mut self.view, scene, self.area));
    }

    fn frame(&mut self) {
        self.laid.follow(&self.session, &self.view, self.area);
        let mut buffer = Buffer::empty(self.area);
        black_box(draw(&self.session, &self.view, &self.laid, &mut buffer));
        black_box(buffer);
    }

    fn select_next(&mut self) {
        let before = self.view.selected;
        self.press(KeyCode::Down);
        assert_ne!(self.view.selected, before);
        self.frame();
    }
}

/// A lesson at its third step, with as many rows outside and inside; the two sides pair row by row.
fn session(rows: u64) -> Session {
    let lesson = nslab::lesson::open("mount-ns").expect("the bundled lesson");
    let (mut session, _) = Session::new(Arc::new(lesson), 2);
    let inside = Some(Arc::new(side(rows, 100_000)));
    session.apply(Event::Built(Snapshot { outside: Arc::new(side(rows, 1)), inside }));
    session
}

fn side(rows: u64, first_id: u64) -> SideState {
    let row = |number: u64| match number {
        0 => format!("{first_id} 0 0:1 / / rw shared:1 - tmpfs host rw\n"),
        _ => format!(
            "{} {first_id} 0:{} / /var/lib/containers/overlay/{number:064x}/merged rw shared:{} - overlay overlay rw\n",
            first_id + number,
            number + 1,
            number + 1,
        ),
    };
    let table = MountTable::parse((0..rows).map(row).collect::<String>().into_bytes());
    SideState { seen: table.clone(), table, ..SideState::default() }
}
