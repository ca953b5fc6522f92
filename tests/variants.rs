//! Variants that ask before they run: judged by `verify`, and told in words.

mod common;

use common::{nslab, users};
use serde_json::Value;

fn run(args: &[&str]) -> (i32, String, String) {
    let output = nslab(users()[0]).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A variant's question is judged by all that the variant does, and must have an answer too.
#[test]
fn verify_judges_the_question_of_a_variant() {
    let dir = common::place().join("variant-question");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("en.md"), "# Question\n").unwrap();
    for (question, wanted, answer) in [
        ("{ ask: errno, options: [ok, EEXIST] }", 0, serde_json::json!(2)),
        ("{ ask: errno, options: [ok, ENOENT] }", 1, Value::Null),
        (
            "{ ask: claims, options: [[{ file: { side: outside, path: /lab/x, exists: false } }], [{ file: { side: outside, path: /lab/x, exists: true } }]] }",
            0,
            serde_json::json!(2),
        ),
    ] {
        let lesson = format!(
            "format: 1\nid: asks\nminutes: 1\nsteps:\n  - id: a\n    minutes: 1\n    rounds:\n      - do: [{{ mkdir: {{ path: /lab/y }} }}]\n    break:\n      - id: twice\n        predict: {question}\n        rounds:\n          - do: [{{ mkdir: {{ path: /lab/x }} }}]\n          - do: [{{ mkdir: {{ path: /lab/x }} }}]\n            expect: [{{ says: {{ errno: EEXIST }} }}]\n"
        );
        std::fs::write(dir.join("lesson.yaml"), lesson).unwrap();
        let (status, out, err) = run(&["verify", dir.to_str().unwrap(), "--json"]);
        assert_eq!(status, wanted, "{question}: {out}{err}");
        let events = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let variant = events.into_iter().find(|event| event["event"] == "variant").unwrap();
        assert_eq!(variant["question"]["answer"], answer, "{question}");
    }
}

/// In words, a variant asks first, then tells what the kernel did and what is said to the guess.
#[test]
fn a_variant_asks_in_words() {
    use std::io::Write;
    for user in users() {
        let mut command = nslab(user);
        command.args(["lesson", "mount-ns", "--plain", "--step", "2"]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"break 2\n\n9\n2\n\nquit\n").unwrap();
        let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let mut rest = text.as_str();
        for part in [
            "Broken on purpose. What if CLONE_FS",
            "Next, on the practice host: clone(",
            "Question. What does clone answer?\n1. EINVAL\n2. ok\n3. EPERM\n",
            "one number, 1 to 3",
            "one number, 1 to 3",
            "= -1 EINVAL",
            "You: ok. Kernel: EINVAL.\nThe kernel looks at the flags first",
            "Rebuilt as before step 2",
        ] {
            let at = rest.find(part).unwrap_or_else(|| panic!("uid {user}: no {part:?} in its place in:\n{text}"));
            rest = &rest[at + part.len()..];
        }
        assert_eq!(text.matches("Broken on purpose").count(), 1, "{text}");
    }
}
