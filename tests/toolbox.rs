//! nslab's own small commands, run as the practice host would: by name, with
//! nothing else on PATH.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const NSLAB: &str = env!("CARGO_BIN_EXE_nslab");
const NAMES: &[&str] = &[
    "ps", "commit", "sh", "ls", "cat", "mount", "umount", "hostname", "mkdir", "rmdir", "touch", "rm", "cp", "mv",
    "ln", "id", "uname", "sleep", "env", "head", "tail", "wc", "grep", "setsid", "stat", "readlink", "chroot",
    "unshare", "true", "false", "df", "du",
];

struct Lab {
    tmp: TempDir,
}

struct Ran {
    out: String,
    err: String,
    status: i32,
}

impl Lab {
    fn new() -> Lab {
        let tmp = tempfile::tempdir().unwrap();
        fs::create_dir(tmp.path().join("bin")).unwrap();
        fs::create_dir(tmp.path().join("w")).unwrap();
        for name in NAMES {
            symlink(NSLAB, tmp.path().join("bin").join(name)).unwrap();
        }
        Lab { tmp }
    }

    fn dir(&self) -> std::path::PathBuf {
        self.tmp.path().join("w")
    }

    fn run(&self, argv: &[&str]) -> Ran {
        self.feed(argv, "")
    }

    fn feed(&self, argv: &[&str], stdin: &str) -> Ran {
        let mut child = Command::new(NSLAB)
            .arg0(argv[0])
            .args(&argv[1..])
            .current_dir(self.dir())
            .env_clear()
            .env("PATH", self.tmp.path().join("bin"))
            .env("HOME", "/home/me")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let out = child.wait_with_output().unwrap();
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Ran { out: text(&out.stdout), err: text(&out.stderr), status: out.status.code().unwrap_or(-1) }
    }

    /// Runs a command that must succeed and say nothing on stderr.
    fn ok(&self, argv: &[&str]) -> String {
        let r = self.run(argv);
        assert!(r.status == 0 && r.err.is_empty(), "{argv:?}: {} {}", r.status, r.err);
        r.out
    }
}

