//! `nslab volume` and `nslab container`: what they print is held against captures of Docker.

mod common;

use common::{nslab, users};
use serde_json::Value;
use std::path::Path;

struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("image/data")).unwrap();
        std::fs::write(dir.path().join("image/data/seed.txt"), "from image\n").unwrap();
        Self { dir }
    }

    fn image(&self) -> String {
        self.dir.path().join("image").display().to_string()
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let store = self.dir.path().join("store");
        let output = nslab(users()[0]).args(args).arg("--store").arg(store).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn ok(&self, args: &[&str]) -> String {
        let (status, out, err) = self.run(args);
        assert!(status == 0 && err.is_empty(), "{args:?}: {status} {out}{err}");
        out
    }
}

/// What a command of a capture printed.
fn captured(name: &str) -> String {
    let path = format!("{}/tests/fixtures/docker/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let (_command, output) = text.split_once('\n').unwrap();
    output.strip_suffix("[rc=0]\n").unwrap().to_string()
}

/// Lines with what differs from run to run taken out: ids, times, where the store lies.
fn shape(text: &str, root: &Path) -> String {
    let text = text.replace(&root.display().to_string(), "/var/lib/docker");
    let plain = |word: &str| {
        let word = word.replace("/var/lib/docker/volumes/", "");
        let id =
            word.split(['"', '/', ',']).find(|part| part.len() == 64 && part.chars().all(|c| c.is_ascii_hexdigit()));
        let word = id.map_or(word.clone(), |id| word.replace(id, "ID"));
        if word.ends_with("Z\",") { "TIME".to_string() } else { word }
    };
    text.lines().map(|line| line.split(' ').map(plain).collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn ls_and_inspect_print_what_docker_prints() {
    let lab = Lab::new();
    let store = lab.dir.path().join("store");
    let name = lab.ok(&["volume", "create"]);
    let same = |ours: String, capture: &str| assert_eq!(shape(&ours, &store), shape(&captured(capture), &store));
    same(lab.ok(&["volume", "ls"]), "d28-run-volume-ls");
    same(lab.ok(&["volume", "inspect", name.trim()]), "d28-run-volume-inspect");
    lab.ok(&["volume", "rm", name.trim()]);
    lab.ok(&["container", "create", "--name", "c1", "-v", "named1:/data", &lab.image()]);
    let all = captured("d28-named-copyup");
    let named = &all[all.find("[\n").unwrap()..all.find("\n]\n").unwrap() + 3];
    assert_eq!(shape(&lab.ok(&["volume", "inspect", "named1"]), &store), shape(named, &store));
    assert!(store.join("volumes/named1/_data/seed.txt").exists());
}

#[test]
fn mounts_have_dockers_keys() {
    let lab = Lab::new();
    lab.ok(&["container", "create", "--name", "c1", "-v", "/test", &lab.image()]);
    let ours: Value = serde_json::from_str(&lab.ok(&["container", "inspect", "-f", "{{json .Mounts}}", "c1"])).unwrap();
    let dockers: Value = serde_json::from_str(&captured("d28-run-inspect-mounts")).unwrap();
    let keys = |value: &Value| value[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&ours), keys(&dockers));
    for key in ["Type", "Destination", "Driver", "Mode", "RW", "Propagation"] {
        assert_eq!(ours[0][key], dockers[0][key], "{key}");
    }
}

#[test]
fn the_life_of_an_anonymous_volume() {
    let lab = Lab::new();
    let names =
        |filter: &str| lab.ok(&["volume", "ls", "-q", "-f", filter]).lines().map(String::from).collect::<Vec<_>>();
    lab.ok(&["container", "create", "--name", "web", "-v", "/cache", "-v", "data:/data", &lab.image()]);
    assert!(names("dangling=true").is_empty());
    let (status, out, err) = lab.run(&["volume", "rm", "data"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("web") && err.contains("nslab container rm web"), "{err}");
    assert_eq!(lab.ok(&["container", "rm", "web"]), "web\n");
    assert_eq!(names("dangling=true").len(), 2);
    assert_eq!(names("label=com.docker.volume.anonymous").len(), 1);
    let out = lab.ok(&["volume", "prune", "-f"]);
    assert!(out.starts_with("Deleted Volumes:\n") && out.ends_with("\n\nTotal reclaimed space: 0B\n"), "{out}");
    assert_eq!(names("dangling=true"), ["data"]);
    assert_eq!(lab.ok(&["volume", "prune", "-f"]), "Total reclaimed space: 0B\n");
    let out = lab.ok(&["volume", "prune", "-af"]);
    assert!(out.contains("data\n") && out.ends_with("space: 11B\n"), "{out}");
}

/// Nobody answers: nothing is removed.
#[test]
fn prune_asks_first() {
    let lab = Lab::new();
    lab.ok(&["volume", "create"]);
    let (status, out, err) = lab.run(&["volume", "prune"]);
    assert_eq!(status, 1);
    assert!(out.starts_with("WARNING!") && err.contains("-f"), "{out}{err}");
    assert_eq!(lab.ok(&["volume", "ls", "-q"]).lines().count(), 1);
}

#[test]
fn what_is_not_there_is_said_once() {
    let lab = Lab::new();
    let (status, out, err) = lab.run(&["volume", "inspect", "nosuch"]);
    assert_eq!((status, out.as_str(), err.lines().count()), (1, "[]\n", 1));
    assert!(err.contains("nosuch") && err.contains("nslab volume ls"), "{err}");
    assert_eq!(lab.run(&["volume", "rm", "nosuch"]).0, 1);
    assert_eq!(lab.run(&["volume", "rm", "-f", "nosuch"]).0, 0);
    for wrong in [
        vec!["volume", "ls", "-f", "size=1"],
        vec!["volume", "create", "a/b"],
        vec!["container", "create", "-v", "a/b:/data", "/"],
        vec!["container", "create", "-v", "data:/", "/"],
    ] {
        let (status, out, err) = lab.run(&wrong);
        assert_eq!((status, out.as_str(), err.lines().count()), (2, "", 1), "{wrong:?}: {err}");
    }
    assert!(lab.ok(&["volume", "ls", "-q"]).is_empty(), "what is refused leaves nothing behind");
}

/// What was tried, on what, and the kernel's answer, in the reader's language.
#[test]
fn what_the_kernel_refuses_is_said() {
    let lab = Lab::new();
    std::fs::write(lab.dir.path().join("store"), "").unwrap();
    let (status, _, err) = lab.run(&["volume", "create", "data"]);
    assert_eq!((status, err.lines().count()), (3, 1), "{err}");
    assert!(
        err.contains("make the directory") && err.contains("store/volumes/data") && err.contains("Not a directory")
    );
    let (_, _, err) = lab.run(&["volume", "create", "data", "--lang", "zh-CN"]);
    assert!(err.contains("创建目录"), "{err}");
    let (status, _, err) = Lab::new().run(&["container", "create", "/nowhere"]);
    assert_eq!(status, 2, "{err}");
    assert!(err.contains("/nowhere"), "{err}");
}

/// On the machine itself nothing is guessed.
#[test]
fn without_a_store_the_machine_is_left_alone() {
    let output = nslab(users()[0]).args(["volume", "ls"]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("/lab/volumes") && err.contains("--store"), "{err}");
    let output = nslab(users()[0]).args(["volume", "ls", "--lang", "zh-CN"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("练习宿主机"));
}

/// Every step and variant, for every user, and where the image is nslab's own commands alone.
#[test]
fn the_lesson_holds() {
    let path = std::env::var("PATH").unwrap();
    let everyone = users().into_iter().map(|user| (user, path.as_str()));
    for (user, path) in everyone.chain([(users()[0], "")]) {
        let output = nslab(user).args(["verify", "volumes"]).env("PATH", path).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "uid {user}, PATH {path:?}: {text}");
    }
}

/// On both sides of a lesson `nslab` is on the PATH, and the store is the practice host's.
#[test]
fn inside_it_answers_to_its_name() {
    let dir = common::place().join("volume-lesson");
    std::fs::create_dir_all(&dir).unwrap();
    let lesson = "format: 1\nid: inside\nminutes: 1\nsteps:\n  - id: a\n    minutes: 1\n    rounds:\n      - do: [{ clone: { new: [uts, pid, mnt] } }]\n        run: [mkdir /lab/rootfs, cp -a /lab/image/base/. /lab/image/tools/. /lab/rootfs, nslab volume create data]\n        expect:\n          - { becomes: { file: { side: outside, path: /lab/volumes/data/_data, kind: directory, entries: [] } } }\n      - actor: container\n        run: [nslab volume ls -q]\n        expect:\n          - { says: { output: { of: nslab volume ls -q, is: data, status: 0 } } }\n      - actor: container\n        do: [{ chroot: /lab/rootfs }]\n        run: [nslab volume ls]\n        expect:\n          - { says: { output: { of: nslab volume ls, has: this is the container, status: 2 } } }\n";
    std::fs::write(dir.join("lesson.yaml"), lesson).unwrap();
    std::fs::write(dir.join("en.md"), "# Inside\n").unwrap();
    for user in users() {
        let output = nslab(user).args(["verify", dir.to_str().unwrap()]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "uid {user}: {text}");
    }
}
