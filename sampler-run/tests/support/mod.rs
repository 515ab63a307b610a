//! make over a directory of its own, for tests that run it. Not every test needs all of it.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Where one test's runs go.
pub struct Data {
    pub directory: TempDir,
}

impl Data {
    pub fn new() -> Data {
        let directory = TempDir::new().unwrap();
        Data { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("data").join(name)
    }

    /// make with small workloads, not started yet.
    pub fn prepare(&self, arguments: &[&str]) -> Command {
        let mut make = Command::new("make");
        make.arg(format!("DATA={}", self.path("").display()))
            .args(["MONOTONIC_COUNT=2000", "REUSE_TURNS=2000"])
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
            .stdin(Stdio::null());
        // This test may itself run under make, and a user's variables are not those of the test.
        for name in [
            "MAKEFLAGS",
            "MAKELEVEL",
            "MFLAGS",
            "MAKEOVERRIDES",
            "CARGO_TARGET_DIR",
            "RUNS",
            "WORKLOADS",
            "SCHEMES",
            "SEED",
            "MEAN",
            "MASK",
            "WINDOW",
            "TIMEOUT",
            "RUNNER",
            "SHARD",
            "MACHINES",
        ] {
            make.env_remove(name);
        }
        make
    }

    pub fn make(&self, arguments: &[&str]) -> Output {
        self.prepare(arguments).output().unwrap()
    }

    /// What make prints; it must succeed.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.make(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// `WORKLOAD/SCHEME/run-NN.json` of all runs of a set, sorted.
    pub fn runs(&self, set: &str) -> Vec<String> {
        let raw = self.path("raw").join(set);
        let mut found = Vec::new();
        let mut directories = vec![raw.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|end| end == "json") {
                    let below = path.strip_prefix(&raw).unwrap();
                    found.push(below.to_str().unwrap().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
