//! The library under small C programs: they check the C contract themselves and print what their record must say.

mod support;

use std::os::unix::process::ExitStatusExt;

use serde_json::Value;
use support::*;

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

/// Runs a program that prints its counts as its last line, under every counting scheme, with the usual and the smallest gaps.
fn assert_counted_under_every_scheme(name: &str) {
    let program = compile(name, &[]);
    let plain = run_plain(&program);
    assert!(
        plain.status.success(),
        "{}",
        String::from_utf8_lossy(&plain.stderr)
    );
    for scheme in COUNTING {
        for (mean, mask) in [("4096", "0xFF"), ("0", "0")] {
            let ran = run(
                &program,
                &[],
                &[
                    ("SAMPLER_SCHEME", scheme),
                    ("SAMPLER_POISSON_MEAN_BYTES", mean),
                    ("SAMPLER_HASH_MASK", mask),
                ],
            )
            .succeeded();
            let lines = ran.lines();
            let printed = lines.last().unwrap();
            let record = ran.record();
            assert_counts(record, printed);
            let handled = lines[0]["handled"].as_u64().unwrap_or(0);
            assert_gaps_are_what_lies_between_samples(record, handled);
            if mean == "0" && scheme != "COUNT" {
                assert_eq!(record["sampled_allocs"], record["total_allocs"]);
                assert_eq!(record["sampled_bytes_alloc"], record["total_bytes_alloc"]);
                assert_all_frees_sampled(record, printed);
            }
        }
    }
}

/// Every allocation is a sample or in one gap, and every byte is: what a sample sums over all bins is all that they hold.
///
/// A signal handler that interrupts the taking of a sample may leave the block interrupted, and its own samples, in a gap as well.
fn assert_gaps_are_what_lies_between_samples(record: &Value, handled: u64) {
    // What `signals` allocates: its handler four blocks of 256 bytes in all, what it interrupts one of 300.
    for (gaps, sampled, total, by_handler) in [
        ("gaps_allocs", "sampled_allocs", "total_allocs", 4 + 1),
        (
            "gaps_bytes",
            "sampled_bytes_alloc",
            "total_bytes_alloc",
            256 + 300,
        ),
    ] {
        let number = |value: &Value| value.as_u64().unwrap();
        let in_gaps = number(&record[gaps]["sum"]) + number(&record[gaps]["unfinished_sum"]);
        let (found, total) = (in_gaps + number(&record[sampled]), number(&record[total]));
        assert!(
            (total..=total + by_handler * handled).contains(&found),
            "{gaps} of {}: {found}, of {total}",
            record["scheme"]
        );
    }
}

/// Where everything is sampled, every free is that of a sampled block, as far as the tracking can tell.
fn assert_all_frees_sampled(record: &Value, printed: &Value) {
    let number = |value: &Value| value.as_u64().unwrap();
    if record["scheme"] == "STATELESS_POISSON_BERNOULLI" {
        assert!(record["sampled_frees"].is_null());
        assert_eq!(
            record["sampled_frees_estimate"].as_f64().unwrap(),
            number(&record["total_frees"]) as f64
        );
        return;
    }
    assert_eq!(record["sampled_frees"], record["total_frees"]);
    match record["tracking"].as_str().unwrap() {
        "all-headers" => assert_eq!(record["sampled_bytes_freed"], record["total_bytes_freed"]),
        // What was requested fits into what was usable.
        "stateless" => {
            assert!(number(&record["sampled_bytes_freed"]) >= number(&printed["total_bytes_freed"]))
        }
        _ => assert_eq!(record["sampled_bytes_freed"], printed["total_bytes_freed"]),
    }
}

#[test]
fn the_c_contract_holds_and_every_call_is_counted() {
    assert_counted_under_every_scheme("contract");
}

#[test]
fn the_c_contract_holds_without_truth_and_under_none() {
    let program = compile("contract", &[]);
    for (scheme, truth) in [
        ("HEADER_HASH", "0"),
        ("HEADER_PAGE_HASH", "0"),
        ("HEADER_POISSON_BYTES", "0"),
        ("HEADER_HYBRID", "0"),
        ("SAMPLE_HEADERS_POISSON", "0"),
        ("SAMPLE_HEADERS_POISSON_MAP", "0"),
        ("SAMPLE_HEADERS_HASH_MAP", "0"),
        ("STATELESS_HASH_XOR", "0"),
        ("STATELESS_POISSON_BERNOULLI", "0"),
        ("COUNT", "0"),
        ("NONE", "1"),
    ] {
        let ran = run(
            &program,
            &[],
            &[("SAMPLER_SCHEME", scheme), ("SAMPLER_TRUTH", truth)],
        );
        let ran = ran.succeeded();
        let record = ran.record();
        assert!(record["total_allocs"].is_null() && record["windows"].is_null());
        assert_eq!(record["sampled_allocs"].is_null(), scheme == "NONE");
    }
}

