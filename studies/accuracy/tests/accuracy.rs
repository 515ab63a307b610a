//! Runs the real binary over the committed example: ten cells of set accuracy, two runs of each.
//!
//! After a wanted change of the output: `UPDATE_GOLDEN=1 cargo test -p accuracy golden`, then read the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use run_file::example::{damages, forget_truth, sample, settle};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILES: [&str; 3] = ["accuracy.csv", "accuracy.txt", "accuracy-findings.json"];
const POISSON: &str = "accuracy/monotonic-300/HEADER_POISSON_BYTES";

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example")
}

/// A copy of the example that a test may break.
struct Fixture {
    directory: TempDir,
}

/// accuracy.csv: its lines, and cells by column.
struct Table(String);

impl Fixture {
    fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        copy(&example(), directory.path());
        Fixture { directory }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    fn run(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_accuracy"))
            .arg("--raw")
            .arg(self.path("raw"))
            .arg("--out")
            .arg(self.path("out"))
            .output()
            .unwrap()
    }

    /// The report, on one line, and the table.
    #[track_caller]
    fn succeeds(&self) -> (String, Table) {
        let output = self.run();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let [table, report, _] =
            FILES.map(|file| fs::read_to_string(self.path("out").join(file)).unwrap());
        // Where a line is broken depends on every word before.
        let words: Vec<&str> = report.split_whitespace().collect();
        (words.join(" "), Table(table))
    }

    /// Its one line; and an earlier report stays as it was.
    #[track_caller]
    fn fails(&self) -> String {
        fs::create_dir_all(self.path("out")).unwrap();
        fs::write(self.path("out/accuracy.txt"), "earlier").unwrap();
        let output = self.run();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        let files: Vec<_> = fs::read_dir(self.path("out")).unwrap().collect();
        assert_eq!(files.len(), 1, "nothing else is written");
        let report = fs::read_to_string(self.path("out/accuracy.txt")).unwrap();
        assert_eq!(report, "earlier");
        stderr
    }

    fn edit(&self, file: &str, edit: impl Fn(&mut Value)) {
        let path = self.path("raw").join(file);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }

    /// Both runs of a cell.
    fn edit_runs(&self, cell: &str, edit: impl Fn(&mut Value)) {
        for run in ["run-001.json", "run-002.json"] {
            self.edit(&format!("{cell}/{run}"), |run| {
                edit(&mut run["processes"][0])
            });
        }
    }
}

impl Table {
    /// Value, low and high of a row, as they stand there.
    #[track_caller]
    fn row(&self, cell: &str, estimator: &str, metric: &str, bin: &str) -> [String; 3] {
        let start = format!("{},{estimator},", cell.replace('/', ","));
        let middle = format!(" of allocs,{metric},{bin},");
        let mut lines = self.0.lines();
        let line = lines.find(|line| line.starts_with(&start) && line.contains(&middle));
        let line = line.unwrap_or_else(|| panic!("no row {start}...{middle}"));
        let cells: Vec<&str> = line.split(',').collect();
        [cells[7], cells[8], cells[9]].map(String::from)
    }

    #[track_caller]
    fn value(&self, cell: &str, estimator: &str, metric: &str) -> f64 {
        self.row(cell, estimator, metric, "")[0].parse().unwrap()
    }

    #[track_caller]
    fn estimate(&self, cell: &str, metric: &str) -> f64 {
        self.value(cell, "horvitz-thompson", metric)
    }

