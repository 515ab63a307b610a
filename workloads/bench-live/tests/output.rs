//! Runs the real binary and checks the line it prints.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-live"))
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

#[test]
fn every_block_is_alive_at_the_end_and_nothing_else_grows_with_them() {
    for (blocks, size) in [(1_000_000, 16), (1_000_000, 64), (1000, 4096)] {
        let truth = truth(&["--blocks", &blocks.to_string(), "--size", &size.to_string()]);
        let count = |key: &str| truth[key].as_u64().unwrap();
        assert_eq!(truth["workload"], "live");
        assert_eq!(
            (count("allocs"), count("leaked_blocks"), count("frees")),
            (blocks, blocks, 0)
        );
        assert_eq!(
            (count("bytes"), count("leaked_bytes")),
            (blocks * size, blocks * size)
        );
        assert_eq!(count("freed_bytes"), 0);
        // glibc adds 8 bytes and rounds up to 16, 32 at least: at most 16 for these sizes. A list of the blocks would be 8 or
        // more beyond that: 8 MB in the first two cases. The process itself has up to 3 MiB.
        let chunk = (size + 8).next_multiple_of(16).max(32);
        let beyond = count("resident_bytes") - blocks * chunk;
        assert!(
            beyond < 3 << 20,
            "{beyond} B resident beyond {blocks} blocks of {size} B"
        );
    }
}

#[test]
fn bad_options_are_refused_in_one_line() {
    for (arguments, expected) in [
        (&["--blocks", "0"][..], "--blocks: found 0"),
        (&["--size", "0"], "--size: found 0"),
        (
            &["--blocks", "2", "--size", "18446744073709551615"],
            "expected at most",
        ),
        (
            &["--blocks", "1", "--size", "18446744073709551615"],
            "no memory for",
        ),
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
}

#[test]
fn help_names_units_and_an_example() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for expected in ["in bytes", "bench-live --blocks 1000000 --size 64"] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}
