//! What a scheme says of frees, over what is true.
//!
//! The workload `bench-frees` frees all blocks of some size bins and none of the others, so the samples in these bins are those
//! that were freed: the scheme's account of allocations is the truth for its account of frees. Around the workload the runtime
//! allocates a few blocks. Those in the same bins are the difference of the record's total and the workload's; they may be alive.
//! Those elsewhere may be freed. Both are counted, so the truth is a range of a few blocks at most, and exact is what lies in it.

use crate::measures::{Measures, Part};
use crate::run::{Bin, Run, Runs};
use crate::schemes::{FREES, sampling};
use crate::spread::Spread;

/// Sampled frees reported (or estimated) over true ones.
pub const FREES_OVER_TRUE: &str = "frees_reported_over_true";
/// Their bytes, reported over true.
pub const BYTES_OVER_TRUE: &str = "freed_bytes_reported_over_true";
/// By how many frees the report lies outside of what can be true.
pub const MISCOUNTED: &str = "frees_miscounted";
/// True sampled frees of a run.
pub const TRUE_FREES: &str = "true_sampled_frees";
/// The estimate's error over its own standard deviation.
pub const SIGMAS: &str = "frees_estimate_error_sigmas";

/// The bin of blocks that leak: of these none is freed.
const LEAKED_BIN: &str = "1025-4096";

/// Adds the rows of all workloads.
pub fn measure(runs: &Runs, measures: &mut Measures) -> Result<(), String> {
    for (workload, _) in FREES {
        for scheme in sampling() {
            let path = runs.of(workload, scheme.name);
            let accounts: Result<Vec<Account>, String> = path
                .iter()
                .map(|run| {
                    account(run).map_err(|error| {
                        format!("{workload}/{}/run {}: {error}", scheme.name, run.number)
                    })
                })
                .collect();
            let accounts = accounts?;
            let mut add = |metric, unit, value: fn(&Account) -> Option<f64>| {
                let values: Vec<f64> = accounts.iter().filter_map(value).collect();
                let place = (Part::Frees, workload, scheme.name);
                measures.add(place, (metric, unit), Spread::of(&values));
            };
            add(TRUE_FREES, "frees", |account| Some(account.truth));
            add(FREES_OVER_TRUE, "ratio", |account| {
                Some(account.reported? / account.truth)
            });
            add(MISCOUNTED, "frees", |account| account.miscounted);
            add(BYTES_OVER_TRUE, "ratio", |account| account.bytes_over_true);
            add(SIGMAS, "standard deviations", |account| account.sigmas);
        }
    }
    Ok(())
}

/// One run's frees.
struct Account {
    /// Sampled frees that there were.
    truth: f64,
    /// Those reported or estimated; `None` without a true one to compare with.
    reported: Option<f64>,
    miscounted: Option<f64>,
    bytes_over_true: Option<f64>,
    sigmas: Option<f64>,
}

fn account(run: &Run) -> Result<Account, String> {
    let (truth, record) = (&run.truth, &run.record);
    let freed_bins = truth
        .freed_bins
        .as_ref()
        .ok_or("ground_truth: found no freed_bins, expected them of bench-frees")?;
    let sum = |within: &dyn Fn(&Bin) -> bool, count: fn(&Bin) -> Option<u64>| {
        let bins = record.bins.iter().filter(|bin| within(bin));
        let counts: Option<Vec<u64>> = bins.map(count).collect();
        counts
            .map(|counts| counts.iter().sum::<u64>() as f64)
            .ok_or("size_bins: found null, expected counts of a scheme that samples")
    };
    let freed = |bin: &Bin| freed_bins.contains(&bin.name);
    let elsewhere = |bin: &Bin| !freed_bins.contains(&bin.name) && bin.name != LEAKED_BIN;
    let true_frees = sum(&freed, |bin| bin.sampled_allocs)?;
    let true_bytes = sum(&freed, |bin| bin.sampled_bytes)?;
    let strangers_within = sum(&freed, |bin| bin.total_allocs)? - truth.frees as f64;
    let strangers_elsewhere = sum(&elsewhere, |bin| bin.sampled_allocs)?;
    if strangers_within < 0.0 {
        return Err(format!(
            "size_bins: found {} allocations fewer than the workload freed, expected at least these",
            -strangers_within
        ));
    }
    let outside = |reported: f64| {
        let (low, high) = (
            true_frees - strangers_within,
            true_frees + strangers_elsewhere,
        );
        reported - reported.clamp(low, high)
    };
    let exact = record.sampled_frees.map(|frees| frees as f64);
    let some_true = Some(true_frees).filter(|&frees| frees > 0.0);
    Ok(Account {
        truth: true_frees,
        reported: some_true.and(exact.or(record.frees_estimate.map(|(estimate, _)| estimate))),
        miscounted: exact.map(outside),
        bytes_over_true: record
            .sampled_bytes_freed
            .filter(|_| true_bytes > 0.0)
            .map(|bytes| bytes as f64 / true_bytes),
        sigmas: record
            .frees_estimate
            .filter(|&(_, variance)| variance > 0.0)
            .map(|(estimate, variance)| (estimate - true_frees) / variance.sqrt()),
    })
}
