//! Exact instructions of an operation, and simulated cache misses, by callgrind: what a second batch of operations adds, so that
//! start and end do not count.
//!
//! The caches are given, not read from the machine, so that the same build gives the same numbers everywhere: 32 KiB of first
//! level (8 ways), 8 MiB of last level (16 ways), lines of 64 bytes.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread::{self, available_parallelism};

use serde_json::{Value, json};

use crate::Bench;
use crate::command;
use crate::subject::{Rate, Subject};

const OPERATIONS: u64 = 20_000;
const CACHES: [&str; 3] = ["--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64"];

/// A loop, or one function of it.
#[derive(Clone, Copy)]
struct Cell {
    name: &'static str,
    function: Option<&'static str>,
    rate: Rate,
}

/// What one run came to.
struct Counted {
    record: Value,
    counts: callgrind::Counts,
}

/// All of them; runs do not disturb each other's counts, so there are as many at a time as cores.
pub fn measure(bench: &Bench) -> Result<Vec<Value>, String> {
    callgrind::version()?;
    let work: Mutex<VecDeque<(usize, &Subject, Cell)>> = Mutex::new(jobs(bench));
    let found = Mutex::new(Vec::new());
    let take = || work.lock().ok()?.pop_front();
    let worker = || -> Result<(), String> {
        while let Some((place, subject, cell)) = take() {
            let measurement = count(bench, subject, cell)?;
            if let Ok(mut found) = found.lock() {
                found.push((place, measurement));
            }
        }
        Ok(())
    };
    let workers = available_parallelism().map_or(1, |cores| cores.get());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().try_for_each(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err("a thread ended before its time".into()))
        })
    })?;
    let mut found = found.into_inner().map_err(|error| error.to_string())?;
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, value)| value).collect())
}

fn jobs(bench: &Bench) -> VecDeque<(usize, &Subject, Cell)> {
    let cell = |name, function, rate| Cell {
        name,
        function,
        rate,
    };
    let mut cells: Vec<Cell> = ["tight", "window", "batch", "mixed", "realloc"]
        .map(|name| cell(name, None, Rate::Usual))
        .to_vec();
    for rate in [Rate::Nothing, Rate::Often] {
        for function in ["allocate_batch", "free_batch"] {
            cells.push(cell("batch", Some(function), rate));
        }
    }
    let mut jobs = VecDeque::new();
    for subject in &bench.subjects {
        // heaptrack follows stacks, at a cost that callgrind multiplies by its own; it is timed only.
        if subject.name == "heaptrack" {
            continue;
        }
        for cell in &cells {
            // What does not sample is the same at any rate.
            if cell.rate != Rate::Often || subject.samples() {
                jobs.push_back((jobs.len(), subject, *cell));
            }
        }
    }
    jobs
}

fn count(bench: &Bench, subject: &Subject, cell: Cell) -> Result<Value, String> {
    // Whole batches, so that the halves of all are the same.
    let operations = bench.operations(OPERATIONS).div_ceil(10_000) * 10_000;
    let [once, twice] = [operations, 2 * operations]
        .map(|operations| counts_of_run(bench, subject, cell, operations));
    let (once, twice) = (once?, twice?);
    let each = |before: u64, after: u64| (after as f64 - before as f64) / operations as f64;
    let mut measurement = subject.describe();
    measurement["loop"] = json!(match cell.function {
        Some("allocate_batch") => "malloc",
        Some(_) => "free",
        None => cell.name,
    });
    measurement["rate"] = json!(match cell.rate {
        Rate::Usual => "usual",
        Rate::Nothing => "nothing",
        Rate::Often => "often",
    });
    measurement["instructions"] = json!(each(once.counts.instructions, twice.counts.instructions));
    measurement["misses_d1"] = json!(each(once.counts.misses_d1, twice.counts.misses_d1));
    // Without truth allocations are not counted; operations are.
    let sampled = [&once, &twice].map(|counted| counted.record["sampled_allocs"].as_u64());
    measurement["sampled_share"] = match sampled {
        [Some(before), Some(after)] => json!(each(before, after)),
        _ => Value::Null,
    };
    measurement["misses_last"] = json!(each(once.counts.misses_last, twice.counts.misses_last));
    Ok(measurement)
}

fn counts_of_run(
    bench: &Bench,
    subject: &Subject,
    cell: Cell,
    operations: u64,
) -> Result<Counted, String> {
    let (mut command, records) = command::prepare(bench, subject, cell.rate, callgrind::PROGRAM)?;
    command
        .args(callgrind::ARGUMENTS)
        .arg("--cache-sim=yes")
        .args(CACHES);
    if let Some(function) = cell.function {
        command.arg(format!("--toggle-collect=*{function}*"));
    }
    command
        .arg(&bench.loops)
        .arg(cell.name)
        .args(["--operations", &operations.to_string()])
        // The same draws in both runs.
        .env("SAMPLER_SEED", "1");
    let output = command
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    command::check(&output, &command, subject)?;
    let record = records.read(subject)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let counts = callgrind::counts(&text).first().copied();
    let counts = counts.ok_or_else(|| {
        format!(
            "callgrind on {} under {}: found no counts after 'Collected :'",
            cell.name, subject.name
        )
    })?;
    Ok(Counted { record, counts })
}
