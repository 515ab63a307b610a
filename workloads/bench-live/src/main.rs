//! A workload of which nothing is left but its blocks: N of one size, written, all alive at the end.
//!
//! It measures memory: whatever the process has resident beyond N times the size is the allocator's and the sampler's. So it
//! keeps no list of its blocks, which would be 8 or 24 bytes each. That they are all there, and are all different memory, is
//! checked by the kernel's account of the process at the end.
#![forbid(unsafe_code)]

mod resident;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use argh::FromArgs;
use workload::Plan;

/// Workload: allocate blocks of one size, write them whole, and leave all of them alive.
/// Prints one line of JSON: what it asked of the allocator.
#[derive(FromArgs)]
#[argh(
    example = "a million blocks of 64 B, alive at the end (some 80 MB under glibc):\n  {command_name} --blocks 1000000 --size 64"
)]
struct Options {
    /// blocks to allocate (default 100000)
    #[argh(option, default = "100_000")]
    blocks: u64,

    /// size of every block, in bytes (default 64)
    #[argh(option, default = "64")]
    size: u64,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-live: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let truth = workload::run(&plan(options)?)?;
    writeln!(std::io::stdout(), "{}", truth.to_json())
        .map_err(|error| format!("standard output: {error}"))
}

fn plan(options: &Options) -> Result<Plan, String> {
    let Options { blocks, size } = *options;
    if blocks == 0 {
        return Err("--blocks: found 0, expected at least 1 block".into());
    }
    if size == 0 {
        return Err("--size: found 0, expected at least 1 B".into());
    }
    let bytes = blocks.checked_mul(size).ok_or_else(|| {
        format!(
            "--blocks {blocks} of --size {size} B: expected at most {} B in all",
            u64::MAX
        )
    })?;
    Ok(Plan {
        blocks,
        size_bytes: size,
        bytes,
    })
}
