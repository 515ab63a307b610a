//! Which files are runs: every `run-*.json` below a directory. What a failed run left is `run-*.json.failed`, and is not one.

use std::fs;
use std::path::{Path, PathBuf};

/// All run files below `directory`, in the order of their paths; an error if there are none.
pub fn find(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    search(directory, &mut found)?;
    if found.is_empty() {
        return Err(format!(
            "{}: found no run file, expected <set>/<workload>/<scheme>/run-<nn>.json below it",
            directory.display()
        ));
    }
    found.sort();
    Ok(found)
}

fn search(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let describe = |error| {
        format!(
            "{}: {error}, expected a directory of run files",
            directory.display()
        )
    };
    for entry in fs::read_dir(directory).map_err(describe)? {
        let path = entry.map_err(describe)?.path();
        if path.is_dir() {
            search(&path, found)?;
        } else if is_run_file(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_run_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"run-") && name.ends_with(b".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_runs_are_run_files() {
        assert!(is_run_file(Path::new("a/run-01.json")));
        for other in [
            "run-01.json.failed",
            ".run-01.json",
            "run-01.json.tmp",
            "summary.json",
        ] {
            assert!(!is_run_file(Path::new(other)), "{other}");
        }
    }
}
