//! What the screen of `nslab watch` shows, and what its keys do.

use super::Watching;
use super::act::{Act, press};
use super::draw::draw;
use crate::lesson::Side;
use crate::mounts::MountTable;
use crate::session::{Facts, SideState};
use crate::tui::preview::as_text;
use crate::tui::view::{Mode, View};
use crate::watch::{Both, Refused, Seen, Standing};
use crate::words::Lang;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

const OUTSIDE: &str = "\
21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw shared:2 - proc proc rw
23 21 0:6 / /tmp rw shared:3 - tmpfs tmpfs rw
24 21 0:7 / /run rw shared:4 - tmpfs run rw
25 24 0:8 / /run/user rw - tmpfs user rw
";

const INSIDE: &str = "\
41 40 8:1 / / rw master:1 - ext4 /dev/sda1 rw
42 41 0:5 / /proc rw master:2 - proc proc rw
43 41 8:1 /tmp/private /tmp rw,nosuid shared:9 - ext4 /dev/sda1 rw
44 41 0:7 / /run rw shared:4 - tmpfs run rw
";

fn seen(text: &str, pid: i32, name: &str) -> Seen {
    let table = MountTable::parse(text.as_bytes().to_vec());
    let facts = Facts {
        namespaces: vec![("mnt".into(), 4026530000 + pid as u64)],
        root: "/".into(),
        hostname: if pid == 4711 { "laptop".into() } else { "web".into() },
        pid_outside: pid,
        program: name.into(),
        ..Facts::default()
    };
    Seen { state: Arc::new(SideState { seen: table.clone(), table, facts }), ..Seen::default() }
}

/// One that sees the tmpfs on /srv and what is mounted in it.
fn chrooted(pid: i32) -> Seen {
    let whole = format!("{INSIDE}46 41 0:70 / /srv rw - tmpfs srv rw\n47 46 0:71 / /srv/tmp rw - tmpfs t rw\n");
    let part = "46 41 0:70 / / rw - tmpfs srv rw\n47 46 0:71 / /tmp rw - tmpfs t rw\n";
    let mut seen = seen(&whole, pid, "sh");
    let state = SideState::clone(&seen.state);
    let facts = Facts { root: "/srv".into(), hostname: String::new(), ..state.facts.clone() };
    seen.state = Arc::new(SideState { seen: MountTable::parse(part.into()), facts, ..state });
    seen
}

fn both(inside: &str) -> Both {
    Both { outside: seen(OUTSIDE, 4711, "bash"), inside: seen(inside, 4820, "nginx") }
}

/// Somebody who watches, at a screen of some size.
struct Watcher {
    watching: Watching,
    area: Rect,
}

impl Watcher {
    fn new(now: Both, lang: Lang, width: u16, height: u16) -> Watcher {
        let area = Rect::new(0, 0, width, height);
        Watcher { watching: Watching::new(now, View::new(lang), area), area }
    }

    fn usual() -> Watcher {
        Watcher::new(both(INSIDE), Lang::En, 80, 24)
    }

    fn press(&mut self, code: KeyCode) -> Act {
        press(KeyEvent::new(code, KeyModifiers::NONE), &mut self.watching, self.area)
    }

    fn types(&mut self, keys: &str) {
        keys.chars().for_each(|key| drop(self.press(KeyCode::Char(key))));
    }

    fn screen(&mut self) -> String {
        let mut buffer = Buffer::empty(self.area);
        draw(&mut self.watching, self.area, &mut buffer);
        as_text(&buffer)
    }

    fn shows(&mut self, part: &str) {
        let screen = self.screen();
        assert!(screen.contains(part), "no {part} in:\n{screen}");
    }

    fn hides(&mut self, part: &str) {
        let screen = self.screen();
        assert!(!screen.contains(part), "{part} in:\n{screen}");
    }
}

fn with(row: &str) -> String {
    format!("{INSIDE}{row}\n")
}

const MORE: &str = "45 43 0:60 / /tmp/new rw shared:9 - tmpfs watched rw";

#[test]
fn every_size_and_shape() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height) in [(80, 24), (160, 45), (60, 18)] {
            let mut watcher = Watcher::new(both(INSIDE), lang, width, height);
            watcher.watching.take(both(&with(MORE)));
            let name = |what: &str| format!("{}-{width}x{height}-{what}", lang.code());
            insta::assert_snapshot!(name("list"), watcher.screen());
            watcher.types("v");
            insta::assert_snapshot!(name("tree"), watcher.screen());
            watcher.types("v");
            watcher.press(KeyCode::Right);
            insta::assert_snapshot!(name("groups"), watcher.screen());
            watcher.press(KeyCode::Enter);
            insta::assert_snapshot!(name("explain"), watcher.screen());
        }
        let mut watcher = Watcher::new(both(INSIDE), lang, 80, 24);
        watcher.types("?");
        insta::assert_snapshot!(format!("{}-help", lang.code()), watcher.screen());
        for width in 60..200 {
            watcher.area.width = width;
            for keys in ["x", "v", "v", "l", "\n", "?"] {
                watcher.types(keys);
                let screen = watcher.screen();
                assert!(screen.lines().all(|line| line.width() < usize::from(width)), "{width}:\n{screen}");
            }
        }
    }
}

