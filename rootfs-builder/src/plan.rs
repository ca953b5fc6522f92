//! What goes into the image: which programs of the machine, and which libraries they need.

use crate::manifest::{Input, Stamp};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A program of many names, for what the machine lacks.
#[derive(Debug, Clone)]
pub struct Helper {
    pub program: PathBuf,
    /// Its own name in /usr/bin.
    pub name: String,
    /// Names that always mean it.
    pub always: Vec<String>,
    /// Names that mean it where the machine has no such command.
    pub stand_in: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Options {
    /// Where commands are looked for, as in PATH. Nowhere else.
    pub path: OsString,
    pub helper: Option<Helper>,
    /// For /etc/os-release.
    pub os_name: String,
    pub commands: Vec<String>,
}

/// The everyday commands, as far as the machine has them.
pub fn default_commands() -> Vec<String> {
    "sh bash ls cat mkdir rmdir touch rm cp mv ln echo id stat df du find grep head tail wc sort cut tr tee sleep env kill \
     uname mount umount findmnt lsns unshare nsenter pivot_root chroot hostname less vi setsid true false test printf \
     readlink dirname basename sed tty"
        .split_whitespace()
        .map(String::from)
        .collect()
}

/// Larger programs are left out: the image is copied into memory.
const LARGEST: u64 = 6 << 20;

/// The plan of one layer: path in the image → what stands there.
pub type LayerPlan = BTreeMap<PathBuf, Item>;

#[derive(Debug, Clone)]
pub enum Item {
    Copy(PathBuf),
    Link(PathBuf),
}

/// What to write, and everything that was looked at to find it out.
pub struct Plan {
    pub base: LayerPlan,
    pub tools: LayerPlan,
    pub inputs: Vec<Input>,
}

pub fn plan(options: &Options) -> Plan {
    let mut inputs: BTreeMap<PathBuf, Option<Stamp>> = BTreeMap::new();
    let mut look = |path: &Path| {
        let state = Stamp::of_target(path);
        inputs.insert(path.into(), state.clone());
        state
    };
    let (mut base, mut tools) = (LayerPlan::new(), LayerPlan::new());
    let mut programs: Vec<PathBuf> = Vec::new();
    let always = options.helper.iter().flat_map(|helper| &helper.always).collect::<BTreeSet<_>>();
    for command in options.commands.iter().filter(|command| !always.contains(command)) {
        let found = std::env::split_paths(&options.path).filter(|dir| dir.is_absolute()).find_map(|dir| {
            let path = dir.join(command);
            let state = look(&path)?;
            (state.mode & 0o111 != 0 && state.size <= LARGEST && is_elf(&path)).then_some(path)
        });
        if let Some(path) = found {
            let real = path.canonicalize().unwrap_or(path);
            look(&real);
            let layer = if matches!(command.as_str(), "sh" | "bash") { &mut base } else { &mut tools };
            layer.insert(Path::new("usr/bin").join(command), Item::Copy(real.clone()));
            programs.push(real);
        }
    }
    if let Some(helper) = &options.helper {
        look(&helper.program);
        let at = Path::new("usr/bin").join(&helper.name);
        base.insert(at, Item::Copy(helper.program.clone()));
        programs.push(helper.program.clone());
        for name in helper.always.iter().chain(&helper.stand_in) {
            let path = Path::new("usr/bin").join(name);
            if !base.contains_key(&path) && !tools.contains_key(&path) {
                let layer = if name == "sh" { &mut base } else { &mut tools };
                layer.insert(path, Item::Link(PathBuf::from(&helper.name)));
            }
        }
    }
    for program in &programs {
        for (at, from) in libraries(program) {
            look(&from);
            base.insert(at, Item::Copy(from));
        }
    }
    for name in [
        "l/linux",
        "x/xterm",
        "x/xterm-256color",
        "s/screen",
        "s/screen-256color",
        "t/tmux",
        "t/tmux-256color",
        "v/vt100",
        "d/dumb",
    ] {
        for dir in ["/usr/share/terminfo", "/lib/terminfo", "/usr/lib/terminfo"] {
            let path = Path::new(dir).join(name);
            if look(&path).is_some() {
                tools.insert(Path::new("usr/share/terminfo").join(name), Item::Copy(path));
                break;
            }
        }
    }
    let inputs = inputs.into_iter().map(|(path, state)| Input { path, state }).collect();
    Plan { base, tools, inputs }
}

/// The loader and the libraries of a program: where they stand in the image, and where they come from.
fn libraries(program: &Path) -> Vec<(PathBuf, PathBuf)> {
    // lddtree obeys the caller's LD_LIBRARY_PATH where the root it searches is spelt `/`, and only there. What is in an
    // image must not hang on the environment of whoever builds it, so the same directory is spelt otherwise.
    let root = Path::new("/..");
    let Ok(tree) = lddtree::DependencyAnalyzer::new(root.into()).analyze(program) else { return Vec::new() };
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    if let Some(loader) = tree.interpreter {
        let path = PathBuf::from(loader);
        if let Ok(real) = path.canonicalize() {
            found.push((in_image(&path), real));
        }
    }
    for library in tree.libraries.into_values() {
        if let Some(real) = library.realpath {
            // Where it was found, with the directory's links and dots resolved: one place, one name in the plan.
            let found_in = library.path.parent().and_then(|dir| dir.canonicalize().ok());
            let path = match (found_in, library.path.file_name()) {
                (Some(dir), Some(name)) => dir.join(name),
                _ => real.clone(),
            };
            found.push((in_image(&path), real));
        }
    }
    found
}

/// `/lib/x` and `/lib64/x` stand below /usr in the image, where links lead.
fn in_image(path: &Path) -> PathBuf {
    let relative = path.strip_prefix("/").unwrap_or(path);
    if relative.starts_with("usr") { relative.into() } else { Path::new("usr").join(relative) }
}

fn is_elf(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}
