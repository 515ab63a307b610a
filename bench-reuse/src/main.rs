//! A workload whose addresses repeat all the time: a few hot slots, each freed and allocated anew over and over.
//!
//! It stands for servers in a steady state, and is hard on samplers that decide by address. What it asked of the allocator is
//! its last line of output (FORMAT.md, "Ground truth"), so that a sampler's estimates can be compared with the truth.
#![forbid(unsafe_code)]

mod block;
mod random;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use argh::FromArgs;
use workload::Plan;

/// Workload: fill some slots with blocks; each turn frees the block of a random slot and allocates a new one of another size.
/// Half way some slots turn leaky: their block is never freed, and a turn that picks one of them does nothing.
/// Prints one line of JSON: what it asked of the allocator.
#[derive(FromArgs)]
#[argh(
    example = "100 slots of 16 to 256 B, 100,000 turns, 5 slots leak from the middle on:\n  {command_name} --slots 100 --turns 100000 --leaky-slots 5 --seed 0x1"
)]
struct Options {
    /// slots, each holding one block (default 100)
    #[argh(option, default = "100")]
    slots: u64,

    /// turns, each freeing and allocating one block (default 100000)
    #[argh(option, default = "100_000")]
    turns: u64,

    /// smallest block, in bytes (default 16)
    #[argh(option, default = "16")]
    min_bytes: u64,

    /// largest block, in bytes, included (default 256)
    #[argh(option, default = "256")]
    max_bytes: u64,

    /// slots that turn leaky half way (default 5)
    #[argh(option, default = "5")]
    leaky_slots: u64,

    /// seed of sizes, slots and leaks, decimal or 0x hex (default 1)
    #[argh(option, default = "1", from_str_fn(random::parse_seed))]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-reuse: {error}");
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
        slots,
        turns,
        min_bytes,
        max_bytes,
        leaky_slots,
        seed,
    } = *options;
    if slots == 0 {
        return Err("--slots: found 0, expected at least 1".into());
    }
    if min_bytes == 0 {
        return Err("--min-bytes: found 0, expected at least 1 B".into());
    }
    if min_bytes > max_bytes {
        return Err(format!(
            "--min-bytes: found {min_bytes}, expected at most --max-bytes, which is {max_bytes}"
        ));
    }
    if leaky_slots > slots {
        return Err(format!(
            "--leaky-slots: found {leaky_slots}, expected at most --slots, which is {slots}"
        ));
    }
    Ok(Plan {
        slots,
        turns,
        min_bytes,
        max_bytes,
        leaky_slots,
        seed,
    })
}
