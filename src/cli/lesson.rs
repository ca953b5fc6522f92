//! `nslab lesson`.

use super::{Usage, image, record, replay, saves};
use crate::conduct::{Conduct, Conductor, Start};
use crate::lesson::{HostKind, Lesson, Side};
use crate::mounts::printable;
use crate::plain;
use crate::progress::{Keeper, LessonProgress, Store};
use crate::receipt;
use crate::recording::{Recorded, Replay};
use crate::sandbox::{Sandbox, ledger};
use crate::session::{Effect, Event, Session, Transcript};
use crate::tui::{self, HandOver, LabMessage, Saved, Senders, View};
use crate::words::Lang;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, the path of its folder, or a recording.
    lesson: String,
    /// Begin at this step (from 1); the ones before are performed at once. Without it: where you left off.
    #[arg(long)]
    step: Option<usize>,
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
    /// Take the lesson's files anew whenever one is saved, and stay at the step. For a lesson given by its path.
    #[arg(long)]
    watch: bool,
    /// Keep what happens in a new file, to be played with `nslab lesson FILE`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["watch", "replay"])]
    record: Option<PathBuf>,
    /// Play the recording that came with nslab: nothing is performed, and nothing is needed for it.
    #[arg(long, conflicts_with_all = ["watch", "host"])]
    replay: bool,
}

/// Begins a lesson with everything left as it is by default: where the student left off, or at a step (from 0).
pub fn begin(lesson: String, step: Option<usize>, lang: Lang) -> anyhow::Result<u8> {
    let args = Args {
        lesson,
        step: step.map(|step| step + 1),
        plain: false,
        ascii: false,
        host: HostKind::default(),
        width: 80,
        watch: false,
        record: None,
        replay: false,
    };
    run(&args, lang)
}

pub fn run(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    if let Some(transcript) = replay::asked(&args.lesson, args.replay)? {
        return play(transcript, args, lang);
    }
    let is_bundled = crate::lesson::bundled().contains(&args.lesson);
    if args.watch && is_bundled {
        let what = format!("--watch: {} is bundled and never changes; name the path of a lesson's folder", args.lesson);
        return Err(Usage(what).into());
    }
    let lesson = crate::lesson::open(&args.lesson)?;
    check_step(args, &lesson)?;
    args.record.as_deref().map_or(Ok(()), record::check)?;
    if is_screen(args) {
        // The first time the image is made, and that may take a while.
        println!("{}", lang.say("lesson.prepares", &[]));
    }
    let layers = image()?;
    let lesson = super::settle(&lesson, &args.lesson, args.host, &layers)?;
    let before = receipt::Machine::look()?;
    // Told after a lesson that went wrong, too: that is when somebody wonders what is left.
    let walked = walk(lesson, args, layers, lang);
    let progress = Store::open().map(|store| store.path()).filter(|path| path.exists());
    let told = receipt::tell(&before, &super::cache()?, progress.as_deref(), lang)?;
    let Some((told, clean)) = told else { return walked };
    // The terminal may be gone; then there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "{told}");
    Ok(if clean { walked? } else { super::HELD_NOT })
}

fn check_step(args: &Args, lesson: &Lesson) -> Result<(), Usage> {
    let steps = lesson.steps.len();
    match args.step.filter(|step| !(1..=steps).contains(step)) {
        Some(step) => Err(Usage(format!("--step {step}: {} has steps 1 to {steps}", lesson.id))),
        None => Ok(()),
    }
}

/// A recording, through the same screen or in the same words. What is only looked at is not kept as progress.
fn play(transcript: Transcript, args: &Args, lang: Lang) -> anyhow::Result<u8> {
    if args.record.is_some() || args.watch {
        let what = "a recording is only played: leave --record and --watch away, or name a lesson";
        return Err(Usage(what.into()).into());
    }
    let lesson = Arc::new(transcript.lesson()?);
    check_step(args, &lesson)?;
    if transcript.cut {
        eprintln!("nslab: {}", lang.say("replay.cut", &[&printable(args.lesson.as_bytes())]));
    }
    let (mut session, effects) = Session::new(lesson.clone(), args.step.map_or(0, |step| step - 1));
    session.recorded = Some(transcript.header.clone());
    let make = move || Box::new(Replay::new(transcript, lesson, lang)) as Box<dyn Conduct>;
    let status = show((session, effects), make, args, lang, None, &mut |_| {})?;
    let _ = writeln!(std::io::stdout(), "{}", lang.say("replay.end", &[]));
    Ok(status)
}

