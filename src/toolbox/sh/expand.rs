//! Words into fields: parameters, substitutions, splitting, patterns.

use std::io::Read;
use std::process::Stdio;

use super::lex::{Part, Word};
use super::state::{Shell, Stop};
use super::{arith, lex};

/// A character, and whether it was quoted.
type Field = Vec<(char, bool)>;

fn text(f: &Field) -> String {
    f.iter().map(|(c, _)| c).collect()
}

#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    open: Option<Field>,
    /// Whether a `"$@"` of nothing was met: it makes no field.
    nothing: bool,
}

impl Fields {
    fn add(&mut self, s: &str, quoted: bool) {
        self.open.get_or_insert_default().extend(s.chars().map(|c| (c, quoted)));
    }

    fn close(&mut self) {
        self.done.extend(self.open.take());
    }

    /// An expansion's result outside quotes.
    fn split(&mut self, s: &str, ifs: &str) {
        let mut gap = true;
        for c in s.chars() {
            if ifs.contains(c) {
                if !c.is_whitespace() && gap && self.open.is_none() {
                    self.open = Some(vec![]);
                }
                gap = !c.is_whitespace();
                self.close();
            } else {
                gap = false;
                self.add(&c.to_string(), false);
            }
        }
    }
}

impl Shell {
    /// The fields of a command's words.
    pub fn words(&mut self, words: &[Word]) -> Result<Vec<String>, Stop> {
        let mut out = vec![];
        for w in words {
            for field in self.fields(w, true)? {
                let magic = field.iter().any(|(c, q)| !q && "*?[".contains(*c));
                match magic.then(|| glob(&field)) {
                    Some(hits) if !hits.is_empty() => out.extend(hits),
                    _ => out.push(text(&field)),
                }
            }
        }
        Ok(out)
    }

    /// One word as one string: no splitting, no patterns.
    pub fn one(&mut self, w: &Word) -> Result<String, Stop> {
        let fields = self.fields(w, false)?;
        Ok(fields.iter().map(text).collect::<Vec<_>>().join(" "))
    }

    /// One word as a pattern of `case`, `${x#…}`.
    pub fn pattern(&mut self, w: &Word) -> Result<Pattern, Stop> {
        Ok(Pattern(self.fields(w, false)?.concat()))
    }

    fn fields(&mut self, w: &Word, split: bool) -> Result<Vec<Field>, Stop> {
        let mut f = Fields::default();
        for (i, part) in w.iter().enumerate() {
            match part {
                Part::Plain(s) => {
                    let home = s.strip_prefix('~').filter(|r| i == 0 && (r.is_empty() || r.starts_with('/')));
                    match (home, self.get("HOME")) {
                        (Some(rest), Some(dir)) => {
                            f.add(&dir, true);
                            f.add(rest, false);
                        }
                        _ => f.add(s, false),
                    }
                }
                Part::Quoted(s) => f.add(s, true),
                Part::Param { name, op, word, quoted } => self.param(&mut f, name, op, word, *quoted, split)?,
                Part::Command { text, quoted } => {
                    let s = self.substitute(text)?;
                    self.put(&mut f, &s, *quoted, split);
                }
                Part::Arith { word, quoted } => {
                    let sum = self.one(word)?;
                    let v = arith::value(&sum, &|n| self.get(n).unwrap_or_default()).map_err(Stop::Error)?;
                    self.put(&mut f, &v.to_string(), *quoted, split);
                }
            }
        }
        f.close();
        if f.nothing && f.done.len() == 1 && f.done[0].is_empty() {
            f.done.clear();
        }
        Ok(f.done)
    }

    fn put(&mut self, f: &mut Fields, s: &str, quoted: bool, split: bool) {
        if quoted || !split {
            f.add(s, true);
        } else {
            let ifs = self.get("IFS").unwrap_or_else(|| " \t\n".into());
            f.split(s, &ifs);
        }
    }

    fn param(
        &mut self,
        f: &mut Fields,
        name: &str,
        op: &str,
        word: &Word,
        quoted: bool,
        split: bool,
    ) -> Result<(), Stop> {
        if name == "@" && op.is_empty() && (quoted || !split) {
            for (i, a) in self.args.clone().iter().enumerate() {
                if i > 0 {
                    f.close();
                }
                f.add(a, true);
            }
            f.nothing |= self.args.is_empty();
            return Ok(());
        }
        let now = self.get(name);
        let set = now.is_some() && !(op.starts_with(':') && now.as_deref() == Some(""));
        let value = now.clone().unwrap_or_default();
        let value = match op.trim_start_matches(':') {
            "" if now.is_none() && self.nounset && name != "@" && name != "*" => {
                return Err(Stop::Error(format!("{name}: not set")));
            }
            "" => value,
            "length" => value.chars().count().to_string(),
            "-" | "=" | "+" if set == (op.ends_with('+')) => {
                if op.ends_with('=') {
                    let v = self.one(word)?;
                    self.set(name, v.clone());
                    v
                } else {
                    // The word keeps its own quotes.
                    for (i, field) in self.fields(word, split && !quoted)?.into_iter().enumerate() {
                        if i > 0 {
                            f.close();
                        }
                        f.open.get_or_insert_default().extend(field);
                    }
                    return Ok(());
                }
            }
            "-" | "=" => value,
            "+" => String::new(),
            "?" if set => value,
            "?" => {
                let msg = self.one(word)?;
                return Err(Stop::Error(format!("{name}: {}", if msg.is_empty() { "not set" } else { &msg })));
            }
            trim => {
                let p = self.pattern(word)?;
                trimmed(&value, &p, trim)
            }
        };
        self.put(f, &value, quoted, split);
        Ok(())
    }

