//! A lesson as two programs that take turns: the host's, and one for each container that it clones. Every language
//! renders this value; who waits for whom is decided here, once.

use crate::lesson::{Condition, Expectation, Lesson, Round, Run};
use crate::op::{Actor, Call, NamespaceFlags, Operation, Process, ProcessWord, lower};

/// One thing that a program does.
#[derive(Debug, Clone)]
pub enum Statement<'a> {
    /// A step begins: its number (0: the preparation).
    Step(usize),
    Do(Deed<'a>),
    /// clone(2) of a container, by its number.
    Clone {
        container: usize,
        flags: NamespaceFlags,
    },
    /// A command whose output is looked at.
    Run(&'a Run),
    /// A line for the shell that the container has become: only a person can type it.
    Type(&'a str),
    /// The step is done; its id.
    Stop(&'a str),
    /// The host waits until the container has had its turn, or has become another program.
    Let {
        executes: bool,
    },
    /// The container waits for its turn.
    Take,
    /// The container gives the turn back.
    Give,
    /// The host waits for the container's end.
    Wait,
    /// The host ends the container: one that waits for a turn, or another program.
    End {
        executed: bool,
    },
}

/// An operation with the calls that it is.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    pub operation: &'a Operation,
    pub calls: Vec<Call>,
    /// The errno that the lesson expects of it.
    pub refused: Option<&'a str>,
}

/// A statement in its place.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    pub statement: Statement<'a>,
    /// 0 is the preparation, 1 the first step.
    pub step: usize,
    /// The number of its first call within the step, from 0.
    pub call: usize,
}

/// What one container does.
#[derive(Debug, Default)]
pub struct Container<'a> {
    pub does: Vec<Placed<'a>>,
    /// The host acts as well while it lives.
    pub takes_turns: bool,
    /// Its program is replaced in the end.
    pub executes: bool,
}

#[derive(Debug, Default)]
pub struct Script<'a> {
    pub host: Vec<Placed<'a>>,
    pub containers: Vec<Container<'a>>,
}

/// The preparation and the steps of a lesson: number, id, rounds.
pub fn parts(lesson: &Lesson, upto: usize) -> impl Iterator<Item = (usize, &str, &[Round])> {
    let prepare = (!lesson.prepare.is_empty()).then_some((0, "prepare", lesson.prepare.as_slice()));
    let steps = lesson.steps.iter().enumerate().take(upto);
    prepare.into_iter().chain(steps.map(|(index, step)| (index + 1, step.id.as_str(), step.rounds.as_slice())))
}

/// A round's operations. The last is the one that a round whose lesson is an errno is refused.
pub fn deeds(round: &Round) -> Vec<Deed<'_>> {
    let errno = round.expect.iter().find_map(|expectation| match &expectation.that {
        Condition::Errno(name) if name != "ok" => Some(name.as_str()),
        _ => None,
    });
    let last = round.does.len().saturating_sub(1);
    let deed =
        |(index, operation)| Deed { operation, calls: lower(operation), refused: errno.filter(|_| index == last) };
    round.does.iter().enumerate().map(deed).collect()
}

/// Whether a round ends the container.
pub fn ends(round: &Round) -> bool {
    let ended = |expectation: &Expectation| expectation.that == Condition::Ended(true);
    round.expect.iter().any(ended) || round.does.iter().any(kills)
}

/// Whether an operation is the container's end.
pub fn kills(operation: &Operation) -> bool {
    matches!(operation, Operation::Kill(kill)
        if kill.pid == Process::Word(ProcessWord::Container) && kill.signal.0 == libc::SIGKILL)
}

/// Whether a program that replaces the container's is a shell that reads what is typed.
fn reads_lines(operation: &Operation) -> bool {
    matches!(operation, Operation::Exec(exec) if exec.path.ends_with("sh") && exec.args.len() == 1)
}

impl<'a> Script<'a> {
    /// The lesson up to and with so many steps.
    pub fn new(lesson: &'a Lesson, upto: usize) -> Script<'a> {
        let mut writer = Writer { turns: turns(lesson, upto), ..Writer::default() };
        for (number, id, rounds) in parts(lesson, upto) {
            (writer.step, writer.call) = (number, 0);
            rounds.iter().for_each(|round| writer.round(round));
            writer.stop(id);
        }
        writer.finish();
        writer.script
    }
}

/// Of each container, whether the host acts while it lives.
fn turns(lesson: &Lesson, upto: usize) -> Vec<bool> {
    let mut all = Vec::new();
    let mut lives = false;
    for (_, _, rounds) in parts(lesson, upto) {
        for round in rounds {
            let busy = round.actor == Actor::Host && !(round.does.is_empty() && round.run.is_empty());
            let mut is_after = lives;
            for operation in &round.does {
                if matches!(operation, Operation::Clone(_)) {
                    all.push(false);
                    (lives, is_after) = (true, false);
                } else if lives && busy {
                    is_after = true;
                }
            }
            is_after |= lives && busy && !round.run.is_empty();
            if is_after && busy {
                all.last_mut().into_iter().for_each(|turns| *turns = true);
            }
            lives &= !ends(round);
        }
    }
    all
}

#[derive(Default)]
struct Writer<'a> {
    script: Script<'a>,
    turns: Vec<bool>,
    step: usize,
    call: usize,
    /// There is a container, and this program is its own no more.
    lives: bool,
    executed: bool,
    /// That program reads standard input.
    reads: bool,
    /// The container acts now; in the host's program its turn begins at this statement.
    inside: bool,
    began: Option<usize>,
}

