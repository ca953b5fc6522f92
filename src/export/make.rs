//! Makes a book of a transcript.

use super::book::{Book, CallLine, Chapter, Choice, CommandLine, Plan, Program, Question, Ran, Solution, Task, WhatIf};
use super::tables::tables;
use crate::lesson::{Lesson, LessonError, Prediction, Round, Step, open};
use crate::listing::{Language, Line, listing};
use crate::mounts::{printable, printable_line};
use crate::op::{Actor, errno_meaning, errno_name, lower};
use crate::session::{
    Asked, CallRecord, CommandRecord, Entry, Header, Kernel, RoundRecord, Transcript, User, guess_in_words,
    kernel_in_words, layers_of,
};
use crate::words::Lang;

impl Book {
    /// # Errors
    /// The transcript's lesson cannot be read.
    pub fn new(transcript: &Transcript, lang: Lang) -> Result<Book, LessonError> {
        let lesson = transcript.lesson()?;
        let text = lesson.text(lang.code());
        let maker = Maker { lesson: &lesson, transcript, lang };
        let title = |id: &String| open(id).map_or_else(|_| id.clone(), |lesson| lesson.text(lang.code()).title.clone());
        let programs = LANGUAGES.map(|(language, ..)| (language, listing(&lesson, lesson.steps.len(), language, lang)));
        let whole = |(language, lines): &(Language, Vec<Line>)| {
            let text: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
            program(*language, text)
        };
        Ok(Book {
            lang,
            id: lesson.id.clone(),
            title: text.title.clone(),
            about: text.about.clone(),
            needs: lesson.needs.iter().map(title).collect(),
            minutes: lesson.minutes,
            made: made(&transcript.header, lang),
            prepared: transcript.prepared().map(|record| maker.ran(record, None, "", false)),
            chapters: (0..lesson.steps.len()).map(|step| maker.chapter(step, &programs)).collect(),
            after: text.after.clone(),
            programs: programs.iter().map(whole).collect(),
            worksheet: false,
        })
    }
}

const LANGUAGES: [(Language, &str, &str); 3] =
    [(Language::C, "C", "c"), (Language::Rust, "Rust", "rust"), (Language::Shell, "Shell", "sh")];

fn program(language: Language, text: String) -> Program {
    let (_, name, syntax) = LANGUAGES.into_iter().find(|(known, ..)| *known == language).expect("every language");
    Program { name, syntax, text }
}

/// The lines of one step, with a sign where others stand between; None if there are only comments and blank lines.
fn excerpt(lines: &[Line], step: usize) -> Option<String> {
    let mut out: Vec<&str> = Vec::new();
    let mut last = None;
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.step == Some(step)) {
        if last.is_some_and(|last| last + 1 < number) && out.last().is_some_and(|last| *last != GAP) {
            out.push(GAP);
        }
        out.push(&line.text);
        last = Some(number);
    }
    let is_code = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && *line != *GAP && !["#", "//", "/*", "*"].iter().any(|sign| line.starts_with(sign))
    };
    if !out.iter().any(is_code) {
        return None;
    }
    let indent = out.iter().filter(|line| is_code(line)).map(|line| line.len() - line.trim_start().len()).min()?;
    let mut text = String::new();
    for line in out {
        text.push_str(line.get(indent..).unwrap_or(line.trim_start()));
        text.push('\n');
    }
    Some(text.trim().to_string() + "\n")
}

/// Between lines that do not stand together in the program.
const GAP: &str = "…";

fn made(header: &Header, lang: Lang) -> String {
    let user = lang.say(if header.user == User::Root { "export.root" } else { "export.plain" }, &[]);
    let [kernel, nslab] = [&header.kernel, &header.nslab].map(|text| printable(text.as_bytes()));
    lang.say("export.made", &[&header.host_in_words(lang), &kernel, &user, &header.day(), &nslab])
}

struct Maker<'a> {
    lesson: &'a Lesson,
    transcript: &'a Transcript,
    lang: Lang,
}

