//! The listing in Rust, with the `nix` crate.

use super::script::{Container, Deed, Placed, Script, Statement};
use super::{Line, Text, folded, heading, mentions, preamble, shell_line};
use crate::lesson::Lesson;
use crate::op::{Call, FlagWord, Operation, Process, linux};
use crate::words::Lang;

const PID: &str = "{pid}";

pub fn program(lesson: &Lesson, upto: usize, words: Lang) -> Vec<Line> {
    let script = Script::new(lesson, upto);
    let handed = script.containers.iter().map(|container| container.takes_turns).collect();
    let mut body = Body { lesson, words, text: Text::default(), handed };
    body.main(&script.host);
    for (number, container) in script.containers.iter().enumerate() {
        body.container(number, container);
    }
    let body = body.text;
    let mut all = body.whole();
    let used = |(name, text): (&str, String)| mentions(&all, &format!("{name}(")).then_some(text);
    let helpers: Vec<String> = helpers(words).into_iter().filter_map(used).collect();
    all.push_str(&helpers.concat());
    let said = |name: &str| mentions(&all, name);
    let mut text = Text::default();
    preamble(lesson, upto, words).iter().for_each(|line| text.add(format!("// {line}")));
    text.gap();
    let mut uses: Vec<String> = USES
        .iter()
        .filter_map(|(path, names)| {
            let pairs = names.split(' ').map(|name| name.split_once('=').unwrap_or((name, name)));
            let names = pairs.filter(|(word, _)| said(word)).map(|(_, name)| name.trim_end_matches('('));
            let names: Vec<&str> = names.collect();
            match names.as_slice() {
                [] => None,
                [name] => Some(format!("use {path}::{name};")),
                _ => Some(format!("use {path}::{{{}}};", names.join(", "))),
            }
        })
        .collect();
    let turns = said("write_all(");
    uses.push(if turns { "use std::io::{self, Read, Write};".into() } else { "use std::io;".into() });
    uses.sort();
    uses.iter().for_each(|line| text.add(line));
    text.gap();
    text.lines.extend(body.lines);
    for helper in helpers {
        text.gap();
        text.add(helper);
    }
    text.lines
}

/// What is declared where. A function is one only with its parenthesis; a trait is known by its method.
const USES: &[(&str, &str)] = &[
    ("nix::errno", "Errno"),
    ("nix::fcntl", "OFlag open("),
    ("nix", "libc"),
    ("nix::mount", "MntFlags MsFlags mount( umount2("),
    ("nix::sched", "CloneFlags clone( setns( unshare("),
    ("nix::sys::signal", "Signal kill("),
    ("nix::sys::stat", "Mode SFlag makedev( mknod("),
    ("nix::sys::wait", "waitpid("),
    ("nix::unistd", "Pid chdir( chroot( close( execve( fchdir( mkdir( pivot_root( sethostname( unlink("),
    ("std::ffi", "CStr"),
    ("std", "fs"),
    ("std::net", "Shutdown"),
    ("std::os::fd", "as_raw_fd=AsRawFd from_raw_fd=FromRawFd OwnedFd"),
    ("std::os::unix::fs", "from_mode=PermissionsExt symlink("),
    ("std::os::unix::net", "UnixStream"),
    ("std::process", "Command"),
];

