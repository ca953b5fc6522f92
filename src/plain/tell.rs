//! Tells what changed in the session: what changed first, then the verdict, then tables only on request.

use super::words::Look;
use super::{Plain, Told};
use crate::lesson::{Side, VariantText};
use crate::listing::{Language, listing};
use crate::mounts::{Change, ChangeKind, MountTable, printable, printable_line};
use crate::op::{Actor, errno_meaning, errno_name, lower};
use crate::play::causes;
use crate::session::{Phase, RoundRecord, SideState, choice_in_words, layer_sentences, layers_of, options, verdict};
use crate::words::Lang;

impl Plain<'_> {
    /// Tells what has not been told yet, and goes on to where something is to be answered or done.
    pub(super) fn tell(&mut self) -> anyhow::Result<()> {
        loop {
            let now = self.now();
            let session = &self.session;
            let before = std::mem::replace(&mut self.told, now);
            if before == now {
                return Ok(());
            }
            if before.step != now.step && session.phase != Phase::After {
                self.tell_step()?;
            }
            match self.session.phase {
                // Reading needs no key here: the text has just been told.
                Phase::Read => {
                    let effects = self.session.handle(crate::session::Command::Forward);
                    if !effects.is_empty() {
                        self.carry_out(effects)?;
                    }
                    continue;
                }
                Phase::Predict => self.tell_question()?,
                Phase::See => self.tell_round()?,
                Phase::Broken => self.tell_broken()?,
                Phase::Task if before.phase == now.phase && before.step == now.step => self.tell_tried()?,
                Phase::Task => self.tell_task()?,
                Phase::After => self.tell_end()?,
                // A question tells what is next before it asks.
                Phase::Do if self.session.prediction().is_none() => self.tell_next()?,
                Phase::Do => {}
            }
            return Ok(());
        }
    }

    /// What there is to tell.
    pub(super) fn now(&self) -> Told {
        let session = &self.session;
        Told {
            step: Some(session.step),
            phase: Some(session.phase),
            rounds: session.rounds.len(),
            variant: session.variant,
        }
    }

    fn words(&self) -> crate::lesson::StepText {
        self.session.lesson.step_text(self.lang.code(), self.session.step).clone()
    }

    fn tell_step(&mut self) -> anyhow::Result<()> {
        let words = self.words();
        let numbers = [self.session.step + 1, self.session.lesson.steps.len()].map(|number| number.to_string());
        self.say.text("")?;
        self.say.text(&self.lang.say("plain.step", &[&numbers[0], &numbers[1], &words.title]))?;
        Ok(self.say.text(&words.text)?)
    }

    /// What Enter will perform.
    fn tell_next(&self) -> anyhow::Result<()> {
        for round in self.session.coming() {
            let host = round.actor == Actor::Host;
            let side = self.lang.say(if host { "plain.on-host" } else { "plain.in-container" }, &[]);
            let calls = round.does.iter().flat_map(lower).map(|call| call.to_string());
            for what in calls.chain(round.lines().map(str::to_string)) {
                self.say.exact(&self.lang.say("plain.will", &[&side, &what]))?;
            }
        }
        Ok(())
    }

    fn tell_question(&mut self) -> anyhow::Result<()> {
        let words = self.session.asked(self.lang);
        let Some(prediction) = self.session.prediction() else { return Ok(()) };
        if self.session.variant.is_some() {
            self.say.text(&self.lang.say("plain.broken", &[&self.variant_words().question]))?;
        }
        self.tell_next()?;
        self.say.text(&self.lang.say("plain.question", &[&words.question]))?;
        for (number, choice) in options(prediction, words, &self.session.at_step, self.lang).iter().enumerate() {
            self.say.text(&format!("{}. {choice}", number + 1))?;
        }
        Ok(self.say.text(&format!("0. {}", self.lang.say("option.unsure", &[])))?)
    }

    fn tell_round(&mut self) -> anyhow::Result<()> {
        let words = self.words();
        let Some(record) = self.session.rounds.last().cloned() else { return Ok(()) };
        self.tell_record(&record, false)?;
        if self.session.is_play {
            self.tell_cause(&record)?;
        }
        if self.session.rounds.len() == 1 {
            self.tell_verdict()?;
        }
        if let Some(see) = words.see.get(self.session.rounds.len() - 1) {
            self.say.text(see)?;
        }
        Ok(())
    }

    fn tell_verdict(&mut self) -> anyhow::Result<()> {
        let Some(spoken) = verdict(&self.session, self.lang) else { return Ok(()) };
        self.say.text(&spoken.result)?;
        Ok(spoken.feedback.map_or(Ok(()), |feedback| self.say.text(&feedback))?)
    }

    fn variant_words(&self) -> VariantText {
        let words = self.session.lesson.step_text(self.lang.code(), self.session.step);
        let text = self.session.variant().and_then(|variant| words.variants.get(&variant.id));
        text.cloned().unwrap_or_default()
    }

    /// Without a script no lesson says why the kernel refused.
    fn tell_cause(&self, record: &RoundRecord) -> anyhow::Result<()> {
        let Some((_, errno)) = record.failed() else { return Ok(()) };
        self.say.exact(&format!("{}: {}", errno_name(errno), errno_meaning(errno)))?;
        Ok(causes(record, self.lang).map_or(Ok(()), |cause| self.say.text(&cause))?)
    }

    fn tell_broken(&mut self) -> anyhow::Result<()> {
        let text = self.variant_words();
        // A variant that asked has been named.
        if self.session.prediction().is_none() {
            self.say.text(&self.lang.say("plain.broken", &[&text.question]))?;
        }
        for record in self.session.rounds.clone() {
            self.tell_record(&record, false)?;
        }
        self.tell_verdict()?;
        Ok(self.say.text(&text.why)?)
    }

    /// The task, and which of its conditions are ticked.
    pub(super) fn tell_task(&mut self) -> anyhow::Result<()> {
        let lang = self.lang;
        let words = self.words().task;
        let state = self.session.task.clone();
        self.say.text(&lang.say("plain.task-is", &[&words.text]))?;
        for (index, goal) in words.goals.iter().enumerate() {
            let (line, ago) = state.line(index, goal, lang);
            self.say.text(&[Some(line), ago].into_iter().flatten().collect::<Vec<_>>().join("  "))?;
        }
        if let Some(task) = self.session.lesson.steps[self.session.step].task.as_ref().filter(|_| !state.done) {
            for (index, choice) in task.palette.iter().enumerate() {
                let what = choice_in_words(choice, lang);
                self.say.exact(&lang.say("plain.try", &[&(index + 1).to_string(), &what]))?;
            }
        }
        if state.done {
            if state.shown {
                self.say.text(&lang.say("task.shown", &[]))?;
            }
            self.say.text(&lang.say("task.done", &[]))?;
            self.say.text(&words.done)?;
        } else if let Some(near) = state.near.and_then(|near| words.near.get(near)) {
            self.say.text(near)?;
        }
        Ok(())
    }

    /// What the palette or the solution did.
    fn tell_tried(&mut self) -> anyhow::Result<()> {
        let Some(record) = self.session.rounds.last().cloned() else { return Ok(()) };
        self.tell_record(&record, true)?;
        self.tell_task()
    }

    fn tell_end(&mut self) -> anyhow::Result<()> {
        let after = self.session.lesson.text(self.lang.code()).after.clone();
        if !after.is_empty() {
            self.say.text(&after)?;
        }
        let (confirmed, judged) = self.session.first_sight();
        Ok(self.say.text(&self.lang.say("plain.score", &[&confirmed.to_string(), &judged.to_string()]))?)
    }

    pub(super) fn tell_hint(&mut self) -> anyhow::Result<()> {
        let words = self.words();
        let hints = if self.session.phase == Phase::Task { words.task.hints } else { words.hints };
        match hints.get(self.session.hints.saturating_sub(1)).or(hints.last()) {
            Some(hint) => Ok(self.say.text(hint)?),
            None => Ok(self.say.text(&self.lang.say("plain.no-tip", &[]))?),
        }
    }

    /// What ran, and what changed.
    fn tell_record(&mut self, record: &RoundRecord, by_hand: bool) -> anyhow::Result<()> {
        let lang = self.lang;
        let host = record.actor == Some(Actor::Host);
        let side = lang.say(if host { "plain.on-host" } else { "plain.in-container" }, &[]);
        for call in &record.calls {
            self.say.exact(&lang.say("plain.ran", &[&side, &call.on_one_line()]))?;
            for flag in call.call.flags_in_words() {
                let words = if lang == Lang::Zh { flag.zh } else { flag.en };
                self.say.exact(&format!("{}: {words}", flag.c))?;
            }
        }
        for command in &record.commands {
            let key = if command.typed { "plain.typed" } else { "plain.command" };
            self.say.exact(&lang.say(key, &[&side, &printable(command.line.as_bytes())]))?;
            for line in command.output.lines() {
                self.say.raw(&format!("  {}", printable_line(line)))?;
            }
        }
        self.tell_changes(record, by_hand)?;
        let table = layers_of(&self.session.lesson.steps[self.session.step], record);
        let lines = table.map(|table| layer_sentences(&table, lang)).unwrap_or_default();
        Ok(lines.iter().try_for_each(|line| self.say.text(line))?)
    }

    pub(super) fn tell_changes(&mut self, record: &RoundRecord, by_hand: bool) -> anyhow::Result<()> {
        let lang = self.lang;
        for side in [Side::Outside, Side::Inside] {
            let (Some(old), Some(new)) = (record.before.side(side), record.after.side(side)) else {
                if side == Side::Inside && record.before.inside.is_some() != record.after.inside.is_some() {
                    let key = if record.after.inside.is_some() { "plain.came" } else { "plain.went" };
                    let rows = record.after.inside.as_ref().map_or(0, |state| state.table.len());
                    self.say.text(&lang.say(key, &[&rows.to_string()]))?;
                }
                continue;
            };
            let (name, count) = (side_name(side, lang), new.table.len().to_string());
            let changes = record.changes(side);
            if changes.is_empty() {
                self.say.text(&lang.say("plain.same", &[&name, &count]))?;
            }
            for change in changes {
                let line = one_change(change, old, new, lang);
                let hand = if by_hand { lang.say("plain.by-hand", &[]) } else { String::new() };
                self.say.text(&lang.say("plain.change", &[&name, &line, &hand]))?;
            }
            if old.facts.root != new.facts.root {
                let seen = new.seen.len().to_string();
                self.say.text(&lang.say("plain.root", &[&name, &new.facts.root, &seen, &count]))?;
            }
        }
        Ok(())
    }

    pub(super) fn look(&mut self, look: Look) -> anyhow::Result<()> {
        let lang = self.lang;
        match look {
            Look::Table(side) => match self.session.now.side(side) {
                Some(state) => {
                    for (number, (row, _)) in state.table.tree_order().iter().enumerate() {
                        self.say.exact(&format!("{}. {}", number + 1, row_text(&state.table, *row, lang)))?;
                    }
                }
                None => self.say.text(&lang.say("plain.no-container", &[]))?,
            },
            Look::Row(number, side) => {
                let inside = self.session.now.inside.is_some();
                let side = side.unwrap_or(if inside { Side::Inside } else { Side::Outside });
                let raw = self.session.now.side(side).and_then(|state| {
                    let (row, _) = *state.table.tree_order().get(number.checked_sub(1)?)?;
                    Some(printable(state.table.rows()[row].raw()))
                });
                let rows = self.session.now.side(side).map_or(0, |state| state.table.len()).to_string();
                let name = lang.say(if side == Side::Outside { "side.outside" } else { "side.inside" }, &[]);
                self.say.exact(&raw.unwrap_or_else(|| lang.say("plain.no-row", &[&name, &rows])))?;
            }
            Look::Changes | Look::Calls if self.session.rounds.is_empty() => {
                self.say.text(&lang.say("tui.nothing", &[]))?;
                self.tell_next()?;
            }
            Look::Changes => {
                for record in self.session.rounds.clone() {
                    self.tell_changes(&record, false)?;
                }
            }
            Look::Calls => {
                for call in self.session.rounds.iter().flat_map(|record| &record.calls) {
                    self.say.exact(&call.on_one_line())?;
                }
            }
            Look::Program => {
                let lesson = &self.session.lesson;
                for line in listing(lesson, lesson.steps.len(), Language::C, lang) {
                    let mark = if line.step == Some(self.session.step + 1) { "=>" } else { "  " };
                    self.say.raw(&format!("{mark}{}", line.text))?;
                }
            }
            Look::Variants => {
                let words = self.words();
                let variants = &self.session.lesson.steps[self.session.step].variants;
                if variants.is_empty() {
                    self.say.text(&lang.say("plain.no-variant", &[]))?;
                }
                for (number, variant) in variants.iter().enumerate() {
                    let question = words.variants.get(&variant.id).map_or(variant.id.as_str(), |text| &text.question);
                    self.say.text(&format!("break {}. {question}", number + 1))?;
                }
            }
            Look::Task if self.session.phase == Phase::Task => self.tell_task()?,
            Look::Task => self.say.text(&lang.say("plain.no-task", &[]))?,
        }
        Ok(())
    }
}

