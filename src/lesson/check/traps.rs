//! Lints of lesson.yaml as YAML: what reads well and means something else.

use super::super::LessonError;
use super::place::Places;

/// Keys whose value is a line of text that somebody runs, types or compares.
const TEXTS: [&str; 11] = ["sh", "start", "text", "of", "has", "lacks", "is", "is-not", "host", "container", "data"];
/// Keys below which every item is such a line.
const LISTS: [&str; 2] = ["run", "type"];

pub fn check(places: &Places, found: &mut Vec<LessonError>) {
    // The key below which items stand, and its indent.
    let mut list: Option<(usize, String)> = None;
    for (number, line) in places.lines() {
        nothing(number, line, places, found);
        let indent = line.len() - line.trim_start().len();
        if list
            .as_ref()
            .is_some_and(|(depth, _)| indent < *depth || (indent == *depth && !line.trim().starts_with('-')))
        {
            list = None;
        }
        let mut rest = line.trim_start();
        let mut is_item = false;
        while let Some(inner) = rest.strip_prefix("- ") {
            rest = inner.trim_start();
            is_item = true;
        }
        let key = rest.split_once(':').map(|(key, _)| key.trim());
        if let Some(key) = key.filter(|key| LISTS.contains(key)) {
            list = Some((indent, key.into()));
            continue;
        }
        let is_text = key.is_some_and(|key| TEXTS.contains(&key));
        let is_line = is_item && list.is_some() && key.is_none();
        let value = if is_text { rest.split_once(':').map_or("", |(_, value)| value.trim_start()) } else { rest };
        if (is_text || is_line)
            && !value.starts_with(['"', '\'', '{', '[', '|', '>', '#'])
            && let Some(at) = value.find(" #")
        {
            let column = line.chars().count() - value[at + 1..].chars().count() + 1;
            let what =
                "what follows # is a comment, not text; put the whole text in quotes, or the comment on its own line";
            found.push(places.spot(number, column, what.into()));
        }
    }
}

/// `is: null` is no text: the condition would ask nothing.
fn nothing(number: usize, line: &str, places: &Places, found: &mut Vec<LessonError>) {
    let code = line.split(" #").next().unwrap_or(line);
    let words: Vec<&str> = code.split_inclusive([' ', ',']).collect();
    let mut column = 1;
    for pair in words.windows(2) {
        column += pair[0].chars().count();
        let is_text = pair[0].trim_end().strip_suffix(':').is_some_and(|key| TEXTS.contains(&key));
        let value = pair[1].trim_end_matches([' ', ',', '}']);
        if is_text && (value == "null" || value == "~") {
            found.push(places.spot(
                number,
                column,
                format!("{value} means nothing at all here; put the text in quotes"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::load::SourceFile;
    use super::*;

    #[test]
    fn a_comment_in_the_place_of_text() {
        let found = |text: &str| {
            let mut found = Vec::new();
            check(&Places::new(&SourceFile { path: "x".into(), text: text.into() }), &mut found);
            found.iter().map(|error| error.to_string().lines().next().unwrap().to_string()).collect::<Vec<_>>()
        };
        for (text, place) in [
            ("run:\n  - ls / # root\n", "x:2:10:"),
            ("- sh: echo 1 # 2\n", "x:1:14:"),
            ("type:\n  - echo $# # all\n", "x:2:13:"),
            ("  - container: umount /proc # first\n", "x:1:29:"),
            ("- { says: { output: { of: x, is: null } } }\n", "x:1:34:"),
            ("- has: ~\n", "x:1:8:"),
        ] {
            let found = found(text);
            assert!(found.len() == 1 && found[0].starts_with(place), "{text}: {found:?}");
        }
        for text in [
            "run: # what is run\n  - ls /\n",
            "minutes: 3 # about\n",
            "- sh: \"echo # 2\"\n",
            "- id: x # the first\n",
            "run:\n  - echo a#b\nsteps: # all\n",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
