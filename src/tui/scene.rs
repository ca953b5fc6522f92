//! Which tables a frame shows: those of now or of an earlier change, as a process or as the whole namespace has them.

use super::shape::{Shape, shapes};
use super::view::{Sight, View};
use crate::lesson::Side;
use crate::mounts::{MountTable, Pair, pair, pair_by_point};
use crate::session::{Marks, Session, Shown, Snapshot};
use std::sync::Arc;

/// Both sides, and which row stands beside which.
pub struct Scene {
    pub outside: Shown,
    pub inside: Shown,
    pub marks: Arc<Marks>,
    pub pairs: Vec<Pair>,
    /// Whether the inside is as a clone makes it: the outside's rows in the same order, with ids of its own.
    pub is_copy: bool,
    /// Both sides' rows as a tree or with their ties, if that is asked for.
    shapes: (Shape, Shape),
    /// The last row that the container's process names otherwise than its namespace does.
    pub renamed: Option<usize>,
    source: Source,
}

/// What a scene is made from. Tables and marks are never changed in place: the same pointers hold the same rows.
struct Source {
    now: Snapshot,
    marks: Arc<Marks>,
    sight: Sight,
    machine: Arc<MountTable>,
}

/// The tables that a session shows, and what the last change did to them: now, or at the moment that is looked at.
pub fn session_tables<'a>(session: &'a Session, view: &View) -> (&'a Snapshot, &'a Arc<Marks>) {
    match view.moment.and_then(|moment| session.history.get(moment)) {
        Some((_, moment)) => (&moment.marks.after, &moment.marks),
        None => (&session.now, &session.marks),
    }
}

impl Source {
    fn new(now: &Snapshot, marks: &Arc<Marks>, view: &View) -> Source {
        Source { now: now.clone(), marks: marks.clone(), sight: view.sight, machine: view.machine.clone() }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        let inside = match (&self.now.inside, &other.now.inside) {
            (Some(inside), Some(other)) => Arc::ptr_eq(inside, other),
            (inside, other) => inside.is_none() && other.is_none(),
        };
        inside
            && Arc::ptr_eq(&self.now.outside, &other.now.outside)
            && Arc::ptr_eq(&self.marks, &other.marks)
            && Arc::ptr_eq(&self.machine, &other.machine)
            && self.sight == other.sight
    }
}

impl Scene {
    pub fn shape(&self, side: Side) -> &Shape {
        if side == Side::Outside { &self.shapes.0 } else { &self.shapes.1 }
    }

    pub fn of(session: &Session, view: &View) -> Scene {
        let (now, marks) = session_tables(session, view);
        Scene::new(now, marks, view)
    }

    pub fn new(now: &Snapshot, marks: &Arc<Marks>, view: &View) -> Scene {
        let source = Source::new(now, marks, view);
        let (now, marks, sight) = (&source.now, source.marks.clone(), source.sight);
        let before = &marks.before;
        let of_process = sight == Sight::Process;
        let outside = if sight == Sight::Machine {
            Shown::machine(&source.machine)
        } else {
            Shown::side(Some(&now.outside), Some(&before.outside), &marks.outside, of_process)
        };
        let inside = Shown::side(now.inside.as_ref(), before.inside.as_ref(), &marks.inside, of_process);
        let pairing = if view.by_point { pair_by_point } else { pair };
        let shapes = shapes(&outside.table, &inside.table, sight);
        Scene {
            pairs: pairing(&outside.table, &inside.table),
            is_copy: is_copy(&outside, &inside),
            shapes,
            renamed: inside.last_renamed(),
            outside,
            inside,
            marks,
            source,
        }
    }

    /// Whether it is what would be made of these.
    pub fn shows(&self, now: &Snapshot, marks: &Arc<Marks>, view: &View) -> bool {
        self.source == Source::new(now, marks, view)
    }

    pub fn side(&self, side: Side) -> &Shown {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }
}

fn is_copy(outside: &Shown, inside: &Shown) -> bool {
    let (left, right) = (outside.now.rows(), inside.now.rows());
    !outside.is_machine
        && !right.is_empty()
        && left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| a.id != b.id && a.target() == b.target() && a.root() == b.root())
}
