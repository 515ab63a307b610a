//! Runs the command: with the library in its environment only, signals forwarded, time and memory measured.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::personality::{self, Persona};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{self, SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;
use sampler_core::Variable;
use serde_json::Value;

use crate::options::Request;
use crate::{Failure, records};

/// The variable that names the files of records.
const STATS_FILE: &str = "SAMPLER_STATS_FILE";
const PRELOAD: &str = "LD_PRELOAD";
/// Between SIGTERM and SIGKILL after a timeout.
const GRACE: Duration = Duration::from_secs(2);

/// How the command ended and what it took.
pub struct Ended {
    /// The command's process id.
    pub pid: u32,
    /// Its status.
    pub status: ExitStatus,
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

impl Ended {
    /// The status as a shell has it: 128 and the signal for a process that a signal ended.
    pub fn shell_status(&self) -> i32 {
        let signal = self.status.signal().unwrap_or_default();
        self.status.code().unwrap_or(128 + signal)
    }

    /// The status in words.
    pub fn describe(&self) -> String {
        match self.status.signal().map(Signal::try_from) {
            Some(Ok(signal)) => format!("was ended by {signal}"),
            _ => format!("ended with status {}", self.shell_status()),
        }
    }
}

/// Runs the command to its end.
pub fn run(request: &Request, records: &Path) -> Result<Ended, Failure> {
    // Blocked here and read from a descriptor; the standard library starts the child with none blocked.
    let signals = SigSet::from_iter([
        Signal::SIGCHLD,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
    ]);
    let signal_file = signals
        .thread_block()
        .and_then(|()| SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC))
        .map_err(|error| Failure::own(format!("cannot wait for signals: {error}")))?;
    if !request.aslr {
        personality::get()
            .and_then(|persona| personality::set(persona | Persona::ADDR_NO_RANDOMIZE))
            .map_err(|error| Failure::own(format!("--no-aslr is not allowed here: {error}")))?;
    }
    let mut captured = match request.ground_truth {
        true => Some(tempfile::tempfile().map_err(Failure::own)?),
        false => None,
    };
    let mut command = prepare(request, records, captured.as_ref())?;
    let peak_rss_floor_bytes = own_peak_rss_bytes();
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| Failure {
        line: format!("cannot start {}: {error}", request.command[0]),
        status: if error.kind() == ErrorKind::NotFound {
            127
        } else {
            126
        },
    })?;
    let (status, timed_out) = wait(&mut child, &signal_file, start, request.timeout_s, records)
        .map_err(|error| Failure::own(format!("cannot wait for the command: {error}")))?;
    let wall_ns = start.elapsed().as_nanos() as u64;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_err(|error| Failure::own(format!("cannot read the command's usage: {error}")))?;
    let (ground_truth, ground_truth_problem) = match captured.as_mut().map(read_ground_truth) {
        Some(Ok(value)) => (Some(value), None),
        Some(Err(problem)) => (None, Some(format!("{}: {problem}", request.command[0]))),
        None => (None, None),
    };
    Ok(Ended {
        pid: child.id(),
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

fn prepare(request: &Request, records: &Path, captured: Option<&File>) -> Result<Command, Failure> {
    let mut command = Command::new(&request.command[0]);
    command.args(&request.command[1..]);
    for name in Variable::ALL.map(Variable::name) {
        command.env_remove(name);
    }
    command.env_remove(STATS_FILE);
    if request.scheme.is_some() {
        let config = &request.config;
        command
            .env(Variable::Scheme.name(), config.scheme.name())
            .env(
                Variable::HashMask.name(),
                format!("{:#x}", config.hash_mask),
            )
            .env(Variable::MeanBytes.name(), config.mean_bytes.to_string())
            .env(Variable::Truth.name(), u8::from(config.truth).to_string())
            .env(Variable::Window.name(), config.window_allocs.to_string())
            .env(Variable::Seed.name(), format!("{:#018x}", request.seed))
            .env(STATS_FILE, records.join(records::PREFIX))
            .env(PRELOAD, preload(&request.library, records)?);
    }
    if let Some(file) = captured {
        command.stdout(Stdio::from(file.try_clone().map_err(Failure::own)?));
    }
    Ok(command)
}

/// The library before whatever the user preloads already. ld.so splits the list at blanks and colons and expands dollar signs, so a library with one in
/// its path is reached through a link.
fn preload(library: &Path, records: &Path) -> Result<OsString, Failure> {
    let mut path = PathBuf::from(library);
    if is_split_by_loader(&path) {
        path = records.join("libsampler_preload.so");
        std::os::unix::fs::symlink(library, &path)
            .map_err(|error| Failure::own(format!("cannot make {}: {error}", path.display())))?;
        if is_split_by_loader(&path) {
            return Err(Failure::own(format!(
                "LD_PRELOAD cannot hold the path {}; set TMPDIR to a path without blank, colon or dollar sign",
                path.display()
            )));
        }
    }
    let mut list = path.into_os_string();
    if let Some(present) = env::var_os(PRELOAD).filter(|list| !list.is_empty()) {
        list.push(":");
        list.push(present);
    }
    Ok(list)
}

fn is_split_by_loader(path: &Path) -> bool {
    path.to_string_lossy().contains([' ', ':', '$'])
}

/// Waits for the child, passing signals on to it, and stops it when its time is over.
fn wait(
    child: &mut Child,
    signals: &SignalFd,
    start: Instant,
    timeout_s: u64,
    records: &Path,
) -> io::Result<(ExitStatus, bool)> {
    let mut deadline = (timeout_s > 0).then(|| start + Duration::from_secs(timeout_s));
    let mut timed_out = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, timed_out));
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

fn forward(child: &Child, signals: &SignalFd) -> io::Result<()> {
    let Some(information) = signals.read_signal()? else {
        return Ok(());
    };
    let signal = Signal::try_from(information.ssi_signo as i32)?;
    // A signal from the terminal (code SI_KERNEL) has reached the child already.
    let from_terminal = information.ssi_code > 0;
    if signal != Signal::SIGCHLD && !from_terminal {
        send(child.id(), signal);
    }
    Ok(())
}

/// The child, and those of its descendants that the library knows of.
fn stop(child: &Child, records: &Path, signal: Signal) {
    send(child.id(), signal);
    for pid in records::running_pids(records) {
        if pid != child.id() {
            send(pid, signal);
        }
    }
}

fn send(pid: u32, signal: Signal) {
    // It may just have ended; then there is nobody to tell.
    let _ = signal::kill(Pid::from_raw(pid as i32), signal);
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
