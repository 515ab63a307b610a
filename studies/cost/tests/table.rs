//! The program as it is used: files of measurements in, table and text out; and what it refuses.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Measurements that a test may change, and a place for the table.
struct Place {
    directory: TempDir,
    files: Vec<PathBuf>,
}

impl Place {
    fn new() -> Place {
        Place {
            directory: TempDir::new().unwrap(),
            files: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, content: &Value) {
        let path = self.directory.path().join(name);
        fs::write(&path, content.to_string()).unwrap();
        self.files.push(path);
    }

    fn run(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cost"))
            .arg("--out")
            .arg(self.directory.path().join("out"))
            .args(&self.files)
            .output()
            .unwrap()
    }

    fn refused(&self) -> String {
        let output = self.run();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!self.directory.path().join("out/cost.csv").exists());
        String::from_utf8(output.stderr).unwrap()
    }

    /// The cells `value`, `low`, `high` and `n` of a row.
    fn row(&self, start: &str) -> [String; 4] {
        let text = fs::read_to_string(self.directory.path().join("out/cost.csv")).unwrap();
        let line = text.lines().find(|line| line.starts_with(start));
        let line = line.unwrap_or_else(|| panic!("no row {start} in {text}"));
        let cells: Vec<String> = line.split(',').map(String::from).collect();
        cells[6..10].to_vec().try_into().unwrap()
    }
}

fn file(part: &str, round: u64, measurements: Vec<Value>) -> Value {
    json!({
        "format_version": 1,
        "part": part,
        "round": round,
        "origin": { "cpu": "test", "cores": 2, "kernel": "1", "host": "a", "build": "b" },
        "missing": ["mimalloc"],
        "skipped": [],
        "measurements": measurements,
    })
}

/// A run of the loop window: `threads` threads that had a processor for `share` of the time.
fn window(subject: &str, truth: Option<bool>, ns: f64, threads: usize, share: f64) -> Value {
    let cpu_ns = ns * 1000.0;
    let thread =
        json!({ "core": 0, "cpu_ns": cpu_ns, "elapsed_ns": cpu_ns / share, "halves_ns": null });
    json!({
        "subject": subject,
        "truth": truth,
        "loop": "window",
        "rate": "usual",
        "operations": 1000,
        "threads": vec![thread; threads],
        "record": null,
    })
}

fn with_estimate(mut measurement: Value, estimated: f64) -> Value {
    measurement["record"] = json!({
        "processes": 1, "total_allocs": 1000, "sampled_allocs": 10, "estimated_allocs": estimated,
    });
    measurement
}

#[test]
fn ratios_are_medians_of_rounds_that_belong_together() {
    let mut place = Place::new();
    // Plain glibc gets slower by the round, and the scheme takes 1.1, 1.2 ... 1.7 times as long.
    for round in 1..=7 {
        let plain = 10.0 * round as f64;
        let scheme = plain * (1.0 + round as f64 / 10.0);
        let measurements = vec![
            window("PLAIN", None, plain, 1, 1.0),
            window("HEADER_HASH", Some(true), scheme, 1, 1.0),
        ];
        place.add(
            &format!("loops-{round}.json"),
            &file("loops", round, measurements),
        );
    }
    let output = place.run();
    assert!(output.status.success(), "{output:?}");
    // Seven values: the smallest and the largest hold the median with 98.4 %.
    assert_eq!(
        place.row("window,HEADER_HASH,1,1,time_ratio,"),
        ["1.400000", "1.100000", "1.700000", "7"]
    );
    assert_eq!(place.row("window,PLAIN,,1,ns,")[0], "40.000000");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("not measured: mimalloc: not installed"),
        "{text}"
    );
    let noisy = "noisy: the loop window under PLAIN took 20.0 to 60.0 ns an operation in the middle half of 7 rounds, 40.0 in the median";
    assert!(text.contains(noisy), "{text}");
    let row = text
        .lines()
        .find(|line| line.starts_with("HEADER_HASH"))
        .unwrap();
    assert!(row.contains("1.40 [1.10, 1.70]  1.37 undecided"), "{row}");
    let findings = fs::read(place.directory.path().join("out/cost-findings.json")).unwrap();
    let findings: Value = serde_json::from_slice(&findings).unwrap();
    assert_eq!(findings["runs"], "7 rounds of loops, 0 of programs");
    assert_eq!(
        findings["machines"],
        json!(["test, 2 cores, Linux 1; build b"])
    );
    let rows = findings["blocks"][0]["table"]["rows"].as_array().unwrap();
    let cells = rows.iter().find(|row| row[0] == "HEADER_HASH").unwrap();
    assert_eq!(
        [&cells[4], &cells[5]],
        ["1.40 [1.10, 1.70]", "1.37 undecided"]
    );
    let bounds = findings["blocks"][1]["sentences"].to_string();
    assert!(
        bounds.contains("redis under HEADER_POISSON_BYTES, time over PLAIN: not measured"),
        "{bounds}"
    );
    let notes = findings["blocks"][2]["sentences"].to_string();
    assert!(notes.contains("not measured: mimalloc"), "{notes}");
}

