//! The Makefile, from runs to figures, in a data directory of its own: what runs, what is left alone, and what is said when it cannot be.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

const WORKLOADS: [&str; 2] = ["monotonic", "reuse"];
const SCHEMES: [&str; 5] = [
    "NONE",
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
];

struct Pipeline {
    directory: TempDir,
}

impl Pipeline {
    fn new() -> Pipeline {
        let directory = TempDir::new().unwrap();
        Pipeline { directory }
    }

    /// One in which two rounds were run.
    fn with_two_rounds() -> Pipeline {
        let pipeline = Pipeline::new();
        assert_eq!(pipeline.runs(&["RUNS=2"]).len(), 20);
        pipeline
    }

    fn data(&self, name: &str) -> PathBuf {
        self.directory.path().join("data").join(name)
    }

    fn run_file(&self, path: &str) -> Value {
        serde_json::from_slice(&fs::read(self.data("raw").join(path)).unwrap()).unwrap()
    }

    /// make with small workloads, not started yet.
    fn prepare(&self, arguments: &[&str]) -> Command {
        // A test in the background of a shell inherits that SIGINT is ignored.
        let mut make = Command::new("env");
        make.args(["--default-signal", "make"])
            .arg(format!(
                "DATA={}",
                self.directory.path().join("data").display()
            ))
            .args(["MONOTONIC_COUNT=2000", "REUSE_TURNS=2000"])
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
            .stdin(Stdio::null());
        // This test may itself run under make, and cargo with a target directory that the Makefile does not know.
        for name in [
            "MAKEFLAGS",
            "MAKELEVEL",
            "MFLAGS",
            "MAKEOVERRIDES",
            "CARGO_TARGET_DIR",
        ] {
            make.env_remove(name);
        }
        for name in [
            "RUNS",
            "WORKLOADS",
            "SCHEMES",
            "SEED",
            "MEAN",
            "MASK",
            "WINDOW",
            "TIMEOUT",
        ] {
            make.env_remove(name);
        }
        make
    }

    fn make(&self, arguments: &[&str]) -> Output {
        self.prepare(arguments).output().unwrap()
    }

    /// What make prints; it must succeed.
    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.make(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The lines of progress of `make experiments`.
    fn runs(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.succeed(&[&["experiments"], arguments].concat());
        let lines = output.lines().filter(|line| line.starts_with("run "));
        lines.map(str::to_string).collect()
    }

    /// Standard error of make, which must fail, but for its own line and cargo's.
    fn fail(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.make(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
        let stderr = text(&output.stderr);
        let lines = stderr.lines().filter(|line| {
            // Cargo's lines of progress are indented.
            !line.starts_with("make: *** [") && !line.starts_with(' ')
        });
        lines.map(str::to_string).collect()
    }

    /// All files of the data directory, with the times at which they were written.
    fn files(&self) -> BTreeMap<PathBuf, SystemTime> {
        let mut found = BTreeMap::new();
        let mut directories = vec![self.data("")];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let (path, metadata) = (entry.path(), entry.metadata().unwrap());
                match metadata.is_dir() {
                    true => directories.push(path),
                    false => drop(found.insert(path, metadata.modified().unwrap())),
                }
            }
        }
        found
    }

