//! Builds the library and small C programs, runs them under it, and reads what they leave.
#![allow(dead_code)] // Each test file uses its part.

pub mod harness;
pub mod tally;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Every scheme that counts.
pub const COUNTING: [&str; 15] = [
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
    "HEADER_BERNOULLI",
    "HEADER_HASH_SPLITMIX",
    "SAMPLE_HEADERS_POISSON",
    "SAMPLE_HEADERS_POISSON_MAP",
    "SAMPLE_HEADERS_HASH_MAP",
    "STATELESS_HASH_XOR",
    "STATELESS_HASH_SPLITMIX",
    "STATELESS_HASH_MURMURISH",
    "STATELESS_POISSON_BERNOULLI",
    "SIZES",
    "COUNT",
];

/// The release library, as users have it, built once.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let built = Command::new(root.join("tools/build"))
            .args(["--offline", "--quiet"])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(built.success());
        let library = root.join("target/release/libsampler_preload.so");
        assert!(library.exists(), "{}", library.display());
        library
    })
}

/// Compiles `tests/c/<name>.c`.
pub fn compile(name: &str, flags: &[&str]) -> PathBuf {
    compile_source(&format!("{name}.c"), flags)
}

/// Compiles a C or C++ source of `tests/c`.
pub fn compile_source(source: &str, flags: &[&str]) -> PathBuf {
    static DIRECTORY: OnceLock<TempDir> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| TempDir::new().unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/c")
        .join(source);
    let compiler: &[&str] = match source.ends_with(".cpp") {
        true => &["c++", "-std=c++20"],
        false => &["cc"],
    };
    // Tests run in parallel, and two of them may compile the same program.
    let unique = tempfile::Builder::new()
        .tempdir_in(directory)
        .unwrap()
        .keep();
    let program = unique.join(path.file_stem().unwrap());
    let output = Command::new(compiler[0])
        .args(&compiler[1..])
        .args(["-O2", "-g", "-w", "-pthread", "-fno-builtin"])
        .arg(&path)
        .arg("-o")
        .arg(&program)
        .args(flags)
        .output()
        .expect("a compiler named cc, and one named c++");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
}

/// What one program did under the library.
pub struct Ran {
    /// Status and output.
    pub output: Output,
    /// Finished records, by file name.
    pub records: BTreeMap<String, Value>,
    /// Names of record files that were not finished.
    pub unfinished: Vec<String>,
    /// What the live files say, by file name, of pids in order and their images in order.
    pub live: BTreeMap<String, Value>,
}

impl Ran {
    /// The only record.
    pub fn record(&self) -> &Value {
        assert_eq!(self.records.len(), 1, "{:?}", self.stderr());
        self.records.values().next().unwrap()
    }

    /// The record of a process.
    pub fn record_of(&self, pid: &Value) -> &Value {
        &self.records[&format!("record.{pid}")]
    }

    /// Standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Each line of standard output as JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.stdout()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Panics unless the program returned 0.
    pub fn succeeded(self) -> Ran {
        assert!(
            self.output.status.success(),
            "{:?}: {}",
            self.output.status,
            self.stderr()
        );
        self
    }
}

/// A program under the library, with more libraries preloaded behind it.
pub fn run_before(
    program: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
    behind: &[&Path],
) -> Ran {
    let directory = TempDir::new().unwrap();
    let mut preload = library().as_os_str().to_owned();
    for library in behind {
        preload.push(":");
        preload.push(library);
    }
    let output = Command::new(program)
        .args(arguments)
        .env("LD_PRELOAD", preload)
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let (records, unfinished) = read_records(directory.path());
    Ran {
        output,
        records,
        unfinished,
        live: read_live(directory.path()),
    }
}

/// A program under the library.
pub fn run(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    run_before(program, arguments, environment, &[])
}

/// A program under one scheme.
pub fn run_scheme(program: &Path, scheme: &str) -> Ran {
    run(program, &[], &[("SAMPLER_SCHEME", scheme)])
}

/// A program without the library.
pub fn run_plain(program: &Path) -> Output {
    Command::new(program).output().unwrap()
}

