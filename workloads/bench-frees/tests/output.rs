//! Runs the real binary and checks the line it prints.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-frees"))
        .args(arguments)
        .output()
        .unwrap()
}

fn truth(arguments: &[&str]) -> Value {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "one line, got {text:?}");
    serde_json::from_str(&text).unwrap()
}

fn count(truth: &Value, key: &str) -> u64 {
    truth[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {truth}"))
}

#[test]
fn every_block_is_freed_or_leaked_and_their_sizes_tell_which() {
    for kind in ["plain", "realloc", "cross-thread", "reuse"] {
        for leak_percent in [0, 5, 100] {
            let percent = leak_percent.to_string();
            let truth = truth(&[
                "--kind",
                kind,
                "--count",
                "4321",
                "--leak-percent",
                &percent,
            ]);
            let [allocs, frees, leaked] =
                ["allocs", "frees", "leaked_blocks"].map(|key| count(&truth, key));
            assert_eq!(leaked, 4321 * leak_percent / 100, "{kind}");
            assert_eq!(
                (allocs, allocs),
                (frees + leaked, 4321 + count(&truth, "reallocs"))
            );
            let [bytes, freed, kept] =
                ["bytes", "freed_bytes", "leaked_bytes"].map(|key| count(&truth, key));
            assert_eq!(bytes, freed + kept, "{kind}");
            assert!((1025 * leaked..=4096 * leaked).contains(&kept), "{kind}");
            let largest = if kind == "realloc" { 200_000 } else { 512 };
            assert!((129 * frees..=largest * frees).contains(&freed), "{kind}");
            assert_eq!(truth["kind"], kind);
        }
    }
}

#[test]
fn the_seed_decides_all_but_the_time() {
    let with = |seed| {
        let mut truth = truth(&["--kind", "cross-thread", "--count", "3000", "--seed", seed]);
        truth.as_object_mut().unwrap().remove("elapsed_ns").unwrap();
        truth
    };
    assert_eq!(with("255"), with("0xff"));
    assert_ne!(with("1")["leaked_bytes"], with("2")["leaked_bytes"]);
}

#[test]
fn bad_options_are_refused_in_one_line() {
    for (arguments, expected) in [
        (&["--kind", "plain", "--count", "0"][..], "--count: found 0"),
        (
            &["--kind", "plain", "--leak-percent", "101"],
            "--leak-percent: found 101, expected 0 to 100",
        ),
        (
            &["--kind", "plain", "--count", "18446744073709551615"],
            "no memory to hold",
        ),
        (
            &["--kind", "free"],
            "expected plain, realloc, cross-thread, reuse, found \"free\"",
        ),
    ] {
        let output = run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn help_names_units_and_an_example() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for expected in ["in percent", "4096 B", "bench-frees --kind cross-thread"] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}
