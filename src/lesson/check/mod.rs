//! Lints: what a lesson that reads well may still get wrong. Each finding has a place and says what to write.

mod chinese;
mod languages;
mod place;
mod words;

use super::load::{Source, parse_source};
use super::{Expectation, Lesson, LessonError, Proof, Step, claim};
use place::Places;

/// Reads a lesson and looks for faults, in the order of its files.
///
/// # Errors
/// What keeps it from being read at all.
pub fn check(source: &Source) -> Result<Vec<LessonError>, LessonError> {
    Ok(findings(&parse_source(source)?, source))
}

fn findings(lesson: &Lesson, source: &Source) -> Vec<LessonError> {
    let mut found = Vec::new();
    structure(lesson, &Places::new(&source.yaml), &mut found);
    for language in super::load::LANGUAGES {
        match source.words.get(language) {
            Some(file) => words::check(lesson, language, &Places::new(file), &mut found),
            None => found.push(Places::new(&source.yaml).top(format!("{language}.md is missing beside this file"))),
        }
    }
    if let (Some(en), Some(zh)) = (source.words.get("en"), source.words.get("zh-CN")) {
        languages::check(lesson, &Places::new(en), &Places::new(zh), &mut found);
        chinese::check(lesson, &Places::new(zh), &mut found);
    }
    found
}

/// What the structure alone shows.
fn structure(lesson: &Lesson, places: &Places, found: &mut Vec<LessonError>) {
    for step in &lesson.steps {
        if step.predict.is_some() && step.rounds.is_empty() {
            let what = format!("step {} asks for a prediction and performs nothing; add a round", step.id);
            found.push(places.in_step(&step.id, "predict:", what));
        }
        for expectation in step.rounds.iter().flat_map(|round| &round.expect) {
            if expectation.proof == Proof::Stays && expectation.fails_in.is_none() {
                let what =
                    "a stays: proves nothing unless it can fail; name the variant in which it does: fails-in: ID";
                found.push(places.in_step(&step.id, "stays:", what.into()));
                break;
            }
        }
        for id in expectations(step).filter_map(|expectation| expectation.claim.as_deref()) {
            if let Err(what) = claim(id) {
                found.push(places.in_step(&step.id, &format!("claim: {id}"), what));
            }
        }
    }
}

/// The expectations of a step and of its variants.
fn expectations(step: &Step) -> impl Iterator<Item = &Expectation> {
    let rounds = step.rounds.iter().chain(step.variants.iter().flat_map(|variant| &variant.rounds));
    rounds.flat_map(|round| &round.expect).chain(step.variants.iter().flat_map(|variant| &variant.expect))
}
