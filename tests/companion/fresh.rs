//! `docs/companion` is what the recordings, the lessons and the formats say now.

use crate::common::{nslab, users};
use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/companion");
const AGAIN: &str = "make the books anew: cargo run -- export --companion docs/companion";

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_books_are_current() {
    let made = tempfile::tempdir_in(crate::common::home(users()[0])).unwrap();
    let output = nslab(users()[0]).args(["export", "--companion"]).arg(made.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (wanted, kept) = (names(made.path()), names(Path::new(FOLDER)));
    assert_eq!(wanted.len(), 11 * 4 + 2, "eleven lessons in two formats and two languages, and the two indexes");
    for name in &wanted {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap_or_default();
        assert!(read(made.path()) == read(Path::new(FOLDER)), "docs/companion/{name} is old; {AGAIN}");
    }
    let extra: Vec<_> = kept.iter().filter(|name| !wanted.contains(*name) && !name.starts_with("claims.")).collect();
    assert!(extra.is_empty(), "docs/companion has what no lesson is: {extra:?}; remove it");
}

/// Whatever the pages lead to is there.
#[test]
fn links_lead_somewhere() {
    for page in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(Path::new(FOLDER).join(page)).unwrap();
        let links: Vec<&str> = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        assert!(links.len() > 44, "{page}: {links:?}");
        for link in links {
            assert!(Path::new(FOLDER).join(link).is_file(), "{page} leads to {link}, which is not there");
        }
    }
}
