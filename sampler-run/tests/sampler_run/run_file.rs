//! What a run file holds, and when it takes the place of another.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::*;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(|key| &**key)
        .collect();
    keys.sort_unstable();
    keys
}

fn bench_reuse() -> String {
    text(
        programs()
            .join("bench-reuse")
            .as_os_str()
            .as_encoded_bytes(),
    )
}

/// The kernel never reports a child below the runner: then the cell is empty.
#[test]
fn a_peak_is_the_kernels_where_it_is_above_the_runners_own() {
    let small = ["/bin/true"];
    let large = [
        "/bin/sh",
        "-c",
        "head -c 50000000 /dev/zero | tail -c 40000000 > /dev/null",
    ];
    for (run, command) in [("run-1", &small[..]), ("run-2", &large[..])] {
        let place = Place::with_out(&format!("raw/own/my-work/NONE/{run}.json"));
        let output = place.run("NONE", &[], command);
        let run = place.succeeded(&output);
        let floor = run["peak_rss_floor_bytes"].as_u64().unwrap();
        let peak = &run["peak_rss_bytes"];
        assert!(peak.is_null() || peak.as_u64() > Some(floor), "{peak}");
        if command.len() > 1 {
            assert!(peak.as_u64() > Some(40_000_000), "{peak}");
        }
    }
}

#[test]
fn it_has_every_field_of_the_format_and_its_identity_from_the_path() {
    let place = Place::with_out("raw/own/my-work/HEADER_POISSON_BYTES/run-07.json");
    let options = [
        "--mean", "0x200", "--mask", "3", "--seed", "5", "--window", "10",
    ];
    let output = place.run("HEADER_POISSON_BYTES", &options, &["/bin/echo", "a b"]);
    let run = place.succeeded(&output);
    #[rustfmt::skip]
    let expected = [
        "command", "exit_status", "format", "format_version", "ground_truth", "losses", "machine", "parameters", "peak_rss_bytes", "peak_rss_floor_bytes",
        "processes", "run", "runner_version", "scheme", "set", "sizes", "system_ns", "user_ns", "wall_ns", "workload",
    ];
    assert_eq!(keys(&run), expected);
    for (key, value) in [
        ("format", json!("sampler-run")),
        ("format_version", json!(1)),
        ("runner_version", json!(env!("CARGO_PKG_VERSION"))),
        ("set", json!("own")),
        ("workload", json!("my-work")),
        ("scheme", json!("HEADER_POISSON_BYTES")),
        ("run", json!(7)),
        ("command", json!(["/bin/echo", "a b"])),
        ("exit_status", json!(0)),
        ("ground_truth", Value::Null),
        (
            "losses",
            json!({ "unfinished_records": 0, "descendants_alive": 0, "bypassed_programs": 0 }),
        ),
        (
            "parameters",
            // This scheme has no hash.
            json!({
                "hash_mask": null, "hash_salt": null, "poisson_mean_bytes": 512, "window_base": 10,
                "seed": "0x0000000000000005", "truth": true, "aslr": true,
            }),
        ),
    ] {
        assert_eq!(run[key], value, "{key}");
    }
    for key in ["wall_ns", "peak_rss_floor_bytes"] {
        assert!(run[key].as_u64().unwrap() > 0, "{key}");
    }
    assert!(run["user_ns"].is_u64() && run["system_ns"].is_u64());
    let machine = ["cores", "cpu", "kernel", "libc", "memory_bytes"];
    assert_eq!(keys(&run["machine"]), machine);
    let processes = run["processes"].as_array().unwrap();
    assert_eq!(processes.len(), 1);
    for (key, value) in [
        ("format", json!("sampler-record")),
        ("command", json!(["/bin/echo", "a b"])),
        ("scheme", json!("HEADER_POISSON_BYTES")),
        ("poisson_mean_bytes", json!(512)),
        ("window_size", json!(1000)),
        ("seed", json!("0x0000000000000005")),
    ] {
        assert_eq!(processes[0][key], value, "{key}");
    }
    assert!(processes[0]["total_allocs"].as_u64().unwrap() > 0);
    assert_eq!(names(place.out.parent().unwrap()), ["run-07.json"]);
}

#[test]
fn plain_has_no_records_and_no_parameters_of_a_scheme() {
    let place = Place::new();
    let run = place.succeeded(&place.run("PLAIN", &[], &["true"]));
    assert_eq!(run["processes"], json!([]));
    assert_eq!(run["workload"], "true");
    assert!(run["parameters"]["hash_mask"].is_null());
    assert!(run["parameters"]["poisson_mean_bytes"].is_null());
    assert!(run["wall_ns"].as_u64().unwrap() > 0);
}

