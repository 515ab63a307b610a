//! What a tracking takes in memory: the process beside that under `NONE`, and the bytes of headers and tables.

use crate::measures::{Measures, Part};
use crate::run::{Run, Runs};
use crate::schemes::{MONOTONIC, NONE, REUSE, SCHEMES, Scheme, Tracking, live_cells};
use crate::spread::Spread;

const HEADER_BYTES: f64 = 16.0;

/// Largest resident set.
pub const PEAK_RSS: &str = "peak_rss_bytes";
/// It, over that of the `NONE` run of the same number.
pub const OVER_NONE: &str = "peak_rss_over_none";
/// How much more it is than that of `NONE`, over all blocks.
pub const MORE: &str = "more_than_none_bytes";
/// The same of one block.
pub const MORE_PER_BLOCK: &str = "more_than_none_bytes_per_block";
/// Headers of blocks that are alive.
pub const HEADERS: &str = "header_bytes";
/// The table of addresses, as mapped.
pub const TABLE: &str = "table_bytes";

/// Adds the rows of all cells that were run, and of the workloads with a million allocations.
pub fn measure(runs: &Runs, measures: &mut Measures) {
    for scheme in &SCHEMES {
        for cell in live_cells() {
            measure_path(runs, &cell.workload, Some(cell.blocks), scheme, measures);
        }
        for workload in [MONOTONIC, REUSE] {
            measure_path(runs, workload, None, scheme, measures);
        }
    }
}

/// `live_blocks` is `None` where the number changes while the workload runs.
fn measure_path(
    runs: &Runs,
    workload: &str,
    live_blocks: Option<u64>,
    scheme: &Scheme,
    measures: &mut Measures,
) {
    let path = runs.of(workload, scheme.name);
    let none = runs.of(workload, NONE);
    let mut add = |metric, unit, values: Vec<f64>| {
        let place = (Part::Memory, workload, scheme.name);
        measures.add(place, (metric, unit), Spread::of(&values));
    };
    add(
        PEAK_RSS,
        "bytes",
        path.iter().filter_map(|run| run.peak_rss_bytes).collect(),
    );
    if scheme.name == NONE {
        return;
    }
    let pairs: Vec<(f64, f64)> = path
        .iter()
        .filter_map(|run| {
            let same = none.iter().find(|none| none.number == run.number)?;
            Some((run.peak_rss_bytes?, same.peak_rss_bytes?))
        })
        .collect();
    let more = |blocks: f64| -> Vec<f64> {
        pairs
            .iter()
            .map(|(own, none)| (own - none) / blocks)
            .collect()
    };
    add(
        OVER_NONE,
        "ratio",
        pairs.iter().map(|(own, none)| own / none).collect(),
    );
    add(MORE, "bytes", more(1.0));
    if let Some(blocks) = live_blocks {
        add(MORE_PER_BLOCK, "bytes", more(blocks as f64));
    }
    add(
        HEADERS,
        "bytes",
        path.iter()
            .filter_map(|run| header_bytes(run, scheme))
            .collect(),
    );
    let table = |run: &Run| run.record.table_bytes.map_or(0.0, |bytes| bytes as f64);
    add(TABLE, "bytes", path.iter().map(table).collect());
}

/// Of the blocks that are alive at the end. Where the address decides, every block has room for a header.
fn header_bytes(run: &Run, scheme: &Scheme) -> Option<f64> {
    let record = &run.record;
    let live =
        |allocs: Option<u64>, frees: Option<u64>| Some(allocs?.saturating_sub(frees?) as f64);
    let headers = match scheme.tracking {
        Tracking::AllHeaders => live(record.total_allocs, record.total_frees)?,
        _ if record.has_unused_headers => live(record.total_allocs, record.total_frees)?,
        Tracking::SampleHeaders | Tracking::SampleMap => {
            live(record.sampled_allocs, record.sampled_frees)?
        }
        Tracking::Stateless | Tracking::None => 0.0,
    };
    Some(headers * HEADER_BYTES)
}
