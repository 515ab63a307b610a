//! The workload as users run it: what it prints, what repeats, and what it refuses.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-steady"))
        .args(arguments)
        .output()
        .unwrap()
}

fn truth(arguments: &[&str]) -> Value {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let mut truth: Value = serde_json::from_slice(&output.stdout).unwrap();
    truth.as_object_mut().unwrap().remove("elapsed_ns").unwrap();
    truth
}

fn number(truth: &Value, key: &str) -> u64 {
    truth[key].as_u64().unwrap()
}

#[test]
fn every_block_is_freed_or_leaked() {
    for threads in ["1", "3"] {
        let truth = truth(&[
            "--slots",
            "100",
            "--turns",
            "2000",
            "--threads",
            threads,
            "--leak",
            "100x48",
            "--leak",
            "3x8192",
        ]);
        assert_eq!(number(&truth, "allocs"), 100 + 2000 + 103);
        assert_eq!(number(&truth, "frees"), 100 + 2000);
        assert_eq!(number(&truth, "leaked_blocks"), 103);
        assert_eq!(number(&truth, "leaked_bytes"), 100 * 48 + 3 * 8192);
        assert_eq!(
            number(&truth, "bytes"),
            number(&truth, "freed_bytes") + number(&truth, "leaked_bytes")
        );
    }
}

#[test]
fn leaks_without_turns_are_leaked_too() {
    let truth = truth(&["--slots", "1", "--turns", "0", "--leak", "5x100"]);
    assert_eq!(number(&truth, "leaked_blocks"), 5);
}

#[test]
fn sizes_are_mostly_small_with_a_few_of_1_mib() {
    let truth = truth(&["--slots", "100", "--turns", "50000"]);
    // Expected mean: 0.9 * 136 + 0.099 * 4224.5 + 0.001 * 1048576 = 1589.2 B. The 1 MiB blocks dominate the spread: of 50,100 blocks
    // 50.1 are that large, sigma 7.1, so 142 B of the mean; 5 sigmas.
    let mean = number(&truth, "bytes") as f64 / number(&truth, "allocs") as f64;
    assert!((mean - 1589.2).abs() < 5.0 * 150.0, "{mean}");
}

#[test]
fn a_stride_is_one_size() {
    let truth = truth(&["--slots", "300", "--turns", "0", "--stride", "80"]);
    assert_eq!(number(&truth, "allocs"), 300);
    assert_eq!(number(&truth, "bytes"), 300 * 56);
}

#[test]
fn one_seed_gives_one_workload_and_another_another() {
    let first = truth(&["--seed", "7", "--threads", "2"]);
    assert_eq!(first, truth(&["--seed", "0x7", "--threads", "2"]));
    assert_ne!(
        first["bytes"],
        truth(&["--seed", "8", "--threads", "2"])["bytes"]
    );
}

#[test]
fn what_cannot_be_is_refused_in_one_line() {
    for (arguments, part) in [
        (&["--threads", "0"][..], "--threads: found 0"),
        (&["--slots", "1", "--threads", "2"], "--slots: found 1"),
        (&["--stride", "40"], "--stride: found 40"),
        (&["--stride", "81"], "--stride: found 81"),
        (&["--leak", "3"], "COUNTxBYTES"),
    ] {
        let output = run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && stderr.contains(part),
            "{stderr}"
        );
        assert!(output.stdout.is_empty());
    }
}
