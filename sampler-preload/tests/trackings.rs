//! What sets the trackings apart: where each keeps what it knows, and that it keeps it.

mod support;

use serde_json::Value;
use support::*;

/// The schemes that keep something of a sampled block, and those that keep nothing.
const KEEPING: [&str; 3] = [
    "SAMPLE_HEADERS_POISSON",
    "SAMPLE_HEADERS_POISSON_MAP",
    "SAMPLE_HEADERS_HASH_MAP",
];
const STATELESS: [&str; 3] = [
    "STATELESS_HASH_XOR",
    "STATELESS_HASH_SPLITMIX",
    "STATELESS_HASH_MURMURISH",
];

fn run_mode(mode: &str, scheme: &str, mean: &str, mask: &str, seed: &str) -> Ran {
    let program = harness::compile_once("tracking.c", &[]);
    let environment = [
        ("SAMPLER_SCHEME", scheme),
        ("SAMPLER_POISSON_MEAN_BYTES", mean),
        ("SAMPLER_HASH_MASK", mask),
        ("SAMPLER_SEED", seed),
    ];
    run(&program, &[mode], &environment).succeeded()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn bin<'a>(record: &'a Value, name: &str) -> &'a Value {
    let bins = record["size_bins"].as_array().unwrap();
    bins.iter().find(|bin| bin["bin"] == name).unwrap()
}

/// Samples of 20,000 blocks of 64 bytes have n p = 310.0 of them, and a variance of n p (1-p) = 305.2 if each is decided for itself.
#[test]
fn page_aligned_blocks_are_sampled_at_the_rate_of_others() {
    let p = 1.0 - f64::exp(-64.0 / 4096.0);
    for scheme in [
        "SAMPLE_HEADERS_POISSON",
        "SAMPLE_HEADERS_POISSON_MAP",
        "STATELESS_POISSON_BERNOULLI",
    ] {
        for mode in ["page_aligned", "unaligned"] {
            let (mut sampled, mut total) = (0.0, 0.0);
            for seed in ["1", "2", "3", "4", "5", "6", "7", "8"] {
                let ran = run_mode(mode, scheme, "4096", "0xFF", seed);
                let of_64 = bin(ran.record(), "33-64");
                sampled += number(&of_64["sampled_allocs"]);
                total += number(&of_64["total_allocs"]);
            }
            let sigmas = (sampled - total * p) / (total * p * (1.0 - p)).sqrt();
            assert!(
                sigmas.abs() < 4.0,
                "{scheme}, {mode}: {sampled} of {total}, {sigmas} sigmas"
            );
        }
    }
}

/// Over 60 seeds: the mean of each is that of a binomial, the means agree, and so do the variances (of 60 values: within 4 sigmas, a factor of 2.2).
#[test]
fn bernoulli_by_bytes_is_the_poisson_countdown_in_distribution() {
    let p = 1.0 - f64::exp(-64.0 / 4096.0);
    let n = 20_000.0;
    let counts_of = |scheme: &str| -> Vec<f64> {
        (1..=60)
            .map(|seed: u32| {
                let ran = run_mode("unaligned", scheme, "4096", "0xFF", &seed.to_string());
                number(&bin(ran.record(), "33-64")["sampled_allocs"])
            })
            .collect()
    };
    for scheme in ["SAMPLE_HEADERS_POISSON", "STATELESS_POISSON_BERNOULLI"] {
        let counts = counts_of(scheme);
        let runs = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / runs;
        let variance = counts
            .iter()
            .map(|count| (count - mean).powi(2))
            .sum::<f64>()
            / (runs - 1.0);
        let ideal = n * p * (1.0 - p);
        let sigmas = (mean - n * p) / (ideal / runs).sqrt();
        assert!(sigmas.abs() < 4.0, "{scheme}: mean {mean}, {sigmas} sigmas");
        let dispersion = variance / ideal;
        let sigma = (2.0 / (runs - 1.0)).sqrt();
        assert!(
            (dispersion - 1.0).abs() < 4.0 * sigma,
            "{scheme}: dispersion {dispersion}"
        );
    }
}

