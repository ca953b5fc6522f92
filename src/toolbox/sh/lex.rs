//! The shell's text into tokens; every token knows its place in the text.

use std::rc::Rc;

/// Why a text is not a program.
#[derive(Debug, Clone, PartialEq)]
pub enum Bad {
    /// It may become one with another line.
    Incomplete(&'static str),
    Syntax(String),
}

pub type Word = Vec<Part>;

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As written: `*` and `~` still mean something.
    Plain(String),
    Quoted(String),
    Param {
        name: String,
        op: String,
        word: Word,
        quoted: bool,
    },
    Command {
        text: String,
        quoted: bool,
    },
    Arith {
        word: Word,
        quoted: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Word(Word),
    /// The digits right before `<` or `>`.
    Number(i32),
    Op(&'static str),
    Newline,
    /// The body of a here-document, in the place of its delimiter.
    Here(Word),
    End,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

const OPS: &[&str] = &["<<-", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|", ";", "&", "|", "<", ">", "(", ")"];

pub struct Lexer {
    s: Rc<[char]>,
    i: usize,
}

/// The whole text; the last token is `End`.
pub fn tokens(s: &Rc<[char]>) -> Result<Vec<Token>, Bad> {
    let mut l = Lexer { s: s.clone(), i: 0 };
    let mut list: Vec<Token> = vec![];
    // Here-documents whose bodies begin after the next newline: (token, strip tabs).
    let mut pending: Vec<(usize, bool)> = vec![];
    loop {
        l.blanks();
        let start = l.i;
        let Some(c) = l.peek() else {
            if !pending.is_empty() {
                return Err(Bad::Incomplete("a here-document"));
            }
            list.push(Token { kind: Kind::End, start, end: start });
            return Ok(list);
        };
        let kind = if c == '\n' {
            l.i += 1;
            for (at, strip) in pending.drain(..) {
                let raw: String = s[list[at].start..list[at].end].iter().collect();
                list[at].kind = Kind::Here(l.here(&raw, strip)?);
            }
            Kind::Newline
        } else if let Some(op) = l.operator() {
            Kind::Op(op)
        } else {
            let word = l.word(true)?;
            let digits: String = s[start..l.i].iter().collect();
            match digits.parse() {
                Ok(n) if digits.len() < 4 && matches!(l.peek(), Some('<' | '>')) => Kind::Number(n),
                _ => Kind::Word(word),
            }
        };
        if let (Kind::Word(_), Some(Kind::Op(op @ ("<<" | "<<-")))) = (&kind, list.last().map(|t| &t.kind)) {
            pending.push((list.len(), *op == "<<-"));
        }
        list.push(Token { kind, start, end: l.i });
    }
}

/// Text in which only `$`, backquotes and backslashes mean something (PS1, here-documents).
pub fn template(text: &str) -> Result<Word, Bad> {
    Lexer::of(text).double(false)
}

impl Lexer {
    fn of(text: &str) -> Lexer {
        Lexer { s: text.chars().collect(), i: 0 }
    }

    fn peek(&self) -> Option<char> {
        self.s.get(self.i).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.i += 1;
        Some(c)
    }

    fn eat(&mut self, c: char) -> bool {
        let hit = self.peek() == Some(c);
        self.i += usize::from(hit);
        hit
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.i += 1,
                Some('\\') if self.s.get(self.i + 1) == Some(&'\n') => self.i += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.i += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn operator(&mut self) -> Option<&'static str> {
        let op = OPS.iter().find(|op| op.chars().enumerate().all(|(k, c)| self.s.get(self.i + k) == Some(&c)))?;
        self.i += op.len();
        Some(op)
    }

    fn here(&mut self, raw: &str, strip: bool) -> Result<Word, Bad> {
        let quoted = raw.contains(['\'', '"', '\\']);
        let end: String = raw.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        let mut body = String::new();
        loop {
            let mut line = String::new();
            loop {
                match self.next() {
                    Some('\n') => break,
                    Some(c) => line.push(c),
                    None if line == end => break,
                    None => return Err(Bad::Incomplete("a here-document")),
                }
            }
            let line = if strip { line.trim_start_matches('\t') } else { &line };
            if line == end {
                return if quoted { Ok(vec![Part::Quoted(body)]) } else { template(&body) };
            }
            body += line;
            body.push('\n');
        }
    }

    /// One word; with `stop`, up to a blank or an operator, else the whole text.
    fn word(&mut self, stop: bool) -> Result<Word, Bad> {
        let mut parts: Word = vec![];
        let plain = |parts: &mut Word, c: char| match parts.last_mut() {
            Some(Part::Plain(s)) => s.push(c),
            _ => parts.push(Part::Plain(c.into())),
        };
        while let Some(c) = self.peek() {
            if stop && " \t\r\n;&|<>()".contains(c) {
                break;
            }
            self.i += 1;
            match c {
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some(c) => parts.push(Part::Quoted(c.into())),
                    None => return Err(Bad::Incomplete("a line after \\")),
                },
                '\'' => {
                    let from = self.i;
                    while self.next().ok_or(Bad::Incomplete("a closing '"))? != '\'' {}
                    parts.push(Part::Quoted(self.s[from..self.i - 1].iter().collect()));
                }
                '"' => {
                    parts.push(Part::Quoted(String::new()));
                    parts.extend(self.double(true)?);
                }
                '$' => match self.dollar(false)? {
                    Some(part) => parts.push(part),
                    None => plain(&mut parts, '$'),
                },
                '`' => parts.push(self.backquote(false)?),
                c => plain(&mut parts, c),
            }
        }
        Ok(parts)
    }

    /// Inside double quotes, up to the closing one (`closed`) or the text's end.
    fn double(&mut self, closed: bool) -> Result<Word, Bad> {
        let mut parts: Word = vec![];
        let mut text = String::new();
        loop {
            let part = match self.next() {
                Some('"') if closed => break,
                None if closed => return Err(Bad::Incomplete("a closing \"")),
                None => break,
                Some('\\') => {
                    match self.next() {
                        Some('\n') => {}
                        Some(c) if "$`\\".contains(c) || (closed && c == '"') => text.push(c),
                        Some(c) => text.extend(['\\', c]),
                        None if closed => return Err(Bad::Incomplete("a closing \"")),
                        None => text.push('\\'),
                    }
                    continue;
                }
                Some('$') => self.dollar(true)?,
                Some('`') => Some(self.backquote(true)?),
                Some(c) => {
                    text.push(c);
                    continue;
                }
            };
            match part {
                Some(part) => {
                    parts.push(Part::Quoted(std::mem::take(&mut text)));
                    parts.push(part);
                }
                None => text.push('$'),
            }
        }
        parts.push(Part::Quoted(text));
        Ok(parts)
    }

    fn backquote(&mut self, quoted: bool) -> Result<Part, Bad> {
        let mut text = String::new();
        loop {
            match self.next().ok_or(Bad::Incomplete("a closing `"))? {
                '`' => return Ok(Part::Command { text, quoted }),
                '\\' => match self.next() {
                    Some(c) if "$`\\".contains(c) || (quoted && c == '"') => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => return Err(Bad::Incomplete("a closing `")),
                },
                c => text.push(c),
            }
        }
    }

    /// After a `$`; None if it stands for itself.
    fn dollar(&mut self, quoted: bool) -> Result<Option<Part>, Bad> {
        let param = |name: String| Part::Param { name, op: String::new(), word: vec![], quoted };
        Ok(Some(match self.peek() {
            Some('(') => {
                self.i += 1;
                let text = self.nested('(', ')')?;
                match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
                    Some(sum) => Part::Arith { word: template(sum)?, quoted },
                    None => Part::Command { text, quoted },
                }
            }
            Some('{') => {
                self.i += 1;
                let text = self.nested('{', '}')?;
                self.braced(&text, quoted)?
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let from = self.i;
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.i += 1;
                }
                param(self.s[from..self.i].iter().collect())
            }
            Some(c) if c.is_ascii_digit() || "?$!#@*-".contains(c) => {
                self.i += 1;
                param(c.into())
            }
            _ => return Ok(None),
        }))
    }

    fn braced(&self, text: &str, quoted: bool) -> Result<Part, Bad> {
        let bad = || Bad::Syntax(format!("${{{text}}}: not a form this shell knows"));
        if let Some(name) = text.strip_prefix('#').filter(|n| !n.is_empty()) {
            let op = "length".into();
            return Ok(Part::Param { name: name.into(), op, word: vec![], quoted });
        }
        let len = match text.chars().next() {
            Some(c) if "?$!#@*-".contains(c) => 1,
            _ => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()),
        };
        let (name, rest) = text.split_at(len);
        let ops = ["", ":-", ":=", ":+", ":?", "-", "=", "+", "?", "##", "#", "%%", "%"];
        let op = ops.iter().skip(1).find(|op| rest.starts_with(**op)).unwrap_or(&"");
        if name.is_empty() || (op.is_empty() && !rest.is_empty()) {
            return Err(bad());
        }
        let mut word = Lexer::of(&rest[op.len()..]);
        let pattern = op.starts_with(['#', '%']);
        let word = if quoted && !pattern { word.double(false)? } else { word.word(false)? };
        Ok(Part::Param { name: name.into(), op: op.to_string(), word, quoted })
    }

    /// After an opening bracket: the text up to the one that closes it.
    fn nested(&mut self, open: char, close: char) -> Result<String, Bad> {
        let missing = Bad::Incomplete(if close == ')' { "a closing )" } else { "a closing }" });
        let from = self.i;
        let mut depth = 1;
        loop {
            let c = self.next().ok_or(missing.clone())?;
            match c {
                '\\' => drop(self.next()),
                '\'' if close == ')' => while self.next().ok_or(missing.clone())? != '\'' {},
                '"' => drop(self.double(true)?),
                '`' => drop(self.backquote(false)?),
                '$' if self.eat('(') => drop(self.nested('(', ')')?),
                '$' if self.eat('{') => drop(self.nested('{', '}')?),
                '#' if close == ')' && self.s[self.i - 2].is_whitespace() => self.comment(),
                c if c == open => depth += 1,
                c if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(self.s[from..self.i - 1].iter().collect());
                    }
                }
                _ => {}
            }
        }
    }

    fn comment(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.i += 1;
        }
    }
}
