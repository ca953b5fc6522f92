//! A conductor with a lab that shows what a test wants.

use super::*;
use crate::lesson::Run;
use crate::mounts::{ChangeKind, MountTable};
use crate::op::{Actor, Call};
use crate::session::{CommandRecord, FileState, SideState};
use std::cell::RefCell;
use std::rc::Rc;

/// How the practice host is, for whoever looks.
type Now = Rc<RefCell<Snapshot>>;

struct Shown {
    now: Now,
    /// Whether tables can be read without a snapshot.
    is_told: bool,
    /// Looking at both sides fails so often.
    fails: usize,
}

impl Lab for Shown {
    fn snapshot(&mut self) -> Result<Snapshot, LabError> {
        if self.fails > 0 {
            self.fails -= 1;
            return Err(LabError::Broken("it fails".into()));
        }
        Ok(self.now.borrow().clone())
    }

    fn tables(&mut self) -> Result<Option<Snapshot>, LabError> {
        Ok(self.is_told.then(|| self.now.borrow().clone()))
    }

    fn perform(&mut self, _: Actor, _: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        unreachable!("nothing is performed")
    }

    fn run(&mut self, _: Actor, _: &Run) -> Result<CommandRecord, LabError> {
        unreachable!("nothing is run")
    }

    fn container(&self) -> Option<i32> {
        None
    }

    fn type_line(&mut self, _: &str) -> Result<(), LabError> {
        unreachable!("nothing is typed")
    }

    fn typed_output(&mut self) -> Result<String, LabError> {
        unreachable!("nothing is typed")
    }

    fn file(&mut self, _: Side, _: &str) -> Result<Option<FileState>, LabError> {
        Ok(None)
    }

    fn wait(&mut self, _: BorrowedFd) -> Result<bool, LabError> {
        Ok(true)
    }

    fn shell(&mut self, _: Side, _: TerminalKind) -> Result<Shell, LabError> {
        unreachable!("no shell is opened")
    }
}

fn rows(points: &[&str]) -> Snapshot {
    let row = |(at, point): (usize, &&str)| format!("{} 1 0:{at} / {point} rw - tmpfs x rw\n", at + 2);
    let table = MountTable::parse(points.iter().enumerate().map(row).collect::<String>().into_bytes());
    Snapshot { outside: Arc::new(SideState { seen: table.clone(), table, ..SideState::default() }), inside: None }
}

/// A conductor at the beginning of a step without a task.
fn conductor(is_told: bool, fails: usize) -> (Conductor, Now) {
    let lesson = Arc::new(crate::lesson::open("mount-ns").unwrap());
    let now = Rc::new(RefCell::new(rows(&["/", "/proc"])));
    let lab = Shown { now: now.clone(), is_told, fails };
    let before = now.borrow().clone();
    let start: Start = Box::new(|_| unreachable!("nothing is built"));
    (Conductor { lab: Some(Box::new(lab)), now: before, ..Conductor::new(lesson, start) }, now)
}

fn kinds(changes: &[crate::mounts::Change]) -> Vec<ChangeKind> {
    changes.iter().map(|change| change.kind).collect()
}

/// What is glimpsed is only shown: the look that follows tells the whole change.
#[test]
fn a_glimpse_comes_before_the_look() {
    let (mut conductor, now) = conductor(true, 0);
    assert!(conductor.glimpse().unwrap().is_none(), "nothing changed");
    now.replace(rows(&["/", "/proc", "/mnt"]));
    let marks = conductor.glimpse().unwrap().unwrap();
    assert!(marks.by_hand);
    assert_eq!(kinds(&marks.outside), [ChangeKind::Added]);
    let record = conductor.look(0).unwrap().unwrap();
    assert_eq!(kinds(&record.outside), [ChangeKind::Added]);
    assert!(conductor.look(0).unwrap().is_none());
}

/// A row that was shown and is gone again when all is looked at does not stay on the screen.
#[test]
fn what_was_glimpsed_and_went_is_told_to_have_gone() {
    let (mut conductor, now) = conductor(true, 0);
    now.replace(rows(&["/", "/proc", "/mnt"]));
    conductor.glimpse().unwrap().unwrap();
    now.replace(rows(&["/", "/proc"]));
    let record = conductor.look(0).unwrap().unwrap();
    assert_eq!(kinds(&record.outside), [ChangeKind::Removed]);
    assert_eq!(record.after, now.borrow().clone());
}

#[test]
fn where_tables_take_a_snapshot_the_look_tells() {
    let (mut conductor, now) = conductor(false, 0);
    now.replace(rows(&["/", "/proc", "/mnt"]));
    assert!(conductor.glimpse().unwrap().is_none());
    assert_eq!(kinds(&conductor.look(0).unwrap().unwrap().outside), [ChangeKind::Added]);
}

/// A look that fails forgets what was glimpsed: the next one is of another sandbox.
#[test]
fn nothing_glimpsed_outlives_its_sandbox() {
    let (mut conductor, now) = conductor(true, 1);
    now.replace(rows(&["/", "/proc", "/mnt"]));
    conductor.glimpse().unwrap().unwrap();
    conductor.look(0).unwrap_err();
    now.replace(rows(&["/", "/proc"]));
    assert!(conductor.look(0).unwrap().is_none());
}
