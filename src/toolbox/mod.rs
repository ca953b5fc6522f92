//! nslab's own small commands. They stand in, inside the practice host, for the
//! commands the machine lacks; `ps` and `commit` are always ours.
//!
//! The binary is multi-call: the file name of `argv[0]` decides. Nothing here
//! imports the rest of the project, and nothing needs more than this one binary:
//! `/proc` may be missing or belong to another PID namespace.

mod commit;
mod cp;
mod files;
mod ls;
mod mount;
pub(crate) mod names;
mod printf;
mod ps;
mod sh;
mod system;
mod test;
mod text;
mod unshare;
mod usage;
mod util;

use std::io::Write;
use std::process::ExitCode;

use util::{Done, Out};

/// Every name the binary answers to.
pub const NAMES: &[&str] = &[
    "ps", "commit", "sh", "ls", "cat", "mount", "umount", "hostname", "mkdir", "rmdir", "touch", "rm", "cp", "mv",
    "ln", "echo", "printf", "id", "uname", "sleep", "kill", "env", "true", "false", "head", "tail", "wc", "grep",
    "setsid", "stat", "test", "[", "readlink", "chroot", "pwd", "unshare", "df", "du",
];

/// The program's own name in an image.
pub const PROGRAM: &str = "nslab-tools";

/// Ours even where the machine has one.
pub const ALWAYS: &[&str] = &["ps", "commit"];

/// Ours only where the machine has none.
pub const STAND_IN: &[&str] = &[
    "sh", "ls", "cat", "mount", "umount", "hostname", "mkdir", "rmdir", "touch", "rm", "cp", "mv", "ln", "echo",
    "printf", "id", "uname", "sleep", "kill", "env", "true", "false", "head", "tail", "wc", "grep", "setsid", "stat",
    "test", "[", "readlink", "chroot", "pwd", "unshare", "df", "du",
];

type Tool = fn(&[String], &mut Out) -> Done;

fn tool(name: &str) -> Option<Tool> {
    Some(match name {
        "ps" => ps::ps,
        "commit" => commit::commit,
        "ls" => ls::ls,
        "stat" => ls::stat,
        "readlink" => ls::readlink,
        "cat" => text::cat,
        "head" => text::head,
        "tail" => text::tail,
        "wc" => text::wc,
        "grep" => text::grep,
        "echo" => printf::echo,
        "printf" => printf::printf,
        "mount" => mount::mount,
        "umount" => mount::umount,
        "mkdir" => files::mkdir,
        "rmdir" => files::rmdir,
        "touch" => files::touch,
        "rm" => files::rm,
        "ln" => files::ln,
        "cp" => cp::cp,
        "mv" => cp::mv,
        "hostname" => system::hostname,
        "id" => system::id,
        "uname" => system::uname,
        "sleep" => system::sleep,
        "kill" => system::kill,
        "env" => system::env,
        "true" => |_, _| Ok(0),
        "false" => |_, _| Ok(1),
        "setsid" => system::setsid,
        "chroot" => system::chroot,
        "unshare" => unshare::unshare,
        "df" => usage::df,
        "du" => usage::du,
        "pwd" => system::pwd,
        "test" => test::test,
        "[" => test::bracket,
        _ => return None,
    })
}

/// Runs one of the commands and reports its failure on stderr.
fn run(name: &str, tool: Tool, args: &[String]) -> u8 {
    let mut out = util::out();
    let done = tool(args, &mut out);
    let flushed = out.flush();
    match done.and_then(|status| Ok(flushed.map(|()| status)?)) {
        Ok(status) => status,
        Err(fail) => {
            if !fail.msg.is_empty() {
                util::warn(name, &fail.msg);
            }
            fail.status
        }
    }
}

/// Looks at `argv[0]`: if its file name is one of [`NAMES`], runs that command
/// and gives its status. A login shell's `-sh` is `sh`.
pub fn entry() -> Option<ExitCode> {
    let mut argv = std::env::args_os().map(|a| a.to_string_lossy().into_owned());
    let argv0 = argv.next()?;
    let name = argv0.rsplit('/').next()?;
    let args: Vec<String> = argv.collect();
    if matches!(name, "sh" | "-sh") {
        return Some(ExitCode::from(sh::main(&argv0, &args)));
    }
    tool(name).map(|tool| ExitCode::from(run(name, tool, &args)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_two_lists_and_all_of_them_run() {
        let mut both: Vec<_> = ALWAYS.iter().chain(STAND_IN).collect();
        let mut all: Vec<_> = NAMES.iter().collect();
        both.sort();
        all.sort();
        assert_eq!(all, both);
        assert!(NAMES.iter().all(|n| *n == "sh" || tool(n).is_some()));
        assert!(tool("nslab").is_none());
    }
}
