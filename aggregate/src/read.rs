//! What is kept of one run file, which `run-file` has read and checked: its JSON would be ten times as large.

use run_file::Hex;
use serde::Deserialize;

use crate::run::{GroundTruth, Identity, Process, Run, Totals};

/// Reduces a run to its numbers.
pub fn reduced(run: &run_file::Run) -> Result<Run, String> {
    let (truth, server_cpu_ns) = read_ground_truth(run)?;
    let own_cpu_ns = u128::from(run.user_ns) + u128::from(run.system_ns);
    Ok(Run {
        origin: run.origin(),
        identity: Identity {
            set: run.set.clone(),
            workload: run.workload.clone(),
            scheme: run.scheme,
            run: run.run,
        },
        wall_ns: run.wall_ns,
        cpu_ns: server_cpu_ns.map_or(own_cpu_ns, u128::from),
        peak_rss_bytes: run.peak_rss_bytes.0,
        truth,
        losses: run.losses.clone(),
        totals: Totals::of(&run.processes),
        processes: run.processes.iter().map(Process::of).collect(),
    })
}

/// What a workload prints of the blocks that it asked for.
#[derive(Deserialize)]
struct Blocks {
    #[serde(rename = "workload")]
    _workload: String,
    #[serde(rename = "seed")]
    _seed: Hex,
    allocs: u64,
    bytes: u64,
    frees: u64,
    freed_bytes: u64,
    leaked_blocks: u64,
    leaked_bytes: u64,
    elapsed_ns: u64,
}

/// What the driver of a real program prints.
#[derive(Deserialize)]
struct Driven {
    #[serde(rename = "workload")]
    _workload: String,
    server_cpu_ns: u64,
    #[serde(rename = "unit")]
    _unit: String,
    #[serde(rename = "units")]
    _units: u64,
    #[serde(rename = "verified")]
    _verified: u64,
}

/// The blocks of a workload; or, of a real program under load, the processor time of what is measured alone: the run's own has
/// the load in it.
fn read_ground_truth(run: &run_file::Run) -> Result<(Option<GroundTruth>, Option<u64>), String> {
    let Some(printed) = &run.ground_truth.0 else {
        return Ok((None, None));
    };
    if printed.get("server_cpu_ns").is_some() {
        let driven: Driven = run.ground_truth()?;
        return Ok((None, Some(driven.server_cpu_ns)));
    }
    let blocks: Blocks = run.ground_truth()?;
    let counts = [
        blocks.allocs,
        blocks.bytes,
        blocks.frees,
        blocks.freed_bytes,
        blocks.leaked_blocks,
        blocks.leaked_bytes,
        blocks.elapsed_ns,
    ];
    Ok((Some(GroundTruth(counts)), None))
}
