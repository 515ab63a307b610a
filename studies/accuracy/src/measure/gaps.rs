//! Gaps between samples in the scheme's own clock, against their ideal, on the first exact gaps of each run.
//!
//! Each gap becomes a number that is uniform on (0, 1) under an ideal sampler (`statistics::gaps`), the unfinished ones too. One test asks whether they are uniform, one
//! whether neighbours go together; over all cells the p-values are adjusted by Holm's method.

use statistics::comparisons::holm;
use statistics::gaps::{Uniforms, kolmogorov_smirnov, lag1};

use crate::paths::{Cell, Workload};
use crate::rows::{Number, Place, Rows};
use crate::run::GapSample;
use crate::schemes::Decision;

pub const GAPS: &str = "gaps";
pub const DISTANCE: &str = "gap_distance";
pub const LAG1: &str = "gap_lag1";
/// Adjusted p-values.
pub const DISTANCE_P: &str = "gap_distance_p_holm";
pub const LAG1_P: &str = "gap_lag1_p_holm";
/// Share of the uniform numbers up to a tenth of the way: of an ideal sampler that tenth. The bin says which.
pub const CUMULATED: &str = "gap_cumulated";

/// The same draws in every report.
const SEED: u64 = 0x6A95;

/// The two tests of every cell that has gaps enough.
pub fn measure(workloads: &[Workload], place: impl Fn(&Workload, &Cell) -> Place, rows: &mut Rows) {
    let mut tests: Vec<(Place, &str, f64)> = Vec::new();
    for workload in workloads {
        for cell in &workload.cells {
            let place = place(workload, cell);
            let sequences = sequences(cell);
            let all: Vec<f64> = sequences.iter().flatten().copied().collect();
            let Some(distance) = kolmogorov_smirnov(&all) else {
                continue;
            };
            let n = cell.runs.len();
            let number = |value| {
                Some(Number {
                    value,
                    interval: None,
                    n,
                })
            };
            rows.add(&place, "", GAPS, "", number(all.len() as f64));
            rows.add(&place, "", DISTANCE, "", number(distance.distance));
            tests.push((place.clone(), DISTANCE_P, distance.p_value));
            if let Some(lag1) = lag1(sequences.iter().map(Vec::as_slice)) {
                rows.add(&place, "", LAG1, "", number(lag1.correlation));
                tests.push((place.clone(), LAG1_P, lag1.p_value));
            }
            for tenth in 1..10 {
                let limit = f64::from(tenth) / 10.0;
                let share = all.iter().filter(|u| **u <= limit).count() as f64 / all.len() as f64;
                rows.add(&place, "", CUMULATED, &format!("{limit}"), number(share));
            }
        }
    }
    let adjusted = holm(&tests.iter().map(|(.., p)| *p).collect::<Vec<f64>>());
    for ((place, metric, _), p) in tests.iter().zip(adjusted) {
        rows.add(
            place,
            "",
            *metric,
            "",
            Some(Number {
                value: p,
                interval: None,
                n: 1,
            }),
        );
    }
}

/// One a slot and clock.
fn sequences(cell: &Cell) -> Vec<Vec<f64>> {
    let mut uniforms = Uniforms::new(SEED);
    let samples = cell.runs.iter().flat_map(|run| &run.gaps);
    samples
        .filter_map(|sample| sequence(cell, sample, &mut uniforms))
        .collect()
}

/// `None` where the scheme has no such clock.
fn sequence(cell: &Cell, sample: &GapSample, uniforms: &mut Uniforms) -> Option<Vec<f64>> {
    let decision = cell.scheme.decision;
    if sample.in_bytes {
        let mean = cell.design.mean_bytes.filter(|mean| *mean > 0)? as f64;
        let mut sequence: Vec<f64> = sample
            .gaps
            .iter()
            .map(|(gap, size)| uniforms.bytes(*gap, *size, mean))
            .collect();
        sequence.extend(
            sample
                .unfinished
                .map(|gap| uniforms.unfinished_bytes(gap, mean)),
        );
        return Some(sequence);
    }
    if decision == Decision::PoissonBytes {
        return None;
    }
    let p = cell.design.probability(decision, f64::INFINITY);
    let mut sequence: Vec<f64> = sample
        .gaps
        .iter()
        .map(|(gap, _)| uniforms.allocs(*gap, p))
        .collect();
    sequence.extend(
        sample
            .unfinished
            .map(|gap| uniforms.unfinished_allocs(gap, p)),
    );
    Some(sequence)
}
