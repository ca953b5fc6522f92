//! `nslab play` in words: a line performs an operation, takes one back, or writes down what was done.

use super::Plain;
use super::say::line as ask;
use crate::lesson::nearest;
use crate::op::Actor;
use crate::play::{as_typed, items, line, told, with};
use crate::reference::first_sentence;
use crate::session::{Event, Form, Order, Wrote};
use std::path::PathBuf;
use std::sync::Arc;

/// What a line of play means. What only looks is said as in a lesson.
#[derive(Debug, PartialEq, Eq)]
enum Wish<'a> {
    Do(Actor, &'a str),
    Ops(Option<&'a str>),
    Write(Form, &'a str),
    Done,
    Help,
    /// The catalogue's key of what to say instead.
    Wrong(&'static str),
    /// As in a lesson.
    Other,
}

fn wish(line: &str) -> Wish<'_> {
    let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
    match (word, rest) {
        ("do", rest) => match rest.split_once(char::is_whitespace) {
            Some(("host", what)) => Wish::Do(Actor::Host, what.trim()),
            Some(("container", what)) => Wish::Do(Actor::Container, what.trim()),
            _ => Wish::Wrong("play.do-how"),
        },
        ("ops", "") => Wish::Ops(None),
        ("ops", name) => Wish::Ops(Some(name)),
        ("write", "" | "script" | "lesson") => Wish::Wrong("play.write-how"),
        ("write", rest) => match rest.split_once(char::is_whitespace) {
            Some(("script", name)) => Wish::Write(Form::Script, name.trim()),
            Some(("lesson", name)) => Wish::Write(Form::Lesson, name.trim()),
            _ => Wish::Write(Form::Lesson, rest),
        },
        ("done", "") => Wish::Done,
        ("?" | "help", "") => Wish::Help,
        ("" | "next" | "n", "") => Wish::Wrong("play.do-how"),
        ("goto" | "break" | "tip" | "show" | "try" | "task", _) => Wish::Wrong("play.no-key"),
        _ => Wish::Other,
    }
}

impl Plain<'_> {
    /// Does what a line of play asks for. None: it is a line like any lesson's.
    pub(super) fn play(&mut self, text: &str) -> anyhow::Result<Option<bool>> {
        if !self.session.is_play || self.session.asks.is_some() || self.session.stuck {
            return Ok(None);
        }
        let lang = self.lang;
        match wish(text) {
            Wish::Do(actor, what) => {
                // What an earlier step left running may have ended. A look that fails, fails again with the step.
                if let Ok(Some(record)) = self.conductor.look(self.session.step) {
                    self.session.apply(Event::ByItself(Box::new(record)));
                }
                match line(actor, what, &self.session.now) {
                    Ok(round) => {
                        let lesson = Arc::new(with(&self.session.lesson, round));
                        let effects = self.session.add(lesson);
                        return self.carry_out(effects).map(Some);
                    }
                    Err(fault) => self.say.exact(&fault.say(lang))?,
                }
            }
            Wish::Ops(name) => self.tell_operations(name)?,
            Wish::Write(..) if self.session.lesson.steps.len() < 2 => {
                self.say.text(&lang.say("play.nothing-write", &[]))?;
            }
            Wish::Write(form, name) => self.write(Order { form, path: PathBuf::from(name), replaces: false })?,
            Wish::Done => self.tell_done()?,
            Wish::Help => self.say.exact(&lang.say("play.help", &[]))?,
            Wish::Wrong(key) => self.say.exact(&lang.say(key, &[]))?,
            Wish::Other if text == "back" && self.session.lesson.steps.len() < 2 && self.session.by_hand == 0 => {
                self.say.text(&lang.say("play.nothing-back", &[]))?;
            }
            Wish::Other => return Ok(None),
        }
        Ok(Some(false))
    }

    /// All operations, one a line, or one of them in full.
    fn tell_operations(&self, name: Option<&str>) -> anyhow::Result<()> {
        let lang = self.lang;
        let items = items(&self.session.lesson.host.lab, lang);
        let Some(name) = name else {
            let mut group = "";
            for item in &items {
                if item.group != group {
                    group = item.group;
                    self.say.text(&format!("{}:", lang.say(group, &[])))?;
                }
                self.say.text(&lang.say("play.row", &[item.name, &first_sentence(&item.about)]))?;
            }
            return Ok(self.say.exact(&lang.say("play.ops-how", &[]))?);
        };
        let Some(item) = items.iter().find(|item| item.name == name) else {
            let near = nearest(name, items.iter().map(|item| item.name));
            self.say.exact(&lang.say("play.no-op", &[name]))?;
            return near.map_or(Ok(()), |near| self.tell_operations(Some(&near)));
        };
        self.say.text(&lang.say("play.row", &[item.name, &item.about]))?;
        for arg in &item.args {
            self.say.text(arg)?;
        }
        Ok(self.say.exact(&lang.say("play.example", &[&format!("{}: {}", item.name, item.begin)]))?)
    }

    fn tell_done(&self) -> anyhow::Result<()> {
        let rounds = self.session.lesson.steps.iter().enumerate().flat_map(|(index, step)| {
            let number = index + 1;
            step.rounds.iter().map(move |round| format!("{number}. {}", as_typed(round)))
        });
        let lines: Vec<String> = rounds.collect();
        if lines.is_empty() {
            self.say.text(&self.lang.say("play.none-done", &[]))?;
        }
        Ok(lines.iter().try_for_each(|line| self.say.exact(line))?)
    }

    /// Writes, and asks before anything is replaced.
    fn write(&mut self, order: Order) -> anyhow::Result<()> {
        if self.session.by_hand > 0 && !order.replaces {
            self.say.text(&self.lang.count("play.write-by-hand", self.session.by_hand, &[]))?;
        }
        for effect in self.session.write(order.clone()) {
            for event in self.conductor.carry_out(&effect) {
                let Event::Wrote(answer) = event else {
                    self.session.apply(event);
                    continue;
                };
                let said = told(&answer, order.form, &self.session.past, self.lang);
                let exists = matches!(answer, Wrote::Exists(_));
                self.session.apply(Event::Wrote(answer));
                if exists {
                    return self.replace(order);
                }
                said.lines().try_for_each(|line| self.say.exact(line))?;
            }
        }
        Ok(())
    }

    fn replace(&mut self, order: Order) -> anyhow::Result<()> {
        let path = crate::mounts::printable(order.path.display().to_string().as_bytes());
        let answer = ask(&self.lang.say("play.replace", &[&path]))?;
        if matches!(answer.as_deref(), Some("y" | "yes")) {
            return self.write(Order { replaces: true, ..order });
        }
        Ok(self.say.exact(&self.lang.say("play.kept", &[&path]))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        for (line, wanted) in [
            ("do host mount: {type: tmpfs, on: /mnt}", Wish::Do(Actor::Host, "mount: {type: tmpfs, on: /mnt}")),
            ("do container sh: ls  /", Wish::Do(Actor::Container, "sh: ls  /")),
            ("do mount: {}", Wish::Wrong("play.do-how")),
            ("do", Wish::Wrong("play.do-how")),
            ("ops", Wish::Ops(None)),
            ("ops bind", Wish::Ops(Some("bind"))),
            ("write a b", Wish::Write(Form::Lesson, "a b")),
            ("write script play.sh", Wish::Write(Form::Script, "play.sh")),
            ("write lesson script", Wish::Write(Form::Lesson, "script")),
            ("write", Wish::Wrong("play.write-how")),
            ("goto 3", Wish::Wrong("play.no-key")),
            ("back", Wish::Other),
            ("inside", Wish::Other),
        ] {
            assert_eq!(wish(line), wanted, "{line}");
        }
    }
}
