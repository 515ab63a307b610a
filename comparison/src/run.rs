//! The run files of the set: what the comparison needs of each, and everything that is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::schemes::{SCHEMES, rank_of};

/// One run. Numbers that its scheme does not know are `None`.
pub struct Run {
    /// Its number.
    pub number: u64,
    /// Where it was read, for errors.
    file: String,
    /// Mask, mean, window, truth and randomisation, as text: the same in all runs of a path.
    parameters: String,
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
            "{}: found no run file, expected WORKLOAD/SCHEME/run-NN.json below it (make comparison makes them)",
            directory.display()
        ));
    }
    for path in runs.0.values_mut() {
        path.sort_by_key(|run| run.number);
    }
    check_machines(&runs)?;
    Ok(runs)
}

/// Runs are averaged, and compared with those of other schemes: those of a workload are of one machine.
fn check_machines(runs: &Runs) -> Result<(), String> {
    let mut first: BTreeMap<&str, &Run> = BTreeMap::new();
    for (workload, _, path) in runs.paths() {
        for run in path {
            let expected = first.entry(workload).or_insert(run);
            if run.machine != expected.machine {
                return Err(format!(
                    "{}: machine: found {}, expected {} as in {}: runs of two machines are not compared",
                    run.file, run.machine, expected.machine, expected.file
                ));
            }
        }
    }
    Ok(())
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
    Ok(entries(directory)?
        .into_iter()
        .filter(|path| path.is_dir())
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
    let node = Node {
        value: &value,
        name: "",
    };
    expect(&node.field("format")?, "sampler-run")?;
    expect_count(&node.field("format_version")?, 1)?;
    let mut parts = file.iter().rev().skip(1).map(|part| part.to_string_lossy());
    for field in ["scheme", "workload"] {
        expect(&node.field(field)?, &parts.next().unwrap_or_default())?;
    }
    let scheme = node.field("scheme")?;
    let rank = rank_of(scheme.text()?).ok_or_else(|| {
        scheme.wrong(&format!(
            "one of {}",
            SCHEMES.map(|scheme| scheme.name).join(", ")
        ))
    })?;
    let run = read(&node, SCHEMES[rank].name, file)?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    if name
        .strip_prefix("run-")
        .and_then(|digits| digits.parse().ok())
        != Some(run.number)
    {
        return Err(format!(
            "run: found {}, expected the number in the file's name",
            run.number
        ));
    }
    let path = runs
        .0
        .entry((node.field("workload")?.text()?.to_string(), rank))
        .or_default();
    if let Some(first) = path
        .first()
        .filter(|first| first.parameters != run.parameters)
    {
        return Err(format!(
            "parameters: found {}, expected {} as in run {} of the same path",
            run.parameters, first.parameters, first.number
        ));
    }
    path.push(run);
    Ok(())
}

fn read(node: &Node, scheme: &str, file: &Path) -> Result<Run, String> {
    let processes = node.field("processes")?;
    let records = processes.elements()?;
    let [record] = records.as_slice() else {
        return Err(processes.wrong("an array of the one process that these workloads are"));
    };
    expect(&record.field("scheme")?, scheme)?;
    let truth = node.field("ground_truth")?;
    let mut losses = losses(&node.field("losses")?)?;
    losses.extend(self::losses(&record.field("losses")?)?);
    Ok(Run {
        number: node.field("run")?.count()?,
        file: file.display().to_string(),
        parameters: parameters(&node.field("parameters")?)?,
        machine: machine(&node.field("machine")?)?,
        peak_rss_bytes: node
            .field("peak_rss_bytes")?
            .count_or_null()?
            .map(|bytes| bytes as f64),
        truth: read_truth(&truth)?,
        record: read_record(record, losses)?,
    })
}

fn parameters(node: &Node) -> Result<String, String> {
    let names = [
        "hash_mask",
        "poisson_mean_bytes",
        "window_base",
        "truth",
        "aslr",
    ];
    let pairs: Result<Vec<String>, String> = names
        .iter()
        .map(|name| Ok(format!("{name} {}", node.field(name)?.value)))
        .collect();
    // Each run has a salt of its own; files from before salts have none.
    let is_salted = node
        .value
        .get("hash_salt")
        .is_some_and(|salt| !salt.is_null());
    Ok(format!("{}, salted {is_salted}", pairs?.join(", ")))
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
    let object = node
        .value
        .as_object()
        .ok_or_else(|| node.wrong("an object of counts"))?;
    let mut losses = Vec::new();
    for (name, value) in object {
        let count = Node { value, name }.count()?;
        if count > 0 {
            losses.push((name.clone(), count));
        }
    }
    Ok(losses)
}

fn read_truth(node: &Node) -> Result<Truth, String> {
    let bins = match node.value.get("freed_bins") {
        None => None,
        Some(value) => {
            let bins = Node {
                value,
                name: "freed_bins",
            };
            let names: Result<Vec<String>, String> = bins
                .elements()?
                .iter()
                .map(|bin| bin.text().map(String::from))
                .collect();
            Some(names?)
        }
    };
    Ok(Truth {
        frees: node.field("frees")?.count()?,
        leaked_blocks: node.field("leaked_blocks")?.count()?,
        freed_bins: bins,
    })
}

fn read_record(node: &Node, losses: Vec<(String, u64)>) -> Result<Record, String> {
    expect(&node.field("format")?, "sampler-record")?;
    let count = |name: &'static str| node.field(name)?.count_or_null();
    let estimates = node.field("estimates")?;
    let estimate = |name: &'static str| match estimates.value {
        Value::Null => Ok(None),
        _ => estimates.field(name)?.number().map(Some),
    };
    let table = node.field("table")?;
    let frees_estimate = node.field("sampled_frees_estimate")?;
    Ok(Record {
        total_allocs: count("total_allocs")?,
        total_frees: count("total_frees")?,
        sampled_allocs: count("sampled_allocs")?,
        sampled_frees: count("sampled_frees")?,
        sampled_bytes_freed: count("sampled_bytes_freed")?,
        frees_estimate: match frees_estimate.value {
            Value::Null => None,
            _ => Some((
                frees_estimate.number()?,
                node.field("sampled_frees_estimate_variance")?.number()?,
            )),
        },
        allocs_estimate: estimate("allocs")?,
        live_allocs_estimate: match estimates.value.get("live_allocs") {
            None | Some(Value::Null) => None,
            Some(value) => Some(
                Node {
                    value,
                    name: "live_allocs",
                }
                .number()?,
            ),
        },
        table_bytes: match table.value {
            Value::Null => None,
            _ => Some(table.field("bytes")?.count()?),
        },
        has_unused_headers: count("unused_header_bytes")?.is_some(),
        bins: read_bins(&node.field("size_bins")?)?,
        losses,
    })
}

