//! The listing in C, as a textbook prints it: errors checked, nothing but the C library.

use super::script::{Container, Deed, Placed, Script, Statement};
use super::{Line, Text, folded, heading, mentions, preamble, shell_line, subject};
use crate::lesson::Lesson;
use crate::op::{Call, Operation, linux, quoted};
use crate::words::Lang;
use std::collections::BTreeSet;

const PID: &str = "{pid}";

pub fn program(lesson: &Lesson, upto: usize, words: Lang) -> Vec<Line> {
    let script = Script::new(lesson, upto);
    let mut body = Body { lesson, words, text: Text::default(), opened: BTreeSet::new(), handed: Vec::new() };
    body.handed = script.containers.iter().map(|container| container.takes_turns).collect();
    for (number, container) in script.containers.iter().enumerate() {
        body.container(number, container);
    }
    body.main(&script.host);
    let body = body.text;
    let mut text = Text::default();
    text.add(format!("/* {} */", preamble(lesson, upto, words).join("\n * ")));
    text.add("#define _GNU_SOURCE");
    // Helpers stand in the order in which they need each other, so what is used is found from the last one on.
    let mut said = body.whole();
    let mut used: Vec<String> = Vec::new();
    for (name, helper) in helpers(words).into_iter().rev() {
        if mentions(&said, &format!("{name}(")) {
            said.push_str(&helper);
            used.push(helper);
        }
    }
    let turns = script.containers.iter().any(|container| container.takes_turns);
    for (header, names) in HEADERS {
        if names.split(' ').any(|name| mentions(&said, name)) {
            text.add(format!("#include <{header}>"));
        }
    }
    text.gap();
    if turns {
        text.add(format!("/* {} */\nstatic int turn[2];\n", words.say("listing.turn", &[])));
    }
    for helper in used.iter().rev() {
        text.add(helper.trim_end());
        text.gap();
    }
    text.lines.extend(body.lines);
    text.lines
}

/// Which header declares what.
const HEADERS: &[(&str, &str)] = &[
    ("errno.h", "errno"),
    ("fcntl.h", "open( AT_FDCWD"),
    ("sched.h", "clone( unshare( setns("),
    ("signal.h", "kill( SIGCHLD"),
    ("stdio.h", "perror( printf( asprintf( fputs("),
    ("stdlib.h", "exit( getenv( system("),
    ("string.h", "strlen("),
    ("sys/mount.h", "mount( umount2( mount_setattr( open_tree( move_mount("),
    ("sys/socket.h", "socketpair("),
    ("sys/stat.h", "mkdir( chmod( mknod("),
    ("sys/syscall.h", "SYS_pivot_root"),
    ("sys/sysmacros.h", "makedev("),
    ("sys/wait.h", "waitpid("),
    ("unistd.h", "read( write( close( chdir( chroot( execve( sethostname( rmdir( unlink( symlink( syscall("),
];

/// Functions that a listing may use, in the order in which they stand.
fn helpers(words: Lang) -> Vec<(&'static str, String)> {
    let say = |key: &str| words.say(key, &[]);
    vec![
        (
            "die",
            "static _Noreturn void die(const char *what)\n{\n    perror(what);\n    exit(EXIT_FAILURE);\n}".into(),
        ),
        (
            "stop",
            format!(
                "/* {} */\nstatic void stop(const char *step)\n{{\n    char c = 0;\n\n    if (getenv(\"STOP\") == NULL)\n        \
                 return;\n    printf(\"-- %s\\n\", step);\n    fflush(stdout);\n    while (c != '\\n' && \
                 read(STDIN_FILENO, &c, 1) == 1)\n        ;\n}}",
                say("listing.stop")
            ),
        ),
        (
            "run",
            format!(
                "/* {} */\nstatic void run(const char *line)\n{{\n    if (system(line) == -1)\n        die(line);\n}}",
                say("listing.run")
            ),
        ),
        (
            "with_pid",
            "static char *with_pid(const char *format, pid_t pid)\n{\n    char *text;\n\n    if (asprintf(&text, format, pid) \
             == -1)\n        die(\"asprintf\");\n    return text;\n}"
                .into(),
        ),
        (
            "put",
            "static int put(const char *path, int flags, const char *text)\n{\n    ssize_t length = strlen(text);\n    int fd = \
             open(path, O_WRONLY|flags|O_CLOEXEC, 0644);\n\n    if (fd == -1 || write(fd, text, length) != length)\n        \
             return -1;\n    return close(fd);\n}"
                .into(),
        ),
        (
            "give_turn",
            "static void give_turn(int end)\n{\n    if (write(end, \"\", 1) != 1)\n        die(\"give the turn\");\n}".into(),
        ),
        (
            "take_turn",
            format!(
                "/* {} */\nstatic void take_turn(void)\n{{\n    char c;\n\n    if (read(turn[1], &c, 1) != 1)\n        \
                 _exit(EXIT_SUCCESS);\n}}",
                say("listing.take")
            ),
        ),
        (
            "container_acts",
            format!(
                "/* {} */\nstatic void container_acts(ssize_t answer)\n{{\n    char c;\n\n    give_turn(turn[0]);\n    if \
                 (read(turn[0], &c, 1) != answer)\n        die(\"the container\");\n}}",
                say("listing.let")
            ),
        ),
    ]
}