impl Maker<'_> {
    fn chapter(&self, number: usize, programs: &[(Language, Vec<Line>)]) -> Chapter {
        let step = &self.lesson.steps[number];
        let words = self.lesson.step_text(self.lang.code(), number);
        let rounds = self.transcript.rounds(&step.id);
        let see = |round: usize| words.see.get(round).map_or("", String::as_str);
        let variant = |variant: &crate::lesson::Variant| {
            let text = words.variants.get(&variant.id).cloned().unwrap_or_default();
            let records = self.transcript.variant(&step.id, &variant.id).unwrap_or_default();
            let rounds = records.iter().map(|record| self.ran(record, Some(step), "", false)).collect();
            WhatIf { question: text.question, rounds, why: text.why }
        };
        let excerpts =
            programs.iter().filter_map(|(language, lines)| Some(program(*language, excerpt(lines, number + 1)?)));
        Chapter {
            id: step.id.clone(),
            title: words.title.clone(),
            text: words.text.clone(),
            plan: self.plan(step),
            question: self.transcript.question(&step.id).map(|asked| self.question(asked, number)),
            hints: words.hints.clone(),
            rounds: rounds
                .iter()
                .enumerate()
                .map(|(round, record)| self.ran(record, Some(step), see(round), false))
                .collect(),
            excerpts: excerpts.collect(),
            variants: step.variants.iter().map(variant).collect(),
            task: step.task.as_ref().map(|_| self.task(step, number)),
            by_hand: self.by_hand(step),
        }
    }

    fn who(&self, actor: Option<Actor>) -> String {
        self.lang.say(if actor == Some(Actor::Container) { "export.container" } else { "export.host" }, &[])
    }

    fn plan(&self, step: &Step) -> Vec<Plan> {
        let round = |round: &Round| {
            let calls = round.does.iter().flat_map(lower).map(|call| call.to_string());
            let lines = round.lines().map(|line| format!("$ {}", printable(line.as_bytes())));
            Plan { who: self.who(Some(round.actor)), lines: calls.chain(lines).collect() }
        };
        step.rounds.iter().map(round).filter(|plan| !plan.lines.is_empty()).collect()
    }

    fn question(&self, asked: &Asked, step: usize) -> Question {
        let lang = self.lang;
        let words = self.lesson.step_text(lang.code(), step);
        let said = asked.words.get(lang.code()).or_else(|| asked.words.values().next()).cloned();
        let (text, options) =
            said.map_or((words.asked.question.clone(), Vec::new()), |said| (said.question, said.options));
        let truth = kernel_in_words(&asked.held, &options, lang);
        let answer = match (&truth, guess_in_words(&asked.chose, &options, lang)) {
            (None, _) => lang.say("verdict.void", &[]),
            (Some(truth), None) => lang.say("verdict.kernel", &[truth]),
            (Some(truth), Some(you)) => lang.say("verdict.both", &[&you, truth]),
        };
        let many = matches!(asked.question, Prediction::Tick { .. });
        let choice = |(number, text): (usize, &String)| {
            let holds = match &asked.held {
                Kernel::Void => None,
                Kernel::Option(option) => Some(*option == number),
                Kernel::Ticks(ticks) => Some(ticks.get(number).copied().unwrap_or(false)),
            };
            let you = guess_in_words(&crate::session::Guess::One(number), &options, lang).unwrap_or_default();
            let verdict = truth.as_ref().filter(|_| !many).map(|truth| lang.say("verdict.both", &[&you, truth]));
            let feedback =
                words.asked.feedback.get(&(number + 1).to_string()).filter(|_| holds == Some(false)).cloned();
            Choice { text: text.clone(), holds, verdict, feedback }
        };
        Question { text, options: options.iter().enumerate().map(choice).collect(), many, answer: Some(answer) }
    }

    fn task(&self, step: &Step, number: usize) -> Task {
        let words = &self.lesson.step_text(self.lang.code(), number).task;
        let typed = step.task.iter().flat_map(|task| &task.solution).map(|typed| {
            let (actor, line) = typed.parts();
            let key = if actor == Actor::Host { "choice.host" } else { "choice.container" };
            (self.lang.say(key, &[]), printable(line.as_bytes()))
        });
        let solved = self.transcript.solved(&step.id);
        Task {
            text: words.text.clone(),
            goals: words.goals.clone(),
            hints: words.hints.clone(),
            solution: Some(Solution {
                typed: typed.collect(),
                ran: solved.map(|(_, record)| self.ran(record, Some(step), "", true)),
                done: words.done.clone(),
            }),
        }
    }

    fn by_hand(&self, step: &Step) -> Vec<Ran> {
        let records = self.transcript.entries.iter().filter_map(|entry| match entry {
            Entry::Hand { step: of, record } | Entry::Tried { step: of, record, .. } if *of == step.id => Some(record),
            _ => None,
        });
        records.map(|record| self.ran(record, Some(step), "", true)).collect()
    }

    fn ran(&self, record: &RoundRecord, step: Option<&Step>, see: &str, by_hand: bool) -> Ran {
        Ran {
            who: self.who(record.actor),
            calls: record.calls.iter().map(|call| self.call(call)).collect(),
            commands: record.commands.iter().map(command).collect(),
            tables: tables(record, by_hand, self.lang),
            layers: step.and_then(|step| layers_of(step, record)),
            see: see.into(),
        }
    }

    fn call(&self, record: &CallRecord) -> CallLine {
        let flag = |flag: &crate::op::FlagWord| {
            (flag.c.to_string(), if self.lang == Lang::Zh { flag.zh } else { flag.en }.to_string())
        };
        let mut words: Vec<_> = record.call.flags_in_words().into_iter().map(flag).collect();
        words.extend(record.result.err().map(|errno| (errno_name(errno), errno_meaning(errno).to_string())));
        CallLine { text: record.to_string(), words }
    }
}

fn command(record: &CommandRecord) -> CommandLine {
    CommandLine { line: printable(record.line.as_bytes()), output: record.output.lines().map(printable_line).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step's lines, moved to the left, with a sign where others stood between them; comments alone are no program.
    #[test]
    fn a_steps_part_of_a_program() {
        let line = |text: &str, step| Line { text: text.into(), step, calls: 0..0 };
        let lines = [
            line("int main(void)", None),
            line("    /* Step 1 */", Some(1)),
            line("    if (one())", Some(1)),
            line("        die();", Some(1)),
            line("", Some(1)),
            line("    two();", Some(2)),
            line("    three();", Some(1)),
            line("    /* Step 3 */", Some(3)),
        ];
        assert_eq!(excerpt(&lines, 1).unwrap(), "/* Step 1 */\nif (one())\n    die();\n\n…\nthree();\n");
        assert_eq!(excerpt(&lines, 3), None);
    }
}
