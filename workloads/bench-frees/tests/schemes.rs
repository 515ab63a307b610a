//! Under the real library, every scheme: what was sampled and freed, by the sizes, is what the scheme says was freed.
//!
//! The workload frees all that it allocates in `freed_bins` and nothing else. Around it the runtime allocates some blocks: those
//! in these bins (total minus truth) may be alive at the end, and those elsewhere may be freed. Both are known, so the number of
//! sampled frees is known within the samples among them: 12 such blocks of 20,000, of which the rates here sample a few.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const KINDS: [&str; 4] = ["plain", "realloc", "cross-thread", "reuse"];
const HEADERS: [&str; 6] = [
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
    "HEADER_BERNOULLI",
    "HEADER_HASH_SPLITMIX",
];
const SAMPLE_HEADERS: [&str; 3] = [
    "SAMPLE_HEADERS_POISSON",
    "SAMPLE_HEADERS_POISSON_MAP",
    "SAMPLE_HEADERS_HASH_MAP",
];
const STATELESS_HASHES: [&str; 3] = [
    "STATELESS_HASH_XOR",
    "STATELESS_HASH_SPLITMIX",
    "STATELESS_HASH_MURMURISH",
];
const COUNT: u64 = 20_000;

/// The release library and runner, as users have them, built once.
fn runner() -> &'static Path {
    static RUNNER: OnceLock<PathBuf> = OnceLock::new();
    RUNNER.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .unwrap();
        let built = Command::new(root.join("tools/build"))
            .args(["--offline", "--quiet"])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(built.success());
        root.join("target/release/sampler-run")
    })
}

/// One run: the ground truth and the record of its one process.
struct Ran {
    truth: Value,
    record: Value,
}

impl Ran {
    fn of(scheme: &str, kind: &str, leak_percent: &str, everything: bool) -> Ran {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("run.json");
        // A quarter of addresses and pages, and about as many blocks by their bytes; or every block.
        let (mask, mean) = if everything {
            ("0", "0")
        } else {
            ("0x3", "1200")
        };
        let output = Command::new(runner())
            .args([
                "--ground-truth",
                "--scheme",
                scheme,
                "--mask",
                mask,
                "--mean",
                mean,
            ])
            .args(["--seed", "7", "--timeout", "120", "--out"])
            .arg(&out)
            .arg("--")
            .arg(env!("CARGO_BIN_EXE_bench-frees"))
            .args([
                "--kind",
                kind,
                "--count",
                &COUNT.to_string(),
                "--leak-percent",
                leak_percent,
            ])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{scheme}, {kind}: {stderr}");
        let run: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        let processes = run["processes"].as_array().unwrap();
        assert_eq!(processes.len(), 1);
        Ran {
            truth: run["ground_truth"].clone(),
            record: processes[0].clone(),
        }
    }

    fn truth(&self, key: &str) -> u64 {
        self.truth[key].as_u64().unwrap_or_else(|| panic!("{key}"))
    }

    fn record(&self, key: &str) -> u64 {
        self.record[key].as_u64().unwrap_or_else(|| panic!("{key}"))
    }

    /// Sum of a count over the bins in which all was freed, or over all others.
    fn bins(&self, freed: bool, key: &str) -> u64 {
        let freed_bins = self.truth["freed_bins"].as_array().unwrap();
        let bins = self.record["size_bins"].as_array().unwrap();
        bins.iter()
            .filter(|bin| freed_bins.contains(&bin["bin"]) == freed)
            .map(|bin| bin[key].as_u64().unwrap())
            .sum()
    }

    /// Blocks of the runtime in the freed bins, and samples among its blocks elsewhere.
    fn strangers(&self) -> (u64, u64) {
        let within = self.bins(true, "total_allocs") - self.truth("frees");
        // Leaked blocks are alone in their bin, but for a buffer or two.
        let leaked = self.record["size_bins"].as_array().unwrap();
        let leaked = leaked.iter().find(|bin| bin["bin"] == "1025-4096").unwrap();
        let elsewhere =
            self.bins(false, "sampled_allocs") - leaked["sampled_allocs"].as_u64().unwrap();
        (within, elsewhere)
    }
}

