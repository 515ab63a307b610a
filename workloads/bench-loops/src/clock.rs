//! The processor time of the calling thread: what other programs take of the machine is not in it.

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds since the thread began.
pub fn cpu_ns() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("Linux has this clock for the calling thread");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}
