//! Popular claims on which lessons bear: `lessons/claims.yaml`. What shows a claim is found from the `claim:` of
//! expectations, so that no command is written down twice.

use super::Lesson;
use super::error::nearest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What posts say, and what happens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub id: String,
    pub verdict: Verdict,
    en: ClaimText,
    #[serde(rename = "zh-CN")]
    zh: ClaimText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    True,
    /// True under a condition, or for another reason.
    Half,
    False,
    /// It was true.
    Outdated,
}

/// The words in one language. Markdown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimText {
    pub claim: String,
    pub fact: String,
}

impl Claim {
    pub fn text(&self, lang: &str) -> &ClaimText {
        if lang == "zh-CN" { &self.zh } else { &self.en }
    }
}

/// All claims, in the order in which posts make them.
pub fn claims() -> &'static [Claim] {
    static CLAIMS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
        let text = include_str!("../../lessons/claims.yaml");
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("lessons/claims.yaml: {error}"))
    });
    &CLAIMS
}

/// A claim's place in the list, by its id.
///
/// # Errors
/// Words that say that there is none, and which one was probably meant.
pub fn claim(id: &str) -> Result<usize, String> {
    claims().iter().position(|claim| claim.id == id).ok_or_else(|| {
        let near = nearest(id, claims().iter().map(|claim| claim.id.as_str()));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        format!("there is no claim {id}{near}; nslab myths shows them all")
    })
}

/// A step that shows a claim: the lesson's place among the given ones, and the step's (from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Showing {
    pub lesson: usize,
    pub step: usize,
}

/// By claim, the steps that show it, in the order of the lessons. Variants do not count: they take a second key.
pub fn showings(lessons: &[Lesson]) -> BTreeMap<&str, Vec<Showing>> {
    let mut found: BTreeMap<&str, Vec<Showing>> = BTreeMap::new();
    for (lesson, content) in lessons.iter().enumerate() {
        for (step, content) in content.steps.iter().enumerate() {
            for id in content.rounds.iter().flat_map(|round| &round.expect).filter_map(|expect| expect.claim.as_deref())
            {
                let showing = Showing { lesson, step };
                let all = found.entry(id).or_default();
                if all.last() != Some(&showing) {
                    all.push(showing);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{bundled, open};

    /// The claims that nslab promises to answer. One that is taken out of the catalogue is missed here.
    const IDS: [&str; 21] = [
        "child-shares-file-system",
        "child-mounts-stay-inside",
        "user-namespace-leaks-as-well",
        "new-pid-namespace-hides-processes",
        "old-proc-is-gone",
        "chroot-mounts-a-directory",
        "chroot-hides-host-mounts",
        "chroot-isolates",
        "pivot-root-isolates",
        "image-holds-an-operating-system",
        "mount-namespaces-came-first",
        "improved-from-chroot",
        "volumes-without-namespaces",
        "volume-between-rootfs-and-chroot",
        "volume-must-be-bound-inside",
        "docker-order",
        "execv-makes-pid-1",
        "volume-in-writable-layer",
        "commit-and-volumes",
        "init-layer-stores-etc-files",
        "new-volume-is-empty",
    ];

    #[test]
    fn the_catalogue_is_whole() {
        assert_eq!(claims().iter().map(|claim| claim.id.as_str()).collect::<Vec<_>>(), IDS);
    }

    /// Every claim has an expectation in a step itself.
    #[test]
    fn every_claim_is_shown() {
        let lessons: Vec<Lesson> = bundled().iter().map(|name| open(name).unwrap()).collect();
        let shown = showings(&lessons);
        for claim in claims() {
            assert!(shown.contains_key(claim.id.as_str()), "no step of a lesson shows {}", claim.id);
        }
    }

    /// Both languages speak of the same code and the same numbers.
    #[test]
    fn languages_match() {
        let spans = |text: &ClaimText| {
            let both = format!("{} {}", text.claim, text.fact);
            let mut spans: Vec<String> = both.split('`').skip(1).step_by(2).map(str::to_string).collect();
            let words = both.split(|c: char| !c.is_ascii_digit() && c != '.');
            spans.extend(words.map(|word| word.trim_matches('.')).filter(|word| !word.is_empty()).map(str::to_string));
            spans.sort();
            spans.dedup();
            spans
        };
        for claim in claims() {
            assert_eq!(spans(&claim.en), spans(&claim.zh), "{}", claim.id);
        }
    }
}
