//! The run files of the set: what the comparison needs of each, and everything that is refused.

use std::collections::BTreeMap;
use std::path::Path;

use run_file::{Below, Machines, Nullable, read_all as read_runs, wrong};
use serde::Deserialize;

use crate::schemes::{SCHEMES, rank_of};

/// One run. Numbers that its scheme does not know are `None`.
pub struct Run {
    /// Its number.
    pub number: u64,
    /// Processor, kernel and C library.
    pub machine: String,
    /// Largest resident set.
    pub peak_rss_bytes: Option<f64>,
    /// What the workload says of itself.
    pub truth: Truth,
    /// What the library says.
    pub record: Record,
}

/// The workload's own account.
#[derive(Deserialize)]
pub struct Truth {
    pub frees: u64,
    pub leaked_blocks: u64,
    /// Size bins in which everything was freed; of the workload `bench-frees` alone.
    pub freed_bins: Option<Vec<String>>,
}

/// The account of the run's one process.
pub struct Record {
    pub total_allocs: Option<u64>,
    pub total_frees: Option<u64>,
    pub sampled_allocs: Option<u64>,
    pub sampled_frees: Option<u64>,
    pub sampled_bytes_freed: Option<u64>,
    /// Sum of p over frees, and its variance.
    pub frees_estimate: Option<(f64, f64)>,
    /// Estimates of all allocations and of those alive.
    pub allocs_estimate: Option<f64>,
    pub live_allocs_estimate: Option<f64>,
    pub table_bytes: Option<u64>,
    pub has_unused_headers: bool,
    pub bins: Vec<Bin>,
    /// Counts of `losses` that are not 0.
    pub losses: Vec<(String, u64)>,
}

/// One size bin.
pub struct Bin {
    pub name: String,
    pub total_allocs: Option<u64>,
    pub sampled_allocs: Option<u64>,
    pub sampled_bytes: Option<u64>,
}

/// All runs, by workload and the scheme's place in [`SCHEMES`], in the order of their numbers.
pub struct Runs(BTreeMap<(String, usize), Vec<Run>>);

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
            .map(|((workload, rank), runs)| (workload.as_str(), SCHEMES[*rank].name, &runs[..]))
    }
}

/// Reads `WORKLOAD/SCHEME/run-NN.json` below a directory.
pub fn read_all(directory: &Path) -> Result<Runs, String> {
    const SET: &str = "comparison";
    let mut runs = Runs(BTreeMap::new());
    let machines = Machines::OnePerWorkload("runs of two machines are not compared");
    let files = read_runs(directory, Below::WorkloadsOf(SET), machines)
        .map_err(|error| format!("{error} (make comparison makes them)"))?;
    for run in files {
        let run = run?;
        let in_file = |error: String| format!("{}: {error}", run.file.display());
        let rank = rank_of(run.scheme.name()).ok_or_else(|| {
            let accepted = SCHEMES.map(|scheme| scheme.name).join(", ");
            in_file(wrong(
                "scheme",
                &run.scheme,
                format_args!("one of {accepted}"),
            ))
        })?;
        let path = runs.0.entry((run.workload.clone(), rank)).or_default();
        path.push(reduced(&run).map_err(in_file)?);
    }
    for path in runs.0.values_mut() {
        path.sort_by_key(|run| run.number);
    }
    Ok(runs)
}

fn reduced(run: &run_file::Run) -> Result<Run, String> {
    let record = run.only_process()?;
    Ok(Run {
        number: run.run,
        machine: run.machine.to_string(),
        peak_rss_bytes: run.peak_rss_bytes.0.map(|bytes| bytes as f64),
        truth: run.ground_truth()?,
        record: read_record(record, run.losses([record]))?,
    })
}

fn read_record(record: &run_file::Record, losses: Vec<(String, u64)>) -> Result<Record, String> {
    let estimates = record.estimates.0.as_ref();
    let frees_estimate = match (
        record.sampled_frees_estimate.0,
        record.sampled_frees_estimate_variance.0,
    ) {
        (Some(_), None) => {
            let field = "processes[0].sampled_frees_estimate_variance";
            return Err(wrong(field, &Nullable::<f64>(None), "a number"));
        }
        (estimate, variance) => estimate.zip(variance),
    };
    let bin = |bin: &run_file::SizeBin| Bin {
        name: bin.bin.clone(),
        total_allocs: bin.total_allocs.0,
        sampled_allocs: bin.sampled_allocs.0,
        sampled_bytes: bin.sampled_bytes.0,
    };
    Ok(Record {
        total_allocs: record.total_allocs.0,
        total_frees: record.total_frees.0,
        sampled_allocs: record.sampled_allocs.0,
        sampled_frees: record.sampled_frees.0,
        sampled_bytes_freed: record.sampled_bytes_freed.0,
        frees_estimate,
        allocs_estimate: estimates.map(|estimates| estimates.allocs),
        live_allocs_estimate: estimates.and_then(|estimates| estimates.live_allocs.0),
        table_bytes: record.table.0.map(|table| table.bytes),
        has_unused_headers: record.unused_header_bytes.0.is_some(),
        bins: record.size_bins.iter().map(bin).collect(),
        losses,
    })
}
