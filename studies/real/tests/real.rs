//! Runs the real binary over the committed example: run files of small workloads under the library, whose `ground_truth`, which a driver of real programs
//! would have printed, was made up. Nothing in it was measured.
//!
//! After a wanted change of the output: `UPDATE_GOLDEN=1 cargo test -p real golden`, then read the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use run_file::example::damages;
use serde_json::{Value, json};
use tempfile::TempDir;

const FILES: [&str; 3] = ["real.csv", "real.txt", "real-findings.json"];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example")
}

/// A copy of the example that a test may break.
struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        copy(&example().join("raw"), &directory.path().join("raw"));
        // What the crate `instructions` writes of counts that are made up.
        let counted = example().join("../../instructions/tests/example/real-instructions.csv");
        fs::copy(counted, directory.path().join("real-instructions.csv")).unwrap();
        Fixture { directory }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    fn run(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_real"))
            .arg("--raw")
            .arg(self.path("raw"))
            .arg("--instructions")
            .arg(self.path("real-instructions.csv"))
            .arg("--out")
            .arg(self.path("out"))
            .output()
            .unwrap()
    }

    /// The report, on one line, and the table.
    #[track_caller]
    fn succeeds(&self) -> [String; 2] {
        let output = self.run();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let [report, table] = ["out/real.txt", "out/real.csv"]
            .map(|file| fs::read_to_string(self.path(file)).unwrap());
        let words: Vec<&str> = report.split_whitespace().collect();
        [words.join(" "), table]
    }

    /// Its one line; and an earlier report stays as it was.
    #[track_caller]
    fn fails(&self) -> String {
        fs::create_dir_all(self.path("out")).unwrap();
        fs::write(self.path("out/real.txt"), "earlier").unwrap();
        let output = self.run();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert_eq!(fs::read_dir(self.path("out")).unwrap().count(), 1);
        let kept = fs::read_to_string(self.path("out/real.txt")).unwrap();
        assert_eq!(kept, "earlier");
        stderr
    }

    /// Changes one field of a run, given as a JSON pointer.
    fn set(&self, run: &str, field: &str, value: Value) {
        let path = self.path("raw").join(run);
        let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        *file.pointer_mut(field).unwrap() = value;
        fs::write(path, file.to_string()).unwrap();
    }
}

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

/// The cells of a row from its value on: value, low, high, n, detectable, bound, claim, verdict.
#[track_caller]
fn cells(table: &str, start: &str) -> Vec<String> {
    let line = table.lines().find(|line| line.starts_with(start));
    let line = line.unwrap_or_else(|| panic!("no row {start}"));
    line.split(',').skip(7).map(String::from).collect()
}

#[track_caller]
fn close(found: &str, expected: f64) {
    let found: f64 = found.parse().unwrap();
    assert!(
        (found / expected - 1.0).abs() < 1e-9,
        "{found}, not {expected}"
    );
}

#[test]
fn golden_files_of_the_example_are_reproduced() {
    let fixture = Fixture::new();
    fixture.succeeds();
    for name in FILES {
        let found = fs::read_to_string(fixture.path("out").join(name)).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(example().join(name), &found).unwrap();
        }
        let expected = fs::read_to_string(example().join(name)).unwrap();
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}, line {}", number + 1);
        }
        assert_eq!(found, expected, "{name}: other number of lines");
    }
}

#[test]
fn ratios_are_of_runs_of_the_same_round() {
    let fixture = Fixture::new();
    // A machine that is ten times slower in round 2 changes no ratio: 1.02 and 1.06.
    for (scheme, number, cpu_ns) in [
        ("PLAIN", 1, 1_000_000_000u64),
        ("PLAIN", 2, 10_000_000_000),
        ("HEADER_POISSON_BYTES", 1, 1_020_000_000),
        ("HEADER_POISSON_BYTES", 2, 10_600_000_000),
    ] {
        let run = format!("curl/{scheme}/run-0{number}.json");
        fixture.set(&run, "/ground_truth/server_cpu_ns", cpu_ns.into());
    }
    let [report, table] = fixture.succeeds();
    let row = "real,curl,HEADER_POISSON_BYTES,,PLAIN,cpu_per_unit,ratio,";
    let found = cells(&table, row);
    close(&found[0], (1.02f64 * 1.06).sqrt());
    assert_eq!(found[3], "2");
    assert!(
        found[1].starts_with("0.814") && found[2].starts_with("1.327"),
        "{found:?}"
    );
    assert_eq!(found[5..8], ["1.05", "", "undecided"]);
    let bound = "curl HEADER_POISSON_BYTES 2 1.040 [0.814, 1.328] 1.05 undecided 0.701 1.311 -";
    assert!(report.contains(bound), "{report}");
}

