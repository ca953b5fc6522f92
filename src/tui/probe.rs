//! Asks the terminal how wide it draws: prints a character and asks where the cursor is (DSR 6). Variables are no proof:
//! ssh often brings LANG=C into a terminal that shows UTF-8.

use super::glyphs::Glyphs;
use super::terminal::Abilities;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long a terminal may take for its answers. One that never answers costs this once.
const PATIENCE: Duration = Duration::from_millis(200);

/// What the locale says of the character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Other,
    /// None is named, as in C, POSIX, or nothing at all.
    Unsaid,
}

fn charset(locale: &str) -> Charset {
    match locale.split('@').next().unwrap_or("").split_once('.') {
        Some((_, name)) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8") => Charset::Utf8,
        Some(_) => Charset::Other,
        None => Charset::Unsaid,
    }
}

fn locale() -> String {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty()).unwrap_or_default()
}

/// What the terminal can do, and what was typed while it was asked. The terminal is in raw mode, and nobody else reads
/// from it.
pub fn probe(wants_ascii: bool) -> io::Result<(Abilities, Vec<u8>)> {
    // `é` is one column in UTF-8, two where its bytes are two characters; then a character of ambiguous width.
    let mut out = io::stdout();
    out.write_all("\ré\x1b[6n\r│\x1b[6n\r\x1b[K".as_bytes())?;
    out.flush()?;
    let mut bytes = Vec::new();
    let ends = Instant::now() + PATIENCE;
    let stdin = io::stdin();
    while columns(&bytes).0.len() < 2 {
        let left = ends.saturating_duration_since(Instant::now()).as_millis() as u16;
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        if left == 0 || poll(&mut fds, PollTimeout::from(left)).unwrap_or(0) == 0 {
            break;
        }
        let mut buffer = [0; 256];
        match nix::unistd::read(&stdin, &mut buffer) {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
    let (answers, typed) = columns(&bytes);
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Ok((judge(&answers, charset(&locale()), wants_ascii, colour), typed))
}

fn judge(answers: &[u16], charset: Charset, wants_ascii: bool, colour: bool) -> Abilities {
    let is_utf8 = match (answers.first(), charset) {
        (Some(column), Charset::Utf8 | Charset::Unsaid) => *column == 2,
        (None, Charset::Utf8) => true,
        _ => false,
    };
    let is_narrow = is_utf8 && answers.get(1) == Some(&2);
    let glyphs = if is_narrow && !wants_ascii { Glyphs::Box } else { Glyphs::Ascii };
    Abilities { glyphs, colour, is_utf8 }
}

/// The columns of all cursor reports (`ESC [ row ; column R`), and the other bytes: keys.
fn columns(bytes: &[u8]) -> (Vec<u16>, Vec<u8>) {
    let (mut found, mut other) = (Vec::new(), Vec::new());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        match report(rest) {
            Some((column, length)) => {
                found.push(column);
                rest = &rest[length..];
            }
            None => {
                other.push(byte);
                rest = tail;
            }
        }
    }
    (found, other)
}

fn report(bytes: &[u8]) -> Option<(u16, usize)> {
    let body = bytes.strip_prefix(b"\x1b[")?;
    let end = body.iter().position(|byte| !byte.is_ascii_digit() && *byte != b';')?;
    let (_, column) = std::str::from_utf8(&body[..end]).ok()?.split_once(';')?;
    (body[end] == b'R').then_some(())?;
    Some((column.parse().ok()?, end + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_told_from_keys() {
        assert_eq!(columns(b"a\x1b[1;2R\r\x1b[12;3Rq"), (vec![2, 3], b"a\rq".to_vec()));
        assert_eq!(columns(b"\x1b[A\x1b[1;"), (vec![], b"\x1b[A\x1b[1;".to_vec()));
    }

    #[test]
    fn the_terminal_decides_unless_the_locale_names_another_charset() {
        let drawn = |answers: &[u16], locale: &str| judge(answers, charset(locale), false, true).glyphs;
        assert_eq!(drawn(&[2, 2], "C"), Glyphs::Box, "LANG=C in a UTF-8 terminal");
        assert_eq!(drawn(&[2, 2], "en_US.UTF-8"), Glyphs::Box);
        assert_eq!(drawn(&[2, 3], "zh_CN.UTF-8"), Glyphs::Ascii, "ambiguous characters are wide");
        assert_eq!(drawn(&[3, 4], "C"), Glyphs::Ascii, "two characters for é");
        assert_eq!(drawn(&[2, 2], "zh_CN.GB18030"), Glyphs::Ascii);
        assert_eq!(drawn(&[], "en_US.UTF-8"), Glyphs::Ascii, "no answer");
        assert_eq!(judge(&[2, 2], Charset::Utf8, true, true).glyphs, Glyphs::Ascii, "--ascii");
    }

    #[test]
    fn chinese_can_be_read_where_utf8_is_shown() {
        let reads = |answers: &[u16], locale: &str| judge(answers, charset(locale), false, true).is_utf8;
        assert!(reads(&[2, 3], "C"));
        assert!(reads(&[], "zh_CN.UTF-8"));
        assert!(!reads(&[3, 4], "zh_CN.UTF-8"));
        assert!(!reads(&[], "C"));
        assert!(!reads(&[2, 2], "zh_CN.GBK"));
    }
}
