//! The course of a lesson: a pure state machine, and the record of what happened.

mod history;
mod hold;
mod judge;
mod layers;
mod machine;
mod marks;
mod message;
mod note;
mod record;
mod shown;
mod task;
mod transcript;
mod verdict;
mod wording;

pub use history::History;
pub use hold::{change_matches, held_before, holds, holds_idle, matching};
pub use judge::{Kernel, judge, options};
pub use layers::{LayerMark, LayerTable, layer_files, layer_lines, layer_sentences, layers_of, state_word};
pub use machine::Session;
pub use marks::{Marks, Moment};
pub use message::{Command, Effect, Event, Form, Guess, Order, Past, Phase, Wrote};
pub use note::note;
pub use record::*;
pub use shown::Shown;
pub use task::{TaskState, Tick};
pub use transcript::{Asked, AskedWords, Entry, FORMAT, Header, Transcript, User};
pub use verdict::{Spoken, guess_in_words, kernel_in_words, verdict};
pub use wording::{choice_in_words, in_words};
