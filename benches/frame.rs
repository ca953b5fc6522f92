//! One frame of the lesson's screen with 10,000 rows on each side against one with 30: only what is visible should cost.

#[path = "paired/clock.rs"]
mod clock;
mod paired;

use clock::timed;
use nslab::mounts::MountTable;
use nslab::session::{Event, Session, SideState, Snapshot};
use nslab::tui::{View, draw};
use nslab::words::Lang;
use paired::Pair;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::hint::black_box;
use std::sync::Arc;

const AIM: f64 = 2.0;
const ROUNDS: usize = 60;

fn main() {
    for (width, height) in [(80, 24), (160, 45)] {
        let area = Rect::new(0, 0, width, height);
        let frame = |session: &Session, view: &View| {
            timed(|| {
                let mut buffer = Buffer::empty(area);
                black_box(draw(session, view, area, &mut buffer));
                black_box(buffer);
            })
        };
        let (many, few) = (session(10_000), session(30));
        let view = View::new(Lang::En);
        let pair = Pair::measure(ROUNDS, || frame(&many, &view), || frame(&few, &view));
        pair.report(&format!("{width}x{height}: frame of 10000 rows / of 30 rows"), AIM);
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
