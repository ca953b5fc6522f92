//! What pages are made of.

use super::escape;
use crate::export::book::{CommandLine, Mark, Program, Ran, Row, Table};
use crate::export::prose::blocks;
use crate::session::{LayerMark, LayerTable, state_word};
use crate::words::Lang;

/// Writes a page's elements. Arguments named `html` are markup already; everything else is escaped here.
pub struct Parts {
    pub lang: Lang,
    pub worksheet: bool,
    pub out: String,
    /// How many sets of tabs and fields there are: each has ids of its own.
    sets: usize,
    /// The page's id.
    page: String,
}

impl Parts {
    pub fn new(lang: Lang, worksheet: bool) -> Parts {
        Parts { lang, worksheet, out: String::new(), sets: 0, page: String::new() }
    }

    /// Words of the catalogue.
    pub fn say(&self, key: &str) -> String {
        escape(&self.lang.say(key, &[]))
    }

    pub fn say_with(&self, key: &str, args: &[&str]) -> String {
        escape(&self.lang.say(key, args))
    }

    pub fn open(&mut self, html: &str) {
        self.out.push_str(html);
    }

    pub fn page(&mut self, id: &str, asks: bool, html: &str, content: impl FnOnce(&mut Parts)) {
        (self.page, self.sets) = (id.into(), 0);
        let class = if asks { "page asks" } else { "page" };
        self.open(&format!("<section class=\"{class}\" id=\"{id}\" aria-labelledby=\"h-{id}\">\n"));
        self.open(&format!("<h2 id=\"h-{id}\" tabindex=\"-1\">{html}</h2>\n"));
        content(self);
        self.open("</section>\n");
    }

    pub fn heading(&mut self, level: usize, html: &str) {
        self.open(&format!("<h{level}>{html}</h{level}>\n"));
    }

    pub fn paragraph(&mut self, class: &str, html: &str) {
        self.open(&format!("<p class=\"{class}\">{html}</p>\n"));
    }

    /// What a lesson says.
    pub fn prose(&mut self, class: &str, markdown: &str) {
        if !markdown.is_empty() {
            self.open(&format!("<div class=\"{class}\">\n{}</div>\n", blocks(markdown)));
        }
    }

    pub fn code(&mut self, text: &str) {
        // A box that can be scrolled is reached by the keyboard.
        self.open(&format!("<pre tabindex=\"0\"><code>{}</code></pre>\n", escape(text.trim_end())));
    }

    pub fn details(&mut self, class: &str, html: &str, content: impl FnOnce(&mut Parts)) {
        self.open(&format!("<details class=\"{class}\">\n<summary>{html}</summary>\n"));
        content(self);
        self.open("</details>\n");
    }

    /// Room to write.
    pub fn room(&mut self, html: &str, rows: usize) {
        let id = self.next_id("room");
        self.open(&format!(
            "<div class=\"room\"><label for=\"{id}\">{html}</label>\n<textarea id=\"{id}\" rows=\"{rows}\"></textarea></div>\n"
        ));
    }

    /// A line to write on.
    pub fn field(&mut self, html: &str) {
        let id = self.next_id("field");
        self.open(&format!(
            "<div class=\"room\"><label for=\"{id}\">{html}</label>\n<input type=\"text\" id=\"{id}\"></div>\n"
        ));
    }

    fn next_id(&mut self, what: &str) -> String {
        self.sets += 1;
        format!("{what}-{}-{}", self.page, self.sets)
    }

    /// Panels of which one is shown; without a script all of them, each under its name. A panel is a name and markup.
    pub fn tabs(&mut self, html: &str, level: usize, panels: Vec<(String, String)>) {
        if let [(_, only)] = panels.as_slice() {
            self.open(only);
            return;
        }
        let id = self.next_id("tabs");
        self.open(&format!("<div class=\"tabs\" role=\"tablist\" aria-label=\"{html}\" hidden>\n"));
        for (number, (name, _)) in panels.iter().enumerate() {
            let name = escape(name);
            self.open(&format!(
                "<button type=\"button\" role=\"tab\" id=\"{id}-{number}\" aria-controls=\"{id}-{number}-panel\">{name}</button>\n"
            ));
        }
        self.open("</div>\n");
        for (number, (name, content)) in panels.iter().enumerate() {
            self.open(&format!("<div id=\"{id}-{number}-panel\">\n"));
            self.open(&format!("<h{level} class=\"tab-name\">{}</h{level}>\n", escape(name)));
            self.open(content);
            self.open("</div>\n");
        }
    }

    /// What ran, what came of it. `level` is that of the headings in it.
    pub fn ran(&mut self, ran: &Ran, excerpts: &[Program], level: usize) {
        let mut panels = Vec::new();
        if !ran.calls.is_empty() {
            panels.push((self.lang.say("export.calls", &[]), self.calls(ran)));
        }
        for program in excerpts {
            let mut inner = Parts::new(self.lang, self.worksheet);
            inner.code(&program.text);
            panels.push((program.name.into(), inner.out));
        }
        let label = self.say("export.ran");
        if !panels.is_empty() {
            self.tabs(&label, level, panels);
        }
        if !ran.commands.is_empty() {
            let lines: Vec<String> = ran.commands.iter().map(command).collect();
            self.heading(level, &self.say_with("export.printed-by", &[&ran.who]));
            self.code(&lines.join("\n"));
        }
        if let Some(layers) = &ran.layers {
            self.heading(level, &self.say("export.layers"));
            self.layers(layers);
        }
        self.heading(level, &self.say("export.tables"));
        self.open("<div class=\"tables\">\n");
        ran.tables.iter().for_each(|table| self.table(table));
        self.open("</div>\n");
        self.prose("text", &ran.see);
    }

