//! What a filter of system calls costs, where it costs something: a forked child may not create
//! files of its own. That is told, and nothing else changes. Where it costs nothing: `a_filter_...`
//! in `behaviours.rs`.

mod support;

use std::process::Command;

use support::*;

/// By what the program does: three children, each of which frees what it inherited and allocates of
/// its own.
const FORKS: [&str; 3] = [
    "forks_under_a_filter_that_refuses",
    "forks_under_a_filter_that_knows_no_other_calls",
    "forks_under_a_filter_that_maps_nothing_at_an_address",
];

#[test]
fn children_in_a_sandbox_run_on_and_are_told_by_their_parent() {
    let program = harness::compile_once("sandbox.c", &[]);
    for scheme in COUNTING.into_iter().chain(["NONE"]) {
        let alone = run(&program, &["forks_not"], &[("SAMPLER_SCHEME", scheme)]).succeeded();
        for mode in FORKS {
            let ran = run(&program, &[mode], &[("SAMPLER_SCHEME", scheme)]).succeeded();
            assert_eq!(ran.stdout(), "done\n", "{scheme}, {mode}");
            assert_eq!(ran.stderr(), "", "{scheme}, {mode}");
            let record = ran.record();
            assert_eq!(record["losses"]["children_without_record"], 3);
            // What they do is not their parent's, not even where they have no memory of their own to count in.
            for key in ["total_allocs", "total_frees", "reallocs", "failed_calls"] {
                assert_eq!(record[key], alone.record()[key], "{scheme}, {mode}: {key}");
            }
            assert_eq!(record["ended"], "exit");
        }
    }
}

/// A child that leaves no record needs nothing but memory.
#[test]
fn without_a_stats_file_children_live_where_nothing_but_memory_may_be_had() {
    let program = harness::compile_once("sandbox.c", &[]);
    for scheme in COUNTING.into_iter().chain(["NONE"]) {
        let output = Command::new(&program)
            .arg("forks_under_a_filter_that_kills")
            .env("LD_PRELOAD", library())
            .env("SAMPLER_SCHEME", scheme)
            .output()
            .unwrap();
        assert!(output.status.success(), "{scheme}: {:?}", output.status);
        assert_eq!(output.stdout, b"done\n", "{scheme}");
        assert_eq!(output.stderr, b"", "{scheme}");
    }
}

#[test]
fn a_program_that_starts_in_a_sandbox_runs_as_without_the_library() {
    let program = harness::compile_once("sandbox.c", &[]);
    for call in [
        "getpid",
        "getppid",
        "fallocate",
        "madvise",
        "getrandom",
        "prlimit64",
        "getcwd",
        "access",
    ] {
        for scheme in [
            "NONE",
            "COUNT",
            "HEADER_HYBRID",
            "SAMPLE_HEADERS_POISSON_MAP",
        ] {
            let environment = [("SAMPLER_SCHEME", scheme)];
            let ran = run(&program, &["starts_without", call], &environment).succeeded();
            assert_eq!(ran.stdout(), "done\n", "{scheme} without {call}");
            assert_eq!(ran.stderr(), "", "{scheme} without {call}");
        }
    }
}
