//! Memcheck finds nothing under the library, and the library was there: it replaces a preload's malloc by its own unless told not to.

mod support;

use std::process::Command;

use support::harness::{compile_once, read_live_files};
use support::*;
use tempfile::TempDir;

#[test]
fn memcheck_finds_nothing_and_everything_is_counted() {
    for (source, mode, allocs) in [
        ("calls.c", "realloc_of_an_aligned_block_keeps_it", 200),
        ("threading.c", "threads_that_end_by_pthread_exit", 6000),
        ("forking.c", "fork_in_a_plain_process", 100),
        ("cxx.cpp", "exceptions_unwind_and_free", 100),
    ] {
        let program = compile_once(source, &[]);
        for scheme in ["HEADER_PAGE_HASH", "HEADER_POISSON_BYTES"] {
            let directory = TempDir::new().unwrap();
            let output = Command::new("valgrind")
                .args([
                    "--quiet",
                    "--error-exitcode=77",
                    "--soname-synonyms=somalloc=nouserintercepts",
                ])
                .arg(&program)
                .arg(mode)
                .env("LD_PRELOAD", library())
                .env("SAMPLER_SCHEME", scheme)
                .env("SAMPLER_HASH_MASK", "0x3")
                .env("SAMPLER_STATS_FILE", directory.path().join("record"))
                .output()
                .expect("valgrind is needed; make test installs it");
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{mode}, {scheme}: {error}");
            // valgrind serves rt_sigprocmask itself, and remarks on the `how` with which we ask whether memory can be read.
            let found: Vec<&str> = error
                .lines()
                .filter(|line| !line.ends_with("sigprocmask: unknown 'how' field -1"))
                .collect();
            assert!(found.is_empty(), "{mode}, {scheme}: {found:?}");
            let records = read_live_files(directory.path());
            let counted: u64 = records
                .values()
                .map(|record| record["total_allocs"].as_u64().unwrap())
                .sum();
            assert!(
                !records.is_empty() && counted >= allocs,
                "{mode}, {scheme}: {counted}"
            );
        }
    }
}