#[test]
fn schemes_that_know_sampled_frees_know_every_one() {
    for scheme in HEADERS
        .iter()
        .chain(&SAMPLE_HEADERS)
        .chain(&STATELESS_HASHES)
    {
        for kind in KINDS {
            let ran = Ran::of(scheme, kind, "5", false);
            let truth = ran.bins(true, "sampled_allocs");
            let reported = ran.record("sampled_frees");
            let (within, elsewhere) = ran.strangers();
            assert!(within <= 12 && elsewhere <= 60, "{within}, {elsewhere}");
            // A page hash may find none of the few pages of this workload's slots sampled.
            assert!(
                truth > COUNT / 20 || *scheme == "HEADER_PAGE_HASH" || kind == "reuse",
                "{truth}"
            );
            assert!(
                (truth - within.min(truth)..=truth + elsewhere).contains(&reported),
                "{scheme}, {kind}: {reported} reported, {truth} true, {within} and {elsewhere} others"
            );
        }
    }
}

/// Bytes too, and to the byte: with no leak, and every block sampled, the freed bytes are the workload's and the runtime's alone.
#[test]
fn headers_know_the_bytes_of_sampled_frees() {
    for scheme in HEADERS.iter().chain(&SAMPLE_HEADERS) {
        for kind in KINDS {
            let ran = Ran::of(scheme, kind, "0", true);
            // What the runtime has alive at the end, and what of the workload's own holds its blocks.
            let alive = ran.record("sampled_allocs") - ran.record("sampled_frees");
            assert!(alive <= 20, "{scheme}, {kind}: {alive} alive");
            let beyond = ran.record("sampled_frees") - ran.truth("frees");
            assert!(beyond <= 80, "{scheme}, {kind}: {beyond} frees of others");
            let beyond_bytes = ran.record("sampled_bytes_freed") - ran.truth("freed_bytes");
            assert!(
                beyond_bytes <= 40_000,
                "{scheme}, {kind}: {beyond_bytes} B of others"
            );
        }
    }
}

/// Usable sizes of glibc: 8 more than a multiple of 16, so from 0 to 15 more than was asked for.
#[test]
fn stateless_hashes_know_the_frees_and_their_usable_sizes() {
    for scheme in STATELESS_HASHES {
        for kind in ["plain", "cross-thread", "reuse"] {
            let ran = Ran::of(scheme, kind, "5", false);
            let (within, elsewhere) = ran.strangers();
            let frees = ran.record("sampled_frees");
            let asked = ran.bins(true, "sampled_bytes");
            let reported = ran.record("sampled_bytes_freed");
            // Others in these bins have up to 512 B each; elsewhere up to a holder's or a buffer's.
            let (low, high) = (
                asked - (512 * within).min(asked),
                asked + 15 * frees + 40_000 * elsewhere,
            );
            assert!(
                (low..=high).contains(&reported),
                "{scheme}, {kind}: {reported} B of {asked}"
            );
            assert!(elsewhere > 0 || reported >= asked, "{scheme}, {kind}");
        }
    }
}

/// Within 4 standard deviations of what was sampled and freed in truth, less what usable sizes add.
#[test]
fn bernoulli_estimates_frees_within_its_own_error() {
    for kind in ["plain", "cross-thread", "reuse"] {
        let ran = Ran::of("STATELESS_POISSON_BERNOULLI", kind, "5", false);
        assert!(ran.record["sampled_frees"].is_null());
        let truth = ran.bins(true, "sampled_allocs") as f64;
        let estimate = ran.record["sampled_frees_estimate"].as_f64().unwrap();
        let sigma = ran.record["sampled_frees_estimate_variance"]
            .as_f64()
            .unwrap()
            .sqrt();
        // On average 7.5 of 320 B more: p grows by less than 2.4 %. The runtime frees a few dozen blocks, with p below 1.
        let bias = 0.024 * truth + 80.0;
        assert!(
            (-4.0 * sigma..=4.0 * sigma + bias).contains(&(estimate - truth)),
            "{kind}: {estimate} of {truth}, sigma {sigma}"
        );
    }
}
