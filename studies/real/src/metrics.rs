//! The numbers of one run. `None` is "not measured", or a rate over nothing.

use crate::run::{Counted, Phase, Run};

/// A number of the whole run.
pub struct Metric {
    pub name: &'static str,
    pub unit: &'static str,
    /// Whether it is also compared with the run of the same number under no library and under `NONE`.
    pub is_compared: bool,
    pub of: fn(&Run) -> Option<f64>,
}

/// A number of a phase, or of the whole.
pub struct PhaseMetric {
    pub name: &'static str,
    pub unit: &'static str,
    pub is_compared: bool,
    pub of: fn(&Phase) -> Option<f64>,
}

/// Server's processor time over units.
pub const CPU: &str = "cpu_per_unit";
pub const THROUGHPUT: &str = "throughput";
pub const P50: &str = "latency_p50";
pub const P99: &str = "latency_p99";
pub const SERVING_PER_UNIT: &str = "serving_allocs_per_unit";
pub const PEAK_RSS: &str = "peak_rss";
pub const STARTUP_ALLOCS: &str = "startup_allocs";
pub const SERVING_ALLOCS: &str = "serving_allocs";
pub const TOTAL_PER_UNIT: &str = "total_allocs_per_unit";
pub const GENERATOR_SHARE: &str = "throughput_over_generator_limit";
pub const RATE_ALLOCS: &str = "sample_rate_allocs";
pub const RATE_BYTES: &str = "sample_rate_bytes";
pub const BYTES_ESTIMATE: &str = "bytes_estimate_over_true";
pub const LIVE_EXACT: &str = "live_bytes_exact";
pub const LIVE_ESTIMATE: &str = "live_bytes_estimate";
pub const LIVE_SIGMAS: &str = "live_bytes_error_sigmas";
pub const SAMPLED: &str = "sampled_allocs";
pub const PROCESSES: &str = "processes";
pub const THREADS: &str = "threads";
/// Share of finished windows without a sample, by their sizes.
pub const DEAD_ZONES: [&str; 3] = [
    "dead_zone_rate_1x",
    "dead_zone_rate_10x",
    "dead_zone_rate_100x",
];

/// Numbers that phases have too.
pub static PHASE_METRICS: [PhaseMetric; 5] = [
    phase(CPU, "ns", true, |phase| {
        Some(phase.cpu_ns as f64 / phase.units as f64)
    }),
    phase(THROUGHPUT, "units/s", true, |phase| {
        Some(phase.units as f64 / (phase.wall_ns as f64 / 1e9))
    }),
    phase(P50, "ns", true, |phase| Some(phase.latency_p50_ns? as f64)),
    phase(P99, "ns", true, |phase| Some(phase.latency_p99_ns? as f64)),
    phase(SERVING_PER_UNIT, "allocations", false, |phase| {
        Some(phase.allocs? as f64 / phase.units as f64)
    }),
];

/// Numbers of a whole run.
pub static METRICS: [Metric; 20] = [
    metric(PEAK_RSS, "bytes", true, |run| {
        Some(run.measured.server_peak_rss_bytes as f64)
    }),
    metric("startup_cpu", "ns", true, |run| {
        Some(run.measured.startup_cpu_ns? as f64)
    }),
    metric(STARTUP_ALLOCS, "allocations", false, |run| {
        Some(run.measured.startup_allocs? as f64)
    }),
    metric(SERVING_ALLOCS, "allocations", false, |run| {
        Some(run.measured.whole.allocs? as f64)
    }),
    metric("total_allocs", "allocations", false, |run| {
        counted(run)?.allocs
    }),
    metric(TOTAL_PER_UNIT, "allocations", false, |run| {
        Some(counted(run)?.allocs? / run.measured.whole.units as f64)
    }),
    metric(GENERATOR_SHARE, "ratio", false, |run| {
        let whole = &run.measured.whole;
        let per_second = whole.units as f64 / (whole.wall_ns as f64 / 1e9);
        ratio(per_second, run.measured.generator_limit_per_second?)
    }),
    metric(SAMPLED, "allocations", false, |run| {
        counted(run)?.sampled_allocs
    }),
    metric(RATE_ALLOCS, "ratio", false, |run| {
        let counted = counted(run)?;
        ratio(counted.sampled_allocs?, counted.allocs?)
    }),
    metric(RATE_BYTES, "ratio", false, |run| {
        let counted = counted(run)?;
        ratio(counted.sampled_bytes?, counted.bytes?)
    }),
    metric(BYTES_ESTIMATE, "ratio", false, |run| {
        let counted = counted(run)?;
        ratio(counted.bytes_estimate?, counted.bytes?)
    }),
    metric(LIVE_EXACT, "bytes", false, live_bytes),
    metric(LIVE_ESTIMATE, "bytes", false, |run| {
        counted(run)?.live_bytes_estimate
    }),
    metric("live_bytes_standard_error", "bytes", false, |run| {
        Some(counted(run)?.live_bytes_variance?.max(0.0).sqrt())
    }),
    metric(LIVE_SIGMAS, "standard errors", false, |run| {
        let counted = counted(run)?;
        // Without a sampled block alive both estimate and error are 0, but for what rounding left of them.
        counted.live_samples.filter(|samples| *samples > 0.0)?;
        let error = counted.live_bytes_variance?.max(0.0).sqrt();
        ratio(counted.live_bytes_estimate? - live_bytes(run)?, error)
    }),
    metric(DEAD_ZONES[0], "ratio", false, |run| dead_zones(run, 0)),
    metric(DEAD_ZONES[1], "ratio", false, |run| dead_zones(run, 1)),
    metric(DEAD_ZONES[2], "ratio", false, |run| dead_zones(run, 2)),
    metric(PROCESSES, "processes", false, |run| {
        Some(counted(run)?.processes as f64)
    }),
    metric(THREADS, "threads", false, |run| counted(run)?.threads),
];

const fn metric(
    name: &'static str,
    unit: &'static str,
    is_compared: bool,
    of: fn(&Run) -> Option<f64>,
) -> Metric {
    Metric {
        name,
        unit,
        is_compared,
        of,
    }
}

const fn phase(
    name: &'static str,
    unit: &'static str,
    is_compared: bool,
    of: fn(&Phase) -> Option<f64>,
) -> PhaseMetric {
    PhaseMetric {
        name,
        unit,
        is_compared,
        of,
    }
}

fn counted(run: &Run) -> Option<&Counted> {
    run.counted.as_ref()
}

fn live_bytes(run: &Run) -> Option<f64> {
    let counted = counted(run)?;
    Some(counted.bytes? - counted.freed_bytes?)
}

fn dead_zones(run: &Run, scale: usize) -> Option<f64> {
    let (finished, without_sample) = counted(run)?.windows?[scale];
    ratio(without_sample, finished)
}

/// `None` over 0.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
