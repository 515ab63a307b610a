//! Whatever ends a process, its counts survive in the live file.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::*;

/// Runs a program that ends in its own way and returns the records of all its processes.
fn live_records(program: &Path, end: &str, scheme: &str) -> (Ran, Vec<Value>) {
    let ran = run(program, &[end], &[("SAMPLER_SCHEME", scheme)]);
    let mut records: Vec<Value> = ran.live.values().cloned().collect();
    records.sort_by_key(|record| record["image"].as_u64());
    (ran, records)
}

#[test]
fn every_end_leaves_all_counts() {
    let program = compile("ends", &[]);
    for scheme in COUNTING {
        for (end, status, signal, ended) in [
            ("return", Some(0), None, "exit"),
            ("exit", Some(3), None, "exit"),
            ("_exit", Some(3), None, "unknown"),
            ("quick_exit", Some(3), None, "quick_exit"),
            ("abort", None, Some(6), "unknown"),
            ("term", None, Some(15), "unknown"),
            ("kill", None, Some(9), "unknown"),
            ("crash", None, Some(11), "unknown"),
        ] {
            let (ran, records) = live_records(&program, end, scheme);
            assert_eq!(ran.output.status.code(), status, "{end}");
            assert_eq!(ran.output.status.signal(), signal, "{end}");
            assert_eq!(records.len(), 1);
            assert_eq!(records[0]["ended"], ended, "{end}");
            assert_eq!(records[0]["total_allocs"], 12_345, "{end} under {scheme}");
            assert_eq!(
                records[0]["total_frees"],
                12_345 - 45,
                "{end} under {scheme}"
            );
            assert_eq!(records[0]["total_bytes_alloc"], 1_234_500);
            assert_consistent(&records[0], false);
        }
    }
}

#[test]
fn a_child_of_a_raw_fork_counts_for_itself() {
    let program = compile("ends", &[]);
    for scheme in COUNTING {
        for end in ["raw-fork", "underscore-fork"] {
            let (ran, records) = live_records(&program, end, scheme);
            assert!(ran.output.status.success(), "{}", ran.stderr());
            let mut allocs: Vec<u64> = records
                .iter()
                .map(|record| record["total_allocs"].as_u64().unwrap())
                .collect();
            allocs.sort_unstable();
            assert_eq!(allocs, [77, 12_345], "{end} under {scheme}");
        }
    }
}

#[test]
fn two_programs_in_one_pid_both_leave_their_counts() {
    let program = compile("ends", &[]);
    let (ran, records) = live_records(&program, "exec", "HEADER_HASH");
    assert!(ran.output.status.success());
    let allocs: Vec<&Value> = records
        .iter()
        .map(|record| &record["total_allocs"])
        .collect();
    let images: Vec<&Value> = records.iter().map(|record| &record["image"]).collect();
    assert_eq!(
        (allocs, images),
        (
            vec![&Value::from(12_345), &Value::from(5)],
            vec![&Value::from(0), &Value::from(1)]
        )
    );
}

#[test]
fn an_exit_record_and_the_live_file_agree() {
    let program = compile("threads", &[]);
    let ran = run_scheme(&program, "HEADER_POISSON_BYTES").succeeded();
    let record = ran.record();
    let live = ran.live.values().next().unwrap();
    assert_eq!(record, live);
}

/// Who reads a running process asks the kernel for its largest resident set; the process itself does not, nor at its end.
#[test]
fn a_running_process_is_read_with_its_peak_memory() {
    let directory = tempfile::TempDir::new().unwrap();
    let mut process = Command::new("cat")
        .env("LD_PRELOAD", library())
        .env("SAMPLER_SCHEME", "COUNT")
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // What it gives back says that it has begun.
    let mut input = process.stdin.take().unwrap();
    input.write_all(b"begun\n").unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    let live = read_live(directory.path());
    let running = live.values().next().unwrap();
    assert_eq!(running["ended"], "running");
    assert!(
        running["peak_rss_bytes"].as_u64() > Some(100_000),
        "{running}"
    );
    drop(input);
    assert!(process.wait().unwrap().success());
    let (records, _) = read_records(directory.path());
    let record = records.values().next().unwrap();
    assert_eq!(record["ended"], "exit");
    assert!(record["peak_rss_bytes"].is_null());
}
