//! A book as Markdown that reads well as it stands: questions before their answers, calls and tables as they are on the
//! screen, nothing that a reader of plain text would stumble over.

use super::book::{Book, Chapter, CommandLine, Mark, Plan, Question, Ran, Table, Task, WhatIf};
use crate::mounts::printable_line;
use crate::session::layer_lines;
use crate::words::Lang;
use unicode_width::UnicodeWidthStr;

/// Columns of a table of layers.
const WIDTH: usize = 100;
/// Unchanged rows between changed ones are counted rather than shown where a table is longer.
const LONG: usize = 16;
/// A line to write on.
const RULE: &str = "............................................................";

pub fn markdown(book: &Book) -> String {
    let mut page = Page { lang: book.lang, out: String::new() };
    page.cover(book);
    for (number, chapter) in book.chapters.iter().enumerate() {
        page.chapter(number + 1, chapter, book.worksheet);
    }
    if !book.after.is_empty() {
        page.heading(2, &page.say("export.after", &[]));
        page.words(&book.after);
    }
    if let Some(program) = book.programs.first() {
        page.heading(2, &page.say("export.programs", &[]));
        page.fenced(program.syntax, &program.text);
        page.paragraph(&page.say("export.programs-more", &[&book.id]));
    }
    page.out
}

struct Page {
    lang: Lang,
    out: String,
}

