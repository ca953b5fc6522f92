//! What a student has done, kept from run to run below the XDG state folder. Written to a temporary name and renamed;
//! a file that cannot be read is kept aside and said, never replaced in silence.

use crate::session::Session;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The version of the file.
const VERSION: u32 = 1;
const FILE: &str = "progress.json";

/// All lessons, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub version: u32,
    #[serde(default)]
    pub lessons: BTreeMap<String, LessonProgress>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { version: VERSION, lessons: BTreeMap::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LessonProgress {
    /// The step that the student was at, by its id.
    #[serde(default)]
    pub at: String,
    #[serde(default)]
    pub steps: BTreeMap<String, StepProgress>,
    /// The closing page was reached.
    #[serde(default)]
    pub finished: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepProgress {
    #[serde(default)]
    pub done: bool,
    /// Whether the first prediction was what the kernel then did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskProgress>,
    /// How many of the step's variants were tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskProgress {
    Done,
    /// nslab typed the solution.
    Shown,
}

impl LessonProgress {
    /// Steps done; predictions confirmed at first sight, and judged.
    pub fn score(&self) -> (usize, usize, usize) {
        let steps = self.steps.values();
        let sights = || steps.clone().filter_map(|step| step.sight);
        (steps.clone().filter(|step| step.done).count(), sights().filter(|sight| *sight).count(), sights().count())
    }

    /// Takes over what a session knows. What was done once stays done, and the first guess stays the first.
    pub fn note(&mut self, session: &Session) {
        self.at = session.lesson.steps[session.step].id.clone();
        self.finished |= session.phase == crate::session::Phase::After;
        for (index, step) in session.lesson.steps.iter().enumerate() {
            let (done, sight) = (session.done[index], session.sights[index]);
            if !done && sight.is_none() && !self.steps.contains_key(&step.id) {
                continue;
            }
            let kept = self.steps.entry(step.id.clone()).or_default();
            kept.done |= done;
            kept.sight = kept.sight.or(sight);
        }
        let here = &session.lesson.steps[session.step];
        let task = match (session.task.done, session.task.shown) {
            (true, true) => Some(TaskProgress::Shown),
            (true, false) => Some(TaskProgress::Done),
            _ => None,
        };
        let tried = session.variant.filter(|_| session.phase == crate::session::Phase::Broken);
        if task.is_some() || tried.is_some() {
            let kept = self.steps.entry(here.id.clone()).or_default();
            // Done by hand counts more than shown, whichever came first.
            kept.task = if kept.task == Some(TaskProgress::Done) { kept.task } else { task.or(kept.task) };
            if let Some(id) = tried.map(|index| here.variants[index].id.clone())
                && !kept.tried.contains(&id)
            {
                kept.tried.push(id);
            }
        }
    }

    /// Tells a fresh session what earlier ones did.
    pub fn recall(&self, session: &mut Session) {
        for (index, step) in session.lesson.clone().steps.iter().enumerate() {
            if let Some(kept) = self.steps.get(&step.id) {
                session.done[index] |= kept.done;
                session.sights[index] = session.sights[index].or(kept.sight);
            }
        }
    }
}

/// Where progress is kept.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// What was read, and what must be said about it.
#[derive(Debug)]
pub struct Loaded {
    pub progress: Progress,
    /// A file that could not be used, where it is now, and why.
    pub aside: Option<(PathBuf, String)>,
}

impl Store {
    /// Below `$XDG_STATE_HOME`, or `~/.local/state`.
    pub fn open() -> Option<Store> {
        use etcetera::BaseStrategy;
        let dir = etcetera::choose_base_strategy().ok()?.state_dir()?.join("nslab");
        Some(Store { dir })
    }

    #[cfg(test)]
    fn at(dir: &Path) -> Store {
        Store { dir: dir.into() }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// Reads the file. One that is damaged, or of a newer nslab, is moved aside.
    ///
    /// # Errors
    /// What the kernel answers when it cannot be read or moved.
    pub fn load(&self) -> io::Result<Loaded> {
        let text = match std::fs::read(self.path()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Loaded { progress: Progress::default(), aside: None });
            }
            Err(error) => return Err(error),
        };
        let why = match serde_json::from_slice::<Progress>(&text) {
            Ok(progress) if progress.version <= VERSION => return Ok(Loaded { progress, aside: None }),
            Ok(progress) => format!("version {} is newer than this nslab, which knows {VERSION}", progress.version),
            Err(error) => error.to_string(),
        };
        let aside = self.free_name();
        std::fs::rename(self.path(), &aside)?;
        Ok(Loaded { progress: Progress::default(), aside: Some((aside, why)) })
    }

    fn free_name(&self) -> PathBuf {
        let names = (1..).map(|number| self.dir.join(format!("progress.aside-{number}.json")));
        names.into_iter().find(|path| !path.exists()).unwrap_or_else(|| self.dir.join("progress.aside.json"))
    }

    /// Reads, changes and writes, alone among all runs of nslab.
    ///
    /// # Errors
    /// What the kernel answers: the folder cannot be made or written.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let lock = File::create(self.dir.join("lock"))?;
        let _lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
        let before = self.load()?.progress;
        let mut after = before.clone();
        change(&mut after);
        if after == before && self.path().exists() {
            return Ok(());
        }
        write_whole(&self.path(), &serde_json::to_vec_pretty(&after)?)
    }
}