#[test]
fn without_truth_everything_sampled_is_still_counted() {
    let program = compile("contract", &[]);
    let environment = [
        ("SAMPLER_SCHEME", "HEADER_POISSON_BYTES"),
        ("SAMPLER_POISSON_MEAN_BYTES", "0"),
        ("SAMPLER_TRUTH", "0"),
    ];
    let ran = run(&program, &[], &environment).succeeded();
    let printed = ran.lines().pop().unwrap();
    assert_eq!(ran.record()["sampled_allocs"], printed["total_allocs"]);
    assert_eq!(
        ran.record()["sampled_bytes_freed"],
        printed["total_bytes_freed"]
    );
}

#[test]
fn totals_are_exact_after_storms_of_threads() {
    // pthread_create allocates too: an allocator behind the library counts what really came by.
    let program = compile("threads", &[]);
    let truth = compile("truth", &["-shared", "-fPIC"]);
    for scheme in COUNTING {
        for mean in ["4096", "0"] {
            let environment = [
                ("SAMPLER_SCHEME", scheme),
                ("SAMPLER_POISSON_MEAN_BYTES", mean),
            ];
            let ran = run_before(&program, &[], &environment, &[&truth]).succeeded();
            let truth: Value = serde_json::from_str(&ran.stderr()).unwrap();
            let record = ran.record();
            assert_eq!(record["total_allocs"], truth["allocs"], "{scheme}");
            assert_eq!(record["total_frees"], truth["frees"]);
            assert_eq!(record["reallocs"], truth["reallocs"]);
            let number = |value: &Value| value.as_u64().unwrap();
            let grown = match record["tracking"].as_str().unwrap() {
                "all-headers" => number(&truth["allocs"]),
                "sample-headers" => number(&record["sampled_allocs"]),
                "sample-map" if scheme == "SAMPLE_HEADERS_HASH_MAP" => number(&truth["allocs"]),
                "sample-map" => number(&record["sampled_allocs"]),
                _ => 0,
            };
            assert_eq!(
                number(&record["total_bytes_alloc"]) + 16 * grown,
                number(&truth["bytes"]),
                "{scheme}"
            );
            assert!(number(&record["threads"]) > 600);
            assert!(number(&truth["allocs"]) >= number(&ran.lines()[0]["total_allocs"]));
            assert_consistent(record, false);
        }
    }
}

#[test]
fn a_signal_handler_that_allocates_gets_memory_and_is_counted() {
    assert_counted_under_every_scheme("signals");
}

/// Other functions serve a salted hash: they too keep the C contract, tell NULL from a block, and know in a child what its parent had sampled.
#[test]
fn a_salted_hash_keeps_the_contract_and_recognises_its_blocks() {
    let (contract, forks) = (compile("contract", &[]), compile("forks", &[]));
    for scheme in COUNTING {
        let is_hash = !["BERNOULLI", "POISSON", "SIZES", "COUNT"]
            .iter()
            .any(|other| scheme.contains(other));
        for (mask, salt) in [("0x3", "0x5EED5EED5EED5EED"), ("0", "1")] {
            let environment = [
                ("SAMPLER_SCHEME", scheme),
                ("SAMPLER_HASH_MASK", mask),
                ("SAMPLER_HASH_SALT", salt),
                ("SAMPLER_POISSON_MEAN_BYTES", "0"),
            ];
            let ran = run(&contract, &[], &environment).succeeded();
            let printed = ran.lines().pop().unwrap();
            let record = ran.record();
            assert_counts(record, &printed);
            assert_eq!(record["hash_salt"].is_string(), is_hash, "{scheme}");
            if is_hash && mask == "0" {
                assert_all_frees_sampled(record, &printed);
            }
            let ran = run(&forks, &[], &environment).succeeded();
            let printed = ran.lines();
            assert_eq!((printed.len(), ran.records.len()), (4, 4));
            for line in &printed {
                let record = ran.record_of(&line["pid"]);
                assert_consistent(record, false);
                assert_eq!(record["hash_salt"].is_string(), is_hash, "{scheme}");
                if is_hash && mask == "0" {
                    assert_eq!(record["sampled_frees"], record["total_frees"], "{scheme}");
                }
            }
        }
    }
}