#[test]
fn instructions_stand_beside_processor_time_where_they_were_counted() {
    let fixture = Fixture::new();
    let [report, _] = fixture.succeeds();
    for expected in [
        "undecided 0.130 1.036 1.032 (1.031 to 1.032)",
        "nginx, instructions a request outside the kernel, times those without the library: headers on every block (HEADER_POISSON_BYTES) 1.032 (1.031 to 1.032); forwarding alone (NONE) 1.006 (n = 2).",
        "could have been told from 1; 1.032 (1.031 to 1.032) of the instructions.",
        "curl NONE small.c 1 101000000 compilation 1.010 -",
        "They are not time",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    // At another mean it is no evidence for the bound.
    let path = fixture.path("real-instructions.csv");
    let table = fs::read_to_string(&path).unwrap();
    fs::write(&path, table.replace("524288", "4096")).unwrap();
    assert!(fixture.succeeds()[0].contains("1.036 - nginx SAMPLE"));
    fs::remove_file(&path).unwrap();
    assert!(!fixture.succeeds()[0].contains("outside the kernel"));
}

#[test]
fn a_table_of_instructions_that_is_wrong_is_refused_in_one_line() {
    for (found, wrong, expected) in [
        (
            ",n\n",
            ",m\n",
            "column n: found none, expected it in the header",
        ),
        (
            "real,curl,NONE,",
            "real,curl,NOON,",
            "scheme: found \"NOON\", expected one of the schemes",
        ),
        (
            ",1.01,1.01,1.01,1",
            ",1.01,,1.01,1",
            "low: found \"\", expected a number above 0",
        ),
    ] {
        let fixture = Fixture::new();
        let path = fixture.path("real-instructions.csv");
        let table = fs::read_to_string(&path).unwrap();
        assert!(table.contains(found));
        fs::write(&path, table.replace(found, wrong)).unwrap();
        let stderr = fixture.fails();
        assert!(
            stderr.contains("real-instructions.csv: ") && stderr.contains(expected),
            "{stderr}"
        );
    }
}

#[test]
fn a_bound_is_broken_by_the_whole_interval_only() {
    let fixture = Fixture::new();
    for number in 1..=3 {
        let base = fs::read(fixture.path(&format!("raw/nginx/PLAIN/run-0{number}.json"))).unwrap();
        let base: Value = serde_json::from_slice(&base).unwrap();
        let cpu_ns = base["ground_truth"]["server_cpu_ns"].as_u64().unwrap();
        let slower = cpu_ns + cpu_ns / 5 + number;
        let run = format!("nginx/SAMPLE_HEADERS_POISSON/run-0{number}.json");
        fixture.set(&run, "/ground_truth/server_cpu_ns", slower.into());
    }
    let [report, table] = fixture.succeeds();
    let row = "real,nginx,SAMPLE_HEADERS_POISSON,,PLAIN,cpu_per_unit,ratio,";
    assert_eq!(cells(&table, row)[5..8], ["1.04", "", "outside"]);
    assert!(
        report.contains("1.200 [1.200, 1.200] 1.04 outside <0.001"),
        "{report}"
    );
}

/// Sets the processor time of each round of a scheme to so many times that without the library.
fn set_ratios(fixture: &Fixture, workload: &str, scheme: &str, ratios: &[f64]) {
    for (index, ratio) in ratios.iter().enumerate() {
        let number = index + 1;
        let path = format!("raw/{workload}/PLAIN/run-0{number}.json");
        let base: Value = serde_json::from_slice(&fs::read(fixture.path(&path)).unwrap()).unwrap();
        let base = base["ground_truth"]["server_cpu_ns"].as_f64().unwrap();
        let run = format!("{workload}/{scheme}/run-0{number}.json");
        let cpu_ns = (base * ratio) as u64;
        fixture.set(&run, "/ground_truth/server_cpu_ns", cpu_ns.into());
    }
}

#[test]
fn a_bound_is_kept_only_if_an_overhead_of_its_size_could_have_been_seen() {
    let row = "real,nginx,HEADER_POISSON_BYTES,,PLAIN,cpu_per_unit,ratio,";
    // Three rounds: smallest effect (4.303 + 1.061) s / sqrt(3). With s = 0.01 that is 3.1 %, with s = 0.05 16.7 %; the bound is 8 %.
    for (ratios, visible, verdict) in [
        ([0.99, 1.00, 1.01], "a ratio of 1.03", "inside"),
        ([0.57, 0.60, 0.63], "a ratio of 1.1", "undecided"),
    ] {
        let fixture = Fixture::new();
        set_ratios(&fixture, "nginx", "HEADER_POISSON_BYTES", &ratios);
        let [report, table] = fixture.succeeds();
        let found = cells(&table, row);
        let high: f64 = found[2].parse().unwrap();
        assert!(high < 1.08, "the whole interval is below: {found:?}");
        assert_eq!(found[5..8], ["1.08", "", verdict]);
        let p: f64 = found[8].parse().unwrap();
        assert!(p < 0.05, "{p}");
        let claim = if verdict == "inside" {
            "RIGHT"
        } else {
            "UNDECIDED"
        };
        let expected = format!("nginx, HEADER_POISSON_BYTES: {claim}: ");
        assert!(
            report.contains(&expected) && report.contains(visible),
            "{report}"
        );
    }
}

#[test]
fn an_overhead_is_wrong_after_holms_adjustment_only() {
    // Logarithms 0.0097 apart: [1.106, 1.161] leaves out 1.07, p = 0.0095 alone, three times that as one of three.
    let ratios = [1.122, 1.133, 1.144];
    let fixture = Fixture::new();
    set_ratios(&fixture, "nginx", "HEADER_HASH", &ratios);
    let [report, table] = fixture.succeeds();
    assert!(
        report.contains("nginx, HEADER_HASH: WRONG: 1.133 [1.106, 1.161]"),
        "{report}"
    );
    assert!(
        report.contains("against 1.07 p = 0.028 as one of 3 comparisons"),
        "{report}"
    );
    let claim = "real,nginx,HEADER_HASH,,PLAIN,cpu_per_unit,ratio,";
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with(claim))
        .collect();
    assert!(
        rows.iter()
            .any(|row| row.contains("overhead under 7 %,wrong,0.02")),
        "{rows:?}"
    );
    // An interval that leaves 1.07 out by less is one that three comparisons have by chance.
    set_ratios(&fixture, "nginx", "HEADER_HASH", &[1.09, 1.103, 1.116]);
    let [report, _] = fixture.succeeds();
    assert!(
        report.contains("nginx, HEADER_HASH: UNDECIDED: 1.103 [1.071, 1.136]"),
        "{report}"
    );
}

