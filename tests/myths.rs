//! `nslab myths`: the claims of popular posts, and the page that is made of them.

mod common;

use common::{nslab, users};
use serde_json::Value;

fn myths(args: &[&str]) -> (i32, String, String) {
    let output = nslab(users()[0]).arg("myths").args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The companion pages are what the claims and the lessons say now.
#[test]
fn the_companion_pages_are_current() {
    for lang in ["en", "zh-CN"] {
        let path = format!("docs/companion/claims.{lang}.md");
        let page = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (status, made, _) = myths(&["--markdown", "--lang", lang]);
        assert_eq!(status, 0);
        assert!(made == page, "{path} is old; write it anew: nslab myths --markdown --lang {lang} > {path}");
    }
}

/// Every claim has a verdict and a command, and the command's step is there.
#[test]
fn every_claim_has_a_command() {
    let list = nslab(users()[0]).args(["list", "--json"]).output().unwrap();
    let lessons: Value = serde_json::from_slice(&list.stdout).unwrap();
    let (_, out, _) = myths(&["--json"]);
    let claims: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(claims.as_array().unwrap().len(), 21);
    for claim in claims.as_array().unwrap() {
        assert!(["true", "half", "false", "outdated"].contains(&claim["verdict"].as_str().unwrap()), "{claim}");
        let step = &claim["steps"][0];
        let lesson = lessons.as_array().unwrap().iter().find(|lesson| lesson["id"] == step["lesson"]).unwrap();
        assert!((1..=lesson["steps"].as_u64().unwrap()).contains(&step["step"].as_u64().unwrap()), "{claim}");
        let command = format!("nslab lesson {} --step {}", step["lesson"].as_str().unwrap(), step["step"]);
        assert_eq!((claim["command"].as_str(), step["command"].as_str()), (Some(&*command), Some(&*command)));
    }
    let leak = claims.as_array().unwrap().iter().find(|claim| claim["id"] == "child-mounts-stay-inside").unwrap();
    assert_eq!(leak["command"], "nslab lesson mount-ns --step 4");
}

/// One claim, by id or number, tells every step that shows it; one that is not there is wrong input.
#[test]
fn one_claim_in_full() {
    let (status, by_number, _) = myths(&["2"]);
    let (_, by_id, _) = myths(&["child-mounts-stay-inside"]);
    assert_eq!((status, &by_number), (0, &by_id));
    assert!(by_id.contains("mount-ns --step 4") && by_id.contains("propagation --step 2"), "{by_id}");
    assert!(!myths(&[]).1.contains("propagation --step 2"));
    for (name, says) in
        [("child-mount-stay-inside", "did you mean child-mounts-stay-inside?"), ("99", "1 to 21"), ("0", "1 to 21")]
    {
        let (status, out, err) = myths(&[name]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(says), "{err}");
    }
}

/// On a terminal no line is wider than it, in either language; for a pipe lines are not broken.
#[test]
fn it_fits_the_terminal() {
    for lang in ["en", "zh-CN"] {
        let terminal = common::terminal::Terminal::open(users()[0], 40, 60, &["myths", "--lang", lang]);
        terminal.wait("nslab myths ");
        let raw = terminal.raw.clone();
        assert_eq!(terminal.end(), 0);
        let text = String::from_utf8(raw.lock().unwrap().clone()).unwrap();
        let widest = |text: &str| text.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap();
        assert!((50..=60).contains(&widest(&text)), "{text}");
        assert!(text.lines().count() > 80, "{text}");
        assert!(widest(&myths(&["--lang", lang]).1) > 100);
    }
}
