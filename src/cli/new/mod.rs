//! `nslab new`: a folder with a small lesson that passes `check` and `verify`, to be changed into another one.

use super::Usage;
use crate::reference;
use crate::words::Lang;
use anyhow::Context;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The id in the files below, which the new lesson's takes the place of.
const ID: &str = "my-lesson";
const FILES: [(&str, &str); 3] = [
    ("lesson.yaml", include_str!("lesson.yaml")),
    ("en.md", include_str!("en.md")),
    ("zh-CN.md", include_str!("zh-CN.md")),
];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lesson's name: small letters, digits and -.
    id: String,
    /// The directory in which its folder is made.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

pub fn new(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let id = args.id.as_str();
    if id.is_empty()
        || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        || id.starts_with('-')
    {
        let what = format!("the id {id:?} may have small letters, digits and - only, and begins with no -");
        return Err(Usage(what).into());
    }
    let folder = args.dir.join(id);
    match std::fs::create_dir(&folder) {
        // Never into something that is there, whatever it holds.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let what = format!("{} is there already and stays as it is; choose another id or --dir", folder.display());
            return Err(Usage(what).into());
        }
        other => other.with_context(|| format!("make the folder {}", folder.display()))?,
    }
    for (name, text) in FILES {
        write(&folder.join(name), &text.replace(ID, id))?;
    }
    // Beside the lesson, so that an editor finds it wherever the folder goes.
    write(&folder.join("lesson.schema.json"), &reference::lesson_schema())?;
    let path = if folder.is_absolute() || folder.starts_with(".") { folder } else { Path::new(".").join(folder) };
    println!("{}", lang.say("new.made", &[&path.display().to_string()]));
    Ok(0)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = File::create_new(path).with_context(|| format!("make {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("write {}", path.display()))
}
