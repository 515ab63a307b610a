//! One run file: what a scheme estimated, beside what was true.

use run_file::{Estimated, Estimates, Nullable, Record, Window, wrong};

use crate::budget::SCALES;

/// One run of one process.
pub struct Run {
    pub number: u64,
    /// What must be the same in all runs of a path.
    pub parameters: Parameters,
    /// Processor, kernel and C library.
    pub machine: String,
    /// Samples, those of 0 bytes among them.
    pub sampled_allocs: f64,
    pub sampled_bytes: f64,
    /// Whole run.
    pub total: Totals,
    pub other_estimators: Option<Others>,
    pub bins: Vec<Bin>,
    /// Finished windows and those without a sample, at each scale.
    pub windows: [(f64, f64); SCALES],
    pub gaps: Vec<GapSample>,
    /// Pages that held a header; page hash only.
    pub pages: Option<f64>,
    /// Counts of `losses` that are not 0.
    pub losses: Vec<(String, u64)>,
}

/// Parameters of the sampler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    pub hash_mask: Option<u64>,
    /// Whether the hash was salted; each run has a salt of its own.
    pub is_salted: bool,
    pub mean_bytes: Option<u64>,
    pub window_base: u64,
    pub aslr: bool,
}

/// True and estimated, of everything or of a size bin. Allocations of 0 bytes are in neither.
pub struct Totals {
    pub allocs: Measured,
    pub bytes: Measured,
    pub live_allocs: Measured,
    pub live_bytes: Measured,
}

/// An estimate and, where the run knows it, the truth.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub truth: Option<f64>,
    pub estimate: f64,
    /// For independent decisions.
    pub variance: f64,
    /// Where blocks of one key share their fate; of hashes, and only if every key found room.
    pub variance_by_key: Option<f64>,
}

/// Totals by estimators in use elsewhere: allocations and bytes.
pub struct Others {
    pub tcmalloc: [f64; 2],
    pub draws: [f64; 2],
    /// In blocks smaller than the mean.
    pub draws_below_mean: [f64; 2],
}

/// One size bin.
pub struct Bin {
    pub name: String,
    pub total: Totals,
}

/// The first gaps of a slot on one clock.
pub struct GapSample {
    /// False: allocations.
    pub in_bytes: bool,
    /// The gap and the bytes of the block that ended it.
    pub gaps: Vec<(f64, f64)>,
    pub unfinished: Option<f64>,
}

impl Run {
    /// What is needed of a run.
    pub fn of(run: &run_file::Run) -> Result<Run, String> {
        if !run.parameters.truth {
            let expected = "true: without truth nothing can be wrong";
            return Err(wrong("parameters.truth", &false, expected));
        }
        let record = run.only_process()?;
        let missing = |field: &str| format!("processes[0].{field}: found null, expected a number");
        let count = |field, count: Nullable<u64>| match count.0 {
            Some(count) => Ok(count as f64),
            None => Err(missing(field)),
        };
        let estimates = record.estimates.0.as_ref();
        let estimates = estimates.ok_or_else(|| missing("estimates"))?;
        let windows = record.windows.0.as_ref();
        let total_allocs = count("total_allocs", record.total_allocs)?;
        let bytes = count("total_bytes_alloc", record.total_bytes_alloc)?;
        let truths = [
            total_allocs - count("zero_size_allocs", record.zero_size_allocs)?,
            bytes,
            total_allocs - count("total_frees", record.total_frees)?,
            bytes - count("total_bytes_freed", record.total_bytes_freed)?,
        ];
        Ok(Run {
            number: run.run,
            parameters: Parameters {
                hash_mask: run.parameters.hash_mask.0,
                is_salted: run.parameters.hash_salt.0.is_some(),
                mean_bytes: run.parameters.poisson_mean_bytes.0,
                window_base: run.parameters.window_base,
                aslr: run.parameters.aslr,
            },
            machine: run.machine.to_string(),
            sampled_allocs: count("sampled_allocs", record.sampled_allocs)?,
            sampled_bytes: count("sampled_bytes_alloc", record.sampled_bytes_alloc)?,
            total: totals("estimates", estimates.estimated(), truths.map(Some))?,
            other_estimators: others(estimates),
            bins: bins(record, estimates)?,
            windows: windows
                .and_then(|windows| {
                    let pair = |window: &Window| (window.total as f64, window.zero_sampled as f64);
                    let pairs: Vec<(f64, f64)> = windows.iter().map(pair).collect();
                    pairs.try_into().ok()
                })
                .ok_or_else(|| missing("windows"))?,
            gaps: record.gap_samples.0.iter().flatten().map(gaps).collect(),
            pages: record.approx_unique_pages.0.map(|pages| pages as f64),
            losses: run.losses([record]),
        })
    }
}

/// `truths`: allocations, bytes, and both of live blocks.
fn totals(
    place: &str,
    estimated: [Estimated; 4],
    truths: [Option<f64>; 4],
) -> Result<Totals, String> {
    let names = ["allocs", "bytes", "live_allocs", "live_bytes"];
    let measured = |index: usize| {
        let Estimated {
            value,
            variance,
            variance_by_key,
        } = estimated[index];
        let (estimate, variance) = value.zip(variance).ok_or_else(|| {
            let field = names[index];
            format!("processes[0].{place}.{field}: found null, expected a number and its variance")
        })?;
        Ok::<_, String>(Measured {
            truth: truths[index],
            estimate,
            variance,
            variance_by_key,
        })
    };
    Ok(Totals {
        allocs: measured(0)?,
        bytes: measured(1)?,
        live_allocs: measured(2)?,
        live_bytes: measured(3)?,
    })
}

fn others(estimates: &Estimates) -> Option<Others> {
    let pair = |allocs: Nullable<f64>, bytes: Nullable<f64>| Some([allocs.0?, bytes.0?]);
    Some(Others {
        tcmalloc: pair(estimates.tcmalloc_allocs, estimates.tcmalloc_bytes)?,
        draws: pair(estimates.draws_allocs, estimates.draws_bytes)?,
        draws_below_mean: pair(
            estimates.draws_below_mean_allocs,
            estimates.draws_below_mean_bytes,
        )?,
    })
}

fn bins(record: &Record, estimates: &Estimates) -> Result<Vec<Bin>, String> {
    let pairs = record.size_bins.iter().zip(&estimates.size_bins);
    pairs
        .enumerate()
        .map(|(index, (counted, estimated))| {
            let truth = |count: Nullable<u64>| count.0.map(|count| count as f64);
            let truths = [
                truth(counted.total_allocs),
                truth(counted.total_bytes),
                None,
                None,
            ];
            let place = format!("estimates.size_bins[{index}]");
            Ok(Bin {
                name: counted.bin.clone(),
                total: totals(&place, estimated.estimated(), truths)?,
            })
        })
        .collect()
}

fn gaps(sample: &run_file::GapSample) -> GapSample {
    let pairs = sample.gaps.iter();
    GapSample {
        in_bytes: sample.clock == "bytes",
        gaps: pairs
            .map(|&(gap, size)| (gap as f64, size as f64))
            .collect(),
        unfinished: sample.unfinished.0.map(|gap| gap as f64),
    }
}