#[test]
fn calls_before_and_after_main_are_counted() {
    assert_counted_under_every_scheme("late");
}

#[test]
fn sizes_above_4_gib_are_exact() {
    assert_counted_under_every_scheme("large");
}

#[test]
fn memory_that_runs_out_is_null_and_counted() {
    assert_counted_under_every_scheme("out_of_memory");
}

#[test]
fn a_forked_child_starts_from_zero_and_recognises_inherited_blocks() {
    let program = compile("forks", &[]);
    for scheme in COUNTING {
        let ran = run_scheme(&program, scheme).succeeded();
        let printed = ran.lines();
        assert_eq!((printed.len(), ran.records.len()), (4, 4));
        for line in &printed {
            let record = ran.record_of(&line["pid"]);
            assert_counts(record, line);
            assert_eq!(record["foreign_frees"], 0);
        }
        let parent = ran.record_of(&printed[3]["pid"]);
        for child in &printed[..3] {
            let record = ran.record_of(&child["pid"]);
            assert_eq!(record["parent_pid"], parent["pid"]);
            assert_ne!(record["seed"], parent["seed"]);
        }
    }
}

#[test]
fn pointers_of_others_are_passed_through_and_counted() {
    let program = compile("foreign", &[]);
    for scheme in COUNTING.into_iter().filter(|&scheme| scheme != "COUNT") {
        let ran = run_scheme(&program, scheme).succeeded();
        let [foreign, own] = &ran.lines()[..] else {
            panic!("two lines");
        };
        let mut own = own.clone();
        if ran.record()["tracking"] != "all-headers" {
            let foreign_of = |key: &str| foreign[key].as_u64().unwrap();
            for (key, foreign) in [
                ("total_allocs", foreign_of("foreign_reallocs")),
                (
                    "total_frees",
                    foreign_of("foreign_frees") + foreign_of("foreign_reallocs"),
                ),
                ("reallocs", foreign_of("foreign_reallocs")),
                // Each realloc asks for that.
                ("total_bytes_alloc", 5000 * foreign_of("foreign_reallocs")),
            ] {
                own[key] = (own[key].as_u64().unwrap() + foreign).into();
            }
        }
        assert_counts(ran.record(), foreign);
        assert_counts(ran.record(), &own);
    }
}

#[test]
fn a_double_free_ends_as_it_does_under_glibc() {
    let program = compile("double_free", &[]);
    let plain = run_plain(&program);
    assert!(!plain.status.success());
    for scheme in COUNTING {
        let ran = run_scheme(&program, scheme);
        assert_eq!(ran.output.status, plain.status, "{scheme}");
    }
}

#[test]
fn a_copied_header_is_not_believed() {
    // Believed, it would free a block 16 bytes into another. Passed through, glibc finds no chunk of its own there and aborts.
    let program = compile("copied_header", &[]);
    // Where only sampled blocks have one, all are sampled.
    let headers = COUNTING
        .into_iter()
        .filter(|scheme| scheme.contains("HEADER") || *scheme == "SIZES");
    for scheme in headers {
        let everything = [
            ("SAMPLER_SCHEME", scheme),
            ("SAMPLER_POISSON_MEAN_BYTES", "0"),
            ("SAMPLER_HASH_MASK", "0"),
        ];
        let ran = run(&program, &[], &everything);
        let signal = ran.output.status.signal();
        if scheme.starts_with("SAMPLE_HEADERS") {
            // glibc takes our tag for the size of a chunk: by its lowest bits, which differ from run to run, it says one thing of it or another, or falls over it.
            assert!([Some(SIGABRT), Some(SIGSEGV)].contains(&signal), "{scheme}");
            continue;
        }
        assert_eq!(signal, Some(SIGABRT), "{scheme}");
        assert!(ran.stderr().contains("): invalid"), "{}", ran.stderr());
    }
}

#[test]
fn pages_that_held_a_header_are_counted_exactly() {
    let program = compile("pages", &[]);
    let environment = |mask| {
        [
            ("SAMPLER_SCHEME", "HEADER_PAGE_HASH"),
            ("SAMPLER_HASH_MASK", mask),
        ]
    };
    let ran = run(&program, &[], &environment("0")).succeeded();
    assert_eq!(ran.record()["approx_unique_pages"], 201);
    assert_eq!(ran.record()["approx_sampled_pages"], 201);
    let ran = run(&program, &[], &environment("0xFFFFFFFFFFFFFFFF")).succeeded();
    assert_eq!(ran.record()["approx_unique_pages"], 201);
    assert_eq!(ran.record()["approx_sampled_pages"], 0);
    let other = run_scheme(&program, "HEADER_HASH").succeeded();
    assert!(other.record()["approx_unique_pages"].is_null());
}