fn side_name(side: Side, lang: Lang) -> String {
    lang.say(if side == Side::Outside { "side.outside" } else { "side.inside" }, &[])
}

/// One change, on a line.
pub fn one_change(change: &Change, old: &SideState, new: &SideState, lang: Lang) -> String {
    let (table, row) = match (change.after, change.before) {
        (Some(row), _) => (&new.table, row),
        (None, Some(row)) => (&old.table, row),
        (None, None) => return String::new(),
    };
    let fields = if change.fields.is_empty() { String::new() } else { format!(" ({})", change.fields.join(", ")) };
    let word = lang.say(&format!("change.{}", change.kind.name()), &[]);
    let mut line = format!("{word}{fields}: {}", row_text(table, row, lang));
    if change.kind == ChangeKind::Added
        && let Some(below) = table.covers(row)
    {
        line.push_str(&lang.say("plain.covers", &[&printable(&table.rows()[below].target())]));
    }
    line
}

fn row_text(table: &MountTable, row: usize, lang: Lang) -> String {
    let mount = &table.rows()[row];
    let covered = if table.covered(row) { lang.say("plain.covered", &[]) } else { String::new() };
    let fields = [&printable(&mount.target()), &*mount.fstype(), &mount.source_with_root(), &mount.propagation()];
    lang.say("plain.row", &[fields[0], fields[1], fields[2], fields[3], &covered])
}
