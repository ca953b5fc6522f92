//! From intent to mechanism. Pure: the same operation always makes the same calls.

use super::{Call, MountFlags, OpenFlags, Operation, PropagationType, linux};

/// The system calls that perform an operation, in order.
pub fn lower(operation: &Operation) -> Vec<Call> {
    match operation {
        Operation::Clone(clone) => vec![Call::Clone { flags: clone.new }],
        Operation::Unshare(flags) => vec![Call::Unshare { flags: *flags }],
        Operation::Setns(setns) => vec![Call::Setns { fd: setns.fd.clone(), kind: setns.kind }],
        Operation::IdMap(map) => {
            let deny = map.deny_setgroups.then(|| write("/proc/{pid}/setgroups", "deny", linux::O_WRONLY));
            let maps = [("uid_map", &map.uid), ("gid_map", &map.gid)];
            let maps = maps.map(|(file, text)| write(&format!("/proc/{{pid}}/{file}"), text, linux::O_WRONLY));
            deny.into_iter().chain(maps).flatten().collect()
        }
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
            flags: MountFlags(bind.flags.0 | linux::MS_BIND | if bind.recursive { linux::MS_REC } else { 0 }),
            data: None,
        }],
        Operation::Remount(remount) => vec![Call::Mount {
            source: None,
            target: remount.on.clone(),
            fstype: None,
            flags: MountFlags(remount.flags.0 | linux::MS_REMOUNT | if remount.bind { linux::MS_BIND } else { 0 }),
            data: None,
        }],
        Operation::SetAttr(attr) => vec![Call::MountSetattr {
            path: attr.on.clone(),
            recursive: attr.recursive,
            set: attr.set,
            clear: attr.clear,
        }],
        Operation::OpenTree(tree) => {
            vec![Call::OpenTree { path: tree.path.clone(), flags: tree.flags, fd: tree.fd.clone() }]
        }
        Operation::MoveMount(moved) => vec![Call::MoveMount { fd: moved.fd.clone(), to: moved.to.clone() }],
        Operation::Propagation(propagation) => {
            let kind = match propagation.kind {
                PropagationType::Private => linux::MS_PRIVATE,
                PropagationType::Slave => linux::MS_SLAVE,
                PropagationType::Shared => linux::MS_SHARED,
                PropagationType::Unbindable => linux::MS_UNBINDABLE,
            };
            vec![Call::Mount {
                // mount(2) ignores source, type and data when it changes the propagation type.
                source: Some("none".into()),
                target: propagation.on.clone(),
                fstype: None,
                flags: MountFlags(kind | if propagation.recursive { linux::MS_REC } else { 0 }),
                data: None,
            }]
        }
        Operation::Hostname(name) => vec![Call::Sethostname { name: name.clone() }],
        Operation::Mkdir(dir) => {
            vec![Call::Mkdir { path: dir.path.clone(), mode: dir.mode.map_or(0o755, |mode| mode.0) }]
        }
        Operation::Rmdir(path) => vec![Call::Rmdir { path: path.clone() }],
        Operation::Remove(path) => vec![Call::Unlink { path: path.clone() }],
        Operation::Rename(rename) => vec![Call::Rename { from: rename.from.clone(), to: rename.to.clone() }],
        Operation::Chmod(chmod) => vec![Call::Chmod { path: chmod.path.clone(), mode: chmod.mode.0 }],
        Operation::Symlink(link) => vec![Call::Symlink { to: link.to.clone(), at: link.at.clone() }],
        Operation::Mknod(node) => vec![Call::Mknod {
            path: node.path.clone(),
            mode: node.mode.map_or(0o666, |mode| mode.0),
            major: node.major,
            minor: node.minor,
        }],
        Operation::Write(file) => {
            write(&file.path, &file.text, linux::O_WRONLY | linux::O_CREAT | linux::O_TRUNC).into()
        }
        Operation::Open(open) => vec![Call::Open {
            path: open.path.clone(),
            flags: OpenFlags(open.flags.0 | if open.inherit { 0 } else { linux::O_CLOEXEC as u64 }),
            mode: None,
            fd: open.fd.clone(),
        }],
        Operation::Close(fd) => vec![Call::Close { fd: fd.clone() }],
        Operation::Kill(kill) => vec![Call::Kill { pid: kill.pid, signal: kill.signal.0 }],
        Operation::Chdir(path) => vec![Call::Chdir { path: path.clone() }],
        Operation::Fchdir(fd) => vec![Call::Fchdir { fd: fd.clone() }],
        // Without chdir the working directory stays outside the new root, and ".." leads on from there.
        Operation::Chroot(path) => vec![Call::Chroot { path: path.clone() }, Call::Chdir { path: "/".into() }],
        Operation::ChrootOnly(path) => vec![Call::Chroot { path: path.clone() }],
        Operation::PivotRoot(pivot) => vec![Call::PivotRoot { new: pivot.new.clone(), old: pivot.old.clone() }],
        Operation::Exec(exec) => {
            vec![Call::Execve { path: exec.path.clone(), args: exec.args.clone(), env: exec.env.clone() }]
        }
    }
}

fn write(path: &str, text: &str, flags: i32) -> [Call; 3] {
    let fd = "fd".to_string();
    [
        Call::Open {
            path: path.into(),
            flags: OpenFlags((flags | linux::O_CLOEXEC) as u64),
            mode: (flags & linux::O_CREAT != 0).then_some(0o644),
            fd: fd.clone(),
        },
        Call::Write { fd: fd.clone(), text: text.into() },
        Call::Close { fd },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flag that the kernel will ignore reaches it all the same.
    #[test]
    fn a_bind_carries_its_flags() {
        let file = serde_json::json!({ "bind": { "from": "/a", "to": "/b", "flags": ["ro"] } });
        let operation: Operation = serde_json::from_value(file).unwrap();
        let calls: Vec<String> = lower(&operation).iter().map(ToString::to_string).collect();
        assert_eq!(calls, ["mount(\"/a\", \"/b\", NULL, MS_BIND|MS_RDONLY, NULL)"]);
    }
}