    fn calls(&self, ran: &Ran) -> String {
        let mut inner = Parts::new(self.lang, self.worksheet);
        inner.paragraph("note", &self.say_with("export.calls-by", &[&ran.who]));
        let calls: Vec<&str> = ran.calls.iter().map(|call| call.text.as_str()).collect();
        inner.code(&calls.join("\n"));
        let mut words: Vec<&(String, String)> = Vec::new();
        for word in ran.calls.iter().flat_map(|call| &call.words) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if !words.is_empty() {
            let item = |(name, meaning): &&(String, String)| {
                format!("<dt><code>{}</code></dt><dd>{}</dd>\n", escape(name), escape(meaning))
            };
            inner.open(&format!("<dl class=\"flags\">\n{}</dl>\n", words.iter().map(item).collect::<String>()));
        }
        inner.out
    }

    fn table(&mut self, table: &Table) {
        if table.lines.iter().all(|line| line.row.is_none()) {
            self.open(&format!("<div class=\"side\"><p>{}</p></div>\n", escape(&table.name)));
            return;
        }
        let id = self.next_id("table");
        self.open(&format!("<div class=\"side\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">\n"));
        self.open(&format!(
            "<table class=\"mounts\">\n<caption id=\"{id}\"><strong>{}</strong> <span>{}</span></caption>\n",
            escape(&table.name),
            escape(&table.summary)
        ));
        let heads = ["mark", "point", "type", "source", "propagation"];
        let heads = heads.map(|key| format!("<th scope=\"col\">{}</th>", self.say(&format!("export.{key}"))));
        self.open(&format!("<thead><tr>{}</tr></thead>\n<tbody>\n", heads.concat()));
        for line in &table.lines {
            match &line.row {
                Some(row) => self.row(row),
                None => self.gap(),
            }
            if line.has_note && line.row.as_ref().is_none_or(|row| row.note.is_none()) {
                self.gap();
            }
        }
        self.open("</tbody>\n</table>\n</div>\n");
    }

    /// Stands beside a row that only the other side has.
    fn gap(&mut self) {
        self.open("<tr class=\"gap\" aria-hidden=\"true\"><td colspan=\"5\"></td></tr>\n");
    }

    fn row(&mut self, row: &Row) {
        let class = row.mark.name();
        let cell = |number: usize, html: &str, end: &str| {
            let cell = &row.cells[number];
            let text = escape(&cell.text);
            let is_new = cell.is_changed && matches!(row.mark, Mark::Changed | Mark::Moved);
            let text = if is_new { format!("<span class=\"new\">{text}</span>") } else { text };
            format!("<{html}>{text}</{end}>")
        };
        self.open(&format!(
            "<tr class=\"{class}\"><td class=\"mark\">{}</td>{}{}{}{}</tr>\n",
            escape(&row.mark.word(self.lang)),
            cell(0, "th scope=\"row\"", "th"),
            cell(1, "td class=\"cell\"", "td"),
            cell(2, "td class=\"cell\"", "td"),
            cell(3, "td class=\"cell\"", "td"),
        ));
        if let Some(note) = &row.note {
            let note = escape(note);
            self.open(&format!("<tr class=\"{class}\"><td></td><td class=\"said\" colspan=\"4\">{note}</td></tr>\n"));
        }
    }

    /// The same paths as every layer has them.
    fn layers(&mut self, table: &LayerTable) {
        let names = table.columns.iter().map(|name| format!("<th scope=\"col\">{}</th>", escape(name)));
        let names: String = names.collect();
        let caption = self.say("export.layers");
        let path = self.say("export.path");
        self.open(&format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"layers\">\n\
             <thead><tr><th scope=\"col\">{path}</th>{names}</tr></thead>\n<tbody>\n"
        ));
        for row in &table.rows {
            let cells = row.cells.iter().map(|cell| {
                let mut words = vec![match &cell.state {
                    None => self.say("layer.nothing"),
                    state => escape(&state_word(state.as_ref(), self.lang)),
                }];
                if cell.shows {
                    words.push(format!("<span class=\"shows\">{}</span>", self.say("layer.shows")));
                }
                if cell.mark != LayerMark::Same {
                    words.push(format!("<strong>{}</strong>", self.say(&format!("layer.{}", cell.mark.name()))));
                }
                let class = match cell.mark {
                    LayerMark::Same => "",
                    LayerMark::New => "added",
                    LayerMark::Changed => "changed",
                    LayerMark::Gone => "removed",
                };
                format!("<td class=\"{class}\">{}</td>", words.join(", "))
            });
            let cells: String = cells.collect();
            self.open(&format!("<tr><th scope=\"row\"><code>{}</code></th>{cells}</tr>\n", escape(&row.path)));
        }
        self.open("</tbody></table></div>\n");
    }
}

fn command(command: &CommandLine) -> String {
    let mut lines = vec![format!("$ {}", command.line)];
    lines.extend(command.output.iter().cloned());
    lines.join("\n")
}
