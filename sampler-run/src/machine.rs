//! The machine that a run was made on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use run_file::{Machine, Nullable};

/// Processor, cores, memory, kernel and libc; null where it cannot be read.
pub fn describe() -> Machine {
    let cores = available_parallelism().ok();
    Machine {
        cpu: Nullable(line_value("/proc/cpuinfo", "model name")),
        cores: Nullable(cores.map(|cores| cores.get() as u64)),
        memory_bytes: Nullable(memory_bytes()),
        kernel: Nullable(first_line(
            fs::read_to_string("/proc/sys/kernel/osrelease").ok(),
        )),
        libc: Nullable(libc_version()),
    }
}

fn memory_bytes() -> Option<u64> {
    let text = line_value("/proc/meminfo", "MemTotal")?;
    let kib: u64 = text.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn libc_version() -> Option<String> {
    let output = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    first_line(String::from_utf8(output.stdout).ok())
}

fn line_value(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(value.trim_start().strip_prefix(':')?.trim().to_string())
}

fn first_line(text: Option<String>) -> Option<String> {
    let text = text?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_string())
}
