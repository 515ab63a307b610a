//! How much stack the library takes of the program's, byte by byte: over what the same call takes without it.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use support::*;

/// A call that is not sampled.
const UNSAMPLED_BYTES: i64 = 1024;
/// A sample, a thread's first call, a fork, the end of the process.
const RARE_BYTES: i64 = 2048;
/// The library's own stack.
const RECORD_STACK_BYTES: u64 = 256 * 1024;

/// With all functions found at start: how they are found takes more stack than what they do.
fn program() -> PathBuf {
    compile("stacks", &["-Wl,-z,now"])
}

/// Where the library's stack is in it, in hexadecimal, as its table of symbols says.
fn offset_of_the_stack() -> String {
    let output = Command::new("nm").arg(library()).output();
    let symbols = String::from_utf8(output.expect("nm comes with the linker").stdout).unwrap();
    let symbol = symbols
        .lines()
        .find(|line| line.contains("stack") && line.contains("MEMORY"))
        .unwrap_or_else(|| panic!("no stack in {symbols}"));
    symbol.split(' ').next().unwrap().to_owned()
}

/// Bytes of stack by what was done.
fn taken(output: &str) -> BTreeMap<String, i64> {
    let pairs = output.lines().map(|line| line.split_once(' ').unwrap());
    pairs
        .map(|(name, bytes)| (name.to_owned(), bytes.parse().unwrap()))
        .collect()
}

#[test]
fn no_entry_takes_more_stack_than_its_bound() {
    let program = program();
    let plain = Command::new(&program)
        .arg("measure")
        .env("LD_BIND_NOW", "1")
        .output()
        .unwrap();
    assert!(plain.status.success());
    let plain = taken(&String::from_utf8(plain.stdout).unwrap());
    assert!(plain.len() >= 40, "{plain:?}");
    let mut over = Vec::new();
    for scheme in COUNTING.into_iter().chain(["NONE"]) {
        for (mean, mask) in [("1000000000000000", "0xFFFFFFFFFFFFFFFF"), ("0", "0")] {
            let is_all_sampled = mean == "0" || scheme == "SIZES";
            let environment = [
                ("SAMPLER_SCHEME", scheme),
                ("SAMPLER_POISSON_MEAN_BYTES", mean),
                ("SAMPLER_HASH_MASK", mask),
                ("LD_BIND_NOW", "1"),
            ];
            let ran = run(&program, &["measure"], &environment).succeeded();
            assert!(ran.records.len() > 1, "{scheme}");
            let ours = taken(&ran.stdout());
            assert_eq!(ours["nothing"], plain["nothing"]);
            let mut most = (0, "");
            for (name, bytes) in &ours {
                let more = bytes - plain[name];
                let is_unsampled = name.starts_with("calls_") && !is_all_sampled;
                let bound = if is_unsampled {
                    UNSAMPLED_BYTES
                } else {
                    RARE_BYTES
                };
                most = most.max((more, name));
                if more > bound {
                    over.push(format!(
                        "{scheme}, mean {mean}: {name} takes {more} of {bound}"
                    ));
                }
            }
            println!("{scheme}, mean {mean}: at most {} more, {}", most.0, most.1);
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}

/// A handler of the program may run on it too, so a page more would not do.
#[test]
fn the_record_fits_its_stack_several_times() {
    let program = program();
    let offset = offset_of_the_stack();
    for scheme in ["HEADER_PAGE_HASH", "SAMPLE_HEADERS_POISSON_MAP", "COUNT"] {
        let environment = [
            ("SAMPLER_SCHEME", scheme),
            ("SAMPLER_POISSON_MEAN_BYTES", "64"),
            ("SAMPLER_HASH_MASK", "1"),
        ];
        let ran = run(&program, &["measure_record", &offset], &environment).succeeded();
        let taken: u64 = ran.stdout().trim().parse().unwrap();
        println!("{scheme}: {taken} of {RECORD_STACK_BYTES}");
        // Less than a page would be another stack.
        assert!((4096..RECORD_STACK_BYTES / 8).contains(&taken), "{taken}");
    }
}

/// Each would write the record on the one stack there is for it; the one that comes second ends the process, perhaps before the other is done.
#[test]
fn two_threads_end_the_process_at_once() {
    let program = program();
    for scheme in ["HEADER_HASH", "SAMPLE_HEADERS_POISSON_MAP", "NONE"] {
        for _ in 0..20 {
            let mode = "two_threads_end_the_process_at_once";
            let ran = run(&program, &[mode], &[("SAMPLER_SCHEME", scheme)]);
            assert_eq!(ran.output.status.code(), Some(7), "{}", ran.stderr());
            assert_eq!(ran.records.len() + ran.unfinished.len(), 1);
            let live = ran.live.values().next().unwrap();
            let ended = live["ended"].as_str().unwrap();
            assert!(["exit", "quick_exit"].contains(&ended), "{ended}");
            if let Some(record) = ran.records.values().next() {
                assert_eq!(record["ended"], ended);
                assert_eq!(record["total_allocs"], live["total_allocs"]);
            }
        }
    }
}
