//! A lesson that was performed, as something to read or to watch without nslab: one file a format.

mod book;
mod cast;
mod html;
mod index;
mod make;
mod markdown;
mod prose;
mod tables;

pub use book::Book;
pub use cast::cast;
pub use html::html;
pub use index::{file_name, index, index_name};
pub use markdown::markdown;