/// The estimate of sampled frees is a sum of p(usable size) over all frees: of 72 usable bytes for 64 under glibc.
#[test]
fn bernoulli_estimates_the_sampled_frees_from_usable_sizes() {
    let ran = run_mode(
        "unaligned",
        "STATELESS_POISSON_BERNOULLI",
        "4096",
        "0xFF",
        "1",
    );
    let record = ran.record();
    assert!(record["sampled_frees"].is_null() && record["sampled_live_allocs_estimate"].is_null());
    let p = 1.0 - f64::exp(-72.0 / 4096.0);
    let [estimate, variance] = ["sampled_frees_estimate", "sampled_frees_estimate_variance"]
        .map(|key| number(&record[key]));
    // The C library frees a few more at the end.
    let others = number(&record["total_frees"]) - 20_000.0;
    assert!((0.0..100.0).contains(&others), "{others}");
    // A sum of 20,000 floating-point numbers.
    const ROUNDING: f64 = 1e-9;
    let expected = 20_000.0 * p;
    assert!(
        (expected * (1.0 - ROUNDING)..=expected * (1.0 + ROUNDING) + others).contains(&estimate),
        "{estimate}"
    );
    assert!(
        (expected * (1.0 - p) * (1.0 - ROUNDING)..estimate).contains(&variance),
        "{variance}"
    );
}

#[test]
fn a_million_sampled_blocks_are_in_the_table_and_leave_it() {
    for scheme in ["SAMPLE_HEADERS_POISSON_MAP", "SAMPLE_HEADERS_HASH_MAP"] {
        let ran = run_mode("a_million_live", scheme, "0", "0", "1");
        let record = ran.record();
        let table = &record["table"];
        let [inserts, deletes, entries, peak, bytes] =
            ["inserts", "deletes", "entries", "entries_peak", "bytes"]
                .map(|key| number(&table[key]));
        assert_eq!(inserts, number(&record["sampled_allocs"]), "{scheme}");
        assert_eq!(deletes, number(&record["sampled_frees"]), "{scheme}");
        assert_eq!(entries, inserts - deletes, "{scheme}");
        assert!((1e6..1e6 + 1000.0).contains(&peak), "{scheme}: {peak}");
        // 8 bytes an entry, in buckets of which no more than four fifths are empty.
        assert!(
            bytes >= 8.0 * peak && bytes <= 5.0 * 8.0 * peak,
            "{scheme}: {bytes}"
        );
        assert_eq!(record["losses"]["samples_without_entry"], 0);
    }
}

#[test]
fn what_is_kept_survives_realloc_that_moves_and_realloc_that_fails() {
    for mode in ["realloc_of_all_kinds", "failing_realloc"] {
        for scheme in KEEPING.iter().chain(&STATELESS) {
            for (mean, mask) in [("4096", "0x1"), ("0", "0"), ("300", "0x3")] {
                let ran = run_mode(mode, scheme, mean, mask, "1");
                let record = ran.record();
                assert_consistent(record, false);
                // All that the program allocated it freed; start-up keeps a few.
                let live = number(&record["sampled_live_allocs_estimate"]);
                assert!(
                    (0.0..20.0).contains(&live),
                    "{mode}, {scheme}, mean {mean}: {live} live"
                );
                let bytes =
                    number(&record["sampled_bytes_alloc"]) - number(&record["sampled_bytes_freed"]);
                let is_exact = KEEPING.contains(scheme);
                assert!(
                    !is_exact || (0.0..200_000.0).contains(&bytes),
                    "{mode}, {scheme}: {bytes} B live"
                );
            }
        }
    }
}

