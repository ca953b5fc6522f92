//! `nslab lesson`.

use super::image;
use crate::conduct;
use crate::lab::{Lab, LabError};
use crate::lesson::{Lesson, open};
use crate::plain;
use crate::receipt;
use crate::sandbox::{HostKind, Sandbox, ledger};
use crate::session::{Effect, Event, Session, Snapshot};
use crate::tui::{self, LabMessage, Request, View};
use crate::words::Lang;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, or the path of its folder.
    lesson: String,
    /// Begin at this step (from 1); the ones before are performed at once.
    #[arg(long, default_value_t = 1)]
    step: usize,
    /// In words, line by line: for a screen reader, a pipe, a dumb terminal.
    #[arg(long)]
    plain: bool,
    /// No characters outside ASCII in the interface.
    #[arg(long)]
    ascii: bool,
    /// What the practice host is made of.
    #[arg(long, value_enum, default_value_t)]
    host: HostKind,
    /// Wrap lines of the plain lesson at this many columns.
    #[arg(long, default_value_t = 80)]
    width: usize,
}

pub fn run(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let lesson = open(&args.lesson)?;
    if args.step == 0 || args.step > lesson.steps.len() {
        let what = format!("--step {}: {} has steps 1 to {}", args.step, lesson.id, lesson.steps.len());
        return Err(super::Usage(what).into());
    }
    let layers = image()?;
    let before = receipt::Machine::look()?;
    // Told after a lesson that went wrong, too: that is when somebody wonders what is left.
    let walked = walk(lesson, args, &layers, lang);
    let Some((told, clean)) = receipt::tell(&before, &super::cache()?, lang)? else { return walked };
    // A prompt that was answered by a pipe has not ended its line.
    let gap = if std::io::stdin().is_terminal() { "" } else { "\n" };
    // The terminal may be gone; then there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "{gap}{told}");
    Ok(if clean { walked? } else { super::HELD_NOT })
}

/// The lesson, in words or on the full screen. All its sandboxes have ended when it returns.
fn walk(lesson: Lesson, args: &Args, layers: &[(String, String)], lang: Lang) -> anyhow::Result<u8> {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    if args.plain || dumb || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return plain::run(&lesson, args.step - 1, args.host, layers, lang, args.width);
    }
    // Refused before the screen is taken, so that cause and remedy can be read.
    drop(Sandbox::start(&lesson.host, args.host, layers)?);
    let lesson = Arc::new(lesson);
    let (session, effects) = Session::new(lesson.clone(), args.step - 1);
    let (requests, asked) = channel();
    let (answers, events) = channel();
    let (host, layers) = (args.host, layers.to_vec());
    // The stage dies with the thread that cloned it: this one lives as long as the screen.
    let lab = std::thread::spawn(move || serve(&lesson, host, &layers, lang, &asked, &answers));
    let result = tui::run(session, effects, View::new(lang), &requests, events);
    drop(requests);
    // It may wait for a stage that somebody has stopped: that wait ends with the stage.
    ledger::end_all();
    let _ = lab.join();
    result.map(|()| 0)
}

/// Owns the lab and does what the session asks for, one thing at a time.
fn serve(
    lesson: &Lesson,
    host: HostKind,
    layers: &[(String, String)],
    lang: Lang,
    asked: &Receiver<Request>,
    answers: &Sender<LabMessage>,
) {
    let mut sandbox: Option<Sandbox> = None;
    let mut now = Snapshot::default();
    for request in asked {
        let event = match request {
            Request::Effect(Effect::Shell(side)) => {
                let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
                let shell = match sandbox.as_mut() {
                    Some(sandbox) => sandbox.shell(side, rows, columns).map_err(|error| error.to_string()),
                    None => Err(lang.say("plain.no-container", &[])),
                };
                let _ = answers.send(LabMessage::Shell(shell));
                continue;
            }
            Request::Effect(Effect::Leave) => return,
            Request::Effect(effect) => perform(lesson, host, layers, lang, &mut sandbox, &mut now, &effect),
            Request::ShellIsOver => match sandbox.as_mut().map(Sandbox::snapshot) {
                Some(Ok(after)) => Ok(Event::ShellEnded { before: std::mem::replace(&mut now, after.clone()), after }),
                Some(Err(error)) => Err(error),
                None => continue,
            },
        };
        let event = event.unwrap_or_else(|error| Event::Failed(error.to_string()));
        if answers.send(LabMessage::Event(event)).is_err() {
            return;
        }
    }
}

fn perform(
    lesson: &Lesson,
    host: HostKind,
    layers: &[(String, String)],
    lang: Lang,
    slot: &mut Option<Sandbox>,
    now: &mut Snapshot,
    effect: &Effect,
) -> Result<Event, LabError> {
    match effect {
        Effect::Build { replay } => {
            *slot = None;
            let sandbox = slot.insert(Sandbox::start(&lesson.host, host, layers)?);
            *now = conduct::replay(sandbox, lesson, *replay, &[], lang)?.0;
            Ok(Event::Built(now.clone()))
        }
        Effect::Variant { step, index } => {
            *slot = None;
            let sandbox = slot.insert(Sandbox::start(&lesson.host, host, layers)?);
            let records = conduct::variant(sandbox, lesson, *step, *index, lang)?;
            if let Some(last) = records.last() {
                *now = last.after.clone();
            }
            Ok(Event::VariantDone(records))
        }
        Effect::Perform { step, round } => {
            let sandbox = slot
                .as_mut()
                .ok_or_else(|| LabError::Broken("the practice host has ended; press r to rebuild it".into()))?;
            let at = &lesson.steps[*step];
            let record = conduct::perform(sandbox, at, &at.rounds[*round], now, lang)?;
            *now = record.after.clone();
            Ok(Event::Performed(Box::new(record)))
        }
        Effect::Shell(_) | Effect::Leave => Err(LabError::Broken("this is not for the lab".into())),
    }
}
