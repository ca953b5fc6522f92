//! The palette as a student sees it.
