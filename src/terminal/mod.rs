//! A terminal within a pane: what a program prints becomes cells (`emulator`), keys become the bytes that a terminal sends
//! for them (`encode`), and the pseudo terminal itself is read and written without ever waiting for it (`pty`, `typed`). It
//! knows nothing of lessons.

/// What programs find it under in terminfo(5), whatever terminal nslab itself runs in: keys and answers are those of xterm.
pub const NAME: &str = "xterm-256color";

mod emulator;
mod encode;
mod pty;
mod typed;

pub use emulator::Emulator;
pub use encode::{Modes, encode, paste};
pub use pty::{Pty, Told};
pub use typed::{Typed, never_block};
