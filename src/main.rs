#[cfg(target_os = "linux")]
use nslab::{sandbox, toolbox};
use std::process::ExitCode;

/// One program of three kinds: the stage of a sandbox, a command of the image, or the command line. Elsewhere than on Linux
/// the last alone.
fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(code) = sandbox::stage_entry().or_else(toolbox::entry) {
        return code;
    }
    nslab::cli::main()
}