struct Body<'a> {
    lesson: &'a Lesson,
    words: Lang,
    text: Text,
    /// Descriptors that this function has declared.
    opened: BTreeSet<String>,
    /// Of each container, whether it takes turns with the host.
    handed: Vec<bool>,
}

fn name(container: usize) -> String {
    if container == 0 { "container".into() } else { format!("container_{}", container + 1) }
}

impl Body<'_> {
    fn container(&mut self, number: usize, container: &Container) {
        self.begin(&format!("static int {}(void *arg)", name(number)));
        self.text.add("(void)arg;");
        if container.takes_turns {
            self.text.add("close(turn[0]);");
        }
        container.does.iter().for_each(|placed| self.statement(placed));
        if !container.executes {
            self.text.add("return 0;");
        }
        self.end();
    }

    fn main(&mut self, host: &[Placed]) {
        self.begin("int main(void)");
        if !self.handed.is_empty() {
            self.text.add("static char stack[1 << 20];");
            self.text.add("pid_t pid;");
        }
        host.iter().for_each(|placed| self.statement(placed));
        self.text.add("return EXIT_SUCCESS;");
        self.end();
    }

    fn begin(&mut self, head: &str) {
        self.opened.clear();
        self.text.add(head);
        self.text.add("{");
        self.text.indent = 4;
    }

    fn end(&mut self) {
        (self.text.indent, self.text.step) = (0, None);
        self.text.add("}");
        self.text.gap();
    }

    fn statement(&mut self, placed: &Placed) {
        self.text.step = Some(placed.step);
        match &placed.statement {
            Statement::Step(step) => {
                self.text.gap();
                self.text.add(format!("/* {} */", heading(self.lesson, *step, self.words)));
            }
            Statement::Do(deed) => self.deed(deed, placed.call),
            Statement::Clone { container, flags } => {
                let handed = self.handed[*container];
                if handed {
                    self.text.add(
                        "if (socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, turn) == -1)\n    die(\"socketpair\");",
                    );
                }
                let flags = if flags.0 == 0 { "SIGCHLD".into() } else { format!("{}|SIGCHLD", flags.c()) };
                let call = format!("pid = clone({}, stack + sizeof stack, {flags}, NULL);", name(*container));
                self.text.add_calls(folded(&call, 4), placed.call..placed.call + 1);
                self.text.add("if (pid == -1)\n    die(\"clone\");");
                if handed {
                    self.text.add("close(turn[1]);");
                }
            }
            Statement::Run(run) => self.text.add(folded(&format!("run({});", quoted(&shell_line(run))), 4)),
            Statement::Type(line) => {
                let line = line.replace("*/", "*\\/").replace("/*", "/\\*");
                self.text.add(format!("/* {} */", self.words.say("listing.type", &[&line])));
            }
            Statement::Stop(id) => self.text.add(format!("stop({});", quoted(id))),
            Statement::Let { executes } => self.text.add(format!("container_acts({});", i32::from(!executes))),
            Statement::Take => self.text.add("take_turn();"),
            Statement::Give => self.text.add("give_turn(turn[1]);"),
            Statement::Wait => self.text.add("if (waitpid(pid, NULL, 0) == -1)\n    die(\"waitpid\");"),
            Statement::End { executed } => {
                let first = if *executed { "kill(pid, SIGKILL);" } else { "close(turn[0]);" };
                self.text.add(first);
                self.text.add("if (waitpid(pid, NULL, 0) == -1)\n    die(\"waitpid\");");
            }
        }
    }

    fn deed(&mut self, deed: &Deed, first: usize) {
        let calls = first..first + deed.calls.len();
        match (deed.operation, deed.calls.as_slice(), deed.refused) {
            (Operation::Exec(exec), _, refused) => {
                let list = |items: &[String]| items.iter().map(|item| quoted(item) + ", ").collect::<String>();
                self.text.add(folded(&format!("char *argv[] = {{ {}NULL }};", list(&exec.args)), 4));
                self.text.add(folded(&format!("char *envp[] = {{ {}NULL }};", list(&exec.env)), 4));
                self.text.add_calls(format!("execve({}, argv, envp);", quoted(&exec.path)), calls);
                let what = quoted(&format!("execve {}", exec.path));
                match refused {
                    None => self.text.add(format!("die({what});")),
                    Some(errno) => self.text.add(format!("if (errno != {errno})\n    die({what});")),
                }
            }
            (_, [call @ (Call::Open { fd, .. } | Call::OpenTree { fd, .. })], None) => {
                let int = if self.opened.insert(fd.clone()) { "int " } else { "" };
                self.text.add_calls(folded(&format!("{int}{fd} = {};", expression(call)), 4), calls);
                self.text.add(format!("if ({fd} == -1)\n    die({});", quoted(&subject(call))));
            }
            (operation, all, refused) => {
                let writes = matches!(operation, Operation::Write(_) | Operation::IdMap(_));
                let parts: Vec<(String, &Call)> = if writes {
                    all.chunks(3).map(|three| (put(three), &three[0])).collect()
                } else {
                    all.iter().map(|call| (expression(call), call)).collect()
                };
                let each = calls.len() / parts.len().max(1);
                match refused {
                    None => {
                        for (number, (call, about)) in parts.iter().enumerate() {
                            let at = first + number * each;
                            self.text.add_calls(folded(&format!("if ({call} == -1)"), 4), at..at + each);
                            self.text.add(format!("    die({});", quoted(&subject(about))));
                        }
                    }
                    Some(errno) => {
                        let what = format!("{}: {errno} expected", subject(parts[parts.len() - 1].1));
                        let parts: Vec<String> = parts.iter().map(|(call, _)| format!("{call} != -1")).collect();
                        let all = if parts.len() == 1 {
                            parts[0].clone()
                        } else {
                            format!("({})", parts.join("\n        && "))
                        };
                        self.text.add_calls(format!("if ({all} || errno != {errno})"), calls);
                        self.text.add(format!("    die({});", quoted(&what)));
                    }
                }
            }
        }
    }
}

