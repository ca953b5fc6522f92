//! `nslab export`: what a lesson is as a program. Each program builds without a warning; `trace` proves that what is
//! shown is what ran, and `tests/performed` that the programs do what the lesson does.

#[path = "../common/mod.rs"]
mod common;
mod tools;
mod trace;

use common::{nslab, users};
use std::path::{Path, PathBuf};
use std::process::Output;
use tools::{bundled, export, is_there, library, needs};

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("listings-{name}"));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn succeeds(what: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{what}: {said}");
}

#[test]
fn every_c_program_compiles_without_a_warning() {
    let dir = folder("c");
    for (lesson, steps) in bundled() {
        for step in 1..=steps {
            for lang in ["en", "zh-CN"] {
                let file = dir.join(format!("{lesson}-{step}-{lang}.c"));
                std::fs::write(&file, export(&lesson, "c", &["--step", &step.to_string(), "--lang", lang])).unwrap();
            }
        }
        let whole = export(&lesson, "c", &[]);
        assert_eq!(whole, std::fs::read_to_string(dir.join(format!("{lesson}-{steps}-en.c"))).unwrap());
    }
    let files = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let mut cc = needs("cc", "gcc libc6-dev");
    cc.args(["-Wall", "-Wextra", "-Werror", "-O2", "-fsyntax-only"]).args(files);
    succeeds("cc", &cc.output().unwrap());
}

#[test]
fn every_rust_program_builds() {
    let dir = folder("rust");
    for (lesson, _) in bundled() {
        let file = dir.join(format!("{}.rs", lesson.replace('-', "_")));
        std::fs::write(&file, export(&lesson, "rust", &[])).unwrap();
        let output = library().args(["--out-dir".as_ref(), dir.as_os_str()]).arg(&file).output().unwrap();
        succeeds(&lesson, &output);
    }
}

#[test]
fn every_script_passes_shellcheck() {
    if !is_there("shellcheck", "every_script_passes_shellcheck") {
        return;
    }
    let dir = folder("shell");
    for (lesson, steps) in bundled() {
        for lang in ["en", "zh-CN"] {
            std::fs::write(dir.join(format!("{lesson}-{lang}.sh")), export(&lesson, "shell", &["--lang", lang]))
                .unwrap();
        }
        let half = (steps / 2).to_string();
        std::fs::write(dir.join(format!("{lesson}-half.sh")), export(&lesson, "shell", &["--step", &half])).unwrap();
    }
    let files = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let mut shellcheck = needs("shellcheck", "shellcheck");
    succeeds("shellcheck", &shellcheck.env("LC_ALL", "C.UTF-8").args(files).output().unwrap());
}

/// util-linux, coreutils and hostname; what a lesson looks with is its own.
#[test]
fn scripts_need_no_other_programs() {
    let known = "mount umount unshare nsenter pivot_root hostname kill mkdir rmdir rm mv ln chmod mknod sleep echo printf cd sh \
                 cp chroot findmnt set read wait stop show in_container start_container root= cat trap parent=$! if END done until pid= } [ :";
    for (lesson, _) in bundled() {
        let script = without_texts(&export(&lesson, "shell", &[]));
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.split_whitespace().filter(|word| !matches!(*word, "if" | "in_container" | "show"));
            let first = words.next().unwrap_or(":");
            let is_known =
                known.split_whitespace().any(|word| first == word || (word == "root=" && first.starts_with(word)));
            let is_looked_with = line.starts_with("show ");
            let defines = first.ends_with("()") || first.starts_with('"');
            assert!(is_known || is_looked_with || defines, "{lesson}: {line}");
        }
    }
}

/// A script without the files that it writes.
fn without_texts(script: &str) -> String {
    let mut inside = false;
    let keeps = |line: &&str| {
        let kept = !inside;
        inside = if inside { *line != "TEXT" } else { line.ends_with("<<'TEXT'") };
        kept
    };
    script.lines().filter(keeps).map(|line| format!("{line}\n")).collect()
}

/// What a shell cannot do is said where it would stand.
#[test]
fn what_has_no_shell_form_says_so() {
    let script = export("volumes", "shell", &[]);
    let line = script.lines().find(|line| line.contains("move_mount(")).unwrap();
    assert!(line.starts_with("# ") && line.contains("paths, not descriptors"), "{line}");
    let script = export("chroot-and-pivot", "shell", &["--lang", "zh-CN"]);
    assert!(
        script
            .lines()
            .any(|line| line.starts_with("# ") && line.contains("fchdir(old)") && line.contains("shell 写法"))
    );
}

/// An exported file is never overwritten, and a wrong step is wrong usage.
#[test]
fn a_file_is_never_overwritten() {
    let user = users()[0];
    let file = common::home(user).join("cwd").join("program.c");
    let save = |step: &str| {
        let args = ["export", "mount-ns", "--format", "c", "--step", step, "-o"];
        nslab(user).args(args).arg(&file).output().unwrap()
    };
    assert!(save("3").status.success());
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(first.contains("clone(") && !first.contains("chroot("), "{first}");
    let second = save("4");
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains("exists") && said.contains("program.c"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
    std::fs::remove_file(&file).unwrap();
    let wrong = save("99");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(!Path::new(&file).exists());
}
