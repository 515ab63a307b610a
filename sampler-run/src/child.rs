//! Runs the command to its end: signals forwarded, time and memory measured.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::personality::{self, Persona};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{self, SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde_json::Value;

use crate::launch::launch;
use crate::options::Request;
use crate::{Failure, records};

/// Between SIGTERM and SIGKILL after a timeout.
const GRACE: Duration = Duration::from_secs(2);

/// How the command ended and what it took.
pub struct Ended {
    /// The command's process id.
    pub pid: u32,
    /// Its status.
    pub status: Status,
    /// Whether we stopped it.
    pub timed_out: bool,
    /// Wall time.
    pub wall_ns: u64,
    /// User time, with that of all descendants that were waited for.
    pub user_ns: u64,
    /// System time, likewise.
    pub system_ns: u64,
    /// Largest resident set of one process, as the kernel reports it.
    pub peak_rss_bytes: u64,
    /// Our own when the command started, below which the kernel's report cannot be.
    pub peak_rss_floor_bytes: u64,
    /// The last line of its output, if that was asked for.
    pub ground_truth: Option<Value>,
    /// Why there is none though it was asked for.
    pub ground_truth_problem: Option<String>,
}

/// How a process ended.
#[derive(Clone, Copy)]
pub enum Status {
    /// It returned this.
    Exited(i32),
    /// This ended it.
    Signaled(Signal),
}

impl Ended {
    /// The status as a shell has it: 128 and the signal for a process that a signal ended.
    pub fn shell_status(&self) -> i32 {
        match self.status {
            Status::Exited(status) => status,
            Status::Signaled(signal) => 128 + signal as i32,
        }
    }

    /// How a process ended that did not say so itself, as records have it.
    pub fn in_a_word(&self) -> String {
        match self.status {
            Status::Exited(_) => "_exit".into(),
            Status::Signaled(signal) => signal.as_str().into(),
        }
    }

    /// The status in words.
    pub fn describe(&self) -> String {
        match self.status {
            Status::Exited(status) => format!("ended with status {status}"),
            Status::Signaled(signal) => format!("was ended by {signal}"),
        }
    }
}

/// The signals that are passed on, held back in this process.
pub struct Signals {
    /// Where they are read.
    file: SignalFd,
    /// What was held back before: the command's own mask.
    inherited: SigSet,
}

impl Signals {
    /// Holds them back from now on.
    pub fn block() -> Result<Signals, Failure> {
        let signals = SigSet::from_iter([
            Signal::SIGCHLD,
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGQUIT,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
        ]);
        let block = || {
            let inherited = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
            let file = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?;
            Ok(Signals { file, inherited })
        };
        block().map_err(|error: Errno| Failure::own(format!("cannot wait for signals: {error}")))
    }
}

/// Runs the command to its end.
pub fn run(request: &Request, records: &Path, signals: &Signals) -> Result<Ended, Failure> {
    if !request.aslr {
        personality::get()
            .and_then(|persona| personality::set(persona | Persona::ADDR_NO_RANDOMIZE))
            .map_err(|error| Failure::own(format!("--no-aslr is not allowed here: {error}")))?;
    }
    let mut captured = match request.ground_truth {
        true => Some(tempfile::tempfile().map_err(Failure::own)?),
        false => None,
    };
    let peak_rss_floor_bytes = own_peak_rss_bytes();
    let start = Instant::now();
    let child = launch(request, records, captured.as_ref(), &signals.inherited)?;
    let (status, timed_out) = wait(child, &signals.file, start, request.timeout_s, records)
        .map_err(|error| Failure::own(format!("cannot wait for the command: {error}")))?;
    let wall_ns = start.elapsed().as_nanos() as u64;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_err(|error| Failure::own(format!("cannot read the command's usage: {error}")))?;
    if timed_out {
        stop_descendants(records);
    }
    let (ground_truth, ground_truth_problem) = match captured.as_mut().map(read_ground_truth) {
        Some(Ok(value)) => (Some(value), None),
        Some(Err(problem)) => {
            let command = request.command[0].display();
            (None, Some(format!("{command}: {problem}")))
        }
        None => (None, None),
    };
    Ok(Ended {
        pid: child.as_raw() as u32,
        status,
        timed_out,
        wall_ns,
        user_ns: usage.user_time().num_microseconds() as u64 * 1000,
        system_ns: usage.system_time().num_microseconds() as u64 * 1000,
        peak_rss_bytes: usage.max_rss() as u64 * 1024,
        peak_rss_floor_bytes,
        ground_truth,
        ground_truth_problem,
    })
}

