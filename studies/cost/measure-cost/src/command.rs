//! How one measured program is run, and how it is proved that what was to be under it was.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Bench;
use crate::subject::{Library, Rate, Subject};

/// A program under a subject.
pub struct Measured {
    /// What it printed.
    pub stdout: Vec<u8>,
    /// Processor time of it and of what it waited for, start and end included.
    pub cpu_ns: u64,
    /// What the library counted; null for others.
    pub record: Value,
}

/// Where the library leaves records while a program runs.
pub struct Records(TempDir);

/// The variables of ours and of the peers, which nobody's environment may change.
const FOREIGN: [&str; 4] = [
    "LD_PRELOAD",
    "MALLOC_CONF",
    "TCMALLOC_SAMPLE_PARAMETER",
    "DUMP_HEAPTRACK_OUTPUT",
];

/// A command under a subject, its records going to a place of its own.
pub fn prepare(
    bench: &Bench,
    subject: &Subject,
    rate: Rate,
    program: impl AsRef<std::ffi::OsStr>,
) -> Result<(Command, Records), String> {
    let records = TempDir::new().map_err(|error| format!("temporary directory: {error}"))?;
    let mut command = Command::new(program);
    clean(&mut command);
    command
        .envs(subject.environment(&bench.library.to_string_lossy(), rate))
        .stdin(Stdio::null());
    if let Library::Ours(_) = subject.library {
        command.env("SAMPLER_STATS_FILE", records.path().join("record"));
    }
    Ok((command, Records(records)))
}

/// Takes out of a command's environment what would change a measurement.
pub fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("SAMPLER_") || FOREIGN.contains(&&*text) {
            command.env_remove(name);
        }
    }
}

/// Runs it to its end. A status other than 0, and a word of the loader about a library that it ignored, are errors.
pub fn run(mut command: Command, records: &Records, subject: &Subject) -> Result<Measured, String> {
    let before = cpu_of_children()?;
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    let cpu_ns = cpu_of_children()? - before;
    check(&output, &command, subject)?;
    Ok(Measured {
        stdout: output.stdout,
        cpu_ns,
        record: records.read(subject)?,
    })
}

/// What is wrong with how it ended, if anything.
pub fn check(output: &Output, command: &Command, subject: &Subject) -> Result<(), String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let is_ignored = said.contains("cannot be preloaded");
    if output.status.success() && !is_ignored {
        return Ok(());
    }
    Err(format!(
        "{} under {} ended with {}: {}",
        Path::new(command.get_program()).display(),
        subject.name,
        output.status,
        said.trim().lines().last().unwrap_or_default()
    ))
}

fn cpu_of_children() -> Result<u64, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_err(|error| format!("cannot read the time of programs: {error}"))?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as u64 * 1000)
}

impl Records {
    /// What the library counted, summed over processes; an error if it left nothing, because then it was not there.
    pub fn read(&self, subject: &Subject) -> Result<Value, String> {
        let Library::Ours(scheme) = &subject.library else {
            return Ok(Value::Null);
        };
        let mut sums = Sums::default();
        let fail = |error: std::io::Error| format!("{}: {error}", self.0.path().display());
        for entry in self.0.path().read_dir().map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "live")
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(fail)?;
            let text = text.trim_matches('\0');
            // What replaced itself by another program left the rest to that one.
            if text.is_empty() {
                continue;
            }
            let record: Value = serde_json::from_str(text)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            if record["scheme"] != scheme.name() {
                return Err(format!(
                    "{}: scheme is {}, expected {}",
                    path.display(),
                    record["scheme"],
                    scheme.name()
                ));
            }
            sums.add(&record);
        }
        match sums.processes {
            0 => Err(format!(
                "{} left no record: the library was not reached",
                subject.name
            )),
            _ => Ok(sums.to_json()),
        }
    }
}

#[derive(Default)]
struct Sums {
    processes: u64,
    allocs: Option<u64>,
    sampled: Option<u64>,
    estimated: Option<f64>,
}

impl Sums {
    fn add(&mut self, record: &Value) {
        self.processes += 1;
        let add = |sum: &mut Option<u64>, value: Option<u64>| {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or(0) + value);
            }
        };
        add(&mut self.allocs, record["total_allocs"].as_u64());
        add(&mut self.sampled, record["sampled_allocs"].as_u64());
        if let Some(estimate) = record["estimates"]["allocs"].as_f64() {
            self.estimated = Some(self.estimated.unwrap_or(0.0) + estimate);
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "processes": self.processes,
            "total_allocs": self.allocs,
            "sampled_allocs": self.sampled,
            "estimated_allocs": self.estimated,
        })
    }
}
