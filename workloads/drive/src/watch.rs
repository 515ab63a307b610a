//! What a running server has taken so far: processor time, memory and, under the library, allocations.

use std::path::PathBuf;
use std::process::Stdio;
use std::{env, fs};

use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use serde_json::Value;

use crate::family::tree;
use crate::load;
use crate::processors::Processors;
use crate::start::{Role, command, has_library};

/// What the processes of a server have taken since they began.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Who.
    pids: Vec<Pid>,
    /// All their threads, those that ended too.
    pub cpu_ns: u64,
    /// None where nothing counts: without the library, under `NONE`, without truth.
    pub allocs: Option<u64>,
}

impl Taken {
    /// By the server whose first process this is.
    pub fn by(root: Pid) -> Result<Taken, String> {
        let pids = tree(root);
        let cpu_ns = pids
            .iter()
            .map(|&pid| cpu_ns(pid))
            .sum::<Result<u64, _>>()?;
        Ok(Taken {
            allocs: allocs()?,
            pids,
            cpu_ns,
        })
    }

    /// Since an earlier look; the processes must be the same ones.
    pub fn since(&self, before: &Taken) -> Result<(u64, Option<u64>), String> {
        if self.pids != before.pids {
            return Err(format!(
                "its processes were {:?} before the load and {:?} after it",
                before.pids, self.pids
            ));
        }
        let allocs = self.allocs.zip(before.allocs);
        Ok((
            self.cpu_ns - before.cpu_ns,
            allocs.map(|(after, before)| after - before),
        ))
    }
}

/// Sum over a server's processes of each one's largest resident set; pages that they share are in each.
pub fn peak_rss_bytes(root: Pid) -> Result<u64, String> {
    let peak = |pid: Pid| {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.map(|kib| kib * 1024)
            .ok_or_else(|| format!("{path}: VmHWM is not there"))
    };
    tree(root).into_iter().map(peak).sum()
}

fn cpu_ns(pid: Pid) -> Result<u64, String> {
    ClockId::pid_cpu_clock_id(pid)
        .and_then(clock_gettime)
        .map(|time| time.num_nanoseconds() as u64)
        .map_err(|error| format!("processor time of process {pid}: {error}"))
}

/// Allocations so far of all processes of the run, ended ones too: their live files, as `sampler-live` reads them.
pub fn allocs() -> Result<Option<u64>, String> {
    if !has_library() {
        return Ok(None);
    }
    let mut sum = Some(0);
    for file in live_files()? {
        let processors = Processors::all()?;
        let mut reader = command(Role::Helper, &processors, &load::beside("sampler-live")?)?;
        reader.arg("--json").arg(&file).stdin(Stdio::null());
        let output = load::output(&mut reader, "sampler-live")?;
        let record: Value = serde_json::from_slice(&output)
            .map_err(|error| format!("sampler-live: {}: {error}", file.display()))?;
        sum = sum
            .zip(record["total_allocs"].as_u64())
            .map(|(sum, allocs)| sum + allocs);
    }
    Ok(sum)
}

fn live_files() -> Result<Vec<PathBuf>, String> {
    const STATS_FILE: &str = "SAMPLER_STATS_FILE";
    let prefix = env::var_os(STATS_FILE)
        .map(PathBuf::from)
        .ok_or_else(|| format!("{STATS_FILE} is not set; start this under sampler-run --driver"))?;
    let directory = prefix.parent().unwrap_or(&prefix);
    let entries = fs::read_dir(directory)
        .map_err(|error| format!("{STATS_FILE}: {}: {error}", directory.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "live"))
        .collect();
    files.sort();
    Ok(files)
}