/// Open, write and close are one line of a textbook.
fn put(three: &[Call]) -> String {
    let [Call::Open { path, flags, .. }, Call::Write { text, .. }, _] = three else {
        unreachable!("a write has three calls")
    };
    let flags = if flags.0 & linux::O_CREAT as u64 != 0 { "O_CREAT|O_TRUNC" } else { "0" };
    format!("put({}, {flags}, {})", string(path), string(text))
}

/// A string, made at run time where the container's number stands in it.
fn string(text: &str) -> String {
    if !text.contains(PID) {
        return quoted(text);
    }
    format!("with_pid({}, pid)", quoted(&text.replace('%', "%%").replace(PID, "%d")))
}

/// A call as an expression. Most are written as the calls pane writes them.
fn expression(call: &Call) -> String {
    match call {
        // Neither has a function of its own in older C libraries.
        Call::PivotRoot { new, old } => format!("syscall(SYS_pivot_root, {}, {})", quoted(new), quoted(old)),
        Call::MountSetattr { path, recursive, set, clear } => {
            let fields = [(".attr_set", set), (".attr_clr", clear)]
                .map(|(name, flags)| if flags.0 == 0 { String::new() } else { format!(" {name} = {},", flags.c()) });
            let flags = if *recursive { "AT_RECURSIVE" } else { "0" };
            format!(
                "mount_setattr(AT_FDCWD, {}, {flags}, &(struct mount_attr){{{} }}, sizeof(struct mount_attr))",
                quoted(path),
                fields.concat().trim_end_matches(',')
            )
        }
        Call::Open { path, .. } if path.contains(PID) => call.to_string().replacen(&quoted(path), &string(path), 1),
        _ => call.to_string(),
    }
}
