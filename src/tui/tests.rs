use super::screen::draw;
use super::*;
use crate::mounts::{MountTable, changes};
use crate::session::{Command, Event, Facts, RoundRecord, Session, SideState, Snapshot};
use crate::words::Lang;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

const HOST: &str = "\
63 1 0:40 / / rw - tmpfs host rw
64 63 0:41 / /proc rw - proc proc rw
65 63 0:42 / /dev rw - tmpfs dev rw
66 65 0:43 / /dev/pts rw - devpts devpts rw
67 63 0:44 / /run rw - tmpfs run rw
68 63 0:45 / /tmp rw - tmpfs tmp rw
69 63 0:46 / /lab rw - tmpfs lab rw
";

fn side(text: &str, shared: bool, pid: i32) -> Arc<SideState> {
    let text = if shared { text.replace(" rw - ", " rw shared:1 - ") } else { text.to_string() };
    let table = MountTable::parse(text.into_bytes());
    let facts = Facts {
        namespaces: vec![("mnt".into(), 4026533281 + pid as u64)],
        hostname: "lab-host".into(),
        root: "/".into(),
        pid_outside: 4711,
        pid_inside: 1,
        pid_host: 5,
        program: "nslab-agent".into(),
    };
    Arc::new(SideState { seen: table.clone(), table, facts })
}

/// Step 8: a new proc inside.
fn at_proc() -> Session {
    let lesson = crate::lesson::open("mount-ns").unwrap();
    let step = lesson.step_index("proc").unwrap();
    let (mut session, _) = Session::new(Arc::new(lesson), step);
    session.apply(Event::Built(Snapshot { outside: side(HOST, true, 0), inside: Some(side(HOST, false, 1)) }));
    session
}

fn see(session: &mut Session) {
    session.handle(Command::Forward);
    session.handle(Command::Choose(2));
    session.handle(Command::Forward);
    session.handle(Command::Forward);
    let before = session.now.clone();
    let more = format!("{HOST}88 64 0:50 / /proc rw,nosuid,nodev,noexec - proc proc rw\n");
    let after = Snapshot { outside: before.outside.clone(), inside: Some(side(&more, false, 1)) };
    let inside = changes(&before.inside.as_ref().unwrap().table, &after.inside.as_ref().unwrap().table);
    let call = crate::op::lower(&session.lesson.steps[session.step].rounds[0].does[0]).remove(0);
    let record = RoundRecord {
        actor: Some(crate::op::Actor::Container),
        calls: vec![crate::session::CallRecord { call, result: Ok(0), micros: 18 }],
        before,
        after,
        inside,
        ..RoundRecord::default()
    };
    session.apply(Event::Performed(Box::new(record)));
}

/// The screen as text, wide characters once.
fn screen(session: &Session, view: &View, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(session, view, area, &mut buffer);
    let mut out = String::new();
    for y in 0..height {
        let mut line = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn every_size_shows_the_step() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height) in [(80, 24), (110, 30), (160, 45), (60, 18)] {
            let mut session = at_proc();
            let view = View::new(lang);
            let name = |phase: &str| format!("{}-{width}x{height}-{phase}", lang.code());
            insta::assert_snapshot!(name("read"), screen(&session, &view, width, height));
            session.handle(Command::Forward);
            session.handle(Command::Choose(3));
            insta::assert_snapshot!(name("predict"), screen(&session, &view, width, height));
            let mut session = at_proc();
            see(&mut session);
            insta::assert_snapshot!(name("see"), screen(&session, &view, width, height));
        }
    }
}

#[test]
fn a_new_row_is_marked_explained_and_folded_around() {
    let mut session = at_proc();
    see(&mut session);
    let text = screen(&session, &View::new(Lang::En), 80, 24);
    assert!(text.contains("> + /proc"), "{text}");
    assert!(text.contains("covers the /proc below"), "{text}");
    assert!(text.contains("^ /proc"), "{text}");
    assert!(text.contains("rows unchanged"), "{text}");
    assert!(text.contains("8 rows: 1 added, 1 covered"), "{text}");
    assert!(text.contains("88 64 0:50 / /proc"), "the kernel's own row: {text}");
}

/// On a machine's long table every row becomes private at once: the rows that the step speaks of stay in sight, the rest
/// is folded and counted.
#[test]
fn thirty_rows_that_change_alike_are_folded() {
    let lesson = crate::lesson::open("mount-ns").unwrap();
    let step = lesson.step_index("private").unwrap();
    let (mut session, _) = Session::new(Arc::new(lesson), step);
    let more: String =
        (0..23).map(|n| format!("{} 63 0:{} / /mnt/{n:02} rw - tmpfs m rw\n", 200 + n, 200 + n)).collect();
    let table = format!("{HOST}{more}");
    let before = Snapshot { outside: side(&table, true, 0), inside: Some(side(&table, true, 1)) };
    session.apply(Event::Built(before.clone()));
    session.handle(Command::Forward);
    session.handle(Command::Choose(2));
    session.handle(Command::Forward);
    session.handle(Command::Forward);
    let after = Snapshot { outside: before.outside.clone(), inside: Some(side(&table, false, 1)) };
    let inside = changes(&before.inside.as_ref().unwrap().table, &after.inside.as_ref().unwrap().table);
    assert_eq!(inside.len(), 30);
    session.apply(Event::Performed(Box::new(RoundRecord { before, after, inside, ..RoundRecord::default() })));
    for (lang, folded) in [(Lang::En, "more rows like these"), (Lang::Zh, "行也是这样")] {
        let text = screen(&session, &View::new(lang), 80, 24);
        assert!(text.contains("~ /lab") && text.contains("~ / "), "{text}");
        assert!(text.contains(folded) && text.contains("30"), "{text}");
    }
}

#[test]
fn too_small_a_screen_says_so() {
    let text = screen(&at_proc(), &View::new(Lang::En), 40, 10);
    assert!(text.contains("--plain"), "{text}");
}

/// A thousand keys and sizes in any order: nothing panics.
#[test]
fn any_keys_any_size() {
    let mut seed = 7u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let mut session = at_proc();
    let mut view = View::new(Lang::En);
    for _ in 0..1000 {
        match random(12) {
            0 => drop(session.handle(Command::Forward)),
            1 => drop(session.handle(Command::Choose(random(9) as usize))),
            2 => drop(session.handle(Command::Tip)),
            3 => drop(session.handle(Command::Back)),
            4 => drop(session.handle(Command::Break(random(4) as usize))),
            5 => drop(session.handle(Command::Goto(random(20) as usize))),
            6 => view.namespace = !view.namespace,
            7 => view.folded = !view.folded,
            8 => view.variants = !view.variants,
            9 => view.tab = [screen::Tab::Text, screen::Tab::Ran, screen::Tab::Program][random(3) as usize],
            10 => view.scroll = random(40) as usize,
            _ => view.lang = view.lang.other(),
        }
        if session.busy {
            session.apply(match random(3) {
                0 => Event::Performed(Box::default()),
                1 => Event::VariantDone(vec![RoundRecord::default()]),
                _ => Event::Built(Snapshot { outside: side(HOST, true, 0), inside: Some(side(HOST, false, 1)) }),
            });
        }
        screen(&session, &view, 20 + random(180) as u16, 5 + random(60) as u16);
    }
}
