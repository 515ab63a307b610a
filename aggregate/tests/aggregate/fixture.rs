//! A directory of hand-made run files, small enough to check their numbers by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The tables that one call writes.
pub const TABLES: [&str; 7] = [
    "runs.csv",
    "processes.csv",
    "summary.csv",
    "size_bins.csv",
    "gaps.csv",
    "summary.json",
    "summary.txt",
];

pub struct Fixture {
    directory: TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("raw")).unwrap();
        Fixture { directory }
    }

    pub fn raw(&self) -> PathBuf {
        self.directory.path().join("raw")
    }

    pub fn out(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    /// Writes a run file where its identity says it belongs.
    pub fn add(&self, run: &Value) {
        let text = |key: &str| run[key].as_str().unwrap();
        let number = run["run"].as_u64().unwrap();
        let path = format!(
            "{}/{}/{}/run-{number:02}.json",
            text("set"),
            text("workload"),
            text("scheme")
        );
        self.add_text(&path, &run.to_string());
    }

    pub fn add_text(&self, path: &str, text: &str) {
        let path = self.raw().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn aggregate(&self) -> Output {
        aggregate(&self.raw(), &self.out())
    }

    pub fn aggregate_several_machines(&self) -> Output {
        command(&self.raw(), &self.out())
            .arg("--several-machines")
            .output()
            .unwrap()
    }

    pub fn table(&self, name: &str) -> String {
        fs::read_to_string(self.out().join(name)).unwrap()
    }

    /// Aggregates, and gives the rows of a table as maps from column to cell.
    pub fn rows(&self, name: &str) -> Vec<Row> {
        succeed(self.aggregate());
        let text = self.table(name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
        let row = |record: csv::StringRecord| {
            Row(header
                .iter()
                .cloned()
                .zip(record.iter().map(String::from))
                .collect())
        };
        reader
            .records()
            .map(|record| row(record.unwrap()))
            .collect()
    }

    /// Of summary.csv.
    pub fn metric(&self, scheme: &str, metric: &str) -> Option<Row> {
        self.rows("summary.csv")
            .into_iter()
            .find(|row| row.get("scheme") == scheme && row.get("metric") == metric)
    }
}

pub struct Row(Vec<(String, String)>);

impl Row {
    pub fn get(&self, column: &str) -> &str {
        let cell = self.0.iter().find(|(name, _)| name == column);
        &cell.unwrap_or_else(|| panic!("no column {column}")).1
    }

    pub fn number(&self, column: &str) -> f64 {
        self.get(column)
            .parse()
            .unwrap_or_else(|_| panic!("{column} is {:?}", self.get(column)))
    }
}

pub fn aggregate(raw: &Path, out: &Path) -> Output {
    command(raw, out).output().unwrap()
}

fn command(raw: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aggregate"));
    command.arg("--raw").arg(raw).arg("--out").arg(out);
    command
}

pub fn succeed(output: Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A run of set `seed`, workload `reuse`, with one record; 2 wall seconds, 1 under `NONE`.
pub fn run(scheme: &str, number: u64, sampled: u64) -> Value {
    let processes = if scheme == "PLAIN" {
        json!([])
    } else {
        json!([record(scheme, sampled)])
    };
    json!({
        "format": "sampler-run", "format_version": 1, "runner_version": "0.1.0",
        "set": "seed", "workload": "reuse", "scheme": scheme, "run": number,
        "command": ["bench-reuse"], "exit_status": 0,
        "parameters": {
            "hash_mask": mask(scheme), "poisson_mean_bytes": null, "window_base": 1000,
            "seed": "0x0000000000000001", "truth": true, "aslr": true,
        },
        "machine": {"cpu": "CPU", "cores": 2, "memory_bytes": 1 << 30, "kernel": "6.1", "libc": "glibc 2.36"},
        "wall_ns": if scheme == "NONE" { 1_000_000_000 } else { 2_000_000_000 },
        "user_ns": 500_000_000, "system_ns": 250_000_000,
        "peak_rss_bytes": 3 << 20, "peak_rss_floor_bytes": 2 << 20,
        "ground_truth": null,
        "losses": {"unfinished_records": 0, "descendants_alive": 0, "bypassed_programs": 0},
        "processes": processes,
    })
}

/// A process with 2,500 allocations of 100 B, of which the first `sampled`, at most 2, of the second thousand were sampled.
pub fn record(scheme: &str, sampled: u64) -> Value {
    let counts = scheme != "NONE";
    let count = |value: u64| if counts { json!(value) } else { Value::Null };
    let (headers, decision) = match scheme {
        "HEADER_HASH" => (true, "hash"),
        "HEADER_PAGE_HASH" => (true, "page-hash"),
        _ => (false, "none"),
    };
    let windows = json!([
        {"size": 1000, "total": 2, "zero_sampled": if sampled > 0 { 1 } else { 2 }, "remainder_allocs": 500},
        {"size": 10_000, "total": 0, "zero_sampled": 0, "remainder_allocs": 2500},
        {"size": 100_000, "total": 0, "zero_sampled": 0, "remainder_allocs": 2500},
    ]);
    // The first sample ends a gap of 1000 allocations (10 bits), the second one of 0.
    let gaps = |unit: u64, bits: usize| {
        let mut histogram = vec![0; if sampled > 0 { bits + 1 } else { 0 }];
        if sampled > 0 {
            histogram[bits] = 1;
            histogram[0] = sampled - 1;
        }
        let sum = if sampled > 0 { 1000 * unit } else { 0 };
        json!({
            "n": sampled, "sum": sum, "sum_squares": (sum * sum) as f64, "sum_lag1_products": 0.0, "max": sum,
            "unfinished_sum": (2500 - sampled) * unit - sum, "log2_histogram": histogram,
        })
    };
    let names = [
        "0-32",
        "33-64",
        "65-128",
        "129-256",
        "257-512",
        "513-1024",
        "1025-4096",
        "4097-16384",
        "16385-65536",
        ">65536",
    ];
    let bin = |name: &str| {
        let here = u64::from(name == "65-128");
        json!({
            "bin": name, "total_allocs": count(2500 * here), "total_bytes": count(250_000 * here),
            "sampled_allocs": count(sampled * here), "sampled_bytes": count(100 * sampled * here),
        })
    };
    json!({
        "format": "sampler-record", "format_version": 1, "library_version": "0.1.0",
        "pid": 10, "parent_pid": 9, "command": ["bench-reuse", "--turns", "9"], "command_cut": false,
        "next_allocator": "libc.so.6", "ended": "exit", "peak_rss_bytes": 3 << 20,
        "scheme": scheme, "tracking": if headers { "all-headers" } else { "none" }, "decision": decision,
        "header_size": if headers { 16 } else { 0 }, "truth": true,
        "hash_mask": mask(scheme), "poisson_mean_bytes": null, "hybrid_threshold": null,
        "window_size": 100_000, "seed": "0x0000000000000001",
        "threads": count(1), "total_allocs": count(2500), "total_bytes_alloc": count(250_000),
        "total_frees": count(2400), "total_bytes_freed": if headers { json!(240_000) } else { Value::Null },
        "reallocs": count(0), "failed_calls": count(0), "foreign_frees": count(0), "foreign_reallocs": count(0),
        "zero_size_allocs": count(0), "sampled_allocs": count(sampled), "sampled_bytes_alloc": count(100 * sampled),
        "sampled_frees": count(sampled / 2), "sampled_bytes_freed": count(sampled / 2 * 100),
        "sampled_live_allocs_estimate": count(sampled - sampled / 2),
        "sample_rate_allocs": if counts { json!(sampled as f64 / 2500.0) } else { Value::Null },
        "sample_rate_bytes": if counts { json!(sampled as f64 / 2500.0) } else { Value::Null },
        "windows_total": count(0), "windows_zero_sampled": count(0), "window_remainder_allocs": count(2500),
        "windows": if counts { windows } else { Value::Null },
        "gaps_allocs": if counts { gaps(1, 10) } else { Value::Null },
        "gaps_bytes": if counts { gaps(100, 17) } else { Value::Null },
        "approx_unique_pages": if decision == "page-hash" { json!(11) } else { Value::Null },
        "approx_sampled_pages": if decision == "page-hash" { json!(0) } else { Value::Null },
        "size_bins": names.map(bin),
        "losses": {"calls_without_slot": 0, "samples_in_reentry": 0, "pages_without_table": 0,
            "slots_outside_file": 0, "children_without_record": 0, "samples_without_entry": 0},
    })
}

fn mask(scheme: &str) -> Value {
    if scheme.ends_with("HASH") {
        json!(255)
    } else {
        Value::Null
    }
}
