//! The run file: one JSON object (FORMAT.md, "Run file"), whole or not there.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sampler_core::DecisionName;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::child::Ended;
use crate::options::Request;
use crate::records::Records;
use crate::{Failure, machine};

const FORMAT: &str = "sampler-run";
const FORMAT_VERSION: u64 = 1;

/// A run file that is not written yet. Its directory was found to be writable.
pub struct RunFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl RunFile {
    /// Prepares to write the file, before the command runs in vain.
    pub fn create(request: &Request) -> Result<RunFile, Failure> {
        let path = &request.out;
        let unwritable = |error| Failure::own(format!("--out {}: {error}", path.display()));
        if path.is_dir() || path.file_name().is_none() {
            return Err(Failure::own(format!(
                "--out {} is a directory; a file is needed",
                path.display()
            )));
        }
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(directory).map_err(unwritable)?;
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
    pub fn write(self, request: &Request, ended: &Ended, records: &Records) -> Result<(), Failure> {
        let content = content(request, ended, records);
        let (failed, path) = (failed_path(&self.path), self.path.clone());
        self.persist(&path, &content)?;
        // What an earlier try left.
        let _ = fs::remove_file(failed);
        Ok(())
    }

    /// Writes what a failed run left beside the file, which must not be there then. Returns the line for the user.
    pub fn write_failed(
        self,
        request: &Request,
        ended: &Ended,
        records: &Records,
        failure: &str,
    ) -> Result<String, Failure> {
        let mut content = content(request, ended, records);
        content["failure"] = failure.into();
        let (failed, path) = (failed_path(&self.path), self.path.clone());
        self.persist(&failed, &content)?;
        let _ = fs::remove_file(path);
        Ok(format!("{failure} (kept: {})", failed.display()))
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

fn content(request: &Request, ended: &Ended, records: &Records) -> Value {
    let config = &request.config;
    let decision = request
        .scheme
        .map_or(DecisionName::Never, |scheme| scheme.decision());
    let measured = ended.peak_rss_bytes;
    let peak_rss_bytes = (measured > ended.peak_rss_floor_bytes)
        .then_some(measured)
        .or_else(|| records.peak_rss_bytes());
    json!({
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "runner_version": env!("CARGO_PKG_VERSION"),
        "set": request.identity.set,
        "workload": request.identity.workload,
        "scheme": request.scheme_name,
        "run": request.identity.run,
        "command": request.command,
        "exit_status": ended.shell_status(),
        "parameters": {
            "hash_mask": decision.uses_mask().then_some(config.hash_mask),
            "poisson_mean_bytes": decision.uses_mean().then_some(config.mean_bytes),
            "window_base": config.window_allocs,
            "seed": format!("{:#018x}", request.seed),
            "truth": config.truth,
            "aslr": request.aslr,
        },
        "machine": machine::describe(),
        "wall_ns": ended.wall_ns,
        "user_ns": ended.user_ns,
        "system_ns": ended.system_ns,
        "peak_rss_bytes": peak_rss_bytes,
        "peak_rss_floor_bytes": ended.peak_rss_floor_bytes,
        "ground_truth": ended.ground_truth,
        "losses": {
            "unfinished_records": records.unfinished,
            "descendants_alive": records.alive,
        },
        "processes": records.finished,
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
