//! What a lesson means ([`Operation`]) and what the kernel is asked ([`Call`]).
//!
//! A lesson names operations; [`lower`] turns each into exact system calls; the sandbox executes
//! nothing but calls, and every pane, transcript and listing renders the same calls. So what is
//! shown is what ran.

mod call;
mod errno;
mod flags;
#[cfg(not(target_os = "linux"))]
pub(crate) mod linux;
mod lower;
#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
#[path = "linux.rs"]
mod numbers;
mod operation;

#[cfg(target_os = "linux")]
pub(crate) use libc as linux;

pub use call::Call;
pub(crate) use call::quoted;
pub use errno::{errno_meaning, errno_name, errno_number};
pub use flags::{AttrFlags, FlagWord, MountFlags, NamespaceFlags, OpenFlags, TreeFlags};
pub use lower::lower;
pub use operation::{Actor, Mode, Operation, Process, ProcessWord, PropagationType, SetAttr};
