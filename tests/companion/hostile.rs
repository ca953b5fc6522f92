//! A recording from anybody: whatever names, output and words are in it, the book shows them as text.

use crate::browser::browser;
use crate::common::{home, nslab, users};
use serde_json::json;
use std::path::PathBuf;

const MARKUP: &str =
    "</script></style><img src=x onerror=alert(1)><script>window.pwned=1</script>{{script}}&amp;\"'><b id=pwned>`";
const ESCAPES: &str = "\u{1b}]0;pwned\u{7}\u{1b}[31m\u{9b}2J\u{202e}";

/// A recording with markup and escapes wherever a recording says something, and what a format makes of it.
fn exported(format: &str, name: &str) -> PathBuf {
    let user = users()[0];
    let folder = home(user).join("cwd");
    let recording = folder.join(format!("{name}.jsonl"));
    let hostile = format!("{MARKUP}{ESCAPES}");
    let yaml = "format: 1\nid: evil\nminutes: 1\nsteps:\n  - id: one\n    minutes: 1\n    predict: { ask: errno, options: [ok, EPERM] }\n    rounds:\n      - do: [{ mkdir: { path: /lab/x } }]\n    break:\n      - id: v\n        rounds:\n          - do: [{ mkdir: { path: /lab/y } }]\n    task:\n      until:\n        - now: { file: { side: outside, path: /lab/x } }\n      solution:\n        - host: mkdir /lab/x\n";
    let words = format!(
        "# {MARKUP}\n\n{hostile}\n\n[link](javascript:alert(1)) ![x](http://127.0.0.1:9/x.png) <http://127.0.0.1:9/>\n\n## one · {MARKUP}\n\n{hostile}\n\n~~~\n```{MARKUP}\n{hostile}\n```\n\n### predict\n{hostile}\n\n- {hostile}\n- {hostile}\n\n### if 2\n{hostile}\n\n### see\n{hostile}\n\n### hint\n{hostile}\n\n### break v\n{hostile}\n\n{hostile}\n\n### task\n{hostile}\n\n- {hostile}\n\n### done\n{hostile}\n\n## after · {MARKUP}\n\n{hostile}\n"
    );
    let row = |number: u8, path: &str| {
        format!("{number} 1 0:7 / {} rw shared:1 - {} {} rw", octal(path), octal(MARKUP), octal(&hostile))
    };
    let facts = json!({
        "namespaces": [["mnt", 1]], "hostname": hostile, "root": "/", "pid_outside": 1, "pid_inside": 1, "pid_host": 1, "program": hostile,
    });
    let record = json!({
        "before": { "outside": 0, "inside": 0 }, "after": { "outside": 1, "inside": 1 }, "actor": "host",
        "calls": [{ "call": { "mkdir": { "path": hostile, "mode": 493 } }, "result": { "errno": "EPERM" }, "micros": 1 }],
        "commands": [{ "line": hostile, "output": format!("{hostile}\n{hostile}"), "status": 0, "typed": false }],
    });
    let both = json!({ "question": hostile, "options": [hostile, hostile] });
    let lines = [
        json!({ "event": "recording", "format": 1, "nslab": "0.1.0", "lesson": "evil", "host": "tidy", "lab": "/lab",
            "kernel": "6.18<b>", "user": "root", "date": 0 }),
        json!({ "event": "lesson", "yaml": { "path": "lesson.yaml", "text": yaml },
            "words": { "en": { "path": "en.md", "text": words }, "zh-CN": { "path": "zh-CN.md", "text": words } } }),
        json!({ "event": "state", "id": 0, "table": [row(1, "/")], "facts": facts }),
        json!({ "event": "state", "id": 1, "table": [row(1, "/"), row(2, &format!("/{hostile}"))], "facts": facts }),
        json!({ "event": "prepared", "record": record }),
        json!({ "event": "round", "step": "one", "round": 0, "record": record }),
        json!({ "event": "prediction", "step": "one", "question": { "ask": "errno", "options": ["ok", "EPERM"] },
            "words": { "en": both, "zh-CN": both }, "held": { "option": 0 }, "chose": { "one": 1 } }),
        json!({ "event": "variant", "step": "one", "variant": "v", "rounds": [record] }),
        json!({ "event": "solved", "step": "one", "begun": record, "solved": record }),
        json!({ "event": "hand", "step": "one", "record": record }),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&recording, text).unwrap();
    let output =
        nslab(user).args(["export"]).arg(&recording).args(["--lang", "en", "--format", format]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = folder.join(format!("{name}.{format}"));
    std::fs::write(&file, output.stdout).unwrap();
    file
}

/// As the kernel writes what would end a field.
fn octal(text: &str) -> String {
    text.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('\n', "\\012")
}

#[test]
fn nothing_steers_a_terminal() {
    for format in ["html", "markdown"] {
        let text = std::fs::read_to_string(exported(format, "terminal")).unwrap();
        let steers = |character: &char| character.is_control() && *character != '\n' || *character == '\u{202e}';
        assert_eq!(text.chars().find(steers), None, "{format}");
        assert!(text.contains("\\x1b]0;pwned"), "{format}: it is shown");
    }
}

/// Read as Markdown (with HTML passed through), the book has no element but its own.
#[test]
fn markdown_stays_text() {
    let text = std::fs::read_to_string(exported("markdown", "text")).unwrap();
    let mut shown = String::new();
    for event in pulldown_cmark::Parser::new_ext(&text, pulldown_cmark::Options::all()) {
        use pulldown_cmark::{Event, Tag};
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("{html}"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => panic!("{dest_url}"),
            Event::Text(text) => shown.push_str(&text),
            Event::Code(code) => shown.push_str(&code),
            _ => {}
        }
    }
    assert!(shown.matches("<img src=x onerror").count() > 30, "{}", shown.matches("<img").count());
}

#[test]
fn a_page_stays_text() {
    let Some(mut browser) = browser("a_page_stays_text") else { return };
    browser.size(390, 900);
    browser.open(&exported("html", "page"), "#step-1");
    browser.eval("document.querySelectorAll('details').forEach((d) => { d.open = true; })");
    assert!(browser.is("window.pwned === undefined && document.getElementById('pwned') === null"));
    assert_eq!(browser.eval("document.querySelectorAll('img, b, iframe, object').length"), json!(0));
    assert_eq!(browser.eval("document.querySelectorAll('script, style').length"), json!(2));
    assert_eq!(
        browser.eval("[...document.links].filter((a) => !a.getAttribute('href').startsWith('#')).length"),
        json!(0)
    );
    let shown = browser.eval("document.body.textContent.split('<img src=x onerror').length").as_u64().unwrap();
    assert!(shown > 30, "{shown}");
    assert_eq!(crate::pages::too_wide(&mut browser), "");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Where something gets through all the same, the page's policy stops it.
#[test]
fn the_policy_holds() {
    let Some(mut browser) = browser("the_policy_holds") else { return };
    browser.open(&exported("html", "policy"), "");
    let add = "(() => { const script = document.createElement('script'); script.textContent = 'window.pwned = 1';
        document.body.append(script); const image = new Image(); image.src = 'http://127.0.0.1:9/x.png';
        document.body.append(image); return true; })()";
    assert!(browser.is(add));
    assert!(browser.is("window.pwned === undefined"));
    browser.eval("new Promise((done) => setTimeout(() => done(0), 200))");
    let told = browser.complaints();
    assert!(told.iter().any(|what| what.contains("Content Security Policy")), "{told:?}");
}
