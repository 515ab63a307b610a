//! A workload that shows whether a sampler knows which of its sampled blocks were freed.
//!
//! Blocks that are freed have sizes that blocks which leak never have, bin by bin of the record's `size_bins`. What was sampled in
//! the bins of the freed is therefore what a sampler must report as freed, however it decides and with whatever draws: its
//! account of allocations is held against its account of frees. Blocks are freed in four ways ([`workload::Kind`]).
#![forbid(unsafe_code)]

mod block;
mod random;
mod truth;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use argh::FromArgs;
use workload::{Kind, Plan};

/// Workload: free blocks in one of four ways and leak the rest; freed and leaked blocks differ in size.
/// Prints one line of JSON: what it asked of the allocator.
#[derive(FromArgs)]
#[argh(
    example = "a million blocks, freed by another thread than allocated them, of which 50,000 leak:\n  {command_name} --kind cross-thread --count 1000000 --leak-percent 5",
    note = "Freed blocks have 129 to 512 B (realloc: up to 200,000 B), leaked ones 1025 to 4096 B."
)]
struct Options {
    /// how blocks are freed: plain (all at the end), realloc (after two reallocs each), cross-thread (by another thread), reuse
    /// (at once, so that addresses return)
    #[argh(option)]
    kind: Kind,

    /// blocks to allocate (default 100000)
    #[argh(option, default = "100_000")]
    count: u64,

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
            eprintln!("bench-frees: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let plan = plan(options)?;
    let truth = workload::run(&plan)?;
    writeln!(std::io::stdout(), "{}", truth.to_json(&plan))
        .map_err(|error| format!("standard output: {error}"))
}

fn plan(options: &Options) -> Result<Plan, String> {
    let Options {
        kind,
        count,
        leak_percent,
        seed,
    } = *options;
    if count == 0 {
        return Err("--count: found 0, expected at least 1 block".into());
    }
    if leak_percent > 100 {
        return Err(format!(
            "--leak-percent: found {leak_percent}, expected 0 to 100"
        ));
    }
    let leaks = (u128::from(count) * u128::from(leak_percent) / 100) as u64;
    Ok(Plan {
        kind,
        count,
        leaks,
        seed,
    })
}