/// Script, output, status.
const SCRIPTS: &[(&str, &str, i32)] = &[
    ("echo a  'b  c' \"d $HOME\" e\\ f", "a b  c d /home/me e f\n", 0),
    ("x=1 y=\"$x 2\"; echo $y \"${y}\" ${#y} ${z:-no} ${z:=set} $z ${y:+alt}", "1 2 1 2 3 no set set alt\n", 0),
    ("false || echo or; true && echo and; ! true; echo $?; ! false; echo $?", "or\nand\n1\n0\n", 0),
    ("if [ 1 -gt 2 ]; then echo a; elif test -d /; then echo b; else echo c; fi", "b\n", 0),
    ("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "0\n1\n2\n", 0),
    ("until true; do echo no; done; for x in a 'b c' d; do [ \"$x\" = d ] && break; echo \"$x\"; done", "a\nb c\n", 0),
    ("for x in 1 2 3; do [ $x = 2 ] && continue; echo $x; done", "1\n3\n", 0),
    ("echo one | cat | cat; echo $(echo two; echo three) `echo four`", "one\ntwo three four\n", 0),
    ("echo \"$(echo \"in  $(echo ner)\")\"", "in  ner\n", 0),
    ("echo a >f; echo b >>f; cat <f; cat f no 2>/dev/null | wc -l", "a\nb\n2\n", 0),
    (
        "{ echo out; echo err >&2; } 2>&1 | cat; cat nofile 2>&1",
        "out\nerr\ncat: nofile: No such file or directory (ENOENT)\n",
        1,
    ),
    ("(cd /; pwd; x=2; exit 3); echo $? $x", "/\n3\n", 0),
    ("x=secret; (echo $x; x=no); echo $x; echo $x | cat", "secret\nsecret\nsecret\n", 0),
    ("touch b.c a.c .h; echo *.c \"*.c\" [ab].? no*; echo \\*", "a.c b.c *.c a.c b.c no*\n*\n", 0),
    (
        "set -- a 'b c'; echo $# $2; for x in \"$@\"; do echo \"<$x>\"; done; shift; echo $1",
        "2 b c\n<a>\n<b c>\nb c\n",
        0,
    ),
    ("set --; for x in \"$@\"; do echo no; done; echo ${1-none}", "none\n", 0),
    ("export A=1; B=2; env | grep ^[AB] -F; env | grep -c A=1; unset A; echo \"[$A]\"", "1\n[]\n", 0),
    ("X=1 env | grep X=; echo \"[$X]\"", "X=1\n[]\n", 0),
    ("sleep 0.05 & p=$!; wait $p; echo $?; [ -n \"$p\" ] && echo pid", "0\npid\n", 0),
    ("sleep 30 & kill $!; wait $!; echo $?", "143\n", 0),
    ("{ sleep 0.01; echo late; } & wait; echo done", "late\ndone\n", 0),
    ("trap '' TERM; kill -TERM $$; echo alive; trap - INT; sh -c 'kill $$; echo too'", "alive\ntoo\n", 0),
    // Ignored, not blocked, by what is executed too.
    (
        "trap '' HUP; sh -c 'kill -HUP $$; echo alive; grep SigBlk /proc/self/status'",
        "alive\nSigBlk:\t0000000000000000\n",
        0,
    ),
    ("trap '' USR1; trap - USR1; sh -c 'kill -USR1 $$; echo alive'", "", 138),
    ("trap 'echo got' HUP; kill -HUP $$; echo next; trap 'echo bye' EXIT; exit 4", "got\nnext\nbye\n", 4),
    ("case abc in x) echo x;; a*|b) echo yes;; *) echo no;; esac", "yes\n", 0),
    ("f() { echo \"f $1\"; return 5; }; f x; echo $?; f y | cat", "f x\n5\nf y\n", 0),
    ("cat <<E\n$HOME $((2*3))\nE\ncat <<'E'\n$HOME\nE", "/home/me 6\n$HOME\n", 0),
    ("# comment\necho a # more\necho b \\\n c", "a\nb c\n", 0),
    ("umask 027; umask; p=a/b.c; echo ${p#*/} ${p%.c} ${p##*.}", "0027\nb.c a/b c\n", 0),
    ("exec echo replaced; echo no", "replaced\n", 0),
    ("x=1 exec env | grep x=; exec sh -c 'echo $0 $1' a b; echo no", "x=1\na b\n", 0),
    ("exec true; echo no", "", 0),
    ("exec exit 6; echo no", "", 6),
    ("exec nosuch 2>/dev/null; echo no", "", 127),
    ("(exec echo sub); f() { exec echo gone; }; echo $(f; echo no) after", "sub\ngone after\n", 0),
    ("exec >f; echo hidden; exec 2>&1; cat f >&2", "", 1),
    (
        "exec 2>err; nosuch; cat nofile; exec 2>&1; cat err",
        "sh: nosuch: not found\ncat: nofile: No such file or directory (ENOENT)\n",
        0,
    ),
    ("echo a >f; exec 1>>f; echo b; exec >/dev/null; cat f; cat f >g; wc -l <g >&2", "", 0),
    ("for i in 1 2 3; do exec 2>e$i; done; ls e1 e2 e3", "e1\ne2\ne3\n", 0),
    ("echo x >f; cat f >>f 2>err || cat err", "cat: f: the input file is the output file\n", 0),
    ("set -e; false || true; if false; then :; fi; echo here; false; echo no", "here\n", 1),
    ("set -u; echo ${x-unset}; echo $x; echo no", "unset\n", 2),
    ("nosuch 2>/dev/null; echo $?; ./w 2>/dev/null; echo $?; touch t; ./t 2>/dev/null; echo $?", "127\n127\n126\n", 0),
    ("echo 'a b c' | { read x y; echo \"$y|$x\"; }; printf '%s-%d\\n' a 1 b 2", "b c|a\na-1\nb-2\n", 0),
    (
        "eval 'echo $HOME'; command -v echo; type nosuch 2>/dev/null || echo none; : ; cd / && echo $PWD",
        "/home/me\necho\nnone\n/\n",
        0,
    ),
    ("echo $0 $$ | { read a b; [ $b = $$ ] && echo $a; }", "sh\n", 0),
    ("echo 'echo from $1; return 3; echo no' >s; . ./s; echo $?", "from\n3\n", 0),
    ("cd /; cd proc; cd - >/dev/null; pwd; cd /no/such 2>/dev/null || echo stays; pwd", "/\nstays\n/\n", 0),
    ("sleep 30 & jobs | grep -c running; kill $!; wait; jobs", "0\n", 0),
    (
        "fg 2>&1; bg 2>/dev/null; echo $?",
        "sh: fg: this shell has no job control; jobs lists, wait PID awaits, kill PID ends a job\n1\n",
        0,
    ),
    ("echo hi 3>f", "", 2),
    ("while read line; do echo \"[$line]\"; done <<E\na\n b c\nE", "[a]\n[b c]\n", 0),
    ("x='a  b'; set -- $x; echo $#; set -- \"$x\"; echo $#; IFS=:; x=1:2:3; set -- $x; echo $3", "2\n1\n3\n", 0),
    ("trap 'echo int' INT; kill -INT $$; echo on; trap; trap - INT", "int\non\ntrap -- 'echo int' INT\n", 0),
    ("if true; then", "", 2),
    ("echo before\necho )", "before\n", 2),
    ("exit 7", "", 7),
];

#[test]
fn the_shell() {
    for (script, out, status) in SCRIPTS {
        let (lab, piped) = (Lab::new(), Lab::new());
        let r = lab.run(&["sh", "-c", script]);
        assert_eq!((r.out.as_str(), r.status), (*out, *status), "{script}\n{}", r.err);
        let r = piped.feed(&["sh"], &format!("{script}\n"));
        assert_eq!((r.out.as_str(), r.status), (*out, *status), "from stdin: {script}\n{}", r.err);
    }
}

#[test]
fn the_shell_prompts_and_lives_on() {
    let lab = Lab::new();
    let r = lab.feed(&["sh", "-i"], "PS1='[$?]> '\nfi\nif true\nthen echo yes; fi\nfalse\nexit 3\n");
    assert_eq!((r.out.as_str(), r.status), ("yes\n", 3));
    assert!(r.err.contains("sh: syntax error: 'fi' is unexpected here\n[2]> > "), "{}", r.err);
    assert!(r.err.ends_with("[1]> "), "{}", r.err);
}

#[test]
fn the_shell_shares_stdin_and_arguments() {
    let lab = Lab::new();
    assert_eq!(lab.feed(&["sh"], "cat\nall this\n").out, "all this\n");
    assert_eq!(lab.ok(&["sh", "-c", "echo $0 $1 $#", "name", "x", "y"]), "name x 2\n");
    fs::write(lab.dir().join("s"), "echo script $1\n").unwrap();
    assert_eq!(lab.ok(&["sh", "s", "arg"]), "script arg\n");
    fs::set_permissions(lab.dir().join("s"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(lab.ok(&["sh", "-c", "./s two"]), "script two\n");
}

#[test]
fn ps_lists_the_processes() {
    let lab = Lab::new();
    let plain = lab.ok(&["ps"]);
    assert!(plain.starts_with("UID        PID    PPID CMD\n"), "{plain}");
    let pids: Vec<u32> = plain.lines().skip(1).map(|l| l.split_whitespace().nth(1).unwrap().parse().unwrap()).collect();
    assert!(pids.is_sorted() && pids.contains(&std::process::id()));
    assert!(lab.ok(&["ps", "-ef"]).starts_with("UID          PID    PPID  C STIME TTY          TIME CMD\n"));
    assert!(lab.ok(&["ps", "aux"]).starts_with("USER         PID %CPU %MEM"));
    let me = std::process::id().to_string();
    assert_eq!(lab.ok(&["ps", "-p", &me, "-o", "pid="]).trim(), me);
    let r = lab.run(&["ps", "-Z"]);
    assert!(r.status == 1 && r.err.contains("unknown option -Z"));
}

#[test]
fn files_come_and_go() {
    let lab = Lab::new();
    let d = lab.dir();
    lab.ok(&["mkdir", "-p", "-m", "750", "a/b"]);
    assert_eq!(fs::metadata(d.join("a/b")).unwrap().mode() & 0o777, 0o750);
    lab.ok(&["touch", "a/f"]);
    lab.ok(&["ln", "-s", "f", "a/l"]);
    assert_eq!(lab.ok(&["readlink", "a/l"]), "f\n");
    assert_eq!(lab.ok(&["ls", "a"]), "b\nf\nl\n");
    assert_eq!(lab.ok(&["ls", "-a", "a"]), ".\n..\nb\nf\nl\n");
    assert!(lab.ok(&["ls", "-l", "a"]).contains(" l -> f\n"));
    assert!(lab.ok(&["ls", "-ldn", "a/b"]).starts_with("drwxr-x--- 2 "));
    let ino = fs::metadata(d.join("a/f")).unwrap().ino();
    assert_eq!(lab.ok(&["stat", "-c", "%i %F", "a/f"]), format!("{ino} regular empty file\n"));
    assert!(lab.ok(&["ls", "-i", "a/f"]).starts_with(&ino.to_string()));
    lab.ok(&["mv", "a/f", "g"]);
    lab.ok(&["rm", "g"]);
    let r = lab.run(&["rm", "a"]);
    assert!(r.status == 1 && r.err.contains("EISDIR"));
    let r = lab.run(&["rmdir", "a"]);
    assert_eq!(r.err, "rmdir: cannot remove directory 'a': Directory not empty (ENOTEMPTY)\n");
    lab.ok(&["rm", "-rf", "a", "nothing"]);
    assert!(!d.join("a").exists());
    let r = lab.run(&["ls", "a"]);
    assert_eq!((r.status, r.err.as_str()), (2, "ls: cannot access 'a': No such file or directory (ENOENT)\n"));
}

/// What is below a directory, against what its file system has: they differ where something has no path.
#[test]
fn df_and_du_count_space() {
    let lab = Lab::new();
    let d = lab.dir();
    lab.ok(&["mkdir", "-p", "t/sub"]);
    fs::write(d.join("t/sub/f"), vec![1; 100_000]).unwrap();
    fs::hard_link(d.join("t/sub/f"), d.join("t/again")).unwrap();
    fs::write(d.join("alone"), vec![1; 5000]).unwrap();
    let kib = |path: &str| fs::metadata(d.join(path)).unwrap().blocks().div_ceil(2);
    let all = kib("t") + kib("t/sub") + kib("t/sub/f");
    assert_eq!(lab.ok(&["du", "-sk", "t"]), format!("{all}\tt\n"));
    assert_eq!(lab.ok(&["du", "-sx", "alone"]), format!("{}\talone\n", kib("alone")));
    let whole = lab.ok(&["du", "-a", "t"]);
    assert!(whole.contains("\tt/again\n") && whole.ends_with(&format!("\n{all}\tt\n")), "{whole}");
    let r = lab.run(&["du", "nothing"]);
    assert_eq!((r.status, r.err.as_str()), (1, "du: cannot access 'nothing': No such file or directory (ENOENT)\n"));

    let out = lab.ok(&["df", "-k", "."]);
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted", "on"]);
    let s = nix::sys::statvfs::statvfs(&d).unwrap();
    assert_eq!(rows[1][1], (s.blocks() * s.fragment_size() / 1024).to_string());
    assert!(rows[1][4].ends_with('%') && d.canonicalize().unwrap().starts_with(rows[1][5]), "{out}");
    let all = lab.ok(&["df"]);
    assert!(all.lines().any(|line| line.ends_with(&format!(" {}", rows[1][5]))), "{all}");
    let r = lab.run(&["df", "nothing"]);
    assert_eq!((r.status, r.err.as_str()), (1, "df: nothing: No such file or directory (ENOENT)\n"));
}

#[test]
fn cp_keeps_what_it_should() {
    let lab = Lab::new();
    let d = lab.dir();
    lab.ok(&["mkdir", "-p", "s/sub", "to", "to2"]);
    fs::write(d.join("s/sub/f"), "data").unwrap();
    fs::set_permissions(d.join("s/sub/f"), fs::Permissions::from_mode(0o640)).unwrap();
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    fs::File::open(d.join("s/sub/f")).unwrap().set_modified(old).unwrap();
    symlink("sub/f", d.join("s/link")).unwrap();
    lab.ok(&["cp", "-a", "s/.", "to"]);
    let m = |p: &str| fs::symlink_metadata(d.join(p)).unwrap();
    assert_eq!((m("to/sub/f").mode() & 0o777, m("to/sub/f").mtime()), (0o640, 1_000_000));
    assert!(m("to/link").is_symlink());
    lab.ok(&["cp", "-r", "s", "to2"]);
    assert_eq!(fs::read(d.join("to2/s/sub/f")).unwrap(), b"data");
    lab.ok(&["cp", "s/link", "plain"]);
    assert!(m("plain").is_file());
    assert!(lab.run(&["cp", "s", "x"]).err.contains("omitting directory 's'"));
    assert!(lab.run(&["cp", "-r", "s", "s/sub"]).err.contains("into itself"));
    assert_eq!(lab.run(&["cp", "plain", "plain"]).status, 1);
}

#[test]
fn lines_of_text() {
    let lab = Lab::new();
    let five = "1\n2\n3\n4\n5\n";
    assert_eq!(lab.feed(&["head", "-n", "2"], five).out, "1\n2\n");
    assert_eq!(lab.feed(&["tail", "-2"], five).out, "4\n5\n");
    assert_eq!(lab.feed(&["wc", "-l"], five).out, "5\n");
    assert_eq!(lab.feed(&["grep", "-v", "3"], five).out, "1\n2\n4\n5\n");
    assert_eq!(lab.feed(&["grep", "-c", "^3$"], five).out, "1\n");
    assert_eq!(lab.feed(&["grep", "-q", "9"], five).status, 1);
    assert_eq!(lab.feed(&["grep", "a.*b"], five).status, 2);
    assert_eq!(lab.run(&["cat", "none"]).err, "cat: none: No such file or directory (ENOENT)\n");
}

#[test]
fn the_system() {
    let lab = Lab::new();
    assert_eq!(lab.ok(&["uname"]), "Linux\n");
    assert!(!lab.ok(&["hostname"]).trim().is_empty());
    assert_eq!(lab.ok(&["id", "-u"]).trim(), fs::metadata("/proc/self").unwrap().uid().to_string());
    assert!(lab.ok(&["mount"]).contains(" on / type "));
    let r = lab.run(&["mount", "-t", "tmpfs", "none", "/no/such"]);
    assert!(r.status == 32 && r.err.starts_with("mount: mounting none on /no/such (type tmpfs): "), "{}", r.err);
    let r = lab.run(&["umount", "/no/such"]);
    assert!(r.status == 32 && r.err.contains("/no/such: "), "{}", r.err);
    assert_eq!(lab.ok(&["env", "-i", "A=b"]), "A=b\n");
    assert_eq!(lab.run(&["env", "nosuch"]).status, 127);
    assert_eq!(lab.ok(&["setsid", "-w", "sh", "-c", "echo new"]), "new\n");
    assert!(lab.ok(&["kill", "-l"]).contains(" 9 KILL"));
    assert_eq!(lab.run(&["kill", "-0", "999999999"]).err, "kill: (999999999): No such process (ESRCH)\n");
    assert_eq!(lab.run(&["false"]).status, 1);
    assert_eq!(lab.run(&["[", "a", "=", "a", "]"]).status, 0);
    assert_eq!(lab.run(&["[", "a", "=", "a"]).status, 2);
    assert!(Path::new(lab.ok(&["pwd"]).trim()).is_dir());
}

/// `commit` names what a layer's archive would hold, and writes the layer with overlay's own marks.
#[test]
fn commit_makes_a_layer_of_an_upper_directory() {
    use nix::sys::stat::{Mode, SFlag, mknod};
    use rustix::fs::{XattrFlags, lgetxattr, lsetxattr};
    let lab = Lab::new();
    let at = |path: &str| lab.dir().join(path);
    fs::create_dir_all(at("upper/srv/www")).unwrap();
    fs::create_dir(at("upper/data")).unwrap();
    fs::write(at("upper/srv/new"), "text").unwrap();
    fs::set_permissions(at("upper/srv/new"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(at("upper/data"), fs::Permissions::from_mode(0o700)).unwrap();
    symlink("new", at("upper/srv/link")).unwrap();
    mknod(&at("upper/srv/old"), SFlag::S_IFCHR, Mode::empty(), 0).unwrap();
    lsetxattr(at("upper/srv/www"), "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
    lsetxattr(at("upper/srv"), "user.overlay.impure", b"y", XattrFlags::empty()).unwrap();

    let ran = lab.run(&["commit", "upper", "layer"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "data/\nsrv/\nsrv/link\nsrv/new\nsrv/.wh.old\nsrv/www/\nsrv/www/.wh..wh..opq\n");
    assert_eq!(fs::read_to_string(at("layer/srv/new")).unwrap(), "text");
    assert_eq!(fs::read_link(at("layer/srv/link")).unwrap(), Path::new("new"));
    for (path, mode) in [("layer/srv/new", 0o600), ("layer/data", 0o700)] {
        assert_eq!(fs::metadata(at(path)).unwrap().mode() & 0o7777, mode, "{path}");
    }
    let whiteout = at("layer/srv/old").symlink_metadata().unwrap();
    assert_eq!((whiteout.mode() & libc::S_IFMT, whiteout.rdev()), (libc::S_IFCHR, 0));
    let mark = |path: &str, name: &str| lgetxattr(at(path), name, &mut [0; 8][..]).is_ok();
    assert!(mark("layer/srv/www", "user.overlay.opaque"));
    assert!(!mark("layer/srv", "user.overlay.opaque") && !mark("layer/srv", "user.overlay.impure"));

    let again = lab.run(&["commit", "upper", "layer"]);
    assert_eq!(again.status, 1);
    assert!(again.err.contains("'layer'") && again.err.contains("EEXIST"), "{}", again.err);
}

/// A new PID namespace is for children; without its first process it takes in nobody.
#[test]
fn unshare_makes_namespaces() {
    let lab = Lab::new();
    assert_eq!(lab.ok(&["unshare", "--user", "--pid", "--fork", "sh", "-c", "echo $$"]), "1\n");
    assert_eq!(lab.run(&["unshare", "-Upf", "sh", "-c", "exit 7"]).status, 7);
    let link = |kind: &str| fs::read_link(format!("/proc/self/ns/{kind}")).unwrap().display().to_string();
    let theirs = lab.ok(&["unshare", "-Um", "readlink", "/proc/self/ns/mnt"]);
    assert!(theirs.starts_with("mnt:[") && theirs.trim() != link("mnt"), "{theirs}");
    let r = lab.run(&["unshare", "-Up", "sh", "-c", "true | cat; exec unshare -f true"]);
    assert!(r.status == 1 && r.err.ends_with("unshare: fork failed: Out of memory (ENOMEM)\n"), "{}", r.err);
    let r = lab.run(&["unshare", "-x"]);
    assert!(r.status != 0 && !r.err.is_empty());
}
