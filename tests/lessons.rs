//! Every bundled lesson reads well in both languages and holds for every user.

mod common;

use common::{nslab, users};
use serde_json::Value;

#[test]
fn the_lints_of_every_bundled_lesson_are_silent() {
    let check = nslab(users()[0]).arg("check").output().unwrap();
    let text = [&check.stdout[..], &check.stderr].map(String::from_utf8_lossy).concat();
    // Nothing is found, and nothing was left out.
    assert!(check.status.success() && text.is_empty(), "{text}");
}

/// Every expectation of each lesson's steps, variants and tasks, as root and as a plain user.
#[test]
fn every_bundled_lesson_holds() {
    let list = nslab(users()[0]).args(["list", "--json"]).output().unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|lesson| lesson["id"].as_str().unwrap()).collect();
    assert!(ids.len() >= 3, "{ids:?}");
    std::thread::scope(|scope| {
        let ids = &ids;
        for user in users() {
            scope.spawn(move || all_hold(user, ids));
        }
    });
}

fn all_hold(user: u32, ids: &[&str]) {
    let verify = nslab(user).args(["verify", "--json"]).output().unwrap();
    let text = String::from_utf8_lossy(&verify.stdout);
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ends: Vec<Value> = events.filter(|event| event["event"] == "end").collect();
    let held: Vec<&str> =
        ends.iter().filter(|end| end["held"] == true).map(|end| end["lesson"].as_str().unwrap()).collect();
    let failed = || text.lines().filter(|line| line.contains("\"held\":false")).collect::<Vec<_>>().join("\n");
    assert_eq!(held, ids, "uid {user}: {}{}", failed(), String::from_utf8_lossy(&verify.stderr));
    assert!(verify.status.success(), "uid {user}");
}