impl Page {
    fn say(&self, key: &str, args: &[&str]) -> String {
        self.lang.say(key, args)
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            if !self.out.is_empty() {
                self.out.push('\n');
            }
            self.out.push_str(text.trim_end());
            self.out.push('\n');
        }
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.paragraph(&format!("{} {}", "#".repeat(level), tame(text)));
    }

    /// What a lesson says, which is Markdown.
    fn words(&mut self, text: &str) {
        self.paragraph(&tame(text));
    }

    fn bold(&mut self, text: &str) {
        self.paragraph(&format!("**{}**", escape(text)));
    }

    fn fenced(&mut self, syntax: &str, text: &str) {
        let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let text: Vec<String> = text.lines().map(printable_line).collect();
        self.paragraph(&format!("{fence}{syntax}\n{}\n{fence}", text.join("\n")));
    }

    /// Room to write.
    fn room(&mut self, label: &str, lines: usize) {
        self.paragraph(label);
        (0..lines).for_each(|_| self.paragraph(RULE));
    }

    fn cover(&mut self, book: &Book) {
        let title = if book.worksheet { self.say("export.worksheet", &[&book.title]) } else { book.title.clone() };
        self.heading(1, &title);
        self.words(&book.about);
        let (steps, minutes) = (book.chapters.len().to_string(), book.minutes.to_string());
        let mut lines = vec![self.say("export.steps-minutes", &[&steps, &minutes])];
        if !book.needs.is_empty() {
            let needs =
                book.needs.iter().map(|title| tame(title)).reduce(|all, one| self.say("words.and", &[&all, &one]));
            lines.push(self.say("export.needs", &[&needs.unwrap_or_default()]));
        }
        lines.push(self.say("export.begin", &[&book.id]));
        let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
        self.paragraph(&lines.join("\n"));
        self.paragraph(&escape(&book.made));
        if book.worksheet {
            self.paragraph(&format!("{} {RULE}", self.say("export.name", &[])));
        }
        if let Some(prepared) = &book.prepared {
            self.heading(2, &self.say("export.prepared", &[]));
            self.paragraph(&self.say("export.prepared-about", &[]));
            self.ran(prepared, true);
        }
    }

    fn chapter(&mut self, number: usize, chapter: &Chapter, worksheet: bool) {
        self.heading(2, &format!("{number}. {}", chapter.title));
        self.words(&chapter.text);
        self.plan(&chapter.plan, worksheet);
        if let Some(question) = &chapter.question {
            self.question(question, worksheet);
        }
        self.list("export.hints", &chapter.hints);
        if worksheet && !chapter.plan.is_empty() {
            self.room(&self.say("export.happened", &[]), 3);
        }
        if let Some(answer) = chapter.question.as_ref().and_then(|question| Some((question, question.answer.as_ref()?)))
        {
            self.answer(answer.0, answer.1);
        }
        if !worksheet && chapter.rounds.is_empty() && !chapter.plan.is_empty() {
            self.paragraph(&self.say("export.not-run", &[]));
        }
        let count = chapter.rounds.len();
        for (index, ran) in chapter.rounds.iter().enumerate() {
            let heading = match count {
                1 => self.say("export.ran", &[]),
                _ => self.say("export.ran-round", &[&(index + 1).to_string(), &count.to_string()]),
            };
            self.heading(3, &heading);
            self.ran(ran, false);
        }
        for ran in &chapter.by_hand {
            self.heading(3, &self.say("export.by-hand", &[]));
            self.ran(ran, false);
        }
        for variant in &chapter.variants {
            self.variant(variant, worksheet);
        }
        if let Some(task) = &chapter.task {
            self.task(task, worksheet);
        }
    }

    /// What is going to be done. Of a step that is told in full only the first round: the others stand where they ran.
    fn plan(&mut self, plan: &[Plan], worksheet: bool) {
        let rounds = if worksheet { plan } else { &plan[..plan.len().min(1)] };
        for round in rounds.chunk_by(|one, next| one.who == next.who) {
            self.paragraph(&self.say("export.next-by", &[&round[0].who]));
            let lines: Vec<&str> = round.iter().flat_map(|plan| &plan.lines).map(String::as_str).collect();
            self.fenced("c", &lines.join("\n"));
        }
    }

    fn question(&mut self, question: &Question, worksheet: bool) {
        self.heading(3, &self.say("export.predict", &[]));
        self.words(&question.text);
        self.paragraph(&self.say(if question.many { "export.choose-many" } else { "export.choose-one" }, &[]));
        let unsure = self.say("option.unsure", &[]);
        let option = |(index, text): (usize, &str)| {
            if worksheet { format!("- [ ] {}", tame(text)) } else { format!("{}. {}", index + 1, tame(text)) }
        };
        let texts = question.options.iter().map(|choice| choice.text.as_str()).chain([unsure.as_str()]);
        let options: Vec<String> = texts.enumerate().map(option).collect();
        self.paragraph(&options.join("\n"));
        if worksheet {
            self.room(&self.say("export.why", &[]), 2);
        }
    }

    fn answer(&mut self, question: &Question, answer: &str) {
        self.heading(3, &self.say("export.answer", &[]));
        self.bold(answer);
        let told = question.options.iter().filter_map(|choice| {
            let feedback = choice.feedback.as_ref()?;
            let name = choice.text.split("  ").next().unwrap_or_default();
            Some(format!("- {} {}", tame(&self.say("export.to", &[name])), indented(&tame(feedback))))
        });
        let told: Vec<String> = told.collect();
        self.paragraph(&told.join("\n"));
    }

    fn list(&mut self, key: &str, items: &[String]) {
        if !items.is_empty() {
            self.heading(3, &self.say(key, &[]));
            let items: Vec<String> = items.iter().map(|item| format!("- {}", indented(&tame(item)))).collect();
            self.paragraph(&items.join("\n"));
        }
    }

    /// `first`: both tables stand here for the first time, so they are shown even if nothing changed.
    fn ran(&mut self, ran: &Ran, first: bool) {
        if !ran.calls.is_empty() {
            let calls: Vec<&str> = ran.calls.iter().map(|call| call.text.as_str()).collect();
            self.paragraph(&self.say("export.calls-by", &[&ran.who]));
            self.fenced("c", &calls.join("\n"));
            let mut told: Vec<String> = Vec::new();
            for (name, meaning) in ran.calls.iter().flat_map(|call| &call.words) {
                let line = format!("- {}", self.say("choice.does", &[&format!("`{name}`"), meaning]));
                if !told.contains(&line) {
                    told.push(line);
                }
            }
            self.paragraph(&told.join("\n"));
        }
        if !ran.commands.is_empty() {
            let lines: Vec<String> = ran.commands.iter().map(|command| self.command(command)).collect();
            self.fenced("console", &lines.join("\n"));
        }
        if let Some(layers) = &ran.layers {
            self.fenced("text", &layer_lines(layers, self.lang, WIDTH).join("\n"));
        }
        let tables: Vec<String> =
            ran.tables.iter().filter(|table| !table.name.is_empty()).map(|table| self.table(table, first)).collect();
        self.fenced("text", &tables.join("\n\n"));
        self.words(&ran.see);
    }

    fn command(&self, command: &CommandLine) -> String {
        let mut lines = vec![format!("$ {}", command.line)];
        lines.extend(command.output.iter().cloned());
        lines.join("\n")
    }

    /// A table in lines; where nothing of it changed its name alone.
    fn table(&self, table: &Table, first: bool) -> String {
        let mut lines = vec![match table.summary.is_empty() {
            true => table.name.clone(),
            false => self.say("export.table", &[&table.name, &table.summary]),
        }];
        let rows: Vec<_> = table.lines.iter().filter_map(|line| line.row.as_ref()).collect();
        if rows.is_empty() || !(first || table.is_changed) {
            return lines.join("\n");
        }
        let heads =
            ["mark", "point", "type", "source", "propagation"].map(|key| self.say(&format!("export.{key}"), &[]));
        let mut cells = vec![heads];
        let mut notes = vec![None];
        let mut quiet = 0;
        for (index, row) in rows.iter().enumerate() {
            let is_quiet = rows.len() > LONG && matches!(row.mark, Mark::None | Mark::Away) && row.note.is_none();
            quiet += usize::from(is_quiet);
            if quiet > 0 && (!is_quiet || index + 1 == rows.len()) {
                let more = self.lang.count("tui.folded-more", quiet, &["…"]);
                cells.push([String::new(), more, String::new(), String::new(), String::new()]);
                notes.push(None);
                quiet = 0;
            }
            if !is_quiet {
                let [point, kind, source, propagation] = row.cells.clone().map(|cell| cell.text);
                cells.push([row.mark.word(self.lang), point, kind, source, propagation]);
                notes.push(row.note.clone());
            }
        }
        let width = |column: usize| cells.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..5).map(width).collect();
        for (row, note) in cells.iter().zip(notes) {
            let fill = |(text, width): (&String, &usize)| format!("{text}{}", " ".repeat(width - text.width()));
            let line: Vec<String> = row.iter().zip(&widths).map(fill).collect();
            lines.push(format!("  {}", line.join("  ")).trim_end().to_string());
            lines.extend(note.map(|note| format!("{}{note}", " ".repeat(widths[0] + 6))));
        }
        lines.join("\n")
    }

    fn variant(&mut self, variant: &WhatIf, worksheet: bool) {
        self.heading(3, &variant.question);
        if worksheet {
            self.room(&self.say("export.happened", &[]), 2);
        }
        variant.rounds.iter().for_each(|ran| self.ran(ran, false));
        self.words(&variant.why);
    }

    fn task(&mut self, task: &Task, worksheet: bool) {
        self.heading(3, &self.say("export.task", &[]));
        self.words(&task.text);
        let goals: Vec<String> = task.goals.iter().map(|goal| format!("- [ ] {}", tame(goal))).collect();
        self.paragraph(&goals.join("\n"));
        if worksheet {
            self.room(&self.say("export.did", &[]), 3);
        }
        if !task.hints.is_empty() {
            let hints: Vec<String> = task.hints.iter().map(|hint| format!("- {}", indented(&tame(hint)))).collect();
            self.heading(4, &self.say("export.hints", &[]));
            self.paragraph(&hints.join("\n"));
        }
        if let Some(solution) = &task.solution {
            self.heading(4, &self.say("export.solution", &[]));
            match &solution.ran {
                Some(ran) => self.ran(ran, false),
                None => {
                    let lines: Vec<String> =
                        solution.typed.iter().map(|(side, line)| self.say("choice.does", &[side, line])).collect();
                    self.fenced("console", &lines.join("\n"));
                }
            }
            self.words(&solution.done);
        }
    }
}

