//! `nslab check`: what is wrong with a lesson, from reading its files and from performing its steps.

use super::{HELD_NOT, Usage, image};
use crate::conduct::{self, Flaw, Start};
use crate::lab::LabError;
use crate::lesson::{
    Expectation, HostKind, Lesson, LessonError, Source, Spot, Step, bundled, check as lint, find, nearest, open,
    parse_source, source,
};
use crate::sandbox::Sandbox;
use crate::session::in_words;
use crate::tui;
use crate::words::Lang;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What only a run shows, as the line says that says it was left out.
const PERFORMED: &str = "a becomes: that holds already, a says: that nothing breaks, a propagation that changes nothing, a task \
                         that is done already";

/// No more practice hosts than this at a time: each holds an image in memory.
const AT_ONCE: usize = 4;

pub fn check(names: &[String]) -> anyhow::Result<u8> {
    let names = if names.is_empty() { bundled() } else { names.to_vec() };
    let mut lessons = Vec::new();
    for name in &names {
        let source = source(name)?;
        lessons.push((parse_source(&source)?, lint(&source, tui::page_lines)?, source));
    }
    let flaws = match image() {
        Ok(image) => performed(&lessons.iter().map(|(lesson, ..)| lesson).collect::<Vec<_>>(), &image),
        Err(error) => {
            left_out("check", &error);
            Vec::new()
        }
    };
    let mut out = std::io::stdout().lock();
    let mut clean = true;
    let mut flaws = flaws.into_iter();
    let mut is_refused = false;
    for (lesson, mut found, source) in lessons {
        match flaws.next() {
            Some(Ok(flaws)) => {
                found.extend(flaws.into_iter().map(|(step, flaw)| finding(&source, &lesson.steps[step], flaw)));
            }
            // What this machine refuses, it refuses to all of them.
            Some(Err(error @ LabError::Refused { .. })) if !is_refused => {
                is_refused = true;
                left_out("check", &error.into());
            }
            Some(Err(LabError::Refused { .. })) | None => {}
            Some(Err(error)) => left_out(&lesson.id, &error.into()),
        }
        found.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
        clean &= found.is_empty();
    }
    Ok(if clean { 0 } else { HELD_NOT })
}

fn left_out(what: &str, error: &anyhow::Error) {
    eprintln!("nslab: {what}: nothing was performed, so these were not looked for: {PERFORMED}: {error:#}");
}

type Surveyed = Result<Vec<(usize, Flaw)>, LabError>;

/// What performing each lesson shows; some at a time, each on one thread, which its practice hosts live and die with.
fn performed(lessons: &[&Lesson], image: &[(String, String)]) -> Vec<Surveyed> {
    let next = AtomicUsize::new(0);
    let work = || {
        let image = image.to_vec();
        let start: Start = Box::new(move |spec| Ok(Box::new(Sandbox::start(spec, HostKind::Tidy, &image)?)));
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let mine = numbers.map_while(|number| Some((number, lessons.get(number)?)));
        mine.map(|(number, lesson)| (number, conduct::survey(&start, lesson))).collect::<Vec<_>>()
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE).min(lessons.len());
    let mut all: Vec<(usize, Surveyed)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a survey ends")).collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, surveyed)| surveyed).collect()
}

fn finding(source: &Source, step: &Step, flaw: Flaw) -> LessonError {
    let expectations: Vec<&Expectation> = step.rounds.iter().flat_map(|round| &round.expect).collect();
    let says = |index: usize| in_words(&expectations[index].that, Lang::En);
    let (spot, what) = match flaw {
        Flaw::Already(index) => {
            let what = format!("this holds before its round already: {}; expect what the round changes", says(index));
            (Spot::Expectation(index), what)
        }
        Flaw::Unfounded(index) => {
            let what = format!(
                "nothing breaks this: {}; it holds without the round. Make it stricter, or name what breaks it: broken-by: \
                 {{ do: [ … ] }} or fails-in: ID",
                says(index)
            );
            (Spot::Expectation(index), what)
        }
        Flaw::Unbroken(index) => {
            let what =
                format!("its broken-by does not break this: {}; write operations that make it not hold", says(index));
            (Spot::Expectation(index), what)
        }
        Flaw::IdlePropagation => {
            let what = "no row has another propagation type after this: the rows had it already; take it out, or let \
                        host: { shared: true } or an earlier step give them another one";
            (Spot::Propagation, what.into())
        }
        Flaw::TaskDone => {
            let what =
                "all of this holds before anybody did anything; name a state that the student has to bring about";
            (Spot::Task, what.into())
        }
    };
    find(source, step, spot, what)
}

/// The pages of one step of one lesson, before anything runs.
pub fn preview(names: &[String], step: &str, lang: Lang) -> anyhow::Result<u8> {
    let [name] = names else {
        return Err(Usage("--preview shows a step of one lesson; name one".into()).into());
    };
    let lesson = open(name)?;
    let index = match step.parse::<usize>() {
        Ok(number) => (1..=lesson.steps.len()).contains(&number).then(|| number - 1),
        Err(_) => lesson.steps.iter().position(|at| at.id == step),
    };
    let Some(index) = index else {
        let near = nearest(step, lesson.steps.iter().map(|at| at.id.as_str()));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        let (last, step) = (lesson.steps.len(), crate::mounts::printable(step.as_bytes()));
        return Err(Usage(format!("{} has no step {step:?}, it has steps 1 to {last}{near}", lesson.id)).into());
    };
    write!(std::io::stdout(), "{}", tui::preview(&lesson, index, lang))?;
    Ok(0)
}
