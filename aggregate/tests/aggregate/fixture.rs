//! A directory of hand-made run files, small enough to check their numbers by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use run_file::example::{record, run};
use serde_json::Value;
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
