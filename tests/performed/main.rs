//! Each listing is performed on the same kind of practice host as its lesson, as root and as a plain user. It stops
//! after each step; there both mount tables must be the ones that nslab had after that step.
//!
//! A test without the usual harness, since it starts practice hosts itself: the stage is this program again.
//! `cargo test --test performed -- propagation c` performs what has these words in its name.

#[path = "../common/mod.rs"]
mod common;
mod run;
mod table;
#[path = "../listings/tools.rs"]
mod tools;

use nslab::lesson::Lesson;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use tools::{bundled, export, library, needs};

pub const LANGUAGES: [&str; 3] = ["c", "rust", "shell"];

/// What a listing cannot do as the lesson does it: from which step on, and why.
const EXCEPT: &[(&str, &str, &str, &str)] = &[
    ("pid-1", "c", "keeps", TYPED),
    ("pid-1", "rust", "keeps", TYPED),
    ("pid-1", "shell", "keeps", "the container's first process is another one, and what is typed replaces the shell"),
    ("volumes", "shell", "by-fd", "moving a mount by its descriptor has no shell form"),
    ("incident-ps", "shell", "again", "nsenter(1) needs the /proc that the student mends in the step before"),
];

const TYPED: &str = "the host goes on after what a person types into the container's shell, and cannot wait for that";

fn main() -> ExitCode {
    if let Some(status) = nslab::sandbox::stage_entry() {
        return status;
    }
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "--programs") {
        return run::all(Path::new(&args[1]), &args[2..]);
    }
    if args.iter().any(|arg| arg == "--list") {
        names(&[]).iter().for_each(|(lesson, language)| println!("{lesson} {language}: test"));
        return ExitCode::SUCCESS;
    }
    args.retain(|arg| !arg.starts_with('-'));
    let chosen = names(&args);
    if chosen.is_empty() {
        println!("no listing has the name {args:?}: none of {} performed", names(&[]).len());
        return ExitCode::SUCCESS;
    }
    let programs = common::place().join("programs");
    chosen.iter().for_each(|(lesson, language)| build(lesson, language, &programs));
    let users = common::users();
    let held = users.into_iter().filter(|user| !as_user(*user, &programs, &args)).count() == 0;
    let _ = std::fs::remove_dir_all(common::place());
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lessons and languages whose names have all these words.
pub fn names(words: &[String]) -> Vec<(String, &'static str)> {
    let all = bundled().into_iter().flat_map(|(lesson, _)| LANGUAGES.map(|language| (lesson.clone(), language)));
    all.filter(|(lesson, language)| words.iter().all(|word| lesson == word || language == word)).collect()
}

/// The step (by its index) from which on a listing is another thing than its lesson, and why.
pub fn except(lesson: &Lesson, language: &str) -> Option<(usize, &'static str)> {
    let found = EXCEPT.iter().find(|(id, of, ..)| *id == lesson.id && *of == language)?;
    let step = lesson.steps.iter().position(|step| step.id == found.2).expect("a step of the lesson");
    Some((step, found.3))
}

/// One folder a program, which becomes a layer of the practice host's image.
pub fn folder(programs: &Path, lesson: &str, language: &str) -> PathBuf {
    programs.join(format!("{lesson}-{language}"))
}

/// Where the program is in the practice host.
pub const PROGRAM: &str = "/listing/program";

fn build(lesson: &str, language: &str, programs: &Path) {
    let dir = folder(programs, lesson, language).join("listing");
    std::fs::create_dir_all(&dir).unwrap();
    let (source, program) = (programs.join(format!("{lesson}.{language}")), dir.join("program"));
    std::fs::write(&source, export(lesson, language, &[])).unwrap();
    let mut command = match language {
        "c" => {
            let mut cc = needs("cc", "gcc libc6-dev");
            cc.args(["-x", "c", "-Wall", "-Wextra", "-Werror", "-static", "-o"]).arg(&program).arg(&source);
            cc
        }
        "rust" => {
            let mut rustc = library();
            rustc.args(["-C", "strip=symbols", "--crate-name", "listing", "-o"]).arg(&program).arg(&source);
            rustc
        }
        _ => {
            let mut install = needs("install", "coreutils");
            install.args(["-m", "0755"]).arg(&source).arg(&program);
            install
        }
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{lesson} {language}: {}", String::from_utf8_lossy(&output.stderr));
}

/// This program again as a user, who performs what was built.
fn as_user(user: u32, programs: &Path, words: &[String]) -> bool {
    let own = common::place().join("performed");
    std::fs::copy(std::env::current_exe().unwrap(), &own).unwrap();
    let home = common::home(user);
    let mut command = Command::new(own);
    command.arg("--programs").arg(programs).args(words).env("HOME", &home).env("XDG_CACHE_HOME", home.join("cache"));
    command.env("NSLAB", common::place().join("nslab")).current_dir(home.join("cwd"));
    if common::is_root() && user != 0 {
        command.uid(user).gid(user);
    }
    command.status().unwrap().success()
}
