//! What is said of a run: the one list of metrics, for runs.csv, the summaries and the report alike.
//!
//! A rate is a ratio of sums over the run's processes. `None` is "not measured" or "has no value" (a rate over nothing).

use crate::run::{Count, Run, Window};

/// One number a run.
pub struct Metric {
    /// Its name in tables.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: &'static str,
    value: fn(&Run, Option<&Run>) -> Option<f64>,
}

/// The unit of metrics that are yes or no, and whose mean is a share of runs.
pub const YES_OR_NO: &str = "0/1";

impl Metric {
    /// The metric's value; `none_run` is the `NONE` run that costs are compared with.
    pub fn of(&self, run: &Run, none_run: Option<&Run>) -> Option<f64> {
        (self.value)(run, none_run)
    }
}

const fn metric(
    name: &'static str,
    unit: &'static str,
    value: fn(&Run, Option<&Run>) -> Option<f64>,
) -> Metric {
    Metric { name, unit, value }
}

/// All metrics, in the order of the tables.
pub static METRICS: [Metric; 40] = [
    metric("sample_rate_allocs", "ratio", |run, _| {
        rate(run, Count::SampledAllocs, Count::TotalAllocs)
    }),
    metric("sample_rate_bytes", "ratio", |run, _| {
        rate(run, Count::SampledBytesAlloc, Count::TotalBytesAlloc)
    }),
    metric("run_without_samples", YES_OR_NO, |run, _| {
        run_without_samples(run)
    }),
    metric("total_allocs", "allocations", |run, _| {
        count(run, Count::TotalAllocs)
    }),
    metric("sampled_allocs", "allocations", |run, _| {
        count(run, Count::SampledAllocs)
    }),
    metric("total_bytes_alloc", "bytes", |run, _| {
        count(run, Count::TotalBytesAlloc)
    }),
    metric("sampled_bytes_alloc", "bytes", |run, _| {
        count(run, Count::SampledBytesAlloc)
    }),
    metric("dead_zone_rate_1x", "ratio", |run, _| {
        dead_zone_rate(run, 0)
    }),
    metric("dead_zone_rate_10x", "ratio", |run, _| {
        dead_zone_rate(run, 1)
    }),
    metric("dead_zone_rate_100x", "ratio", |run, _| {
        dead_zone_rate(run, 2)
    }),
    metric("windows_finished_1x", "windows", |run, _| {
        window(run, 0, |window| window.total)
    }),
    metric("windows_finished_10x", "windows", |run, _| {
        window(run, 1, |window| window.total)
    }),
    metric("windows_finished_100x", "windows", |run, _| {
        window(run, 2, |window| window.total)
    }),
    metric("window_remainder_allocs_1x", "allocations", |run, _| {
        window(run, 0, |window| window.remainder_allocs)
    }),
    metric("window_remainder_allocs_10x", "allocations", |run, _| {
        window(run, 1, |window| window.remainder_allocs)
    }),
    metric("window_remainder_allocs_100x", "allocations", |run, _| {
        window(run, 2, |window| window.remainder_allocs)
    }),
    metric("gap_allocs_p50_upper", "allocations", |run, _| {
        run.totals.gaps_allocs.as_ref()?.percentile_upper(50)
    }),
    metric("gap_allocs_p95_upper", "allocations", |run, _| {
        run.totals.gaps_allocs.as_ref()?.percentile_upper(95)
    }),
    metric("gap_allocs_p99_upper", "allocations", |run, _| {
        run.totals.gaps_allocs.as_ref()?.percentile_upper(99)
    }),
    metric("gap_allocs_mean", "allocations", |run, _| {
        run.totals.gaps_allocs.as_ref()?.mean()
    }),
    metric("gap_allocs_max", "allocations", |run, _| {
        run.totals.gaps_allocs.as_ref()?.largest()
    }),
    metric("gap_bytes_p50_upper", "bytes", |run, _| {
        run.totals.gaps_bytes.as_ref()?.percentile_upper(50)
    }),
    metric("gap_bytes_p95_upper", "bytes", |run, _| {
        run.totals.gaps_bytes.as_ref()?.percentile_upper(95)
    }),
    metric("gap_bytes_p99_upper", "bytes", |run, _| {
        run.totals.gaps_bytes.as_ref()?.percentile_upper(99)
    }),
    metric("gap_bytes_mean", "bytes", |run, _| {
        run.totals.gaps_bytes.as_ref()?.mean()
    }),
    metric("gap_bytes_max", "bytes", |run, _| {
        run.totals.gaps_bytes.as_ref()?.largest()
    }),
    metric("unique_pages", "pages", |run, _| {
        Some(run.totals.unique_pages? as f64)
    }),
    metric("sampled_pages", "pages", |run, _| {
        Some(run.totals.sampled_pages? as f64)
    }),
    metric("page_coverage", "ratio", |run, _| {
        ratio(run.totals.sampled_pages?, run.totals.unique_pages?)
    }),
    metric("sampled_frees", "frees", |run, _| {
        count(run, Count::SampledFrees)
    }),
    metric("sampled_bytes_freed", "bytes", |run, _| {
        count(run, Count::SampledBytesFreed)
    }),
    metric("sampled_live_allocs", "allocations", |run, _| {
        Some(count(run, Count::SampledAllocs)? - count(run, Count::SampledFrees)?)
    }),
    metric("wall_s", "seconds", |run, _| Some(run.wall_ns as f64 / 1e9)),
    metric("cpu_s", "seconds", |run, _| Some(run.cpu_ns as f64 / 1e9)),
    metric("peak_rss_bytes", "bytes", |run, _| {
        Some(run.peak_rss_bytes? as f64)
    }),
    metric("wall_ratio_to_none", "ratio", |run, none| {
        ratio(run.wall_ns.into(), none?.wall_ns.into())
    }),
    metric("cpu_ratio_to_none", "ratio", |run, none| {
        ratio(run.cpu_ns, none?.cpu_ns)
    }),
    metric("peak_rss_ratio_to_none", "ratio", |run, none| {
        ratio(run.peak_rss_bytes?.into(), none?.peak_rss_bytes?.into())
    }),
    metric("unfinished_records", "processes", |run, _| {
        Some(run.losses.unfinished_records as f64)
    }),
    metric("descendants_alive", "processes", |run, _| {
        Some(run.losses.descendants_alive as f64)
    }),
];

