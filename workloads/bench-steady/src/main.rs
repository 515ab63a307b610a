//! A workload with what the two others miss: a large pool of blocks with churn, nine small sizes in ten and a few blocks of 1 MiB, leaks that begin late,
//! on one thread or several.
//!
//! It stands for a server that has been up for a while. With `--stride` all blocks have one size, so that the addresses of a first fill lie a
//! constant distance apart: what a hash of addresses makes of a regular layout. What it asked of the allocator is its last line of output (FORMAT.md, "Ground truth").
#![forbid(unsafe_code)]

mod block;
mod random;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use argh::FromArgs;
use workload::{Leak, Plan};

/// Workload: fill a pool with blocks; each turn frees the block of a random slot and allocates a new one of another size.
/// Of 1000 blocks about 900 have 16 to 256 B, 99 have 257 to 8192 B and 1 has 1 MiB. Leaks begin in the last tenth of the turns.
/// Prints one line of JSON: what it asked of the allocator.
#[derive(FromArgs)]
#[argh(
    example = "1000 slots, 30,000 turns, 100 leaks of 48 B and 3 of 8 KiB:\n  {command_name} --slots 1000 --turns 30000 --leak 100x48 --leak 3x8192 --seed 0x1",
    example = "20,000 blocks whose headers lie 80 B apart, and no turns:\n  {command_name} --slots 20000 --turns 0 --stride 80"
)]
struct Options {
    /// slots of the pool, shared out among the threads, each holding one block (default 1000)
    #[argh(option, default = "1000")]
    slots: u64,

    /// turns, shared out among the threads, each freeing and allocating one block (default 30000)
    #[argh(option, default = "30_000")]
    turns: u64,

    /// threads (default 1)
    #[argh(option, default = "1")]
    threads: u64,

    /// leaks as COUNTxBYTES, may be repeated; the first thread allocates them (default none)
    #[argh(option)]
    leak: Vec<Leak>,

    /// distance between the headers of neighbours, in bytes: all blocks have this less 24 B, which a header of 16 B and glibc's own of 8 B
    /// take; from 48 on, a multiple of 16 (default: mixed sizes)
    #[argh(option)]
    stride: Option<u64>,

    /// seed of sizes and slots, decimal or 0x hex (default 1)
    #[argh(option, default = "1", from_str_fn(random::parse_seed))]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-steady: {error}");
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
    if options.threads == 0 {
        return Err("--threads: found 0, expected at least 1".into());
    }
    if options.slots < options.threads {
        return Err(format!(
            "--slots: found {}, expected at least one for each of {} threads",
            options.slots, options.threads
        ));
    }
    if let Some(stride) = options.stride.filter(|s| *s < 48 || s % 16 != 0) {
        return Err(format!(
            "--stride: found {stride}, expected a multiple of 16 from 48 B on"
        ));
    }
    Ok(Plan {
        slots: options.slots,
        turns: options.turns,
        threads: options.threads,
        leaks: options.leak.clone(),
        stride_bytes: options.stride,
        seed: options.seed,
    })
}