#[test]
fn a_salt_is_the_number_given_or_one_of_the_seeds_own() {
    let salt_of = |scheme: &str, options: &[&str]| {
        let place = Place::new();
        let run = place.succeeded(&place.run(scheme, options, &["true"]));
        let salt = run["parameters"]["hash_salt"].clone();
        assert_eq!(run["processes"][0]["hash_salt"], salt);
        salt
    };
    assert!(salt_of("HEADER_HASH", &[]).is_null());
    let given = salt_of("HEADER_HASH", &["--salt", "0x11"]);
    assert_eq!(given, "0x0000000000000011");
    // Replicates differ by it, and can be repeated.
    let of_seed = |seed| salt_of("HEADER_HASH", &["--salt", "seed", "--seed", seed]);
    assert!(of_seed("1").is_string());
    assert_eq!(of_seed("1"), of_seed("1"));
    assert_ne!(of_seed("1"), of_seed("2"));
    assert!(salt_of("HEADER_POISSON_BYTES", &["--salt", "seed"]).is_null());
    let place = Place::new();
    let output = place.run("HEADER_HASH", &["--salt", "pepper"], &["true"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(
        text(&output.stderr).contains("--salt is 'pepper'; accepted: seed, or a decimal"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn an_accepted_status_is_kept_and_passed_on() {
    let place = Place::new();
    let options = ["--ok-status", "3", "--ok-status", "4"];
    let output = place.run("COUNT", &options, &["bash", "-c", "exit 3"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(place.run_file()["exit_status"], 3);
    assert!(output.stderr.is_empty());
}

#[test]
fn a_drawn_seed_is_recorded_and_differs_from_run_to_run() {
    let place = Place::new();
    let seed = || {
        let run = place.succeeded(&place.run("HEADER_HASH", &[], &["true"]));
        assert_eq!(run["parameters"]["seed"], run["processes"][0]["seed"]);
        run["parameters"]["seed"].clone()
    };
    assert_ne!(seed(), seed());
}

#[test]
fn the_same_seed_and_one_thread_draw_the_same_samples() {
    let sampled = |seed: &str| {
        let place = Place::new();
        let command = [&*bench_reuse(), "--turns", "20000", "--seed", "1"];
        let options = ["--seed", seed, "--mean", "4096"];
        let run = place.succeeded(&place.run("HEADER_POISSON_BYTES", &options, &command));
        let record = &run["processes"][0];
        assert!(record["sampled_allocs"].as_u64().unwrap() > 100);
        ["sampled_allocs", "sampled_bytes_alloc", "gaps_bytes"].map(|key| record[key].clone())
    };
    assert_eq!(sampled("9"), sampled("9"));
    assert_ne!(sampled("9"), sampled("10"));
}

#[test]
fn without_randomised_addresses_the_hash_samples_the_same_blocks() {
    let sampled = || {
        let place = Place::new();
        let command = [&*bench_reuse(), "--turns", "20000", "--seed", "1"];
        let output = place.run("HEADER_HASH", &["--no-aslr"], &command);
        // A container may forbid it; then it must say so.
        if text(&output.stderr).contains("--no-aslr is not allowed here") {
            return None;
        }
        let run = place.succeeded(&output);
        assert_eq!(run["parameters"]["aslr"], false);
        run["processes"][0]["sampled_allocs"].as_u64()
    };
    assert_eq!(sampled(), sampled());
}

#[test]
fn the_ground_truth_is_kept_and_not_shown() {
    let place = Place::new();
    let command = [&*bench_reuse(), "--turns", "1000"];
    let output = place.run("COUNT", &["--ground-truth"], &command);
    let run = place.succeeded(&output);
    assert!(output.stdout.is_empty());
    assert_eq!(run["ground_truth"]["workload"], "reuse");
    let requested = run["ground_truth"]["allocs"].as_u64().unwrap();
    assert!(run["processes"][0]["total_allocs"].as_u64().unwrap() >= requested);
}

#[test]
fn an_earlier_run_file_is_replaced_only_by_a_whole_one() {
    let place = Place::new();
    place.succeeded(&place.run("COUNT", &[], &["true"]));
    let earlier = fs::read(&place.out).unwrap();
    let script = "echo started; read -r line; exit 0";
    let mut running = place
        .prepare("COUNT", &[], &["bash", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(running.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "started\n");
    assert_eq!(fs::read(&place.out).unwrap(), earlier);
    writeln!(running.stdin.take().unwrap(), "go on").unwrap();
    assert!(running.wait().unwrap().success());
    place.assert_clean();
    assert_eq!(place.run_file()["command"][0], "bash");
}

#[test]
fn a_failed_rerun_removes_the_run_file_and_a_success_what_the_failure_left() {
    let place = Place::new();
    place.succeeded(&place.run("COUNT", &[], &["true"]));
    place.failed(&place.run("COUNT", &[], &["false"]), 1);
    place.succeeded(&place.run("COUNT", &[], &["true"]));
    place.failed(&place.run("COUNT", &[], &["/nonexistent"]), 127);
}

/// Readers ask for every field that is written, and no other: a new one is missed on either side.
#[test]
fn what_is_written_of_every_scheme_is_what_stages_read() {
    for scheme in run_file::Scheme::all().map(run_file::Scheme::name) {
        let place = Place::with_out(&format!("raw/own/reuse/{scheme}/run-01.json"));
        let command = [&*bench_reuse(), "--turns", "1000"];
        let output = place.run(scheme, &["--ground-truth"], &command);
        let mut written = place.succeeded(&output);
        for record in written["processes"].as_array_mut().unwrap() {
            forget_unknown_variances(&mut record["estimates"]);
        }
        let raw = place.out.ancestors().nth(4).unwrap().to_path_buf();
        let run = run_file::read(&place.out, &raw, run_file::Below::Sets).unwrap();
        assert_eq!(serde_json::to_value(run).unwrap(), written, "{scheme}");
    }
}

/// Variances by key are missing or null where they are not known, which is the same.
fn forget_unknown_variances(estimates: &mut Value) {
    let Some(fields) = estimates.as_object_mut() else {
        return;
    };
    fields.retain(|name, value| !name.ends_with("_variance_by_key") || !value.is_null());
    for bin in fields
        .get_mut("size_bins")
        .into_iter()
        .flat_map(|bins| bins.as_array_mut().unwrap())
    {
        forget_unknown_variances(bin);
    }
}
