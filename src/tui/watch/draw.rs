//! The screen: title, an explanation if one is open, the two tables, and the last four lines. The tables are the
//! lesson's own panes.

use super::Watching;
use crate::lesson::Side;
use crate::op::errno_name;
use crate::tui::canvas::Canvas;
use crate::tui::cells::{Columns, Kind};
use crate::tui::explain::explain;
use crate::tui::laid::wanted;
use crate::tui::panes::help::{draw_lines, key_lines};
use crate::tui::panes::{foot, heads, keyline, tables};
use crate::tui::scene::Scene;
use crate::tui::screen::{MIN_HEIGHT, MIN_WIDTH, Map};
use crate::tui::style::Tone;
use crate::tui::view::{Mode, Sight, View};
use crate::watch::{Standing, Watched};
use crate::wrap::{cut_with, fit, hang, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// Where the panes are. None: the screen is too small.
pub fn map(view: &View, scene: &Scene, area: Rect) -> Option<Map> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    if width < MIN_WIDTH || height < MIN_HEIGHT {
        return None;
    }
    let (top, foot) = (1, height - 4);
    let free = foot - top - 1;
    let page = if view.mode == Mode::Explain { page(view, scene, width).len().min(free / 2) } else { 0 };
    let heads = top + page;
    Some(Map {
        width,
        columns: Columns::of(width),
        tabs: None,
        page: top..heads,
        page_width: width - 2,
        right_page: None,
        heads,
        tables: heads + 1..foot,
        foot,
        strip: None,
        shell_heads: None,
        shells: Vec::new(),
        message: foot + 2,
    })
}

/// The selected row in words.
fn page(view: &View, scene: &Scene, width: usize) -> Vec<String> {
    let Some((side, row)) = view.selected else { return Vec::new() };
    explain(scene, side, row, view.lang).iter().flat_map(|line| hang(line, width - 2, 4)).collect()
}

/// Returns where the cursor belongs: on what is selected or typed, for magnifiers and screen readers.
pub fn draw(watching: &mut Watching, area: Rect, buffer: &mut Buffer) -> Position {
    watching.scene();
    let map = map(&watching.view, &watching.laid.scene, area);
    let wanted = map.as_ref().map(|map| wanted(0, &watching.view, map));
    watching.laid.lay(area, map, &[], wanted);
    let mut canvas = Canvas { area, buffer, colour: watching.view.colour };
    let (y, x) = paint(watching, &mut canvas);
    let last = |size: u16| size.saturating_sub(1);
    Position::new(area.x + (x as u16).min(last(area.width)), area.y + (y as u16).min(last(area.height)))
}

fn paint(watching: &Watching, canvas: &mut Canvas) -> (usize, usize) {
    let Watching { watched, view, laid } = watching;
    let width = usize::from(canvas.area.width);
    let Some(map) = &laid.map else {
        for (row, line) in wrap(&view.lang.say("watch.small", &[]), width).iter().enumerate() {
            canvas.put(row, 0, line, Tone::Plain);
        }
        return (0, 0);
    };
    if view.mode == Mode::Help {
        return draw_lines(&help_lines(view, width), view, canvas);
    }
    let scene = &laid.scene;
    title(watched, view, map, canvas);
    let lines = page(view, scene, map.width);
    let first = view.scroll.unwrap_or(0).min(lines.len().saturating_sub(map.page.len()));
    for (line, y) in lines.iter().skip(first).zip(map.page.clone()) {
        canvas.put(y, 1, line, Tone::Plain);
    }
    heads::draw_as(|side| head(watched, view, scene, side, map), view, map, canvas);
    let in_table = tables::draw(view, laid, map, canvas);
    foot::summaries(view.moment.is_some() || !watched.history.is_empty(), view, scene, map, canvas);
    let number = |side| watched.now.side(side).state.facts.pid_outside.to_string();
    canvas.put(map.foot + 1, 1, &foot::raw_row(view, scene, map, number), Tone::Plain);
    let message = message(watched, view);
    canvas.put(map.foot + 2, 1, &cut_with(&message, map.width - 2, view.glyphs.elision()), Tone::Plain);
    let keys = keyline::fitting(keys(watched, view, map).into_iter().flatten(), view, map);
    canvas.put(map.foot + 3, 0, &fit(&format!(" {keys}"), map.width - 1), Tone::Bar);
    match view.mode {
        Mode::Filter => (map.foot + 2, 1 + message.trim_end_matches('_').width()),
        _ => in_table.unwrap_or((map.heads, 0)),
    }
}

/// Whose tables these are, and in which of their shapes they stand.
fn title(watched: &Watched, view: &View, map: &Map, canvas: &mut Canvas) {
    let lang = view.lang;
    let name = |side| watched.now.name(side, lang);
    let shapes = [
        Some(("watch.list", Sight::Process)),
        watched.now.sees_less().then_some(("watch.namespace-view", Sight::Namespace)),
        Some(("watch.tree", Sight::Tree)),
        Some(("watch.groups", Sight::Propagation)),
    ];
    let shapes = shapes.into_iter().flatten().map(|(key, sight)| {
        let word = lang.say(key, &[]);
        if sight == view.sight { format!("[{word}]") } else { word }
    });
    let right = format!("{} ", shapes.collect::<Vec<_>>().join("  "));
    let left = format!(" nslab watch  {} {} {}", name(Side::Outside), view.glyphs.vertical(), name(Side::Inside));
    let room = map.width - right.width() - 1;
    let left = fit(&cut_with(&left, room - 2, view.glyphs.elision()), room);
    canvas.put(0, 0, &format!("{left}{right}"), Tone::Strong);
}

