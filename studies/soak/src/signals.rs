//! SIGINT, SIGTERM and SIGHUP, held back and read between two readings, so that they end the watching and not the cleaning up.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Where held signals are read.
pub struct Signals(SignalFd);

impl Signals {
    /// Holds them back in this thread and in all that it starts from now on.
    pub fn block() -> Result<Signals, String> {
        let set = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
        let block = || {
            set.thread_block()?;
            SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        };
        block()
            .map(Signals)
            .map_err(|error: Errno| format!("signals: {error}"))
    }

    /// The number of a signal, or `None` when the time is over.
    pub fn wait(&self, time: Duration) -> Result<Option<i32>, String> {
        let milliseconds = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        let fail = |error: Errno| format!("signals: {error}");
        match poll(
            &mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)],
            timeout,
        ) {
            Err(Errno::EINTR) => return Ok(None),
            polled => polled.map_err(fail)?,
        };
        let read = self.0.read_signal().map_err(fail)?;
        Ok(read.map(|signal| signal.ssi_signo as i32))
    }
}
