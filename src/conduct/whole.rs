//! A whole lesson, performed without a student.

use super::Start;
use super::round::{perform, prepare, replay, variant};
use super::task::solve;
use crate::lab::LabError;
use crate::lesson::Lesson;
use crate::session::{Asked, Entry, Guess};

/// Performs every step in one practice host; then every variant and every task's solution, each in one of its own. Tells
/// each thing as it happens.
///
/// # Errors
/// What keeps a lab from being made or asked, and what `tell` answers.
pub fn whole<E: From<LabError>>(
    lesson: &Lesson,
    start: &Start,
    tell: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<(), E> {
    let mut lab = start(&lesson.host)?;
    let record = prepare(lab.as_mut(), lesson)?;
    let mut now = record.after.clone();
    tell(Entry::Prepared { record })?;
    for (index, step) in lesson.steps.iter().enumerate() {
        let before = now.clone();
        for (number, round) in step.rounds.iter().enumerate() {
            let record = perform(lab.as_mut(), step, round, &now)?;
            now = record.after.clone();
            let first = std::slice::from_ref(&record);
            let asked = Asked::of(lesson, index, &before, first, Guess::None).filter(|_| number == 0);
            tell(Entry::Round { step: step.id.clone(), round: number, record })?;
            if let Some(asked) = asked {
                tell(Entry::Prediction(Box::new(asked)))?;
            }
        }
    }
    // One practice host at a time.
    drop(lab);
    for (index, step) in lesson.steps.iter().enumerate() {
        for (number, broken) in step.variants.iter().enumerate() {
            let mut lab = start(&lesson.host)?;
            let rounds = variant(lab.as_mut(), lesson, index, number)?;
            tell(Entry::Variant { step: step.id.clone(), variant: broken.id.clone(), rounds })?;
        }
        if step.task.is_some() {
            let mut lab = start(&lesson.host)?;
            let (before, _) = replay(lab.as_mut(), lesson, index + 1, &[])?;
            let (begun, solved) = solve(lab.as_mut(), step, &before)?;
            tell(Entry::Solved { step: step.id.clone(), begun, solved })?;
        }
    }
    Ok(())
}
