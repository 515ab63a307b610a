//! Reads files as stages do: the committed runs, runs made up, and every damage to them.

use std::fs;
use std::path::{Path, PathBuf};

use run_file::{Below, Machines, Run, Scheme, example, read_all};
use serde_json::{Value, json};
use tempfile::TempDir;

fn write(directory: &Path, path: &str, text: &str) -> PathBuf {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn read(directory: &Path) -> Result<Vec<Run>, String> {
    read_all(directory, Below::Sets, Machines::Any)?.collect()
}

#[test]
fn the_committed_runs_are_read_and_written_alike() {
    let raw = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/example/raw");
    let runs = read(&raw).unwrap();
    assert_eq!(runs.len(), 12);
    for run in runs {
        let text = fs::read(&run.file).unwrap();
        let written = serde_json::to_value(&run).unwrap();
        let value: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(written, value, "{}", run.file.display());
    }
}

#[test]
fn a_run_of_every_scheme_is_accepted() {
    let directory = TempDir::new().unwrap();
    for scheme in Scheme::all() {
        let run = example::run(scheme.name(), 1, 2);
        let path = format!("seed/reuse/{}/run-01.json", scheme.name());
        write(directory.path(), &path, &run.to_string());
    }
    assert_eq!(read(directory.path()).unwrap().len(), Scheme::all().count());
}

#[test]
fn every_damage_is_refused_with_its_file_and_field() {
    for scheme in [
        "HEADER_HYBRID",
        "SAMPLE_HEADERS_HASH_MAP",
        "STATELESS_POISSON_BERNOULLI",
    ] {
        let directory = TempDir::new().unwrap();
        let run = example::run(scheme, 1, 2);
        for damage in example::damages(&run) {
            let path = format!("seed/reuse/{scheme}/run-01.json");
            let file = write(directory.path(), &path, &damage.run.to_string());
            let error = read(directory.path()).expect_err(&damage.expected);
            let start = file.display().to_string();
            assert!(
                error.starts_with(&start) && error.contains(&damage.expected),
                "{error}\nexpected {}",
                damage.expected
            );
            assert_eq!(error.lines().count(), 1);
        }
    }
}

#[test]
fn a_field_that_is_there_twice_is_refused() {
    let directory = TempDir::new().unwrap();
    let text = example::run("COUNT", 1, 0).to_string();
    let twice = text.replacen('{', "{\"run\":1,", 1);
    write(directory.path(), "seed/reuse/COUNT/run-01.json", &twice);
    let error = read(directory.path()).unwrap_err();
    assert!(error.contains("duplicate field `run`"), "{error}");
}

#[test]
fn the_set_is_the_one_that_was_asked_for() {
    let directory = TempDir::new().unwrap();
    let mut run = example::run("COUNT", 1, 0);
    run["set"] = json!("bogus");
    write(
        directory.path(),
        "reuse/COUNT/run-01.json",
        &run.to_string(),
    );
    let runs = read_all(directory.path(), Below::WorkloadsOf("real"), Machines::Any).unwrap();
    let error = runs.collect::<Result<Vec<Run>, String>>().unwrap_err();
    assert!(
        error.ends_with("run-01.json: set: found \"bogus\", expected \"real\""),
        "{error}"
    );
}
