//! `unshare`: a program in new namespaces.

use nix::mount::MsFlags;
use nix::sched::CloneFlags;

use super::util::{Done, Fail, Out, become_command, myself, opts};

const KINDS: [(&str, &str, CloneFlags); 6] = [
    ("m", "mount", CloneFlags::CLONE_NEWNS),
    ("u", "uts", CloneFlags::CLONE_NEWUTS),
    ("i", "ipc", CloneFlags::CLONE_NEWIPC),
    ("n", "net", CloneFlags::CLONE_NEWNET),
    ("p", "pid", CloneFlags::CLONE_NEWPID),
    ("U", "user", CloneFlags::CLONE_NEWUSER),
];

pub fn unshare(args: &[String], _: &mut Out) -> Done {
    let o = opts(args, "+muinpUf", &["mount", "uts", "ipc", "net", "pid", "user", "fork"])?;
    let flags: CloneFlags =
        KINDS.iter().filter(|(short, long, _)| o.has(&[short, long])).map(|(.., flag)| *flag).collect();
    nix::sched::unshare(flags).map_err(|e| Fail::os("unshare failed", e))?;
    if flags.contains(CloneFlags::CLONE_NEWNS) {
        // As util-linux does: else mounts in the new namespace would reach the old one where it is shared.
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        nix::mount::mount(Some("none"), "/", None::<&str>, private, None::<&str>)
            .map_err(|e| Fail::os("cannot make every mount private", e))?;
    }
    let program = match o.rest.as_slice() {
        [] => vec![std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".into())],
        given => given.to_vec(),
    };
    // A new PID namespace is for children only.
    if !o.has(&["f", "fork"]) {
        return Err(become_command(&program));
    }
    let mut child = myself("env").arg("--").args(&program).spawn().map_err(|e| Fail::os("fork failed", e))?;
    let status = child.wait().map_err(|e| Fail::os("wait", e))?;
    use std::os::unix::process::ExitStatusExt;
    Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)) as u8)
}
