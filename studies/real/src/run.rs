//! One run of a real program: what its driver measured, and what the library counted in the program's processes.

use std::collections::BTreeMap;

use run_file::Scheme;

/// All schemes, in the order of tables.
pub const SCHEMES: [&str; Scheme::BASELINES_FIRST.len()] = Scheme::BASELINES_FIRST;

/// No library.
pub const PLAIN: &str = "PLAIN";
/// The library forwards and counts nothing.
pub const NONE: &str = "NONE";
/// The scheme that most bounds are for.
pub const POISSON: &str = "HEADER_POISSON_BYTES";
/// The other one.
pub const SAMPLE_HEADERS: &str = "SAMPLE_HEADERS_POISSON";
/// A header on every block: the schemes that the starting document speaks of.
pub const ALL_HEADERS: [&str; 4] = ["HEADER_HASH", "HEADER_PAGE_HASH", POISSON, "HEADER_HYBRID"];

/// Place of a scheme in tables.
pub fn rank_of(name: &str) -> Option<usize> {
    SCHEMES.iter().position(|scheme| *scheme == name)
}

/// One run.
pub struct Run {
    /// Its number.
    pub number: u64,
    /// Mean gap in bytes, of schemes that have one.
    pub mean_bytes: Option<u64>,
    /// Processor, cores, memory, kernel and C library: the same in all runs of a workload.
    pub machine: String,
    /// What the driver measured.
    pub measured: Measured,
    /// What the library counted; `None` without it.
    pub counted: Option<Counted>,
    /// Counts of losses that are not 0.
    pub losses: Vec<(String, u64)>,
}

/// The driver's account.
pub struct Measured {
    /// What is served: `request`, `build`, `script`.
    pub unit: String,
    /// Time, work and allocations of the whole.
    pub whole: Phase,
    /// Parts of it.
    pub phases: Vec<(String, Phase)>,
    /// Answers that were compared with what they must be.
    pub verified: u64,
    pub startup_cpu_ns: Option<u64>,
    pub startup_allocs: Option<u64>,
    pub server_peak_rss_bytes: u64,
    pub generator: Option<String>,
    pub generator_limit_per_second: Option<f64>,
    /// Processors that server and generator were kept on.
    pub server_cpus: String,
    pub generator_cpus: Option<String>,
}

/// Work of one kind.
pub struct Phase {
    /// Above 0.
    pub units: u64,
    pub cpu_ns: u64,
    /// Above 0.
    pub wall_ns: u64,
    pub latency_p50_ns: Option<u64>,
    pub latency_p99_ns: Option<u64>,
    pub allocs: Option<u64>,
}

/// Sums over the program's processes, those of the driver left out. A sum is `None` as soon as one process does not know it.
#[derive(Default)]
pub struct Counted {
    pub processes: u64,
    pub threads: Option<f64>,
    pub allocs: Option<f64>,
    pub bytes: Option<f64>,
    pub freed_bytes: Option<f64>,
    pub sampled_allocs: Option<f64>,
    pub sampled_bytes: Option<f64>,
    /// Sampled blocks that are alive at the end.
    pub live_samples: Option<f64>,
    /// What the samples stand for.
    pub bytes_estimate: Option<f64>,
    pub live_bytes_estimate: Option<f64>,
    pub live_bytes_variance: Option<f64>,
    /// Windows of three sizes: finished, and without a sample among them.
    pub windows: Option<[(f64, f64); 3]>,
}

/// All runs, by workload and the scheme's place in [`SCHEMES`], in the order of their numbers.
pub struct Runs(pub BTreeMap<(String, usize), Vec<Run>>);

impl Runs {
    /// The runs of a path; empty if there are none.
    pub fn of(&self, workload: &str, scheme: &str) -> &[Run] {
        let rank = rank_of(scheme).expect("asked for by a name of the list");
        self.0
            .get(&(workload.to_string(), rank))
            .map_or(&[], Vec::as_slice)
    }

    /// Every path with its runs.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &'static str, &[Run])> {
        self.0
            .iter()
            .map(|((workload, rank), runs)| (workload.as_str(), SCHEMES[*rank], &runs[..]))
    }

    /// Names of the workloads.
    pub fn workloads(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.keys().map(|(workload, _)| &workload[..]).collect();
        names.dedup();
        names
    }

    /// All runs of a workload.
    pub fn of_workload<'a>(&'a self, workload: &'a str) -> impl Iterator<Item = &'a Run> {
        self.paths()
            .filter(move |(name, ..)| *name == workload)
            .flat_map(|(.., runs)| runs)
    }
}