fn helpers(words: Lang) -> Vec<(&'static str, String)> {
    let say = |key: &str| words.say(key, &[]);
    vec![
        (
            "status",
            "fn status(result: io::Result<()>) -> isize {\n    if let Err(error) = &result {\n        eprintln!(\"container: \
             {error}\");\n    }\n    result.is_err().into()\n}"
                .into(),
        ),
        (
            "stop",
            format!(
                "/// {}\nfn stop(step: &str) -> io::Result<()> {{\n    if std::env::var_os(\"STOP\").is_some() {{\n        \
                 println!(\"-- {{step}}\");\n        io::stdin().read_line(&mut String::new())?;\n    }}\n    Ok(())\n}}",
                say("listing.stop")
            ),
        ),
        (
            "run",
            format!(
                "/// {}\nfn run(line: &str) -> io::Result<()> {{\n    Command::new(\"/bin/sh\").args([\"-c\", \
                 line]).status()?;\n    Ok(())\n}}",
                say("listing.run")
            ),
        ),
        (
            "refused",
            "fn refused<T, E: Into<io::Error>>(result: Result<T, E>, errno: Errno) -> io::Result<()> {\n    match \
             result.map_err(Into::into) {\n        Err(error) if error.raw_os_error() == Some(errno as i32) => Ok(()),\n        \
             Err(error) => Err(error),\n        Ok(_) => Err(io::Error::other(format!(\"{errno:?} expected\"))),\n    }\n}"
                .into(),
        ),
        (
            "container_acts",
            format!(
                "/// {}\nfn container_acts(turn: &mut UnixStream, answer: usize) -> io::Result<()> {{\n    \
                 turn.write_all(&[0])?;\n    if turn.read(&mut [0])? == answer {{\n        Ok(())\n    }} else {{\n        \
                 Err(io::Error::other(\"the container has failed\"))\n    }}\n}}",
                say("listing.let")
            ),
        ),
        (
            "take_turn",
            format!(
                "/// {}\nfn take_turn(turn: &mut UnixStream) -> io::Result<()> {{\n    if turn.read(&mut [0])? == 0 {{\n        \
                 std::process::exit(0);\n    }}\n    Ok(())\n}}",
                say("listing.take")
            ),
        ),
        (
            "open_tree",
            "fn open_tree(path: &CStr, flags: u32) -> nix::Result<OwnedFd> {\n    let fd = unsafe { \
             libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };\n    Errno::result(fd).map(|fd| unsafe { \
             OwnedFd::from_raw_fd(fd as i32) })\n}"
                .into(),
        ),
        (
            "move_mount",
            "fn move_mount(tree: &OwnedFd, to: &CStr) -> nix::Result<()> {\n    let (fd, flags) = (tree.as_raw_fd(), \
             libc::MOVE_MOUNT_F_EMPTY_PATH);\n    let result = unsafe {\n        libc::syscall(libc::SYS_move_mount, fd, \
             c\"\".as_ptr(), libc::AT_FDCWD, to.as_ptr(), flags)\n    };\n    Errno::result(result).map(drop)\n}"
                .into(),
        ),
        (
            "mount_setattr",
            "fn mount_setattr(path: &CStr, flags: i32, set: u64, clear: u64) -> nix::Result<()> {\n    let mut attr: \
             libc::mount_attr = unsafe { std::mem::zeroed() };\n    (attr.attr_set, attr.attr_clr) = (set, clear);\n    let size = \
             size_of::<libc::mount_attr>();\n    let result = unsafe {\n        libc::syscall(libc::SYS_mount_setattr, \
             libc::AT_FDCWD, path.as_ptr(), flags, &raw const attr, size)\n    };\n    Errno::result(result).map(drop)\n}"
                .into(),
        ),
    ]
}

struct Body<'a> {
    lesson: &'a Lesson,
    words: Lang,
    text: Text,
    handed: Vec<bool>,
}

fn name(container: usize) -> String {
    if container == 0 { "container".into() } else { format!("container_{}", container + 1) }
}