#[test]
fn changes_are_marked_and_can_be_walked() {
    let mut watcher = Watcher::usual();
    watcher.types(",");
    watcher.shows("Nothing has changed yet.");
    watcher.watching.take(both(&with(MORE)));
    watcher.shows("+ /tmp/new");
    watcher.shows("1 change seen");
    watcher.watching.take(both(INSIDE));
    watcher.shows("- /tmp/new");
    watcher.types(",");
    watcher.shows("Change 1 of 2");
    watcher.shows("+ /tmp/new");
    // What happens meanwhile does not take somebody away from what is looked at.
    watcher.watching.take(both(&with(MORE)));
    watcher.shows("Change 1 of 3");
    watcher.types("..");
    watcher.hides("Change");
    watcher.types(",");
    assert_eq!(watcher.press(KeyCode::Enter), Act::Nothing);
    watcher.hides("Change");
    watcher.shows("3 changes seen");
}

#[test]
fn a_row_stays_selected_wherever_it_is() {
    let mut watcher = Watcher::usual();
    watcher.press(KeyCode::Right);
    watcher.press(KeyCode::End);
    let selected = |watcher: &Watcher| {
        let (side, row) = watcher.watching.view.selected?;
        Some(watcher.watching.laid.scene.side(side).table.rows()[row].id)
    };
    assert_eq!(selected(&watcher), Some(43), "the last in the order of the tree");
    let before = format!("39 41 0:61 / /a rw - tmpfs a rw\n{INSIDE}");
    watcher.watching.take(both(&before));
    assert_eq!(selected(&watcher), Some(43));
    watcher.watching.take(both("41 40 8:1 / / rw master:1 - ext4 /dev/sda1 rw\n"));
    assert_eq!(selected(&watcher), None, "it is gone");
}

#[test]
fn filter_explain_and_copy() {
    let mut watcher = Watcher::usual();
    watcher.types("y");
    watcher.shows("Choose a row first");
    watcher.types("/nosuid");
    watcher.press(KeyCode::Enter);
    watcher.shows("Only rows with: nosuid");
    watcher.hides("/proc");
    watcher.press(KeyCode::Enter);
    assert_eq!(watcher.watching.view.mode, Mode::Explain);
    watcher.shows("43: the mount's number in the kernel");
    watcher.types("  ");
    watcher.hides("43: the mount's number");
    let Act::Copy(row) = watcher.press(KeyCode::Char('y')) else { panic!("nothing copied") };
    assert_eq!(row, "43 41 8:1 /tmp/private /tmp rw,nosuid shared:9 - ext4 /dev/sda1 rw");
    for _ in 0..3 {
        watcher.press(KeyCode::Esc);
    }
    watcher.shows("/proc");
    assert_eq!(watcher.press(KeyCode::Char('r')), Act::Reread);
    assert_eq!(watcher.press(KeyCode::Char('q')), Act::Leave);
}

/// Letters mean the same on both sides, and a row says where its mounts appear.
#[test]
fn peer_groups_and_who_receives() {
    let mut watcher = Watcher::usual();
    watcher.types("vvh");
    watcher.press(KeyCode::Home);
    watcher.shows("mounts here appear at: right /");
    let screen = watcher.screen();
    let root = screen.lines().find(|line| line.starts_with("  /   ")).unwrap();
    assert!(root.contains(" A ") && root.contains("<- A"), "{root}");
    watcher.types("j");
    watcher.types("jjj");
    watcher.shows("/tmp");
    watcher.types("l");
    watcher.press(KeyCode::End);
    watcher.shows("mounts here appear nowhere else");
}

#[test]
fn what_became_of_a_process_stands_in_its_head() {
    let mut watcher = Watcher::usual();
    watcher.shows("4820 nginx  mnt..4820");
    let refused = Standing::Refused(Refused { path: "/proc/4820/mountinfo".into(), errno: libc::EACCES });
    watcher.watching.take(Both { inside: Seen { standing: refused, ..seen(INSIDE, 4820, "nginx") }, ..both(INSIDE) });
    watcher.shows("4820 nginx  REFUSED (EACCES)");
    watcher.shows("open /proc/4820/mountinfo: EACCES");
    let ended = Seen { standing: Standing::Ended, ..seen(INSIDE, 4820, "nginx") };
    watcher.watching.take(Both { inside: ended, ..both(INSIDE) });
    watcher.shows("4820 nginx  ENDED");
    watcher.shows("4820 nginx has ended; this was its last table.");
    watcher.shows("/tmp");
    let mut unknown = seen(INSIDE, 4820, "nginx");
    unknown.state = Arc::new(SideState {
        facts: Facts { namespaces: vec![], ..unknown.state.facts.clone() },
        ..SideState::clone(&unknown.state)
    });
    let mut watcher = Watcher::new(Both { inside: unknown, ..both(INSIDE) }, Lang::En, 80, 24);
    watcher.shows("mnt ? (not allowed)");
    let same = Both { outside: seen(INSIDE, 4820, "nginx"), inside: seen(INSIDE, 4820, "nginx") };
    Watcher::new(same, Lang::En, 80, 24).shows("Both are in the same mount namespace");
}

