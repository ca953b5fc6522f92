//! `nslab mounts` with its views.

mod common;

use common::{nslab, users};

fn run(args: &[&str]) -> (i32, String) {
    let output = nslab(users()[0]).args(args).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Peer groups as letters: who is peer of whom, who receives, and where a mount arrives.
#[test]
fn propagation_is_shown_in_letters() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mountinfo");
    let text = "1 9 0:9 / / rw shared:31 - tmpfs x rw\n\
                2 1 0:9 / /copy rw shared:31 - tmpfs x rw\n\
                3 1 0:9 / /down rw master:31 - tmpfs x rw\n\
                4 1 0:9 / /own rw - tmpfs x rw\n";
    std::fs::write(&file, text).unwrap();
    let (status, out) = run(&["mounts", "--propagation", "--file", file.to_str().unwrap()]);
    assert_eq!(status, 0);
    assert_eq!(
        out,
        "OF    MOUNT POINT  TIES     REACHES\n\
         file  /            A        /copy /down\n\
         file  /copy        A        / /down\n\
         file  /down        <- A\n\
         file  /own         private\n"
    );
    let me = std::process::id().to_string();
    let (status, out) = run(&["mounts", "--propagation", &me, "--with", &me]);
    assert_eq!(status, 0);
    let root = out.lines().nth(1).unwrap();
    assert!(root.starts_with(&me) && root.contains(" / "), "{root}");
    assert_eq!(run(&["mounts", "--with", &me]).0, 2, "--with needs --propagation");
}
