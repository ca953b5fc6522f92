//! Writes wrapped lines, reads typed ones.

use std::io::{self, Write};
use unicode_width::UnicodeWidthChar;

pub struct Say {
    /// Lines are wrapped at so many columns.
    pub width: usize,
}

impl Say {
    /// Writes a text; code blocks and indented lines stay as they are.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut in_code = false;
        for line in text.lines().chain(text.is_empty().then_some("")) {
            if line.starts_with("```") {
                in_code = !in_code;
                continue;
            }
            let plain = if in_code { line.to_string() } else { line.replace("**", "").replace('`', "") };
            if in_code || line.starts_with("  ") {
                self.raw(&plain)?;
            } else {
                wrap(&plain, self.width).iter().try_for_each(|line| self.raw(line))?;
            }
        }
        Ok(())
    }

    pub fn raw(&self, line: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{line}")
    }
}

/// One line of input, read byte by byte so that what follows is left for a shell. None at the end.
pub fn line(prompt: &str) -> io::Result<Option<String>> {
    let mut out = io::stdout();
    write!(out, "{prompt}> ")?;
    out.flush()?;
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        match nix::unistd::read(io::stdin(), &mut byte) {
            Ok(0) if bytes.is_empty() => {
                writeln!(out)?;
                return Ok(None);
            }
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => bytes.push(byte[0]),
            Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim().to_string()))
}

/// Breaks a line at spaces, and between Han characters, so that it fits.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let (mut lines, mut current, mut used) = (Vec::new(), String::new(), 0);
    let mut break_at: Option<usize> = None;
    for character in line.chars() {
        let cells = character.width().unwrap_or(0);
        if used + cells > width {
            let at = break_at.unwrap_or(current.len());
            let rest = current.split_off(at);
            lines.push(current.trim_end().to_string());
            current = rest.trim_start().to_string();
            used = current.chars().map(|c| c.width().unwrap_or(0)).sum();
            break_at = None;
        }
        // A closing mark never begins a line.
        if cells == 2 && !"，。、；：？！）》”".contains(character) {
            break_at = Some(current.len());
        }
        current.push(character);
        used += cells;
        if character == ' ' {
            break_at = Some(current.len());
        }
    }
    lines.push(current.trim_end().to_string());
    lines
}