#[test]
fn the_drivers_own_process_is_left_out() {
    let fixture = Fixture::new();
    let path = fixture.path("raw/nginx/HEADER_HASH/run-01.json");
    let run: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let processes = run["processes"].as_array().unwrap();
    assert_eq!(
        processes.len(),
        3,
        "the driver, a shell here, what it forked, and the program"
    );
    let program = processes
        .iter()
        .find(|process| process["command"] != run["command"])
        .unwrap();
    for number in 2..=3 {
        fs::remove_file(fixture.path(&format!("raw/nginx/HEADER_HASH/run-0{number}.json")))
            .unwrap();
    }
    let [_, table] = fixture.succeeds();
    let of =
        |metric: &str| cells(&table, &format!("real,nginx,HEADER_HASH,,,{metric},"))[0].clone();
    assert_eq!(of("total_allocs"), program["total_allocs"].to_string());
    assert_eq!(of("processes"), "1");
}

#[test]
fn allocations_while_serving_decide_the_claim() {
    for (per_request, verdict) in [(0.0004, "RIGHT"), (0.5, "NOT AS STATED"), (3.0, "WRONG")] {
        let fixture = Fixture::new();
        for number in 1..=3 {
            let run = format!("nginx/HEADER_HASH/run-0{number}.json");
            let allocs = (50_000.0 * per_request) as u64;
            fixture.set(&run, "/ground_truth/serving_allocs", allocs.into());
        }
        let [report, _] = fixture.succeeds();
        let expected = format!("\"very few allocations while serving\" - nginx: {verdict}: ");
        assert!(report.contains(&expected), "{report}");
        assert!(!report.contains("- curl: RIGHT") && !report.contains("- curl: WRONG"));
    }
}

