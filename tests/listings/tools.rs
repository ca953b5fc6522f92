//! What listings are built and looked at with, and whose sandboxes are watched. Where it is missing, a test says so and how to mend it.
#![allow(dead_code)]

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// If this is set, a program that is missing is a failure.
const NEEDED: &str = "NSLAB_NEED_TOOLS";

/// Whether a program is there that not every machine has. Where it is not, that is said on the terminal itself (what a test
/// prints is not seen if it passes).
pub fn is_there(program: &str, test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    if !found {
        let package = if program == "bwrap" { "bubblewrap" } else { program };
        let what = format!("{program} is not installed. Debian: apt-get install {package}");
        assert!(std::env::var_os(NEEDED).is_none(), "{what}");
        let _ = writeln!(std::io::stderr(), "\nNOT RUN: {test}: {what}\n");
    }
    found
}

/// A program of the machine, without which a test cannot be made.
pub fn needs(program: &str, packages: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    assert!(found, "this test needs {program}, which is not on PATH: apt-get install {packages}");
    Command::new(program)
}

/// A compiler call for a program that uses the nix crate as this workspace has it.
pub fn library() -> Command {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let is_nix = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("libnix-") && name.ends_with(".rlib")
    };
    let all = std::fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap().path()).filter(is_nix);
    let newest = all.max_by_key(|path| path.metadata().unwrap().modified().unwrap());
    let nix = newest.unwrap_or_else(|| panic!("no nix crate in {}: run the tests with cargo test", deps.display()));
    let mut rustc = needs_rustc();
    rustc.args(["--edition", "2024", "-D", "warnings", "-C", "target-feature=+crt-static", "--extern"]);
    rustc.arg(format!("nix={}", nix.display())).arg("-L").arg(format!("dependency={}", deps.display()));
    rustc
}

fn needs_rustc() -> Command {
    std::env::var_os("RUSTC").map_or_else(|| needs("rustc", "rustc"), Command::new)
}

/// The bundled lessons: name and number of steps.
pub fn bundled() -> Vec<(String, usize)> {
    let names = nslab::lesson::bundled();
    names.into_iter().map(|name| (name.clone(), nslab::lesson::open(&name).unwrap().steps.len())).collect()
}

/// What `nslab export` prints.
pub fn export(lesson: &str, format: &str, more: &[&str]) -> String {
    let args = ["export", lesson, "--format", format];
    let mut nslab = Command::new(env!("CARGO_BIN_EXE_nslab"));
    nslab.env("LANG", "C.UTF-8").env_remove("LC_ALL").args(args).args(more);
    let output = nslab.output().unwrap();
    assert!(output.status.success(), "{lesson}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