impl Body<'_> {
    fn container(&mut self, number: usize, container: &Container) {
        let turn = if container.takes_turns { "turn: &mut UnixStream" } else { "" };
        self.begin(&format!("fn {}({turn}) -> io::Result<()> {{", name(number)));
        container.does.iter().for_each(|placed| self.statement(placed));
        if !container.executes {
            self.text.add("Ok(())");
        }
        self.end();
    }

    fn main(&mut self, host: &[Placed]) {
        self.begin("fn main() -> io::Result<()> {");
        if !self.handed.is_empty() {
            self.text.add("let mut stack = vec![0; 1 << 20];");
        }
        host.iter().for_each(|placed| self.statement(placed));
        self.text.add("Ok(())");
        self.end();
    }

    fn begin(&mut self, head: &str) {
        self.text.gap();
        self.text.add(head);
        self.text.indent = 4;
    }

    fn end(&mut self) {
        (self.text.indent, self.text.step) = (0, None);
        self.text.add("}");
    }

    fn statement(&mut self, placed: &Placed) {
        self.text.step = Some(placed.step);
        let calls = placed.call..placed.call + 1;
        match &placed.statement {
            Statement::Step(step) => {
                self.text.gap();
                self.text.add(format!("// {}", heading(self.lesson, *step, self.words)));
            }
            Statement::Do(deed) => self.deed(deed, placed.call),
            Statement::Clone { container, flags } => {
                let name = name(*container);
                let flags = set("CloneFlags", flags.words());
                let clone = |child: &str| {
                    let tail = "&mut stack, flags, Some(Signal::SIGCHLD as i32)";
                    format!("let flags = {flags};\nlet pid = unsafe {{ clone(Box::new({child}), {tail}) }}?;")
                };
                let (before, child, after) = if self.handed[*container] {
                    let before =
                        "let (mut turn, mut inside) = UnixStream::pair()?;\nlet outside = turn.as_raw_fd();\nlet \
                                  child = || {\n    let _ = close(outside);\n    status(NAME(&mut inside))\n};"
                            .replace("NAME", &name);
                    (before, "child".to_string(), "drop(inside);")
                } else {
                    (String::new(), format!("|| status({name}())"), "")
                };
                if !before.is_empty() {
                    self.text.add(before);
                }
                self.text.add_calls(clone(&child), calls);
                if !after.is_empty() {
                    self.text.add(after);
                }
            }
            Statement::Run(run) => self.text.add(format!("run({})?;", raw(&shell_line(run)))),
            Statement::Type(line) => self.text.add(format!("// {}", self.words.say("listing.type", &[line]))),
            Statement::Stop(id) => self.text.add(format!("stop({id:?})?;")),
            Statement::Let { executes } => {
                self.text.add(format!("container_acts(&mut turn, {})?;", i32::from(!executes)));
            }
            Statement::Take => self.text.add("take_turn(turn)?;"),
            Statement::Give => self.text.add("turn.write_all(&[0])?;"),
            Statement::Wait => self.text.add("waitpid(pid, None)?;"),
            Statement::End { executed } => {
                let first = if *executed { "kill(pid, Signal::SIGKILL)?;" } else { "turn.shutdown(Shutdown::Both)?;" };
                self.text.add(first);
                self.text.add("waitpid(pid, None)?;");
            }
        }
    }

    fn deed(&mut self, deed: &Deed, first: usize) {
        let all = deed.calls.as_slice();
        let calls = first..first + all.len();
        match (deed.operation, all, deed.refused) {
            (Operation::Exec(exec), _, refused) => {
                let list =
                    |items: &[String]| items.iter().map(|item| format!("c{item:?}")).collect::<Vec<_>>().join(", ");
                let env = if exec.env.is_empty() { "[c\"\"; 0]".into() } else { format!("[{}]", list(&exec.env)) };
                self.text.add(folded(&format!("let (argv, envp) = ([{}], {env});", list(&exec.args)), 4));
                let call = format!("execve(c{:?}, &argv, &envp)", exec.path);
                match refused {
                    None => self.text.add_calls(format!("match {call}? {{}}"), calls),
                    Some(errno) => self.text.add_calls(format!("refused({call}, Errno::{errno})?;"), calls),
                }
            }
            (_, [call @ (Call::Open { fd, .. } | Call::OpenTree { fd, .. })], None) => {
                self.text.add_calls(folded(&format!("let {fd} = {}?;", expression(call)), 4), calls);
            }
            (operation, _, refused) => {
                let writes = matches!(operation, Operation::Write(_) | Operation::IdMap(_));
                let parts: Vec<String> =
                    if writes { all.chunks(3).map(write).collect() } else { all.iter().map(expression).collect() };
                let each = calls.len() / parts.len().max(1);
                match refused {
                    None => {
                        for (number, part) in parts.iter().enumerate() {
                            let at = first + number * each;
                            self.text.add_calls(folded(&format!("{part}?;"), 4), at..at + each);
                        }
                    }
                    Some(errno) => {
                        let rest = parts[1..].iter().map(|part| format!("\n    .and_then(|()| {part})"));
                        let all = format!("{}{}", parts[0], rest.collect::<String>());
                        self.text.add_calls(folded(&format!("refused({all}, Errno::{errno})?;"), 4), calls);
                    }
                }
            }
        }
    }
}

/// A string literal; what has many quotes is a raw one.
fn raw(text: &str) -> String {
    if text.contains('"') && !text.contains("\"#") { format!("r#\"{text}\"#") } else { format!("{text:?}") }
}

fn string(text: &str) -> String {
    if !text.contains(PID) {
        return format!("{text:?}");
    }
    let text = text.replace('{', "{{").replace('}', "}}").replace("{{pid}}", PID);
    format!("format!({text:?})")
}

fn write(three: &[Call]) -> String {
    let [Call::Open { path, .. }, Call::Write { text, .. }, _] = three else { unreachable!("a write has three calls") };
    format!("fs::write({}, {})", string(path), string(text))
}