/// Half of the blocks of 3000 bytes are samples, and all at mean 0. What stays in place need not be put into the table again.
#[test]
fn a_block_is_moved_at_most_once_for_a_header_and_keeps_it() {
    for scheme in KEEPING {
        for (mean, mask) in [("4328", "0x1"), ("0", "0"), ("72057594037927936", "0x1")] {
            let ran = run_mode("realloc_in_place", scheme, mean, mask, "1");
            let record = ran.record();
            assert_consistent(record, false);
            let [sampled, frees, failed] =
                ["sampled_allocs", "sampled_frees", "failed_calls"].map(|key| number(&record[key]));
            assert_eq!(failed, 50.0 * 100.0, "{scheme}, mean {mean}");
            assert!(
                (0.0..20.0).contains(&(sampled - frees)),
                "{scheme}: {sampled}, {frees}"
            );
            let live = record["sampled_bytes_alloc"].as_u64().unwrap()
                - record["sampled_bytes_freed"].as_u64().unwrap();
            assert!(live < 200_000, "{scheme}, mean {mean}: {live} B live");
            // Which addresses a hash of one bit samples is one draw.
            let is_frequent =
                mean == "0" || (mean == "4328" && scheme != "SAMPLE_HEADERS_HASH_MAP");
            if scheme == "SAMPLE_HEADERS_POISSON" || !is_frequent {
                continue;
            }
            assert!(sampled > 2000.0, "{scheme}, mean {mean}: {sampled}");
            let inserts = number(&record["table"]["inserts"]);
            assert!(inserts < 500.0, "{scheme}, mean {mean}: {inserts} inserts");
            assert_eq!(record["losses"]["samples_without_entry"], 0);
        }
    }
}

#[test]
fn a_realloc_that_samples_touches_no_page_behind_the_old_contents() {
    for scheme in KEEPING.iter().chain(&STATELESS) {
        for (mean, mask) in [("0", "0"), ("67108864", "0x1")] {
            run_mode("realloc_of_mapped", scheme, mean, mask, "1");
        }
    }
}

/// At mean 0 and mask 0 every block is to be a sample: where it cannot be, its contents go back to where the allocator's block begins, and the loss is counted.
#[test]
fn samples_without_room_in_the_table_keep_their_contents_and_are_counted_as_lost() {
    for scheme in KEEPING {
        let ran = run_mode("no_room_in_the_table", scheme, "0", "0", "1");
        let record = ran.record();
        let [total, sampled, frees] =
            ["total_allocs", "sampled_allocs", "sampled_frees"].map(|key| number(&record[key]));
        let lost = number(&record["losses"]["samples_without_entry"]);
        assert_eq!(sampled + lost, total, "{scheme}");
        assert!(frees <= sampled, "{scheme}: {frees} of {sampled}");
        // By tags, the table holds the few blocks at page starts alone, and its first page is there.
        let is_by_table = scheme != "SAMPLE_HEADERS_POISSON";
        assert!(!is_by_table || lost > 100_000.0, "{scheme}: {lost}");
    }
}

#[test]
fn a_child_forked_while_others_insert_has_a_whole_table() {
    for scheme in KEEPING {
        for mean in ["0", "500"] {
            let ran = run_mode(
                "fork_during_inserts",
                scheme,
                mean,
                if mean == "0" { "0" } else { "0x3" },
                "1",
            );
            // The children end by `_exit`: what they counted is in their live files.
            assert_eq!(ran.live.len(), 51, "{scheme}");
            for record in ran.live.values() {
                assert_consistent(record, false);
                assert_eq!(record["losses"]["samples_without_entry"], 0);
                // A child goes on from what it inherited, and frees of it.
                let [entries, peak] =
                    ["entries", "entries_peak"].map(|key| number(&record["table"][key]));
                assert!((0.0..=peak).contains(&entries), "{scheme}: {entries}");
            }
        }
    }
}

/// A hash of the address is asked again at the free, so a block is what it was.
#[test]
fn stateless_hashes_know_their_blocks_again() {
    for scheme in STATELESS {
        let ran = run_mode("unaligned", scheme, "4096", "0x7", "1");
        let record = ran.record();
        let [allocs, frees, live] = [
            "sampled_allocs",
            "sampled_frees",
            "sampled_live_allocs_estimate",
        ]
        .map(|key| number(&record[key]));
        assert!(
            allocs > 2000.0 && live >= 0.0 && frees >= allocs - 20.0,
            "{scheme}: {allocs}, {frees}"
        );
        assert_eq!(record["freed_sizes_are_usable_sizes"], true);
    }
}

