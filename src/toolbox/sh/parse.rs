//! Tokens into commands. Each keeps its source text: what must run in a process
//! of its own is given to one as text.

use std::rc::Rc;

use super::lex::{Bad, Kind, Part, Token, Word, tokens};
use super::syntax::{Body, Command, Item, List, Pipeline, Redir};

const RESERVED: &[&str] =
    &["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "in", "case", "esac", "{", "}", "!"];

pub fn is_name(s: &str) -> bool {
    s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

pub fn parse(text: &str) -> Result<List, Bad> {
    let chars: Rc<[char]> = text.chars().collect();
    let mut p = Parser { toks: tokens(&chars)?, s: chars, i: 0 };
    let list = p.list()?;
    match p.kind() {
        Kind::End => Ok(list),
        _ => Err(p.unexpected("")),
    }
}

struct Parser {
    s: Rc<[char]>,
    toks: Vec<Token>,
    i: usize,
}

impl Parser {
    fn kind(&self) -> &Kind {
        &self.toks[self.i].kind
    }

    fn bump(&mut self) -> Token {
        let t = self.toks[self.i].clone();
        self.i = (self.i + 1).min(self.toks.len() - 1);
        t
    }

    fn text(&self, from: usize) -> String {
        let end = if self.i > 0 { self.toks[self.i - 1].end } else { 0 };
        self.s[self.toks[from].start..end.max(self.toks[from].start)].iter().collect()
    }

    /// The token as a bare word.
    fn bare(&self) -> Option<&str> {
        match self.kind() {
            Kind::Word(w) => match &w[..] {
                [Part::Plain(s)] => Some(s),
                _ => None,
            },
            _ => None,
        }
    }

    fn reserved(&self) -> Option<&'static str> {
        let bare = self.bare()?;
        RESERVED.iter().find(|r| **r == bare).copied()
    }

    fn unexpected(&self, wanted: &'static str) -> Bad {
        let t = &self.toks[self.i];
        let what = match &t.kind {
            Kind::End => {
                return Bad::Incomplete(if wanted.is_empty() { "a command" } else { wanted });
            }
            Kind::Newline => "the end of the line".to_string(),
            _ => format!("'{}'", self.s[t.start..t.end].iter().collect::<String>()),
        };
        let wanted = if wanted.is_empty() { String::new() } else { format!(", {wanted} is missing") };
        Bad::Syntax(format!("{what} is unexpected here{wanted}"))
    }

    fn op(&mut self, op: &str) -> bool {
        let hit = matches!(self.kind(), Kind::Op(o) if *o == op);
        if hit {
            self.bump();
        }
        hit
    }

    fn keyword(&mut self, word: &'static str) -> Result<(), Bad> {
        if self.reserved() != Some(word) {
            return Err(self.unexpected(word));
        }
        self.bump();
        Ok(())
    }

    fn newlines(&mut self) {
        while *self.kind() == Kind::Newline {
            self.bump();
        }
    }

    /// Up to what cannot begin a command: a closing word or bracket, or the end.
    fn list(&mut self) -> Result<List, Bad> {
        let mut list = vec![];
        loop {
            self.newlines();
            let over = match self.kind() {
                Kind::End | Kind::Op(")" | ";;") => true,
                _ => matches!(self.reserved(), Some("then" | "elif" | "else" | "fi" | "do" | "done" | "esac" | "}")),
            };
            if over {
                return Ok(list);
            }
            let from = self.i;
            let first = self.pipeline()?;
            let mut rest = vec![];
            loop {
                let and = self.op("&&");
                if !and && !self.op("||") {
                    break;
                }
                self.newlines();
                rest.push((and, self.pipeline()?));
            }
            let text = self.text(from);
            let background = self.op("&");
            let more = background || self.op(";") || *self.kind() == Kind::Newline;
            list.push(Item { first, rest, background, text });
            if !more {
                return Ok(list);
            }
        }
    }

    /// A list that may not be empty.
    fn some(&mut self, wanted: &'static str) -> Result<List, Bad> {
        let list = self.list()?;
        if list.is_empty() { Err(self.unexpected(wanted)) } else { Ok(list) }
    }

    fn pipeline(&mut self) -> Result<Pipeline, Bad> {
        let mut negated = false;
        while self.reserved() == Some("!") {
            self.bump();
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        while self.op("|") {
            self.newlines();
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, commands })
    }

    fn command(&mut self) -> Result<Command, Bad> {
        let from = self.i;
        if self.op("(") {
            let start = self.toks[self.i].start;
            self.some("a command")?;
            let end = self.toks[self.i].start;
            if !self.op(")") {
                return Err(self.unexpected(")"));
            }
            let inner = self.s[start..end].iter().collect();
            return self.compound(Body::Subshell(inner), from);
        }
        let body = match self.reserved() {
            Some("{") => {
                self.bump();
                let list = self.some("a command")?;
                self.keyword("}")?;
                Body::Brace(list)
            }
            Some("if") => self.conditional()?,
            Some(word @ ("while" | "until")) => {
                self.bump();
                let condition = self.some("a command")?;
                Body::Loop { until: word == "until", condition, body: self.do_done()? }
            }
            Some("for") => self.for_loop()?,
            Some("case") => self.case()?,
            Some("in") | None => return self.simple(),
            Some(_) => return Err(self.unexpected("")),
        };
        self.compound(body, from)
    }

    fn compound(&mut self, body: Body, from: usize) -> Result<Command, Bad> {
        let text = self.text(from);
        let mut redirs = vec![];
        while let Some(r) = self.redir()? {
            redirs.push(r);
        }
        if matches!(self.kind(), Kind::Word(_)) && self.reserved().is_none_or(|r| matches!(r, "in" | "{" | "!")) {
            return Err(self.unexpected("; or a new line"));
        }
        Ok(Command { body, redirs, text })
    }

    fn conditional(&mut self) -> Result<Body, Bad> {
        let mut arms = vec![];
        let mut otherwise = None;
        loop {
            self.bump();
            let condition = self.some("a command")?;
            self.keyword("then")?;
            arms.push((condition, self.some("a command")?));
            match self.reserved() {
                Some("elif") => continue,
                Some("else") => {
                    self.bump();
                    otherwise = Some(self.some("a command")?);
                }
                _ => {}
            }
            self.keyword("fi")?;
            return Ok(Body::If { arms, otherwise });
        }
    }

    fn do_done(&mut self) -> Result<List, Bad> {
        self.keyword("do")?;
        let body = self.some("a command")?;
        self.keyword("done")?;
        Ok(body)
    }

    fn for_loop(&mut self) -> Result<Body, Bad> {
        self.bump();
        let name = match self.bare() {
            Some(n) if is_name(n) => n.to_string(),
            _ => return Err(self.unexpected("a name")),
        };
        self.bump();
        self.newlines();
        let mut words = None;
        if self.reserved() == Some("in") {
            self.bump();
            let list = words.insert(vec![]);
            while let Kind::Word(w) = self.kind() {
                list.push(w.clone());
                self.bump();
            }
        }
        self.op(";");
        self.newlines();
        Ok(Body::For { name, words, body: self.do_done()? })
    }

    fn case(&mut self) -> Result<Body, Bad> {
        self.bump();
        let Kind::Word(word) = self.kind().clone() else {
            return Err(self.unexpected("a word"));
        };
        self.bump();
        self.newlines();
        self.keyword("in")?;
        let mut arms = vec![];
        loop {
            self.newlines();
            if self.reserved() == Some("esac") {
                self.bump();
                return Ok(Body::Case { word, arms });
            }
            self.op("(");
            let mut patterns = vec![];
            loop {
                let Kind::Word(p) = self.kind().clone() else {
                    return Err(self.unexpected("a pattern"));
                };
                self.bump();
                patterns.push(p);
                if !self.op("|") {
                    break;
                }
            }
            if !self.op(")") {
                return Err(self.unexpected(")"));
            }
            arms.push((patterns, self.list()?));
            if !self.op(";;") && self.reserved() != Some("esac") {
                return Err(self.unexpected(";; or esac"));
            }
        }
    }

    fn redir(&mut self) -> Result<Option<Redir>, Bad> {
        let number = match self.kind() {
            Kind::Number(n) => Some(*n),
            _ => None,
        };
        if number.is_some() {
            self.bump();
        }
        let op = match self.kind() {
            Kind::Op(op @ ("<" | ">" | ">>" | ">|" | "<>" | "<&" | ">&" | "<<" | "<<-")) => *op,
            _ => return Ok(None),
        };
        self.bump();
        let fd = number.unwrap_or(i32::from(op.starts_with('>')));
        if fd > 2 {
            return Err(Bad::Syntax(format!("{fd}{op}: this shell redirects 0, 1 and 2 only")));
        }
        let word = match self.kind().clone() {
            Kind::Word(w) | Kind::Here(w) => w,
            _ => return Err(self.unexpected("a file")),
        };
        self.bump();
        Ok(Some(Redir { fd, op, word }))
    }

    fn simple(&mut self) -> Result<Command, Bad> {
        let from = self.i;
        let (mut assigns, mut words, mut redirs) = (vec![], vec![], vec![]);
        loop {
            if let Some(r) = self.redir()? {
                redirs.push(r);
                continue;
            }
            let Kind::Word(w) = self.kind().clone() else {
                break;
            };
            match assignment(&w).filter(|_| words.is_empty()) {
                Some(a) => assigns.push(a),
                None => words.push(w),
            }
            let name = self.bare().map(String::from);
            self.bump();
            if let Some(name) = name.filter(|n| words.len() == 1 && is_name(n))
                && self.op("(")
            {
                return self.function(name, from);
            }
        }
        if assigns.is_empty() && words.is_empty() && redirs.is_empty() {
            return Err(self.unexpected(""));
        }
        Ok(Command { body: Body::Simple { assigns, words }, redirs, text: self.text(from) })
    }

    fn function(&mut self, name: String, from: usize) -> Result<Command, Bad> {
        if !self.op(")") {
            return Err(self.unexpected(")"));
        }
        self.newlines();
        let body = Rc::new(self.command()?);
        Ok(Command { body: Body::Function { name, body }, redirs: vec![], text: self.text(from) })
    }
}

/// `NAME=VALUE`.
fn assignment(w: &Word) -> Option<(String, Word)> {
    let Some(Part::Plain(s)) = w.first() else {
        return None;
    };
    let (name, value) = s.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut rest = w[1..].to_vec();
    if !value.is_empty() {
        rest.insert(0, Part::Plain(value.into()));
    }
    Some((name.into(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(text: &str) -> String {
        match parse(text).unwrap_err() {
            Bad::Incomplete(what) => format!("... {what}"),
            Bad::Syntax(what) => what,
        }
    }

    #[test]
    fn programs() {
        for text in [
            "",
            "\n# x\n",
            "a;b&c",
            "a && b || ! c | d",
            "if a; then b; elif c; then d; else e; fi >x",
            "while a\ndo b\ndone",
            "for x in 1 2; do a; done",
            "for x do a; done",
            "{ a; } 2>&1",
            "(a; (b))",
            "case $x in a|b) c;; *) d; esac",
            "f() { a; }",
            "cat <<E\n$x\nE\n",
            "X=1 Y=\"2 3\" a >b 2>>c <d",
            "a $(b \")\" $(c)) `d` $((1+(2))) ${e:-${f}}",
        ] {
            parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        }
    }

    #[test]
    fn texts_that_go_on() {
        for (text, what) in [
            ("if a", "then"),
            ("a |", "a command"),
            ("a &&", "a command"),
            ("'a", "a closing '"),
            ("\"a", "a closing \""),
            ("$(a", "a closing )"),
            ("(a", ")"),
            ("{ a", "}"),
            ("while a; do b", "done"),
            ("cat <<E\nx\n", "a here-document"),
        ] {
            assert_eq!(bad(text), format!("... {what}"), "{text}");
        }
    }

    #[test]
    fn texts_that_are_wrong() {
        for (text, what) in [
            ("fi", "'fi' is unexpected here"),
            ("a ;; b", "';;' is unexpected here"),
            ("if a; fi", "'fi' is unexpected here, then is missing"),
            ("a )", "')' is unexpected here"),
            ("| a", "'|' is unexpected here"),
            ("3>x a", "3>: this shell redirects 0, 1 and 2 only"),
            ("echo ${x/a/b}", "${x/a/b}: not a form this shell knows"),
            ("( )", "')' is unexpected here, a command is missing"),
        ] {
            assert_eq!(bad(text), what, "{text}");
        }
    }

    #[test]
    fn each_keeps_its_text() {
        let list = parse("a; { b; c; } >x | d 'e  f' & g").unwrap();
        assert_eq!(list[1].text, "{ b; c; } >x | d 'e  f'");
        assert_eq!(list[1].first.commands[0].text, "{ b; c; }");
        assert!(list[1].background && !list[2].background);
    }
}
