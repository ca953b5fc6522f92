//! Both ends with power refuse to use it in the machine's own namespaces.

use super::elsewhere::{Elsewhere, namespaces_of};
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
