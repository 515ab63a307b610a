//! What live blocks take in memory, and what the library takes beside them: resident bytes, exact to a page.

use serde_json::{Value, json};

use crate::Bench;
use crate::command;
use crate::subject::Rate;

const BLOCKS: u64 = 1_000_000;
const SIZES_BYTES: [u64; 4] = [16, 64, 256, 4096];
/// A subject may take this much over the size of a block: heaptrack the most.
const OVER_BYTES: u64 = 256;

/// All cells that fit into half of the available memory, and a line for each that does not.
pub fn measure(bench: &Bench) -> Result<(Vec<Value>, Vec<String>), String> {
    let mut measurements = Vec::new();
    let mut skipped = Vec::new();
    for size_bytes in SIZES_BYTES {
        let blocks = bench.operations(BLOCKS);
        let (needed, available) = (blocks * (size_bytes + OVER_BYTES), available_bytes()?);
        if needed > available / 2 {
            skipped.push(format!(
                "{blocks} live blocks of {size_bytes} B need {} MB, over half of the available {} MB",
                needed / 1_000_000,
                available / 1_000_000
            ));
            continue;
        }
        for subject in bench.in_order() {
            let (mut command, records) =
                command::prepare(bench, subject, Rate::Usual, &bench.loops)?;
            command
                .arg("live")
                .args(["--operations", &blocks.to_string()])
                .args(["--size-bytes", &size_bytes.to_string()]);
            let measured = command::run(command, &records, subject)?;
            let numbers: Value = serde_json::from_slice(&measured.stdout)
                .map_err(|error| format!("bench-loops live: {error}"))?;
            let mut measurement = subject.describe();
            measurement["loop"] = json!("live");
            measurement["numbers"] = numbers;
            measurement["record"] = measured.record;
            measurements.push(measurement);
        }
    }
    Ok((measurements, skipped))
}

fn available_bytes() -> Result<u64, String> {
    const FILE: &str = "/proc/meminfo";
    let text = std::fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let kib = kib.ok_or_else(|| format!("{FILE}: no line 'MemAvailable: N kB'"))?;
    Ok(kib * 1024)
}
