//! The run file: one JSON object (FORMAT.md, "Run file"), whole or not there.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ::run_file::{FORMAT, FORMAT_VERSION, Hex, Nullable, Parameters, RunLosses};
use sampler_core::DecisionName;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::child::Ended;
use crate::options::Request;
use crate::records::Records;
use crate::{Failure, machine};

/// A run file that is not written yet. Its directory was found to be writable.
pub struct RunFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl RunFile {
    /// Prepares to write the file, before the command runs in vain.
    pub fn create(request: &Request) -> Result<RunFile, Failure> {
        let path = &request.out;
        let unwritable = |error: io::Error| {
            Failure::own(format!(
                "--out is '{}': {error}; accepted: a file in a directory that can be written",
                path.display()
            ))
        };
        // Renaming would replace a device or a socket as readily as a file.
        let is_other = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_other || path.file_name().is_none() {
            return Err(Failure::own(format!(
                "--out is '{}', which is no file; accepted: a file, there or not, in a directory that can be written",
                path.display()
            )));
        }
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(directory).map_err(|error| {
            // A file where a directory is needed.
            let is_file = error.kind() == ErrorKind::AlreadyExists;
            unwritable(if is_file {
                ErrorKind::NotADirectory.into()
            } else {
                error
            })
        })?;
        let file = tempfile::Builder::new()
            .prefix(".run-")
            .suffix(".part")
            .tempfile_in(directory)
            .map_err(unwritable)?;
        Ok(RunFile {
            file,
            path: path.clone(),
        })
    }

    /// Writes the file of a run that can be believed.
    pub fn write(
        self,
        request: &Request,
        ended: &Ended,
        records: &Records,
        sizes: Value,
    ) -> Result<(), Failure> {
        let mut content = content(request, Some(ended), records);
        content["sizes"] = sizes;
        let (failed, path) = (failed_path(&self.path), self.path.clone());
        self.persist(&path, &content)?;
        // What an earlier try left.
        let _ = fs::remove_file(failed);
        Ok(())
    }

    /// Writes what a failed run left beside the file, which must not be there then; `ended` is none if the command did not start.
    /// Returns what the user is told.
    pub fn write_failed(
        self,
        request: &Request,
        ended: Option<&Ended>,
        records: &Records,
        failure: Failure,
    ) -> Failure {
        let mut content = content(request, ended, records);
        content["failure"] = failure.line.as_str().into();
        let (failed, path) = (failed_path(&self.path), self.path.clone());
        let line = match self.persist(&failed, &content) {
            Ok(()) => format!("{} (kept: {})", failure.line, failed.display()),
            Err(second) => format!("{}; {}", failure.line, second.line),
        };
        let _ = fs::remove_file(path);
        Failure { line, ..failure }
    }

    fn persist(mut self, path: &Path, content: &Value) -> Result<(), Failure> {
        let unwritable = |error: &dyn std::fmt::Display| {
            Failure::own(format!("cannot write {}: {error}", path.display()))
        };
        serde_json::to_writer(&mut self.file, content).map_err(|error| unwritable(&error))?;
        self.file
            .write_all(b"\n")
            .and_then(|()| self.file.as_file().sync_all())
            .map_err(|error| unwritable(&error))?;
        make_readable(self.file.path());
        self.file
            .persist(path)
            .map_err(|error| unwritable(&error))?;
        Ok(())
    }
}

fn content(request: &Request, ended: Option<&Ended>, records: &Records) -> Value {
    let config = &request.config;
    let command: Vec<_> = request
        .command
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    let decision = request
        .scheme
        .map_or(DecisionName::Never, |scheme| scheme.decision());
    let peak_rss_bytes = match request.driver {
        // The kernel's account has the driver and its load generators in it.
        true => {
            ended.and_then(|ended| ended.ground_truth.as_ref()?["server_peak_rss_bytes"].as_u64())
        }
        false => ended
            .filter(|ended| ended.peak_rss_bytes > ended.peak_rss_floor_bytes)
            .map(|ended| ended.peak_rss_bytes),
    };
    json!({
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "runner_version": env!("CARGO_PKG_VERSION"),
        "set": request.identity.set,
        "workload": request.identity.workload,
        "scheme": request.scheme_name,
        "run": request.identity.run,
        "command": command,
        "exit_status": ended.map(Ended::shell_status),
        "parameters": Parameters {
            hash_mask: Nullable(decision.uses_mask().then_some(config.hash_mask)),
            hash_salt: Nullable(config.salt().map(Hex)),
            poisson_mean_bytes: Nullable(decision.uses_mean().then_some(config.mean_bytes)),
            window_base: config.window_allocs,
            seed: Hex(request.seed),
            truth: config.truth,
            aslr: request.aslr,
        },
        "machine": machine::describe(),
        "wall_ns": ended.map(|ended| ended.wall_ns),
        "user_ns": ended.map(|ended| ended.user_ns),
        "system_ns": ended.map(|ended| ended.system_ns),
        "peak_rss_bytes": peak_rss_bytes,
        "peak_rss_floor_bytes": ended.map(|ended| ended.peak_rss_floor_bytes),
        "ground_truth": ended.and_then(|ended| ended.ground_truth.as_ref()),
        "losses": RunLosses {
            unfinished_records: records.lost,
            descendants_alive: records.alive,
            bypassed_programs: records.bypassed,
        },
        "sizes": null,
        "processes": records.found,
    })
}

fn failed_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".failed");
    name.into()
}

/// A temporary file is private; a result is as readable as any other file. Left private if that is not allowed.
fn make_readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o644));
}
