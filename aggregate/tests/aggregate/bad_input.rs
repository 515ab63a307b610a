//! One case for each kind of bad input: one line that names file, field, what was found and what was expected; nothing written.

use std::fs;

use run_file::example::damages;
use serde_json::{Value, json};

use crate::fixture::{Fixture, record, run, succeed};

/// The line on stderr of a call that has to fail.
fn refusal(fixture: &Fixture) -> String {
    let output = fixture.aggregate();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

#[track_caller]
fn refused(fixture: &Fixture, file: &str, expected: &str) {
    let stderr = refusal(fixture);
    assert!(
        stderr.contains(file) && stderr.contains(expected),
        "expected {file}: {expected}\nfound {stderr}"
    );
    assert!(!fixture.out().exists(), "something was written");
}

#[track_caller]
fn refused_after(change: impl Fn(&mut Value), expected: &str) {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    let mut bad = run("HEADER_HASH", 2, 1);
    change(&mut bad);
    fixture.add_text("seed/reuse/HEADER_HASH/run-02.json", &bad.to_string());
    refused(&fixture, "seed/reuse/HEADER_HASH/run-02.json: ", expected);
}

#[test]
fn runs_of_two_machines_are_not_averaged_unless_asked_for() {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    let mut elsewhere = run("HEADER_HASH", 2, 2);
    elsewhere["machine"]["cores"] = json!(64);
    fixture.add(&elsewhere);
    refused(
        &fixture,
        "seed/reuse/HEADER_HASH/run-02.json: ",
        "machine: found CPU; 64; 1073741824; 6.1; glibc 2.36, expected CPU; 2; 1073741824; 6.1; glibc 2.36 as in ",
    );
    assert!(refusal(&fixture).contains(
        "HEADER_HASH/run-01.json: runs of two machines are averaged with --several-machines"
    ));
    succeed(fixture.aggregate_several_machines());
    // Two schemes may be of two machines; that is no average, and no ratio.
    let apart = Fixture::new();
    apart.add(&run("NONE", 1, 0));
    apart.add(&elsewhere);
    succeed(apart.aggregate());
}

fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn truncated_json() {
    let fixture = Fixture::new();
    let text = run("HEADER_HASH", 1, 1).to_string();
    fixture.add_text(
        "seed/reuse/HEADER_HASH/run-01.json",
        &text[..text.len() / 2],
    );
    refused(&fixture, "run-01.json", "not JSON: EOF while parsing");
}

#[test]
fn another_format_or_version() {
    refused_after(
        |run| run["format"] = json!("other"),
        "format: found \"other\", expected \"sampler-run\"",
    );
    refused_after(
        |run| run["format_version"] = json!(2),
        "format_version: found 2, expected 1",
    );
    refused_after(
        |run| run["processes"][0]["format"] = json!("x"),
        "processes[0].format: found \"x\", expected \"sampler-record\"",
    );
    refused_after(
        |run| run["processes"][0]["format_version"] = json!(0),
        "processes[0].format_version: found 0, expected 1",
    );
}

#[test]
fn every_field_of_a_run_is_required() {
    for key in run("HEADER_HASH", 2, 1).as_object().unwrap().keys() {
        refused_after(|run| remove(run, key), key);
    }
    for object in ["parameters", "machine", "losses"] {
        for key in run("HEADER_HASH", 2, 1)[object].as_object().unwrap().keys() {
            refused_after(
                |run| remove(&mut run[object], key),
                &format!("{object}.{key}: found nothing, expected "),
            );
        }
    }
}

#[test]
fn every_field_of_a_record_is_required() {
    let record = record("HEADER_HASH", 1);
    for key in record.as_object().unwrap().keys() {
        refused_after(
            |run| remove(&mut run["processes"][0], key),
            &format!("processes[0].{key}"),
        );
    }
    for object in ["gaps_allocs", "gaps_bytes", "losses"] {
        for key in record[object].as_object().unwrap().keys() {
            refused_after(
                |run| remove(&mut run["processes"][0][object], key),
                &format!("processes[0].{object}.{key}: found nothing"),
            );
        }
    }
    for array in ["size_bins", "windows"] {
        for key in record[array][2].as_object().unwrap().keys() {
            refused_after(
                |run| remove(&mut run["processes"][0][array][2], key),
                &format!("processes[0].{array}[2].{key}: found nothing"),
            );
        }
    }
}

#[test]
fn wrong_types() {
    refused_after(
        |run| run["wall_ns"] = json!(1.5),
        "wall_ns: found 1.5, expected an unsigned integer",
    );
    refused_after(
        |run| run["wall_ns"] = json!(null),
        "wall_ns: found null, expected an unsigned integer",
    );
    refused_after(
        |run| run["parameters"]["seed"] = json!(7),
        "parameters.seed: found 7, expected a string of 0x",
    );
    refused_after(
        |run| run["processes"][0]["pid"] = json!(-1),
        "processes[0].pid: found -1, expected an unsigned integer",
    );
    refused_after(
        |run| run["processes"][0]["total_allocs"] = json!(null),
        "processes[0].total_allocs: found null, expected an unsigned integer",
    );
    refused_after(
        |run| run["processes"][0]["windows"] = json!([]),
        "processes[0].windows: found [], expected 3 windows",
    );
    refused_after(
        |run| run["ground_truth"] = json!({"workload": "reuse"}),
        "ground_truth.seed: found nothing",
    );
    refused_after(
        |run| run["ground_truth"] = json!({"workload": "nginx", "server_cpu_ns": -1}),
        "ground_truth.server_cpu_ns: found -1, expected an unsigned integer",
    );
    refused_after(
        |run| {
            run["ground_truth"] =
                json!({"workload": "nginx", "server_cpu_ns": 1, "unit": "request"})
        },
        "ground_truth.units: found nothing",
    );
    refused_after(
        |run| run["parameters"]["window_base"] = json!(0),
        "parameters.window_base: found 0, expected 1 to ",
    );
}

#[test]
fn a_number_where_nothing_was_counted() {
    let fixture = Fixture::new();
    let mut none = run("NONE", 1, 0);
    none["processes"][0]["total_allocs"] = json!(0);
    fixture.add(&none);
    refused(
        &fixture,
        "NONE/run-01.json",
        "processes[0].total_allocs: found 0, expected null",
    );
}

#[test]
fn an_unknown_scheme() {
    let fixture = Fixture::new();
    let mut unknown = run("HEADER_HASH", 1, 1);
    unknown["scheme"] = json!("HEADER_HUSH");
    fixture.add(&unknown);
    refused(
        &fixture,
        "run-01.json",
        "scheme: found \"HEADER_HUSH\", expected one of HEADER_HASH, ",
    );
}

#[test]
fn a_path_that_disagrees_with_the_content() {
    let content = run("HEADER_HASH", 1, 1).to_string();
    for (path, expected) in [
        (
            "seed/reuse/HEADER_HASH/run-02.json",
            "run: found 1, expected the number in the file's name",
        ),
        (
            "seed/reuse/HEADER_HYBRID/run-01.json",
            "scheme: found \"HEADER_HASH\", expected \"HEADER_HYBRID\" as in the path",
        ),
        (
            "seed/reuse/mistyped/run-01.json",
            "scheme: found \"HEADER_HASH\", expected \"mistyped\" as in the path",
        ),
        (
            "seed/monotonic/HEADER_HASH/run-01.json",
            "workload: found \"reuse\", expected \"monotonic\" as in the path",
        ),
        (
            "real/reuse/HEADER_HASH/run-01.json",
            "set: found \"seed\", expected \"real\" as in the path",
        ),
    ] {
        let fixture = Fixture::new();
        fixture.add_text(path, &content);
        refused(&fixture, path, expected);
    }
}

#[test]
fn the_same_run_twice() {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    fixture.add_text("copy/run-01.json", &run("HEADER_HASH", 1, 1).to_string());
    refused(
        &fixture,
        "seed/reuse/HEADER_HASH/run-01.json",
        "run: found a second seed/reuse/HEADER_HASH/1, expected it only in",
    );
}

#[test]
fn runs_of_one_path_with_other_parameters() {
    let other = |change: fn(&mut Value), expected: &str| {
        refused_after(change, &format!("parameters.{expected} as in "))
    };
    other(
        |run| {
            (
                run["parameters"]["hash_mask"],
                run["processes"][0]["hash_mask"],
            ) = (json!(511), json!(511))
        },
        "hash_mask: found 511, expected 255",
    );
    other(
        |run| {
            (
                run["parameters"]["poisson_mean_bytes"],
                run["processes"][0]["poisson_mean_bytes"],
            ) = (json!(4096), json!(4096))
        },
        "poisson_mean_bytes: found 4096, expected null",
    );
    other(
        |run| {
            let salt = json!("0x0000000000000007");
            (
                run["parameters"]["hash_salt"],
                run["processes"][0]["hash_salt"],
            ) = (salt.clone(), salt)
        },
        "hash_salt: found a salt, expected null",
    );
    other(
        |run| run["parameters"]["aslr"] = json!(false),
        "aslr: found false, expected true",
    );
    other(
        |run| {
            run["parameters"]["window_base"] = json!(2000);
            run["processes"][0]["window_size"] = json!(200_000);
            for (window, size) in [2000, 20_000, 200_000].into_iter().enumerate() {
                run["processes"][0]["windows"][window]["size"] = json!(size);
            }
        },
        "window_base: found 2000, expected 1000",
    );
}

#[test]
fn a_record_of_another_configuration_than_its_run() {
    refused_after(
        |run| run["processes"][0]["scheme"] = json!("NONE"),
        "processes[0].scheme: found \"NONE\", expected \"HEADER_HASH\"",
    );
    refused_after(
        |run| run["processes"][0]["hash_mask"] = json!(1),
        "processes[0].hash_mask: found 1, expected 255",
    );
    refused_after(
        |run| run["processes"][0]["hash_salt"] = json!("0x0000000000000007"),
        "processes[0].hash_salt: found \"0x0000000000000007\", expected the run's",
    );
    refused_after(
        |run| run["processes"][0]["window_size"] = json!(1),
        "processes[0].window_size: found 1, expected 100000",
    );
}

#[test]
fn a_record_that_contradicts_itself() {
    refused_after(
        |run| run["processes"][0]["total_allocs"] = json!(2501),
        "processes[0].total_allocs: found 2501, expected 2500, the sum over size_bins",
    );
    refused_after(
        |run| run["processes"][0]["sampled_bytes_alloc"] = json!(99),
        "processes[0].sampled_bytes_alloc: found 99, expected 100, the sum",
    );
    refused_after(
        |run| run["processes"][0]["size_bins"][2]["sampled_allocs"] = json!(9999),
        "size_bins[2].sampled_allocs: found 9999, expected at most 2500",
    );
    refused_after(
        |run| run["processes"][0]["sampled_frees"] = json!(2401),
        "processes[0].sampled_frees: found 2401, expected at most 2400",
    );
    refused_after(
        |run| run["processes"][0]["windows"][0]["zero_sampled"] = json!(3),
        "windows[0].zero_sampled: found 3, expected at most 2",
    );
    refused_after(
        |run| run["processes"][0]["windows_total"] = json!(1),
        "windows[2].total: found 0, expected 1",
    );
    refused_after(
        |run| run["processes"][0]["gaps_allocs"]["n"] = json!(2),
        "gaps_allocs.n: found 2, expected 1, the sum of log2_histogram",
    );
    refused_after(
        |run| run["processes"][0]["gaps_allocs"]["max"] = json!(1024),
        "gaps_allocs.max: found 1024, expected a gap of entry 10",
    );
    refused_after(
        |run| run["processes"][0]["size_bins"][0]["bin"] = json!("0-31"),
        "size_bins[0].bin: found \"0-31\", expected \"0-32\"",
    );
    refused_after(
        |run| run["processes"][0]["sample_rate_allocs"] = json!(0.5),
        "sample_rate_allocs: found 0.5, expected 0.0004, which is 1 of 2500",
    );
}

#[test]
fn records_only_where_a_library_was_loaded() {
    refused_after(
        |run| run["processes"] = json!([]),
        "processes: found no record, expected at least one under HEADER_HASH",
    );
    let fixture = Fixture::new();
    let mut plain = run("PLAIN", 1, 0);
    plain["processes"] = json!([record("NONE", 0)]);
    fixture.add(&plain);
    refused(
        &fixture,
        "PLAIN/run-01.json",
        "processes: found 1 records, expected none under PLAIN",
    );
}

#[test]
fn no_runs_or_no_directory() {
    let fixture = Fixture::new();
    refused(
        &fixture,
        "raw",
        "found no run file, expected <set>/<workload>/<scheme>/run-<nn>.json below it",
    );
    fs::remove_dir(fixture.raw()).unwrap();
    refused(&fixture, "raw", "No such file or directory");
}

#[test]
fn an_output_that_cannot_be_written() {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    fs::write(fixture.out(), "a file").unwrap();
    assert!(refusal(&fixture).contains("expected a directory to write to"));
    assert_eq!(fs::read_to_string(fixture.out()).unwrap(), "a file");
}

#[test]
fn bad_input_leaves_the_earlier_tables_as_they_were() {
    let fixture = Fixture::new();
    fixture.add(&run("HEADER_HASH", 1, 1));
    succeed(fixture.aggregate());
    let before = fixture.table("runs.csv");
    fixture.add(&run("HEADER_HASH", 2, 1));
    fixture.add_text("seed/reuse/HEADER_HASH/run-03.json", "{}");
    refusal(&fixture);
    assert_eq!(fixture.table("runs.csv"), before);
    let left: Vec<_> = fs::read_dir(fixture.out())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), crate::fixture::TABLES.len(), "{left:?}");
}

#[test]
fn no_damage_to_a_run_file_is_read() {
    let fixture = Fixture::new();
    let file = "seed/reuse/SAMPLE_HEADERS_POISSON/run-01.json";
    for damage in damages(&run("SAMPLE_HEADERS_POISSON", 1, 2)) {
        fixture.add_text(file, &damage.run.to_string());
        refused(&fixture, file, &damage.expected);
    }
}
