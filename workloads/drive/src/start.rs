//! What a child goes through before it becomes the program: it is kept on its processors, ends with its parent, holds back no signals, and has the
//! library or not.
//!
//! This program starts itself for that: the standard library offers no safe way to do it between fork and exec.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, getppid};

use crate::processors::Processors;

/// The first argument of this program when it is to become another one.
pub const WORD: &str = "start";

/// By which `sampler-run --driver` says what to preload.
const PRELOAD: &str = "SAMPLER_PRELOAD";
const SAMPLER: &str = "SAMPLER_";
/// Of the make that may have started us: nobody's business below.
const MAKE: [&str; 5] = [
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "MAKEOVERRIDES",
    "MAKEFILES",
];

/// Where servers are, and the paths of users that are not root do not lead.
const SERVERS: &str = "/usr/sbin:/sbin";

/// What is started under which roof.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Under the library.
    Measured,
    /// Without it.
    Helper,
}

/// A command on these processors, not started yet.
pub fn command(role: Role, processors: &Processors, program: &str) -> Result<Command, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut command = Command::new(own);
    command.args([WORD, &getpid().to_string(), &processors.to_string()]);
    command.arg(match role {
        Role::Measured => env::var(PRELOAD).unwrap_or_default(),
        Role::Helper => String::new(),
    });
    command.arg(program);
    let path = env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:{SERVERS}"));
    for name in MAKE.into_iter().chain([PRELOAD]) {
        command.env_remove(name);
    }
    if role == Role::Helper {
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with(SAMPLER) {
                command.env_remove(name);
            }
        }
    }
    Ok(command)
}

/// Whether what is measured runs under the library at all.
pub fn has_library() -> bool {
    env::var_os(PRELOAD).is_some_and(|value| !value.is_empty())
}

/// Takes what [`command`] gave; returns only if that fails, with the reason.
pub fn become_program(arguments: &[String]) -> String {
    let [parent, processors, preload, program, rest @ ..] = arguments else {
        return format!("{WORD} is for this program alone");
    };
    let prepare = || {
        Processors::parse(processors)?.keep_this_thread()?;
        prctl::set_pdeathsig(Signal::SIGTERM).map_err(|error| error.to_string())?;
        // It may have ended before we asked to be told.
        if getppid().to_string() != *parent {
            return Err("who started it is gone".into());
        }
        SigSet::empty()
            .thread_set_mask()
            .map_err(|error| error.to_string())
    };
    if let Err(error) = prepare() {
        return format!("{program}: {error}");
    }
    let mut command = Command::new(program);
    command.args(rest);
    if !preload.is_empty() {
        command.env("LD_PRELOAD", preload);
    }
    format!("cannot start {program}: {}", command.exec())
}