#[test]
fn a_steady_machine_is_not_called_noisy() {
    let mut place = Place::new();
    for round in 1..=8 {
        // One round in eight is far off: the middle half is within 7 %.
        let ns = if round == 8 {
            30.0
        } else {
            10.0 + round as f64 / 5.0
        };
        let measurement = window("PLAIN", None, ns, 1, 1.0);
        place.add(
            &format!("loops-{round}.json"),
            &file("loops", round, vec![measurement]),
        );
    }
    let text = String::from_utf8(place.run().stdout).unwrap();
    assert!(text.contains("PLAIN") && !text.contains("noisy"), "{text}");
}

#[test]
fn rounds_whose_threads_shared_a_core_do_not_count() {
    let mut place = Place::new();
    for round in 1..=6 {
        // In two rounds of six one thread waited for a core; under COUNT in five.
        let share = |void: bool| if void { 0.5 } else { 1.0 };
        let measurements = vec![
            window("PLAIN", None, 10.0, 2, 1.0),
            window("NONE", None, 20.0, 2, share(round <= 2)),
            window("COUNT", Some(true), 20.0, 2, share(round <= 5)),
        ];
        place.add(
            &format!("loops-{round}.json"),
            &file("loops", round, measurements),
        );
    }
    let output = place.run();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        place.row("window,NONE,,2,time_ratio,"),
        ["2.000000", "", "", "4"]
    );
    assert_eq!(place.row("window,COUNT,1,2,time_ratio,"), ["", "", "", "0"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("void: 7 of 18 runs of window on 2 threads"),
        "{text}"
    );
}

#[test]
fn a_sampled_block_is_told_from_the_share_of_samples() {
    let mut place = Place::new();
    for round in 1..=6 {
        let mut often = with_estimate(window("COUNT", Some(true), 60.0, 1, 1.0), 1000.0);
        often["rate"] = json!("often");
        often["record"]["sampled_allocs"] = json!(410);
        let usual = with_estimate(window("COUNT", Some(true), 20.0, 1, 1.0), 1000.0);
        place.add(
            &format!("loops-{round}.json"),
            &file("loops", round, vec![usual, often]),
        );
    }
    assert!(place.run().status.success());
    // 40 ns more, for 0.4 more samples a block.
    assert_eq!(place.row("window,COUNT,1,1,sample_extra,")[0], "100.000000");
}

#[test]
fn instructions_are_counted_over_forwarding() {
    let mut place = Place::new();
    let counts = |subject: &str, truth: Option<bool>, instructions: f64| {
        json!({
            "subject": subject, "truth": truth, "loop": "window", "rate": "usual",
            "instructions": instructions, "misses_d1": 2.0, "misses_last": 0.5, "sampled_share": null,
        })
    };
    let measurements = vec![
        counts("PLAIN", None, 200.0),
        counts("NONE", None, 202.0),
        counts("COUNT", Some(true), 225.0),
        counts("HEADER_HASH", Some(true), 260.0),
    ];
    place.add("instructions.json", &file("instructions", 1, measurements));
    assert!(place.run().status.success());
    let of = |metric: &str| place.row(&format!("window,HEADER_HASH,1,1,{metric},"))[0].clone();
    assert_eq!(of("instructions_over_none"), "58.000000");
    assert_eq!(of("instructions_over_count"), "35.000000");
}

