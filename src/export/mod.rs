//! A lesson that was performed, as something to read without nslab: one file a format, over one value.

mod book;
mod html;
mod index;
mod make;
mod markdown;
mod prose;
mod tables;

pub use book::Book;
pub use html::html;
pub use index::{file_name, index, index_name};
pub use markdown::markdown;