fn read_bins(node: &Node) -> Result<Vec<Bin>, String> {
    node.elements()?
        .iter()
        .map(|bin| {
            let count = |name: &'static str| bin.field(name)?.count_or_null();
            Ok(Bin {
                name: bin.field("bin")?.text()?.to_string(),
                total_allocs: count("total_allocs")?,
                sampled_allocs: count("sampled_allocs")?,
                sampled_bytes: count("sampled_bytes")?,
            })
        })
        .collect()
}

/// A value and the name of its field, for errors.
struct Node<'a> {
    value: &'a Value,
    name: &'a str,
}

impl<'a> Node<'a> {
    fn field(&self, name: &'a str) -> Result<Node<'a>, String> {
        let value = self.value.get(name);
        let value = value.ok_or_else(|| format!("{name}: found nothing, expected this field"))?;
        Ok(Node { value, name })
    }

    fn elements(&self) -> Result<Vec<Node<'a>>, String> {
        let elements = self
            .value
            .as_array()
            .ok_or_else(|| self.wrong("an array"))?;
        let name = self.name;
        Ok(elements.iter().map(|value| Node { value, name }).collect())
    }

    fn text(&self) -> Result<&'a str, String> {
        self.value.as_str().ok_or_else(|| self.wrong("text"))
    }

    fn count(&self) -> Result<u64, String> {
        self.value.as_u64().ok_or_else(|| self.wrong("a count"))
    }

    fn number(&self) -> Result<f64, String> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    fn count_or_null(&self) -> Result<Option<u64>, String> {
        match self.value {
            Value::Null => Ok(None),
            _ => self.count().map(Some),
        }
    }

    fn wrong(&self, expected: &str) -> String {
        const SHOWN_CHARS: usize = 60;
        let found: String = self.value.to_string().chars().take(SHOWN_CHARS).collect();
        format!("{}: found {found}, expected {expected}", self.name)
    }
}

fn expect(node: &Node, expected: &str) -> Result<(), String> {
    match node.text()? {
        found if found == expected => Ok(()),
        _ => Err(node.wrong(&format!("{expected:?}"))),
    }
}

fn expect_count(node: &Node, expected: u64) -> Result<(), String> {
    match node.count()? {
        found if found == expected => Ok(()),
        _ => Err(node.wrong(&expected.to_string())),
    }
}
