//! `nslab verify mount-ns --no-proofs` against a bare program that does the same on the kernel and nothing else.
//!
//! What verify does is not written down here: the lesson is conducted once on a lab that takes notes. The bare program
//! gets the notes (calls, commands, typed lines and how each ended), does the same, and fails if anything ends in
//! another way.

mod bare;
mod notes;
#[path = "../paired/mod.rs"]
mod paired;

use nslab::sandbox;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const LESSON: &str = "mount-ns";
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    if let Some(status) = sandbox::stage_entry() {
        return status;
    }
    if std::env::args().nth(1).as_deref() == Some("--bare") {
        return bare::main(&std::env::args().nth(2).expect("the notes"));
    }
    let work = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-verify-{}", std::process::id()));
    std::fs::create_dir_all(&work).expect("make a directory for the benchmark");
    let status = compare(&work);
    std::fs::remove_dir_all(&work).expect("remove the benchmark's directory");
    status
}

fn compare(work: &Path) -> ExitCode {
    let lesson = without_tasks(work);
    let mut nslab = Command::new(env!("CARGO_BIN_EXE_nslab"));
    // The proofs are runs of their own, which the bare program does not make.
    nslab.args(["verify", "--no-proofs", &lesson]).env("XDG_CACHE_HOME", work).env("HOME", work).stdout(Stdio::null());
    // The first run makes the image, which then serves both.
    let first = nslab.status().expect("run nslab");
    if !first.success() {
        eprintln!("nslab verify {LESSON} failed ({first}); see nslab doctor");
        return ExitCode::from(first.code().unwrap_or(1) as u8);
    }
    let notes = notes::take(&lesson, &layers(work));
    let path = work.join("notes.json");
    std::fs::write(&path, serde_json::to_vec(&notes).expect("notes are JSON")).expect("write the notes");
    let mut bare = Command::new(std::env::current_exe().expect("find the benchmark's own program"));
    bare.arg("--bare").arg(&path);
    let pair = paired::Pair::measure(ROUNDS, || run(&mut nslab), || run(&mut bare));
    pair.report(&format!("verify {LESSON} / bare calls and execs"), 1.5);
    ExitCode::SUCCESS
}

/// The lesson without its tasks: typing into shells and waiting for their prompts is no work that could be compared.
fn without_tasks(work: &Path) -> String {
    let source = nslab::lesson::source(LESSON).expect("the lesson is bundled");
    let mut lesson: serde_yaml::Value = serde_yaml::from_str(&source.yaml.text).expect("the lesson is YAML");
    for step in lesson["steps"].as_sequence_mut().expect("a lesson has steps") {
        step.as_mapping_mut().expect("a step is a map").remove("task");
    }
    let folder = work.join(LESSON);
    std::fs::create_dir_all(&folder).expect("make a folder for the lesson");
    std::fs::write(folder.join("lesson.yaml"), serde_yaml::to_string(&lesson).expect("YAML")).expect("write");
    std::fs::write(folder.join("en.md"), &source.words["en"].text).expect("write");
    folder.display().to_string()
}

fn run(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.status().expect("start a program");
    assert!(status.success(), "{command:?}: {status}");
    start.elapsed()
}

/// The layers of the one image in a fresh cache, lowest first.
fn layers(cache: &Path) -> Vec<(String, String)> {
    let images = std::fs::read_dir(cache.join("nslab/images")).expect("list the cached images").flatten();
    let image = images.map(|entry| entry.path()).find(|path| path.is_dir()).expect("one image is cached");
    ["base", "tools"].map(|name| (name.to_string(), image.join("layers").join(name).display().to_string())).to_vec()
}
