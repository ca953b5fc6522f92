//! `nslab lesson`.

use super::serve::serve;
use super::{image, saves};
use crate::conduct::{Conductor, Start};
use crate::lesson::Lesson;
use crate::plain;
use crate::progress::{Keeper, LessonProgress, Store};
use crate::receipt;
use crate::sandbox::{HostKind, Sandbox, ledger};
use crate::session::Session;
use crate::tui::{self, LeaveKey, Senders, View};
use crate::words::Lang;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::channel;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson's name, or the path of its folder.
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
    };
    run(&args, lang)
}

pub fn run(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let is_bundled = crate::lesson::bundled().contains(&args.lesson);
    if args.watch && is_bundled {
        let what = format!("--watch: {} is bundled and never changes; name the path of a lesson's folder", args.lesson);
        return Err(super::Usage(what).into());
    }
    let lesson = crate::lesson::open(&args.lesson)?;
    let steps = lesson.steps.len();
    if let Some(step) = args.step.filter(|step| !(1..=steps).contains(step)) {
        return Err(super::Usage(format!("--step {step}: {} has steps 1 to {steps}", lesson.id)).into());
    }
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
    let mut note = |session: &Session| keeper.note(session);
    let result = if !is_screen(args) {
        if args.watch {
            return Err(super::Usage("--watch needs the full screen: a terminal, and no --plain".into()).into());
        }
        let mut conductor = Conductor::new(lesson, start, lang);
        let went_well = plain::run((session, effects), &mut conductor, lang, args.width, &mut note);
        went_well.map(|well| if well { 0 } else { super::HELD_NOT })
    } else {
        let leave = LeaveKey::from_env().map_err(|wrong| super::Usage(lang.say("shell.leave-key", &[&wrong])))?;
        let (requests, asked) = tui::requests()?;
        let (answers, lab) = channel();
        let (saves, saved) = channel();
        if args.watch {
            let (name, host) = (args.lesson.clone(), args.host);
            let fit = move |lesson: Lesson| super::settle(&lesson, &name, host, &layers);
            saves::watch(args.lesson.clone(), fit, saves)?;
        } else {
            drop(saves);
        }
        // A sandbox dies with the thread that made it: this one lives as long as the screen.
        let owner = std::thread::spawn(move || serve(Conductor::new(lesson, start, lang), asked, &answers));
        let view = View { leave, ..View::new(lang) };
        let result = tui::run((session, effects), view, args.ascii, &requests, Senders { lab, saved }, &mut note);
        drop(requests);
        // It may wait for a stage that somebody has stopped: that wait ends with the stage.
        ledger::end_all();
        let _ = owner.join();
        result.map(|()| 0)
    };
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
fn start(kind: HostKind, layers: Vec<(String, String)>) -> Start {
    Box::new(move |spec| Ok(Box::new(Sandbox::start(spec, kind, &layers)?)))
}
