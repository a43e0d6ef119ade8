//! What the processor has done, so that other programs on the machine do not count.

use std::time::Duration;

/// Time that all threads of this process have been running.
#[cfg(unix)]
pub fn process() -> Duration {
    of(rustix::time::ClockId::ProcessCPUTime)
}

/// Time that this thread has been running.
#[cfg(unix)]
#[allow(dead_code, reason = "one of the benchmarks has a single thread")]
pub fn thread() -> Duration {
    of(rustix::time::ClockId::ThreadCPUTime)
}

#[cfg(unix)]
fn of(clock: rustix::time::ClockId) -> Duration {
    let now = rustix::time::clock_gettime(clock);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Time since the first call.
#[cfg(not(unix))]
pub fn process() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(not(unix))]
#[allow(dead_code, reason = "one of the benchmarks has a single thread")]
pub fn thread() -> Duration {
    process()
}