#[test]
fn instructions_of_a_hash_are_at_the_share_that_its_mask_expects() {
    let mut place = Place::new();
    let counts = |subject: &str, cell: (&str, &str), instructions: f64, share: Option<f64>| {
        json!({
            "subject": subject, "truth": true, "loop": cell.0, "rate": cell.1,
            "instructions": instructions, "misses_d1": 2.0, "misses_last": 0.5, "sampled_share": share,
        })
    };
    let mut measurements = Vec::new();
    for subject in ["HEADER_PAGE_HASH", "HEADER_POISSON_BYTES"] {
        measurements.extend([
            // A layout with 1/64 instead of 1/256; a sampled block takes 512 in malloc and 256 in free.
            counts(subject, ("window", "usual"), 262.0, Some(1.0 / 64.0)),
            counts(subject, ("malloc", "nothing"), 150.0, Some(0.0)),
            counts(subject, ("malloc", "often"), 406.0, Some(0.5)),
            counts(subject, ("free", "nothing"), 100.0, Some(0.0)),
            counts(subject, ("free", "often"), 228.0, Some(0.5)),
        ]);
    }
    place.add("instructions.json", &file("instructions", 1, measurements));
    assert!(place.run().status.success());
    let of = |start: &str| place.row(start)[0].clone();
    // 262 - (4 - 1) / 256 of 768.
    assert_eq!(
        of("window,HEADER_PAGE_HASH,1,1,instructions,"),
        "253.000000"
    );
    assert_eq!(
        of("window,HEADER_PAGE_HASH,1,1,instructions_counted,"),
        "262.000000"
    );
    assert_eq!(
        of("malloc,HEADER_PAGE_HASH,1,1,instructions,"),
        "150.000000"
    );
    // Draws do not depend on the layout.
    assert_eq!(
        of("window,HEADER_POISSON_BYTES,1,1,instructions,"),
        "262.000000"
    );
}

#[test]
fn a_scheme_that_did_not_sample_at_its_rate_is_no_result() {
    let mut place = Place::new();
    for round in 1..=6 {
        let estimated = 480.0 + round as f64;
        let measurement = with_estimate(
            window("HEADER_POISSON_BYTES", Some(true), 20.0, 1, 1.0),
            estimated,
        );
        place.add(
            &format!("loops-{round}.json"),
            &file("loops", round, vec![measurement]),
        );
    }
    let said = place.refused();
    assert!(
        said.starts_with("cost: HEADER_POISSON_BYTES did not sample at its rate while it was timed: its samples stand for 0.48"),
        "{said}"
    );
}

#[test]
fn other_machines_other_builds_and_repeated_rounds_are_refused() {
    let measurements = || vec![window("PLAIN", None, 10.0, 1, 1.0)];
    for (key, value, expected) in [
        ("build", "c", "origin.build is \"c\", but \"b\" in "),
        ("host", "z", "origin.host is \"z\", but \"a\" in "),
    ] {
        let mut place = Place::new();
        place.add("loops-1.json", &file("loops", 1, measurements()));
        let mut other = file("loops", 2, measurements());
        other["origin"][key] = json!(value);
        place.add("loops-2.json", &other);
        let said = place.refused();
        assert!(
            said.contains(expected) && said.ends_with("are not compared\n"),
            "{said}"
        );
    }
    let mut place = Place::new();
    place.add("loops-1.json", &file("loops", 1, measurements()));
    place.add("loops-2.json", &file("loops", 1, measurements()));
    assert!(
        place
            .refused()
            .ends_with("round 1 of part loops is there twice\n")
    );
}

#[test]
fn bad_files_are_one_line_each() {
    for (content, expected) in [
        ("{", "EOF while parsing"),
        ("{\"format_version\": 9}", "format_version is 9, expected 1"),
        (
            "{\"format_version\": 1, \"part\": \"lops\"}",
            "part is \"lops\", expected loops, programs, instructions or memory",
        ),
        (
            "{\"format_version\": 1, \"part\": \"loops\"}",
            "round is null, expected a number",
        ),
    ] {
        let mut place = Place::new();
        let path = place.directory.path().join("x.json");
        fs::write(&path, content).unwrap();
        place.files.push(path);
        let said = place.refused();
        assert!(
            said.starts_with("cost: ") && said.contains("x.json: ") && said.contains(expected),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1);
    }
    let mut place = Place::new();
    let mut measurement = window("PLAIN", None, 10.0, 1, 1.0);
    measurement["operations"] = Value::Null;
    place.add("loops-1.json", &file("loops", 1, vec![measurement]));
    assert!(
        place
            .refused()
            .ends_with("loops-1.json measurement 1: operations is null, expected a number\n")
    );
    assert!(
        Place::new()
            .refused()
            .ends_with("no file is given; expected what measure-cost wrote (make bench)\n")
    );
}
