//! One run's numbers: what its file says of the whole, one row a process, and the sums over its processes.

use run_file::{Losses, Origin, Record, RunLosses, Scheme};
pub use sampler_core::bins::BIN_NAMES as SIZE_BINS;
use sampler_core::windows::SCALES;

use crate::gaps::Gaps;

/// One size bin: total allocations, total bytes, sampled allocations, sampled bytes; `None` where they were not counted.
pub type Bin = [Option<u128>; 4];

/// The counts of a record, as indices into an array of them. FORMAT.md says what each counts.
#[derive(Clone, Copy, Debug)]
pub enum Count {
    TotalAllocs,
    TotalBytesAlloc,
    TotalFrees,
    TotalBytesFreed,
    Reallocs,
    FailedCalls,
    ForeignFrees,
    ForeignReallocs,
    ZeroSizeAllocs,
    SampledAllocs,
    SampledBytesAlloc,
    SampledFrees,
    SampledBytesFreed,
}

/// The counts with their names in records and tables, in the order of the enum.
pub const COUNTS: [(Count, &str); 13] = [
    (Count::TotalAllocs, "total_allocs"),
    (Count::TotalBytesAlloc, "total_bytes_alloc"),
    (Count::TotalFrees, "total_frees"),
    (Count::TotalBytesFreed, "total_bytes_freed"),
    (Count::Reallocs, "reallocs"),
    (Count::FailedCalls, "failed_calls"),
    (Count::ForeignFrees, "foreign_frees"),
    (Count::ForeignReallocs, "foreign_reallocs"),
    (Count::ZeroSizeAllocs, "zero_size_allocs"),
    (Count::SampledAllocs, "sampled_allocs"),
    (Count::SampledBytesAlloc, "sampled_bytes_alloc"),
    (Count::SampledFrees, "sampled_frees"),
    (Count::SampledBytesFreed, "sampled_bytes_freed"),
];

/// Which run it is; tables are in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The question asked.
    pub set: String,
    /// The program.
    pub workload: String,
    /// Schemes are in the order of `sampler-core`, then `PLAIN`.
    pub scheme: Scheme,
    /// Its number.
    pub run: u64,
}

/// One run.
pub struct Run {
    /// Its file, parameters and machine.
    pub origin: Origin,
    /// Which it is.
    pub identity: Identity,
    /// Wall time.
    pub wall_ns: u64,
    /// User and system time.
    pub cpu_ns: u128,
    /// `None` where it could not be told.
    pub peak_rss_bytes: Option<u64>,
    /// What the workload printed.
    pub truth: Option<GroundTruth>,
    /// What is missing in it as a whole.
    pub losses: RunLosses,
    /// One a record.
    pub processes: Vec<Process>,
    /// Their sums.
    pub totals: Totals,
}

/// What the workload asked of the allocator: the columns of runs.csv that begin with `truth_`, in their order.
pub struct GroundTruth(pub [u64; GROUND_TRUTH.len()]);

/// The keys of a ground truth, in the order of runs.csv.
pub const GROUND_TRUTH: [&str; 7] = [
    "allocs",
    "bytes",
    "frees",
    "freed_bytes",
    "leaked_blocks",
    "leaked_bytes",
    "elapsed_ns",
];

/// One process, as processes.csv shows it. FORMAT.md says what each field is.
#[derive(Debug)]
pub struct Process {
    pub pid: u64,
    pub parent_pid: u64,
    pub command: String,
    pub next_allocator: String,
    pub ended: String,
    pub threads: Option<u64>,
    pub counts: [Option<u64>; COUNTS.len()],
    pub sampled_live_allocs: Option<i64>,
    pub sample_rate_allocs: Option<f64>,
    pub sample_rate_bytes: Option<f64>,
    pub windows_total: Option<u64>,
    pub windows_zero_sampled: Option<u64>,
    pub unique_pages: Option<u64>,
    pub sampled_pages: Option<u64>,
}

impl Process {
    /// The row of a record.
    pub fn of(record: &Record) -> Process {
        Process {
            pid: record.pid,
            parent_pid: record.parent_pid,
            command: record.command.join(" "),
            next_allocator: record.next_allocator.0.clone().unwrap_or_default(),
            ended: record.ended.clone(),
            threads: record.threads.0,
            counts: counts_of(record),
            sampled_live_allocs: record.sampled_live_allocs_estimate.0,
            sample_rate_allocs: rate(record.sampled_allocs.0, record.total_allocs.0),
            sample_rate_bytes: rate(record.sampled_bytes_alloc.0, record.total_bytes_alloc.0),
            windows_total: record.windows_total.0,
            windows_zero_sampled: record.windows_zero_sampled.0,
            unique_pages: record.approx_unique_pages.0,
            sampled_pages: record.approx_sampled_pages.0,
        }
    }
}

