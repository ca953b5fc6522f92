//! `nslab lesson`.

use super::image;
use crate::lesson::open;
use crate::plain;
use crate::sandbox::HostKind;
use crate::words::Lang;

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
    let _ = (args.ascii, args.plain);
    plain::run(&lesson, args.step - 1, args.host, &layers, lang, args.width)
}
