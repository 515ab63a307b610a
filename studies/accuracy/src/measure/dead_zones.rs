//! Windows without a sample, against what the scheme's own design leads one to expect, and against an independent sampler of the same rate.

use statistics::closed_forms;

use crate::budget::SCALES;
use crate::over_runs;
use crate::paths::{Cell, Workload};
use crate::rows::{Number, Place, Rows};

/// By scale: 1, 10 and 100 base windows.
pub const RATE: [&str; SCALES] = ["dead_zones_1x", "dead_zones_10x", "dead_zones_100x"];
pub const DESIGN: [&str; SCALES] = [
    "dead_zones_design_1x",
    "dead_zones_design_10x",
    "dead_zones_design_100x",
];
pub const YARDSTICK: [&str; SCALES] = [
    "dead_zones_independent_1x",
    "dead_zones_independent_10x",
    "dead_zones_independent_100x",
];
pub const FACTORS: [u64; SCALES] = [1, 10, 100];

/// Adds the rows of a cell, for the scales at which a window finished.
pub fn measure(workload: &Workload, cell: &Cell, place: &Place, rows: &mut Rows) {
    for scale in 0..SCALES {
        let windows: Vec<(f64, f64)> = cell
            .runs
            .iter()
            .map(|run| run.windows[scale])
            .map(|(finished, dead)| (dead, finished))
            .collect();
        if windows.iter().all(|(_, finished)| *finished == 0.0) {
            continue;
        }
        let allocs = (workload.budget.window_base * FACTORS[scale]) as f64;
        let unsampled = 1.0 - closed_forms::sees_keys(allocs, cell.design.expected_rate_allocs);
        let mut add = |metric, number| rows.add(place, "", metric, "", number);
        add(RATE[scale], over_runs::ratio(&windows));
        add(
            DESIGN[scale],
            cell.design.dead_zones[scale].map(Number::exact),
        );
        add(YARDSTICK[scale], Some(Number::exact(unsampled)));
    }
}
