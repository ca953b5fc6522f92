//! Mount points that are too long for their column, shortened so that no two look the same.

use super::glyphs::Glyphs;
use crate::mounts::elide;
use crate::wrap::cut;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// Each path in `width` cells; what would be the same for two different paths shows where they differ, and takes more
/// cells if it must.
pub fn apart(paths: &[String], width: usize, glyphs: Glyphs) -> Vec<String> {
    let mut out: Vec<String> = paths.iter().map(|path| elide(path, width, glyphs.is_ascii())).collect();
    let mut same: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, short) in out.iter().enumerate() {
        same.entry(short).or_default().push(index);
    }
    let unlike = |group: &[usize]| group.iter().any(|&index| paths[index] != paths[group[0]]);
    let groups: Vec<Vec<usize>> = same.into_values().filter(|group| unlike(group)).collect();
    for group in groups {
        for &index in &group {
            let others = group.iter().map(|&other| paths[other].as_str()).filter(|other| *other != paths[index]);
            out[index] = telling(&paths[index], others, width, glyphs);
        }
    }
    out
}

/// A path by the component in which it differs from others, or whole.
fn telling<'a>(path: &str, others: impl Iterator<Item = &'a str>, width: usize, glyphs: Glyphs) -> String {
    let parts = |path: &'a str| path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let own: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (mut at, mut length) = (usize::MAX, 0);
    for other in others.map(parts) {
        let Some(place) = (0..own.len()).find(|&place| other.get(place) != Some(&own[place])) else { continue };
        let there = other.get(place).copied().unwrap_or("");
        let common = own[place].chars().zip(there.chars()).take_while(|(a, b)| a == b).count();
        // The first component that tells it from all: later ones must differ too, so the earliest is no help.
        if at == usize::MAX || place > at {
            (at, length) = (place, common + 1);
        } else if place == at {
            length = length.max(common + 1);
        }
    }
    if at == usize::MAX {
        return path.into();
    }
    let sign = glyphs.elision();
    let part = own[at];
    let is_last = at + 1 == own.len();
    let tail = if is_last { String::new() } else { format!("/{}", own[own.len() - 1]) };
    // As much of the component as fits, and at least what tells it apart.
    let room = width.saturating_sub(sign.width() * 2 + 1 + tail.width());
    let shown: String = part.chars().take(length.max(4)).collect();
    let shown = if shown.width() < room { cut(part, room) } else { shown };
    let end = if shown.len() < part.len() { sign } else { "" };
    format!("{sign}/{shown}{end}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_containers_look_different() {
        let paths =
            ["e735ab99", "9ab1cd00", "9ab7cd00"].map(|id| format!("/var/lib/docker/overlay2/{id}ffffffff/merged"));
        let short = apart(&paths, 16, Glyphs::Ascii);
        assert_eq!(short, ["../e735../merged", "../9ab1../merged", "../9ab7../merged"]);
        assert!(short.iter().all(|text| text.width() == 16));
    }

    #[test]
    fn what_cannot_be_told_apart_in_the_width_gets_longer() {
        let paths = ["1", "2"].map(|end| format!("/run/user/a-very-long-name-of-a-directory-{end}"));
        let short = apart(&paths, 16, Glyphs::Ascii);
        assert_ne!(short[0], short[1], "{short:?}");
    }

    #[test]
    fn a_stack_is_not_told_apart() {
        let paths = ["/var/lib/docker/overlay2/e735/merged"; 2].map(String::from);
        let short = apart(&paths, 16, Glyphs::Ascii);
        assert_eq!(short[0], short[1]);
        assert_eq!(short[0], "/var/../merged");
    }
}
