//! What works on this machine, found by trying; files only explain (user_namespaces(7)).

use super::handle::Sandbox;
use crate::lab::{Check, Doctor, Lab, LabError};
use crate::lesson::{HostKind, HostSpec};
use crate::op::{Actor, Call, MountFlags, NamespaceFlags, errno_name};
use nix::errno::Errno;

/// Builds a practice host and a container, tries each kind of call in them, and takes them down.
pub fn examine() -> Doctor {
    let kernel =
        nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default();
    let mut doctor = Doctor { checks: Vec::new(), root: nix::unistd::geteuid().is_root(), confined: false, kernel };
    let mut sandbox = match Sandbox::start(&HostSpec { shared: true, ..HostSpec::default() }, HostKind::Tidy, &[]) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let remedy = match &error {
                LabError::Refused { key, .. } => *key,
                _ => "refused.other",
            };
            doctor.checks.push(Check { key: "doctor.host", ok: false, tried: error.to_string(), remedy: Some(remedy) });
            return doctor;
        }
    };
    doctor.confined = sandbox.confined;
    doctor.checks.push(Check { key: "doctor.host", ok: true, tried: String::new(), remedy: None });
    let mount = |fstype: &str, target: &str, flags: u64, data: Option<&str>| Call::Mount {
        source: Some(fstype.into()),
        target: target.into(),
        fstype: Some(fstype.into()),
        flags: MountFlags(flags),
        data: data.map(Into::into),
    };
    let bind = Call::Mount {
        source: Some("/tmp".into()),
        target: "/run".into(),
        fstype: None,
        flags: MountFlags(libc::MS_BIND),
        data: None,
    };
    let private = Call::Mount {
        source: None,
        target: "/".into(),
        fstype: None,
        flags: MountFlags(libc::MS_REC | libc::MS_PRIVATE),
        data: None,
    };
    let namespaces = NamespaceFlags((libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS) as u64);
    let mkdir = |path: &str| Call::Mkdir { path: path.into(), mode: 0o755 };
    let directories = ["/lab/u", "/lab/w", "/lab/m", "/tmp/d"].map(mkdir);
    let overlay = mount("overlay", "/lab/m", 0, Some("lowerdir=/tmp,upperdir=/lab/u,workdir=/lab/w,userxattr"));
    let tries: [(&'static str, Actor, Vec<Call>); Doctor::NEEDS - 1] = [
        ("doctor.clone", Actor::Host, vec![Call::Clone { flags: namespaces }]),
        ("doctor.private", Actor::Container, vec![private]),
        ("doctor.tmpfs", Actor::Container, vec![mount("tmpfs", "/tmp", 0, None)]),
        ("doctor.proc", Actor::Container, vec![mount("proc", "/proc", 0, None)]),
        ("doctor.bind", Actor::Container, vec![bind]),
        // A directory in the place of one from below needs a mark: an attribute that tmpfs must be able to keep.
        (
            "doctor.overlay",
            Actor::Container,
            directories
                .into_iter()
                .chain([overlay, Call::Rmdir { path: "/lab/m/d".into() }, mkdir("/lab/m/d")])
                .collect(),
        ),
        ("doctor.hostname", Actor::Container, vec![Call::Sethostname { name: "box".into() }]),
        ("doctor.chroot", Actor::Container, vec![Call::Chroot { path: "/lab".into() }]),
    ];
    for (key, actor, calls) in tries {
        let mut check = Check { key, ok: true, tried: String::new(), remedy: None };
        for call in calls {
            match sandbox.perform(actor, &call) {
                Ok((Ok(_), _)) => {}
                Ok((Err(errno), _)) => {
                    check.ok = false;
                    check.tried = format!("{call} = {}", errno_name(errno));
                    check.remedy = Some(remedy(&call.to_string(), Errno::from_raw(errno)));
                }
                Err(error) => {
                    check.ok = false;
                    check.tried = error.to_string();
                    check.remedy = Some("refused.other");
                }
            }
            if !check.ok {
                break;
            }
        }
        doctor.checks.push(check);
    }
    doctor
}

/// The error for a machine that refuses a practice host.
pub fn refused(what: &str, errno: Errno) -> LabError {
    LabError::Refused { what: what.into(), errno: errno as i32, key: remedy(what, errno) }
}

/// Which cause, and so which remedy, fits what was tried and what the kernel answered.
fn remedy(tried: &str, errno: Errno) -> &'static str {
    let setting = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_string());
    let is = |path: &str, value: &str| setting(path).as_deref() == Some(value);
    let seccomp = setting("/proc/self/status").is_some_and(|status| status.lines().any(|line| line == "Seccomp:\t2"));
    match errno {
        Errno::ENOSPC | Errno::EUSERS => "refused.limit",
        Errno::EPERM if is("/proc/sys/kernel/unprivileged_userns_clone", "0") => "refused.sysctl",
        Errno::EPERM | Errno::EACCES if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") => {
            "refused.apparmor"
        }
        Errno::EPERM if tried.contains("proc") && tried.contains("mount") => "refused.proc",
        Errno::EPERM if seccomp => "refused.seccomp",
        Errno::EPERM => "refused.chroot",
        Errno::EINVAL if tried.contains("owns nothing") => "refused.nobody",
        Errno::EIO | Errno::EOPNOTSUPP if tried.contains("/lab/m/") => "refused.marks",
        Errno::EINVAL | Errno::ENOSYS | Errno::ENODEV => "refused.kernel",
        _ => "refused.other",
    }
}
