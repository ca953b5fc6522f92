//! The clock of what runs within one thread.

use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The processor time that this thread takes for something: unlike the clock it does not count other programs.
pub fn timed(what: impl FnOnce()) -> Duration {
    let now = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("the thread's clock"));
    let start = now();
    what();
    now() - start
}
