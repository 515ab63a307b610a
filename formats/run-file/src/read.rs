//! Reads run files and holds each against its path, and all against each other.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::check;
use crate::error::{explain, wrong};
use crate::find::find;
use crate::run::{Origin, Run};
use crate::scheme::Scheme;

/// What the directories below the searched one are.
#[derive(Clone, Copy, Debug)]
pub enum Below<'a> {
    /// Sets: its runs lie in `<set>/<workload>/<scheme>/run-<nn>.json`.
    Sets,
    /// Workloads of this set: its runs lie in `<workload>/<scheme>/run-<nn>.json`.
    WorkloadsOf(&'a str),
}

/// How many machines runs that belong together may be of. The text ends the error: what would be done with them.
#[derive(Clone, Copy, Debug)]
pub enum Machines<'a> {
    /// Any number.
    Any,
    /// Runs of one path are averaged.
    OnePerPath(&'a str),
    /// Runs of a workload are compared.
    OnePerWorkload(&'a str),
}

/// Reads all run files below a directory, in the order of their paths, one at a time. Errors name the file. It is an error if a
/// run is there twice, if runs of one path have other parameters, or if there are more machines than may be.
pub fn read_all<'a>(
    directory: &'a Path,
    below: Below<'a>,
    machines: Machines<'a>,
) -> Result<impl Iterator<Item = Result<Run, String>> + 'a, String> {
    let mut files: HashMap<(PathOfRun, u64), PathBuf> = HashMap::new();
    let mut paths: HashMap<PathOfRun, Origin> = HashMap::new();
    let mut workloads: HashMap<(String, String), Origin> = HashMap::new();
    Ok(find(directory)?.into_iter().map(move |file| {
        let run = read(&file, directory, below)?;
        let workload = (run.set.clone(), run.workload.clone());
        let path = (workload.clone(), run.scheme.name());
        if let Some(first) = files.insert((path.clone(), run.run), file) {
            return Err(format!(
                "{}: run: found a second {}/{}/{}/{}, expected it only in {}",
                run.file.display(),
                run.set,
                run.workload,
                run.scheme.name(),
                run.run,
                first.display()
            ));
        }
        let origin = run.origin();
        let first_of_path = paths.entry(path).or_insert_with(|| origin.clone());
        origin.check_repeats(first_of_path)?;
        match machines {
            Machines::Any => {}
            Machines::OnePerPath(why) => origin.check_machine(first_of_path, why)?,
            Machines::OnePerWorkload(why) => {
                let first = workloads.entry(workload).or_insert_with(|| origin.clone());
                origin.check_machine(first, why)?;
            }
        }
        Ok(run)
    }))
}

/// Set and workload, and the scheme's name.
type PathOfRun = ((String, String), &'static str);

/// Reads and checks one run file that was found below a directory. An error names the file.
pub fn read(file: &Path, directory: &Path, below: Below) -> Result<Run, String> {
    parse(file)
        .and_then(|run| {
            check_path(&run, directory, below)?;
            check::run(&run)?;
            Ok(run)
        })
        .map_err(|error| format!("{}: {error}", file.display()))
}

fn parse(file: &Path) -> Result<Run, String> {
    let text = fs::read(file).map_err(|error| error.to_string())?;
    let mut run: Run = serde_json::from_slice(&text).map_err(|error| explain(&text, &error))?;
    run.file = file.to_path_buf();
    Ok(run)
}

/// A file that lies in `<set>/<workload>/<scheme>/run-<nn>.json` says the same of itself; its number is checked wherever it lies.
/// It lies in such a path if that many components lead to it from the searched directory, or if its directory has a scheme's
/// name.
fn check_path(run: &Run, directory: &Path, below: Below) -> Result<(), String> {
    let parts: Vec<String> = run
        .file
        .iter()
        .rev()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let number = parts[0]
        .strip_prefix("run-")
        .and_then(|name| name.strip_suffix(".json"));
    if number.and_then(|digits| digits.parse().ok()) != Some(run.run) {
        return Err(wrong("run", &run.run, "the number in the file's name"));
    }
    let mut found = vec![("scheme", run.scheme.name()), ("workload", &run.workload)];
    match below {
        Below::Sets => found.push(("set", &run.set)),
        Below::WorkloadsOf(set) if run.set != set => {
            return Err(wrong("set", &run.set, format_args!("{set:?}")));
        }
        Below::WorkloadsOf(_) => {}
    }
    let components = found.len() + 1;
    let below_directory = run
        .file
        .strip_prefix(directory)
        .map_or(0, |relative| relative.iter().count());
    let in_such_a_path = parts.len() >= components && Scheme::from_name(&parts[1]).is_some();
    if below_directory < components && !in_such_a_path {
        return Ok(());
    }
    for ((field, found), expected) in found.into_iter().zip(&parts[1..]) {
        if found != expected {
            return Err(wrong(
                field,
                &found,
                format_args!("{expected:?} as in the path"),
            ));
        }
    }
    Ok(())
}
