//! The command line: each subcommand a file; errors are worded here, once, on stderr.

mod check;
mod class;
mod container;
mod doctor;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod export;
mod lesson;
mod list;
mod mounts;
mod myths;
mod new;
#[cfg(target_os = "linux")]
mod notes;
mod ops;
mod play;
mod progress;
mod record;
mod replay;
mod report;
#[cfg(target_os = "linux")]
mod saves;
mod serve;
mod verify;
mod volume;
#[cfg(target_os = "linux")]
mod watch;

#[cfg(not(target_os = "linux"))]
use elsewhere::{notes, saves, watch};

use crate::lab::LabError;
use crate::lesson::{HostKind, LessonError};
use crate::recording::ReadError;
use crate::words::Lang;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Exit statuses: all well; what was asked about does not hold; wrong usage or input; this machine cannot.
const HELD_NOT: u8 = 1;
const USAGE: u8 = 2;
const CANNOT: u8 = 3;

#[derive(Debug, Parser)]
#[command(
    name = "nslab",
    version,
    about = "See what a container's file system really is: an interactive sandbox for Linux mount namespaces."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The language of lessons and messages.
    #[arg(long, global = true)]
    lang: Option<Lang>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Walk through a lesson, every stage performed for real.
    Lesson(lesson::Args),
    /// The practice host and a container without a script: perform any operation, and write down what you did.
    Play(play::Args),
    /// The lessons, one a line.
    List {
        #[arg(long)]
        json: bool,
    },
    /// How far you are in each lesson.
    Progress {
        #[arg(long)]
        json: bool,
    },
    /// The speaker's notes of the step that a lesson in another terminal is at.
    Notes {
        /// A lesson's name, or the path of its folder.
        lesson: String,
    },
    /// What you did, to hand in; from what was handed in, a table of steps and first guesses.
    Report(report::Args),
    /// Forget what was done: of a step, of a lesson, or of all. Asks first.
    Reset(progress::ResetArgs),
    /// Perform every step of lessons and prove every expectation, without a screen.
    Verify(verify::Args),
    /// Lint lessons: their files, and what performing their steps shows.
    Check {
        lessons: Vec<String>,
        /// Instead, print the pages of this step (its id, or its number from 1) of one lesson at 80x24.
        #[arg(long, value_name = "STEP")]
        preview: Option<String>,
    },
    /// Make a new lesson that holds, to be changed into yours.
    New(new::Args),
    /// Every operation and condition that a lesson can name, with arguments and an example.
    Ops(ops::Args),
    /// What posts say about mount namespaces, what happens, and the command that shows it.
    Myths(myths::Args),
    /// A process's mount table.
    ///
    /// The exit status is 2 if the table or a line of it cannot be read; what can be read is printed all the same.
    Mounts(mounts::Args),
    /// Compare two mount tables, each a process's or a file's.
    ///
    /// Two moments of one namespace are compared mount by mount; tables of two namespaces row by row, paired by what is
    /// mounted where. The exit status is 0 whether or not they differ, 2 if a table or a line of it cannot be read.
    Diff(mounts::DiffArgs),
    /// The mount tables of two processes side by side, live and read-only.
    ///
    /// Mounts and unmounts are seen as they happen. The kernel tells nobody of a changed propagation type, a moved root
    /// directory or a joined namespace: `r` reads them, and so does any other change. The exit status is 3 if a process
    /// may not be read, 2 if there is none.
    Watch(watch::Args),
    /// The practice host's volumes, shaped like Docker's.
    Volume(volume::Args),
    /// Which container of the practice host refers to which volume.
    Container(container::Args),
    /// A lesson as a program in C, Rust or shell.
    Export(export::Args),
    /// What works on this machine, what does not, and what mends it.
    Doctor {
        #[arg(long)]
        json: bool,
        /// One line to paste into the chat of a class; with a number, whether this server carries so many students.
        #[arg(long, value_name = "STUDENTS", num_args = 0..=1, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        class: Option<Option<u64>>,
    },
}

pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let lang = cli.lang.unwrap_or_else(Lang::from_env);
    let result = match cli.command {
        None => list::menu(lang),
        Some(Command::Lesson(args)) => lesson::run(&args, lang),
        Some(Command::Play(args)) => play::run(&args, lang),
        Some(Command::List { json }) => list::list(json, lang),
        Some(Command::Progress { json }) => progress::show(json, lang),
        Some(Command::Notes { lesson }) => notes::notes(&lesson, lang),
        Some(Command::Report(args)) => report::report(&args, lang),
        Some(Command::Reset(args)) => progress::reset(&args, lang),
        Some(Command::Verify(args)) => verify::verify(&args, lang),
        Some(Command::Check { lessons, preview: None }) => check::check(&lessons),
        Some(Command::Check { lessons, preview: Some(step) }) => check::preview(&lessons, &step, lang),
        Some(Command::New(args)) => new::new(&args, lang),
        Some(Command::Ops(args)) => ops::ops(&args, lang),
        Some(Command::Myths(args)) => myths::myths(&args, lang),
        Some(Command::Mounts(args)) => mounts::mounts(&args),
        Some(Command::Diff(args)) => mounts::diff(&args),
        Some(Command::Watch(args)) => watch::watch(&args, lang),
        Some(Command::Volume(args)) => volume::volume(&args, lang),
        Some(Command::Container(args)) => container::container(&args, lang),
        Some(Command::Export(args)) => export::export(&args, lang),
        Some(Command::Doctor { json, class }) => doctor::doctor(json, class, lang),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(error) => report(&error, lang),
    }
}

/// Says once what went wrong, and with which status to leave.
fn report(error: &anyhow::Error, lang: Lang) -> ExitCode {
    if let Some(io) = error.downcast_ref::<std::io::Error>()
        && io.kind() == std::io::ErrorKind::BrokenPipe
    {
        // Whoever read the output has seen enough.
        return ExitCode::SUCCESS;
    }
    if let Some(refused @ LabError::Refused { key, .. }) = error.downcast_ref() {
        eprintln!("nslab: {refused}\n{}\n{}", lang.say(key, &[]), lang.say("refused.replay", &[]));
        return ExitCode::from(CANNOT);
    }
    let is_input = error.is::<LessonError>() || error.is::<ReadError>() || error.is::<Usage>();
    // An answer of the kernel alone: what was written to stdout did not arrive.
    let tried = if error.chain().count() == 1 && error.is::<std::io::Error>() { "write the output: " } else { "" };
    eprintln!("nslab: {tried}{error:#}");
    ExitCode::from(if is_input { USAGE } else { CANNOT })
}

/// A lesson as it is performed on a practice host of this kind. `name` is what it was opened by.
fn settle(
    lesson: &crate::lesson::Lesson,
    name: &str,
    kind: HostKind,
    layers: &[(String, String)],
) -> anyhow::Result<crate::lesson::Lesson> {
    if kind == HostKind::Copy && lesson.host.tidy_only {
        let what = format!("{} is told on the tidy practice host alone; leave --host copy away", lesson.id);
        return Err(Usage(what).into());
    }
    let mut keep: Vec<std::path::PathBuf> = layers.iter().map(|(_, path)| path.into()).collect();
    keep.extend(std::env::current_dir());
    keep.extend(std::env::home_dir());
    keep.push(name.into());
    Ok(lesson.at(crate::sandbox::lab_place(kind, &keep)?))
}

/// Input that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Where nslab keeps what it made, the one place on the machine that it writes to.
fn cache() -> anyhow::Result<std::path::PathBuf> {
    use anyhow::Context;
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().context("find the home directory; set HOME or XDG_CACHE_HOME")?;
    Ok(base.cache_dir().join("nslab"))
}

/// There is no Linux to make an image for.
#[cfg(not(target_os = "linux"))]
fn image() -> anyhow::Result<Vec<(String, String)>> {
    Err(crate::sandbox::refused().into())
}

/// The layers of the default image, made from this machine's programs if they are not cached.
#[cfg(target_os = "linux")]
fn image() -> anyhow::Result<Vec<(String, String)>> {
    use anyhow::Context;
    let options = crate::image::options(std::env::current_exe().context("find nslab's own program")?);
    crate::image::layers(&cache()?.join("images"), "default", &options)
        .context("make the default image; set XDG_CACHE_HOME to a directory that can be written")
}
