use super::*;
use crate::lesson::{bundled, open};

/// Every call of a lesson stands on a line of each program, under its own step, and no other does.
#[test]
fn every_call_has_its_line() {
    for name in bundled() {
        let lesson = open(&name).unwrap();
        for language in [Language::C, Language::Shell, Language::Rust] {
            let lines = listing(&lesson, lesson.steps.len(), language, Lang::En);
            for (step, id, rounds) in script::parts(&lesson, lesson.steps.len()) {
                let wanted: usize =
                    rounds.iter().flat_map(|round| &round.does).map(|operation| lower(operation).len()).sum();
                let here = lines.iter().filter(|line| line.step == Some(step));
                let mut found: Vec<usize> = here.flat_map(|line| line.calls.clone()).collect();
                found.sort_unstable();
                // In a script two calls may be one line: chroot, and chdir to the new root.
                assert_eq!(found, (0..wanted).collect::<Vec<_>>(), "{name}, {id}, {language:?}");
            }
        }
    }
}

#[test]
fn a_part_of_a_lesson_stops_there() {
    let lesson = open("mount-ns").unwrap();
    for language in [Language::C, Language::Shell, Language::Rust] {
        let whole = listing(&lesson, 4, language, Lang::En);
        assert!(whole.iter().any(|line| line.text.contains("Steps 1 to 4 of 14")));
        assert!(whole.iter().filter_map(|line| line.step).max() == Some(4), "{language:?}");
    }
}

/// A container that acts alone needs no turns; where the host acts as well, each waits for the other.
#[test]
fn turns_are_taken_only_where_both_act() {
    let has = |lesson: &str, language| {
        let lesson = open(lesson).unwrap();
        let lines = listing(&lesson, lesson.steps.len(), language, Lang::En);
        lines.iter().any(|line| line.text.contains("take_turn("))
    };
    for language in [Language::C, Language::Rust] {
        assert!(!has("mount-ns", language) && !has("chroot-and-pivot", language));
        assert!(has("propagation", language) && has("volumes", language));
    }
}

#[test]
fn long_calls_break_between_arguments_only() {
    let text = format!("mount(\"{}, b\", \"{}\", NULL)", "a".repeat(60), "c".repeat(40));
    let broken = folded(&text, 4);
    let lines: Vec<&str> = broken.split("\n        ").collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with(", b\",") && lines[1].starts_with("\"ccc"), "{broken}");
    assert_eq!(folded("short(a, b)", 4), "short(a, b)");
}

#[test]
fn words_for_a_shell_are_quoted_where_they_must_be() {
    assert_eq!(shell_word("/lab/a-b.c"), "/lab/a-b.c");
    assert_eq!(shell_word("{{.Mounts}}"), "'{{.Mounts}}'");
    assert_eq!(shell_word("it's"), r"'it'\''s'");
    assert_eq!(shell_word(""), "''");
}
