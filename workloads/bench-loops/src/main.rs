//! Loops of allocation calls that time themselves: what a call costs, with as little of anything else as a program can do.
//!
//! A loop is an answer to "which pattern": pairs, a window of live blocks, batches, mixed sizes, growth, blocks freed by another
//! thread. Its numbers are its last line of output (FORMAT.md, "Loops"): operations, and the processor time that each thread
//! took for them, without start, setup and end. Sizes and places repeat exactly, so that two runs differ in the allocator alone.
//!
//! Reading order: [`pattern`] the loops of one thread; [`exchange`] the one of two; [`threads`] how they are run and timed;
//! [`clock`] by which; [`live`] the memory of live blocks, which takes no time.
#![forbid(unsafe_code)]

mod clock;
mod exchange;
mod live;
mod pattern;
mod threads;

use std::io::Write;
use std::process::ExitCode;

use argh::FromArgs;
use serde_json::Value;

/// Workload: one allocation loop, timed by itself. Prints one line of JSON: operations and nanoseconds of processor time.
/// Loops: tight (pairs of malloc and free of 64 B), window (free and malloc over 1000 live blocks of 16 to 256 B), batch
/// (10,000 such blocks allocated, then freed), mixed (window of 16 B to 64 KiB), realloc (blocks that grow to 64 KiB),
/// cross (blocks of one thread freed by another), live (blocks that stay; resident bytes instead of time).
#[derive(FromArgs)]
#[argh(
    example = "A million pairs on each of two threads:\n  {command_name} window --operations 1000000 --threads 2",
    example = "What a million live blocks of 64 B take in memory:\n  {command_name} live --operations 1000000 --size-bytes 64"
)]
struct Options {
    /// tight, window, batch, mixed, realloc, cross or live
    #[argh(positional)]
    r#loop: String,

    /// timed operations of each thread: pairs of malloc and free, calls of realloc, or live blocks (default 1000000)
    #[argh(option, default = "1_000_000")]
    operations: u64,

    /// threads, each on a core of its own as far as there are (default 1; cross has pairs of threads and needs an even number)
    #[argh(option, default = "1")]
    threads: usize,

    /// bytes of a block of the loop live (default 64)
    #[argh(option, default = "64")]
    size_bytes: usize,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-loops: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let numbers = measure(options)?;
    writeln!(std::io::stdout(), "{numbers}").map_err(|error| format!("standard output: {error}"))
}

fn measure(options: &Options) -> Result<Value, String> {
    let Options {
        operations,
        threads,
        size_bytes,
        ..
    } = *options;
    let name = options.r#loop.as_str();
    if operations == 0 {
        return Err("--operations: found 0, expected at least 1".into());
    }
    if threads == 0 || threads > 1024 {
        return Err(format!("--threads: found {threads}, expected 1 to 1024"));
    }
    match name {
        "live" => live::measure(operations, size_bytes),
        "cross" if !threads.is_multiple_of(2) => Err(format!(
            "--threads: found {threads}, expected an even number: half of them free what the others allocate"
        )),
        "cross" => threads::run_pairs(operations, threads),
        _ => match pattern::by_name(name) {
            Some(pattern) => threads::run(pattern, operations, threads),
            None => Err(format!(
                "loop: found '{name}', expected tight, window, batch, mixed, realloc, cross or live"
            )),
        },
    }
}
