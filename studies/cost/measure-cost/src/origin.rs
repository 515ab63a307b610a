//! Which machine and which build numbers are of: what must be equal before they are compared.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use nix::sys::utsname::uname;
use serde_json::{Value, json};

/// Processor, cores, kernel and libc, and a checksum of the measured files.
pub fn describe(files: &[&Path]) -> Result<Value, String> {
    let mut build = crc32fast::Hasher::new();
    for file in files {
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        build.update(&bytes);
    }
    let system = uname().map_err(|error| format!("cannot read the kernel's name: {error}"))?;
    Ok(json!({
        "cpu": cpu(),
        "cores": available_parallelism().map_or(1, |cores| cores.get()),
        "kernel": system.release().to_string_lossy(),
        "host": host(),
        "build": format!("{:08x}", build.finalize()),
    }))
}

/// The machine's own id, as a checksum: enough to tell two apart, and nothing that leads back to one.
fn host() -> Option<String> {
    let id = fs::read("/etc/machine-id").ok()?;
    Some(format!("{:08x}", crc32fast::hash(&id)))
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start().strip_prefix(':')?.trim().to_string())
}