impl<'a> Writer<'a> {
    fn round(&mut self, round: &'a Round) {
        let inside = round.actor == Actor::Container;
        for deed in deeds(round) {
            let calls = deed.calls.len();
            self.act(inside);
            if let Operation::Clone(clone) = deed.operation {
                let container = self.script.containers.len();
                self.push(Statement::Clone { container, flags: clone.new });
                let takes_turns = self.turns[container];
                self.script.containers.push(Container { takes_turns, ..Container::default() });
                (self.lives, self.executed, self.reads) = (true, false, false);
                // Without turns the container goes on at once, and so it is the one who stops.
                self.inside = !takes_turns;
            } else {
                let executes = matches!(deed.operation, Operation::Exec(_)) && deed.refused.is_none();
                self.reads |= executes && reads_lines(deed.operation);
                let kills = kills(deed.operation);
                self.push(Statement::Do(deed));
                if executes {
                    self.become_program();
                } else if kills {
                    self.wait();
                }
            }
            self.call += calls;
        }
        for run in &round.run {
            if inside && self.executed {
                self.push(Statement::Type(run.line()));
            } else {
                self.act(inside);
                self.push(Statement::Run(run));
            }
        }
        round.types.iter().for_each(|line| self.push(Statement::Type(line)));
        if ends(round) {
            self.wait();
        }
    }

    /// Waits for the container's end. One that takes turns must not end by itself before that.
    fn wait(&mut self) {
        if !std::mem::replace(&mut self.lives, false) {
            return;
        }
        self.last_take();
        self.inside = false;
        self.push(Statement::Wait);
    }

    fn last_take(&mut self) {
        let takes_turns = self.script.containers.last().is_some_and(|container| container.takes_turns);
        if takes_turns && !self.executed {
            self.inside = true;
            self.add_to_last(Statement::Take);
        }
    }

    /// Gives the turn to who acts next.
    fn act(&mut self, inside: bool) {
        if inside == self.inside || (inside && self.executed) {
            return;
        }
        if inside {
            self.begin();
        } else {
            self.give_back(false);
        }
    }

    fn begin(&mut self) {
        self.step_of_host();
        self.began = Some(self.script.host.len());
        self.push(Statement::Let { executes: false });
        self.inside = true;
        self.push(Statement::Take);
    }

    fn give_back(&mut self, executed: bool) {
        if !executed && self.script.containers.last().is_some_and(|container| container.takes_turns) {
            self.add_to_last(Statement::Give);
        }
        if let Some(began) = self.began.take() {
            self.script.host[began].statement = Statement::Let { executes: executed };
        }
        self.inside = false;
    }

    fn become_program(&mut self) {
        self.give_back(true);
        self.executed = true;
        self.script.containers.last_mut().into_iter().for_each(|container| container.executes = true);
    }

    /// Where the container's shell has standard input, no program can stop for a line.
    fn stop(&mut self, id: &'a str) {
        if !(self.lives && self.reads) {
            self.push(Statement::Stop(id));
        }
    }

    fn finish(&mut self) {
        if !self.lives {
            return;
        }
        let takes_turns = self.script.containers.last().is_some_and(|container| container.takes_turns);
        match (takes_turns, self.executed) {
            (true, false) => {
                if self.inside {
                    self.give_back(false);
                }
                self.last_take();
                self.inside = false;
                self.add(Statement::End { executed: false });
            }
            (true, true) => self.add(Statement::End { executed: true }),
            (false, _) => {
                self.inside = false;
                self.add(Statement::Wait);
            }
        }
    }

    fn step_of_host(&mut self) {
        let inside = std::mem::replace(&mut self.inside, false);
        self.head();
        self.inside = inside;
    }

    /// The step's heading, where this program has none of it yet.
    fn head(&mut self) {
        let step = self.step;
        if self.program().last().is_none_or(|last| last.step != step) {
            self.add(Statement::Step(step));
        }
    }

    fn push(&mut self, statement: Statement<'a>) {
        self.head();
        self.add(statement);
    }

    fn add(&mut self, statement: Statement<'a>) {
        let (step, call) = (self.step, self.call);
        self.program().push(Placed { statement, step, call });
    }

    /// Still a part of the step that this program was at.
    fn add_to_last(&mut self, statement: Statement<'a>) {
        let here = (self.step, self.call);
        let (step, call) = self.program().last().map_or(here, |last| (last.step, last.call));
        self.program().push(Placed { statement, step, call });
    }

    fn program(&mut self) -> &mut Vec<Placed<'a>> {
        match self.script.containers.last_mut() {
            Some(container) if self.inside => &mut container.does,
            _ => &mut self.script.host,
        }
    }
}