#[test]
fn a_generator_at_its_limit_is_said() {
    let fixture = Fixture::new();
    for number in 1..=3 {
        let run = format!("nginx/PLAIN/run-0{number}.json");
        fixture.set(
            &run,
            "/ground_truth/generator_limit_per_second",
            json!(42000.0),
        );
    }
    let [report, _] = fixture.succeeds();
    assert!(
        report.contains("it is the generator that was measured"),
        "{report}"
    );
    assert!(report.contains("throughput says nothing"), "{report}");
}

#[test]
fn a_base_that_did_not_run_leaves_no_ratio_and_no_verdict() {
    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.path("raw/nginx/PLAIN")).unwrap();
    fs::remove_dir_all(fixture.path("raw/curl/PLAIN")).unwrap();
    let [report, table] = fixture.succeeds();
    assert!(!table.contains(",PLAIN,cpu_per_unit,ratio,1"), "{table}");
    assert!(report.contains("Nothing to hold against them"), "{report}");
    assert!(
        report.contains("NOT MEASURED: no run without the library"),
        "{report}"
    );
}

#[test]
fn no_damage_to_a_run_file_is_read() {
    let run = "curl/HEADER_POISSON_BYTES/run-01.json";
    let fixture = Fixture::new();
    let path = fixture.path("raw").join(run);
    let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for damage in damages(&whole) {
        fs::write(&path, damage.run.to_string()).unwrap();
        let line = fixture.fails();
        let expected = &damage.expected;
        assert!(
            line.contains(run) && line.contains(expected),
            "{expected}: {line}"
        );
    }
    let printed = whole["ground_truth"].as_object().unwrap();
    for field in printed.keys().filter(|field| *field != "workload") {
        let mut damaged = whole.clone();
        damaged["ground_truth"]
            .as_object_mut()
            .unwrap()
            .remove(field);
        fs::write(&path, damaged.to_string()).unwrap();
        let line = fixture.fails();
        let expected = format!("ground_truth.{field}: found nothing, expected ");
        assert!(line.contains(&expected), "{line}");
    }
}

#[test]
fn bad_input_is_refused_in_one_line_and_writes_nothing() {
    let poisson = "nginx/HEADER_POISSON_BYTES/run-02.json";
    let cases: [(&str, &str, Value, &str); 9] = [
        (
            poisson,
            "/format",
            json!("other"),
            "format: found \"other\", expected \"sampler-run\"",
        ),
        (
            poisson,
            "/workload",
            json!("x"),
            "workload: found \"x\", expected \"nginx\"",
        ),
        (
            poisson,
            "/run",
            json!(3),
            "run: found 3, expected the number in the file's name",
        ),
        (
            poisson,
            "/ground_truth",
            json!(null),
            "ground_truth: found null, expected what the driver measured",
        ),
        (
            poisson,
            "/ground_truth/units",
            json!(0),
            "units: found 0, expected a count above 0",
        ),
        (
            poisson,
            "/ground_truth/verified",
            json!(0),
            "verified: found 0, expected a count above 0",
        ),
        (
            poisson,
            "/ground_truth/serving_wall_ns",
            json!(-1),
            "serving_wall_ns: found -1, expected a count",
        ),
        (
            poisson,
            "/parameters/aslr",
            json!(false),
            "parameters.aslr: found false, expected true as in ",
        ),
        (
            poisson,
            "/machine/cores",
            json!(64),
            "runs of two machines are not compared",
        ),
    ];
    for (run, field, value, expected) in cases {
        let fixture = Fixture::new();
        fixture.set(run, field, value);
        let stderr = fixture.fails();
        assert!(
            stderr.starts_with("real: ") && stderr.contains(expected),
            "{stderr}"
        );
        assert!(stderr.contains("nginx/"), "{stderr}");
    }
    let fixture = Fixture::new();
    fs::write(fixture.path("raw").join(poisson), "{").unwrap();
    assert!(fixture.fails().contains("not JSON"));
    fs::remove_dir_all(fixture.path("raw")).unwrap();
    fs::create_dir(fixture.path("raw")).unwrap();
    assert!(fixture.fails().contains("found no run file"));
}
