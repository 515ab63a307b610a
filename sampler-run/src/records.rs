//! The records that the processes of a run left in a directory of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;
use sampler_core::live::{self, Ending, NotLive};
use sampler_core::record;
use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;

/// What `SAMPLER_STATS_FILE` ends with; the library adds the pid.
pub const PREFIX: &str = "record";

const LIVE_SUFFIX: &str = "live";
/// Tries to read a process that counts while we read.
const TRIES: u32 = 1000;

/// What was gathered.
#[derive(Default)]
pub struct Records {
    /// Records, in the order of their file names.
    pub found: Vec<Value>,
    /// Processes whose counts are lost.
    pub lost: u64,
    /// Processes that are still running.
    pub alive: u64,
    /// Whether the command's process was entered by the library.
    pub command_was_loaded: bool,
    /// Whether there is a record of the command's process.
    pub command_has_record: bool,
    /// Programs that reach a `malloc` before the library's.
    pub bypassed: u64,
    /// Whether any call was counted, or could not have been, under a scheme that counts nothing.
    pub saw_calls: bool,
    /// A file that is not what it should be.
    pub problem: Option<String>,
}

/// A record file's name: `record.<pid>`, or `record.<pid>.<image>` for a later program of the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    pid: u32,
    image: u32,
}

/// How a process "ended" that has not.
const RUNNING: &str = "running";

/// Where the directory goes: into memory where there is plenty, since a process that creates its files on a disk starts up to a millisecond later, and
/// differently so from one time to the next. A TMPDIR that the user chose is kept to.
fn place() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    /// Room for three thousand processes.
    const PLENTY_BYTES: u64 = 1 << 30;
    let has_plenty = || {
        let found = statvfs(MEMORY).ok()?;
        Some(found.blocks_available() * found.fragment_size() >= PLENTY_BYTES)
    };
    if env::var_os("TMPDIR").is_none() && has_plenty() == Some(true) {
        return MEMORY.into();
    }
    env::temp_dir()
}

/// A new directory for records; it goes away with its value.
pub fn create_directory() -> Result<TempDir, Failure> {
    let failed = |error| Failure::own(format!("no directory for records: {error}; set TMPDIR"));
    let directory = tempfile::Builder::new()
        .prefix("sampler-run-")
        .tempdir_in(place())
        .map_err(failed)?;
    if geteuid().is_root() {
        // A service that gives up its rights goes on to create records as somebody else.
        let everyone = fs::Permissions::from_mode(0o1777);
        fs::set_permissions(directory.path(), everyone).map_err(failed)?;
    }
    Ok(directory)
}

/// Processes of the run that have not finished their record and are alive.
pub fn running_pids(directory: &Path) -> Vec<u32> {
    let mut pids: Vec<u32> = names(directory).into_iter().map(|name| name.pid).collect();
    pids.dedup();
    pids.retain(|&pid| is_of_run(pid, directory));
    pids
}

impl Records {
    /// Reads all records in the directory. `command_pid` is the command's own process, which ended as `command_ended` says.
    pub fn gather(directory: &Path, command_pid: u32, command_ended: &str) -> Records {
        let names = names(directory);
        let mut records = Records::default();
        for (index, &name) in names.iter().enumerate() {
            let is_command = name.pid == command_pid;
            records.command_was_loaded |= is_command;
            let was_followed = names
                .get(index + 1)
                .is_some_and(|next| next.pid == name.pid);
            let unsaid = if was_followed {
                "exec"
            } else if is_command {
                command_ended
            } else if is_of_run(name.pid, directory) {
                RUNNING
            } else {
                record::UNSAID
            };
            match read(directory, name, unsaid) {
                Ok(Some(record)) => records.add(record, is_command),
                Ok(None) => records.lost += 1,
                Err(problem) => records.problem = records.problem.take().or(Some(problem)),
            }
        }
        records
    }

    fn add(&mut self, record: Value, is_command: bool) {
        self.lost += record["losses"]["children_without_record"]
            .as_u64()
            .unwrap_or(0);
        self.alive += u64::from(record["ended"] == RUNNING);
        self.command_has_record |= is_command;
        self.bypassed += u64::from(record["bypassed"] == true);
        let calls = [&record["total_allocs"], &record["sampled_allocs"]];
        self.saw_calls |= calls.iter().all(|count| count.is_null())
            || calls.iter().any(|count| count.as_u64() > Some(0));
        self.found.push(record);
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

/// The record of one program; `None` if it left no counts. `unsaid` is how it ended if it does not say so itself.
fn read(directory: &Path, name: Name, unsaid: &str) -> Result<Option<Value>, String> {
    let record_path = directory.join(name.file_name());
    let live_path = record_path.with_file_name(format!("{}.{LIVE_SUFFIX}", name.file_name()));
    let is_running = unsaid == RUNNING;
    for _ in 0..TRIES {
        let Ok(bytes) = fs::read(&live_path) else {
            break;
        };
        match live::read(&bytes) {
            Ok((page, identity, totals)) => {
                let ended = match page.ending() {
                    Ending::Unsaid => unsaid,
                    Ending::Exit => "exit",
                    Ending::QuickExit => "quick_exit",
                };
                let mut text = String::new();
                return record::write(&mut text, &page, &identity, &totals, ended)
                    .map_err(|error| error.to_string())
                    .and_then(|()| parse(&record_path, text.as_bytes()))
                    .map(Some);
            }
            // The process had no room for the file, or ended while it wrote its header: before main, with nothing counted.
            Err(NotLive::TooShort(0) | NotLive::Torn) => break,
            Err(NotLive::Contradiction) if is_running => {}
            Err(error) => return Err(format!("{}: {error}", live_path.display())),
        }
    }
    let bytes = fs::read(&record_path)
        .map_err(|error| format!("record {}: {error}", record_path.display()))?;
    // Without room, or ended while it was written.
    if bytes.first().is_none_or(|&first| first == 0) {
        return Ok(None);
    }
    // Of a process that never said how it ended the record file has no counts.
    parse(&record_path, &bytes)
        .map(|record| Some(record).filter(|record| record["ended"] != record::UNSAID))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Value, String> {
    let record: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("record {} is not JSON: {error}", path.display()))?;
    let (format, version) = (&record["format"], &record["format_version"]);
    if format != "sampler-record" || *version != record::FORMAT_VERSION {
        return Err(format!(
            "record {} has format {format} version {version}; expected \"sampler-record\" version {}: the library and sampler-run are of different builds",
            path.display(),
            record::FORMAT_VERSION
        ));
    }
    Ok(record)
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
    fn a_record_file_that_was_never_filled_is_a_loss() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            fs::write(directory.path().join(name), content).unwrap();
        };
        let record = |ended: &str| {
            format!(
                "{{\"format\":\"sampler-record\",\"format_version\":1,\"ended\":\"{ended}\"}}  \n"
            )
        };
        file("record.1", &record("exit"));
        file("record.2", &record("unknown"));
        file("record.3", "");
        file("record.4", "\0rest of one");
        let records = Records::gather(directory.path(), 1, "_exit");
        assert_eq!(records.problem, None);
        assert_eq!((records.found.len(), records.lost), (1, 3));
        assert_eq!(records.found[0]["ended"], "exit");
    }
}
