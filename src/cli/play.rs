//! `nslab play`: the practice host and a container without a script.

use super::lesson::{How, start, with_receipt};
use crate::conduct::{Conduct, Conductor};
use crate::play;
use crate::session::Session;
use crate::words::Lang;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    how: How,
}

pub fn run(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let layers = args.how.image(lang)?;
    let lesson = Arc::new(super::settle(&play::lesson(), ".", args.how.host, &layers)?);
    with_receipt(
        || None,
        lang,
        || {
            let start = start(args.how.host, layers);
            // Refused before the screen is taken, so that cause and remedy can be read.
            drop(start(&lesson.host)?);
            let conducted = lesson.clone();
            let make = move || Box::new(Conductor::new(conducted, start)) as Box<dyn Conduct>;
            // Nobody saves files of it, and nobody keeps its progress.
            args.how.show(Session::play(lesson), make, None, lang, &mut |_| {})
        },
    )
}