/// Flags as nix has them.
fn set(family: &str, words: impl Iterator<Item = &'static FlagWord>) -> String {
    let names: Vec<&str> = words.map(|flag| flag.rust).collect();
    if names.is_empty() { format!("{family}::empty()") } else { names.join(" | ") }
}

/// Flags that only the libc crate has.
fn bits(words: impl Iterator<Item = &'static FlagWord>, cast: &str) -> String {
    let names: Vec<String> = words.map(|flag| format!("libc::{}{cast}", flag.rust)).collect();
    if names.is_empty() { "0".into() } else { names.join(" | ") }
}

fn mode(bits: u32) -> String {
    format!("Mode::from_bits_truncate(0o{bits:o})")
}

fn option(text: &Option<String>) -> String {
    text.as_ref().map_or("None::<&str>".into(), |text| format!("Some({text:?})"))
}

/// A call as an expression whose value is a result.
fn expression(call: &Call) -> String {
    match call {
        Call::Mount { source, target, fstype, flags, data } => format!(
            "mount({}, {target:?}, {}, {}, {})",
            option(source),
            option(fstype),
            set("MsFlags", flags.words()),
            option(data)
        ),
        Call::Umount { target, detach } => {
            let flags = if *detach { "MntFlags::MNT_DETACH" } else { "MntFlags::empty()" };
            format!("umount2({target:?}, {flags})")
        }
        Call::Unshare { flags } => format!("unshare({})", set("CloneFlags", flags.words())),
        Call::Setns { fd, kind } => format!("setns(&{fd}, {})", set("CloneFlags", kind.words())),
        Call::MountSetattr { path, recursive, set, clear } => format!(
            "mount_setattr(c{path:?}, {}, {}, {})",
            if *recursive { "libc::AT_RECURSIVE" } else { "0" },
            bits(set.words(), ""),
            bits(clear.words(), "")
        ),
        Call::OpenTree { path, flags, .. } => format!("open_tree(c{path:?}, {})", bits(flags.words(), " as u32")),
        Call::MoveMount { fd, to } => format!("move_mount(&{fd}, c{to:?})"),
        Call::Sethostname { name } => format!("sethostname({name:?})"),
        Call::Mkdir { path, mode: bits } => format!("mkdir({path:?}, {})", mode(*bits)),
        Call::Rmdir { path } => format!("fs::remove_dir({path:?})"),
        Call::Unlink { path } => format!("unlink({path:?})"),
        Call::Rename { from, to } => format!("fs::rename({from:?}, {to:?})"),
        Call::Chmod { path, mode } => {
            format!("fs::set_permissions({path:?}, fs::Permissions::from_mode(0o{mode:o}))")
        }
        Call::Symlink { to, at } => format!("symlink({to:?}, {at:?})"),
        Call::Mknod { path, mode: bits, major, minor } => {
            format!("mknod({path:?}, SFlag::S_IFCHR, {}, makedev({major}, {minor}))", mode(*bits))
        }
        Call::Open { path, flags, mode: bits, .. } => {
            let reads = flags.0 & (linux::O_WRONLY | linux::O_RDWR) as u64 == 0;
            let flags = set("OFlag", flags.words()).replace("OFlag::empty()", "");
            let flags = match (reads, flags.is_empty()) {
                (true, true) => "OFlag::O_RDONLY".into(),
                (true, false) => format!("OFlag::O_RDONLY | {flags}"),
                (false, _) => flags,
            };
            let bits = bits.map_or("Mode::empty()".into(), mode);
            let path = string(path);
            let path = if path.starts_with("format!") { format!("{path}.as_str()") } else { path };
            format!("open({path}, {flags}, {bits})")
        }
        Call::Close { fd } => format!("close({fd})"),
        Call::Kill { pid, signal } => {
            let pid = match pid {
                Process::Number(number) => format!("Pid::from_raw({number})"),
                Process::Word(_) => "pid".into(),
            };
            match nix::sys::signal::Signal::try_from(*signal) {
                Ok(signal) => format!("kill({pid}, Signal::{signal})"),
                Err(_) => format!("kill({pid}, None)"),
            }
        }
        Call::Chroot { path } => format!("chroot({path:?})"),
        Call::Chdir { path } => format!("chdir({path:?})"),
        Call::Fchdir { fd } => format!("fchdir(&{fd})"),
        Call::PivotRoot { new, old } => format!("pivot_root({new:?}, {old:?})"),
        // Each has a statement of its own.
        Call::Clone { .. } | Call::Execve { .. } | Call::Write { .. } => call.to_string(),
    }
}
