//! Runs the real binary and checks the line it prints.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-monotonic"))
        .args(arguments)
        .output()
        .unwrap()
}

fn truth(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "one line, got {text:?}");
    serde_json::from_str(&text).unwrap()
}

fn count(truth: &Value, key: &str) -> u64 {
    truth[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {truth}"))
}

fn without_time(mut truth: Value) -> Value {
    truth.as_object_mut().unwrap().remove("elapsed_ns").unwrap();
    truth
}

#[test]
fn defaults_are_the_published_workload() {
    let truth = truth(&[]);
    assert_eq!(truth["workload"], "monotonic");
    assert_eq!(truth["seed"], "0x0000000000000001");
    assert_eq!(count(&truth, "allocs"), 100_000);
    assert_eq!(count(&truth, "leaked_blocks"), 5_000);
    // Uniform in 16..=4096: mean 2056 B, sigma 1178 B; the mean of 100,000 has sigma 3.73 B, and five of them are 19 B.
    let mean_bytes = count(&truth, "bytes") as f64 / 100_000.0;
    assert!((mean_bytes - 2056.0).abs() < 19.0, "{mean_bytes}");
    assert!(count(&truth, "elapsed_ns") > 0);
}

#[test]
fn every_block_is_freed_or_leaked() {
    for leak_percent in ["0", "5", "99", "100"] {
        let truth = truth(&["--count", "777", "--leak-percent", leak_percent]);
        assert_eq!(
            count(&truth, "leaked_blocks"),
            777 * leak_percent.parse::<u64>().unwrap() / 100
        );
        assert_eq!(
            count(&truth, "allocs"),
            count(&truth, "frees") + count(&truth, "leaked_blocks")
        );
        assert_eq!(
            count(&truth, "bytes"),
            count(&truth, "freed_bytes") + count(&truth, "leaked_bytes")
        );
    }
}

#[test]
fn sizes_stay_within_their_bounds() {
    let truth = truth(&["--count", "50", "--min-bytes", "33", "--max-bytes", "33"]);
    assert_eq!(count(&truth, "bytes"), 50 * 33);
}

#[test]
fn the_seed_decides_all_but_the_time() {
    let with = |seed| without_time(truth(&["--count", "2000", "--seed", seed]));
    assert_eq!(with("255"), with("0xff"));
    assert_ne!(with("1")["bytes"], with("2")["bytes"]);
    assert_ne!(with("1")["leaked_bytes"], with("2")["leaked_bytes"]);
}

#[test]
fn bad_options_are_refused_in_one_line() {
    for (arguments, expected) in [
        (&["--count", "0"][..], "--count: found 0"),
        (&["--min-bytes", "0"], "--min-bytes: found 0"),
        (
            &["--min-bytes", "9", "--max-bytes", "8"],
            "--min-bytes: found 9, expected at most --max-bytes, which is 8",
        ),
        (
            &["--leak-percent", "101"],
            "--leak-percent: found 101, expected 0 to 100",
        ),
        (
            &[
                "--count",
                "1",
                "--min-bytes",
                "18446744073709551615",
                "--max-bytes",
                "18446744073709551615",
            ],
            "no memory for",
        ),
        (&["--count", "18446744073709551615"], "no memory to hold"),
    ] {
        let output = run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains(expected) && stderr.lines().count() == 1,
            "{arguments:?}: {stderr}"
        );
        assert!(output.stdout.is_empty());
    }
    let output = run(&["--seed", "0xg"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("decimal or 0x hex")
    );
}

#[test]
fn help_names_units_and_an_example() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for expected in ["in bytes", "in percent", "bench-monotonic --count 100000"] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}