/// Which process, where it is, and whether it can still be read.
fn head(watched: &Watched, view: &View, scene: &Scene, side: Side, map: &Map) -> String {
    let lang = view.lang;
    let seen = watched.now.side(side);
    let name = watched.now.name(side, lang);
    let host = &seen.state.facts.hostname;
    let place = match (&seen.standing, seen.namespace()) {
        (Standing::Ended, _) => lang.say("watch.head-ended", &[]),
        (Standing::Refused(refused), _) => lang.say("watch.head-refused", &[&errno_name(refused.errno)]),
        (Standing::Live, None) => lang.say("watch.head-no-place", &[]),
        (Standing::Live, Some(inode)) if map.columns.kind == Kind::Wide => {
            let key = if host.is_empty() { "watch.head-wide" } else { "watch.head-wide-named" };
            lang.say(key, &[&inode.to_string(), &seen.state.facts.root, host])
        }
        (Standing::Live, Some(inode)) => format!("mnt{}{:04}", view.glyphs.elision(), inode % 10000),
    };
    let head = format!("{name}  {place}");
    if map.columns.kind != Kind::Single {
        if map.columns.kind == Kind::Wide || seen.standing != Standing::Live {
            return head;
        }
        let facts = &seen.state.facts;
        let more = [
            ("watch.head-root", &facts.root, facts.root != "/" && seen.namespace().is_some()),
            ("watch.head-named", &facts.hostname, !facts.hostname.is_empty()),
        ];
        return more.into_iter().filter(|(_, _, is_worth)| *is_worth).fold(head, |head, (key, what, _)| {
            let longer = lang.say(key, &[&head, what]);
            // A sign and a space on both sides are the rule's.
            if longer.width() + 3 <= map.columns.side { longer } else { head }
        });
    }
    let other = if side == Side::Outside { Side::Inside } else { Side::Outside };
    let number = watched.now.side(other).state.facts.pid_outside.to_string();
    lang.count("tui.other", scene.marks.on(other).len(), &[&head, &number])
}

/// One thing to know now.
fn message(watched: &Watched, view: &View) -> String {
    let lang = view.lang;
    if view.mode == Mode::Filter {
        return lang.say("tui.filtering", &[&view.filter]);
    }
    if let Some(notice) = &view.notice {
        return notice.clone();
    }
    if let Some((number, _)) = view.moment.and_then(|number| watched.history.get(number)) {
        let numbers = [number + 1, watched.history.len()].map(|number| number.to_string());
        return lang.say("watch.moment", &[&numbers[0], &numbers[1]]);
    }
    if !view.filter.is_empty() {
        return lang.say("tui.filtered", &[&view.filter]);
    }
    match (watched.now.share_namespace(), watched.history.len()) {
        (Some(true), _) => lang.say("watch.shared", &[]),
        (_, 0) => lang.say("watch.quiet", &[]),
        (_, count) => lang.count("watch.changes", count, &[]),
    }
}

/// In order of weight.
fn keys(watched: &Watched, view: &View, map: &Map) -> Vec<Option<&'static str>> {
    let when = |condition: bool, item: &'static str| condition.then_some(item);
    match view.mode {
        Mode::Filter => return vec![Some("typing"), Some("keep"), Some("clear")],
        Mode::Explain => return vec![Some("scroll"), Some("arrows"), Some("copy"), Some("close")],
        _ => {}
    }
    if view.moment.is_some() {
        return vec![Some("walk"), Some("now"), Some("enter-now")];
    }
    vec![
        Some("explain"),
        Some("arrows"),
        when(map.columns.kind == Kind::Single, "other"),
        Some("view"),
        Some("filter"),
        when(!watched.history.is_empty(), "changes"),
        Some("reread"),
        when(view.selected.is_some(), "copy"),
        Some("quit"),
        Some("fold"),
        Some("lang"),
    ]
}

/// The keys that do something here, as the one key table names them, and what is not seen by itself.
pub fn help_lines(view: &View, width: usize) -> Vec<String> {
    let keys = [
        ("Up Down j k Home End", "watch.key-move"),
        ("Space PgDn PgUp", "watch.key-page"),
        ("Left Right h l o Tab", "watch.key-side"),
        ("Enter", "watch.key-enter"),
        ("v", "watch.key-view"),
        ("f", "watch.key-fold"),
        ("/ y", "watch.key-filter"),
        (", .", "watch.key-walk"),
        ("r", "watch.key-reread"),
        ("L", "key.lang"),
        ("? F1", "key.help"),
        ("Esc", "key.esc"),
        ("q Ctrl-C", "key.quit"),
        ("Ctrl-Z Ctrl-L", "key.suspend"),
    ];
    let mut lines: Vec<String> =
        keys.iter().flat_map(|(names, words)| key_lines(names, &view.lang.say(words, &[]), width)).collect();
    for paragraph in ["watch.help-live", "watch.help-silent"] {
        lines.push(String::new());
        lines.extend(hang(&format!(" {}", view.lang.say(paragraph, &[])), width - 1, 1));
    }
    lines
}
