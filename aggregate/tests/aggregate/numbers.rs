//! Hand-made runs whose tables were worked out by hand.

use run_file::example::forget_truth;
use serde_json::{Value, json};

use crate::fixture::{Fixture, record, run, succeed};

#[test]
fn a_scheme_without_samples_is_never_certain_to_have_none() {
    let fixture = Fixture::new();
    (1..=10).for_each(|number| fixture.add(&run("HEADER_PAGE_HASH", number, 0)));
    let rate = fixture
        .metric("HEADER_PAGE_HASH", "sample_rate_allocs")
        .unwrap();
    assert_eq!(
        (rate.get("mean"), rate.get("std"), rate.get("n")),
        ("0", "0", "10")
    );
    assert_eq!(
        (
            rate.get("ci95_low"),
            rate.get("ci95_high"),
            rate.get("ci_method")
        ),
        ("", "", "")
    );
    let share = fixture
        .metric("HEADER_PAGE_HASH", "run_without_samples")
        .unwrap();
    assert_eq!(
        (
            share.get("mean"),
            share.get("ci95_high"),
            share.get("ci_method")
        ),
        ("1", "1", "clopper-pearson")
    );
    assert!((share.number("ci95_low") - 0.6915).abs() < 1e-4);
    let text = fixture.table("summary.txt");
    assert!(
        text.contains(
            "10 of 10 runs had no sample: 100 [69.15, 100] % (95 % interval, Clopper-Pearson)"
        ),
        "{text}"
    );
    assert!(
        text.contains("no interval: all 10 runs gave the same value"),
        "{text}"
    );
    assert!(
        text.contains("p95 and p99 over 10 runs are the maximum"),
        "{text}"
    );
}

#[test]
fn a_scheme_that_always_samples_has_the_interval_of_0_of_n() {
    let fixture = Fixture::new();
    (1..=10).for_each(|number| fixture.add(&run("HEADER_HASH", number, 1 + number % 2)));
    let share = fixture
        .metric("HEADER_HASH", "run_without_samples")
        .unwrap();
    assert_eq!((share.get("mean"), share.get("ci95_low")), ("0", "0"));
    assert!((share.number("ci95_high") - 0.3085).abs() < 1e-4);
}

#[test]
fn of_a_real_program_the_time_is_the_servers() {
    let fixture = Fixture::new();
    let mut run = run("HEADER_HASH", 1, 2);
    run["ground_truth"] = json!({
        "workload": "redis", "unit": "request", "units": 1000, "verified": 10, "server_cpu_ns": 250_000_000,
    });
    fixture.add(&run);
    let rows = fixture.rows("runs.csv");
    for (column, expected) in [("cpu_s", "0.25"), ("wall_s", "2"), ("truth_allocs", "")] {
        assert_eq!(rows[0].get(column), expected, "{column}");
    }
}

#[test]
fn rates_are_ratios_of_sums_over_processes() {
    let fixture = Fixture::new();
    let mut two_processes = run("HEADER_HASH", 1, 2);
    two_processes["processes"]
        .as_array_mut()
        .unwrap()
        .push(record("HEADER_HASH", 1));
    fixture.add(&two_processes);
    let rows = fixture.rows("runs.csv");
    for (column, expected) in [
        ("processes", "2"),
        ("threads", "2"),
        ("total_allocs", "5000"),
        ("sampled_allocs", "3"),
        ("sample_rate_allocs", "0.0006"),
        ("run_without_samples", "0"),
        // Each process has two finished windows, the first without a sample.
        ("windows_finished_1x", "4"),
        ("dead_zone_rate_1x", "0.5"),
        ("dead_zone_rate_100x", ""),
        ("window_remainder_allocs_1x", "1000"),
        // Gaps 1000, 0 and 1000: the middle one has 10 bits.
        ("gap_allocs_p50_upper", "1023"),
        ("gap_allocs_max", "1000"),
        ("gap_bytes_p99_upper", "131071"),
        ("sampled_live_allocs", "2"),
        ("unique_pages", ""),
        ("cpu_s", "0.75"),
        ("wall_ratio_to_none", ""),
        ("truth_allocs", ""),
        ("machine", "CPU; 2; 1073741824; 6.1; glibc 2.36"),
    ] {
        assert_eq!(rows[0].get(column), expected, "{column}");
    }
    let gaps = fixture.rows("gaps.csv");
    let allocs: Vec<_> = gaps
        .iter()
        .filter(|row| row.get("clock") == "allocs")
        .collect();
    assert_eq!(allocs.len(), 11);
    assert_eq!(
        (
            allocs[0].get("gaps"),
            allocs[5].get("gaps"),
            allocs[10].get("gaps")
        ),
        ("1", "0", "2")
    );
    assert_eq!(
        (
            allocs[10].get("low"),
            allocs[10].get("high"),
            allocs[10].get("runs")
        ),
        ("512", "1023", "1")
    );
    let bins = fixture.rows("size_bins.csv");
    assert_eq!(
        (
            bins[2].get("bin"),
            bins[2].get("sampled_bytes"),
            bins[2].get("sample_rate_bytes")
        ),
        ("65-128", "300", "0.0006")
    );
    assert_eq!(
        (
            bins[0].get("total_allocs"),
            bins[0].get("sample_rate_allocs")
        ),
        ("0", "")
    );
    assert_eq!(fixture.rows("processes.csv").len(), 2);
}

