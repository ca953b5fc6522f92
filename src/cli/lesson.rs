//! `nslab lesson`.

use super::image;
use crate::conduct::{Conductor, Start};
use crate::lesson::{HostSpec, Side};
use crate::plain;
use crate::sandbox::{HostKind, Sandbox};
use crate::session::{Effect, Event, Session};
use crate::tui::{self, HandOver, LabMessage, View};
use crate::words::Lang;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
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
    let lesson = crate::lesson::open(&args.lesson)?;
    if args.step == 0 || args.step > lesson.steps.len() {
        let what = format!("--step {}: {} has steps 1 to {}", args.step, lesson.id, lesson.steps.len());
        return Err(super::Usage(what).into());
    }
    let layers = image()?;
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    let lesson = Arc::new(lesson);
    let start = start(lesson.host.clone(), args.host, layers);
    // Refused before the screen is taken, so that cause and remedy can be read.
    drop(start()?);
    if args.plain || dumb || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let mut conductor = Conductor::new(lesson.clone(), start, lang);
        plain::run(&lesson, args.step - 1, &mut conductor, lang, args.width)?;
    } else {
        let (session, effects) = Session::new(lesson.clone(), args.step - 1);
        let (requests, asked) = channel();
        let (answers, events) = channel();
        // A sandbox dies with the thread that made it: this one lives as long as the screen.
        let lab = std::thread::spawn(move || serve(Conductor::new(lesson, start, lang), &asked, &answers));
        let result = tui::run(session, effects, View::new(lang), &requests, events);
        drop(requests);
        let _ = lab.join();
        result?;
    }
    println!("{}", lang.say("plain.receipt", &[]));
    Ok(0)
}

/// How a fresh sandbox is made.
fn start(spec: HostSpec, kind: HostKind, layers: Vec<(String, String)>) -> Start {
    Box::new(move || Ok(Box::new(Sandbox::start(&spec, kind, &layers)?)))
}

/// Owns the lab and does what the session asks for, one thing at a time.
fn serve(mut conductor: Conductor, asked: &Receiver<Effect>, answers: &Sender<LabMessage>) {
    for effect in asked {
        let event = match effect {
            Effect::Leave => return,
            Effect::Shell { side, step } => match open(&mut conductor, side) {
                Err(why) => Event::NoShell(why),
                Ok((shell, over)) => {
                    let _ = answers.send(LabMessage::Shell(shell));
                    conductor.watch(step, over.as_fd(), &mut |record| {
                        let _ = answers.send(LabMessage::Event(Event::Seen(Box::new(record))));
                    })
                }
            },
            effect => conductor.carry_out(&effect),
        };
        if answers.send(LabMessage::Event(event)).is_err() {
            return;
        }
    }
}

/// A shell for the screen to hand the terminal to, and what tells that the screen has the terminal back.
fn open(conductor: &mut Conductor, side: Side) -> Result<(HandOver, UnixStream), String> {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    let shell = conductor.shell(side, rows, columns).map_err(|error| error.to_string())?;
    let (over, ends) = UnixStream::pair().map_err(|error| format!("socketpair: {error}"))?;
    Ok((HandOver { shell, ends }, over))
}
