//! The HTML books in a browser: with the keyboard, on a phone, on paper, without scripts.

use crate::browser::{Browser, browser};
use crate::common::{nslab, users};
use std::path::PathBuf;
use std::sync::OnceLock;

/// A book of a lesson that was performed once for all these tests.
fn book(lesson: &str, lang: &str) -> PathBuf {
    let folder = folder();
    let file = folder.join(format!("{lesson}.{lang}.html"));
    let output = nslab(users()[0])
        .args(["export", lesson, "--format", "html", "--lang", lang, "-o"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

fn folder() -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path().into()
}

/// What stands on the page that is shown.
fn here(browser: &mut Browser) -> String {
    browser
        .text("[...document.querySelectorAll('.page')].filter((p) => p.checkVisibility()).map((p) => p.id).join(' ')")
}

fn shows(browser: &mut Browser, selector: &str) -> bool {
    browser.is(&format!("document.querySelector('.page.here {selector}').checkVisibility()"))
}

#[test]
fn pictures() {
    let Some(mut browser) = browser("pictures") else { return };
    let file = book("mount-ns", "en");
    browser.size(1280, 1000);
    browser.open(&file, "#step-4");
    browser.tab_to("input");
    browser.key(" ");
    browser.tab_to(".reveal");
    browser.key("Enter");
    assert_eq!(here(&mut browser), "step-4");
    browser.picture("s4");
    for (size, scheme) in [((1280, 2600), "light"), ((1280, 2600), "dark"), ((390, 3400), "light")] {
        browser.media("screen", scheme);
        browser.size(size.0, size.1);
        browser.picture(&format!("{}-{scheme}", size.0));
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
