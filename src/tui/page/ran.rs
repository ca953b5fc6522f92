//! What ran: the exact calls with their answers, what the guess and the kernel said, what commands printed.

use super::{Page, text, verdict};
use crate::lesson::VariantText;
use crate::mounts::{printable, printable_line};
use crate::op::{Actor, FlagWord};
use crate::session::{CallRecord, Phase, RoundRecord, Session};
use crate::tui::style::Tone;
use crate::tui::view::View;
use crate::words::Lang;
use crate::wrap::{hang, wrap};
use unicode_width::UnicodeWidthStr;

/// Essentials first, so that one page has them: calls, verdict, what to see; then what commands printed.
pub fn ran(session: &Session, view: &View, width: usize, height: usize) -> Page {
    let mut page = Page::default();
    if session.phase == Phase::Broken {
        broken(session, view, &mut page, width);
        return page;
    }
    if session.rounds.is_empty() {
        page.add(wrap(&view.lang.say("tui.nothing", &[]), width));
        return page;
    }
    // What flags mean stands beside the calls, unless it would push what is to be seen off the page.
    let mut with_flags = true;
    records(latest(session), view, true, &mut page, width);
    causes(session, view, &mut page, width);
    let mut said = Page::default();
    verdict::verdict(session, view, &mut said, width);
    if page.lines.len() + said.lines.len() > height {
        with_flags = false;
        page = Page::default();
        records(latest(session), view, false, &mut page, width);
        causes(session, view, &mut page, width);
    }
    if session.phase == Phase::See {
        // Many calls come after what they led to.
        let is_long = page.lines.len() + said.lines.len() > height && page.lines.len() > height / 2;
        let later = if is_long { std::mem::take(&mut page.lines) } else { Vec::new() };
        page.lines.extend(said.lines);
        page.lines.extend(later);
        text::hints(session, view, &mut page, width);
    }
    if !with_flags {
        latest(session).iter().flat_map(|record| &record.calls).for_each(|call| flags(call, view, &mut page, width));
    }
    outputs(session, &mut page, width);
    page
}

/// What ran last, with its answers, and what it printed.
pub fn last(session: &Session, view: &View, page: &mut Page, width: usize) {
    records(latest(session), view, true, page, width);
    causes(session, view, page, width);
    outputs(session, page, width);
}

/// The calls alone, with each flag explained.
pub fn calls(session: &Session, view: &View, width: usize) -> Page {
    let mut page = Page::default();
    last(session, view, &mut page, width);
    if page.lines.is_empty() {
        page.add(wrap(&view.lang.say("tui.nothing", &[]), width));
    }
    page
}

/// A variant: the question, what ran, why it went as it did.
pub fn broken(session: &Session, view: &View, page: &mut Page, width: usize) {
    let text = what_if(session, view, page, width);
    records(&session.rounds, view, width >= 76, page, width);
    verdict::guess(session, view, page, width);
    verdict::layers(session, view, page, width);
    if let Some(text) = text {
        page.add(crate::tui::markdown::lines(&text.why, width));
    }
    outputs(session, page, width);
}

/// The variant's own question.
pub fn what_if<'a>(session: &'a Session, view: &View, page: &mut Page, width: usize) -> Option<&'a VariantText> {
    let words = session.lesson.step_text(view.lang.code(), session.step);
    let text = session.variant().and_then(|variant| words.variants.get(&variant.id))?;
    page.add_as(Tone::Strong, crate::tui::markdown::lines(&text.question, width));
    Some(text)
}

/// All rounds of a variant, the last round of a step.
fn latest(session: &Session) -> &[RoundRecord] {
    match session.phase {
        Phase::Broken => &session.rounds,
        _ => session.rounds.last().map(std::slice::from_ref).unwrap_or(&[]),
    }
}

fn records(records: &[RoundRecord], view: &View, with_flags: bool, page: &mut Page, width: usize) {
    let mut last = None;
    for record in records.iter().filter(|record| !record.calls.is_empty()) {
        if record.actor != last {
            let who = if record.actor == Some(Actor::Host) { "tui.host" } else { "tui.container" };
            page.add([view.lang.say(who, &[])]);
            last = record.actor;
        }
        for call in &record.calls {
            let text = call.on_one_line();
            let timed = format!("{text}   {} us", call.micros);
            page.add(hang(if timed.width() <= width { &timed } else { &text }, width, 4));
            if with_flags {
                flags(call, view, page, width);
            }
            if let Err(errno) = call.result {
                let (name, meaning) = (crate::op::errno_name(errno), crate::op::errno_meaning(errno));
                page.add(hang(&format!("  {name}: {meaning}"), width, 4));
            }
        }
    }
}

