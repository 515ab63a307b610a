//! redis-server under the library, reached through a socket in a directory of its own, kept on one processor, stopped by its process id.
//!
//! It uses jemalloc through the `malloc` that the library is asked first, and SET, APPEND and DEL of values become its allocations and frees.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::thread::{available_parallelism, sleep};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::Options;
use crate::client::Client;

/// Schemes under which every block has a header, so that live bytes are known.
pub const SCHEMES: [&str; 6] = [
    "HEADER_POISSON_BYTES",
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_HYBRID",
    "HEADER_BERNOULLI",
    "HEADER_HASH_SPLITMIX",
];

const SERVER: &str = "redis-server";
const PATIENCE: Duration = Duration::from_secs(20);

/// The running server; stopped when it is dropped.
pub struct Service {
    pid: Pid,
    directory: TempDir,
    sampler_live: PathBuf,
    has_ended: bool,
}

impl Service {
    /// Starts the server and waits until it answers.
    pub fn start(options: &Options) -> Result<Service, String> {
        let programs = programs(options)?;
        let library = existing(&programs, "libsampler_preload.so")?;
        let sampler_live = existing(&programs, "sampler-live")?;
        let directory = tempfile::Builder::new()
            .prefix("soak-")
            .tempdir()
            .map_err(|error| format!("temporary directory: {error}"))?;
        let own = |name: &str| directory.path().join(name).into_os_string();
        let arguments: Vec<OsString> = [SERVER, "--port", "0", "--save", "", "--appendonly", "no"]
            .into_iter()
            .chain(["--daemonize", "no", "--unixsocket"])
            .map(OsString::from)
            .chain([own("socket"), "--dir".into(), own("")])
            .collect();
        let settings = [
            ("LD_PRELOAD", library.into_os_string()),
            ("SAMPLER_SCHEME", (&options.scheme).into()),
            (
                "SAMPLER_POISSON_MEAN_BYTES",
                options.mean.to_string().into(),
            ),
            ("SAMPLER_SEED", options.seed.clone().into()),
            ("SAMPLER_STATS_FILE", own("record")),
        ];
        let pid = spawn(arguments, environment(settings))?;
        let mut service = Service {
            pid,
            directory,
            sampler_live,
            has_ended: false,
        };
        // Of two processors or more, the first is the server's and the load has the others.
        if available_parallelism().is_ok_and(|processors| processors.get() > 1) {
            keep_on(service.pid(), |processor| processor == 0);
            keep_on(0, |processor| processor > 0);
        }
        service.wait_until_ready()?;
        Ok(service)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw() as u32
    }

    /// The program that reads what the server counts.
    pub fn sampler_live(&self) -> &Path {
        &self.sampler_live
    }

    /// A new connection.
    pub fn connect(&self) -> Result<Client, String> {
        Client::connect(&self.directory.path().join("socket"))
    }

    /// An error if the server ended.
    pub fn check_alive(&mut self) -> Result<(), String> {
        match self.wait(WaitPidFlag::WNOHANG)? {
            WaitStatus::StillAlive => Ok(()),
            ended => Err(format!("{SERVER} ended by itself: {ended:?}")),
        }
    }

    /// Stops it: SIGTERM, and SIGKILL if that does not help in time.
    pub fn stop(mut self) -> Result<(), String> {
        self.end()
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            self.check_alive()?;
            if self.connect().is_ok_and(|mut client| client.ping().is_ok()) {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                return Err(format!(
                    "{SERVER} did not answer within {} s",
                    PATIENCE.as_secs()
                ));
            }
            sleep(Duration::from_millis(10));
        }
    }

    fn wait(&mut self, flag: WaitPidFlag) -> Result<WaitStatus, String> {
        let status = waitpid(self.pid, Some(flag)).map_err(|error| format!("{SERVER}: {error}"))?;
        self.has_ended = status != WaitStatus::StillAlive;
        Ok(status)
    }

    fn end(&mut self) -> Result<(), String> {
        if self.has_ended {
            return Ok(());
        }
        let fail = |error: Errno| format!("{SERVER}: {error}");
        kill(self.pid, Signal::SIGTERM).map_err(fail)?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self.wait(WaitPidFlag::WNOHANG)? != WaitStatus::StillAlive {
                return Ok(());
            }
            sleep(Duration::from_millis(5));
        }
        kill(self.pid, Signal::SIGKILL).map_err(fail)?;
        self.wait(WaitPidFlag::empty())?;
        Err(format!("{SERVER} did not end at SIGTERM, and was killed"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Ours without what a user may have set for the library, and with `settings`.
fn environment(settings: [(&str, OsString); 5]) -> Vec<OsString> {
    let is_ours = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        !name.starts_with(b"SAMPLER_") && name != b"LD_PRELOAD"
    };
    let kept = env::vars_os().filter(|(name, _)| is_ours(name));
    let settings = settings.map(|(name, value)| (name.into(), value));
    kept.chain(settings)
        .map(|(mut line, value): (OsString, OsString)| {
            line.push("=");
            line.push(value);
            line
        })
        .collect()
}

/// Starts a program that says nothing and in which no signal is blocked: the standard library's `Command` would hand our own mask on, and a server
/// in which SIGTERM is blocked cannot be stopped.
fn spawn(arguments: Vec<OsString>, environment: Vec<OsString>) -> Result<Pid, String> {
    let strings = |list: Vec<OsString>| -> Result<Vec<CString>, String> {
        list.into_iter()
            .map(|text| CString::new(text.into_vec()).map_err(|error| error.to_string()))
            .collect()
    };
    let (arguments, environment) = (strings(arguments)?, strings(environment)?);
    let nothing = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(|error| format!("/dev/null: {error}"))?;
    let spawn = || {
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_sigmask(&SigSet::empty())?;
        // The Rust runtime ignores it in this process.
        attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
        attributes.set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
        )?;
        let mut actions = PosixSpawnFileActions::init()?;
        for descriptor in 0..=2 {
            actions.add_dup2(nothing.as_raw_fd(), descriptor)?;
        }
        posix_spawnp(
            &arguments[0],
            &actions,
            &attributes,
            &arguments,
            &environment,
        )
    };
    spawn().map_err(|error: Errno| match error {
        Errno::ENOENT => {
            format!("{SERVER} is not in PATH; install it: apt-get install {SERVER}")
        }
        _ => format!("{SERVER}: {error}"),
    })
}

fn programs(options: &Options) -> Result<PathBuf, String> {
    let beside = || {
        let own = env::current_exe().map_err(|error| format!("own path: {error}"))?;
        Ok(own.parent().map(Path::to_path_buf).unwrap_or_default())
    };
    options.programs.clone().map_or_else(beside, Ok)
}

fn existing(directory: &Path, name: &str) -> Result<PathBuf, String> {
    let path = directory.join(name);
    fs::canonicalize(&path).map_err(|error| {
        format!(
            "{}: {error}; --programs names its directory",
            path.display()
        )
    })
}

/// Of a process (0: this one), those processors that are accepted. A machine that does not allow it runs as it is.
fn keep_on(pid: u32, accepted: impl Fn(usize) -> bool) {
    let mut set = CpuSet::new();
    let count = available_parallelism().map_or(1, |count| count.get());
    for processor in (0..count).filter(|processor| accepted(*processor)) {
        let _ = set.set(processor);
    }
    let _ = sched_setaffinity(Pid::from_raw(pid as i32), &set);
}
