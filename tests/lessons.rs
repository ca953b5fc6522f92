//! Every bundled lesson reads well in both languages and holds for every user.

mod common;

use common::{nslab, users};
use serde_json::Value;

/// Each lesson: its lints are silent, and every expectation of its steps and variants holds, as root and as a plain user.
#[test]
fn every_bundled_lesson_holds() {
    let list = nslab(users()[0]).args(["list", "--json"]).output().unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|lesson| lesson["id"].as_str().unwrap()).collect();
    assert!(ids.len() >= 3, "{ids:?}");
    for id in &ids {
        let check = nslab(users()[0]).args(["check", id]).output().unwrap();
        assert!(check.status.success() && check.stdout.is_empty(), "{id}: {}", String::from_utf8_lossy(&check.stdout));
        for user in users() {
            let verify = nslab(user).args(["verify", id]).output().unwrap();
            let text = String::from_utf8_lossy(&verify.stdout);
            assert!(verify.status.success(), "{id}, uid {user}: {text}{}", String::from_utf8_lossy(&verify.stderr));
        }
    }
}