/// Whether the lesson is shown on the full screen.
fn is_screen(args: &Args) -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    !args.plain && !dumb && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// The lesson, in words or on the full screen. All its sandboxes have ended when it returns.
fn walk(lesson: Lesson, args: &Args, layers: Vec<(String, String)>, lang: Lang) -> anyhow::Result<u8> {
    let lesson = Arc::new(lesson);
    let start = start(args.host, layers.clone());
    // Refused before the screen is taken, so that cause and remedy can be read.
    drop(start(&lesson.host)?);
    let (mut keeper, kept) = progress(&args.lesson, lang)?;
    let left_off = lesson.steps.iter().position(|step| step.id == kept.at && !kept.finished).unwrap_or(0);
    let (mut session, effects) = Session::new(lesson.clone(), args.step.map_or(left_off, |step| step - 1));
    kept.recall(&mut session);
    if args.watch && !is_screen(args) {
        return Err(Usage("--watch needs the full screen: a terminal, and no --plain".into()).into());
    }
    let writer = args.record.as_ref().map(|file| record::begin(file, &lesson, &args.lesson, args.host)).transpose()?;
    let saved = if args.watch {
        let (saves, saved) = channel();
        let (name, host) = (args.lesson.clone(), args.host);
        let fit = move |lesson: Lesson| super::settle(&lesson, &name, host, &layers);
        saves::watch(args.lesson.clone(), fit, saves)?;
        Some(saved)
    } else {
        None
    };
    let make = move || -> Box<dyn Conduct> {
        let conductor = Box::new(Conductor::new(lesson.clone(), start));
        match writer {
            Some(writer) => Box::new(Recorded::new(conductor, writer, lesson, lang)),
            None => conductor,
        }
    };
    let result = show((session, effects), make, args, lang, saved, &mut |session| keeper.note(session));
    if let Some((path, error)) = keeper.trouble() {
        eprintln!("nslab: {}", lang.say("progress.not-kept", &[&path.display().to_string(), &error.to_string()]));
    }
    result
}

/// A session on the full screen or in words, with whoever carries out what it asks for. A sandbox dies with the thread that
/// made it, so it is made on the thread that keeps it.
fn show(
    (session, effects): (Session, Vec<Effect>),
    make: impl FnOnce() -> Box<dyn Conduct> + Send + 'static,
    args: &Args,
    lang: Lang,
    saved: Option<Receiver<Saved>>,
    note: &mut dyn FnMut(&Session),
) -> anyhow::Result<u8> {
    if !is_screen(args) {
        let went_well = plain::run((session, effects), make().as_mut(), lang, args.width, note);
        return went_well.map(|well| if well { 0 } else { super::HELD_NOT });
    }
    let (requests, asked) = channel();
    let (answers, lab) = channel();
    let owner = std::thread::spawn(move || serve(make().as_mut(), &asked, &answers));
    let saved = saved.unwrap_or_else(|| channel().1);
    let result = tui::run((session, effects), View::new(lang), args.ascii, &requests, Senders { lab, saved }, note);
    drop(requests);
    // It may wait for a stage that somebody has stopped: that wait ends with the stage.
    ledger::end_all();
    let _ = owner.join();
    result.map(|()| 0)
}

/// What the student did before, and what keeps what is done now. What must be said of the file is said here.
fn progress(lesson: &str, lang: Lang) -> anyhow::Result<(Keeper, LessonProgress)> {
    let key = super::progress::key(lesson);
    let store = Store::open();
    let kept = match &store {
        Some(_) => super::progress::load(lang)?.lessons.get(&key).cloned().unwrap_or_default(),
        None => LessonProgress::default(),
    };
    Ok((Keeper::new(store, &key, kept.clone()), kept))
}

/// How a fresh sandbox is made.
fn start(kind: HostKind, layers: Vec<(String, String)>) -> Start {
    Box::new(move |spec| Ok(Box::new(Sandbox::start(spec, kind, &layers)?)))
}

/// Owns the lab and does what the session asks for, one thing at a time.
fn serve(conductor: &mut dyn Conduct, asked: &Receiver<Effect>, answers: &Sender<LabMessage>) {
    for effect in asked {
        let told = match effect {
            Effect::Leave => return,
            Effect::Shell { side, step } => match open(conductor, side) {
                Err(why) => vec![Event::NoShell(why)],
                Ok((shell, over)) => {
                    let _ = answers.send(LabMessage::Shell(shell));
                    vec![conductor.watch(step, over.as_fd(), &mut |record| {
                        let _ = answers.send(LabMessage::Event(Event::Seen(Box::new(record))));
                    })]
                }
            },
            effect => conductor.carry_out(&effect),
        };
        if told.into_iter().any(|event| answers.send(LabMessage::Event(event)).is_err()) {
            return;
        }
    }
}

/// A shell for the screen to hand the terminal to, and what tells that the screen has the terminal back.
fn open(conductor: &mut dyn Conduct, side: Side) -> Result<(HandOver, UnixStream), String> {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    let shell = conductor.shell(side, rows, columns).map_err(|error| error.to_string())?;
    let (over, ends) = UnixStream::pair().map_err(|error| format!("socketpair: {error}"))?;
    Ok((HandOver { shell, ends }, over))
}
