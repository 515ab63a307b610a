//! Reads run files and holds each against its path, and all against each other.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{explain, wrong};
use crate::run::Run;
use crate::scheme::Scheme;
use crate::{check, find};

/// What the directories below the searched one are.
#[derive(Clone, Copy, Debug)]
pub enum Below<'a> {
    /// Sets: its runs lie in `<set>/<workload>/<scheme>/run-<nn>.json`.
    Sets,
    /// Workloads of this set: its runs lie in `<workload>/<scheme>/run-<nn>.json`.
    WorkloadsOf(&'a str),
}

/// Reads all run files below a directory, in the order of their paths, one at a time. Errors name the file; a run that is there
/// twice is one.
pub fn read_all<'a>(
    directory: &'a Path,
    below: Below<'a>,
) -> Result<impl Iterator<Item = Result<Run, String>> + 'a, String> {
    let mut files: HashMap<(String, String, &'static str, u64), PathBuf> = HashMap::new();
    Ok(find(directory)?.into_iter().map(move |file| {
        let run = read(&file, directory, below)?;
        let identity = (
            run.set.clone(),
            run.workload.clone(),
            run.scheme.name(),
            run.run,
        );
        match files.insert(identity, file) {
            None => Ok(run),
            Some(first) => Err(format!(
                "{}: run: found a second {}/{}/{}/{}, expected it only in {}",
                run.file.display(),
                run.set,
                run.workload,
                run.scheme.name(),
                run.run,
                first.display()
            )),
        }
    }))
}

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
