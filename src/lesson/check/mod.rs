//! Lints: what a lesson that reads well may still get wrong. Each finding has a place and says what to write.

mod chinese;
mod languages;
mod place;
mod traps;
mod words;

use super::load::{Source, parse_source};
use super::{Expectation, Lesson, LessonError, Proof, Step, claim};
use crate::op::{Actor, Operation};
use place::Places;

/// How many lines a text takes on the page of the smallest screen, and how many that page has. Who draws it knows.
pub type Measure = fn(&str) -> (usize, usize);

/// Reads a lesson and looks for faults, in the order of its files.
///
/// # Errors
/// What keeps it from being read at all.
pub fn check(source: &Source, measure: Measure) -> Result<Vec<LessonError>, LessonError> {
    Ok(findings(&parse_source(source)?, source, measure))
}

fn findings(lesson: &Lesson, source: &Source, measure: Measure) -> Vec<LessonError> {
    let mut found = Vec::new();
    traps::check(&Places::new(&source.yaml), &mut found);
    structure(lesson, &Places::new(&source.yaml), &mut found);
    for language in super::load::LANGUAGES {
        match source.words.get(language) {
            Some(file) => words::check(lesson, language, measure, &Places::new(file), &mut found),
            None => found.push(Places::new(&source.yaml).top(format!("{language}.md is missing beside this file"))),
        }
    }
    if let (Some(en), Some(zh)) = (source.words.get("en"), source.words.get("zh-CN")) {
        languages::check(lesson, &Places::new(en), &Places::new(zh), &mut found);
        chinese::check(lesson, &Places::new(zh), &mut found);
    }
    found
}

/// What a finding of a run is about, in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// An expectation, by its number from 0 through the step's rounds.
    Expectation(usize),
    Propagation,
    Task,
}

/// A finding of a run, at its place in lesson.yaml.
pub fn find(source: &Source, step: &Step, spot: Spot, what: String) -> LessonError {
    let places = Places::new(&source.yaml);
    match spot {
        Spot::Expectation(index) => {
            let count = step.rounds.iter().map(|round| round.expect.len()).sum();
            places.expectation(&step.id, index, count, what)
        }
        Spot::Propagation => places.in_step(&step.id, "propagation: { on:", what),
        Spot::Task => places.in_step(&step.id, "until:", what),
    }
}

/// What the structure alone shows.
fn structure(lesson: &Lesson, places: &Places, found: &mut Vec<LessonError>) {
    for name in lesson.stacks.keys() {
        if !lesson.steps.iter().flat_map(|step| &step.layers).any(|layers| layers.of == *name) {
            found.extend(places.each(&format!("  {name}:"), || format!("no step shows the stack {name}; take it out")));
        }
    }
    for step in &lesson.steps {
        if step.predict.is_some() && step.rounds.is_empty() {
            let what = format!("step {} asks for a prediction and performs nothing; add a round", step.id);
            found.push(places.in_step(&step.id, "predict:", what));
        }
        let rounds = step.rounds.iter().chain(step.variants.iter().flat_map(|variant| &variant.rounds));
        let done = rounds.flat_map(|round| {
            let breakers = round.expect.iter().filter_map(|expectation| expectation.broken_by.as_ref());
            let broken = breakers.map(|breaker| (breaker.actor.unwrap_or(round.actor), &breaker.does));
            std::iter::once((round.actor, &round.does)).chain(broken)
        });
        for (acts, does) in done {
            for actor in does.iter().filter_map(Operation::only).filter(|actor| *actor != acts) {
                let (may, needle) = match actor {
                    Actor::Host => ("host", "actor: container"),
                    Actor::Container => ("container", "do:"),
                };
                let what = format!("an operation here is for the {may} alone: give it a round with actor: {may}");
                found.push(places.in_step(&step.id, needle, what));
            }
        }
        for expectation in step.rounds.iter().flat_map(|round| &round.expect) {
            if expectation.proof == Proof::Stays && !expectation.names_experiment() {
                let what = "a stays: proves nothing unless it can fail; name the variant in which it does, fails-in: ID, \
                            or what breaks it, broken-by: { do: [ … ] }";
                found.push(places.in_step(&step.id, "stays:", what.into()));
                break;
            }
        }
        for variant in &step.variants {
            let all = variant.rounds.iter().flat_map(|round| &round.expect).chain(&variant.expect);
            if all.into_iter().any(Expectation::names_experiment) {
                let what = "a variant's expectations are not proven: the step is their other case; take fails-in: and \
                            broken-by: out here";
                found.push(places.in_step(&step.id, &format!("id: {}", variant.id), what.into()));
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