#[test]
fn costs_are_compared_with_the_none_run_of_the_same_number() {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    fixture.add(&run("HEADER_HASH", 2, 1));
    fixture.add(&run("NONE", 1, 0));
    fixture.add(&run("PLAIN", 1, 0));
    let rows = fixture.rows("runs.csv");
    let cells: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.get("scheme"),
                row.get("wall_ratio_to_none"),
                row.get("total_allocs"),
            )
        })
        .collect();
    assert_eq!(
        cells,
        [
            ("HEADER_HASH", "2", "2500"),
            ("HEADER_HASH", "", "2500"),
            ("NONE", "1", ""),
            ("PLAIN", "2", "")
        ]
    );
    assert_eq!(
        fixture
            .metric("HEADER_HASH", "wall_ratio_to_none")
            .unwrap()
            .get("n"),
        "1"
    );
    assert!(fixture.metric("PLAIN", "sample_rate_allocs").is_none());
    assert!(fixture.metric("NONE", "run_without_samples").is_none());
    let schemes: Vec<_> = fixture
        .rows("size_bins.csv")
        .iter()
        .map(|row| row.get("scheme").to_string())
        .collect();
    assert!(schemes.iter().all(|scheme| scheme == "HEADER_HASH"));
}

#[test]
fn what_draws_by_bytes_without_a_mark_knows_no_sampled_frees() {
    let fixture = Fixture::new();
    let mut run = run("STATELESS_POISSON_BERNOULLI", 1, 2);
    let record = &mut run["processes"][0];
    record["tracking"] = json!("stateless");
    record["decision"] = json!("bernoulli-bytes");
    for key in [
        "sampled_frees",
        "sampled_bytes_freed",
        "sampled_live_allocs_estimate",
    ] {
        record[key] = Value::Null;
    }
    fixture.add(&run);
    let rows = fixture.rows("runs.csv");
    assert_eq!(rows[0].get("sampled_frees"), "");
    assert_eq!(rows[0].get("sampled_allocs"), "2");
}

#[test]
fn without_the_truth_only_samples_are_known() {
    let fixture = Fixture::new();
    let mut run = run("HEADER_HASH", 1, 2);
    forget_truth(&mut run);
    fixture.add(&run);
    let rows = fixture.rows("runs.csv");
    for (column, expected) in [
        ("truth", "false"),
        ("total_allocs", ""),
        ("sampled_allocs", "2"),
        ("sample_rate_allocs", ""),
        ("run_without_samples", ""),
    ] {
        assert_eq!(rows[0].get(column), expected, "{column}");
    }
    assert_eq!(fixture.rows("size_bins.csv")[2].get("sampled_allocs"), "2");
    assert_eq!(fixture.rows("gaps.csv").len(), 0);
    assert!(
        fixture
            .table("summary.txt")
            .contains("unsampled calls were not counted")
    );
}

