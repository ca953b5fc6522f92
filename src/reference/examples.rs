//! One example of everything that a lesson can name, to paste. `tests/authors.rs` performs each of them.

/// What an example is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Operation,
    Expectation,
    Condition,
    Prediction,
    Command,
    Task,
    Part,
}

pub struct Example {
    pub kind: Kind,
    pub name: &'static str,
    pub yaml: &'static str,
    /// Rounds that come before it. An operation's ends with who acts; the last round of an expectation is what it is
    /// about; a question's rounds before `---` are the lesson's `prepare`.
    pub setup: &'static str,
}

const fn operation(name: &'static str, setup: &'static str, yaml: &'static str) -> Example {
    Example { kind: Kind::Operation, name, yaml, setup }
}

const fn condition(name: &'static str, setup: &'static str, yaml: &'static str) -> Example {
    Example { kind: Kind::Condition, name, yaml, setup }
}

const fn prediction(name: &'static str, setup: &'static str, yaml: &'static str) -> Example {
    Example { kind: Kind::Prediction, name, yaml, setup }
}

const fn part(kind: Kind, name: &'static str, yaml: &'static str) -> Example {
    Example { kind, name, yaml, setup: "" }
}

macro_rules! cloned {
    ($rest:literal) => {
        concat!("- do: [{ mkdir: { path: /lab/data } }, { clone: { new: [mnt, pid, uts] } }]\n", $rest)
    };
}

