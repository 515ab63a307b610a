//! One run's numbers: what its file says of the whole, one row a process, and the sums over its processes.

use std::path::PathBuf;

use crate::gaps::Gaps;
use crate::record::Record;
use crate::schemes::{SCHEMES, Scheme};

/// Windows of allocations: the base, 10 and 100 times it.
pub const SCALES: usize = 3;

/// The names of the size bins, in bytes.
pub const SIZE_BINS: [&str; 10] = [
    "0-32",
    "33-64",
    "65-128",
    "129-256",
    "257-512",
    "513-1024",
    "1025-4096",
    "4097-16384",
    "16385-65536",
    ">65536",
];

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
    /// Index into [`SCHEMES`].
    pub scheme_rank: usize,
    /// Its number.
    pub run: u64,
}

impl Identity {
    /// The scheme itself.
    pub fn scheme(&self) -> &'static Scheme {
        &SCHEMES[self.scheme_rank]
    }
}

/// What all runs of one path share.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// `None` if the scheme has no hash.
    pub hash_mask: Option<u64>,
    /// The salt of the hash: of each run its own, but all have one or none has.
    pub hash_salt: Option<String>,
    /// `None` if the scheme draws no gaps.
    pub poisson_mean_bytes: Option<u64>,
    /// Allocations in the base window.
    pub window_base: u64,
    /// Whether unsampled calls were counted.
    pub truth: bool,
    /// Whether the kernel randomised addresses.
    pub aslr: bool,
}

/// One run.
pub struct Run {
    /// Where it was read.
    pub file: PathBuf,
    /// Which it is.
    pub identity: Identity,
    /// How it was configured.
    pub parameters: Parameters,
    /// The sampler's seed.
    pub seed: String,
    /// The machine's fields, joined by `; `.
    pub machine: String,
    /// Wall time.
    pub wall_ns: u64,
    /// User and system time.
    pub cpu_ns: u128,
    /// `None` where it could not be told.
    pub peak_rss_bytes: Option<u64>,
    /// What the workload printed.
    pub truth: Option<GroundTruth>,
    /// Processes that left no record.
    pub unfinished_records: u64,
    /// Processes that outlived the command.
    pub descendants_alive: u64,
    /// Programs that reach a `malloc` of their own first.
    pub bypassed_programs: u64,
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

/// What went wrong inside the processes of a run; all 0 in a healthy one. FORMAT.md says what each counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses {
    pub calls_without_slot: u64,
    pub samples_in_reentry: u64,
    pub pages_without_table: u64,
    /// Counter slots that the live file had no room for.
    pub slots_outside_file: u64,
    /// Blocks that were to be sampled, for which the table of addresses had no memory.
    pub samples_without_entry: u64,
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
            threads: sum(records, |record| record.process.threads),
            unique_pages: sum(records, |record| record.process.unique_pages),
            sampled_pages: sum(records, |record| record.process.sampled_pages),
            windows: sum_windows(records),
            gaps_allocs: sum_gaps(records, |record| record.gaps_allocs.as_ref()),
            gaps_bytes: sum_gaps(records, |record| record.gaps_bytes.as_ref()),
            ..Totals::default()
        };
        for (count, _) in COUNTS {
            let index = count as usize;
            totals.counts[index] = sum(records, |record| record.process.counts[index]);
        }
        for (index, bin) in totals.bins.iter_mut().enumerate() {
            for (column, total) in bin.iter_mut().enumerate() {
                *total = records
                    .iter()
                    .map(|record| record.bins[index][column])
                    .sum();
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
        for (sum, window) in sums.iter_mut().zip(record.windows?) {
            sum.total += window.total;
            sum.zero_sampled += window.zero_sampled;
            sum.remainder_allocs += window.remainder_allocs;
        }
    }
    Some(sums)
}

fn sum_gaps<'a>(
    records: &'a [Record],
    gaps: impl Fn(&'a Record) -> Option<&'a Gaps>,
) -> Option<Gaps> {
    let mut sum = Gaps::default();
    for record in records {
        sum.add(gaps(record)?);
    }
    Some(sum)
}
