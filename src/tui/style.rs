//! Colours: sign and word come first, so everything reads without them. Only the 16 ANSI colours; no pair of red and
//! green, and no meaning in "dim".

use ratatui::style::{Color, Modifier, Style};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Heads, questions, verdicts.
    Strong,
    Added,
    Removed,
    Changed,
    /// The title's, help's and key line's bar.
    Bar,
    /// What is chosen or focused.
    Chosen,
    /// Strings and comments of a program.
    Text,
    Comment,
}

/// The style of a tone; without colour (NO_COLOR) the attributes remain.
pub fn style(tone: Tone, colour: bool) -> Style {
    let plain = Style::new();
    let colour = |wanted| if colour { plain.fg(wanted) } else { plain };
    match tone {
        Tone::Plain => plain,
        Tone::Strong => plain.add_modifier(Modifier::BOLD),
        Tone::Added => colour(Color::Blue).add_modifier(Modifier::BOLD),
        Tone::Removed => colour(Color::Magenta).add_modifier(Modifier::CROSSED_OUT),
        Tone::Changed => colour(Color::Yellow).add_modifier(Modifier::UNDERLINED),
        Tone::Text => colour(Color::Green),
        Tone::Comment => colour(Color::Cyan),
        Tone::Bar | Tone::Chosen => plain.add_modifier(Modifier::REVERSED),
    }
}
