//! `nslab export` of books: what is in them, from where, and what it refuses.

use crate::common::{home, nslab, users};

fn export(user: u32, args: &[&str]) -> (i32, String, String) {
    let output = nslab(user).arg("export").args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn book(args: &[&str]) -> String {
    let (status, text, error) = export(users()[0], args);
    assert_eq!((status, error.as_str()), (0, ""), "{args:?}");
    text
}

/// The texts stand in this order.
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing, or stands before its turn:\n{rest}"));
        rest = &rest[at + part.len()..];
    }
}

/// A step: words, what will be done, the question and its options; only then the answer, the calls with flags in words,
/// both tables with their marks, variants with errno and cause, the task with its solution.
#[test]
fn markdown_tells_a_step_in_order() {
    let text = book(&["mount-ns", "--format", "markdown", "--lang", "en"]);
    in_order(
        &text,
        &[
            "# What a container sees: mount namespaces\n",
            "14 steps",
            "## 2. A copy of the table",
            "### What if `CLONE_FS` is added",
            "= -1 EINVAL\n",
            "- `EINVAL`: Invalid argument",
            "The kernel refuses the pair of flags.",
            "## 8. A fresh /proc",
            "What is done: container, pid 1",
            "### Predict",
            "3. one more than before\n4. not sure\n",
            "**Kernel: one more than before.**",
            "- To \"0\": A mount never removes a row.",
            "mount(\"proc\", \"/proc\", \"proc\", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL) = 0\n",
            "- `MS_NOSUID`: no set-uid through this mount\n",
            "$ ps\n",
            "Outside: practice host, hostname lab-host. 7 rows: none changed\n\nInside: container, hostname box. 8 rows: 1 added, 1 covered\n",
            "  change   mount point  type    source  propagation\n",
            "  added    /proc        proc    proc    private\n             covers the /proc below\n",
            "  covered  /proc        proc    proc    private\n             covered: no path leads here\n",
            "### Task",
            "- [ ] once: /proc inside is the host's proc",
            "#### Tips",
            "#### Solution",
            "$ umount /proc",
            "## The whole lesson as a program",
            "static int container(void *arg)",
        ],
    );
    assert!(text.lines().all(|line| !line.contains('<') || line.starts_with("#include") || line.contains("1 << 20")));
    let chinese = book(&["mount-ns", "--format", "markdown", "--lang", "zh-CN"]);
    in_order(
        &chinese,
        &["## 8. ", "### 预测", "内核的结果：", "  新增    /proc ", "  被遮住  /proc ", "### 练习", "#### 解法"],
    );
}

/// The layers of an overlay stand side by side.
#[test]
fn layers_are_in_the_book() {
    let text = book(&["image-layers", "--format", "markdown", "--lang", "en"]);
    in_order(&text, &["## 3. ", "[ ]=shown  base", "srv/big", "+[file 64K]", "~file 64K"]);
    let html = book(&["image-layers", "--format", "html", "--lang", "en"]);
    in_order(&html, &["<table class=\"layers\">", "<code>srv/big</code>", "<strong>new</strong>"]);
}

/// A worksheet asks and does not answer: nothing that was found out stands in it, in no language and no format.
#[test]
fn a_worksheet_has_no_answers() {
    for lang in ["en", "zh-CN"] {
        for (format, room) in [("markdown", "\n...................."), ("html", "<textarea")] {
            let text = book(&["mount-ns", "--format", format, "--worksheet", "--lang", lang]);
            // The page's own script is about answers in general.
            let text = text.split("<script>").next().unwrap();
            assert!(text.matches(room).count() > 40, "{format} {lang}");
            assert!(text.contains("CLONE_NEWUTS|CLONE_NEWPID|CLONE_NEWNS|SIGCHLD"), "what will be done");
            for answer in
                [" = 0", "EINVAL", "Kernel: ", "内核的结果", "covers the", "umount /proc; ps", "shared:8", "static int"]
            {
                assert!(!text.contains(answer), "{format} {lang}: {answer}");
            }
        }
    }
    // Whoever points at a row needs the rows.
    let text = book(&["mount-ns", "--format", "markdown", "--worksheet", "--lang", "en"]);
    in_order(&text, &["Which row answers for the path", "- [ ] /lab  tmpfs"]);
}

/// A book of a recording in a file, and of a student's part of a lesson: steps that were not done say so.
#[test]
fn a_book_of_a_file() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/lessons/incident-busy/recording.jsonl");
    let (of_file, of_name) = (book(&[recording, "--format", "html"]), book(&["incident-busy", "--format", "html"]));
    assert!(of_file == of_name);
    let file = home(users()[0]).join("cwd/part.jsonl");
    let part: String = std::fs::read_to_string(recording)
        .unwrap()
        .split_inclusive('\n')
        .take_while(|line| !line.contains("\"event\":\"round\""))
        .collect();
    std::fs::write(&file, part).unwrap();
    let text = book(&[file.to_str().unwrap(), "--format", "markdown", "--lang", "en"]);
    assert!(text.contains("This step was not performed in this recording."), "{text}");
}

/// A lesson of one's own is performed, as root and as a plain user.
#[test]
fn a_lesson_of_ones_own() {
    for user in users() {
        let made = nslab(user).args(["new", "mine", "--lang", "en"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (status, text, error) = export(user, &["./mine", "--format", "markdown", "--lang", "en"]);
        assert_eq!(status, 0, "{error}");
        in_order(&text, &["## 1. ", "### What ran", " = 0\n", "Outside: practice host, hostname lab-host."]);
    }
}

/// Files that are there stay as they are; what does not go together, or is not there, is wrong usage.
#[test]
fn what_is_refused() {
    let user = users()[0];
    let file = home(user).join("cwd/there.html");
    std::fs::write(&file, "mine").unwrap();
    let name = file.to_str().unwrap();
    for (args, says) in [
        (&["mount-ns", "--format", "html", "-o", name][..], "exists; name another file"),
        (&["mount-ns", "--format", "c", "--worksheet"], "a worksheet is of a whole lesson"),
        (&["mount-ns", "--format", "html", "--step", "2"], "--step of a program"),
        (&["mount-ns"], "--format"),
        (&["no-such-lesson", "--format", "html"], "no-such-lesson"),
        (&["no-such.jsonl", "--format", "html"], "no-such.jsonl"),
        (&["mount-ns", "--companion", "."], "--companion"),
    ] {
        let (status, out, error) = export(user, &[args, &["--lang", "en"]].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}: {error}");
        assert!(error.contains(says), "{args:?}: {error}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let (status, _, error) = export(user, &["--companion", "no-such-folder", "--lang", "en"]);
    assert_eq!(status, 3, "{error}");
    assert!(error.contains("write no-such-folder/"), "{error}");
}
