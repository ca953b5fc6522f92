//! `test` and `[`.

use std::io::IsTerminal;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::util::{Done, Fail, Out};

pub fn bracket(args: &[String], out: &mut Out) -> Done {
    match args.split_last() {
        Some((last, rest)) if last == "]" => test(rest, out),
        _ => Err(Fail::new(2, "missing ]")),
    }
}

pub fn test(args: &[String], _: &mut Out) -> Done {
    let mut t = Test { args, at: 0 };
    if args.is_empty() {
        return Ok(1);
    }
    let yes = t.or()?;
    match args.get(t.at) {
        Some(more) => Err(Fail::new(2, format!("{more}: unexpected"))),
        None => Ok(u8::from(!yes)),
    }
}

struct Test<'a> {
    args: &'a [String],
    at: usize,
}

impl Test<'_> {
    fn peek(&self, ahead: usize) -> Option<&str> {
        self.args.get(self.at + ahead).map(String::as_str)
    }

    fn or(&mut self) -> Result<bool, Fail> {
        let mut yes = self.and()?;
        while self.peek(0) == Some("-o") {
            self.at += 1;
            yes |= self.and()?;
        }
        Ok(yes)
    }

    fn and(&mut self) -> Result<bool, Fail> {
        let mut yes = self.one()?;
        while self.peek(0) == Some("-a") {
            self.at += 1;
            yes &= self.one()?;
        }
        Ok(yes)
    }

    fn one(&mut self) -> Result<bool, Fail> {
        let Some(a) = self.peek(0) else {
            return Err(Fail::new(2, "an operand is missing"));
        };
        let a = a.to_string();
        // A two-operand test goes first: `[ ! = x ]`, `[ -f = -f ]`.
        if let (Some(op), Some(b)) = (self.peek(1), self.peek(2))
            && let Some(yes) = binary(&a, op, b)?
        {
            self.at += 3;
            return Ok(yes);
        }
        if a == "!" && self.peek(1).is_some() {
            self.at += 1;
            return Ok(!self.one()?);
        }
        if a == "(" && self.peek(1).is_some() {
            self.at += 1;
            let yes = self.or()?;
            if self.peek(0) != Some(")") {
                return Err(Fail::new(2, "missing )"));
            }
            self.at += 1;
            return Ok(yes);
        }
        if a.len() == 2
            && a.starts_with('-')
            && let Some(x) = self.peek(1)
        {
            let yes = unary(&a, x)?;
            self.at += 2;
            return Ok(yes);
        }
        self.at += 1;
        Ok(!a.is_empty())
    }
}

fn binary(a: &str, op: &str, b: &str) -> Result<Option<bool>, Fail> {
    let number = |s: &str| s.trim().parse::<i64>().map_err(|_| Fail::new(2, format!("{s}: not a number")));
    let time = |s: &str| Path::new(s).metadata().and_then(|m| m.modified()).ok();
    Ok(Some(match op {
        "=" | "==" => a == b,
        "!=" => a != b,
        "-eq" => number(a)? == number(b)?,
        "-ne" => number(a)? != number(b)?,
        "-lt" => number(a)? < number(b)?,
        "-le" => number(a)? <= number(b)?,
        "-gt" => number(a)? > number(b)?,
        "-ge" => number(a)? >= number(b)?,
        "-nt" => time(a) > time(b),
        "-ot" => time(a) < time(b),
        "-ef" => match (Path::new(a).metadata(), Path::new(b).metadata()) {
            (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
            _ => false,
        },
        _ => return Ok(None),
    }))
}

fn unary(op: &str, x: &str) -> Result<bool, Fail> {
    let p = Path::new(x);
    let may = |flag| access(p, flag).is_ok();
    let is = |f: fn(&std::fs::Metadata) -> bool| p.metadata().is_ok_and(|m| f(&m));
    Ok(match op {
        "-n" => !x.is_empty(),
        "-z" => x.is_empty(),
        "-e" => p.exists(),
        "-f" => p.is_file(),
        "-d" => p.is_dir(),
        "-h" | "-L" => p.is_symlink(),
        "-s" => is(|m| m.len() > 0),
        "-b" => is(|m| m.file_type().is_block_device()),
        "-c" => is(|m| m.file_type().is_char_device()),
        "-p" => is(|m| m.file_type().is_fifo()),
        "-S" => is(|m| m.file_type().is_socket()),
        "-r" => may(AccessFlags::R_OK),
        "-w" => may(AccessFlags::W_OK),
        "-x" => may(AccessFlags::X_OK),
        "-t" => match x {
            "0" => std::io::stdin().is_terminal(),
            "1" => std::io::stdout().is_terminal(),
            "2" => std::io::stderr().is_terminal(),
            _ => false,
        },
        _ => return Err(Fail::new(2, format!("{op}: unknown test"))),
    })
}