#[test]
fn a_dlsym_that_allocates_is_survived() {
    let program = compile("contract", &[]);
    let dlsym = compile("allocating_dlsym", &["-shared", "-fPIC"]);
    for scheme in COUNTING.into_iter().chain(["NONE"]) {
        let ran = run_before(&program, &[], &[("SAMPLER_SCHEME", scheme)], &[&dlsym]).succeeded();
        assert_eq!(ran.record()["scheme"], scheme);
    }
}

#[test]
fn it_works_above_other_allocators() {
    for (name, object) in [
        ("jemalloc", "libjemalloc.so.2"),
        ("mimalloc", "libmimalloc.so.2"),
    ] {
        let path = std::path::Path::new("/usr/lib/x86_64-linux-gnu").join(object);
        assert!(path.exists(), "{name} is needed; make test installs it");
        for program in ["threads", "late", "forks"] {
            let program = compile(program, &[]);
            for scheme in COUNTING {
                let environment = [("SAMPLER_SCHEME", scheme)];
                let ran = run_before(&program, &[], &environment, &[&path]).succeeded();
                for line in ran.lines() {
                    let record = ran.record_of(&line["pid"]);
                    assert!(record["next_allocator"].as_str().unwrap().contains(name));
                    // Unlike glibc's, their own threads and constructors may allocate.
                    let more = |key: &str| record[key].as_u64() >= line[key].as_u64();
                    assert!(
                        more("total_allocs") && more("total_frees"),
                        "{record} {line}"
                    );
                    assert_consistent(record, false);
                }
            }
        }
    }
}

#[test]
fn one_thread_with_one_seed_draws_the_same() {
    let program = compile("addresses", &[]);
    let sampled = |seed: &str| {
        let environment = [
            ("SAMPLER_SCHEME", "HEADER_POISSON_BYTES"),
            ("SAMPLER_SEED", seed),
        ];
        let ran = run(&program, &[], &environment).succeeded();
        let record = ran.record();
        (
            record["seed"].clone(),
            record["sampled_bytes_alloc"].clone(),
            record["gaps_bytes"].clone(),
        )
    };
    let first = sampled("12345");
    assert_eq!(first.0, "0x0000000000003039");
    assert_eq!(first, sampled("0x3039"));
    assert_ne!(first.1, sampled("12346").1);
}

#[test]
fn the_sampled_are_those_that_the_address_says() {
    let program = compile("addresses", &[]);
    let hash = |address: u64| {
        let mut x = address;
        x ^= x >> 12;
        x ^= x << 25;
        x ^ (x >> 27)
    };
    let page_hash = |address: u64| hash(address >> 12).wrapping_mul(0x2545_F491_4F6C_DD1D);
    for (scheme, hash, salt, header_bytes) in [
        ("HEADER_HASH", &hash as &dyn Fn(u64) -> u64, 0, 16),
        ("HEADER_PAGE_HASH", &page_hash, 0, 16),
        ("HEADER_HASH", &hash, 0x1234_5678_9ABC_DEF0, 16),
        ("HEADER_PAGE_HASH", &page_hash, 0x1234_5678_9ABC_DEF0, 16),
        ("STATELESS_HASH_XOR", &hash, 0, 0),
        ("STATELESS_HASH_XOR", &hash, 0x1234_5678_9ABC_DEF0, 0),
    ] {
        let salt_text = salt.to_string();
        let environment = [
            ("SAMPLER_SCHEME", scheme),
            ("SAMPLER_HASH_SALT", salt_text.as_str()),
        ];
        let ran = run(&program, &[], &environment).succeeded();
        let addresses = ran.lines();
        let headers = addresses
            .iter()
            .map(|line| line.as_u64().unwrap() - header_bytes);
        let sampled = headers
            .filter(|&header| hash(header ^ salt) & 0xFF == 0)
            .count();
        assert_eq!(addresses.len(), 20_000);
        let expected = match salt {
            0 => Value::Null,
            _ => Value::from(format!("{salt:#018x}")),
        };
        assert_eq!(ran.record()["hash_salt"], expected);
        // And nothing else was allocated, which would be a sample or not as its address says.
        assert_eq!(ran.record()["total_allocs"], 20_000);
        assert_eq!(
            ran.record()["sampled_allocs"],
            Value::from(sampled),
            "{scheme}"
        );
    }
}
