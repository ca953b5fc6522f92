use nslab::{cli, sandbox, toolbox};
use std::process::ExitCode;

/// One program of three kinds: the stage of a sandbox, a command of the image, or the command line.
fn main() -> ExitCode {
    sandbox::stage_entry().or_else(toolbox::entry).unwrap_or_else(cli::main)
}
