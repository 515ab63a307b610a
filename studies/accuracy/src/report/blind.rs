//! The tables of what is not seen: leaks, dead zones, gaps.

use std::collections::BTreeMap;

use crate::layout::{item, number, p_value, percent, percent_alone, plain, table};
use crate::measure::dead_zones::{DESIGN, FACTORS, RATE, YARDSTICK};
use crate::measure::gaps::{DISTANCE, DISTANCE_P, GAPS, LAG1, LAG1_P};
use crate::measure::leaks::{BIAS, BLOCKS, CLOSED_FORM, RMSE, SEEN, SIZE_BYTES, WORKLOADS};
use crate::report::Data;
use crate::report::estimates::title;
use crate::rows::HORVITZ_THOMPSON;
use crate::schemes::SCHEMES;

/// A table a size and scheme order: how many leaked blocks must there be?
pub fn leaks(data: &Data) -> String {
    let mut text = item(
        "seen: runs in which at least one of the leaked blocks was sampled; closed form: 1 - exp(-k size/mean) where gaps in bytes decide, 1 - (1-p)^k where addresses or draws do; of pages 1 - (1-p)^pages, from as few pages as the blocks fit into to one each. The mean gap is that of the workload, which differs with what it leaks. Error: of the estimated bytes of the leak.",
    );
    // By size, scheme and number of blocks: both first ones in the order of the report.
    let mut found: BTreeMap<(u64, usize, u64), Vec<String>> = BTreeMap::new();
    for workload in data
        .workloads
        .iter()
        .filter(|it| it.name.starts_with(WORKLOADS))
    {
        for cell in &workload.cells {
            let place = data.place(workload, cell);
            for (bin, ..) in &workload.budget.live_by_bin {
                let of = |estimator, metric| data.rows.of_bin(&place, estimator, metric, bin);
                let Some((blocks, size)) = of("", BLOCKS).zip(of("", SIZE_BYTES)) else {
                    continue;
                };
                let rank = SCHEMES
                    .iter()
                    .position(|scheme| scheme.name == cell.scheme.name);
                let key = (size.value as u64, rank.unwrap_or(0), blocks.value as u64);
                let row = vec![
                    cell.scheme.name.to_string(),
                    number(size.value),
                    number(blocks.value),
                    cell.runs.len().to_string(),
                    percent(of("", SEEN)),
                    percent(of("", CLOSED_FORM)),
                    percent(of(HORVITZ_THOMPSON, BIAS)),
                    percent(of(HORVITZ_THOMPSON, RMSE)),
                ];
                found.insert(key, row);
            }
        }
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let sizes: Vec<u64> = found.keys().map(|key| key.0).collect();
    for (key, row) in found {
        // The one block that the runtime never frees has the same size in all workloads and is no leak of theirs.
        let is_curve = sizes.iter().filter(|size| **size == key.0).count() > SCHEMES.len();
        if is_curve {
            rows.push(row);
        }
    }
    let header = [
        "scheme",
        "size, B",
        "leaked blocks",
        "n",
        "seen, %",
        "closed form, %",
        "bias, %",
        "RMSE, %",
    ];
    text.push_str(&table(
        "Leaked blocks of one size, all schemes",
        &header,
        rows,
    ));
    text
}

/// A table a workload, three scales across.
pub fn dead_zones(data: &Data) -> String {
    let mut text = item(
        "Finished windows without a sample, in percent of all finished windows of all runs. design: the mean over windows of the product of 1-p, which knows what each window asked for; for hashes, whose keys repeat, only a yardstick. independent: a sampler that takes each allocation with the same probability, 1/256 of all; no null, since a byte sampler is meant to leave windows of small blocks alone. Threads' windows are not those of the counting run, so they have no design.",
    );
    for workload in data.workloads.iter().filter(|it| it.set == super::MAIN_SET) {
        let mut rows = Vec::new();
        for cell in &workload.cells {
            for (scale, factor) in FACTORS.iter().enumerate() {
                let of = |metric| data.of(workload, cell, "", metric);
                let Some(found) = of(RATE[scale]) else {
                    continue;
                };
                rows.push(vec![
                    cell.scheme.name.to_string(),
                    (workload.budget.window_base * factor).to_string(),
                    found.n.to_string(),
                    percent(Some(found)),
                    percent_alone(of(DESIGN[scale])),
                    percent_alone(of(YARDSTICK[scale])),
                ]);
            }
        }
        let header = [
            "scheme",
            "window, allocs",
            "n",
            "dead, %",
            "design, %",
            "independent, %",
        ];
        text.push_str(&table(&title(workload), &header, rows));
    }
    text
}

/// One table.
pub fn gaps(data: &Data) -> String {
    let mut text = item(
        "Each gap in the scheme's own clock (bytes, or allocations) becomes a number that is uniform on (0, 1) under an ideal sampler, whatever the sizes. distance: Kolmogorov and Smirnov's; lag 1: correlation of neighbours. p-values are adjusted by Holm's method over all cells and both tests: below 0.05 the gaps are not those of an ideal sampler. Up to 16 gaps a slot and clock, from the start of each run.",
    );
    let mut rows = Vec::new();
    for workload in data.workloads {
        for cell in &workload.cells {
            let of = |metric| data.of(workload, cell, "", metric);
            let Some(gaps) = of(GAPS) else { continue };
            rows.push(vec![
                format!("{}/{}", workload.set, workload.name),
                cell.scheme.name.to_string(),
                gaps.n.to_string(),
                plain(Some(gaps)),
                plain(of(DISTANCE)),
                p_value(of(DISTANCE_P)),
                plain(of(LAG1)),
                p_value(of(LAG1_P)),
            ]);
        }
    }
    let header = [
        "workload", "scheme", "n", "gaps", "distance", "p", "lag 1", "p",
    ];
    text.push_str(&table("All cells", &header, rows));
    text
}
