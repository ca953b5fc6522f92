//! What is asked before something runs, by a step or by a variant, and the answer to it.

use super::super::{Effect, Guess, Kernel, Phase, Session, judge};
use crate::lesson::{Prediction, QuestionText, Round, Variant};
use crate::words::Lang;

impl Session {
    /// The variant that is asked about or was performed.
    pub fn variant(&self) -> Option<&Variant> {
        self.variant.and_then(|index| self.lesson.steps[self.step].variants.get(index))
    }

    /// What is asked: by the variant, else by the step.
    pub fn prediction(&self) -> Option<&Prediction> {
        match self.variant() {
            Some(variant) => variant.predict.as_ref(),
            None => self.lesson.steps[self.step].predict.as_ref(),
        }
    }

    /// The words of what is asked.
    pub fn asked(&self, lang: Lang) -> &QuestionText {
        static NOTHING: std::sync::LazyLock<QuestionText> = std::sync::LazyLock::new(QuestionText::default);
        let words = self.lesson.step_text(lang.code(), self.step);
        match self.variant() {
            Some(variant) => words.variants.get(&variant.id).map_or(&NOTHING, |text| &text.asked),
            None => &words.asked,
        }
    }

    /// The rounds that Enter performs next, and those after them in one go.
    pub fn coming(&self) -> &[Round] {
        let rounds = &self.lesson.steps[self.step].rounds;
        match self.variant() {
            Some(variant) if !variant.rounds.is_empty() => &variant.rounds,
            Some(_) => &rounds[..rounds.len().min(1)],
            None => rounds.get(self.rounds.len()).map(std::slice::from_ref).unwrap_or_default(),
        }
    }

    /// Whether the question of a variant waits for an answer, so that Esc leaves it.
    pub fn asks_before_variant(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Asks what the variant asks, or performs it.
    pub(super) fn begin_variant(&mut self, index: usize) -> Vec<Effect> {
        let before = (self.phase, std::mem::take(&mut self.guess), self.variant.replace(index));
        if self.prediction().is_none() {
            return self.perform_variant(index);
        }
        self.set_aside.get_or_insert(before);
        self.phase = Phase::Predict;
        Vec::new()
    }

    pub(super) fn perform_variant(&mut self, index: usize) -> Vec<Effect> {
        self.busy = true;
        vec![Effect::Variant { step: self.step, index }]
    }

    /// Back from a variant's question to where one was.
    pub(super) fn leave_question(&mut self) {
        if let Some((phase, guess, variant)) = self.set_aside.take() {
            (self.phase, self.guess, self.variant) = (phase, guess, variant);
        }
    }

    pub(super) fn choose(&mut self, number: usize) {
        if self.phase != Phase::Predict {
            return;
        }
        let ticks = match self.prediction() {
            Some(Prediction::Tick { items }) => Some(items.len()),
            _ => None,
        };
        self.guess = match (number, ticks) {
            (0, _) => Guess::Unsure,
            (number, None) => Guess::One(number - 1),
            (number, Some(count)) => {
                let mut ticks = match std::mem::take(&mut self.guess) {
                    Guess::Ticks(ticks) => ticks,
                    _ => vec![false; count],
                };
                if let Some(tick) = ticks.get_mut(number - 1) {
                    *tick = !*tick;
                }
                Guess::Ticks(ticks)
            }
        };
    }

    pub(super) fn score(&mut self) {
        let Some(prediction) = self.prediction() else { return };
        let kernel = judge(prediction, &self.rounds);
        let same = match (&self.guess, &kernel) {
            (_, Kernel::Void) => return,
            (Guess::One(one), Kernel::Option(option)) => one == option,
            (Guess::Ticks(ticks), Kernel::Ticks(truth)) => ticks == truth,
            _ => false,
        };
        self.sights[self.step].get_or_insert(same);
    }
}
