//! An image is whole, is found again, and is mended.

use rootfs_builder::{Helper, Options, build, cached, default_commands, unpack};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("rootfs-builder-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn options(path: &str, helper: Option<Helper>) -> Options {
    Options { path: path.into(), helper, os_name: "test image".into(), commands: default_commands() }
}

fn helper(program: &Path) -> Helper {
    let names = |all: &str| all.split(' ').map(String::from).collect();
    Helper { program: program.into(), name: "box".into(), always: names("ps"), stand_in: names("sh ls cat") }
}

#[test]
fn what_a_program_needs_is_inside() {
    let scratch = Scratch::new("whole");
    let image = build(&scratch.0.join("image"), &options("/usr/bin:/bin:/usr/sbin:/sbin", None)).unwrap();
    let root = scratch.0.join("root");
    std::fs::create_dir(&root).unwrap();
    let layers = image.layers();
    assert_eq!(layers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["base", "tools"]);
    unpack(&layers.iter().map(|(_, path)| path.as_path()).collect::<Vec<_>>(), &root).unwrap();
    for name in ["sh", "ls", "cat", "mount"] {
        let program = root.join("usr/bin").join(name);
        assert!(program.is_file(), "{name}");
        let needs = lddtree::DependencyAnalyzer::new(root.clone()).analyze(&program).unwrap();
        let loader = needs.interpreter.expect("a loader");
        assert!(root.join("usr").join(loader.trim_start_matches('/').trim_start_matches("usr/")).is_file(), "{loader}");
        let dirs = ["usr/lib", "usr/lib64", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"];
        for library in needs.libraries.values() {
            assert!(
                dirs.iter().any(|dir| root.join(dir).join(&library.name).is_file()),
                "{name} lacks {}",
                library.name
            );
        }
    }
    assert_eq!(std::fs::read_to_string(root.join("etc/hostname")).unwrap(), "image\n");
    assert_eq!(std::fs::metadata(root.join("tmp")).unwrap().mode() & 0o7777, 0o1777);
    assert!(root.join("proc").read_dir().unwrap().next().is_none());
}

#[test]
fn stand_ins_only_where_the_machine_lacks_a_command() {
    let scratch = Scratch::new("stand-in");
    let program = std::env::current_exe().unwrap();
    let empty = build(&scratch.0.join("empty"), &options("", Some(helper(&program)))).unwrap();
    let full = build(&scratch.0.join("full"), &options("/usr/bin:/bin", Some(helper(&program)))).unwrap();
    let link = |image: &rootfs_builder::Image, name: &str| {
        image.layers().iter().find_map(|(_, dir)| std::fs::read_link(dir.join("usr/bin").join(name)).ok())
    };
    for name in ["ps", "sh", "ls", "cat"] {
        assert_eq!(link(&empty, name), Some("box".into()), "{name}");
        assert_eq!(link(&full, name), (name == "ps").then(|| "box".into()), "{name}");
    }
}

#[test]
fn a_cache_is_used_again_and_mended() {
    let scratch = Scratch::new("cache");
    let options = options("/usr/bin:/bin", None);
    let dir = cached(&scratch.0, "default", &options).unwrap().dir;
    let inode = || std::fs::metadata(&dir).unwrap().ino();
    let first = inode();
    let image = cached(&scratch.0, "default", &options).unwrap();
    assert_eq!(inode(), first, "the second run builds nothing");
    let shell = image.layers()[0].1.join("usr/bin/sh");
    let damages: [&dyn Fn(); 5] = [
        &|| std::fs::remove_file(&shell).unwrap(),
        &|| std::fs::File::options().write(true).open(&shell).unwrap().set_len(10).unwrap(),
        &|| {
            let mut bytes = std::fs::read(&shell).unwrap();
            bytes[100] ^= 1;
            std::fs::write(&shell, bytes).unwrap();
        },
        &|| std::fs::write(dir.join("manifest.json"), "{").unwrap(),
        &|| std::fs::remove_dir_all(dir.join("layers/tools")).unwrap(),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let before = inode();
        damage();
        cached(&scratch.0, "default", &options).unwrap();
        assert_ne!(inode(), before, "damage {number} was not noticed");
        assert_eq!(std::fs::read(&shell).unwrap(), std::fs::read("/bin/sh").unwrap());
    }
    let leftovers = std::fs::read_dir(&scratch.0).unwrap().count();
    assert_eq!(leftovers, 2, "only the image and the lock are left");
}

/// What is in an image must not hang on the environment of whoever builds it: a library that LD_LIBRARY_PATH offers is
/// not taken. The builder runs as a program of its own, so that no other test sees the variable.
#[test]
fn the_callers_library_path_is_ignored() {
    let scratch = Scratch::new("ld-library-path");
    let elsewhere = scratch.0.join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let plain = build(&scratch.0.join("plain"), &options("/usr/bin:/bin", None)).unwrap();
    let from = |manifest: &rootfs_builder::Manifest| {
        let mut all: Vec<PathBuf> =
            manifest.layers.iter().flat_map(|layer| &layer.entries).filter_map(|entry| entry.from.clone()).collect();
        all.sort();
        all
    };
    let libc =
        from(&plain.manifest).into_iter().find(|path| path.to_string_lossy().contains("libc.so")).expect("a libc");
    std::fs::copy(&libc, elsewhere.join(libc.file_name().unwrap())).unwrap();
    let dir = scratch.0.join("image");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_rootfs-builder"))
        .arg(&dir)
        .env("PATH", "/usr/bin:/bin")
        .env("LD_LIBRARY_PATH", &elsewhere)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let text = std::fs::read(dir.join("manifest.json")).unwrap();
    let manifest: rootfs_builder::Manifest = serde_json::from_slice(&text).unwrap();
    assert_eq!(from(&manifest), from(&plain.manifest));
}

/// A cache does not grow for ever: what nobody has used for a week goes when the next image is made.
#[test]
fn images_that_nobody_uses_are_removed() {
    let scratch = Scratch::new("unused");
    let cache = scratch.0.join("cache");
    let program = std::env::current_exe().unwrap();
    let make = |name: &str| {
        let options = Options { os_name: name.into(), ..options("", Some(helper(&program))) };
        cached(&cache, "small", &options).unwrap().dir
    };
    let age = |dir: &Path, days: u64| {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 24 * 3600);
        std::fs::File::options().append(true).open(dir.join("manifest.json")).unwrap().set_modified(then).unwrap();
    };
    let (old, used, young) = (make("old"), make("used"), make("young"));
    age(&old, 8);
    age(&used, 8);
    age(&young, 6);
    assert_eq!(make("used"), used, "found again, and so used now");
    make("new");
    assert!(!old.exists() && used.is_dir() && young.is_dir());
}
