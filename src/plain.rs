//! The lesson in words, line by line: for a screen reader, a pipe, a dumb terminal. Nothing is redrawn.

use crate::conduct;
use crate::lab::{Lab, LabError};
use crate::lesson::{Lesson, Prediction, Side, Step};
use crate::mounts::{Change, ChangeKind, MountTable, printable};
use crate::op::Actor;
use crate::relay::relay;
use crate::sandbox::{HostKind, Sandbox};
use crate::session::{Kernel, RoundRecord, SideState, Snapshot, judge, layer_sentences, layers_of, options};
use crate::words::Lang;
use std::io::{self, Write};
use unicode_width::UnicodeWidthChar;

/// What a line that was typed asks for.
enum Asked {
    Next,
    Quit,
    Back,
    Again,
    Goto(usize),
    Break(usize),
}

struct Plain<'a> {
    lesson: &'a Lesson,
    layers: &'a [(String, String)],
    host: HostKind,
    lang: Lang,
    width: usize,
    sandbox: Sandbox,
    now: Snapshot,
    last: Vec<RoundRecord>,
    hints: usize,
    by_hand: usize,
    first_sight: (usize, usize),
}

/// Walks through a lesson from a step (from 0) on. Exit status 0.
pub fn run(
    lesson: &Lesson,
    from: usize,
    host: HostKind,
    layers: &[(String, String)],
    lang: Lang,
    width: usize,
) -> anyhow::Result<u8> {
    let mut sandbox = Sandbox::start(&lesson.host, host, layers)?;
    let (now, _) = conduct::replay(&mut sandbox, lesson, from, &[], lang)?;
    let mut plain = Plain {
        lesson,
        layers,
        host,
        lang,
        width,
        sandbox,
        now,
        last: Vec::new(),
        hints: 0,
        by_hand: 0,
        first_sight: (0, 0),
    };
    let text = lesson.text(lang.code());
    plain.say(&text.title.clone())?;
    plain.say(&text.about.clone())?;
    plain.say(&lang.say("plain.help", &[]))?;
    let mut step = from;
    while step < lesson.steps.len() {
        match plain.step(step)? {
            Asked::Next => step += 1,
            Asked::Again => plain.rebuild(step)?,
            Asked::Back => {
                step = step.saturating_sub(1);
                plain.rebuild(step)?;
            }
            Asked::Goto(wanted) => {
                step = wanted;
                plain.rebuild(step)?;
            }
            Asked::Break(_) => plain.rebuild(step)?,
            Asked::Quit => {
                plain.receipt()?;
                return Ok(0);
            }
        }
    }
    if !text.after.is_empty() {
        plain.say(&text.after.clone())?;
    }
    let (right, asked) = plain.first_sight;
    plain.say(&lang.say("plain.score", &[&right.to_string(), &asked.to_string()]))?;
    plain.receipt()?;
    Ok(0)
}

