//! The processes that this program starts: all of them end before it does, whatever ends it.
//!
//! Signals that end a program are held back and taken by a thread, which ends the family, removes the temporary directory and exits. The kernel hands us
//! descendants whose parents are gone (`PR_SET_CHILD_SUBREAPER`), so that none escapes; and it tells each child, and us, when the parent is gone
//! (`PR_SET_PDEATHSIG`), for the case of SIGKILL.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, exit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, getpid};

/// Between SIGTERM and SIGKILL; less than `sampler-run` waits after a timeout.
const GRACE: Duration = Duration::from_secs(1);
/// A server that was asked to end finishes what it has begun, and callgrind adds up what it counted.
const ENDING: Duration = Duration::from_secs(30);
/// What even SIGKILL does not end within this hangs in the kernel.
const PATIENCE: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_millis(2);

/// Held while a process is started or its end is taken note of; whoever ends the family keeps it for good.
static GATE: Mutex<State> = Mutex::new(State { directory: None });

struct State {
    /// To be removed.
    directory: Option<PathBuf>,
}

/// All processes below this one.
pub struct Family;

impl Family {
    /// Takes care of signals and orphans from now on.
    pub fn begin() -> Result<(), String> {
        let fail = |error| format!("cannot take care of processes: {error}");
        prctl::set_child_subreaper(true).map_err(fail)?;
        prctl::set_pdeathsig(Signal::SIGTERM).map_err(fail)?;
        let signals = SigSet::from_iter([
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
        ]);
        signals.thread_block().map_err(fail)?;
        thread::spawn(move || {
            let Ok(signal) = signals.wait() else { return };
            let mut state = gate();
            let _ = end(&mut state);
            exit(128 + signal as i32);
        });
        Ok(())
    }

    /// Ends all that is left, and removes the directory. Nothing can be started afterwards.
    pub fn end() -> Result<(), String> {
        let mut state = gate();
        let result = end(&mut state);
        // Kept: a signal that comes now waits for the exit that follows.
        std::mem::forget(state);
        result
    }

    /// Makes a directory that goes away with this program.
    pub fn directory() -> Result<PathBuf, String> {
        let mut state = gate();
        let directory = tempfile::Builder::new()
            .prefix("drive-")
            .tempdir()
            .map_err(|error| format!("no temporary directory: {error}; set TMPDIR"))?
            .keep();
        state.directory = Some(directory.clone());
        Ok(directory)
    }
}

/// A child, ended when it is dropped.
pub struct Member {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Member {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Result<Member, String> {
        let _gate = gate();
        let child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
        Ok(Member { child, ended: None })
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Its standard output, if that is a pipe.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, if that is a pipe.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Its status, if it ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, String> {
        if self.ended.is_none() {
            let _gate = gate();
            self.ended = self.child.try_wait().map_err(|error| error.to_string())?;
        }
        Ok(self.ended)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Result<ExitStatus, String> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            // Not reaped here: that is done with the gate in our hands.
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
            let _ = waitid(Id::Pid(self.pid()), flags);
        }
    }

    /// Sends the signal and waits for its end.
    pub fn stop(&mut self, signal: Signal) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + ENDING;
        if self.ended()?.is_none() {
            let _ = kill(self.pid(), signal);
        }
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                let _ = kill(self.pid(), Signal::SIGKILL);
                return Err(format!("it did not end within {ENDING:?} of {signal}"));
            }
            sleep(TURN);
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.stop(Signal::SIGTERM);
    }
}

/// A process and all below it that are alive, parents before children.
pub fn tree(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // pid (name) state parent ...; a zombie has ended.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        let mut words = rest.split_whitespace();
        let is_alive = !matches!(words.next(), Some("Z" | "X") | None);
        let parent = words.next().and_then(|word| word.parse::<i32>().ok());
        if let (true, Some(parent)) = (is_alive, parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root.as_raw()];
    let mut index = 0;
    while index < found.len() {
        let below = children.remove(&found[index]).unwrap_or_default();
        found.extend(below);
        index += 1;
    }
    found.into_iter().map(Pid::from_raw).collect()
}

fn gate() -> MutexGuard<'static, State> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(state: &mut State) -> Result<(), String> {
    let start = Instant::now();
    let mut told = false;
    let result = loop {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
        }
        let others = tree(getpid()).split_off(1);
        if others.is_empty() {
            break Ok(());
        }
        if start.elapsed() > PATIENCE {
            break Err(format!("process {} cannot be ended", others[0]));
        }
        if start.elapsed() > GRACE {
            others.iter().for_each(|&pid| send(pid, Signal::SIGKILL));
        } else if !told {
            others.iter().for_each(|&pid| send(pid, Signal::SIGTERM));
            told = true;
        }
        sleep(TURN);
    };
    if let Some(directory) = state.directory.take() {
        // Another try: the main thread may be writing a file.
        for _ in 0..10 {
            if fs::remove_dir_all(&directory).is_ok() || !directory.exists() {
                break;
            }
            sleep(TURN);
        }
    }
    result
}

fn send(pid: Pid, signal: Signal) {
    // It may just have ended.
    let _ = kill(pid, signal);
}
