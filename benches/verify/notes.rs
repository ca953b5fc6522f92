//! What `verify` makes the kernel do, taken down while a lesson is conducted for real.

use nslab::conduct;
use nslab::lab::{Lab, LabError, Shell, TerminalKind};
use nslab::lesson::HostKind;
use nslab::lesson::{Lesson, Run, Side, open};
use nslab::op::{Actor, Call};
use nslab::sandbox::Sandbox;
use nslab::session::{CommandRecord, FileState, Snapshot};
use serde::{Deserialize, Serialize};
use std::os::fd::BorrowedFd;

/// One thing done, and how it ended.
#[derive(Debug, Serialize, Deserialize)]
pub enum Act {
    Call {
        actor: Actor,
        call: Call,
        errno: Option<i32>,
    },
    /// A command; `status` is None where it goes on in the background.
    Run {
        actor: Actor,
        args: Vec<String>,
        status: Option<i32>,
    },
    Type {
        line: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Notes {
    pub layers: Vec<(String, String)>,
    pub shared: bool,
    /// Whether practice hosts have user namespaces here.
    pub confined: bool,
    /// One practice host each: the lesson, then each variant with the steps before it.
    pub hosts: Vec<Vec<Act>>,
}

/// Conducts the lesson and every variant.
pub fn take(lesson: &str, layers: &[(String, String)]) -> Notes {
    let lesson = open(lesson).expect("the lesson reads well");
    let confined = practice_host(&lesson, layers).confined;
    let all = lesson.steps.len();
    let mut hosts = vec![noted(&lesson, layers, |lab| conduct::replay(lab, &lesson, all, &[]).map(drop))];
    for (step, at) in lesson.steps.iter().enumerate() {
        for variant in 0..at.variants.len() {
            let conducted = |lab: &mut dyn Lab| conduct::variant(lab, &lesson, step, variant).map(drop);
            hosts.push(noted(&lesson, layers, conducted));
        }
    }
    Notes { layers: layers.to_vec(), shared: lesson.host.shared, confined, hosts }
}

fn noted(
    lesson: &Lesson,
    layers: &[(String, String)],
    conducted: impl FnOnce(&mut dyn Lab) -> Result<(), LabError>,
) -> Vec<Act> {
    let mut noting = Noting { lab: practice_host(lesson, layers), acts: Vec::new() };
    conducted(&mut noting).expect("the lesson goes through");
    noting.acts
}

fn practice_host(lesson: &Lesson, layers: &[(String, String)]) -> Sandbox {
    Sandbox::start(&lesson.host, HostKind::Tidy, layers).expect("a practice host")
}

/// A lab that takes notes.
struct Noting {
    lab: Sandbox,
    acts: Vec<Act>,
}

impl Lab for Noting {
    fn perform(&mut self, actor: Actor, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        let (result, micros) = self.lab.perform(actor, call)?;
        self.acts.push(Act::Call { actor, call: call.clone(), errno: result.err() });
        Ok((result, micros))
    }

    fn run(&mut self, actor: Actor, command: &Run) -> Result<CommandRecord, LabError> {
        let record = self.lab.run(actor, command)?;
        let args = match command {
            Run::Shell(shell) => vec!["sh".into(), "-c".into(), shell.sh.clone()],
            words => words.line().split_whitespace().map(str::to_string).collect(),
        };
        self.acts.push(Act::Run { actor, args, status: record.status });
        Ok(record)
    }

    fn container(&self) -> Option<i32> {
        self.lab.container()
    }

    fn wait(&mut self, over: BorrowedFd) -> Result<bool, LabError> {
        self.lab.wait(over)
    }

    fn type_line(&mut self, line: &str) -> Result<(), LabError> {
        self.acts.push(Act::Type { line: line.into() });
        self.lab.type_line(line)
    }

    fn typed_output(&mut self) -> Result<String, LabError> {
        self.lab.typed_output()
    }

    fn snapshot(&mut self) -> Result<Snapshot, LabError> {
        self.lab.snapshot()
    }

    fn file(&mut self, side: Side, path: &str) -> Result<Option<FileState>, LabError> {
        self.lab.file(side, path)
    }

    fn tables(&mut self) -> Result<Option<Snapshot>, LabError> {
        self.lab.tables()
    }

    fn shell(&mut self, side: Side, terminal: TerminalKind) -> Result<Shell, LabError> {
        self.lab.shell(side, terminal)
    }
}
