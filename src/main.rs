#![allow(dead_code)]
mod conduct;
mod lab;
mod lesson;
mod mounts;
mod op;
mod sandbox;
mod session;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = sandbox::stage_entry() {
        return code;
    }
    ExitCode::SUCCESS
}
