//! One run of a script: in an empty directory, in a fixed environment, in a process group that is gone afterwards.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use std::{env, io};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{self, Program};
use crate::setting::Setting;

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_millis(2);

/// What one run left.
pub struct Ran {
    /// Standard output.
    pub output: Vec<u8>,
    /// Standard error.
    pub errors: Vec<u8>,
    /// As a shell has it: 128 and the signal for a process that a signal ended.
    pub status: i32,
    /// Whether its time was over.
    pub timed_out: bool,
    /// What `sampler-run` wrote; none without it.
    pub run_file: Option<Value>,
}

impl Ran {
    /// The status, and the last line of standard error; what `sampler-run` says of the status is said already.
    pub fn how_it_ended(&self) -> String {
        let errors = String::from_utf8_lossy(&self.errors);
        let mut lines = errors.lines().rev();
        let last = lines
            .find(|line| !(line.starts_with("sampler-run: bash ") && line.contains("(kept: ")))
            .unwrap_or("nothing on standard error");
        let status = self.status;
        let time = if self.timed_out {
            "its time was over, "
        } else {
            ""
        };
        format!("{time}status {status}: {last}")
    }
}

/// Whether this program was told to end.
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Watches for signals.
    pub fn on_signals() -> Result<Stop, String> {
        let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]);
        signals
            .thread_block()
            .map_err(|error| format!("cannot watch for signals: {error}"))?;
        let told = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&told);
        spawn(move || {
            if signals.wait().is_ok() {
                tell.store(true, Ordering::Relaxed);
            }
        });
        Ok(Stop(told))
    }

    /// Whether a signal came.
    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The directory of one program's runs. Every run finds the same path, empty.
pub struct Place {
    directory: TempDir,
}

impl Place {
    /// A new one; it goes away with its value.
    pub fn new() -> Result<Place, String> {
        let directory = tempfile::Builder::new()
            .prefix("survive-")
            .tempdir()
            .map_err(|error| format!("no directory to run in: {error}; set TMPDIR"))?;
        // A service that gives up its rights still has to reach its files.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))
            .map_err(|error| error.to_string())?;
        Ok(Place { directory })
    }

    /// Runs the script as it is.
    pub fn run_without(
        &self,
        program: &Program,
        timeout: Duration,
        stop: &Stop,
    ) -> Result<Ran, String> {
        let mut command = unblocked();
        command.arg("bash");
        self.run(command, program, timeout, stop)
    }

    /// Runs the script by `sampler-run`.
    pub fn run_under(
        &self,
        program: &Program,
        setting: &Setting,
        runner: &Path,
        timeout: Duration,
        stop: &Stop,
    ) -> Result<Ran, String> {
        let run_file = self.path("run.json");
        let failed = self.path("run.json.failed");
        let _ = fs::remove_file(&run_file);
        let _ = fs::remove_file(&failed);
        let mut command = unblocked();
        command.arg(runner).args(setting.options());
        command.arg("--out").arg(&run_file).args(["--", "bash"]);
        let mut ran = self.run(command, program, timeout, stop)?;
        let text = fs::read(&run_file).or_else(|_| fs::read(&failed));
        ran.run_file = text
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        Ok(ran)
    }

    /// Copies the last run file, if there is one.
    pub fn copy_run_file(&self, directory: &Path) -> io::Result<()> {
        for name in ["run.json", "run.json.failed"] {
            let path = self.path(name);
            if path.exists() {
                fs::copy(path, directory.join(name))?;
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(
        &self,
        mut command: Command,
        program: &Program,
        timeout: Duration,
        stop: &Stop,
    ) -> Result<Ran, String> {
        let failed = |error: io::Error| format!("cannot run {}: {error}", program.name);
        let (work, temporary) = (self.path("work"), self.path("tmp"));
        for directory in [&work, &temporary] {
            if directory.exists() {
                fs::remove_dir_all(directory).map_err(failed)?;
            }
            fs::create_dir(directory).map_err(failed)?;
        }
        let (output, errors) = (self.path("output"), self.path("errors"));
        let driver = program.script.with_file_name("../task.bash");
        let driver = driver.canonicalize().map_err(failed)?;
        command
            .arg(driver)
            .arg(&program.script)
            .env_clear()
            .envs(environment(&work, &temporary).map_err(failed)?)
            .current_dir(&work)
            .stdin(Stdio::null())
            .stdout(File::create(&output).map_err(failed)?)
            .stderr(File::create(&errors).map_err(failed)?)
            .process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let (status, timed_out) = wait(&mut child, timeout, stop).map_err(failed)?;
        Ok(Ran {
            output: fs::read(&output).map_err(failed)?,
            errors: fs::read(&errors).map_err(failed)?,
            status: status
                .code()
                .unwrap_or(128 + status.signal().unwrap_or_default()),
            timed_out,
            run_file: None,
        })
    }
}

/// Runs what follows with no signal blocked: the standard library would hand on our own mask, and who blocks SIGTERM cannot be stopped.
fn unblocked() -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=TERM,INT,HUP");
    command
}

/// The whole environment, so that neither a user's settings nor a preload of his change the output.
fn environment(work: &Path, temporary: &Path) -> io::Result<Vec<(&'static str, OsString)>> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let rustup = env::var_os("RUSTUP_HOME").unwrap_or_else(|| home.join(".rustup").into());
    let port = free_port()?;
    Ok(vec![
        ("PATH", program::path()),
        ("HOME", work.into()),
        ("TMPDIR", temporary.into()),
        ("RUSTUP_HOME", rustup),
        ("LC_ALL", "C.UTF-8".into()),
        ("TZ", "UTC".into()),
        ("PORT", port.to_string().into()),
    ])
}

/// A port where nobody listens, from below those that the kernel gives to clients: only another server could take it before ours does.
fn free_port() -> io::Result<u16> {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static TRIED: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        // Two of us start at different places.
        let offset = std::process::id()
            .wrapping_mul(97)
            .wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = (FIRST + offset % COUNT) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Waits for the leader of a process group, ends it when its time is over, and whatever is left of the group in any case.
fn wait(child: &mut Child, timeout: Duration, stop: &Stop) -> io::Result<(ExitStatus, bool)> {
    let group = Pid::from_raw(child.id() as i32);
    let start = Instant::now();
    let mut told_at = None;
    // Not reaped yet, the child keeps its number, and the group with it: no stranger can get it.
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while waitid(Id::Pid(group), flags)? == WaitStatus::StillAlive {
        match told_at {
            None if start.elapsed() >= timeout || stop.is_told() => {
                signal(group, Signal::SIGTERM);
                told_at = Some(Instant::now());
            }
            Some(told_at) if told_at.elapsed() >= GRACE => signal(group, Signal::SIGKILL),
            _ => {}
        }
        sleep(TURN);
    }
    signal(group, Signal::SIGKILL);
    Ok((child.wait()?, told_at.is_some() && !stop.is_told()))
}

fn signal(group: Pid, signal: Signal) {
    // Nobody may be left in it.
    let _ = killpg(group, signal);
}
