//! `nslab lesson`.

use super::serve::serve;
use super::{Usage, image, record, replay, saves};
use crate::conduct::{Conduct, Conductor, Start};
use crate::lesson::{HostKind, Lesson};
use crate::mounts::printable;
use crate::plain;
use crate::progress::{Keeper, LessonProgress, Store};
use crate::receipt;
use crate::recording::{Recorded, Replay};
use crate::sandbox::{Sandbox, ledger};
use crate::session::{Effect, Session, Transcript};
use crate::tui::{self, LeaveKey, Saved, Senders, View};
use crate::words::Lang;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, the path of its folder, or a recording.
    lesson: String,
    /// Begin at this step (from 1); the ones before are performed at once. Without it: where you left off.
    #[arg(long)]
    step: Option<usize>,
    #[command(flatten)]
    how: How,
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

/// How a lesson is shown, and on what it is performed.
#[derive(Debug, clap::Args)]
pub struct How {
    /// In words, line by line: for a screen reader, a pipe, a dumb terminal.
    #[arg(long)]
    plain: bool,
    /// No characters outside ASCII in the interface.
    #[arg(long)]
    ascii: bool,
    /// What the practice host is made of.
    #[arg(long, value_enum, default_value_t)]
    pub host: HostKind,
    /// Wrap lines of the plain lesson at this many columns.
    #[arg(long, default_value_t = 80)]
    width: usize,
}

/// Begins a lesson with everything left as it is by default: where the student left off, or at a step (from 0).
pub fn begin(lesson: String, step: Option<usize>, lang: Lang) -> anyhow::Result<u8> {
    let args = Args {
        lesson,
        step: step.map(|step| step + 1),
        how: How { plain: false, ascii: false, host: HostKind::default(), width: 80 },
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
    let layers = args.how.image(lang)?;
    let lesson = super::settle(&lesson, &args.lesson, args.how.host, &layers)?;
    let progress = || Store::open().map(|store| store.path()).filter(|path| path.exists());
    with_receipt(progress, lang, || walk(lesson, args, layers, lang))
}

/// Does something on a practice host, then proves what is left of it. `progress` is the file that keeps it, if any.
pub fn with_receipt(
    progress: impl FnOnce() -> Option<PathBuf>,
    lang: Lang,
    walk: impl FnOnce() -> anyhow::Result<u8>,
) -> anyhow::Result<u8> {
    let before = receipt::Machine::look()?;
    // Told after a lesson that went wrong, too: that is when somebody wonders what is left.
    let walked = walk();
    let progress = progress();
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
    let status = args.how.show((session, effects), make, None, lang, &mut |_| {})?;
    let _ = writeln!(std::io::stdout(), "{}", lang.say("replay.end", &[]));
    Ok(status)
}

impl How {
    /// Whether it is shown on the full screen.
    fn is_screen(&self) -> bool {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        !self.plain && !dumb && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
    }

    /// The image's layers.
    pub fn image(&self, lang: Lang) -> anyhow::Result<Vec<(String, String)>> {
        if self.is_screen() {
            // The first time the image is made, and that may take a while.
            println!("{}", lang.say("lesson.prepares", &[]));
        }
        image()
    }

    /// Shows a session until somebody leaves it, with whoever carries out what it asks for. A sandbox dies with the thread
    /// that made it, so it is made on the thread that keeps it. All sandboxes have ended when this returns.
    pub fn show(
        &self,
        session: (Session, Vec<Effect>),
        make: impl FnOnce() -> Box<dyn Conduct> + Send + 'static,
        saved: Option<Receiver<Saved>>,
        lang: Lang,
        note: &mut dyn FnMut(&Session),
    ) -> anyhow::Result<u8> {
        if !self.is_screen() {
            let went_well = plain::run(session, make().as_mut(), lang, self.width, note);
            return went_well.map(|well| if well { 0 } else { super::HELD_NOT });
        }
        let leave = LeaveKey::from_env().map_err(|wrong| Usage(lang.say("shell.leave-key", &[&wrong])))?;
        let (requests, asked) = tui::requests()?;
        let (answers, lab) = channel();
        let owner = std::thread::spawn(move || serve(make().as_mut(), asked, &answers));
        let saved = saved.unwrap_or_else(|| channel().1);
        let view = View { leave, ..View::new(lang) };
        let result = tui::run(session, view, self.ascii, &requests, Senders { lab, saved }, note);
        drop(requests);
        // It may wait for a stage that somebody has stopped: that wait ends with the stage.
        ledger::end_all();
        let _ = owner.join();
        result.map(|()| 0)
    }
}

/// The lesson, in words or on the full screen. All its sandboxes have ended when it returns.
fn walk(lesson: Lesson, args: &Args, layers: Vec<(String, String)>, lang: Lang) -> anyhow::Result<u8> {
    let lesson = Arc::new(lesson);
    let start = start(args.how.host, layers.clone());
    // Refused before the screen is taken, so that cause and remedy can be read.
    drop(start(&lesson.host)?);
    let (mut keeper, kept) = progress(&args.lesson, lang)?;
    let left_off = lesson.steps.iter().position(|step| step.id == kept.at && !kept.finished).unwrap_or(0);
    let (mut session, effects) = Session::new(lesson.clone(), args.step.map_or(left_off, |step| step - 1));
    kept.recall(&mut session);
    if args.watch && !args.how.is_screen() {
        return Err(Usage("--watch needs the full screen: a terminal, and no --plain".into()).into());
    }
    let writer =
        args.record.as_ref().map(|file| record::begin(file, &lesson, &args.lesson, args.how.host)).transpose()?;
    let saved = if args.watch {
        let (saves, saved) = channel();
        let (name, host) = (args.lesson.clone(), args.how.host);
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
    let result = args.how.show((session, effects), make, saved, lang, &mut |session| keeper.note(session));
    if let Some((path, error)) = keeper.trouble() {
        eprintln!("nslab: {}", lang.say("progress.not-kept", &[&path.display().to_string(), &error.to_string()]));
    }
    result
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
pub fn start(kind: HostKind, layers: Vec<(String, String)>) -> Start {
    Box::new(move |spec| Ok(Box::new(Sandbox::start(spec, kind, &layers)?)))
}