    fn has(&self, cell: &str, metric: &str) -> bool {
        let start = cell.replace('/', ",");
        let metric = format!(",{metric},");
        self.0
            .lines()
            .any(|line| line.starts_with(&start) && line.contains(&metric))
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

#[test]
fn golden_files_of_the_example_are_reproduced() {
    let fixture = Fixture::new();
    fixture.succeeds();
    for name in FILES {
        let found = fs::read_to_string(fixture.path("out").join(name)).unwrap();
        let golden = example().join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap();
        let mut lines = found.lines().zip(expected.lines()).enumerate();
        if let Some((line, (found, expected))) = lines.find(|(_, (a, b))| a != b) {
            panic!(
                "{name} line {}: found {found}\nexpected {expected}",
                line + 1
            );
        }
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}

#[test]
fn errors_are_relative_to_the_truth_of_the_record() {
    let fixture = Fixture::new();
    fixture.edit_runs(POISSON, |record| {
        let truth = record["total_bytes_alloc"].as_f64().unwrap();
        record["estimates"]["bytes"] = json!(truth * 1.5);
        record["estimates"]["bytes_variance"] = json!(truth * truth);
        let truth = record["total_allocs"].as_u64().unwrap();
        record["estimates"]["allocs"] = json!(truth as f64);
        record["estimates"]["allocs_variance"] = json!(0.0);
        // One that is of 0 bytes is in no estimate, and in no truth.
        let smallest = &mut record["size_bins"][0]["total_allocs"];
        *smallest = json!(smallest.as_u64().unwrap() + 1);
        record["zero_size_allocs"] = json!(1);
        settle(record);
    });
    let (_, table) = fixture.succeeds();
    for metric in ["bias_bytes", "rmse_bytes", "mae_bytes"] {
        assert_eq!(table.estimate(POISSON, metric), 0.5, "{metric}");
    }
    assert_eq!(table.estimate(POISSON, "bias_allocs"), 0.0);
    // 1.5 +- 1.96 holds 1; a point holds itself alone.
    assert_eq!(table.estimate(POISSON, "coverage_plain_bytes"), 1.0);
    assert_eq!(table.estimate(POISSON, "coverage_plain_allocs"), 1.0);
    // Equal runs do not prove a spread of 0.
    let [_, low, high] = table.row(POISSON, "horvitz-thompson", "bias_bytes", "");
    assert_eq!((low.as_str(), high.as_str()), ("", ""));
}

#[test]
fn an_interval_that_misses_is_not_counted_as_holding() {
    let fixture = Fixture::new();
    fixture.edit_runs(POISSON, |record| {
        let truth = record["total_bytes_alloc"].as_f64().unwrap();
        record["estimates"]["bytes"] = json!(truth * 1.5);
        record["estimates"]["bytes_variance"] = json!(truth);
    });
    let (_, table) = fixture.succeeds();
    assert_eq!(table.estimate(POISSON, "coverage_plain_bytes"), 0.0);
    assert_eq!(table.estimate(POISSON, "coverage_log_bytes"), 0.0);
}

#[test]
fn without_a_sample_only_the_better_interval_is_one() {
    let cell = "accuracy/reuse-400/HEADER_PAGE_HASH";
    let (report, table) = Fixture::new().succeeds();
    assert_eq!(table.value(cell, "", "share_of_runs_without_samples"), 1.0);
    assert_eq!(table.estimate(cell, "coverage_plain_bytes"), 0.0);
    assert_eq!(table.estimate(cell, "coverage_score_bytes"), 1.0);
    assert_eq!(table.estimate(cell, "score_without_end_bytes"), 1.0);
    assert_eq!(table.estimate(cell, "score_without_end_allocs"), 0.0);
    // Of allocations there is a bound, and 100,000 of them are beyond it.
    assert_eq!(table.estimate(cell, "coverage_score_allocs"), 0.0);
    // 10 pages: (255/256)^10 = 0.9616.
    let chance = table.value(cell, "", "share_of_runs_without_samples_closed_form");
    assert!((chance - 0.9616).abs() < 1e-4, "{chance}");
    assert!(
        report.contains("HEADER_PAGE_HASH is BLIND on reuse-400"),
        "{report}"
    );
    assert!(report.contains("chance gives 96.2 %"), "{report}");

    let fixture = Fixture::new();
    fixture.edit_runs(cell, |record| {
        let bins = record["size_bins"].as_array_mut().unwrap();
        let largest = bins
            .iter_mut()
            .max_by_key(|bin| bin["total_allocs"].as_u64());
        largest.unwrap()["sampled_allocs"] = json!(3000);
        settle(record);
    });
    let (report, _) = fixture.succeeds();
    assert!(!report.contains("HEADER_PAGE_HASH is BLIND on reuse-400"));
    assert!(report.contains("small working sets\": WRONG. It is not blind"));
}

#[test]
fn a_scheme_off_its_budget_is_marked_and_not_ranked() {
    let (report, table) = Fixture::new().succeeds();
    assert!(report.contains("No scheme is off target."));
    assert!(table.has(POISSON, "rank_bytes"));
    let fixture = Fixture::new();
    fixture.edit("accuracy/monotonic-300/budget.json", |budget| {
        for scheme in budget["schemes"].as_array_mut().unwrap() {
            if scheme["scheme"] == "HEADER_POISSON_BYTES" {
                scheme["is_off_target"] = json!(true);
            }
        }
    });
    let (report, table) = fixture.succeeds();
    assert!(report.contains("HEADER_POISSON_BYTES OFF TARGET"));
    assert!(report.contains("not ranked: accuracy/monotonic-300 HEADER_POISSON_BYTES."));
    assert!(!table.has(POISSON, "rank_bytes"));
    assert!(table.has("accuracy/monotonic-300/HEADER_HASH", "rank_bytes"));
}

#[test]
fn without_address_randomisation_a_hash_has_no_interval() {
    let fixture = Fixture::new();
    for cell in [
        "accuracy/reuse-400/HEADER_HASH",
        "accuracy/reuse-400/HEADER_POISSON_BYTES",
    ] {
        for run in ["run-001.json", "run-002.json"] {
            fixture.edit(&format!("{cell}/{run}"), |run| {
                run["parameters"]["aslr"] = json!(false);
            });
        }
    }
    let (report, table) = fixture.succeeds();
    let ends = |scheme: &str, metric: &str| {
        let [_, low, high] = table.row(&format!("accuracy/reuse-400/{scheme}"), "", metric, "");
        (low, high)
    };
    for metric in ["rate_allocs", "share_of_runs_without_samples"] {
        assert_eq!(ends("HEADER_HASH", metric), Default::default(), "{metric}");
        assert_ne!(
            ends("HEADER_POISSON_BYTES", metric),
            Default::default(),
            "{metric}"
        );
    }
    assert!(report.contains("none: no interval"));
    assert!(report.contains("4 runs were without address randomisation"));
}

#[test]
fn a_salt_is_what_runs_differ_by_without_address_randomisation() {
    let with_salts = |salts: [Value; 2]| {
        let fixture = Fixture::new();
        for (number, salt) in salts.into_iter().enumerate() {
            let file = format!("accuracy/reuse-400/HEADER_HASH/run-00{}.json", number + 1);
            fixture.edit(&file, |run| {
                run["parameters"]["aslr"] = json!(false);
                run["parameters"]["hash_salt"] = salt.clone();
                run["processes"][0]["hash_salt"] = salt.clone();
            });
        }
        fixture
    };
    let salt = json!("0x0000000000000007");
    let fixture = with_salts([salt.clone(), json!("0x0000000000000008")]);
    let (report, table) = fixture.succeeds();
    let path = "accuracy/reuse-400/HEADER_HASH";
    let [_, low, high] = table.row(path, "", "rate_allocs", "");
    assert!(!low.is_empty() && !high.is_empty());
    assert!(report.contains("HEADER_HASH 2 salt "), "{report}");
    assert!(report.contains("2 runs were of hashes that are salted"));
    // Runs with a salt and without are not one sample.
    let fixture = with_salts([salt, Value::Null]);
    assert!(fixture.fails().contains("is_salted: false"));
}

/// The interval of a bin is made with the variance over its own keys, where the record has it.
#[test]
fn bins_of_a_hash_are_covered_by_the_variance_over_their_keys() {
    let path = "accuracy/reuse-400/HEADER_HASH";
    let coverage = |factor: f64| {
        let fixture = Fixture::new();
        fixture.edit_runs(path, |record| {
            for bin in record["estimates"]["size_bins"].as_array_mut().unwrap() {
                for what in ["bytes", "allocs"] {
                    let variance = bin[format!("{what}_variance")].as_f64().unwrap();
                    bin[format!("{what}_variance_by_key")] = json!(variance * factor);
                    // Far from the truth for decisions that are independent.
                    bin[what] = json!(bin[what].as_f64().unwrap() * 2.0);
                }
            }
        });
        let (report, table) = fixture.succeeds();
        assert!(report.contains("coverage, %: plain by key score"));
        ["coverage_plain_bytes", "coverage_plain_by_key_bytes"]
            .map(|metric| table.row(path, "horvitz-thompson", metric, "129-256")[0].to_string())
    };
    let [plain, by_key] = coverage(1.0);
    assert_eq!(plain, by_key);
    let [plain, by_key] = coverage(1e6);
    assert_eq!([plain.as_str(), by_key.as_str()], ["0", "1"]);
}

#[test]
fn leaks_are_seen_by_their_bin() {
    let cell = "accuracy/leaks-6/HEADER_POISSON_BYTES";
    let fixture = Fixture::new();
    fixture.edit_runs(cell, |record| {
        for bin in record["estimates"]["size_bins"].as_array_mut().unwrap() {
            bin["live_bytes"] = match bin["bin"].as_str().unwrap() {
                "33-64" => json!(28_800.0),
                _ => json!(0.0),
            };
        }
    });
    let (_, table) = fixture.succeeds();
    let of = |metric, bin| table.row(cell, "", metric, bin)[0].parse::<f64>().unwrap();
    assert_eq!(
        (of("leak_blocks", "33-64"), of("leak_size_bytes", "33-64")),
        (300.0, 48.0)
    );
    assert_eq!(
        (of("leak_seen", "33-64"), of("leak_seen", "16385-65536")),
        (1.0, 0.0)
    );
    // 1 - exp(-300 x 48 / 376849)
    assert!((of("leak_seen_closed_form", "33-64") - 0.037_491).abs() < 1e-5);
    let bias = &table.row(cell, "horvitz-thompson", "leak_bias_bytes", "33-64")[0];
    assert_eq!(bias, "1");
    // Of pages from as few as the blocks fit into: 300 x 64 B are 5, (255/256)^5.
    let [_, low, _] = table.row(
        "accuracy/leaks-6/HEADER_PAGE_HASH",
        "",
        "leak_seen_closed_form",
        "33-64",
    );
    assert!(
        (low.parse::<f64>().unwrap() - 0.019_379).abs() < 1e-5,
        "{low}"
    );
}

#[test]
fn dead_zones_are_sums_over_runs_beside_their_design() {
    let fixture = Fixture::new();
    for (run, dead) in [("run-001.json", 1), ("run-002.json", 5)] {
        fixture.edit(&format!("{POISSON}/{run}"), |run| {
            let window = &mut run["processes"][0]["windows"][0];
            window["total"] = json!(dead * 10);
            window["zero_sampled"] = json!(if dead == 5 { 15 } else { 0 });
        });
    }
    let (_, table) = fixture.succeeds();
    // 15 of 60, and not the mean of 0 and 0.3.
    assert_eq!(table.value(POISSON, "", "dead_zones_1x"), 0.25);
    // (255/256)^1000 = 0.01996
    let yardstick = table.value(POISSON, "", "dead_zones_independent_1x");
    assert!((yardstick - 0.019_96).abs() < 1e-4, "{yardstick}");
    assert!(
        !table.has(POISSON, "dead_zones_100x"),
        "no window of 100,000 finished"
    );
}

#[test]
fn gaps_of_a_wrong_sampler_are_rejected() {
    let (_, table) = Fixture::new().succeeds();
    assert!(table.value(POISSON, "", "gap_distance_p_holm") > 0.05);
    let fixture = Fixture::new();
    fixture.edit_runs(POISSON, |record| {
        for gap in record["gap_samples"][0]["gaps"].as_array_mut().unwrap() {
            gap[0] = json!(500_000);
        }
    });
    let (report, table) = fixture.succeeds();
    assert!(table.value(POISSON, "", "gap_distance_p_holm") < 0.01);
    assert!(report.contains("HEADER_POISSON_BYTES: their distribution is rejected on 1 of"));
}

#[test]
fn a_set_at_equal_bytes_is_reported_apart() {
    let fixture = Fixture::new();
    let [from, to] =
        ["raw/accuracy/leaks-6", "raw/accuracy-bytes/leaks-6"].map(|it| fixture.path(it));
    copy(&from, &to);
    fixture.edit("accuracy-bytes/leaks-6/budget.json", |budget| {
        budget["of"] = json!("bytes")
    });
    for scheme in ["HEADER_POISSON_BYTES", "HEADER_PAGE_HASH"] {
        for run in ["run-001.json", "run-002.json"] {
            fixture.edit(&format!("accuracy-bytes/leaks-6/{scheme}/{run}"), |run| {
                run["set"] = json!("accuracy-bytes")
            });
        }
    }
    let (report, table) = fixture.succeeds();
    assert!(report.contains("accuracy-bytes/leaks-6, 1/256 of bytes"));
    assert!(
        table
            .0
            .contains("accuracy-bytes,leaks-6,HEADER_PAGE_HASH,,1/256 of bytes,expected_samples,")
    );
}

#[test]
fn bad_inputs_are_refused_in_one_line_and_nothing_is_written() {
    let run = format!("{POISSON}/run-001.json");
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Value), &'a str);
    let cases: [Case; 7] = [
        (
            "poisson_mean_bytes",
            &|run| {
                run["parameters"]["poisson_mean_bytes"] = json!(4096);
                run["processes"][0]["poisson_mean_bytes"] = json!(4096);
            },
            "expected those of budget.json",
        ),
        (
            "truth",
            &|run| forget_truth(run),
            "without truth nothing can be wrong",
        ),
        (
            "scheme",
            &|run| run["scheme"] = json!("HEADER_HASH"),
            "scheme: found \"HEADER_HASH\", expected \"HEADER_POISSON_BYTES\"",
        ),
        (
            "run",
            &|run| run["run"] = json!(7),
            "run: found 7, expected the number in the file's name",
        ),
        (
            "estimates",
            &|run| run["processes"][0]["estimates"] = json!(null),
            "processes[0].estimates: found null, expected an object",
        ),
        (
            "version",
            &|run| run["format_version"] = json!(2),
            "format_version: found 2, expected 1",
        ),
        (
            "processes",
            &|run| {
                let record = run["processes"][0].clone();
                run["processes"].as_array_mut().unwrap().push(record);
            },
            "processes: found 2 records, expected that of the one process",
        ),
    ];
    for (name, edit, expected) in cases {
        let fixture = Fixture::new();
        fixture.edit(&run, edit);
        let stderr = fixture.fails();
        assert!(
            stderr.contains("run-001.json: ") && stderr.contains(expected),
            "{name}: {stderr}"
        );
    }

    let fixture = Fixture::new();
    fs::write(fixture.path("raw").join(&run), "{\"format\":").unwrap();
    assert!(fixture.fails().contains("not JSON"));

    let fixture = Fixture::new();
    fs::remove_file(fixture.path("raw/accuracy/reuse-400/budget.json")).unwrap();
    assert!(fixture.fails().contains("reuse-400/budget.json"));

    let fixture = Fixture::new();
    fs::create_dir(fixture.path("raw/accuracy/reuse-400/HEADER_HUSH")).unwrap();
    assert!(
        fixture
            .fails()
            .contains("found a scheme 'HEADER_HUSH', expected one of HEADER_POISSON_BYTES")
    );

    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.path("raw/accuracy")).unwrap();
    assert!(fixture.fails().contains("found no run of a set accuracy"));
}

#[test]
fn no_damage_to_a_run_file_is_read() {
    let run = format!("{POISSON}/run-001.json");
    let fixture = Fixture::new();
    let path = fixture.path("raw").join(&run);
    let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for damage in damages(&whole) {
        fs::write(&path, damage.run.to_string()).unwrap();
        let line = fixture.fails();
        let expected = &damage.expected;
        assert!(
            line.contains(&run) && line.contains(expected),
            "{expected}: {line}"
        );
    }
}

#[test]
fn winner_and_loser_are_told_by_their_worst_error() {
    let ranking = |errors: [(&str, f64); 4]| {
        let fixture = Fixture::new();
        for (scheme, error) in errors {
            for workload in ["monotonic-300", "reuse-400"] {
                fixture.edit_runs(&format!("accuracy/{workload}/{scheme}"), |record| {
                    let truth = record["total_bytes_alloc"].as_f64().unwrap();
                    record["estimates"]["bytes"] = json!(truth * (1.0 + error));
                });
            }
        }
        fixture.succeeds().0
    };
    let report = ranking([
        ("HEADER_POISSON_BYTES", 0.1),
        ("HEADER_HYBRID", 0.2),
        ("HEADER_HASH", 0.3),
        ("HEADER_PAGE_HASH", 0.4),
    ]);
    for expected in [
        "- HEADER_POISSON_BYTES: its worst error is the least",
        "\"Winner: HEADER_POISSON_BYTES\": RIGHT. The least error is that of HEADER_POISSON_BYTES 10.0 %",
        "\"Runner-up: HEADER_HYBRID\": RIGHT.",
        "\"Avoid: HEADER_PAGE_HASH\": RIGHT.",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    let report = ranking([
        ("HEADER_POISSON_BYTES", 0.2),
        ("HEADER_HYBRID", 0.2),
        ("HEADER_HASH", 0.4),
        ("HEADER_PAGE_HASH", 0.3),
    ]);
    for expected in [
        "\"Winner: HEADER_POISSON_BYTES\": UNDECIDED.",
        "\"Runner-up: HEADER_HYBRID\": UNDECIDED.",
        "\"Avoid: HEADER_PAGE_HASH\": WRONG. The largest error is that of HEADER_HASH 40.0 %",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
}

/// What stands of a claim, up to the next.
#[track_caller]
fn claim_of<'a>(report: &'a str, claim: &str) -> &'a str {
    let start = report.find(claim);
    let text = &report[start.unwrap_or_else(|| panic!("{claim}: {report}"))..];
    text.split(" - \"").next().unwrap()
}

#[test]
fn dead_zones_are_judged_at_the_documents_own_window() {
    const CLAIM: &str = "\"Monotonic: near-zero dead zones\": ";
    let (report, _) = Fixture::new().succeeds();
    let found = claim_of(&report, CLAIM);
    // 76,800 allocations finish no window of 100,000, whatever those of 1000 and 10,000 show.
    assert!(
        found.contains(
            "UNDECIDED. Its windows had 100000 allocations; a run of monotonic-300 finishes none."
        ),
        "{found}"
    );
    assert!(
        found.contains("of windows of 1000 HEADER_POISSON_BYTES 2.0"),
        "{found}"
    );
    let with = |dead: u64, finished: u64| {
        let fixture = Fixture::new();
        for scheme in ["POISSON_BYTES", "HYBRID", "HASH", "PAGE_HASH"] {
            fixture.edit_runs(
                &format!("accuracy/monotonic-300/HEADER_{scheme}"),
                |record| {
                    let bins = record["size_bins"].as_array_mut().unwrap();
                    let more = finished * 100_000;
                    let add = |number: &mut Value, more: u64| {
                        *number = json!(number.as_u64().unwrap() + more);
                    };
                    add(&mut bins[9]["total_allocs"], more);
                    add(&mut bins[9]["total_bytes"], more * 100_000);
                    settle(record);
                    for window in record["windows"].as_array_mut().unwrap() {
                        let size = window["size"].as_u64().unwrap();
                        add(&mut window["total"], more / size);
                    }
                    let dead = if scheme == "HASH" { dead } else { 0 };
                    record["windows"][2]["zero_sampled"] = json!(dead);
                    record["windows_total"] = record["windows"][2]["total"].clone();
                    record["windows_zero_sampled"] = json!(dead);
                },
            );
        }
        fixture.succeeds().0
    };
    // Two runs without a dead window do not show that there are hardly any.
    let report = with(0, 1);
    let found = claim_of(&report, CLAIM);
    assert!(
        found.contains("UNDECIDED. Of windows of 100000 allocations, as its own,"),
        "{found}"
    );
    // And half of them dead in each of both cannot be near zero.
    let report = with(50, 100);
    assert!(
        claim_of(&report, CLAIM).contains("HEADER_HASH 50.0"),
        "{report}"
    );
}

#[test]
fn a_blind_page_hash_is_no_rate_of_0() {
    const CLAIM: &str = "fails catastrophically on small working sets\": ";
    const CELL: &str = "accuracy/reuse-400/HEADER_PAGE_HASH";
    // Two empty runs of two: chance gives that in 92 % of such pairs.
    let fixture = Fixture::new();
    let (report, _) = fixture.succeeds();
    let found = claim_of(&report, CLAIM);
    assert!(
        found.starts_with(&format!("{CLAIM}UNDECIDED. It is BLIND")),
        "{found}"
    );
    assert!(found.contains("come by chance with 92.5 %"), "{found}");
    assert!(
        found.contains("with a probability of 0.39 %") && !found.contains("1/256"),
        "{found}"
    );
    // Two of three empty: it is blind, and its rate is not 0.
    let third = fixture.path("raw").join(CELL).join("run-003.json");
    fs::copy(fixture.path("raw").join(CELL).join("run-002.json"), third).unwrap();
    fixture.edit(&format!("{CELL}/run-003.json"), |run| {
        run["run"] = json!(3);
        sample(&mut run["processes"][0], 30_000);
    });
    let (report, _) = fixture.succeeds();
    let found = claim_of(&report, CLAIM);
    assert!(
        found.starts_with(&format!("{CLAIM}NOT AS STATED. It is BLIND")),
        "{found}"
    );
    assert!(found.contains("Its rate is not 0"), "{found}");
}

#[test]
fn schemes_are_counted_on_the_workloads_that_all_have_and_a_blind_one_is_not_tied() {
    let (report, table) = Fixture::new().succeeds();
    // leaks-6 ran under two schemes of four. On reuse-400 the page hash saw nothing in both runs.
    let bytes = "bytes: of the 2 workloads on which all 4 schemes ran at the budget";
    let found = &report[report.find(bytes).unwrap_or_else(|| panic!("{report}"))..];
    let found = &found[..found.find(" - ").unwrap()];
    assert!(found.contains("Not all of them ran on leaks-6."), "{found}");
    assert!(found.contains("(blind on 1)"), "{found}");
    assert!(!table.has("accuracy/reuse-400/HEADER_PAGE_HASH", "rank_bytes"));
    assert!(table.has("accuracy/reuse-400/HEADER_HASH", "rank_bytes"));
    assert!(table.has("accuracy/monotonic-300/HEADER_PAGE_HASH", "rank_bytes"));
    // Of what is alive at the end of reuse-400 no scheme has a sample: a tie of all that see nothing would count for each of them.
    let live = &report[report.find(" live bytes: of the 2 workloads").unwrap()..];
    assert!(
        live.contains("HEADER_POISSON_BYTES 1 (blind on 1)"),
        "{live}"
    );
    for scheme in ["POISSON_BYTES", "HYBRID", "HASH", "PAGE_HASH"] {
        let cell = format!("accuracy/reuse-400/HEADER_{scheme}");
        assert!(!table.has(&cell, "rank_live_bytes"), "{scheme}");
    }
    // A workload on which one of them is off its budget is none that all have.
    let fixture = Fixture::new();
    fixture.edit("accuracy/monotonic-300/budget.json", |budget| {
        budget["schemes"][0]["is_off_target"] = json!(true);
    });
    let (report, _) = fixture.succeeds();
    let one = "bytes: of the 1 workloads on which all 4 schemes ran at the budget";
    assert!(report.contains(one), "{report}");
    assert!(
        report.contains("Not all of them ran on monotonic-300, leaks-6."),
        "{report}"
    );
}

/// A claim of absence is not decided by what holds 0, and one workload or quantity that was not looked at is enough to leave it open.
#[test]
fn no_bias_is_claimed_of_every_quantity_and_workload() {
    const CLAIM: &str = "\"Poisson: no bias\": ";
    let with = |bytes: f64, allocs: f64| {
        let fixture = Fixture::new();
        for workload in ["monotonic-300", "reuse-400", "leaks-6"] {
            fixture.edit_runs(
                &format!("accuracy/{workload}/HEADER_POISSON_BYTES"),
                |record| {
                    let of = |name: &str| record[name].as_f64().unwrap();
                    let all = [of("total_bytes_alloc"), of("total_allocs")];
                    let freed = [of("total_bytes_freed"), of("total_frees")];
                    for (index, error) in [bytes, allocs].into_iter().enumerate() {
                        let name = ["bytes", "allocs"][index];
                        record["estimates"][name] = json!(all[index] * (1.0 + error));
                        let live = all[index] - freed[index];
                        record["estimates"][format!("live_{name}")] = json!(live);
                    }
                },
            );
        }
        fixture.succeeds().0
    };
    // Two runs that hit the truth: by design they could as well have missed it by far.
    let report = with(0.0, 0.0);
    let found = claim_of(&report, CLAIM);
    assert!(
        found.starts_with(&format!("{CLAIM}UNDECIDED.")) && found.contains("Within: 0 of 12"),
        "{found}"
    );
    assert!(found.contains("bytes of monotonic-300 0.0 [-"), "{found}");
    // sqrt(sum of (1-p)/p s^2) is 5.7 % of the bytes: (3.605 x 0.057 / 0.1)^2.
    assert!(found.contains(" % (5 runs)"), "{found}");
    // Allocations alone, which the two workloads' bytes do not show.
    let report = with(0.0, 20.0);
    let found = claim_of(&report, CLAIM);
    assert!(
        found.starts_with(&format!("{CLAIM}WRONG.")) && found.contains("Beyond: allocs of"),
        "{found}"
    );
}

impl Fixture {
    /// As many runs of a cell of reuse-400 and monotonic-300 as there are numbers of samples.
    fn sample(&self, scheme: &str, samples: &[u64]) {
        for workload in ["monotonic-300", "reuse-400"] {
            let cell = format!("accuracy/{workload}/{scheme}");
            for (index, samples) in samples.iter().enumerate() {
                let run = format!("{cell}/run-{:03}.json", index + 1);
                if index >= 2 {
                    let first = self.path("raw").join(&cell).join("run-001.json");
                    fs::copy(first, self.path("raw").join(&run)).unwrap();
                }
                self.edit(&run, |run| {
                    run["run"] = json!(index + 1);
                    sample(&mut run["processes"][0], *samples);
                });
            }
        }
    }
}

/// A page hash of which most runs see nothing has no spread to be judged by, whether or not one run of many happened on a page.
#[test]
fn blind_is_neither_consistent_nor_inconsistent() {
    const CLAIM: &str = "\"High reuse: Poisson and hybrid are consistent, the hashes are not\": ";
    const RUNS: usize = 40;
    // About 390 are expected: 20 to either side is a dispersion of 1, 200 one of 100.
    let spread = |by: u64| -> Vec<u64> {
        let of = |run| if run % 2 == 0 { 390 - by } else { 390 + by };
        (0..RUNS).map(of).collect()
    };
    let mut one_hit = vec![0; RUNS];
    one_hit[7] = 30_000;
    let claim = |page_hash: &[u64]| {
        let fixture = Fixture::new();
        fixture.sample("HEADER_POISSON_BYTES", &spread(20));
        fixture.sample("HEADER_HYBRID", &spread(20));
        fixture.sample("HEADER_HASH", &spread(200));
        fixture.sample("HEADER_PAGE_HASH", page_hash);
        let (report, _) = fixture.succeeds();
        claim_of(&report, CLAIM)[CLAIM.len()..].to_string()
    };
    for blind in [vec![0; RUNS], one_hit] {
        let found = claim(&blind);
        assert!(
            found.starts_with("UNDECIDED.")
                && found.contains("HEADER_PAGE_HASH blind (no sample in"),
            "{found}"
        );
    }
    let found = claim(&spread(200));
    assert!(
        found.starts_with("RIGHT.") && !found.contains("blind"),
        "{found}"
    );
    let found = claim(&spread(20));
    assert!(found.starts_with("WRONG."), "{found}");
}

#[test]
fn blind_is_behind_every_error_and_is_no_spread() {
    let fixture = Fixture::new();
    let (report, _) = fixture.succeeds();
    let order = &report[report.find("its worst error is the least").unwrap()..];
    let order = &order[..order.find(" - ").unwrap()];
    let last =
        "HEADER_PAGE_HASH blind (an estimate of 0 in 100.0 [15.8, 100.0] % of runs) (reuse-400).";
    assert!(order.ends_with(last), "{order}");
    // Two runs of two are no proof that more than half of all are.
    let avoid = claim_of(&report, "\"Avoid: HEADER_PAGE_HASH\": ");
    assert!(avoid.contains("UNDECIDED."), "{avoid}");
    assert!(
        report.contains("HEADER_PAGE_HASH 2 address layout"),
        "{report}"
    );
    let samples = &report[report.find("accuracy/reuse-400, 1/256 of allocs").unwrap()..];
    let row = &samples[samples.find("HEADER_PAGE_HASH").unwrap()..];
    assert!(row[..200].contains("100.0 blind 0.996"), "{}", &row[..200]);
}

/// One array of 1.8 MB decides the error of any sampler that takes 1 in 256: sqrt(255) x 1843200 / 159278217 alone is 18.5 %.
#[test]
fn errors_that_the_runs_cannot_know_are_those_of_the_exact_sizes() {
    let (report, table) = Fixture::new().succeeds();
    let hash = "accuracy/monotonic-300/HEADER_HASH";
    let design = table.estimate(hash, "rmse_by_design_bytes");
    assert!((design - 0.196).abs() < 0.001, "{design}");
    // Gaps in bytes see it nearly surely.
    let design = table.estimate(POISSON, "rmse_by_design_bytes");
    assert!((design - 0.057).abs() < 0.001, "{design}");
    assert!(
        report.contains(
            "HEADER_HASH 19.6 % of independent decisions, which the runs miss with 4.0 [2.6, 5.0] %"
        ),
        "{report}"
    );
}

#[test]
fn coverage_is_answered_for_each_quantity() {
    let fixture = Fixture::new();
    let runs: Vec<u64> = vec![390; 40];
    fixture.sample("HEADER_POISSON_BYTES", &runs);
    for run in 1..=40 {
        let run = format!("accuracy/reuse-400/HEADER_POISSON_BYTES/run-{run:03}.json");
        fixture.edit(&run, |run| {
            let estimates = &mut run["processes"][0]["estimates"];
            estimates["allocs"] = json!(1000.0);
            estimates["allocs_variance"] = json!(1.0);
        });
    }
    let (report, _) = fixture.succeeds();
    for expected in [
        "HEADER_POISSON_BYTES, bytes: that the score interval holds 95 % is refuted on none of 3 workloads",
        "HEADER_POISSON_BYTES, allocs: the score interval cannot be believed at any number of samples. That it holds 95 % is refuted on 1 of 3 workloads, at worst on reuse-400",
        "HEADER_POISSON_BYTES, live allocs: the score interval ",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
}
