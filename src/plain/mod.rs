//! The lesson in words, line by line: for a screen reader, a pipe, a dumb terminal. Nothing is redrawn.
//!
//! A reader of the same session as the full screen: lines that are typed become commands, and what changed in the
//! session since it was last told is told.

mod play;
mod say;
mod tell;
mod words;

use crate::conduct::Conduct;
use crate::lab::TerminalKind;
use crate::lesson::Side;
use crate::relay::relay;
use crate::session::{Command, Effect, Event, Phase, Session};
use crate::words::Lang;
use say::{Say, line};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;
use words::Word;

pub use tell::one_change;

struct Plain<'a> {
    session: Session,
    conductor: &'a mut dyn Conduct,
    say: Say,
    lang: Lang,
    told: Told,
}

/// What has been told of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Told {
    step: Option<usize>,
    phase: Option<Phase>,
    rounds: usize,
    variant: Option<usize>,
}

/// Runs a session until the student leaves; `note` hears of every change. False: the practice host had failed, and the
/// lesson was left there.
pub fn run(
    (session, effects): (Session, Vec<Effect>),
    conductor: &mut dyn Conduct,
    lang: Lang,
    width: usize,
    note: &mut dyn FnMut(&Session),
) -> anyhow::Result<bool> {
    let lesson = session.lesson.clone();
    let mut plain = Plain { session, conductor, say: Say { width }, lang, told: Told::default() };
    // The sandbox first: whoever reads the first line may count on it.
    let mut left = plain.carry_out(effects)?;
    let text = lesson.text(lang.code());
    plain.say.text(&text.title)?;
    plain.say.text(&text.about)?;
    if let Some(header) = &plain.session.recorded {
        let words = [header.host_in_words(lang), header.kernel.clone(), header.day()];
        plain.say.text(&lang.say("replay.begins", &[&words[0], &words[1], &words[2]]))?;
    }
    plain.say.text(&lang.say(if plain.session.is_play { "play.help" } else { "plain.help" }, &[]))?;
    while !left {
        plain.tell()?;
        note(&plain.session);
        if plain.session.phase == Phase::After {
            break;
        }
        let prompt = plain.prompt();
        left = match line(&plain.lang.say(prompt, &[]))? {
            Some(line) => plain.obey(&line)?,
            None => true,
        };
    }
    Ok(!plain.session.stuck)
}

impl Plain<'_> {
    /// The catalogue's key of the prompt.
    fn prompt(&self) -> &'static str {
        let session = &self.session;
        let recorded = session.recorded.is_some();
        let or = |performed: &'static str, played: &'static str| if recorded { played } else { performed };
        match session.phase {
            _ if session.asks.is_some() => "plain.sure",
            _ if session.stuck => "plain.stuck",
            _ if session.is_play => "play.prompt",
            Phase::Predict if words::takes_many(session) => "plain.answers",
            Phase::Predict => "plain.answer",
            Phase::See if !session.has_more() => or("plain.next", "replay.next"),
            Phase::Broken => or("plain.mend", "replay.mend"),
            Phase::Task if session.task.done => "plain.task-done",
            Phase::Task => or("plain.task", "replay.task"),
            _ => or("plain.do", "replay.do"),
        }
    }

    /// Does what a line asks for. True: the student leaves.
    fn obey(&mut self, line: &str) -> anyhow::Result<bool> {
        if let Some(left) = self.play(line)? {
            return Ok(left);
        }
        match words::parse(line, &self.session) {
            Word::Commands(commands) => {
                for command in commands {
                    let effects = self.session.handle(command);
                    if self.session.asks.is_some() {
                        let lost = match self.session.by_hand {
                            0 => self.lang.count("plain.unwritten", self.session.unwritten, &[]),
                            by_hand => self.lang.say("plain.lose", &[&by_hand.to_string()]),
                        };
                        self.say.text(&lost)?;
                        return Ok(false);
                    }
                    if command == Command::Tip {
                        self.tell_hint()?;
                    }
                    if self.carry_out(effects)? {
                        return Ok(true);
                    }
                }
            }
            Word::Look(look) => self.look(look)?,
            Word::Lang(lang) => {
                self.lang = lang;
                self.told = Told::default();
            }
            Word::Help => self.say.text(&self.lang.say("plain.help", &[]))?,
            Word::Wrong(key, args) => {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                self.say.exact(&self.lang.say(key, &args))?;
            }
        }
        Ok(false)
    }

    /// True: the student leaves.
    fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<bool> {
        for effect in effects {
            let start = Instant::now();
            match effect {
                Effect::Leave => return Ok(true),
                Effect::Shell { side, step } => self.shell(side, step)?,
                _ => {
                    let events = self.conductor.carry_out(&effect);
                    let built = matches!(events.last(), Some(Event::Built(_))) && self.told.step.is_some();
                    events.into_iter().for_each(|event| self.session.apply(event));
                    if built {
                        let (step, millis) = (self.session.step + 1, start.elapsed().as_millis());
                        let key = if self.session.is_play { "play.rebuilt" } else { "plain.rebuilt" };
                        self.say.text(&self.lang.say(key, &[&step.to_string(), &millis.to_string()]))?;
                        // Without a script nothing is to be read again: the step has been told when it ran.
                        self.told =
                            if self.session.is_play { self.now() } else { Told { step: None, rounds: 0, ..self.told } };
                    }
                }
            }
        }
        if let Some(trouble) = self.session.trouble.take() {
            if self.session.stuck {
                eprintln!("nslab: {trouble}");
            } else {
                self.say.text(&trouble)?;
            }
        }
        Ok(false)
    }

    /// Hands the terminal over to a shell, and tells what changed meanwhile.
    fn shell(&mut self, side: Side, step: usize) -> anyhow::Result<()> {
        let shell = match self.conductor.shell(side, TerminalKind::own()) {
            Ok(shell) => shell,
            Err(error) => {
                self.session.apply(Event::NoShell(error.to_string()));
                return Ok(());
            }
        };
        self.say.text(&self.lang.say("plain.shell", &[]))?;
        let (over, ends) = UnixStream::pair()?;
        let conductor = &mut *self.conductor;
        let session = &mut self.session;
        // The lab stays on this thread; the other one only passes bytes.
        let (event, relayed) = std::thread::scope(|scope| {
            let relayed = scope.spawn(move || {
                let result = relay(&shell);
                drop(ends);
                result
            });
            let event = conductor.watch(step, over.as_fd(), &mut |record| session.apply(Event::Seen(Box::new(record))));
            (event, relayed.join())
        });
        match relayed {
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => return Err(error.into()),
            Ok(result) => result.map(drop)?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        if let Event::ShellEnded(record) = &event {
            self.say.text(&self.lang.say("plain.you", &[]))?;
            self.tell_changes(record, true)?;
        }
        self.session.apply(event);
        if self.session.phase == Phase::Task {
            self.tell_task()?;
        }
        Ok(())
    }
}
