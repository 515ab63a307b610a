//! One round of the timed loops: every loop under every subject.

use std::thread::available_parallelism;

use serde_json::{Value, json};

use crate::Bench;
use crate::command;
use crate::subject::{Library, Rate, Subject};

/// Loops with their operations on one thread: some 30 ms each under plain glibc.
const LOOPS: [(&str, u64); 6] = [
    ("tight", 2_000_000),
    ("window", 1_000_000),
    ("batch", 500_000),
    ("mixed", 300_000),
    ("realloc", 1_000_000),
    ("cross", 300_000),
];

/// A slow subject gets fewer operations, not more time.
const HEAPTRACK_SHARE: u64 = 20;

/// A loop under threads and a rate.
struct Cell {
    name: &'static str,
    operations: u64,
    threads: u64,
    rate: Rate,
}

/// All measurements of a round.
pub fn measure(bench: &Bench) -> Result<Vec<Value>, String> {
    let mut measurements = Vec::new();
    for cell in cells() {
        for subject in bench.in_order() {
            // What is not sampled cannot be sampled at another rate.
            if cell.rate == Rate::Usual || subject.samples() {
                measurements.push(time(bench, subject, &cell)?);
            }
        }
    }
    Ok(measurements)
}

fn cells() -> Vec<Cell> {
    let cores = available_parallelism().map_or(1, |cores| cores.get() as u64);
    let mut cells = Vec::new();
    let mut add = |name, operations, threads, rate| {
        cells.push(Cell {
            name,
            operations,
            threads,
            rate,
        })
    };
    for (name, operations) in LOOPS {
        match name {
            "cross" => add(name, operations, 2, Rate::Usual),
            _ => add(name, operations, 1, Rate::Usual),
        }
        if name == "window" || name == "batch" {
            add(name, operations, 1, Rate::Often);
        }
        if name == "batch" {
            add(name, operations, 1, Rate::Nothing);
        }
        if name == "window" {
            add(name, operations, 2, Rate::Usual);
        }
        if name == "window" && cores > 2 {
            add(name, operations, cores, Rate::Usual);
        }
    }
    cells
}

fn time(bench: &Bench, subject: &Subject, cell: &Cell) -> Result<Value, String> {
    let mut operations = bench.operations(cell.operations);
    if subject.name == "heaptrack" {
        operations = (operations / HEAPTRACK_SHARE).max(1);
    }
    let (mut command, records) = command::prepare(bench, subject, cell.rate, &bench.loops)?;
    command
        .arg(cell.name)
        .args(["--operations", &operations.to_string()])
        .args(["--threads", &cell.threads.to_string()]);
    let measured = command::run(command, &records, subject)?;
    let numbers: Value = serde_json::from_slice(&measured.stdout)
        .map_err(|error| format!("bench-loops {}: {error}", cell.name))?;
    require_calls(subject, cell, operations, &measured.record)?;
    let mut measurement = subject.describe();
    measurement["loop"] = json!(cell.name);
    measurement["rate"] = json!(match cell.rate {
        Rate::Usual => "usual",
        Rate::Nothing => "nothing",
        Rate::Often => "often",
    });
    measurement["operations"] = json!(operations);
    measurement["threads"] = numbers["threads"].clone();
    measurement["record"] = measured.record;
    Ok(measurement)
}

/// The library must have seen at least the loop's own calls, or what was timed is something else.
fn require_calls(
    subject: &Subject,
    cell: &Cell,
    operations: u64,
    record: &Value,
) -> Result<(), String> {
    let Library::Ours(_) = subject.library else {
        return Ok(());
    };
    let Some(counted) = record["total_allocs"].as_u64() else {
        return Ok(());
    };
    // In the exchange half of the threads allocate; of the growing block a call in twenty is a free.
    let expected = match cell.name {
        "cross" => operations * cell.threads / 2,
        "realloc" => operations * cell.threads / 2,
        _ => operations * cell.threads,
    };
    if counted >= expected {
        return Ok(());
    }
    Err(format!(
        "{} on {}: the record has {counted} allocations, expected at least {expected}",
        subject.name, cell.name
    ))
}
