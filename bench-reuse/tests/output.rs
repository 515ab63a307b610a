//! Runs the real binary and checks the line it prints.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-reuse"))
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
    assert_eq!(truth["workload"], "reuse");
    assert_eq!(truth["seed"], "0x0000000000000001");
    assert_eq!(count(&truth, "leaked_blocks"), 5);
    // 100 first blocks and 100,000 turns, of which the second half picks a leaky slot with p = 0.05:
    // 100,100 - 2,500 expected, sigma sqrt(50,000 * 0.05 * 0.95) = 48.7; five of them are 244.
    assert!(count(&truth, "allocs").abs_diff(97_600) < 244, "{truth}");
    // Uniform in 16..=256: mean 136 B, sigma 69.6 B; the mean of 97,600 has sigma 0.223 B, and five of them are 1.2 B.
    let mean_bytes = count(&truth, "bytes") as f64 / count(&truth, "allocs") as f64;
    assert!((mean_bytes - 136.0).abs() < 1.2, "{mean_bytes}");
    assert!(count(&truth, "elapsed_ns") > 0);
}

#[test]
fn every_block_is_freed_or_leaked() {
    for leaky_slots in ["0", "3", "7"] {
        for turns in ["0", "1", "1001"] {
            let truth = truth(&[
                "--slots",
                "7",
                "--turns",
                turns,
                "--leaky-slots",
                leaky_slots,
            ]);
            assert_eq!(
                count(&truth, "leaked_blocks"),
                leaky_slots.parse::<u64>().unwrap()
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
}

#[test]
fn a_turn_allocates_once_unless_its_slot_is_leaky() {
    let none_leaky = truth(&["--slots", "7", "--turns", "1000", "--leaky-slots", "0"]);
    assert_eq!(count(&none_leaky, "allocs"), 7 + 1000);
    let all_leaky = truth(&["--slots", "7", "--turns", "1000", "--leaky-slots", "7"]);
    assert_eq!(count(&all_leaky, "allocs"), 7 + 500);
}

#[test]
fn the_seed_decides_all_but_the_time() {
    let with = |seed| without_time(truth(&["--turns", "2000", "--seed", seed]));
    assert_eq!(with("255"), with("0xff"));
    assert_ne!(with("1")["bytes"], with("2")["bytes"]);
    assert_ne!(with("1")["leaked_bytes"], with("2")["leaked_bytes"]);
}

#[test]
fn bad_options_are_refused_in_one_line() {
    for (arguments, expected) in [
        (&["--slots", "0"][..], "--slots: found 0"),
        (&["--min-bytes", "0"], "--min-bytes: found 0"),
        (
            &["--min-bytes", "9", "--max-bytes", "8"],
            "--min-bytes: found 9, expected at most --max-bytes, which is 8",
        ),
        (
            &["--slots", "4", "--leaky-slots", "5"],
            "--leaky-slots: found 5, expected at most --slots, which is 4",
        ),
        (
            &[
                "--min-bytes",
                "18446744073709551615",
                "--max-bytes",
                "18446744073709551615",
            ],
            "no memory for",
        ),
        (&["--slots", "18446744073709551615"], "no memory to hold"),
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
    for expected in [
        "in bytes",
        "slots that turn leaky",
        "bench-reuse --slots 100",
    ] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}
