//! `make experiments-real`, a hundredth of its size (and `make real-instructions`, which is part of it): what runs, what an interrupted one leaves, and that it goes on.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::support::*;

fn make(place: &Place) -> Command {
    make_goal(place, "experiments-real")
}

fn make_goal(place: &Place, goal: &str) -> Command {
    programs();
    // A test in the background of a shell inherits that SIGINT is ignored.
    let mut make = Command::new("env");
    make.args(["--default-signal", "make", goal, "EFFORT=1"])
        .args([
            "REAL_WORKLOADS=redis python",
            "RUNS=1",
            "REAL_SCHEMES=NONE HEADER_HASH",
            "INSTRUCTION_RUNS=1",
            "INSTRUCTION_SCHEMES=PLAIN NONE",
        ])
        .arg(format!("DATA={}", place.path("data").display()))
        .current_dir(root())
        .env("TMPDIR", place.path("tmp"))
        .stdin(Stdio::null());
    for name in [
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "MAKEOVERRIDES",
        "CARGO_TARGET_DIR",
    ] {
        make.env_remove(name);
    }
    make
}

fn run_files(place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![place.path("data/raw")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.to_str().unwrap().to_string();
            match path.is_dir() {
                true => directories.push(path),
                false if name.contains("run-") => found.push(name),
                false => {}
            }
        }
    }
    found
}

#[test]
fn an_interrupted_experiment_leaves_nothing_and_goes_on() {
    let place = Place::new();
    let mut running = make(&place)
        .arg("EFFORT=100")
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    place.wait_for("redis-benchmark -h");
    killpg(Pid::from_raw(running.id() as i32), Signal::SIGINT).unwrap();
    assert!(!running.wait().unwrap().success());
    place.assert_clean();
    let left = run_files(&place);
    assert!(
        left.iter().all(|name| name.ends_with(".failed")),
        "{left:?}"
    );

    let output = make(&place).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let runs: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("run "))
        .collect();
    assert_eq!(runs.len(), 4, "{said}");
    assert_eq!(runs[0], "run 1/4 redis NONE");
    assert!(
        runs[1].starts_with("run 2/4 redis HEADER_HASH, about "),
        "{said}"
    );
    assert_eq!(run_files(&place).len(), 4);
    let table = fs::read_to_string(place.path("data/runs.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);
    for figure in [
        "redis_all_headers_sample_rate_allocs.png",
        "real_instructions.png",
    ] {
        assert!(
            place.path("data/plots/real").join(figure).exists(),
            "{figure}"
        );
    }
    // Counted apart: no table of times has these runs, and the report has their instructions.
    for counted in ["redis/PLAIN", "redis/NONE", "python/PLAIN", "python/NONE"] {
        let run = format!("data/counted/real/{counted}/run-01.json");
        assert!(place.path(&run).exists(), "{run}");
    }
    let report = fs::read_to_string(place.path("data/real.txt")).unwrap();
    assert!(report.contains("\npython NONE pymalloc "), "{report}");

    let again = make(&place).output().unwrap();
    let said = text(&again.stdout);
    let has_measured = said.contains("run ") || said.contains("instructions 1/");
    assert!(again.status.success() && !has_measured, "{said}");
}

#[test]
fn a_missing_program_is_an_error_or_named_and_skipped() {
    let place = Place::new();
    let skipping = |arguments: &[&str]| {
        let output = make(&place)
            .args(["REAL_WORKLOADS=redis", "NEEDS_redis=no-such-program"])
            .args(["REAL_SCHEMES=NONE"])
            .args(arguments)
            .env("PATH", path_without_apt(&place))
            .output()
            .unwrap();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (succeeded, _, said) = skipping(&[]);
    assert!(!succeeded);
    assert!(
        said.contains("install what Debian calls: no-such-program"),
        "{said}"
    );
    // The tables have no run to be made of: that is said too, after the skipped run is named.
    let (_, said, _) = skipping(&["SKIP_MISSING=1"]);
    assert!(
        said.contains("skipped: no-such-program is not installed"),
        "{said}"
    );
    assert_eq!(run_files(&place), [""; 0]);
}

#[test]
fn without_valgrind_nothing_is_counted_and_that_is_said() {
    let place = Place::new();
    let counting = |arguments: &[&str]| {
        let output = make_goal(&place, "real-instructions")
            .arg("REAL_WORKLOADS=redis")
            .args(arguments)
            .env("PATH", path_without(&place, &["apt-get", "valgrind"]))
            .output()
            .unwrap();
        let said = (text(&output.stdout), text(&output.stderr));
        (output.status.success(), said.0, said.1)
    };
    let (succeeded, _, said) = counting(&[]);
    assert!(
        !succeeded && said.contains("install what Debian calls: valgrind"),
        "{said}"
    );
    let (succeeded, said, _) = counting(&["SKIP_MISSING=1"]);
    assert!(
        succeeded && said.contains("skipped: valgrind is not installed"),
        "{said}"
    );
    assert!(
        !place
            .path("data/counted/real/redis/NONE/run-01.json")
            .exists()
    );
}

/// All commands of the system but apt-get: nothing is installed by a test.
fn path_without_apt(place: &Place) -> String {
    path_without(place, &["apt-get"])
}

fn path_without(place: &Place, missing: &[&str]) -> String {
    let directory = place.path("bin");
    if fs::create_dir(&directory).is_ok() {
        for entry in fs::read_dir("/usr/bin").unwrap().flatten() {
            if !missing.iter().any(|name| entry.file_name() == *name) {
                let _ = std::os::unix::fs::symlink(entry.path(), directory.join(entry.file_name()));
            }
        }
    }
    let cargo = std::path::Path::new(env!("CARGO")).parent().unwrap();
    format!("{}:{}", directory.display(), cargo.display())
}
