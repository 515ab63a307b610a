//! The program as it is used: its one line of output, and its errors.

use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-loops"));
    command.args(arguments).output().unwrap()
}

fn numbers(arguments: &[&str]) -> Value {
    let output = bench(arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_loop_says_what_each_thread_took() {
    for name in ["tight", "window", "batch", "mixed", "realloc", "cross"] {
        let found = numbers(&[name, "--operations", "20000", "--threads", "2"]);
        assert_eq!(found["operations"], 20000, "{name}");
        let threads = found["threads"].as_array().unwrap();
        assert_eq!(threads.len(), 2, "{name}");
        for thread in threads {
            let [cpu, elapsed] = ["cpu_ns", "elapsed_ns"].map(|key| thread[key].as_u64().unwrap());
            // Two clocks, read one after the other.
            assert!(cpu > 0 && cpu <= elapsed + 1_000_000, "{name} {found}");
        }
    }
}

#[test]
fn live_blocks_are_in_memory() {
    let found = numbers(&["live", "--operations", "20000", "--size-bytes", "4096"]);
    let [before, after] =
        ["anonymous_before_bytes", "anonymous_after_bytes"].map(|key| found[key].as_u64().unwrap());
    let block = (after - before) as f64 / 20000.0;
    // glibc's chunk of 4112 bytes, and the pages at its ends.
    assert!((4112.0..4113.0).contains(&block), "{block} B a block");
}

#[test]
fn a_wrong_option_is_one_line() {
    for (arguments, expected) in [
        (
            vec!["widow"],
            "bench-loops: loop: found 'widow', expected tight, window, batch, mixed, realloc, cross or live\n",
        ),
        (
            vec!["tight", "--operations", "0"],
            "bench-loops: --operations: found 0, expected at least 1\n",
        ),
        (
            vec!["tight", "--threads", "0"],
            "bench-loops: --threads: found 0, expected 1 to 1024\n",
        ),
        (
            vec!["cross"],
            "bench-loops: --threads: found 1, expected an even number: half of them free what the others allocate\n",
        ),
        (
            vec!["live", "--size-bytes", "0"],
            "bench-loops: --size-bytes: found 0, expected 1 to 1073741824\n",
        ),
    ] {
        let output = bench(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert!(output.stdout.is_empty());
    }
}