pub const EXAMPLES: &[Example] = &[
    operation("clone", "- actor: host", "- clone: { new: [mnt, pid, uts] }"),
    operation("unshare", cloned!("- actor: container"), "- unshare: [uts]"),
    operation(
        "setns",
        cloned!("- actor: container\n  do: [{ open: { path: /proc/self/ns/uts, fd: own } }]\n- actor: container"),
        "- setns: { fd: own, kind: [uts] }",
    ),
    operation(
        "id-map",
        "- do: [{ clone: { new: [user, mnt, pid, uts] } }]\n- actor: host",
        "- id-map: { uid: \"0 0 1\", gid: \"0 0 1\", deny-setgroups: true }",
    ),
    operation(
        "mount",
        cloned!("- actor: container"),
        "- mount: { type: tmpfs, on: /lab/data, flags: [nosuid, nodev] }",
    ),
    operation(
        "umount",
        "- do: [{ mkdir: { path: /lab/data } }, { mount: { type: tmpfs, on: /lab/data } }]\n- actor: host",
        "- umount: { target: /lab/data }",
    ),
    operation(
        "bind",
        "- do: [{ mkdir: { path: /lab/from } }, { mkdir: { path: /lab/to } }]\n- actor: host",
        "- bind: { from: /lab/from, to: /lab/to, recursive: true }",
    ),
    operation(
        "remount",
        "- do: [{ mkdir: { path: /lab/data } }, { bind: { from: /lab/data, to: /lab/data } }]\n- actor: host",
        "- remount: { on: /lab/data, flags: [ro], bind: true }",
    ),
    operation(
        "set-attr",
        "- do: [{ mkdir: { path: /lab/data } }, { bind: { from: /lab/data, to: /lab/data } }]\n- actor: host",
        "- set-attr: { on: /lab/data, set: [ro, nosuid], recursive: true }",
    ),
    operation(
        "open-tree",
        "- do: [{ mkdir: { path: /lab/data } }]\n- actor: host",
        "- open-tree: { path: /lab/data, fd: copy, flags: [clone, cloexec] }",
    ),
    operation(
        "move-mount",
        "- do: [{ mkdir: { path: /lab/data } }, { open-tree: { path: /lab/data, fd: copy, flags: [clone, cloexec] } }]\n- actor: host",
        "- move-mount: { fd: copy, to: /lab/data }",
    ),
    operation("propagation", cloned!("- actor: container"), "- propagation: { on: /, type: private, recursive: true }"),
    operation("hostname", cloned!("- actor: container"), "- hostname: box"),
    operation("mkdir", "- actor: host", "- mkdir: { path: /lab/data, mode: \"0700\" }"),
    operation("rmdir", "- do: [{ mkdir: { path: /lab/data } }]\n- actor: host", "- rmdir: /lab/data"),
    operation("remove", "- do: [{ write: { path: /lab/note, text: x } }]\n- actor: host", "- remove: /lab/note"),
    operation(
        "rename",
        "- do: [{ write: { path: /lab/note, text: x } }]\n- actor: host",
        "- rename: { from: /lab/note, to: /lab/letter }",
    ),
    operation(
        "chmod",
        "- do: [{ write: { path: /lab/note, text: x } }]\n- actor: host",
        "- chmod: { path: /lab/note, mode: \"0600\" }",
    ),
    operation("symlink", "- actor: host", "- symlink: { to: data/current, at: /lab/link }"),
    // A user namespace may make no device but a whiteout.
    operation("mknod", "- actor: host", "- mknod: { path: /lab/gone, major: 0, minor: 0 }"),
    operation("write", "- actor: host", "- write: { path: /lab/note, text: \"one line\\n\" }"),
    operation("open", "- actor: host", "- open: { path: /lab, fd: lab, flags: [directory] }"),
    operation("close", "- do: [{ open: { path: /lab, fd: lab } }]\n- actor: host", "- close: lab"),
    operation("kill", cloned!("- actor: host"), "- kill: { pid: container, signal: KILL }"),
    operation("chdir", cloned!("- actor: container"), "- chdir: /lab"),
    operation(
        "fchdir",
        cloned!("- do: [{ open: { path: /lab, fd: lab } }]\n  actor: container\n- actor: container"),
        "- fchdir: lab",
    ),
    operation("chroot", cloned!("- actor: container"), "- chroot: /lab"),
    operation("chroot-only", cloned!("- actor: container"), "- chroot-only: /lab"),
    operation(
        "pivot-root",
        cloned!(
            "- actor: container\n  do: [{ propagation: { on: /, type: private, recursive: true } }, { bind: { from: /lab, to: /lab } }, { mkdir: { path: /lab/old } }]\n- actor: container"
        ),
        "- pivot-root: { new: /lab, old: /lab/old }",
    ),
    operation("exec", cloned!("- actor: container"), "- exec: { path: /bin/sh, args: [sh], env: [\"PS1=# \"] }"),
    Example {
        kind: Kind::Expectation,
        name: "becomes",
        yaml: "- becomes: { hostname: { side: inside, is: box } }",
        setup: cloned!("- actor: container\n  do: [{ hostname: box }]"),
    },
    Example {
        kind: Kind::Expectation,
        name: "stays",
        yaml: "- stays: { hostname: { side: outside, is: lab-host } }\n  fails-in: renamed-outside",
        setup: cloned!("- actor: container\n  do: [{ hostname: box }]"),
    },
    Example {
        kind: Kind::Expectation,
        name: "says",
        yaml: "- says: { errno: EBUSY }",
        setup: "- do: [{ mkdir: { path: /lab/data } }, { mount: { type: tmpfs, on: /lab/data } }]\n- do: [{ rmdir: /lab/data }]",
    },
    condition(
        "rows",
        cloned!("- actor: container\n  do: [{ mount: { type: tmpfs, on: /lab/data } }]"),
        "- becomes: { rows: { side: inside, where: { target: /lab/data, type: tmpfs }, count: 1 } }",
    ),
    condition(
        "change",
        cloned!(
            "- actor: container\n  do: [{ propagation: { on: /, type: private, recursive: true } }]\n- actor: container\n  do: [{ mount: { type: tmpfs, on: /lab/data } }]"
        ),
        "- says: { change: { side: outside, none: true } }",
    ),
    condition(
        "propagation",
        cloned!("- actor: container\n  do: [{ propagation: { on: /, type: private, recursive: true } }]"),
        "- becomes: { propagation: { side: inside, every: private } }",
    ),
    condition(
        "errno",
        "- do: [{ mkdir: { path: /lab/data } }, { mount: { type: tmpfs, on: /lab/data } }]\n- do: [{ rmdir: /lab/data }]",
        "- says: { errno: EBUSY }",
    ),
    condition(
        "output",
        "- run: [{ sh: \"echo a: b\" }]",
        "- says: { output: { of: \"echo a: b\", is: \"a: b\", status: 0 } }",
    ),
    condition(
        "file",
        "- do: [{ write: { path: /lab/note, text: \"one line\\n\" } }]",
        "- becomes: { file: { side: outside, path: /lab/note, is: one line } }",
    ),
    condition(
        "hostname",
        cloned!("- actor: container\n  do: [{ hostname: box }]"),
        "- becomes: { hostname: { side: inside, is: box } }",
    ),
    condition(
        "root",
        cloned!("- actor: container\n  do: [{ chroot: /lab }]"),
        "- becomes: { root: { side: inside, is: /lab } }",
    ),
    condition(
        "same",
        cloned!("- actor: container\n  do: [{ hostname: box }]"),
        "- becomes: { same: { what: hostname, is: false } }",
    ),
    condition(
        "tie",
        cloned!("- actor: container\n  do: [{ propagation: { on: /, type: slave, recursive: true } }]"),
        "- becomes: { tie: { from: { side: outside, target: / }, to: { side: inside, target: / }, is: slave } }",
    ),
    condition(
        "pid",
        cloned!("- actor: container\n  do: [{ exec: { path: /bin/sh, args: [sh] } }]"),
        "- becomes: { pid: { inside: 1, program: sh } }",
    ),
    condition("ended", cloned!("- do: [{ kill: { pid: container, signal: KILL } }]"), "- becomes: { ended: true }"),
    prediction(
        "which-side",
        cloned!(
            "- actor: container\n  do: [{ propagation: { on: /, type: private, recursive: true } }]\n---\n- actor: container\n  do: [{ mount: { type: tmpfs, on: /lab/data } }]"
        ),
        "predict: { ask: which-side, does: gains }",
    ),
    prediction(
        "row-count",
        cloned!("---\n- actor: container\n  do: [{ mount: { type: tmpfs, on: /lab/data } }]"),
        "predict: { ask: row-count, side: inside, where: { target: /lab/data }, options: [0, 1, 2] }",
    ),
    prediction(
        "errno",
        "- do: [{ mkdir: { path: /lab/data } }, { mount: { type: tmpfs, on: /lab/data } }]\n---\n- do: [{ rmdir: /lab/data }]",
        "predict: { ask: errno, options: [ok, EBUSY, ENOTEMPTY] }",
    ),
    prediction(
        "same",
        cloned!("---\n- actor: container\n  do: [{ exec: { path: /bin/sh, args: [sh] } }]"),
        "predict: { ask: same, what: pid-outside }",
    ),
    prediction(
        "point",
        "- do: [{ mkdir: { path: /lab/data } }, { mount: { type: tmpfs, on: /lab/data } }]\n---\n- do: [{ write: { path: /lab/data/note, text: x } }]",
        "predict: { ask: point, side: outside, where: { answers: /lab/data/note } }",
    ),
    prediction(
        "tick",
        cloned!("---\n- actor: container\n  do: [{ hostname: box }]"),
        "predict:\n  ask: tick\n  items:\n    - { hostname: { side: inside, is: box } }\n    - { hostname: { side: outside, is: box } }",
    ),
    prediction(
        "claims",
        "- do: [{ mkdir: { path: /lab/data } }]\n---\n- do: [{ rmdir: /lab/data }]",
        "predict:\n  ask: claims\n  options:\n    - [{ errno: ok }, { file: { side: outside, path: /lab/data, exists: false } }]\n    - [{ errno: EBUSY }]",
    ),
    part(Kind::Command, "words", "run: [ls /lab]"),
    part(Kind::Command, "sh", "run: [{ sh: \"cat /proc/1/mountinfo | wc -l\" }]"),
    part(Kind::Command, "start", "run: [{ start: sleep 1000 }]"),
    part(Kind::Task, "until", "until:\n  - once: { hostname: { side: inside, is: box } }\n  - now: { ended: false }"),
    part(Kind::Task, "near", "near:\n  - { hostname: { side: outside, is: box } }"),
    part(Kind::Task, "palette", "palette:\n  - { actor: container, do: { hostname: box } }"),
    part(Kind::Task, "solution", "solution:\n  - container: hostname box\n  - host: hostname"),
    part(Kind::Part, "lesson", "format: 1\nid: my-lesson\nminutes: 10\nneeds: [mount-ns]"),
    part(Kind::Part, "host", "host: { shared: true }"),
    part(
        Kind::Part,
        "stacks",
        "stacks:\n  c1:\n    - { name: lower, path: /lab/lower }\n    - { name: upper, path: /lab/upper }\n    - { name: merged, path: /lab/merged, view: true }",
    ),
    part(
        Kind::Part,
        "step",
        "- id: own-mount\n  minutes: 5\n  focus: [/lab/data]\n  rounds:\n    - do: [{ mkdir: { path: /lab/data } }]",
    ),
    part(Kind::Part, "layers", "layers: { of: c1, paths: [etc/motd] }"),
    part(
        Kind::Part,
        "round",
        "- actor: container\n  do: [{ hostname: box }]\n  run: [hostname]\n  expect:\n    - says: { errno: ok }",
    ),
    part(
        Kind::Part,
        "broken-by",
        "expect:\n  - says: { change: { side: outside, none: true } }\n    broken-by: { actor: host, do: [{ mount: { type: tmpfs, on: /lab/data } }] }",
    ),
    part(Kind::Part, "break", "break:\n  - id: renamed-outside\n    rounds:\n      - do: [{ hostname: box }]"),
    part(Kind::Part, "where", "where: { target: /lab/data, type: tmpfs, covered: false }"),
];