/// A stateless free knows that its block was sampled, not what it requested: 72 usable bytes for 64. So of live blocks there is a number, and no bytes and
/// no size bins, neither in the record nor where a person reads it.
#[test]
fn stateless_hashes_estimate_live_blocks_and_no_live_bytes() {
    for (scheme, mask, weight) in [
        ("STATELESS_HASH_XOR", "0", 1.0),
        ("STATELESS_HASH_SPLITMIX", "0x7", 8.0),
    ] {
        let ran = run_mode("unaligned", scheme, "4096", mask, "1");
        let record = ran.record();
        let estimates = &record["estimates"];
        let live = number(&record["sampled_live_allocs_estimate"]);
        assert_eq!(number(&estimates["live_allocs"]), weight * live);
        let variance = weight * (weight - 1.0) * live;
        assert_eq!(number(&estimates["live_allocs_variance"]), variance);
        assert!(number(&estimates["bytes"]) > 20_000.0 * 64.0 * 0.9);
        let assert_unknown = |node: &Value, fields: &[&str]| {
            for field in fields {
                assert!(
                    node.get(field).is_some_and(Value::is_null),
                    "{field} of {node}"
                );
            }
        };
        let [allocs, bytes] = [
            [
                "live_allocs",
                "live_allocs_variance",
                "live_allocs_variance_by_key",
            ],
            [
                "live_bytes",
                "live_bytes_variance",
                "live_bytes_variance_by_key",
            ],
        ];
        assert_unknown(estimates, &bytes);
        for bin in estimates["size_bins"].as_array().unwrap() {
            assert_unknown(bin, &allocs);
            assert_unknown(bin, &bytes);
        }
    }
}

/// What `sampler-live` says of sampled blocks that are alive, by what a free tells.
#[test]
fn a_reader_is_told_of_live_samples_what_is_known_of_them() {
    for (scheme, expected) in [
        ("HEADER_HASH", ["; live ", " B"]),
        ("STATELESS_HASH_XOR", ["; live ", ", of bytes not known"]),
        ("STATELESS_POISSON_BERNOULLI", ["; live not known", ""]),
    ] {
        let directory = tempfile::TempDir::new().unwrap();
        let ran = std::process::Command::new(harness::compile_once("tracking.c", &[]))
            .arg("unaligned")
            .env("LD_PRELOAD", library())
            .env("SAMPLER_STATS_FILE", directory.path().join("record"))
            .env("SAMPLER_SCHEME", scheme)
            .status()
            .unwrap();
        assert!(ran.success());
        let mut files = std::fs::read_dir(directory.path()).unwrap();
        let live = files.find_map(|file| {
            let path = file.unwrap().path();
            path.extension()
                .is_some_and(|end| end == "live")
                .then_some(path)
        });
        let reader = library().with_file_name("sampler-live");
        let output = std::process::Command::new(reader)
            .arg(live.unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with("sampled "))
            .unwrap();
        assert!(
            line.contains(expected[0]) && line.ends_with(expected[1]),
            "{line}"
        );
        assert!(!line.contains('-'), "{line}");
    }
}

/// Of forty threads, one at a time at work, the lines of slots that changed in the live file: with nothing sampled, and with about every second block. In
/// pairs of lines, since a processor may fetch the neighbour of a line that misses; what holds of pairs holds of lines. Tables of samples are not in slots.
#[test]
fn counter_slots_of_two_threads_never_share_a_cache_line() {
    let program = harness::compile_once("slots.c", &[]);
    for scheme in COUNTING.iter().filter(|&&scheme| scheme != "SIZES") {
        for (mean, mask) in [("72057594037927936", "0xFFFFFFFFFFFFFFFF"), ("256", "0x1")] {
            let environment = [
                ("SAMPLER_SCHEME", *scheme),
                ("SAMPLER_POISSON_MEAN_BYTES", mean),
                ("SAMPLER_HASH_MASK", mask),
            ];
            run(&program, &[], &environment).succeeded();
        }
    }
}