/// The records that `sampler-live` makes of live files, by file name.
pub fn read_live(directory: &Path) -> BTreeMap<String, Value> {
    let mut live = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "live") {
            continue;
        }
        let reader = library().with_file_name("sampler-live");
        let output = Command::new(reader)
            .arg("--json")
            .arg(&path)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        live.insert(name, serde_json::from_slice(&output.stdout).unwrap());
    }
    live
}

/// Finished records by file name, and the names of the others.
pub fn read_records(directory: &Path) -> (BTreeMap<String, Value>, Vec<String>) {
    let mut records = BTreeMap::new();
    let mut unfinished = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".live") || name.ends_with(".sizes") {
            continue;
        }
        let bytes = fs::read(entry.path()).unwrap();
        // Of a process that was ended while it wrote the first byte is NUL.
        if bytes.first().is_none_or(|&first| first == 0) {
            unfinished.push(name);
            continue;
        }
        let record: Value = serde_json::from_slice(&bytes).unwrap();
        if record["ended"] == "unknown" {
            assert_eq!(record["threads"], Value::Null, "{name}");
            unfinished.push(name);
        } else {
            records.insert(name, record);
        }
    }
    (records, unfinished)
}

/// Asserts that a record says what the program printed of itself.
pub fn assert_counts(record: &Value, printed: &Value) {
    let headers = record["tracking"] == "all-headers";
    for (key, value) in printed.as_object().unwrap() {
        if key == "total_bytes_freed" && !headers {
            assert!(record[key].is_null());
            continue;
        }
        if key.starts_with("foreign") && !headers {
            // Without a header nobody can tell whose a block is: it is taken for the program's own.
            assert_eq!(record[key], 0);
            continue;
        }
        assert_eq!(&record[key], value, "{key} under {}", record["scheme"]);
    }
    assert_consistent(record, false);
}

/// Whether a call failed: memory that the program used up is not there for the table of sampled blocks either, which then says what it could not take.
pub fn is_out_of_memory(record: &Value) -> bool {
    record["failed_calls"]
        .as_u64()
        .is_some_and(|calls| calls > 0)
}

/// What must hold within any record of a counting scheme, also of a process that was cut off in the middle of a call.
pub fn assert_consistent(record: &Value, is_cut: bool) {
    let number = |key: &str| record[key].as_u64().unwrap();
    let bins = record["size_bins"].as_array().unwrap();
    for (bin_key, key) in [
        ("total_allocs", "total_allocs"),
        ("total_bytes", "total_bytes_alloc"),
        ("sampled_allocs", "sampled_allocs"),
        ("sampled_bytes", "sampled_bytes_alloc"),
    ] {
        let sum: u64 = bins.iter().map(|bin| bin[bin_key].as_u64().unwrap()).sum();
        assert_eq!(sum, number(key), "bins of {key}");
    }
    for window in record["windows"].as_array().unwrap() {
        let in_windows = window["size"].as_u64().unwrap() * window["total"].as_u64().unwrap();
        let remainder = window["remainder_allocs"].as_u64().unwrap();
        assert_eq!(in_windows + remainder, number("total_allocs"));
    }
    if record["scheme"] == "SIZES" {
        // Everything is sampled with weight 1, so the estimates are the counts: from every thread and signal handler.
        let estimate = |key: &str| record["estimates"][key].as_f64().unwrap();
        let allocs = number("total_allocs") - number("zero_size_allocs");
        let missing = allocs as f64 - estimate("allocs");
        if is_cut {
            // Each thread may have been between the count and the estimate.
            assert!(missing.abs() <= number("threads") as f64, "{record}");
        } else {
            assert_eq!(missing, 0.0, "{record}");
            assert_eq!(estimate("bytes"), number("total_bytes_alloc") as f64);
            let live = number("total_bytes_alloc") as f64 - number("total_bytes_freed") as f64;
            assert_eq!(estimate("live_bytes"), live);
        }
    }
    let losses = record["losses"].as_object().unwrap();
    assert!(
        losses.iter().all(|(key, count)| count == 0
            || key == "samples_in_reentry"
            || key == "samples_without_entry" && is_out_of_memory(record)),
        "{losses:?}"
    );
}
