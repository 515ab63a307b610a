//! Starts the command: the library in its environment only, and nothing else of it changed.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::{env, io};

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;
use sampler_core::Variable;

use crate::options::Request;
use crate::{Failure, records};

/// The variable that names the files of records.
const STATS_FILE: &str = "SAMPLER_STATS_FILE";
const PRELOAD: &str = "LD_PRELOAD";
/// The variable by which a driver gets what it is to preload into the programs that it starts.
const DRIVER_PRELOAD: &str = "SAMPLER_PRELOAD";
const STDOUT: i32 = 1;

/// Starts the command with this mask of signals; with its standard output in a file, if there is one.
///
/// The standard library's `Command` would hand our own mask on, and a command in which SIGTERM is blocked cannot be stopped.
pub fn launch(
    request: &Request,
    records: &Path,
    captured: Option<&File>,
    signal_mask: &SigSet,
) -> Result<Pid, Failure> {
    let arguments = request
        .command
        .iter()
        .map(|argument| CString::new(argument.as_bytes()))
        .collect::<Result<Vec<CString>, _>>()
        .map_err(Failure::own)?;
    let environment = environment(request, records)?
        .into_iter()
        .map(|(mut line, value)| {
            line.push("=");
            line.push(value);
            CString::new(line.into_vec())
        })
        .collect::<Result<Vec<CString>, _>>()
        .map_err(Failure::own)?;
    let spawn = || {
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_sigmask(signal_mask)?;
        // The Rust runtime ignores it in this process.
        attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
        attributes.set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
        )?;
        let mut actions = PosixSpawnFileActions::init()?;
        if let Some(file) = captured {
            actions.add_dup2(file.as_raw_fd(), STDOUT)?;
        }
        posix_spawnp(
            &arguments[0],
            &actions,
            &attributes,
            &arguments,
            &environment,
        )
    };
    spawn().map_err(|error: Errno| Failure {
        line: format!(
            "cannot start {}: {}",
            request.command[0].display(),
            io::Error::from(error)
        ),
        status: if error == Errno::ENOENT { 127 } else { 126 },
    })
}

/// Ours, without what the user may have set for another run, and with what this run asks for.
fn environment(request: &Request, records: &Path) -> Result<BTreeMap<OsString, OsString>, Failure> {
    let mut environment: BTreeMap<OsString, OsString> = env::vars_os().collect();
    for name in Variable::ALL.map(Variable::name) {
        environment.remove(OsStr::new(name));
    }
    environment.remove(OsStr::new(STATS_FILE));
    environment.remove(OsStr::new(DRIVER_PRELOAD));
    if request.scheme.is_some() {
        let config = &request.config;
        for (variable, value) in [
            (Variable::Scheme, config.scheme.name().to_string()),
            (Variable::HashMask, format!("{:#x}", config.hash_mask)),
            (Variable::HashSalt, format!("{:#018x}", config.hash_salt)),
            (Variable::MeanBytes, config.mean_bytes.to_string()),
            (Variable::Truth, u8::from(config.truth).to_string()),
            (Variable::Window, config.window_allocs.to_string()),
            (Variable::Seed, format!("{:#018x}", request.seed)),
        ] {
            environment.insert(variable.name().into(), value.into());
        }
        let stats_file = records.join(records::PREFIX);
        environment.insert(STATS_FILE.into(), stats_file.into());
        let variable = if request.driver {
            DRIVER_PRELOAD
        } else {
            PRELOAD
        };
        environment.insert(variable.into(), preload(&request.library, records)?);
    }
    Ok(environment)
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
