//! The few characters that lines are drawn with. `│ ─ …` are one cell in most terminals and two in those set up for
//! Chinese, where one of them would break every row: they are used only where the terminal was asked.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    #[default]
    Ascii,
    Box,
}

impl Glyphs {
    pub fn is_ascii(self) -> bool {
        self == Glyphs::Ascii
    }

    pub fn horizontal(self) -> &'static str {
        if self.is_ascii() { "-" } else { "─" }
    }

    pub fn vertical(self) -> &'static str {
        if self.is_ascii() { "|" } else { "│" }
    }

    /// Where a vertical line begins under a horizontal one.
    pub fn tee(self) -> &'static str {
        if self.is_ascii() { "|" } else { "┬" }
    }

    /// Something is left out of a name.
    pub fn elision(self) -> &'static str {
        if self.is_ascii() { ".." } else { "…" }
    }

    /// Rows are left out of a table.
    pub fn dots(self) -> &'static str {
        if self.is_ascii() { "..." } else { "…" }
    }
}