fn flags(call: &CallRecord, view: &View, page: &mut Page, width: usize) {
    let flags = call.call.flags_in_words();
    if let Some(line) = in_one_line(&flags, view.lang) {
        page.add(hang(&format!("  {line}"), width, 2));
        return;
    }
    for flag in flags {
        let words = if view.lang == Lang::Zh { flag.zh } else { flag.en };
        page.add(hang(&view.lang.say("tui.flag", &[flag.c, words]), width, 4));
    }
}

/// Flags that say the same of different things are one sentence: "no set-uid, no device nodes through this mount".
fn in_one_line(flags: &[&FlagWord], lang: Lang) -> Option<String> {
    if flags.len() < 2 {
        return None;
    }
    if lang == Lang::Zh {
        let first: Vec<char> = flags[0].zh.chars().collect();
        let common = (0..first.len())
            .take_while(|&at| flags.iter().all(|flag| flag.zh.chars().nth(at) == Some(first[at])))
            .count();
        let rest = |flag: &FlagWord| flag.zh.chars().skip(common).collect::<String>().trim().to_string();
        let all: Vec<String> = flags.iter().map(|flag| rest(flag)).collect();
        let comma = if all.iter().any(|part| part.contains('，')) { "；" } else { "、" };
        return (common > 2).then(|| format!("{}：{}", first[..common].iter().collect::<String>(), all.join(comma)));
    }
    let words: Vec<Vec<&str>> = flags.iter().map(|flag| flag.en.split(' ').collect()).collect();
    let shortest = words.iter().map(Vec::len).min().unwrap_or(0);
    let from_end = |words: &[&'static str], at: usize| words[words.len() - 1 - at];
    let common = (0..shortest)
        .take_while(|&at| words.iter().all(|other| from_end(other, at) == from_end(&words[0], at)))
        .count();
    let tail = words[0][words[0].len() - common..].join(" ");
    let all: Vec<String> = words.iter().map(|words| words[..words.len() - common].join(" ")).collect();
    (common > 1).then(|| format!("{} {tail}", all.join(", ")))
}

/// Without a script no lesson says why the kernel refused.
fn causes(session: &Session, view: &View, page: &mut Page, width: usize) {
    let records = latest(session).iter().filter(|_| session.is_play);
    for cause in records.filter_map(|record| crate::play::causes(record, view.lang)) {
        page.add_as(Tone::Strong, hang(&format!("  {cause}"), width, 2));
    }
}

/// What commands printed.
pub fn outputs(session: &Session, page: &mut Page, width: usize) {
    for command in latest(session).iter().flat_map(|record| &record.commands) {
        page.add(hang(&format!("$ {}", printable(command.line.as_bytes())), width, 4));
        for line in command.output.lines() {
            page.add(hang(&format!("  {}", printable_line(line)), width, 4));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::MountFlags;

    #[test]
    fn flags_that_belong_together_are_one_sentence() {
        let flags = MountFlags::from_words(["nosuid", "nodev", "noexec"]).unwrap();
        let flags: Vec<_> = flags.words().collect();
        assert_eq!(
            in_one_line(&flags, Lang::En).unwrap(),
            "no set-uid, no device nodes, no execution through this mount"
        );
        assert_eq!(in_one_line(&flags, Lang::Zh).unwrap(), "经由这个挂载：set-uid 无效、设备文件不可用、程序不可执行");
        let flags = [("CLONE_NEWUTS", "自己的主机名"), ("CLONE_NEWPID", "自己的进程编号，从 1 开始")];
        let flags = flags.map(|(c, zh)| FlagWord {
            c,
            zh,
            ..*MountFlags::from_words(["rec"]).unwrap().words().next().unwrap()
        });
        assert_eq!(
            in_one_line(&flags.iter().collect::<Vec<_>>(), Lang::Zh).unwrap(),
            "自己的：主机名；进程编号，从 1 开始"
        );
        let other = MountFlags::from_words(["private", "rec"]).unwrap();
        assert_eq!(in_one_line(&other.words().collect::<Vec<_>>(), Lang::En), None);
    }
}