impl Plain<'_> {
    /// One step: read, predict, do, see.
    fn step(&mut self, index: usize) -> anyhow::Result<Asked> {
        let lang = self.lang;
        let step = &self.lesson.steps[index];
        let text = self.lesson.step_text(lang.code(), index).clone();
        self.hints = 0;
        self.last.clear();
        let count = self.lesson.steps.len();
        self.say("")?;
        self.say(&lang.say("plain.step", &[&(index + 1).to_string(), &count.to_string(), &text.title]))?;
        self.say(&text.text)?;
        let mut guess = Guess::None;
        if let Some(prediction) = &step.predict {
            match self.predict(index, prediction)? {
                Ok(found) => guess = found,
                Err(asked) => return Ok(asked),
            }
        }
        for number in 0..step.rounds.len() {
            if let Some(asked) = self.prompt(index, "plain.do")? {
                return Ok(asked);
            }
            let record = conduct::perform(&mut self.sandbox, step, &step.rounds[number], &self.now, lang)?;
            self.now = record.after.clone();
            self.tell(&record)?;
            self.tell_layers(step, &record)?;
            self.last.push(record);
            if number == 0
                && let Some(prediction) = &step.predict
            {
                self.verdict(index, prediction, &guess)?;
            }
            if let Some(see) = text.see.get(number) {
                self.say(see)?;
            }
        }
        loop {
            match self.prompt(index, "plain.next")? {
                None => return Ok(Asked::Next),
                Some(Asked::Break(number)) => {
                    self.variant(index, number)?;
                    // The sandbox was rebuilt as it was after this step.
                    self.rebuild(index + 1)?;
                }
                Some(asked) => return Ok(asked),
            }
        }
    }

    fn predict(&mut self, index: usize, prediction: &Prediction) -> anyhow::Result<Result<Guess, Asked>> {
        let lang = self.lang;
        let text = self.lesson.step_text(lang.code(), index).clone();
        let choices = options(prediction, &text, &self.now, lang);
        self.say(&lang.say("plain.question", &[&text.question]))?;
        for (number, choice) in choices.iter().enumerate() {
            self.say(&format!("{}. {choice}", number + 1))?;
        }
        self.say(&format!("0. {}", lang.say("option.unsure", &[])))?;
        let many = matches!(prediction, Prediction::Tick { .. });
        loop {
            let line = match self.line(&lang.say(if many { "plain.answers" } else { "plain.answer" }, &[]))? {
                Some(line) => line,
                None => return Ok(Err(Asked::Quit)),
            };
            let numbers: Option<Vec<usize>> = line
                .split([' ', ','])
                .filter(|word| !word.is_empty())
                .map(|word| word.parse().ok().filter(|&n| n <= choices.len()))
                .collect();
            match numbers.as_deref() {
                Some([0]) => return Ok(Ok(Guess::None)),
                Some([only]) if !many => return Ok(Ok(Guess::One(only - 1))),
                Some(all) if many && !all.contains(&0) => {
                    return Ok(Ok(Guess::Many((1..=choices.len()).map(|number| all.contains(&number)).collect())));
                }
                _ => {
                    if let Some(asked) = self.command(&line, index)? {
                        return Ok(Err(asked));
                    }
                }
            }
        }
    }

    fn verdict(&mut self, index: usize, prediction: &Prediction, guess: &Guess) -> anyhow::Result<()> {
        let lang = self.lang;
        let text = self.lesson.step_text(lang.code(), index).clone();
        let before = self.last.first().map(|record| record.before.clone()).unwrap_or_default();
        let choices = options(prediction, &text, &before, lang);
        let name = |number: usize| choices.get(number).cloned().unwrap_or_default();
        let ticked = |ticks: &[bool]| {
            let all: Vec<_> =
                ticks.iter().enumerate().filter(|(_, tick)| **tick).map(|(number, _)| name(number)).collect();
            if all.is_empty() { lang.say("option.none", &[]) } else { all.join("; ") }
        };
        let kernel = judge(prediction, &self.last);
        self.first_sight.1 += 1;
        let (you, truth, lost) = match (guess, &kernel) {
            (_, Kernel::Void) => return self.say(&lang.say("verdict.void", &[])),
            (Guess::None, Kernel::Option(option)) => (None, name(*option), None),
            (Guess::None, Kernel::Ticks(ticks)) => (None, ticked(ticks), None),
            (Guess::One(one), Kernel::Option(option)) => {
                (Some(name(*one)), name(*option), (one != option).then_some(*one))
            }
            (Guess::Many(many), Kernel::Ticks(ticks)) => {
                (Some(ticked(many)), ticked(ticks), (many != ticks).then_some(usize::MAX))
            }
            _ => return Ok(()),
        };
        match you {
            Some(you) => {
                self.first_sight.0 += usize::from(lost.is_none());
                self.say(&lang.say("verdict.both", &[&you, &truth]))?;
            }
            None => self.say(&lang.say("verdict.kernel", &[&truth]))?,
        }
        if let Some(feedback) = lost.and_then(|number| text.feedback.get(&(number.wrapping_add(1)).to_string())) {
            self.say(feedback)?;
        }
        Ok(())
    }

    /// What ran, and what changed.
    fn tell(&mut self, record: &RoundRecord) -> anyhow::Result<()> {
        let lang = self.lang;
        let side =
            lang.say(if record.actor == Some(Actor::Host) { "plain.on-host" } else { "plain.in-container" }, &[]);
        for call in &record.calls {
            self.say(&lang.say("plain.ran", &[&side, &conduct::with_result(call)]))?;
            for flag in call.call.flags_in_words() {
                let words = if lang == Lang::Zh { flag.zh } else { flag.en };
                self.say(&format!("  {}: {words}", flag.c))?;
            }
        }
        for command in &record.commands {
            let key = if command.typed { "plain.typed" } else { "plain.command" };
            self.say(&lang.say(key, &[&side, &command.line]))?;
            for line in command.output.lines() {
                self.raw(&format!("  {}", printable(line.as_bytes())))?;
            }
        }
        self.changes(&record.before, &record.after, &record.outside, &record.inside, false)
    }

    fn tell_layers(&mut self, step: &Step, record: &RoundRecord) -> anyhow::Result<()> {
        let lines = layers_of(step, record).map(|table| layer_sentences(&table, self.lang)).unwrap_or_default();
        lines.iter().try_for_each(|line| self.say(line))
    }

    fn changes(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        outside: &[Change],
        inside: &[Change],
        by_hand: bool,
    ) -> anyhow::Result<()> {
        for (side, changes) in [(Side::Outside, outside), (Side::Inside, inside)] {
            let (Some(old), Some(new)) = (before.side(side), after.side(side)) else {
                if side == Side::Inside && before.inside.is_some() != after.inside.is_some() {
                    let key = if after.inside.is_some() { "plain.came" } else { "plain.went" };
                    let rows = after.inside.as_ref().map_or(0, |state| state.table.len());
                    self.say(&self.lang.say(key, &[&rows.to_string()]))?;
                }
                continue;
            };
            let name = self.side(side);
            let count = new.table.len().to_string();
            if changes.is_empty() {
                self.say(&self.lang.say("plain.same", &[&name, &count]))?;
            }
            for change in changes {
                let line = self.one_change(change, old, new);
                let hand = if by_hand { self.lang.say("plain.by-hand", &[]) } else { String::new() };
                self.say(&self.lang.say("plain.change", &[&name, &line, &hand]))?;
            }
            if old.facts.root != new.facts.root {
                self.say(&self.lang.say("plain.root", &[&name, &new.facts.root, &new.seen.len().to_string(), &count]))?;
            }
        }
        Ok(())
    }

    fn one_change(&self, change: &Change, old: &SideState, new: &SideState) -> String {
        let (table, row) = match (change.after, change.before) {
            (Some(row), _) => (&new.table, row),
            (None, Some(row)) => (&old.table, row),
            (None, None) => return String::new(),
        };
        let fields = if change.fields.is_empty() { String::new() } else { format!(" ({})", change.fields.join(", ")) };
        let word = self.lang.say(&format!("change.{}", change.kind.name()), &[]);
        let mut line = format!("{word}{fields}: {}", self.row_text(table, row));
        if change.kind == ChangeKind::Added
            && let Some(below) = table.covers(row)
        {
            line.push_str(&self.lang.say("plain.covers", &[&printable(&table.rows()[below].target())]));
        }
        line
    }

    fn row_text(&self, table: &MountTable, row: usize) -> String {
        let mount = &table.rows()[row];
        let covered = if table.covered(row) { self.lang.say("plain.covered", &[]) } else { String::new() };
        self.lang.say(
            "plain.row",
            &[&printable(&mount.target()), &mount.fstype(), &mount.source_with_root(), &mount.propagation(), &covered],
        )
    }

    fn side(&self, side: Side) -> String {
        self.lang.say(if side == Side::Outside { "side.outside" } else { "side.inside" }, &[])
    }

    /// Asks what to do. None: go on.
    fn prompt(&mut self, index: usize, key: &str) -> anyhow::Result<Option<Asked>> {
        loop {
            let Some(line) = self.line(&self.lang.say(key, &[]))? else { return Ok(Some(Asked::Quit)) };
            if matches!(line.as_str(), "" | "next" | "n") {
                return Ok(None);
            }
            if let Some(asked) = self.command(&line, index)? {
                return Ok(Some(asked));
            }
        }
    }

    /// Does what a word asks for, or tells what must happen elsewhere.
    fn command(&mut self, line: &str, index: usize) -> anyhow::Result<Option<Asked>> {
        let lang = self.lang;
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = words.get(1).and_then(|word| word.parse::<usize>().ok());
        match (words.first().copied().unwrap_or(""), words.get(1).copied(), number) {
            ("quit" | "q", ..) => return Ok(Some(Asked::Quit)),
            ("back", ..) => return Ok(self.may_lose()?.then_some(Asked::Back)),
            ("again", ..) => return Ok(self.may_lose()?.then_some(Asked::Again)),
            ("goto", _, Some(step)) if (1..=self.lesson.steps.len()).contains(&step) => {
                return Ok(self.may_lose()?.then_some(Asked::Goto(step - 1)));
            }
            ("break", _, None) => {
                let variants = &self.lesson.steps[index].variants;
                if variants.is_empty() {
                    self.say(&lang.say("plain.no-variant", &[]))?;
                }
                for (number, variant) in variants.iter().enumerate() {
                    let question = self
                        .lesson
                        .step_text(lang.code(), index)
                        .variants
                        .get(&variant.id)
                        .map(|text| text.question.clone());
                    self.say(&format!("break {}. {}", number + 1, question.unwrap_or_else(|| variant.id.clone())))?;
                }
            }
            ("break", _, Some(number)) if (1..=self.lesson.steps[index].variants.len()).contains(&number) => {
                return Ok(self.may_lose()?.then_some(Asked::Break(number - 1)));
            }
            ("tip", ..) => {
                let hints = self.lesson.step_text(lang.code(), index).hints.clone();
                match hints.get(self.hints.min(hints.len().saturating_sub(1))) {
                    Some(hint) => self.say(hint)?,
                    None => self.say(&lang.say("plain.no-tip", &[]))?,
                }
                self.hints += 1;
            }
            ("outside", ..) => self.table(Side::Outside)?,
            ("inside", ..) => self.table(Side::Inside)?,
            ("changes", ..) => {
                for record in self.last.clone() {
                    self.changes(&record.before, &record.after, &record.outside, &record.inside, false)?;
                }
            }
            ("call" | "calls", ..) => {
                for call in self.last.clone().iter().flat_map(|record| &record.calls) {
                    self.say(&conduct::with_result(call))?;
                }
            }
            ("row", _, Some(row)) => {
                let side = if words.get(2) == Some(&"outside") || self.now.inside.is_none() {
                    Side::Outside
                } else {
                    Side::Inside
                };
                let order: Vec<usize> = self
                    .now
                    .side(side)
                    .map(|state| state.table.tree_order().into_iter().map(|(row, _)| row).collect())
                    .unwrap_or_default();
                let raw = row
                    .checked_sub(1)
                    .and_then(|row| order.get(row))
                    .and_then(|&row| Some(printable(self.now.side(side)?.table.rows()[row].raw())));
                self.say(&raw.unwrap_or_else(|| lang.say("plain.no-row", &[])))?;
            }
            ("shell", Some("host"), _) => self.shell(Side::Outside)?,
            ("shell", Some("container"), _) => self.shell(Side::Inside)?,
            _ => self.say(&lang.say("plain.help", &[]))?,
        }
        Ok(None)
    }

    /// Whether the student may lose what was done by hand.
    fn may_lose(&mut self) -> anyhow::Result<bool> {
        if self.by_hand == 0 {
            return Ok(true);
        }
        let question = self.lang.say("plain.lose", &[&self.by_hand.to_string()]);
        let answer = self.line(&question)?;
        Ok(answer.is_some_and(|answer| answer.is_empty() || answer == "y" || answer == "yes"))
    }

    fn table(&mut self, side: Side) -> anyhow::Result<()> {
        let Some(state) = self.now.side(side) else { return self.say(&self.lang.say("plain.no-container", &[])) };
        let order = state.table.tree_order();
        let lines: Vec<String> = order
            .iter()
            .enumerate()
            .map(|(number, (row, _))| format!("{}. {}", number + 1, self.row_text(&state.table, *row)))
            .collect();
        lines.iter().try_for_each(|line| self.say(line))
    }

    fn variant(&mut self, index: usize, number: usize) -> anyhow::Result<()> {
        let lang = self.lang;
        let step = &self.lesson.steps[index];
        let text = self
            .lesson
            .step_text(lang.code(), index)
            .variants
            .get(&step.variants[number].id)
            .cloned()
            .unwrap_or_default();
        self.say(&lang.say("plain.broken", &[&text.question]))?;
        self.sandbox = Sandbox::start(&self.lesson.host, self.host, self.layers)?;
        for record in conduct::variant(&mut self.sandbox, self.lesson, index, number, lang)? {
            self.tell(&record)?;
            self.tell_layers(step, &record)?;
            self.now = record.after.clone();
        }
        self.say(&text.why)?;
        // Still here: a look at the broken host by hand.
        loop {
            let Some(line) = self.line(&lang.say("plain.mend", &[]))? else { return Ok(()) };
            if line.is_empty() || line == "next" {
                return Ok(());
            }
            if self.command(&line, index)?.is_some() {
                return Ok(());
            }
        }
    }

    /// A fresh sandbox, with the steps before this one performed again.
    fn rebuild(&mut self, step: usize) -> anyhow::Result<()> {
        let start = std::time::Instant::now();
        self.sandbox = Sandbox::start(&self.lesson.host, self.host, self.layers)?;
        self.now = conduct::replay(&mut self.sandbox, self.lesson, step, &[], self.lang)?.0;
        self.by_hand = 0;
        let millis = start.elapsed().as_millis().to_string();
        self.say(&self.lang.say("plain.rebuilt", &[&(step + 1).min(self.lesson.steps.len()).to_string(), &millis]))
    }

    fn shell(&mut self, side: Side) -> anyhow::Result<()> {
        let before = self.sandbox.snapshot()?;
        let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
        let shell = match self.sandbox.shell(side, rows, columns) {
            Ok(shell) => shell,
            Err(error @ (LabError::Broken(_) | LabError::Failed { .. })) => return self.say(&error.to_string()),
            Err(error) => return Err(error.into()),
        };
        self.say(&self.lang.say("plain.shell", &[]))?;
        relay(&shell)?;
        let after = self.sandbox.snapshot()?;
        let crate::session::Marks { outside, inside, .. } = crate::session::Marks::between(&before, &after, true);
        self.by_hand += outside.len() + inside.len();
        self.now = after.clone();
        self.say(&self.lang.say("plain.you", &[]))?;
        self.changes(&before, &after, &outside, &inside, true)
    }

    fn receipt(&mut self) -> anyhow::Result<()> {
        self.say(&self.lang.say("plain.receipt", &[]))
    }

    /// Writes text wrapped at the width; code blocks and indented lines stay as they are.
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let mut in_code = false;
        for line in text.lines().chain(text.is_empty().then_some("")) {
            if line.starts_with("```") {
                in_code = !in_code;
                continue;
            }
            let plain = if in_code { line.to_string() } else { line.replace("**", "").replace('`', "") };
            if in_code || line.starts_with("  ") {
                self.raw(&plain)?;
            } else {
                wrap(&plain, self.width).iter().try_for_each(|line| self.raw(line))?;
            }
        }
        Ok(())
    }

    fn raw(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(io::stdout(), "{line}")?)
    }

    /// One line of input, read byte by byte so that what follows is left for a shell. None at the end.
    fn line(&mut self, prompt: &str) -> anyhow::Result<Option<String>> {
        let mut out = io::stdout();
        write!(out, "{prompt}> ")?;
        out.flush()?;
        let mut bytes = Vec::new();
        let mut byte = [0];
        loop {
            match nix::unistd::read(io::stdin(), &mut byte) {
                Ok(0) if bytes.is_empty() => {
                    writeln!(out)?;
                    return Ok(None);
                }
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) => bytes.push(byte[0]),
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(Some(String::from_utf8_lossy(&bytes).trim().to_string()))
    }
}

/// What was predicted.
enum Guess {
    None,
    One(usize),
    Many(Vec<bool>),
}

/// Breaks a line at spaces, and between Han characters, so that it fits.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let (mut lines, mut current, mut used) = (Vec::new(), String::new(), 0);
    let mut break_at: Option<usize> = None;
    for character in line.chars() {
        let cells = character.width().unwrap_or(0);
        if used + cells > width {
            let at = break_at.unwrap_or(current.len());
            let rest = current.split_off(at);
            lines.push(current.trim_end().to_string());
            current = rest.trim_start().to_string();
            used = current.chars().map(|c| c.width().unwrap_or(0)).sum();
            break_at = None;
        }
        // A closing mark never begins a line.
        if cells == 2 && !"，。、；：？！）》”".contains(character) {
            break_at = Some(current.len());
        }
        current.push(character);
        used += cells;
        if character == ' ' {
            break_at = Some(current.len());
        }
    }
    lines.push(current.trim_end().to_string());
    lines
}
