//! The tidy practice host: file systems of its own, seven rows, none of which names the machine.

use super::super::wire::BuildHost;
use super::{Failed, devices, directory, mount_new, proc_flags, propagation, tried, tried_io, unpack};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, umount2};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Builds it and makes it this process's root. Returns the descriptors that its /dev refers to. `layers` are the image's,
/// open: this process's user may not search the folders above them, and they stay right whatever is mounted over their
/// paths.
pub fn build(spec: &BuildHost, layers: Vec<OwnedFd>) -> Result<Vec<OwnedFd>, Failed> {
    // Nothing that happens from here on may travel to the machine.
    propagation("make every mount private", MsFlags::MS_PRIVATE)?;
    let layers: Vec<_> = spec
        .layers
        .iter()
        .zip(layers)
        .map(|((name, _), fd)| {
            let path = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
            (name.as_str(), (fd, path))
        })
        .collect();
    let devices = devices::open_all()?;
    make_root(spec, &layers)?;
    Ok(devices)
}

fn make_root(spec: &BuildHost, layers: &[(&str, (OwnedFd, PathBuf))]) -> Result<(), Failed> {
    let base = ["/tmp", "/mnt", "/run", "/var"].into_iter().map(Path::new).find(|path| path.is_dir());
    let base = base
        .ok_or(Failed { tried: "find a directory to build on: /tmp, /mnt, /run, /var".into(), errno: Errno::ENOENT })?;
    mount_new("tmpfs", "host", base, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755"))?;
    let sources: Vec<&Path> = layers.iter().map(|(_, (_, path))| path.as_path()).collect();
    unpack(&sources, base)?;
    for (name, mode) in
        [("proc", 0o555), ("dev", 0o755), ("run", 0o755), ("tmp", 0o1777), ("lab", 0o755), ("etc", 0o755)]
    {
        directory(&base.join(name), mode)?;
    }
    for (name, text) in [
        ("hostname", format!("{}\n", spec.hostname)),
        (
            "os-release",
            "NAME=\"nslab practice host\"\nPRETTY_NAME=\"nslab practice host\"\nID=nslab-host\n".to_string(),
        ),
    ] {
        tried_io(format!("write /etc/{name}"), std::fs::write(base.join("etc").join(name), text))?;
    }
    // Before the old root goes: a new proc needs a fully visible old one (EPERM otherwise).
    mount_new("proc", "proc", &base.join("proc"), proc_flags(), None)?;
    let dev = base.join("dev");
    mount_new("tmpfs", "dev", &dev, MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, Some("mode=755"))?;
    directory(&dev.join("pts"), 0o755)?;
    mount_new(
        "devpts",
        "devpts",
        &dev.join("pts"),
        MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
        Some("newinstance,ptmxmode=0666,mode=0620"),
    )?;
    devices::ptmx(&dev)?;
    devices::links(&dev)?;
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount_new("tmpfs", "run", &base.join("run"), plain, Some("mode=755"))?;
    mount_new("tmpfs", "tmp", &base.join("tmp"), plain, Some("mode=1777"))?;
    let lab = base.join("lab");
    mount_new("tmpfs", "lab", &lab, plain, Some("mode=755"))?;
    for (name, (_, path)) in layers {
        let layer = lab.join("image").join(name);
        directory(&layer, 0o755)?;
        unpack(&[path], &layer)?;
        if layer.join("dev").is_dir() {
            devices::in_image(&layer.join("dev"))?;
        }
    }
    tried("chdir to the new root", nix::unistd::chdir(base))?;
    tried("pivot_root", nix::unistd::pivot_root(".", "."))?;
    tried("detach the old root", umount2(".", MntFlags::MNT_DETACH))?;
    tried("chdir to /", nix::unistd::chdir("/"))
}
