//! All run files of the sets `accuracy...`, beside the budget that their parameters come from.

use std::fs;
use std::path::{Path, PathBuf};

use run_file::Below;

use crate::budget::{Budget, Design};
use crate::run::Run;
use crate::schemes::{SCHEMES, Scheme, rank_of};

/// The counting run that budgets are solved from; it is no scheme of the comparison.
const COUNTING: &str = "SIZES";

/// One set and workload: a budget, and the schemes that ran.
pub struct Workload {
    pub set: String,
    pub name: String,
    pub budget: Budget,
    /// In the order of [`SCHEMES`].
    pub cells: Vec<Cell>,
}

/// One scheme on one workload.
pub struct Cell {
    pub scheme: &'static Scheme,
    pub design: Design,
    /// In the order of their numbers; at least one.
    pub runs: Vec<Run>,
}

impl Cell {
    /// What two runs differ by but the machine's mood: draws and salts always do, addresses only if the kernel randomises them.
    pub fn randomness(&self) -> Vec<&'static str> {
        let parameters = &self.runs[0].parameters;
        let decision = self.scheme.decision;
        [
            (decision.draws(), "draws"),
            (parameters.is_salted, "salt"),
            (decision.has_keys() && parameters.aslr, "address layout"),
        ]
        .into_iter()
        .filter_map(|(is_there, name)| is_there.then_some(name))
        .collect()
    }

    /// Whether there is anything.
    pub fn is_random(&self) -> bool {
        !self.randomness().is_empty()
    }
}

/// Reads `SET/WORKLOAD/budget.json` and `SET/WORKLOAD/SCHEME/run-NN.json` of all sets whose name begins with `accuracy`.
pub fn read_all(raw: &Path) -> Result<Vec<Workload>, String> {
    let mut workloads = Vec::new();
    for set in subdirectories(raw)? {
        if !name(&set).starts_with("accuracy") {
            continue;
        }
        for directory in subdirectories(&set)? {
            workloads.extend(workload(raw, &set, &directory)?);
        }
    }
    workloads.sort_by_key(|workload: &Workload| order(&workload.set, &workload.name));
    if workloads.is_empty() {
        return Err(format!(
            "{}: found no run of a set accuracy, expected accuracy/WORKLOAD/SCHEME/run-NN.json below it (make accuracy makes them)",
            raw.display()
        ));
    }
    Ok(workloads)
}

/// `monotonic-5` before `monotonic-50`, both before other kinds; kinds that are not listed last.
fn order(set: &str, name: &str) -> (String, usize, u64, String) {
    const KINDS: [&str; 5] = ["monotonic", "reuse", "steady", "leaks", "stride"];
    let (kind, number) = name.rsplit_once('-').unwrap_or((name, ""));
    let rank = KINDS.iter().position(|it| *it == kind);
    (
        set.to_string(),
        rank.unwrap_or(KINDS.len()),
        number.parse().unwrap_or(u64::MAX),
        name.to_string(),
    )
}

/// `None` where only the counting run is there.
fn workload(raw: &Path, set: &Path, directory: &Path) -> Result<Option<Workload>, String> {
    let mut schemes: Vec<(usize, PathBuf)> = Vec::new();
    for path in subdirectories(directory)? {
        match rank_of(&name(&path)) {
            Some(rank) => schemes.push((rank, path)),
            None if name(&path) == COUNTING => {}
            None => {
                return Err(format!(
                    "{}: found a scheme '{}', expected one of {}",
                    directory.display(),
                    name(&path),
                    SCHEMES.map(|scheme| scheme.name).join(", ")
                ));
            }
        }
    }
    schemes.sort();
    let mut budget = None;
    let mut cells = Vec::new();
    for (rank, path) in schemes {
        let files = run_files(&path)?;
        if files.is_empty() {
            continue;
        }
        if budget.is_none() {
            budget = Some(Budget::read(&directory.join("budget.json"))?);
        }
        let budget = budget.as_ref().expect("it was just read");
        cells.push(cell(raw, &SCHEMES[rank], &files, budget)?);
    }
    Ok(budget.map(|budget| Workload {
        set: name(set),
        name: name(directory),
        budget,
        cells,
    }))
}

fn cell(
    raw: &Path,
    scheme: &'static Scheme,
    files: &[PathBuf],
    budget: &Budget,
) -> Result<Cell, String> {
    let in_file = |file: &Path, error: String| format!("{}: {error}", file.display());
    let design = budget.design(scheme.name).ok_or_else(|| {
        in_file(
            &files[0],
            format!("budget.json: found no parameters of {}", scheme.name),
        )
    })?;
    let mut runs: Vec<Run> = Vec::new();
    for file in files {
        let run = run_file::read(file, raw, Below::Sets)?;
        let run = Run::of(&run).map_err(|error| in_file(file, error))?;
        let found = (run.parameters.hash_mask, run.parameters.window_base);
        let expected = (design.hash_mask, budget.window_base);
        // A scheme without a size that is drawn has the runner's own mean.
        let is_mean_right =
            design.mean_bytes.is_none() || design.mean_bytes == run.parameters.mean_bytes;
        let is_same = runs
            .first()
            .is_none_or(|first| first.parameters == run.parameters);
        if found != expected || !is_mean_right || !is_same {
            return Err(in_file(
                file,
                format!(
                    "parameters: found {:?}, expected those of budget.json, the same in all runs (make accuracy runs it anew)",
                    run.parameters
                ),
            ));
        }
        runs.push(run);
    }
    runs.sort_by_key(|run| run.number);
    Ok(Cell {
        scheme,
        design: design.clone(),
        runs,
    })
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
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
    let entries = entries(directory)?.into_iter();
    Ok(entries.filter(|path| path.is_dir()).collect())
}

fn run_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let is_run = |path: &PathBuf| {
        let name = name(path);
        name.starts_with("run-") && name.ends_with(".json")
    };
    Ok(entries(directory)?.into_iter().filter(is_run).collect())
}
