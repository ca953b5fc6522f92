//! `echo` and `printf`, as commands and as the shell's own.

use std::io::Write;

use super::util::{Done, Fail, Out};

pub fn echo(args: &[String], out: &mut Out) -> Done {
    let (mut args, mut newline, mut escapes) = (args, true, false);
    while let [first, rest @ ..] = args {
        match first.as_str() {
            "-n" => newline = false,
            "-e" => escapes = true,
            "-ne" | "-en" => (newline, escapes) = (false, true),
            _ => break,
        }
        args = rest;
    }
    let text = args.join(" ");
    let text = if escapes { unescape(&text) } else { text };
    write!(out, "{text}{}", if newline { "\n" } else { "" })?;
    Ok(0)
}

fn unescape(s: &str) -> String {
    let mut text = String::new();
    let mut chars = s.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            None => text.push('\\'),
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('a') => text.push('\x07'),
            Some('e') => text.push('\x1b'),
            Some('\\') => text.push('\\'),
            Some(d @ '0'..='7') => {
                let mut n = d.to_digit(8).unwrap_or(0);
                let mut digits = if d == '0' { 0 } else { 1 };
                while let Some(v) = chars.peek().and_then(|c| c.to_digit(8)).filter(|_| digits < 3) {
                    n = n * 8 + v;
                    digits += 1;
                    chars.next();
                }
                text.push(char::from(n as u8));
            }
            Some(c) => text.extend(['\\', c]),
        }
    }
    text
}

pub fn printf(args: &[String], out: &mut Out) -> Done {
    let Some((format, mut rest)) = args.split_first() else {
        return Err(Fail::new(2, "usage: printf FORMAT [VALUE]..."));
    };
    loop {
        let before = rest.len();
        write!(out, "{}", once(&unescape(format), &mut rest)?)?;
        if rest.is_empty() || rest.len() == before {
            return Ok(0);
        }
    }
}

/// The format once, taking its values from the front of `rest`.
fn once(format: &str, rest: &mut &[String]) -> Result<String, Fail> {
    let mut text = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            text.push('%');
            continue;
        }
        let mut spec = String::new();
        while let Some(c) = chars.next_if(|c| "-0123456789. +".contains(*c)) {
            spec.push(c);
        }
        let Some(kind) = chars.next() else {
            return Err(Fail::new(1, "the format ends in %"));
        };
        let mut take = || match rest.split_first() {
            Some((first, more)) => {
                *rest = more;
                first.clone()
            }
            None => String::new(),
        };
        let number = |s: String| -> Result<i64, Fail> {
            let parsed = match s.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16),
                None if s.is_empty() => Ok(0),
                None => s.parse(),
            };
            parsed.map_err(|_| Fail::new(1, format!("{s}: not a number")))
        };
        let (flags, precision) =
            spec.split_once('.').map_or((spec.as_str(), None), |(f, p)| (f, p.parse::<usize>().ok()));
        let value = match kind {
            's' => take(),
            'b' => unescape(&take()),
            'c' => take().chars().take(1).collect(),
            'd' | 'i' | 'u' => number(take())?.to_string(),
            'x' => format!("{:x}", number(take())?),
            'X' => format!("{:X}", number(take())?),
            'o' => format!("{:o}", number(take())?),
            _ => {
                return Err(Fail::new(
                    1,
                    format!("%{spec}{kind}: not in this small printf (it has %s %b %c %d %x %o)"),
                ));
            }
        };
        let value: String = match precision {
            Some(p) if matches!(kind, 's' | 'b') => value.chars().take(p).collect(),
            _ => value,
        };
        let left = flags.contains('-');
        let zero = !left && flags.starts_with('0') && kind != 's';
        let width: usize = flags.trim_start_matches(['-', '0', '+', ' ']).parse().unwrap_or(0);
        // By hand: Rust's own formatting panics at widths above 65535.
        let missing = width.saturating_sub(value.chars().count());
        text += &match (left, zero) {
            (true, _) => value + &" ".repeat(missing),
            (_, true) => match value.strip_prefix('-') {
                Some(digits) => "-".to_string() + &"0".repeat(missing) + digits,
                None => "0".repeat(missing) + &value,
            },
            _ => " ".repeat(missing) + &value,
        };
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let go = |f: &str, v: &[&str]| {
            let v: Vec<String> = v.iter().map(|s| s.to_string()).collect();
            once(&unescape(f), &mut v.as_slice()).unwrap()
        };
        assert_eq!(go("%s=%d\\n", &["a", "5"]), "a=5\n");
        assert_eq!(go("[%5s|%-5s|%05d|%.2s]", &["a", "b", "-7", "xyz"]), "[    a|b    |-0007|xy]");
        assert_eq!(go("%070000d", &["0"]).len(), 70000);
        assert_eq!(go("%x %o 100%%\\041", &["255", "8"]), "ff 10 100%!");
    }
}