/// Lines after the first stay within their list item.
fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

/// Text that means itself, wherever it stands.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for character in printable_line(text).chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '&' | '#') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Markdown without HTML, links and pictures: a `<` or `[` outside code means itself. Nothing in it steers a terminal, and
/// no code that it begins goes on behind it.
fn tame(text: &str) -> String {
    let mut lines = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        let line = printable_line(line);
        if line.starts_with("```") {
            in_block = !in_block;
            let syntax = if in_block { line.trim_matches('`') } else { "" };
            lines.push(format!("```{}", syntax.replace(|character: char| !character.is_ascii_alphanumeric(), "")));
        } else if in_block {
            lines.push(line);
        } else {
            lines.push(tame_line(&line));
        }
    }
    if in_block {
        lines.push("```".into());
    }
    lines.join("\n")
}

/// Code is what stands between two single backticks of a line; any other backtick means itself.
fn tame_line(line: &str) -> String {
    let spans = !line.contains("``");
    let parts: Vec<&str> = line.split('`').collect();
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let is_code = spans && index % 2 == 1 && index + 1 < parts.len();
        if index > 0 {
            let closes = spans && index % 2 == 0;
            out.push_str(if is_code || closes { "`" } else { "\\`" });
        }
        let special = |character: char| matches!(character, '<' | '[' | '\\' | '~');
        for character in part.chars() {
            if special(character) && !is_code {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::book::{Cell, Line, Row};

    fn row(point: &str, mark: Mark) -> Line {
        let cell = |text: &str| Cell { text: text.into(), is_changed: false };
        let cells = [cell(point), cell("tmpfs"), cell("x"), cell("private")];
        Line { row: Some(Row { mark, cells, note: None }), has_note: false }
    }

    fn table(rows: usize) -> String {
        let mut lines: Vec<Line> = (0..rows).map(|number| row(&format!("/m{number}"), Mark::None)).collect();
        lines.insert(3, row("/new", Mark::Added));
        let table = Table { name: "Here".into(), summary: "all".into(), lines, is_changed: true };
        Page { lang: Lang::En, out: String::new() }.table(&table, false)
    }

    /// In a long table what nothing touched is counted, each run in its place; a short one is shown whole.
    #[test]
    fn long_tables_are_folded() {
        let lines: Vec<String> = table(30).lines().skip(2).map(|line| line.trim().to_string()).collect();
        assert_eq!(lines, ["… 3 more rows", "added   /new            tmpfs  x       private", "… 27 more rows"]);
        assert_eq!(table(10).lines().count(), 13);
    }

    /// Only what stands between single backticks is code; nothing else is more than its characters.
    #[test]
    fn words_cannot_begin_what_they_do_not_end() {
        assert_eq!(tame_line("a `<b>` <i> [x](y)"), "a `<b>` \\<i> \\[x](y)");
        assert_eq!(tame_line("odd ` <b>"), "odd \\` \\<b>");
        assert_eq!(tame_line("\\` <b> `"), "\\\\` <b> `");
        assert_eq!(tame_line("`` <b> ``"), "\\`\\` \\<b> \\`\\`");
        assert_eq!(tame("```js<b>\n<i>"), "```jsb\n<i>\n```");
    }
}
