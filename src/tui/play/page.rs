//! The palette and its forms as a page.

use super::{Palette, Sheet};
use crate::lesson::Round;
use crate::op::{Actor, lower};
use crate::play::{Item, line};
use crate::reference::first_sentence;
use crate::session::{Form, Session};
use crate::tui::page::Page;
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::words::Lang;
use crate::wrap::{cut_with, fit, hang, wrap};
use unicode_width::UnicodeWidthStr;

/// Cells of the names in the list.
const NAMES: usize = 13;

/// The catalogue's key of what is open, for the line of tabs.
pub fn open(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::List | Sheet::Form => "play.tab",
        Sheet::Write | Sheet::Replace | Sheet::Wrote => "play.write-tab",
    }
}

pub fn page(sheet: Sheet, session: &Session, view: &View, width: usize) -> Page {
    match sheet {
        Sheet::List => list(session, view, width),
        Sheet::Form => form(session, view, width),
        Sheet::Write | Sheet::Replace => write(session, view, width),
        Sheet::Wrote => {
            let mut page = Page::default();
            for line in view.palette.said.lines() {
                page.add(hang(line, width, 4));
            }
            page
        }
    }
}

/// The entries of the key line.
pub fn keys(sheet: Sheet, session: &Session) -> &'static [&'static str] {
    match (sheet, session.now.inside.is_some()) {
        (Sheet::List, true) => &["choose-one", "arrows", "who", "filter-list", "close"],
        (Sheet::List, false) => &["choose-one", "arrows", "filter-list", "close"],
        (Sheet::Form, true) => &["perform", "who", "list"],
        (Sheet::Form, false) => &["perform", "list"],
        (Sheet::Write, _) => &["write-it", "form", "close"],
        (Sheet::Replace, _) => &["replace", "keep-it"],
        (Sheet::Wrote, _) => &["go-on"],
    }
}

/// What the message line asks, where a sheet asks something.
pub fn message(sheet: Sheet, view: &View) -> Option<String> {
    (sheet == Sheet::Replace).then(|| view.lang.say("play.exists", &[&view.palette.file_name()]))
}

fn who(palette: &Palette, session: &Session, lang: Lang) -> String {
    let key = match (session.now.inside.is_some(), palette.actor) {
        (false, _) => "play.host-only",
        (true, Actor::Host) => "play.host",
        (true, Actor::Container) => "play.container",
    };
    lang.say("play.on", &[&lang.say(key, &[])])
}

fn list(session: &Session, view: &View, width: usize) -> Page {
    let (lang, palette) = (view.lang, &view.palette);
    let items = palette.items(session, lang);
    let mut page = Page::default();
    let filter = palette.filter.text();
    let who = who(palette, session, lang);
    if filter.is_empty() {
        page.add_as(Tone::Strong, [cut_with(&who, width, "..")]);
    } else {
        let filter = lang.say("play.filter", &[&filter]);
        let room = width.saturating_sub(filter.width() + 2);
        page.add_as(Tone::Strong, [format!("{}  {filter}", fit(&cut_with(&who, room, ".."), room.min(who.width())))]);
    }
    if items.is_empty() {
        page.add(wrap(&lang.say("play.no-match", &[&filter]), width));
        return page;
    }
    let mut group = "";
    let at = palette.at.min(items.len() - 1);
    for (index, item) in items.iter().enumerate() {
        // Sorted by what was looked for, topics would come again and again.
        if item.group != group && filter.is_empty() {
            page.add_as(Tone::Strong, [lang.say(item.group, &[])]);
        }
        group = item.group;
        let sign = if index == at { ">" } else { " " };
        if index == at {
            page.focus = Some((page.lines.len(), 0));
        }
        let text = format!("{sign} {}{}", fit(item.name, NAMES), first_sentence(&item.about).replace('`', ""));
        let tone = if index == at { Tone::Chosen } else { Tone::Plain };
        page.add_as(tone, [cut_with(&text, width, "..")]);
    }
    page
}

fn form(session: &Session, view: &View, width: usize) -> Page {
    let (lang, palette) = (view.lang, &view.palette);
    let mut page = Page::default();
    let Some(item) = palette.chosen(session, lang) else { return page };
    let actor = palette.actor_for(&item, session);
    // A sentence that says itself who can do it needs no choice.
    let side = match (item.only, actor) {
        (None, _) => who(palette, session, lang),
        (_, Actor::Host) => lang.say("play.on", &[&lang.say("choice.host", &[])]),
        (_, Actor::Container) => lang.say("play.on", &[&lang.say("choice.container", &[])]),
    };
    page.add_as(Tone::Strong, wrap(&side, width));
    page.add(hang(&item.about.replace('`', ""), width, 0));
    if let Some(input) = palette.lines.get(item.name) {
        let (lines, (line, column)) = input.lines(&format!("> {}: ", item.name), width);
        page.focus = Some((page.lines.len() + line, column));
        page.add_as(Tone::Strong, lines);
    }
    match line(actor, &palette.line(), &session.now) {
        Ok(round) => preview(&round, &item, view, &mut page, width),
        Err(fault) => page.add_as(Tone::Changed, hang(&fault.say(lang), width, 2)),
    }
    page.until = Some(page.lines.len() - 1);
    page.add(item.args.iter().flat_map(|arg| hang(&arg.replace('`', "").replace('…', view.glyphs.dots()), width, 4)));
    page
}

/// The exact calls that Enter will make.
fn preview(round: &Round, item: &Item, view: &View, page: &mut Page, width: usize) {
    let label = view.lang.say("play.runs", &[]);
    let indent = label.width() + 2;
    let calls = round.does.iter().flat_map(lower).map(|call| call.to_string());
    let lines = round.lines().map(|line| format!("$ {line}"));
    for (index, call) in calls.chain(lines).enumerate() {
        let lead = if index == 0 { format!("{label}  ") } else { " ".repeat(indent) };
        page.add(hang(&format!("{lead}{call}"), width, indent + 4));
    }
    let words = round.does.iter().flat_map(lower).flat_map(|call| call.flags_in_words());
    let words: Vec<String> = words
        .map(|flag| view.lang.say("tui.flag", &[flag.c, if view.lang == Lang::Zh { flag.zh } else { flag.en }]))
        .collect();
    // The flags of a call are known from its form; other operations have none worth a line.
    if item.args.len() < 6 {
        page.add(words.iter().flat_map(|word| hang(word, width, 6)));
    }
}

fn write(session: &Session, view: &View, width: usize) -> Page {
    let (lang, palette) = (view.lang, &view.palette);
    let mut page = Page::default();
    page.add_as(Tone::Strong, wrap(&lang.say("play.write", &[]), width));
    for (form, key) in [(Form::Lesson, "play.write-lesson"), (Form::Script, "play.write-script")] {
        let is_chosen = palette.form == form;
        let text = format!("{} {}", if is_chosen { ">" } else { " " }, lang.say(key, &[]));
        page.add_as(if is_chosen { Tone::Chosen } else { Tone::Plain }, hang(&text, width, 2));
    }
    page.gap();
    let prompt = lang.say("play.write-name", &[""]);
    let file = &palette.files[usize::from(palette.form == Form::Script)];
    let (lines, (line, column)) = file.lines(&prompt, width);
    page.focus = Some((page.lines.len() + line, column));
    page.add_as(Tone::Strong, lines);
    if session.by_hand > 0 {
        page.gap();
        page.add(wrap(&lang.count("play.write-by-hand", session.by_hand, &[]), width));
    }
    page
}
