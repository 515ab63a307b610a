//! The records that the processes of a run left in a directory of its own.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;

/// What `SAMPLER_STATS_FILE` ends with; the library adds the pid.
pub const PREFIX: &str = "record";

const FORMAT: &str = "sampler-record";
const FORMAT_VERSION: u64 = 1;

/// What was gathered.
#[derive(Default)]
pub struct Records {
    /// Finished records, in the order of their file names.
    pub finished: Vec<Value>,
    /// Processes that ended without finishing theirs.
    pub unfinished: u64,
    /// Processes that are still running.
    pub alive: u64,
    /// Whether the command's process began a record.
    pub command_was_loaded: bool,
    /// Whether the command's process finished one.
    pub command_has_finished_record: bool,
    /// A file that is neither an unfinished nor a finished record.
    pub problem: Option<String>,
}

/// A record file's name: `record.<pid>`, or `record.<pid>.<image>` for a later program of the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    pid: u32,
    image: u32,
}

enum Record {
    Unfinished,
    Finished(Value),
}

/// A new directory for records; it goes away with its value.
pub fn create_directory() -> Result<TempDir, Failure> {
    tempfile::Builder::new()
        .prefix("sampler-run-")
        .tempdir()
        .map_err(|error| Failure::own(format!("no directory for records: {error}; set TMPDIR")))
}

/// Processes of the run that have not finished their record and are alive.
pub fn running_pids(directory: &Path) -> Vec<u32> {
    let mut pids: Vec<u32> = names(directory)
        .into_iter()
        .filter(|&name| matches!(read(directory, name), Ok(Record::Unfinished)))
        .map(|name| name.pid)
        .filter(|&pid| is_of_run(pid, directory))
        .collect();
    pids.dedup();
    pids
}

impl Records {
    /// Reads all records in the directory; `command_pid` is the command's own process.
    pub fn gather(directory: &Path, command_pid: u32) -> Records {
        let names = names(directory);
        let mut records = Records::default();
        for (index, &name) in names.iter().enumerate() {
            let is_command = name.pid == command_pid;
            records.command_was_loaded |= is_command;
            match read(directory, name) {
                Ok(Record::Finished(record)) => {
                    records.command_has_finished_record |= is_command;
                    records.finished.push(record);
                }
                Ok(Record::Unfinished) => {
                    let is_last = names.get(index + 1).is_none_or(|next| next.pid != name.pid);
                    if is_last && !is_command && is_of_run(name.pid, directory) {
                        records.alive += 1;
                    } else {
                        records.unfinished += 1;
                    }
                }
                Err(problem) => records.problem = records.problem.or(Some(problem)),
            }
        }
        records
    }

    /// Largest resident set that a process reported of itself; none if one did not report.
    pub fn peak_rss_bytes(&self) -> Option<u64> {
        if self.unfinished + self.alive > 0 {
            return None;
        }
        let peaks = self
            .finished
            .iter()
            .map(|record| record["peak_rss_bytes"].as_u64());
        peaks
            .reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b)))
            .flatten()
    }
}

fn names(directory: &Path) -> Vec<Name> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<Name> = entries
        .filter_map(|entry| Name::parse(entry.file_name().to_str()?))
        .collect();
    names.sort_unstable();
    names
}

impl Name {
    fn parse(file_name: &str) -> Option<Name> {
        let numbers = file_name.strip_prefix(PREFIX)?.strip_prefix('.')?;
        let (pid, image) = numbers.split_once('.').unwrap_or((numbers, "0"));
        Some(Name {
            pid: pid.parse().ok()?,
            image: image.parse().ok()?,
        })
    }

    fn file_name(self) -> String {
        match self.image {
            0 => format!("{PREFIX}.{}", self.pid),
            image => format!("{PREFIX}.{}.{image}", self.pid),
        }
    }
}

fn read(directory: &Path, name: Name) -> Result<Record, String> {
    let path = directory.join(name.file_name());
    let bytes = fs::read(&path).map_err(|error| format!("record {}: {error}", path.display()))?;
    // The library writes the first byte last.
    if bytes.first().is_none_or(|&first| first == 0) {
        return Ok(Record::Unfinished);
    }
    let record: Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("record {} is not JSON: {error}", path.display()))?;
    let (format, version) = (&record["format"], &record["format_version"]);
    if format != FORMAT || version != FORMAT_VERSION {
        return Err(format!(
            "record {} has format {format} version {version}; expected \"{FORMAT}\" version {FORMAT_VERSION}: the library and sampler-run are of different builds",
            path.display()
        ));
    }
    Ok(Record::Finished(record))
}

/// Whether a process of this pid is alive and writes its record to this directory: the pid alone might have passed to a stranger.
fn is_of_run(pid: u32, directory: &Path) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    let directory = directory.as_os_str().as_encoded_bytes();
    environment
        .windows(directory.len())
        .any(|part| part == directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_of_process_and_image() {
        let mut names = ["record.10", "record.9.2", "record.9", "record.9.10"]
            .map(|name| Name::parse(name).unwrap());
        names.sort_unstable();
        let sorted = names.map(Name::file_name);
        assert_eq!(
            sorted,
            ["record.9", "record.9.2", "record.9.10", "record.10"]
        );
        assert_eq!(Name::parse("libsampler_preload.so"), None);
    }

    #[test]
    fn peak_memory_is_unknown_if_one_process_does_not_tell() {
        let record = |peak: Value| serde_json::json!({ "peak_rss_bytes": peak });
        let mut records = Records {
            finished: vec![record(5.into()), record(7.into())],
            ..Records::default()
        };
        assert_eq!(records.peak_rss_bytes(), Some(7));
        records.finished.push(record(Value::Null));
        assert_eq!(records.peak_rss_bytes(), None);
        records.finished.pop();
        records.unfinished = 1;
        assert_eq!(records.peak_rss_bytes(), None);
    }
}
