//! Both ends with power refuse to use it in the machine's own namespaces.

use super::elsewhere::{Elsewhere, differs, namespaces_of};
use super::wire::{Reply, Request, Wire};
use super::{agent, stage};
use crate::op::Call;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::os::fd::{AsFd, OwnedFd};

fn proc() -> OwnedFd {
    open("/proc", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).unwrap()
}

fn ask(wire: &Wire, request: &Request) -> Reply {
    wire.send(request, &[]).unwrap();
    wire.receive::<Reply>().unwrap().unwrap().0
}

fn evil() -> Request {
    Request::Perform(Call::Sethostname { name: "evil".into() })
}

#[test]
fn the_proof_cannot_be_had_here() {
    assert!(Elsewhere::prove(proc().as_fd(), &namespaces_of("self")).is_err());
    assert!(Elsewhere::prove(proc().as_fd(), &Vec::new()).is_err(), "what is not known is not elsewhere");
}

/// What makes every mount read-only asks this first. (Asking it to do so here would be the damage itself.)
#[test]
fn the_machines_mounts_are_known_as_its_own() {
    let (proc, machine) = (proc(), namespaces_of("self"));
    assert!(differs(proc.as_fd(), &machine, "mnt").is_err());
    assert!(differs(proc.as_fd(), &Vec::new(), "mnt").is_err(), "unknown is not elsewhere");
    assert!(differs(proc.as_fd(), &vec![("mnt".into(), 1)], "mnt").is_ok());
}

#[test]
fn a_refusal_fits_what_was_tried() {
    use super::doctor::refused;
    use crate::lab::LabError;
    use nix::errno::Errno;
    let key = |tried: &str, errno| match refused(tried, errno) {
        LabError::Refused { key, .. } => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(key("make every mount read-only", Errno::ENOSYS), "refused.kernel", "mount_setattr is of 5.12");
    assert_eq!(key("give the lab to a user who owns nothing", Errno::EINVAL), "refused.nobody");
    assert_eq!(key("mkdir(\"/lab/m/d\", 0755)", Errno::EIO), "refused.marks", "user attributes on tmpfs are of 6.6");
    assert_eq!(key("clone with new namespaces", Errno::ENOSPC), "refused.limit");
}

#[test]
fn the_agent_refuses() {
    let before = nix::unistd::gethostname().unwrap();
    let (wire, theirs) = Wire::pair().unwrap();
    let machine = namespaces_of("self");
    std::thread::spawn(move || agent::serve(theirs, proc(), &machine));
    assert!(matches!(ask(&wire, &evil()), Reply::Refused(_)));
    assert_eq!(nix::unistd::gethostname().unwrap(), before);
}

#[test]
fn the_stage_refuses() {
    let before = nix::unistd::gethostname().unwrap();
    let (wire, theirs) = Wire::pair().unwrap();
    std::thread::spawn(move || stage::serve(Wire::from(theirs)));
    assert!(matches!(ask(&wire, &evil()), Reply::Refused(_)), "before the greeting");
    assert!(matches!(ask(&wire, &Request::Hello { machine: namespaces_of("self") }), Reply::Refused(_)));
    assert!(matches!(ask(&wire, &evil()), Reply::Refused(_)));
    assert_eq!(nix::unistd::gethostname().unwrap(), before);
}