#[test]
fn losses_and_mixed_machines_are_noted() {
    let fixture = Fixture::new();
    let mut lossy = run("HEADER_HASH", 1, 1);
    lossy["losses"]["unfinished_records"] = json!(3);
    lossy["processes"][0]["losses"]["calls_without_slot"] = json!(7);
    lossy["processes"][0]["losses"]["samples_without_entry"] = json!(5);
    fixture.add(&lossy);
    let mut elsewhere = run("HEADER_HASH", 2, 2);
    elsewhere["machine"]["cpu"] = json!("other");
    fixture.add(&elsewhere);
    // A ratio would be of two machines.
    fixture.add(&run("NONE", 2, 0));
    succeed(fixture.aggregate_several_machines());
    let text = fixture.table("summary.txt");
    for note in [
        "HEADER_HASH: lost: 3 processes that could not create a record, and are in no number (in 1 of 2 runs).",
        "HEADER_HASH: lost: 7 calls not counted for want of a counter slot (in 1 of 2 runs).",
        "HEADER_HASH: lost: 5 blocks that were to be sampled and were not, for want of memory for the table (in 1 of 2 runs).",
        "HEADER_HASH: runs of 2 machines are mixed",
        "HEADER_HASH: no NONE run of the same number and machine, so no ratio, for 2 of 2 runs.",
    ] {
        assert!(text.contains(note), "{note:?} in {text}");
    }
    assert!(!text.contains("Lost: nothing"));
}

#[test]
fn what_a_failed_run_left_is_not_read() {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    fixture.add_text("seed/reuse/HEADER_HASH/run-02.json.failed", "no JSON");
    assert_eq!(fixture.rows("runs.csv").len(), 1);
}

#[test]
fn many_runs_are_in_the_order_of_their_numbers_and_their_p95_is_no_maximum() {
    const RUNS: u64 = 400;
    let fixture = Fixture::new();
    (1..=RUNS).for_each(|number| fixture.add(&run("HEADER_HASH", number, number % 3)));
    let numbers: Vec<u64> = fixture
        .rows("runs.csv")
        .iter()
        .map(|row| row.number("run") as u64)
        .collect();
    assert_eq!(numbers, (1..=RUNS).collect::<Vec<u64>>());
    let rate = fixture.metric("HEADER_HASH", "sample_rate_allocs").unwrap();
    assert_eq!(
        (
            rate.get("n"),
            rate.get("p95_is_max"),
            rate.get("p99_is_max")
        ),
        ("400", "false", "false")
    );
    assert!(!fixture.table("summary.txt").contains("are the maximum"));
}

#[test]
fn summary_json_says_what_summary_csv_says() {
    let fixture = Fixture::new();
    (1..=3).for_each(|number| fixture.add(&run("HEADER_HASH", number, number % 3)));
    let rows = fixture.rows("summary.csv");
    let summary: Value = serde_json::from_str(&fixture.table("summary.json")).unwrap();
    assert_eq!(
        (&summary["format"], &summary["format_version"]),
        (&json!("sampler-summary"), &json!(1))
    );
    let objects = summary["rows"].as_array().unwrap();
    assert_eq!(objects.len(), rows.len());
    for (object, row) in objects.iter().zip(&rows) {
        for (key, value) in object.as_object().unwrap() {
            match value {
                Value::Null => assert_eq!(row.get(key), ""),
                // `serde_json` may miss the last digit of a number that it reads.
                Value::Number(number) => {
                    let (found, expected) = (row.number(key), number.as_f64().unwrap());
                    assert!(
                        (found - expected).abs() <= 1e-15 * expected.abs(),
                        "{key}: {found}, {expected}"
                    );
                }
                Value::String(text) => assert_eq!(row.get(key), text),
                other => assert_eq!(row.get(key), other.to_string()),
            }
        }
    }
}

#[test]
fn what_the_driver_of_a_real_program_measured_is_no_account_of_blocks() {
    let fixture = Fixture::new();
    let mut driven = run("HEADER_HASH", 1, 1);
    driven["ground_truth"] = json!({
        "workload": "nginx", "unit": "request", "units": 50000, "verified": 5, "server_cpu_ns": 7,
    });
    fixture.add(&driven);
    let rows = fixture.rows("runs.csv");
    assert_eq!(
        (rows[0].get("truth_allocs"), rows[0].get("truth_bytes")),
        ("", "")
    );
}
