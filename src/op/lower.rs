//! From intent to mechanism. Pure: the same operation always makes the same calls.

use super::{Call, MountFlags, Operation, PropagationType};

/// The system calls that perform an operation, in order.
pub fn lower(operation: &Operation) -> Vec<Call> {
    match operation {
        Operation::Clone(clone) => vec![Call::Clone { flags: clone.new }],
        Operation::Mount(mount) => vec![Call::Mount {
            source: Some(mount.source.clone().unwrap_or_else(|| mount.fstype.clone())),
            target: mount.on.clone(),
            fstype: Some(mount.fstype.clone()),
            flags: mount.flags,
            data: mount.data.clone(),
        }],
        Operation::Umount(umount) => vec![Call::Umount { target: umount.target.clone(), detach: umount.lazy }],
        Operation::Bind(bind) => vec![Call::Mount {
            source: Some(bind.from.clone()),
            target: bind.to.clone(),
            fstype: None,
            flags: MountFlags(libc::MS_BIND | if bind.recursive { libc::MS_REC } else { 0 }),
            data: None,
        }],
        Operation::Propagation(propagation) => {
            let kind = match propagation.kind {
                PropagationType::Private => libc::MS_PRIVATE,
                PropagationType::Slave => libc::MS_SLAVE,
                PropagationType::Shared => libc::MS_SHARED,
                PropagationType::Unbindable => libc::MS_UNBINDABLE,
            };
            vec![Call::Mount {
                // mount(2) ignores source, type and data when it changes the propagation type.
                source: Some("none".into()),
                target: propagation.on.clone(),
                fstype: None,
                flags: MountFlags(kind | if propagation.recursive { libc::MS_REC } else { 0 }),
                data: None,
            }]
        }
        Operation::Hostname(name) => vec![Call::Sethostname { name: name.clone() }],
        Operation::Mkdir(dir) => vec![Call::Mkdir { path: dir.path.clone(), mode: dir.mode.unwrap_or(0o755) }],
        Operation::Rmdir(path) => vec![Call::Rmdir { path: path.clone() }],
        Operation::Remove(path) => vec![Call::Unlink { path: path.clone() }],
        Operation::Write(write) => vec![
            Call::Create { path: write.path.clone(), mode: 0o644, fd: "fd".into() },
            Call::Write { fd: "fd".into(), text: write.text.clone() },
            Call::Close { fd: "fd".into() },
        ],
        Operation::Kill(kill) => vec![Call::Kill { pid: kill.pid, signal: kill.signal }],
        // Without chdir the working directory stays outside the new root, and ".." leads on from there.
        Operation::Chroot(path) => vec![Call::Chroot { path: path.clone() }, Call::Chdir { path: "/".into() }],
        Operation::Exec(exec) => {
            vec![Call::Execve { path: exec.path.clone(), args: exec.args.clone(), env: exec.env.clone() }]
        }
    }
}
