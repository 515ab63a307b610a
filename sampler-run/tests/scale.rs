//! Many machines: shares of the runs, a launcher before each, and merging by copying, by the real Makefile.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Data, text};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

/// `monotonic/HEADER_HASH/run-01.json` to what its machine compares: the workload and the round.
fn compared(run: &str) -> (&str, &str) {
    let parts: Vec<&str> = run.split('/').collect();
    (parts[0], parts[2])
}

#[test]
fn shares_are_everything_once_and_copying_merges_them() {
    let whole = Data::new();
    let mut all = Vec::new();
    for share in ["SHARD=1/3", "SHARD=2/3", "SHARD=3/3"] {
        let data = Data::new();
        let output = data.succeed(&["experiments", "RUNS=2", share]);
        let runs = data.runs("seed");
        // Four rounds of a workload, to three machines: 2, 1 and 1, of five schemes each.
        let rounds: std::collections::BTreeSet<_> = runs.iter().map(|run| compared(run)).collect();
        assert_eq!(runs.len(), 5 * rounds.len(), "{share}: {runs:?}");
        assert_eq!(rounds.len(), if share == "SHARD=1/3" { 2 } else { 1 });
        assert!(
            output.contains(&format!("run 1/{} ", runs.len())),
            "{output}"
        );
        all.extend(runs);
        copy(&data.path("raw"), &whole.path("raw"));
    }
    all.sort();
    assert_eq!(all.len(), 20);
    assert_eq!(whole.runs("seed"), all, "each run was made once");
    // Nothing is left to run, and the tables are of all.
    let output = whole.succeed(&["gathered", "experiments", "aggregate", "RUNS=2"]);
    assert!(!output.contains("/20 "), "{output}");
    let summary = fs::read_to_string(whole.path("summary.csv")).unwrap();
    let row = summary
        .lines()
        .find(|line| line.starts_with("seed,reuse,NONE,wall_s,"))
        .unwrap();
    assert_eq!(row.split(',').nth(5), Some("2"), "{row}");
}

#[test]
fn a_share_beyond_the_last_run_is_empty() {
    let data = Data::new();
    data.succeed(&["experiments", "RUNS=1", "WORKLOADS=reuse", "SHARD=2/2"]);
    assert_eq!(data.runs("seed"), [""; 0]);
}

#[test]
fn what_is_no_share_is_said_in_one_line() {
    let data = Data::new();
    for share in ["0/2", "3/2", "2", "x", "1/2/3", "-1/2", "1/0"] {
        let output = data.make(&["experiments", &format!("SHARD={share}")]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        let expected = format!("SHARD is '{share}'; accepted: k/n with k from 1 to n, such as 3/8");
        assert!(stderr.contains(&expected), "{stderr}");
    }
    let output = data.make(&["aggregate", "MACHINES=two"]);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("MACHINES is 'two'; accepted: several, or nothing"),
        "{stderr}"
    );
}

#[test]
fn a_workload_goes_to_its_set_by_whatever_target_it_is_made() {
    let data = Data::new();
    for (workload, set) in [
        ("reuse", "seed"),
        ("live-1m-64", "comparison"),
        ("frees-plain", "comparison"),
        ("python", "real"),
    ] {
        let made = data.succeed(&["--dry-run", "experiments", &format!("WORKLOADS={workload}")]);
        let path = format!("/raw/{set}/{workload}/HEADER_HASH/run-01.json");
        assert!(made.contains(&path), "{workload}: no {path} in {made}");
    }
}

#[test]
fn a_launcher_stands_before_each_run() {
    let data = Data::new();
    let mine = [
        "experiments",
        "RUNS=1",
        "WORKLOADS=mine",
        "SCHEMES=HEADER_HASH",
        "CMD_mine=printenv LAUNCHED",
    ];
    let launcher = "RUNNER=env LAUNCHED=yes";
    data.succeed(&[&mine[..], &[launcher]].concat());
    assert_eq!(data.runs("own").len(), 2);
    let output = fs::read_to_string(data.path("raw/own/mine/HEADER_HASH/output.txt")).unwrap();
    assert_eq!(output, "yes\n");
    // It is no parameter of the result: without it nothing runs again.
    assert!(!data.succeed(&mine).contains("run 1/2"));

    let failing = Data::new();
    let output = failing.make(&[&mine[..], &["RUNNER=false"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(failing.runs("own"), [""; 0]);
}

#[test]
fn with_a_launcher_runs_may_be_made_side_by_side() {
    let data = Data::new();
    let meeting = data.directory.path().join("meeting");
    fs::create_dir(&meeting).unwrap();
    let script = data.directory.path().join("meet");
    // Each of two runs waits for the other.
    fs::write(
        &script,
        format!(
            "#!/bin/bash\ncd {}\ntouch $$\nuntil [ $(ls | wc -l) = 2 ]; do sleep 0.01; done\n",
            meeting.display()
        ),
    )
    .unwrap();
    make_executable(&script);
    let command = format!("CMD_mine={}", script.display());
    let mine = [
        "-j2",
        "experiments",
        "aggregate",
        "RUNS=1",
        "WORKLOADS=mine",
        "SCHEMES=COUNT",
        "TIMEOUT=30",
        "RUNNER=env",
    ];
    data.succeed(&[&mine[..], &[&command]].concat());
    assert_eq!(data.runs("own").len(), 2);
    // Tables wait for the runs.
    let runs = fs::read_to_string(data.path("runs.csv")).unwrap();
    assert_eq!(runs.lines().count(), 3, "{runs}");
}

/// Makes a file a program, by the hand of another process: what this one wrote may still be open in a child that another test just started, and a
/// program that is open for writing cannot be run.
fn make_executable(file: &Path) {
    let draft = file.with_extension("draft");
    fs::rename(file, &draft).unwrap();
    let mut install = Command::new("install");
    install.args(["-m", "755"]).arg(&draft).arg(file);
    assert!(install.status().unwrap().success());
    fs::remove_file(draft).unwrap();
}