/// Only whole: half a hostname is another one.
#[test]
fn a_hostname_is_shown_where_there_is_room() {
    let named = |name: &str| {
        let mut inside = seen(INSIDE, 4820, "nginx");
        let state = SideState::clone(&inside.state);
        inside.state = Arc::new(SideState { facts: Facts { hostname: name.into(), ..state.facts.clone() }, ..state });
        Both { inside, ..both(INSIDE) }
    };
    Watcher::new(named("web"), Lang::En, 80, 24).shows("4820 nginx  mnt..4820  host \"web\" -");
    Watcher::new(named("0123456789ab"), Lang::En, 80, 24).hides("host \"0");
    Watcher::new(named("0123456789ab"), Lang::En, 110, 30).shows("host \"0123456789ab\" -");
    let mut watcher = Watcher::new(named(""), Lang::En, 160, 45);
    watcher.shows("4820 nginx  mnt:[4026534820]  root / -");
    watcher.watching.take(named("web"));
    watcher.watching.take(named("db"));
    watcher.shows("4820 nginx has another hostname now: db");
}

/// As in a lesson after chroot: `v` shows the whole namespace, where that may be read.
#[test]
fn a_chrooted_process_has_one_view_more() {
    for lang in [Lang::En, Lang::Zh] {
        for (width, height) in [(80, 24), (160, 45)] {
            let mut watcher = Watcher::new(Both { inside: chrooted(4820), ..both(INSIDE) }, lang, width, height);
            let name = |what: &str| format!("{}-{width}x{height}-chrooted-{what}", lang.code());
            insta::assert_snapshot!(name("list"), watcher.screen());
            watcher.types("v");
            insta::assert_snapshot!(name("namespace"), watcher.screen());
        }
    }
    // On the left it is the same.
    let mut watcher = Watcher::new(Both { outside: chrooted(4711), inside: chrooted(4820) }, Lang::En, 80, 24);
    assert_eq!(watcher.screen().matches("... 4 more rows out of view").count(), 2);
    watcher.types("v");
    watcher.shows("[namespace]");
    watcher.hides("out of view");
    watcher.types("v");
    watcher.shows("[tree]");
    watcher.types("vv");
    watcher.shows("[list]  namespace");
    watcher.types("v");
    watcher.watching.take(both(INSIDE));
    watcher.shows("[list]  tree");
    let part = Seen { refused_rest: Some(libc::EPERM), ..seen(INSIDE, 4820, "sh") };
    let mut watcher = Watcher::new(Both { inside: part, ..both(INSIDE) }, Lang::En, 80, 24);
    watcher.types("v");
    watcher.shows("[tree]");
    watcher.shows("4820 sh: rows that it does not see take its owner or root (setns: EPERM).");
}

/// Nothing that a name contains moves the cursor.
#[test]
fn names_cannot_steer_the_terminal() {
    let hostile = "41 40 8:1 / /a\x1b[2J\u{9b}\u{202e} rw - x\x1b[H y\x1b]0;z\x07 rw\n";
    let mut watcher = Watcher::new(Both { inside: seen(hostile, 1, r"\x1b[2J"), ..both("") }, Lang::En, 160, 45);
    for keys in ["x", "v", "v", "l", "\n"] {
        watcher.types(keys);
        watcher.press(KeyCode::Enter);
        let screen = watcher.screen();
        let is_harmless = |letter: char| letter == '\n' || (!letter.is_control() && letter != '\u{202e}');
        assert!(screen.chars().all(is_harmless), "{screen:?}");
    }
    let Act::Copy(row) = watcher.press(KeyCode::Char('y')) else { panic!("nothing copied") };
    assert!(row.contains(r"\x1b[2J"), "{row}");
}

#[test]
fn thousands_of_rows_show_the_visible() {
    let row = |number: usize| format!("{} 41 0:{number} / /m/{number} rw - tmpfs x rw\n", 100 + number);
    let many = format!("{INSIDE}{}", (0..10_000).map(row).collect::<String>());
    let mut watcher = Watcher::new(both(&many), Lang::En, 80, 24);
    watcher.shows("10004 rows");
    watcher.press(KeyCode::Right);
    watcher.press(KeyCode::End);
    watcher.shows("/tmp");
    watcher.press(KeyCode::PageUp);
    watcher.watching.take(both(&format!("{many}{MORE}\n")));
    watcher.shows("1 added");
    assert_eq!(watcher.watching.view.side, Side::Inside);
}