/// Keeps a lesson's progress while it is taken.
pub struct Keeper {
    store: Option<Store>,
    /// The lesson's id, or the path of one that is not bundled.
    lesson: String,
    kept: LessonProgress,
    trouble: Option<io::Error>,
}

impl Keeper {
    pub fn new(store: Option<Store>, lesson: &str, kept: LessonProgress) -> Keeper {
        Keeper { store, lesson: lesson.into(), kept, trouble: None }
    }

    /// Writes what is new in the session, if anything is. A lesson goes on where nothing can be written.
    pub fn note(&mut self, session: &Session) {
        let before = self.kept.clone();
        self.kept.note(session);
        if self.kept == before {
            return;
        }
        let Some(store) = &self.store else { return };
        let (lesson, kept) = (self.lesson.clone(), self.kept.clone());
        self.trouble =
            store.update(|progress| drop(progress.lessons.insert(lesson, kept))).err().or(self.trouble.take());
    }

    /// What could not be written, to be said at the end.
    pub fn trouble(self) -> Option<(PathBuf, io::Error)> {
        Some((self.store?.path(), self.trouble?))
    }
}

/// Writes a file so that it is there whole or as it was before.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("tmp-{}", std::process::id()));
    let mut file = File::create(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
    written.and_then(|()| std::fs::rename(&temporary, path)).inspect_err(|_| drop(std::fs::remove_file(&temporary)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn session() -> Session {
        Session::new(Arc::new(crate::lesson::open("mount-ns").unwrap()), 0).0
    }

    #[test]
    fn what_is_noted_is_recalled() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(&dir.path().join("state"));
        let mut one = session();
        one.step = 2;
        (one.done[0], one.done[1], one.sights[0]) = (true, true, Some(true));
        store.update(|progress| progress.lessons.entry("mount-ns".into()).or_default().note(&one)).unwrap();
        // A second try does not change the first sight.
        one.sights[0] = Some(false);
        one.done[1] = false;
        store.update(|progress| progress.lessons.entry("mount-ns".into()).or_default().note(&one)).unwrap();
        let kept = store.load().unwrap().progress.lessons["mount-ns"].clone();
        assert_eq!((kept.at.as_str(), kept.score()), ("same-files", (2, 1, 1)));
        let mut other = session();
        kept.recall(&mut other);
        assert_eq!((other.done[1], other.sights[0]), (true, Some(true)));
        assert_eq!(std::fs::read_dir(dir.path().join("state")).unwrap().count(), 2, "the file and the lock");
    }

    #[test]
    fn a_damaged_or_newer_file_is_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        for (number, text) in ["{ not json", r#"{"version": 99, "lessons": {}}"#].iter().enumerate() {
            std::fs::write(store.path(), text).unwrap();
            let (aside, why) = store.load().unwrap().aside.unwrap();
            assert_eq!(std::fs::read_to_string(&aside).unwrap(), *text);
            assert!(!why.is_empty());
            assert!(aside.ends_with(format!("progress.aside-{}.json", number + 1)));
            assert!(store.load().unwrap().aside.is_none(), "said once");
        }
    }
}
