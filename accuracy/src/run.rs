//! One run file: what a scheme estimated, beside what was true.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::budget::SCALES;
use crate::node::Node;

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
    /// Reads a file that lies at `SET/WORKLOAD/SCHEME/run-NN.json` and must say so itself.
    pub fn read(path: &Path) -> Result<Run, String> {
        let in_file = |error: String| format!("{}: {error}", path.display());
        let text = fs::read(path).map_err(|error| in_file(error.to_string()))?;
        let value: Value = serde_json::from_slice(&text)
            .map_err(|error| in_file(format!("not JSON: {error}, expected a whole run file")))?;
        let node = Node::root(&value);
        identity(&node, path).map_err(in_file)?;
        run(&node).map_err(in_file)
    }
}

fn identity(node: &Node, path: &Path) -> Result<(), String> {
    node.field("format")?.expect_text("sampler-run")?;
    node.field("format_version")?.expect_count(1)?;
    let mut parts = path.iter().rev().skip(1).map(|part| part.to_string_lossy());
    for field in ["scheme", "workload", "set"] {
        let expected = parts.next().unwrap_or_default();
        node.field(field)?.expect_text(&expected)?;
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let digits = name.strip_prefix("run-").and_then(|it| it.parse().ok());
    let run = node.field("run")?;
    match digits == Some(run.count()?) {
        true => Ok(()),
        false => Err(run.wrong("the number in the file's name")),
    }
}

fn run(node: &Node) -> Result<Run, String> {
    let processes = node.field("processes")?;
    let [record] = processes
        .tuple()
        .map_err(|_| processes.wrong("an array of the one process that these workloads are"))?;
    record.field("format")?.expect_text("sampler-record")?;
    let count = |name| record.field(name)?.count().map(|count| count as f64);
    let mut losses = self::losses(&node.field("losses")?)?;
    losses.extend(self::losses(&record.field("losses")?)?);
    let estimates = record.field("estimates")?;
    let allocs = count("total_allocs")? - count("zero_size_allocs")?;
    let bytes = count("total_bytes_alloc")?;
    let live_bytes = bytes - count("total_bytes_freed")?;
    let live_allocs = count("total_allocs")? - count("total_frees")?;
    let truths = [allocs, bytes, live_allocs, live_bytes].map(Some);
    Ok(Run {
        number: node.field("run")?.count()?,
        parameters: parameters(&node.field("parameters")?)?,
        machine: machine(&node.field("machine")?)?,
        sampled_allocs: count("sampled_allocs")?,
        sampled_bytes: count("sampled_bytes_alloc")?,
        total: totals(&estimates, truths)?,
        other_estimators: others(&estimates)?,
        bins: bins(&record, &estimates)?,
        windows: windows(&record.field("windows")?)?,
        gaps: gaps(&record.field("gap_samples")?)?,
        pages: record.field("approx_unique_pages")?.or_null(Node::number)?,
        losses,
    })
}

fn parameters(node: &Node) -> Result<Parameters, String> {
    if !node.field("truth")?.truth()? {
        return Err(node
            .field("truth")?
            .wrong("true: without truth nothing can be wrong"));
    }
    Ok(Parameters {
        hash_mask: node.field("hash_mask")?.or_null(Node::count)?,
        // Files from before salts have no such field.
        is_salted: node
            .value
            .get("hash_salt")
            .is_some_and(|salt| !salt.is_null()),
        mean_bytes: node.field("poisson_mean_bytes")?.or_null(Node::count)?,
        window_base: node.field("window_base")?.count()?,
        aslr: node.field("aslr")?.truth()?,
    })
}

fn machine(node: &Node) -> Result<String, String> {
    let names = ["cpu", "cores", "memory_bytes", "kernel", "libc"];
    let texts: Result<Vec<String>, String> = names
        .iter()
        .map(|name| Ok(node.field(name)?.value.to_string().replace('"', "")))
        .collect();
    Ok(texts?.join("; "))
}

fn losses(node: &Node) -> Result<Vec<(String, u64)>, String> {
    let object = node.value.as_object();
    let mut losses = Vec::new();
    for (name, value) in object.ok_or_else(|| node.wrong("an object of counts"))? {
        let count = Node { value, name }.count()?;
        if count > 0 {
            losses.push((name.clone(), count));
        }
    }
    Ok(losses)
}

/// `truths`: allocations, bytes, and both of live blocks.
fn totals(node: &Node, truths: [Option<f64>; 4]) -> Result<Totals, String> {
    let [allocs, bytes, live_allocs, live_bytes] = truths;
    Ok(Totals {
        allocs: measured(
            node,
            ["allocs", "allocs_variance", "allocs_variance_by_key"],
            allocs,
        )?,
        bytes: measured(
            node,
            ["bytes", "bytes_variance", "bytes_variance_by_key"],
            bytes,
        )?,
        live_allocs: measured(
            node,
            [
                "live_allocs",
                "live_allocs_variance",
                "live_allocs_variance_by_key",
            ],
            live_allocs,
        )?,
        live_bytes: measured(
            node,
            [
                "live_bytes",
                "live_bytes_variance",
                "live_bytes_variance_by_key",
            ],
            live_bytes,
        )?,
    })
}

fn measured(
    node: &Node,
    [estimate, variance, by_key]: [&'static str; 3],
    truth: Option<f64>,
) -> Result<Measured, String> {
    let by_key = match node.value.get(by_key) {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            Node {
                value,
                name: by_key,
            }
            .number()?,
        ),
    };
    Ok(Measured {
        truth,
        estimate: node.field(estimate)?.number()?,
        variance: node.field(variance)?.number()?,
        variance_by_key: by_key,
    })
}

fn others(node: &Node) -> Result<Option<Others>, String> {
    let pair = |allocs, bytes| -> Result<Option<[f64; 2]>, String> {
        let read = |name| node.field(name)?.or_null(Node::number);
        Ok(read(allocs)?.zip(read(bytes)?).map(|(a, b)| [a, b]))
    };
    let tcmalloc = pair("tcmalloc_allocs", "tcmalloc_bytes")?;
    let draws = pair("draws_allocs", "draws_bytes")?;
    let below = pair("draws_below_mean_allocs", "draws_below_mean_bytes")?;
    Ok(match (tcmalloc, draws, below) {
        (Some(tcmalloc), Some(draws), Some(draws_below_mean)) => Some(Others {
            tcmalloc,
            draws,
            draws_below_mean,
        }),
        _ => None,
    })
}

fn bins(record: &Node, estimates: &Node) -> Result<Vec<Bin>, String> {
    let counted = record.field("size_bins")?.elements()?;
    let estimated = estimates.field("size_bins")?.elements()?;
    let mut bins = Vec::new();
    for (counted, estimated) in counted.iter().zip(&estimated) {
        let name = counted.field("bin")?.text()?;
        estimated.field("bin")?.expect_text(name)?;
        let truth = |name| counted.field(name)?.number().map(Some);
        let truths = [truth("total_allocs")?, truth("total_bytes")?, None, None];
        bins.push(Bin {
            name: name.to_string(),
            total: totals(estimated, truths)?,
        });
    }
    Ok(bins)
}

fn windows(node: &Node) -> Result<[(f64, f64); SCALES], String> {
    let windows: [Node; SCALES] = node.tuple()?;
    let mut pairs = [(0.0, 0.0); SCALES];
    for (pair, window) in pairs.iter_mut().zip(windows) {
        *pair = (
            window.field("total")?.number()?,
            window.field("zero_sampled")?.number()?,
        );
    }
    Ok(pairs)
}

fn gaps(node: &Node) -> Result<Vec<GapSample>, String> {
    node.elements()?
        .iter()
        .map(|sample| {
            let clock = sample.field("clock")?;
            let mut gaps = Vec::new();
            for pair in sample.field("gaps")?.elements()? {
                let [gap, size] = pair.tuple()?;
                gaps.push((gap.number()?, size.number()?));
            }
            Ok(GapSample {
                in_bytes: match clock.text()? {
                    "bytes" => true,
                    "allocs" => false,
                    _ => return Err(clock.wrong("\"bytes\" or \"allocs\"")),
                },
                gaps,
                unfinished: sample.field("unfinished")?.or_null(Node::number)?,
            })
        })
        .collect()
}