/// In the order of [`COUNTS`].
fn counts_of(record: &Record) -> [Option<u64>; COUNTS.len()] {
    [
        record.total_allocs,
        record.total_bytes_alloc,
        record.total_frees,
        record.total_bytes_freed,
        record.reallocs,
        record.failed_calls,
        record.foreign_frees,
        record.foreign_reallocs,
        record.zero_size_allocs,
        record.sampled_allocs,
        record.sampled_bytes_alloc,
        record.sampled_frees,
        record.sampled_bytes_freed,
    ]
    .map(|count| count.0)
}

/// Made of its counts again: what JSON says of it may have lost the last digit.
fn rate(sampled: Option<u64>, total: Option<u64>) -> Option<f64> {
    let (sampled, total) = sampled.zip(total.filter(|&total| total > 0))?;
    Some(sampled as f64 / total as f64)
}

/// The windows of one scale.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Finished ones.
    pub total: u128,
    /// Those without a sample.
    pub zero_sampled: u128,
    /// Allocations in unfinished ones.
    pub remainder_allocs: u128,
}

/// Sums over the processes of a run. A sum is `None` as soon as one process has none, and where there is no process: what was
/// not measured is not 0.
#[derive(Default)]
pub struct Totals {
    /// Threads of all processes.
    pub threads: Option<u128>,
    /// In the order of [`COUNTS`].
    pub counts: [Option<u128>; COUNTS.len()],
    /// At the three scales.
    pub windows: Option<[Window; SCALES]>,
    /// In allocations.
    pub gaps_allocs: Option<Gaps>,
    /// In bytes.
    pub gaps_bytes: Option<Gaps>,
    /// Pages that held a header.
    pub unique_pages: Option<u128>,
    /// Those of them whose hash is sampled.
    pub sampled_pages: Option<u128>,
    /// In the order of [`SIZE_BINS`].
    pub bins: [Bin; SIZE_BINS.len()],
    /// Of all processes.
    pub losses: Losses,
}

impl Totals {
    /// Sums the records of a run.
    pub fn of(records: &[Record]) -> Totals {
        if records.is_empty() {
            return Totals::default();
        }
        let mut totals = Totals {
            threads: sum(records, |record| record.threads.0),
            unique_pages: sum(records, |record| record.approx_unique_pages.0),
            sampled_pages: sum(records, |record| record.approx_sampled_pages.0),
            windows: sum_windows(records),
            gaps_allocs: sum_gaps(records, |record| record.gaps_allocs.0.as_ref()),
            gaps_bytes: sum_gaps(records, |record| record.gaps_bytes.0.as_ref()),
            ..Totals::default()
        };
        for (count, _) in COUNTS {
            let index = count as usize;
            totals.counts[index] = sum(records, |record| counts_of(record)[index]);
        }
        for (index, bin) in totals.bins.iter_mut().enumerate() {
            for (column, total) in bin.iter_mut().enumerate() {
                *total = sum(records, |record| {
                    let bin = &record.size_bins[index];
                    let columns = [
                        bin.total_allocs,
                        bin.total_bytes,
                        bin.sampled_allocs,
                        bin.sampled_bytes,
                    ];
                    columns[column].0
                });
            }
        }
        for record in records {
            totals.losses.calls_without_slot += record.losses.calls_without_slot;
            totals.losses.samples_in_reentry += record.losses.samples_in_reentry;
            totals.losses.pages_without_table += record.losses.pages_without_table;
            totals.losses.slots_outside_file += record.losses.slots_outside_file;
            totals.losses.samples_without_entry += record.losses.samples_without_entry;
        }
        totals
    }

    /// One of the sums.
    pub fn count(&self, count: Count) -> Option<u128> {
        self.counts[count as usize]
    }
}

fn sum(records: &[Record], value: impl Fn(&Record) -> Option<u64>) -> Option<u128> {
    records
        .iter()
        .map(|record| value(record).map(u128::from))
        .sum()
}

fn sum_windows(records: &[Record]) -> Option<[Window; SCALES]> {
    let mut sums = [Window::default(); SCALES];
    for record in records {
        for (sum, window) in sums.iter_mut().zip(record.windows.0.as_deref()?) {
            sum.total += u128::from(window.total);
            sum.zero_sampled += u128::from(window.zero_sampled);
            sum.remainder_allocs += u128::from(window.remainder_allocs);
        }
    }
    Some(sums)
}

fn sum_gaps<'a>(
    records: &'a [Record],
    gaps: impl Fn(&'a Record) -> Option<&'a run_file::Gaps>,
) -> Option<Gaps> {
    let mut sum = Gaps::default();
    for record in records {
        sum.add(&Gaps::of(gaps(record)?));
    }
    Some(sum)
}
