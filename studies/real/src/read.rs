//! The run files of the set: what is needed of each, and what is refused beyond their format.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;

use run_file::{
    Below, Estimates, Machines, Nullable, Record, Scheme, Window, read_all as read_runs,
};
use serde::Deserialize;

use crate::run::{Counted, Measured, Phase, Run, Runs, rank_of};

/// Reads `WORKLOAD/SCHEME/run-NN.json` below a directory.
pub fn read_all(directory: &Path) -> Result<Runs, String> {
    const SET: &str = "real";
    let mut runs = Runs(BTreeMap::new());
    // Ratios are of two runs of one round: on two machines they would be of the machines.
    let machines = Machines::OnePerWorkload("runs of two machines are not compared");
    for run in read_runs(directory, Below::WorkloadsOf(SET), machines)? {
        let run = run?;
        let in_file = |error: String| format!("{}: {error}", run.file.display());
        let rank = rank_of(run.scheme.name()).ok_or_else(|| {
            in_file(format!(
                "scheme: {} has no place in tables",
                run.scheme.name()
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
    // The driver and what it forked are not the program.
    let records: Vec<&Record> = run
        .processes
        .iter()
        .filter(|record| record.command != run.command)
        .collect();
    if records.is_empty() && run.scheme != Scheme::Plain {
        return Err("processes: found none but the driver's, expected those of the program".into());
    }
    if run.ground_truth.0.is_none() {
        return Err(
            "ground_truth: found null, expected what the driver measured (sampler-run --ground-truth)"
                .into(),
        );
    }
    let printed: Printed = run.ground_truth()?;
    Ok(Run {
        number: run.run,
        mean_bytes: run.parameters.poisson_mean_bytes.0,
        machine: run.machine.to_string(),
        measured: printed.into(),
        counted: (!records.is_empty()).then(|| counted(&records, run.scheme)),
        losses: run.losses(records),
    })
}

/// What the driver prints; FORMAT.md says what each field means.
#[derive(Deserialize)]
struct Printed {
    unit: String,
    units: NonZeroU64,
    verified: NonZeroU64,
    server_cpu_ns: NonZeroU64,
    serving_wall_ns: NonZeroU64,
    serving_allocs: Nullable<u64>,
    latency_p50_ns: Nullable<u64>,
    latency_p99_ns: Nullable<u64>,
    startup_cpu_ns: Nullable<u64>,
    startup_allocs: Nullable<u64>,
    server_peak_rss_bytes: NonZeroU64,
    generator: Nullable<String>,
    generator_limit_per_second: Nullable<f64>,
    server_cpus: String,
    generator_cpus: Nullable<String>,
    phases: Vec<PrintedPhase>,
}

#[derive(Deserialize)]
struct PrintedPhase {
    name: String,
    units: NonZeroU64,
    cpu_ns: NonZeroU64,
    wall_ns: NonZeroU64,
    latency_p50_ns: Nullable<u64>,
    latency_p99_ns: Nullable<u64>,
    allocs: Nullable<u64>,
}

impl From<Printed> for Measured {
    fn from(printed: Printed) -> Measured {
        let phase = |phase: PrintedPhase| {
            let numbers = Phase {
                units: phase.units.get(),
                cpu_ns: phase.cpu_ns.get(),
                wall_ns: phase.wall_ns.get(),
                latency_p50_ns: phase.latency_p50_ns.0,
                latency_p99_ns: phase.latency_p99_ns.0,
                allocs: phase.allocs.0,
            };
            (phase.name, numbers)
        };
        Measured {
            unit: printed.unit,
            whole: Phase {
                units: printed.units.get(),
                cpu_ns: printed.server_cpu_ns.get(),
                wall_ns: printed.serving_wall_ns.get(),
                latency_p50_ns: printed.latency_p50_ns.0,
                latency_p99_ns: printed.latency_p99_ns.0,
                allocs: printed.serving_allocs.0,
            },
            phases: printed.phases.into_iter().map(phase).collect(),
            verified: printed.verified.get(),
            startup_cpu_ns: printed.startup_cpu_ns.0,
            startup_allocs: printed.startup_allocs.0,
            server_peak_rss_bytes: printed.server_peak_rss_bytes.get(),
            generator: printed.generator.0,
            generator_limit_per_second: printed.generator_limit_per_second.0,
            server_cpus: printed.server_cpus,
            generator_cpus: printed.generator_cpus.0,
        }
    }
}

fn counted(records: &[&Record], scheme: Scheme) -> Counted {
    let mut counted = Counted {
        processes: records.len() as u64,
        ..Counted::default()
    };
    if scheme == Scheme::NONE {
        return counted;
    }
    let sum = |count: fn(&Record) -> Nullable<u64>| {
        self::sum(records, |record| count(record).0.map(|count| count as f64))
    };
    counted.threads = sum(|record| record.threads);
    counted.allocs = sum(|record| record.total_allocs);
    counted.bytes = sum(|record| record.total_bytes_alloc);
    counted.freed_bytes = sum(|record| record.total_bytes_freed);
    counted.sampled_allocs = sum(|record| record.sampled_allocs);
    counted.sampled_bytes = sum(|record| record.sampled_bytes_alloc);
    counted.live_samples = self::sum(records, |record| {
        let live = record.sampled_live_allocs_estimate.0;
        live.map(|live| live as f64)
    });
    let estimates = |value: fn(&Estimates) -> Option<f64>| {
        self::sum(records, |record| value(record.estimates.0.as_ref()?))
    };
    counted.bytes_estimate = estimates(|estimates| Some(estimates.bytes));
    counted.live_bytes_estimate = estimates(|estimates| estimates.live_bytes.0);
    counted.live_bytes_variance = estimates(|estimates| estimates.live_bytes_variance.0);
    counted.windows = windows(records);
    counted
}

/// `None` as soon as one process does not know it.
fn sum(records: &[&Record], value: impl Fn(&Record) -> Option<f64>) -> Option<f64> {
    let mut sum = 0.0;
    for record in records {
        sum += value(record)?;
    }
    Some(sum)
}

fn windows(records: &[&Record]) -> Option<[(f64, f64); 3]> {
    let mut sums = [(0.0, 0.0); 3];
    for record in records {
        let scales: &[Window] = record.windows.0.as_deref()?;
        for (sum, scale) in sums.iter_mut().zip(scales) {
            sum.0 += scale.total as f64;
            sum.1 += scale.zero_sampled as f64;
        }
    }
    Some(sums)
}
