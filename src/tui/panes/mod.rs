//! The panes of the screen, one a file. Each draws its lines of the map.

pub mod foot;
pub mod heads;
pub mod help;
pub mod keyline;
pub mod page_pane;
pub mod shell;
pub mod summary;
pub mod tables;
pub mod task_strip;
pub mod title;
