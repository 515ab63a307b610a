//! The run files of the set: found, checked against their paths and each other, and reduced to what is needed of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::json::{Node, are_equal};
use crate::run::{Counted, Measured, NONE, PLAIN, Phase, Run, Runs, SCHEMES, rank_of};

/// Reads `WORKLOAD/SCHEME/run-NN.json` below a directory.
pub fn read_all(directory: &Path) -> Result<Runs, String> {
    let mut runs = Runs(BTreeMap::new());
    for workload in subdirectories(directory)? {
        for scheme in subdirectories(&workload)? {
            for file in run_files(&scheme)? {
                read_into(&file, &mut runs)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
            }
        }
    }
    if runs.0.is_empty() {
        return Err(format!(
            "{}: found no run file, expected WORKLOAD/SCHEME/run-NN.json below it",
            directory.display()
        ));
    }
    for path in runs.0.values_mut() {
        path.sort_by_key(|run| run.number);
    }
    for workload in runs.workloads() {
        check_machines(&runs, workload)?;
    }
    Ok(runs)
}

/// Ratios are of two runs of one round: on two machines they would be of the machines.
fn check_machines(runs: &Runs, workload: &str) -> Result<(), String> {
    let mut all = runs.of_workload(workload);
    let Some(first) = all.next() else {
        return Ok(());
    };
    match all.find(|run| run.machine != first.machine) {
        None => Ok(()),
        Some(other) => Err(format!(
            "{}: machine: found {}, expected {} as in {}: runs of two machines are not compared",
            other.file, other.machine, first.machine, first.file
        )),
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let error = |error| {
        format!(
            "{}: {error}, expected a directory of runs",
            directory.display()
        )
    };
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(error)? {
        entries.push(entry.map_err(error)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn subdirectories(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let is_directory = |path: &PathBuf| path.is_dir();
    Ok(entries(directory)?
        .into_iter()
        .filter(is_directory)
        .collect())
}

fn run_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let is_run = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        name.starts_with(b"run-") && name.ends_with(b".json")
    };
    Ok(entries(directory)?.into_iter().filter(is_run).collect())
}

fn read_into(file: &Path, runs: &mut Runs) -> Result<(), String> {
    let text = fs::read(file).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_slice(&text)
        .map_err(|error| format!("not JSON: {error}, expected a whole run file"))?;
    let node = Node::root(&value);
    node.field("format")?.expect("sampler-run")?;
    let version = node.field("format_version")?;
    if version.count()? != 1 {
        return Err(version.wrong("1"));
    }
    let mut parts = file.iter().rev().skip(1).map(|part| part.to_string_lossy());
    for field in ["scheme", "workload"] {
        node.field(field)?
            .expect(&parts.next().unwrap_or_default())?;
    }
    let scheme = node.field("scheme")?;
    let rank = rank_of(scheme.text()?)
        .ok_or_else(|| scheme.wrong(&format!("one of {}", SCHEMES.join(", "))))?;
    let run = read(&node, SCHEMES[rank], file)?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let number = name.strip_prefix("run-").and_then(|text| text.parse().ok());
    if number != Some(run.number) {
        return Err(node.field("run")?.wrong("the number in the file's name"));
    }
    let workload = node.field("workload")?.text()?.to_string();
    let path = runs.0.entry((workload, rank)).or_default();
    if let Some(first) = path
        .first()
        .filter(|first| first.parameters != run.parameters)
    {
        return Err(format!(
            "parameters: found {}, expected {} as in {}",
            run.parameters, first.parameters, first.file
        ));
    }
    path.push(run);
    Ok(())
}

fn read(node: &Node, scheme: &str, file: &Path) -> Result<Run, String> {
    let parameters = node.field("parameters")?;
    let mut losses = losses(&node.field("losses")?)?;
    let mut records = Vec::new();
    for record in node.field("processes")?.elements()? {
        record.field("format")?.expect("sampler-record")?;
        record.field("scheme")?.expect(scheme)?;
        // The driver and what it forked are not the program.
        if !are_equal(&record.field("command")?, &node.field("command")?) {
            records.push(record);
        }
    }
    for record in &records {
        losses.extend(self::losses(&record.field("losses")?)?);
    }
    if records.is_empty() != (scheme == PLAIN) {
        return Err(match scheme {
            PLAIN => "processes: found records, expected none under PLAIN".into(),
            _ => "processes: found none but the driver's, expected those of the program".into(),
        });
    }
    let truth = node.known("ground_truth")?.ok_or(
        "ground_truth: found null, expected what the driver measured (sampler-run --ground-truth)",
    )?;
    Ok(Run {
        number: node.field("run")?.count()?,
        file: file.display().to_string(),
        // Each run has a salt of its own; files from before salts have none.
        parameters: format!(
            "{}, salted {}",
            joined(
                &parameters,
                &[
                    "hash_mask",
                    "poisson_mean_bytes",
                    "window_base",
                    "truth",
                    "aslr",
                ],
                ", ",
            )?,
            parameters
                .known("hash_salt")
                .is_ok_and(|salt| salt.is_some())
        ),
        mean_bytes: parameters.count_or_null("poisson_mean_bytes")?,
        machine: joined(
            &node.field("machine")?,
            &["cpu", "cores", "memory_bytes", "kernel", "libc"],
            "; ",
        )?,
        measured: measured(&truth)?,
        counted: match records.is_empty() {
            true => None,
            false => Some(counted(&records, scheme)?),
        },
        losses,
    })
}

fn joined(node: &Node, names: &[&'static str], between: &str) -> Result<String, String> {
    let texts: Result<Vec<String>, String> = names
        .iter()
        .map(|name| {
            let shown = node.field(name)?.shown();
            Ok(match between {
                ", " => format!("{name} {shown}"),
                _ => shown,
            })
        })
        .collect();
    Ok(texts?.join(between))
}

fn losses(node: &Node) -> Result<Vec<(String, u64)>, String> {
    let mut losses = Vec::new();
    for (name, field) in node.fields()? {
        match field.count()? {
            0 => {}
            count => losses.push((name.to_string(), count)),
        }
    }
    Ok(losses)
}

fn measured(node: &Node) -> Result<Measured, String> {
    let mut phases = Vec::new();
    for phase in node.field("phases")?.elements()? {
        let fields = ["cpu_ns", "wall_ns", "allocs"];
        phases.push((
            phase.field("name")?.text()?.to_string(),
            read_phase(&phase, fields)?,
        ));
    }
    let limit = node.known("generator_limit_per_second")?;
    let generator = node.known("generator")?;
    let generator_cpus = node.known("generator_cpus")?;
    Ok(Measured {
        unit: node.field("unit")?.text()?.to_string(),
        whole: read_phase(node, ["server_cpu_ns", "serving_wall_ns", "serving_allocs"])?,
        phases,
        verified: node.field("verified")?.count_above_zero()?,
        startup_cpu_ns: node.count_or_null("startup_cpu_ns")?,
        startup_allocs: node.count_or_null("startup_allocs")?,
        server_peak_rss_bytes: node.field("server_peak_rss_bytes")?.count_above_zero()?,
        generator: generator
            .map(|name| name.text().map(String::from))
            .transpose()?,
        generator_limit_per_second: limit.map(|limit| limit.number()).transpose()?,
        server_cpus: node.field("server_cpus")?.text()?.to_string(),
        generator_cpus: generator_cpus
            .map(|cpus| cpus.text().map(String::from))
            .transpose()?,
    })
}

fn read_phase<'a>(node: &Node<'a>, [cpu, wall, allocs]: [&'a str; 3]) -> Result<Phase, String> {
    Ok(Phase {
        units: node.field("units")?.count_above_zero()?,
        cpu_ns: node.field(cpu)?.count_above_zero()?,
        wall_ns: node.field(wall)?.count_above_zero()?,
        latency_p50_ns: node.count_or_null("latency_p50_ns")?,
        latency_p99_ns: node.count_or_null("latency_p99_ns")?,
        allocs: node.count_or_null(allocs)?,
    })
}

fn counted(records: &[Node], scheme: &str) -> Result<Counted, String> {
    let mut counted = Counted {
        processes: records.len() as u64,
        ..Counted::default()
    };
    if scheme == NONE {
        return Ok(counted);
    }
    let sum = |name: &'static str| sum(records, |record| record.known(name));
    counted.threads = sum("threads")?;
    counted.allocs = sum("total_allocs")?;
    counted.bytes = sum("total_bytes_alloc")?;
    counted.freed_bytes = sum("total_bytes_freed")?;
    counted.sampled_allocs = sum("sampled_allocs")?;
    counted.sampled_bytes = sum("sampled_bytes_alloc")?;
    counted.live_samples = sum("sampled_live_allocs_estimate")?;
    let estimates = |name: &'static str| {
        self::sum(records, |record| match record.known("estimates")? {
            None => Ok(None),
            Some(estimates) => estimates.known(name),
        })
    };
    counted.bytes_estimate = estimates("bytes")?;
    counted.live_bytes_estimate = estimates("live_bytes")?;
    counted.live_bytes_variance = estimates("live_bytes_variance")?;
    counted.windows = windows(records)?;
    Ok(counted)
}

fn sum<'a>(
    records: &[Node<'a>],
    value: impl Fn(&Node<'a>) -> Result<Option<Node<'a>>, String>,
) -> Result<Option<f64>, String> {
    let mut sum = 0.0;
    for record in records {
        match value(record)? {
            None => return Ok(None),
            Some(value) => sum += value.number()?,
        }
    }
    Ok(Some(sum))
}

fn windows(records: &[Node]) -> Result<Option<[(f64, f64); 3]>, String> {
    let mut sums = [(0.0, 0.0); 3];
    for record in records {
        let Some(windows) = record.known("windows")? else {
            return Ok(None);
        };
        let scales = windows.elements()?;
        if scales.len() != sums.len() {
            return Err(windows.wrong("three sizes of windows"));
        }
        for (sum, scale) in sums.iter_mut().zip(scales) {
            sum.0 += scale.field("total")?.number()?;
            sum.1 += scale.field("zero_sampled")?.number()?;
        }
    }
    Ok(Some(sums))
}