/// Waits for the child, passing signals on to it, and stops it when its time is over.
fn wait(
    child: Pid,
    signals: &SignalFd,
    start: Instant,
    timeout_s: u64,
    records: &Path,
) -> nix::Result<(Status, bool)> {
    let timeout = (timeout_s > 0).then(|| Duration::from_secs(timeout_s));
    let mut deadline = timeout.and_then(|timeout| start.checked_add(timeout));
    let mut timed_out = false;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::Exited(_, status) => return Ok((Status::Exited(status), timed_out)),
            WaitStatus::Signaled(_, signal, _) => return Ok((Status::Signaled(signal), timed_out)),
            _ => {}
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            let signal = if timed_out {
                Signal::SIGKILL
            } else {
                Signal::SIGTERM
            };
            stop(child, records, signal);
            timed_out = true;
            deadline = Some(Instant::now() + GRACE);
            continue;
        }
        // Rounded up, so that we do not turn around within the last millisecond.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let ready = poll(
            &mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)],
            timeout,
        )?;
        if ready > 0 {
            forward(child, signals)?;
        }
    }
}

fn forward(child: Pid, signals: &SignalFd) -> nix::Result<()> {
    let Some(information) = signals.read_signal()? else {
        return Ok(());
    };
    let signal = Signal::try_from(information.ssi_signo as i32)?;
    // A signal from the terminal (code SI_KERNEL) has reached the child already.
    let from_terminal = information.ssi_code > 0;
    if signal != Signal::SIGCHLD && !from_terminal {
        send(child, signal);
    }
    Ok(())
}

/// The child, and those of its descendants that the library knows of.
fn stop(child: Pid, records: &Path, signal: Signal) {
    send(child, signal);
    for pid in descendants(records) {
        if pid != child {
            send(pid, signal);
        }
    }
}

/// Those descendants that outlive a command that was stopped: told already, given time, then killed.
fn stop_descendants(records: &Path) {
    let kill_from = Instant::now() + GRACE;
    // A process that even SIGKILL does not end hangs in the kernel: it is counted as alive.
    while Instant::now() < kill_from + GRACE {
        let pids = descendants(records);
        if pids.is_empty() {
            return;
        }
        if Instant::now() >= kill_from {
            pids.into_iter().for_each(|pid| send(pid, Signal::SIGKILL));
        }
        sleep(Duration::from_millis(5));
    }
}

/// Processes that the library knows of and that run, the command among them.
fn descendants(records: &Path) -> Vec<Pid> {
    let pids = records::running_pids(records);
    pids.into_iter()
        .map(|pid| Pid::from_raw(pid as i32))
        .collect()
}

fn send(pid: Pid, signal: Signal) {
    // It may just have ended; then there is nobody to tell.
    let _ = signal::kill(pid, signal);
}

fn read_ground_truth(file: &mut File) -> Result<Value, String> {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .map_err(|error| format!("its output cannot be read: {error}"))?;
    let line = text.lines().last().unwrap_or_default();
    match serde_json::from_str(line) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(format!(
            "its last line of output is '{line}'; with --ground-truth it must be a JSON object"
        )),
    }
}

/// Peak resident set of this process, from which the kernel starts the child's; 0 if it cannot be read.
fn own_peak_rss_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
