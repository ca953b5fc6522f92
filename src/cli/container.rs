//! `nslab container`: writes down which container refers to which volume. It starts nothing and mounts nothing.

use super::volume::{StoreArg, columns, each, inspect, worded};
use crate::volume::Spec;
use crate::words::Lang;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write a container down, and make and fill its new volumes, as docker create does.
    Create {
        /// The directory of its unpacked image.
        image: PathBuf,
        #[arg(long)]
        name: Option<String>,
        /// [SOURCE:]DESTINATION[:ro,nocopy], as for docker.
        #[arg(short, long = "volume")]
        volume: Vec<String>,
        /// When it stops it is removed, and its anonymous volumes with it.
        #[arg(long)]
        rm: bool,
    },
    /// The containers, one a line.
    #[command(alias = "list")]
    Ls,
    /// What is written down of containers, as JSON.
    Inspect {
        #[arg(required = true)]
        names: Vec<String>,
        /// A template: '{{json .Mounts}}'.
        #[arg(short, long)]
        format: Option<String>,
    },
    /// Note that containers have ended; one made with --rm is removed.
    Stop {
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Remove containers; their volumes stay.
    #[command(alias = "remove")]
    Rm {
        #[arg(required = true)]
        names: Vec<String>,
        /// Remove their anonymous volumes too.
        #[arg(short, long)]
        volumes: bool,
    },
}

pub fn container(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let store = args.store.open(lang)?;
    let mut out = std::io::stdout().lock();
    match &args.command {
        Command::Create { image, name, volume, rm } => {
            let specs = volume.iter().map(|text| Spec::parse(text)).collect::<Result<Vec<_>, _>>();
            let made = specs.and_then(|specs| store.create_container(name.as_deref(), image, &specs, *rm));
            writeln!(out, "{}", made.map_err(|fault| worded(fault, lang))?.id)?;
            Ok(0)
        }
        Command::Ls => {
            let rows = store.containers().map_err(|fault| worded(fault, lang))?.into_iter().map(|container| {
                let targets: Vec<_> = container.mounts.iter().map(|mount| mount.destination.as_str()).collect();
                let (mounts, image) = (targets.join(","), container.image.display().to_string());
                [container.id[..12.min(container.id.len())].to_string(), image, mounts, container.name]
            });
            columns(["CONTAINER ID", "IMAGE", "MOUNTS", "NAMES"], &rows.collect::<Vec<_>>(), &mut out)?;
            Ok(0)
        }
        Command::Inspect { names, format } => {
            inspect(names, format.as_deref(), |name| store.container(name), lang, &mut out)
        }
        Command::Stop { names } => each(names, lang, &mut out, |name| store.stop_container(name).map(drop)),
        Command::Rm { names, volumes } => each(names, lang, &mut out, |name| store.remove_container(name, *volumes)),
    }
}
