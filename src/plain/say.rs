//! Writes wrapped lines, reads typed ones.

use crate::mounts::printable_line;
use crate::wrap::{hang, hang_markdown};
use std::io::{self, IsTerminal, Write};

pub struct Say {
    /// Lines are wrapped at so many columns.
    pub width: usize,
}

impl Say {
    /// Writes a lesson's text, without the signs of Markdown; code blocks stay as they are.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut in_code = false;
        for line in text.lines().chain(text.is_empty().then_some("")) {
            if line.starts_with("```") {
                in_code = !in_code;
            } else if in_code {
                self.raw(line)?;
            } else {
                hang_markdown(line, self.width, 0).iter().try_for_each(|line| self.raw(line))?;
            }
        }
        Ok(())
    }

    /// Writes a line that is no Markdown: a call, a row, what was typed.
    pub fn exact(&self, line: &str) -> io::Result<()> {
        hang(line, self.width, 0).iter().try_for_each(|line| self.raw(line))
    }

    /// Writes a line as it is, but for what would steer a terminal: wherever it comes from.
    pub fn raw(&self, line: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{}", printable_line(line))
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
    let line = String::from_utf8_lossy(&bytes).trim().to_string();
    // A terminal has shown what was typed; a pipe's reader sees it here.
    if !io::stdin().is_terminal() {
        writeln!(out, "{line}")?;
    }
    Ok(Some(line))
}