    /// A command's output, without the newlines at its end.
    fn substitute(&mut self, text: &str) -> Result<String, Stop> {
        let mut c = self.subshell(text);
        let child = c.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| Stop::Error(format!("cannot start a shell for $(…): {}", super::why(e))))?;
        let mut out = vec![];
        if let Some(mut pipe) = child.stdout.take() {
            let _ = pipe.read_to_end(&mut out);
        }
        self.status = self.wait_for(child.id() as i32);
        self.substituted = true;
        Ok(String::from_utf8_lossy(&out).trim_end_matches('\n').to_string())
    }

    /// PS1, PS2.
    pub fn prompt(&mut self, name: &str, default: &str) -> String {
        let raw = self.get(name).unwrap_or_else(|| default.into());
        let status = self.status;
        let text = lex::template(&raw).ok().and_then(|w| self.one(&w).ok()).unwrap_or(raw);
        self.status = status;
        text
    }
}

fn trimmed(value: &str, p: &Pattern, how: &str) -> String {
    let cuts: Vec<usize> = value.char_indices().map(|(i, _)| i).chain([value.len()]).collect();
    let front = |i: &&usize| p.matches(&value[..**i]);
    let back = |i: &&usize| p.matches(&value[**i..]);
    match how {
        "#" => cuts.iter().find(front).map_or(value, |i| &value[*i..]),
        "##" => cuts.iter().rev().find(front).map_or(value, |i| &value[*i..]),
        "%" => cuts.iter().rev().find(back).map_or(value, |i| &value[..*i]),
        _ => cuts.iter().find(back).map_or(value, |i| &value[..*i]),
    }
    .to_string()
}

/// `*`, `?`, `[…]`; a quoted character is itself.
pub struct Pattern(Field);

impl Pattern {
    pub fn matches(&self, s: &str) -> bool {
        fits(&self.0, &s.chars().collect::<Vec<_>>())
    }
}

fn fits(p: &[(char, bool)], s: &[char]) -> bool {
    match p {
        [] => s.is_empty(),
        [('*', false), rest @ ..] => (0..=s.len()).any(|i| fits(rest, &s[i..])),
        [('?', false), rest @ ..] => !s.is_empty() && fits(rest, &s[1..]),
        [('[', false), rest @ ..] => match (rest.iter().skip(1).position(|(c, q)| *c == ']' && !q), s) {
            (Some(end), [c, more @ ..]) => set_has(&rest[..=end], *c) && fits(&rest[end + 2..], more),
            (None, ['[', more @ ..]) => fits(rest, more),
            _ => false,
        },
        [(c, _), rest @ ..] => s.first() == Some(c) && fits(rest, &s[1..]),
    }
}

fn set_has(set: &[(char, bool)], c: char) -> bool {
    let chars: Vec<char> = set.iter().map(|(c, _)| *c).collect();
    let (not, mut chars) = match chars.split_first() {
        Some(('!' | '^', rest)) if !rest.is_empty() => (true, rest),
        _ => (false, &chars[..]),
    };
    let mut hit = false;
    loop {
        match chars {
            [] => return hit != not,
            [a, '-', b, rest @ ..] => {
                hit |= (*a..=*b).contains(&c);
                chars = rest;
            }
            [a, rest @ ..] => {
                hit |= *a == c;
                chars = rest;
            }
        }
    }
}

fn glob(field: &Field) -> Vec<String> {
    let mut found = vec![String::new()];
    let parts: Vec<&[(char, bool)]> = field.split(|(c, _)| *c == '/').collect();
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        let mut next = vec![];
        for base in found {
            if !part.iter().any(|(c, q)| !q && "*?[".contains(*c)) {
                let path = base + &text(&part.to_vec()) + if last { "" } else { "/" };
                if std::path::Path::new(if path.is_empty() { "." } else { &path }).symlink_metadata().is_ok() {
                    next.push(path);
                }
                continue;
            }
            let dir = if base.is_empty() { "." } else { &base };
            let names = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let mut names: Vec<String> = names.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            for name in names {
                let hidden = name.starts_with('.') && part[0].0 != '.';
                if !hidden && fits(part, &name.chars().collect::<Vec<_>>()) {
                    let path = format!("{base}{name}");
                    if last {
                        next.push(path);
                    } else if std::path::Path::new(&path).is_dir() {
                        next.push(path + "/");
                    }
                }
            }
        }
        found = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fit = |p: &str, s: &str| Pattern(p.chars().map(|c| (c, false)).collect()).matches(s);
        for (p, s) in
            [("*", ""), ("a*c", "abbc"), ("?b", "ab"), ("[a-c]x", "bx"), ("[!a]", "b"), ("[]]", "]"), ("[", "[")]
        {
            assert!(fit(p, s), "{p} {s}");
        }
        for (p, s) in [("a*c", "ab"), ("?", ""), ("[a-c]", "d"), ("[!a]", "a")] {
            assert!(!fit(p, s), "{p} {s}");
        }
        let p = |s: &str| Pattern(s.chars().map(|c| (c, false)).collect());
        assert_eq!(trimmed("a/b/c", &p("*/"), "#"), "b/c");
        assert_eq!(trimmed("a/b/c", &p("*/"), "##"), "c");
        assert_eq!(trimmed("a.b.c", &p(".*"), "%"), "a.b");
        assert_eq!(trimmed("a.b.c", &p(".*"), "%%"), "a");
    }
}