    /// Paths of all files below `raw`, sorted, whose names end so.
    fn raw_files(&self, end: &str) -> Vec<String> {
        let raw = self.data("raw");
        let mut found = Vec::new();
        let mut directories = vec![raw.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.to_str().unwrap().ends_with(end) {
                    let below = path.strip_prefix(&raw).unwrap();
                    found.push(below.to_str().unwrap().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines of progress of whole rounds.
fn rounds(numbers: std::ops::RangeInclusive<usize>, total: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for number in numbers {
        for (w, workload) in WORKLOADS.iter().enumerate() {
            for (s, scheme) in SCHEMES.iter().enumerate() {
                let position = (number - 1) * 10 + w * 5 + s + 1;
                lines.push(format!("run {position}/{total} {workload} {scheme}"));
            }
        }
    }
    lines
}

/// Those lines of progress that name one of the schemes.
fn of_schemes(lines: Vec<String>, schemes: &[&str]) -> Vec<String> {
    let is_of = |line: &String| {
        schemes
            .iter()
            .any(|scheme| line.ends_with(&format!(" {scheme}")))
    };
    lines.into_iter().filter(is_of).collect()
}

#[test]
fn experiments_run_round_by_round_and_only_once() {
    let pipeline = Pipeline::new();
    let lines = pipeline.runs(&["RUNS=2"]);
    assert_eq!(lines, rounds(1..=2, 20));
    assert_eq!(lines[6], "run 7/20 reuse HEADER_HASH");
    assert_eq!(pipeline.raw_files(".json").len(), 20);
    for (workload, scheme, hash_mask, mean) in [
        ("monotonic", "NONE", None, None),
        ("monotonic", "HEADER_HASH", Some(255), None),
        ("monotonic", "HEADER_POISSON_BYTES", None, Some(524_288)),
        ("monotonic", "HEADER_HYBRID", Some(255), Some(65_536)),
        ("reuse", "HEADER_PAGE_HASH", Some(255), None),
        ("reuse", "HEADER_POISSON_BYTES", None, Some(65_536)),
        ("reuse", "HEADER_HYBRID", Some(255), Some(65_536)),
    ] {
        let run = pipeline.run_file(&format!("seed/{workload}/{scheme}/run-02.json"));
        assert_eq!(run["run"], 2);
        assert_eq!(run["ground_truth"]["workload"], workload);
        let parameters = &run["parameters"];
        assert_eq!(
            parameters["hash_mask"].as_u64(),
            hash_mask,
            "{workload} {scheme}"
        );
        assert_eq!(
            parameters["poisson_mean_bytes"].as_u64(),
            mean,
            "{workload} {scheme}"
        );
    }
    assert_eq!(pipeline.runs(&["RUNS=2"]), [""; 0]);
    // Neither does a longer patience change a result, nor a baseline that is asked for twice.
    let schemes = format!("SCHEMES={}", SCHEMES.join(" "));
    assert_eq!(pipeline.runs(&["RUNS=2", "TIMEOUT=9", &schemes]), [""; 0]);
}

#[test]
fn all_runs_have_the_same_workload_and_each_its_own_sampler_seed() {
    let pipeline = Pipeline::with_two_rounds();
    let mut seeds = Vec::new();
    let mut truths = Vec::new();
    for path in pipeline.raw_files(".json") {
        let run = pipeline.run_file(&path);
        seeds.push(run["parameters"]["seed"].as_str().unwrap().to_string());
        if path.starts_with("seed/reuse/") {
            let truth = &run["ground_truth"];
            truths.push(["seed", "allocs", "bytes"].map(|key| truth[key].clone()));
        }
    }
    seeds.sort();
    seeds.dedup();
    assert_eq!(seeds.len(), 20);
    truths.dedup();
    assert_eq!(truths.len(), 1);
}

#[test]
fn a_deleted_run_is_run_again_and_the_tables_with_it() {
    let pipeline = Pipeline::with_two_rounds();
    let is_redone = |output: String| output.contains("/aggregate --raw ");
    assert!(is_redone(pipeline.succeed(&["aggregate"])));
    assert!(!is_redone(pipeline.succeed(&["aggregate"])));
    let path = "raw/seed/reuse/HEADER_HASH/run-01.json";
    fs::remove_file(pipeline.data(path)).unwrap();
    assert_eq!(pipeline.runs(&["RUNS=2"]), ["run 7/20 reuse HEADER_HASH"]);
    let before = fs::metadata(pipeline.data("summary.csv")).unwrap();
    assert!(is_redone(pipeline.succeed(&["aggregate"])));
    let after = fs::metadata(pipeline.data("summary.csv")).unwrap();
    assert!(after.modified().unwrap() > before.modified().unwrap());
    // A table that is gone is made again, too.
    fs::remove_file(pipeline.data("gaps.csv")).unwrap();
    pipeline.succeed(&["aggregate"]);
    assert!(pipeline.data("gaps.csv").exists());
}

#[test]
fn more_runs_run_only_the_new_ones() {
    let pipeline = Pipeline::with_two_rounds();
    assert_eq!(pipeline.runs(&["RUNS=3"]), rounds(3..=3, 30));
}

#[test]
fn a_changed_parameter_reruns_what_it_touches() {
    let pipeline = Pipeline::with_two_rounds();
    let all = rounds(1..=2, 20);
    let mean = ["RUNS=2", "MEAN=1000"];
    let with_mean = ["HEADER_POISSON_BYTES", "HEADER_HYBRID"];
    assert_eq!(pipeline.runs(&mean), of_schemes(all.clone(), &with_mean));
    let run = pipeline.run_file("seed/reuse/HEADER_POISSON_BYTES/run-02.json");
    assert_eq!(run["parameters"]["poisson_mean_bytes"], 1000);
    let mask = ["RUNS=2", "MEAN=1000", "MASK=0x7"];
    let with_mask = ["HEADER_HASH", "HEADER_PAGE_HASH", "HEADER_HYBRID"];
    assert_eq!(pipeline.runs(&mask), of_schemes(all.clone(), &with_mask));
    let turns = ["RUNS=2", "MEAN=1000", "MASK=0x7", "REUSE_TURNS=3000"];
    let reuse = all.into_iter().filter(|line| line.contains(" reuse "));
    assert_eq!(pipeline.runs(&turns), reuse.collect::<Vec<String>>());
    assert_eq!(pipeline.runs(&turns), [""; 0]);
}

#[test]
fn a_program_of_your_own_flows_through_to_tables_and_figures() {
    let pipeline = Pipeline::new();
    let own = [
        "RUNS=2",
        "WORKLOADS=mine",
        "CMD_mine=python3 -c \"print(1)\"",
    ];
    let lines = pipeline.runs(&own);
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[9], "run 10/10 mine HEADER_HYBRID");
    let run = pipeline.run_file("own/mine/HEADER_POISSON_BYTES/run-01.json");
    assert_eq!(run["parameters"]["poisson_mean_bytes"], 524_288);
    assert_eq!(run["command"][2], "print(1)");
    assert_eq!(pipeline.runs(&own), [""; 0]);
    pipeline.succeed(&[&["aggregate", "plots"], &own[..]].concat());
    let summary = fs::read_to_string(pipeline.data("summary.csv")).unwrap();
    assert!(summary.contains("\nown,mine,HEADER_HYBRID,sample_rate_allocs,"));
    let figures: Vec<PathBuf> = fs::read_dir(pipeline.data("plots/own"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!figures.is_empty());
    for figure in figures {
        let png = fs::read(&figure).unwrap();
        assert!(png.starts_with(b"\x89PNG"), "{}", figure.display());
    }
    pipeline.succeed(&["clean"]);
    assert!(!pipeline.data("plots").exists() && !pipeline.data("summary.csv").exists());
    assert_eq!(pipeline.runs(&own), [""; 0]);
}

#[test]
fn results_are_of_what_was_measured_and_name_what_was_not() {
    let pipeline = Pipeline::with_two_rounds();
    pipeline.succeed(&["RUNS=2", "aggregate", "plots"]);
    let results = || fs::read_to_string(pipeline.data("RESULTS.md")).unwrap();
    for expected in [
        "| 20 runs of set seed. |",
        "](plots/reuse_all_headers_sample_rate_allocs.png)",
        "not measured yet; `make accuracy` does it.",
    ] {
        assert!(results().contains(expected), "{expected}");
    }
    pipeline.succeed(&["clean"]);
    assert!(!pipeline.data("RESULTS.md").exists());
    pipeline.succeed(&["results"]);
    let seed = "not measured yet; `make experiments aggregate plots` does it.";
    assert!(results().contains(seed));
}

#[test]
fn a_second_call_rewrites_nothing() {
    let pipeline = Pipeline::new();
    let all = ["experiments", "aggregate", "plots", "RUNS=1"];
    pipeline.succeed(&all);
    let before = pipeline.files();
    assert!(before.contains_key(&pipeline.data("RESULTS.md")));
    pipeline.succeed(&all);
    pipeline.succeed(&["results"]);
    for (path, modified) in pipeline.files() {
        assert_eq!(before.get(&path), Some(&modified), "{}", path.display());
    }
}

#[test]
fn a_variable_of_another_form_is_refused_before_anything_is_started_or_written() {
    let names = "names of letters, digits and . _ + - that begin with a letter or a digit";
    let path =
        "a path of letters, digits and . _ / + - , @ that does not begin with one of the last four";
    let number = "a decimal or 0x number";
    let count = "a number from 1 to 999999";
    let bad = [
        ("DATA", "own data", path),
        ("DATA", "a%b", path),
        ("DATA", "a:b", path),
        ("DATA", "a#b", path),
        ("DATA", "a$b", path),
        ("DATA", "a\nb", path),
        ("DATA", "a'b", path),
        ("DATA", "a\"b", path),
        ("DATA", "a\\b", path),
        ("DATA", "~/a", path),
        ("DATA", "a*", path),
        ("DATA", "-a", path),
        ("DATA", "", path),
        ("WORKLOADS", "monotonic a%b", names),
        ("WORKLOADS", "a:b", names),
        ("WORKLOADS", "a*", names),
        ("WORKLOADS", "a;b", names),
        ("WORKLOADS", "a/b", names),
        ("WORKLOADS", "..", names),
        ("WORKLOADS", "-a", names),
        ("WORKLOADS", "a$(b)", names),
        ("SCHEMES", "NONE;true", names),
        ("SCHEMES", "HEADER_%", names),
        ("REAL_WORKLOADS", "nginx/..", names),
        ("REAL_SCHEMES", "NONE'", names),
        ("INSTRUCTION_SCHEMES", "NONE:", names),
        ("SURVIVE", "../git", names),
        ("SEED", "1 2", "letters, digits and . _ -"),
        ("SEED", "", "letters, digits and . _ -"),
        ("MASK", "0xFG", number),
        ("WINDOW", "1000;", number),
        ("MEAN", "-1", "nothing, or a decimal or 0x number"),
        (
            "TIMEOUT",
            "1m",
            "a number of seconds from 0, which is for ever, to 999999999",
        ),
        ("MONOTONIC_COUNT", "0", "a number from 1 to 999999999999"),
        ("REUSE_TURNS", "1e6", "a number from 1 to 999999999999"),
        ("SALT", "0", "1, or nothing"),
        ("SKIP_MISSING", "no", "1, or nothing"),
        ("MACHINES", "2", "several, or nothing"),
        ("SHARD", "4/3", "k/n with k from 1 to n, such as 3/8"),
        ("RUNS", "01", count),
        ("ACCURACY_RUNS", "0", count),
        ("ACCURACY_BUDGET", "1/0", "1/n, such as 1/256"),
        ("BENCH_ROUNDS", "x", count),
        ("PROGRAM_ROUNDS", "", count),
        ("COMPARISON_RUNS", "-1", count),
        ("COMPARISON_RATE_RUNS", "1.5", count),
        ("REAL_RUNS", "0", "nothing, or a number from 1 to 999999"),
        ("INSTRUCTION_RUNS", "two", count),
        ("SOAK_SECONDS", "0", count),
        ("SOAK_CYCLE", "0", count),
        ("EFFORT", "10%", count),
    ];
    for (variable, value, accepted) in bad {
        let pipeline = Pipeline::new();
        // The build comes first of all that Make starts: a cargo that must not be reached.
        let programs = pipeline.directory.path().join("bin");
        failing_cargo(&programs);
        let given = format!("{variable}={value}");
        let output = pipeline
            .prepare(&["experiments", &given])
            .env("PATH", path_with(&programs))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{given}");
        let shown = value.replace('\n', " ");
        let line = format!("*** {variable} is '{shown}'; accepted: {accepted}.  Stop.\n");
        let stderr = text(&output.stderr);
        assert!(stderr.ends_with(&line), "{given}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{given}: {stderr}");
        assert_eq!(text(&output.stdout), "", "{given}");
        assert!(pipeline.files().is_empty(), "{given}");
    }
}

#[test]
fn a_data_directory_may_be_written_in_any_way() {
    let pipeline = Pipeline::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let relative = tempfile::Builder::new()
        .prefix("data-Zo\u{eb}+")
        .tempdir_in(root.join("target"))
        .unwrap();
    let name = relative.path().file_name().unwrap().to_str().unwrap();
    let given = format!("DATA=./target/{name}/");
    let lines = pipeline.runs(&["RUNS=1", "WORKLOADS=reuse", "SCHEMES=", &given]);
    assert_eq!(lines, ["run 1/1 reuse NONE"]);
    assert!(
        relative
            .path()
            .join("raw/seed/reuse/NONE/run-01.json")
            .exists()
    );
    assert!(pipeline.files().is_empty());
}

#[test]
fn a_target_directory_of_the_users_own_does_not_hide_the_programs() {
    let pipeline = Pipeline::new();
    let elsewhere = pipeline.directory.path().join("elsewhere");
    for variable in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
        let output = pipeline
            .prepare(&["experiments", "RUNS=1", "WORKLOADS=reuse", "SCHEMES="])
            .env(variable, &elsewhere)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(pipeline.raw_files(".json"), ["seed/reuse/NONE/run-01.json"]);
        assert!(!elsewhere.exists(), "{variable}");
    }
}

/// A workspace of one program and one library, built by `tools/build` under a user's configuration of cargo.
#[test]
fn a_build_is_where_make_looks_under_any_configuration_of_cargo() {
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = text(&host.stdout);
    let triple = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    for configured in [
        "target-dir = 'elsewhere'".to_string(),
        format!("target = '{triple}'"),
        format!("target = ['{triple}']\ntarget-dir = 'elsewhere'"),
    ] {
        let place = TempDir::new().unwrap();
        let write = |name: &str, content: &str| {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        write("workspace/Cargo.toml", "[workspace]\nmembers = ['a']\n");
        write(
            "workspace/Cargo.lock",
            "version = 3\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n",
        );
        write(
            "workspace/a/Cargo.toml",
            "[package]\nname = 'a'\nversion = '0.1.0'\nedition = '2024'\n\n[lib]\nname = 'b'\ncrate-type = ['cdylib']\n",
        );
        write("workspace/a/src/lib.rs", "");
        write("workspace/a/src/main.rs", "fn main() { println!(\"1\") }");
        // Above the workspace, as a home directory's would be.
        write(".cargo/config.toml", &format!("[build]\n{configured}\n"));
        let build = || {
            let output = Command::new(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .parent()
                    .unwrap()
                    .join("tools/build"),
            )
            .args(["--offline", "--quiet"])
            .current_dir(place.path().join("workspace"))
            .env_remove("CARGO_TARGET_DIR")
            .output()
            .unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
            let release = place.path().join("workspace/target/release");
            assert!(release.join("libb.so").is_file(), "{configured}");
            let program = release.join("a");
            let ran = Command::new(&program).output().unwrap();
            let modified = fs::metadata(&program).unwrap().modified().unwrap();
            (text(&ran.stdout), modified)
        };
        let first = build();
        assert_eq!(first.0, "1\n", "{configured}");
        // What is built already keeps its time, and what changed is there.
        assert_eq!(build(), first, "{configured}");
        write("workspace/a/src/main.rs", "fn main() { println!(\"22\") }");
        assert_eq!(build().0, "22\n", "{configured}");
    }
}

#[test]
fn a_build_that_fails_leaves_what_was_built() {
    let pipeline = Pipeline::new();
    let programs = pipeline.directory.path().join("bin");
    failing_cargo(&programs);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = || {
        let mut found: Vec<PathBuf> = fs::read_dir(root.join("target/release"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        found
    };
    pipeline.succeed(&["target/release/sampler-run"]);
    // Their other names, in case they are deleted: a failure of this test must not be one of all others.
    let before = built();
    let kept = tempfile::tempdir_in(root.join("target")).unwrap();
    for file in &before {
        fs::hard_link(file, kept.path().join(file.file_name().unwrap())).unwrap();
    }
    let output = pipeline
        .prepare(&["experiments"])
        .env("PATH", path_with(&programs))
        .output()
        .unwrap();
    let after = built();
    for file in &before {
        if !file.exists() {
            fs::hard_link(kept.path().join(file.file_name().unwrap()), file).unwrap();
        }
    }
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert_eq!(after, before);
    assert!(!text(&output.stderr).contains("Deleting"), "{output:?}");
}

#[test]
fn a_stage_that_fails_leaves_the_tables_that_were_there() {
    let pipeline = Pipeline::new();
    pipeline.succeed(&["experiments", "aggregate", "RUNS=1", "WORKLOADS=reuse"]);
    let tables = || {
        let names = ["runs.csv", "summary.csv", "summary.txt"];
        names.map(|name| fs::read(pipeline.data(name)).unwrap())
    };
    let before = tables();
    fs::write(pipeline.data("raw/seed/reuse/NONE/run-02.json"), "{}").unwrap();
    let lines = pipeline.fail(&["aggregate"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("aggregate: "), "{lines:?}");
    assert!(tables() == before);
    // They are known to be old: once it can, make makes them again.
    fs::remove_file(pipeline.data("raw/seed/reuse/NONE/run-02.json")).unwrap();
    assert!(
        pipeline
            .succeed(&["aggregate"])
            .contains("/aggregate --raw ")
    );
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let pipeline = Pipeline::new();
    let mine = ["experiments", "WORKLOADS=mine", "RUNS=1"];
    assert_eq!(
        pipeline.fail(&mine),
        [
            "make: workload mine has no command: give CMD_mine=\"program arguments\"; known without: monotonic reuse"
        ]
    );
    for runs in ["0", "many", "-1", "", "2.5"] {
        let output = pipeline.make(&["experiments", &format!("RUNS={runs}")]);
        assert_eq!(output.status.code(), Some(2), "{runs}");
        let expected = format!("RUNS is '{runs}'; accepted: a number from 1 to 999999.");
        assert!(
            text(&output.stderr).contains(&expected),
            "{}",
            text(&output.stderr)
        );
    }
    let lines = pipeline.fail(&["experiments", "SCHEMES=HEADER_HUSH", "WORKLOADS=reuse"]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("sampler-run: --scheme is 'HEADER_HUSH'; accepted: HEADER_HASH,"));
    let none = Pipeline::new();
    let lines = none.fail(&["aggregate"]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("aggregate: ") && lines[0].contains("no run file"));
    assert!(!none.data("summary.csv").exists());
}

#[test]
fn a_command_that_fails_leaves_no_run_file_and_stops_make() {
    let pipeline = Pipeline::new();
    let lines = pipeline.fail(&["experiments", "WORKLOADS=mine", "CMD_mine=false", "RUNS=2"]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("sampler-run: false ended with status 1 (kept: "));
    assert_eq!(pipeline.raw_files(".json"), [""; 0]);
    assert_eq!(
        pipeline.raw_files(".failed"),
        ["own/mine/NONE/run-01.json.failed"]
    );
}

#[test]
fn an_interrupted_make_leaves_no_half_written_run() {
    let interrupt = |pid: Pid| killpg(pid, Signal::SIGINT);
    let terminate = |pid: Pid| kill(pid, Signal::SIGTERM);
    for stop in [interrupt as fn(Pid) -> nix::Result<()>, terminate] {
        let pipeline = Pipeline::new();
        let script = pipeline.directory.path().join("endless");
        fs::write(
            &script,
            "#!/bin/bash\necho $$ > \"$0.pid\"\nexec sleep 1000\n",
        )
        .unwrap();
        make_executable(&script);
        let command = format!("CMD_mine={}", script.display());
        let mut make = pipeline
            .prepare(&["experiments", "WORKLOADS=mine", &command])
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let endless = loop {
            let pid = fs::read_to_string(script.with_extension("pid")).unwrap_or_default();
            if pid.ends_with('\n') {
                break pid.trim().to_string();
            }
            assert!(start.elapsed() < Duration::from_secs(100), "never started");
            sleep(Duration::from_millis(5));
        };
        stop(Pid::from_raw(make.id() as i32)).unwrap();
        assert!(!make.wait().unwrap().success());
        let stat = fs::read_to_string(format!("/proc/{endless}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
        assert_eq!(pipeline.raw_files(".json"), [""; 0]);
        assert_eq!(pipeline.raw_files(".part"), [""; 0]);
    }
}

#[test]
fn help_names_each_target_and_variable() {
    let help = Pipeline::new().succeed(&["help"]);
    let makefile = include_str!("../../Makefile");
    let phony = makefile
        .lines()
        .find_map(|line| line.strip_prefix(".PHONY: "))
        .unwrap();
    let users = phony
        .split(' ')
        .filter(|name| *name != "FORCE" && !name.starts_with("needs-"));
    let variables = makefile
        .lines()
        .filter_map(|line| Some(line.split_once(" ?=")?.0))
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        });
    for name in users.chain(variables) {
        let line = help
            .lines()
            .find(|line| line.starts_with(&format!("  {name} ")));
        assert!(line.is_some_and(|line| line.len() > 20), "{name} in {help}");
    }
}

/// A directory with a cargo in it that fails, as it does where a build fails.
fn failing_cargo(directory: &Path) {
    fs::create_dir(directory).unwrap();
    let cargo = directory.join("cargo");
    fs::write(&cargo, "#!/bin/sh\necho started\nexit 101\n").unwrap();
    make_executable(&cargo);
}

/// The search path with a directory before all others.
fn path_with(first: &Path) -> String {
    format!("{}:{}", first.display(), env::var("PATH").unwrap())
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
