//! One reading of the running service: its record, as `sampler-live --json` gives it, and its resident memory.

use std::fs;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::service::Service;

/// What was read at one moment.
pub struct Second {
    /// Since the watching began.
    pub time_s: f64,
    /// Bytes that are allocated and not freed.
    pub live_bytes: u64,
    /// The same as the samples have it, and its standard error.
    pub estimate_bytes: f64,
    pub standard_error_bytes: f64,
    /// Blocks that are alive.
    pub live_blocks: u64,
    pub rss_bytes: u64,
    pub sampled_allocs: u64,
    /// Allocations and frees so far.
    pub calls: u64,
    /// Requests answered so far.
    pub answered: u64,
}

/// Reads the service; it is not stopped.
pub fn read(service: &Service, start: Instant, answered: u64) -> Result<Second, String> {
    let time_s = start.elapsed().as_secs_f64();
    let output = Command::new(service.sampler_live())
        .args(["--json", &service.pid().to_string()])
        .output()
        .map_err(|error| format!("sampler-live: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_string());
    }
    let record: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("sampler-live: not JSON: {error}"))?;
    let rss_bytes = rss_bytes(service.pid())?;
    let count = |field: &str| {
        let found = &record[field];
        found
            .as_u64()
            .ok_or_else(|| format!("sampler-live: {field}: found {found}, expected a count"))
    };
    let estimate = |field: &str| {
        let found = &record["estimates"][field];
        found.as_f64().ok_or_else(|| {
            format!("sampler-live: estimates.{field}: found {found}, expected a number")
        })
    };
    let (allocs, frees) = (count("total_allocs")?, count("total_frees")?);
    let (bytes, freed) = (count("total_bytes_alloc")?, count("total_bytes_freed")?);
    let alive = |all: u64, gone: u64| {
        let error = || format!("sampler-live: {gone} freed of {all}, expected no more than that");
        all.checked_sub(gone).ok_or_else(error)
    };
    Ok(Second {
        time_s,
        live_bytes: alive(bytes, freed)?,
        estimate_bytes: estimate("live_bytes")?,
        standard_error_bytes: estimate("live_bytes_variance")?.max(0.0).sqrt(),
        live_blocks: alive(allocs, frees)?,
        rss_bytes,
        sampled_allocs: count("sampled_allocs")?,
        calls: allocs + frees,
        answered,
    })
}

/// `VmRSS` of the kernel's account.
fn rss_bytes(pid: u32) -> Result<u64, String> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let kib = text.lines().find_map(|line| {
        let value = line.strip_prefix("VmRSS:")?.trim();
        value.strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    let kib = kib.ok_or_else(|| format!("{path}: no VmRSS in kB"))?;
    Ok(kib * 1024)
}
