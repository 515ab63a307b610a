//! A workload whose addresses hardly repeat: allocate many blocks, then free all but a few.
//!
//! It stands for programs that build a large heap. What it asked of the allocator is its last line of output (FORMAT.md,
//! "Ground truth"), so that a sampler's estimates can be compared with the truth without trusting the sampler.
#![forbid(unsafe_code)]

mod block;
mod random;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use argh::FromArgs;
use workload::Plan;

/// Workload: allocate blocks of random sizes one after the other, write them, free most of them and leak the rest.
/// Prints one line of JSON: what it asked of the allocator.
#[derive(FromArgs)]
#[argh(
    example = "100,000 blocks of 16 to 4096 B, of which 5,000 leak:\n  {command_name} --count 100000 --leak-percent 5 --seed 0x1"
)]
struct Options {
    /// blocks to allocate (default 100000)
    #[argh(option, default = "100_000")]
    count: u64,

    /// smallest block, in bytes (default 16)
    #[argh(option, default = "16")]
    min_bytes: u64,

    /// largest block, in bytes, included (default 4096)
    #[argh(option, default = "4096")]
    max_bytes: u64,

    /// blocks never freed, in percent of all, rounded down to whole blocks (default 5)
    #[argh(option, default = "5")]
    leak_percent: u64,

    /// seed of sizes and leaks, decimal or 0x hex (default 1)
    #[argh(option, default = "1", from_str_fn(random::parse_seed))]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-monotonic: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let truth = workload::run(&plan(options)?)?;
    writeln!(std::io::stdout(), "{}", truth.to_json(options.seed))
        .map_err(|error| format!("standard output: {error}"))
}

fn plan(options: &Options) -> Result<Plan, String> {
    let Options {
        count,
        min_bytes,
        max_bytes,
        leak_percent,
        seed,
    } = *options;
    if count == 0 {
        return Err("--count: found 0, expected at least 1 block".into());
    }
    if min_bytes == 0 {
        return Err("--min-bytes: found 0, expected at least 1 B".into());
    }
    if min_bytes > max_bytes {
        return Err(format!(
            "--min-bytes: found {min_bytes}, expected at most --max-bytes, which is {max_bytes}"
        ));
    }
    if leak_percent > 100 {
        return Err(format!(
            "--leak-percent: found {leak_percent}, expected 0 to 100"
        ));
    }
    let leaks = (u128::from(count) * u128::from(leak_percent) / 100) as u64;
    Ok(Plan {
        count,
        min_bytes,
        max_bytes,
        leaks,
        seed,
    })
}