fn count(run: &Run, count: Count) -> Option<f64> {
    run.totals.count(count).map(|count| count as f64)
}

fn rate(run: &Run, sampled: Count, total: Count) -> Option<f64> {
    ratio(run.totals.count(sampled)?, run.totals.count(total)?)
}

fn run_without_samples(run: &Run) -> Option<f64> {
    if !run.identity.scheme.samples() {
        return None;
    }
    let (total, sampled) = (
        run.totals.count(Count::TotalAllocs)?,
        run.totals.count(Count::SampledAllocs)?,
    );
    Some(f64::from(total > 0 && sampled == 0))
}

fn window(run: &Run, scale: usize, value: fn(&Window) -> u128) -> Option<f64> {
    Some(value(&run.totals.windows.as_ref()?[scale]) as f64)
}

fn dead_zone_rate(run: &Run, scale: usize) -> Option<f64> {
    let window = &run.totals.windows.as_ref()?[scale];
    ratio(window.zero_sampled, window.total)
}

/// `None` over 0: a rate over nothing is not 0.
fn ratio(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
    }

    #[test]
    fn a_rate_over_nothing_is_not_zero() {
        assert_eq!(
            (ratio(0, 0), ratio(0, 4), ratio(1, 4)),
            (None, Some(0.0), Some(0.25))
        );
    }
}
