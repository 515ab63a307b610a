//! A run as its file has it. FORMAT.md says what each field means.
#![allow(missing_docs)]

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{named, typed};
use crate::record::Record;
use crate::scheme::Scheme;
use crate::value::{Hex, Nullable};

/// One run file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Where it was read.
    #[serde(skip)]
    pub file: PathBuf,
    pub format: String,
    pub format_version: u64,
    pub runner_version: String,
    pub set: String,
    pub workload: String,
    pub scheme: Scheme,
    pub run: u64,
    pub command: Vec<String>,
    pub exit_status: i64,
    pub parameters: Parameters,
    pub machine: Machine,
    pub wall_ns: u64,
    pub user_ns: u64,
    pub system_ns: u64,
    pub peak_rss_bytes: Nullable<u64>,
    pub peak_rss_floor_bytes: u64,
    /// As the workload printed it; [`Run::ground_truth`] reads it.
    pub ground_truth: Nullable<Value>,
    pub losses: RunLosses,
    pub sizes: Nullable<Sizes>,
    pub processes: Vec<Record>,
}

/// How a run was configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    pub hash_mask: Nullable<u64>,
    pub hash_salt: Nullable<Hex>,
    pub poisson_mean_bytes: Nullable<u64>,
    pub window_base: u64,
    pub seed: Hex,
    pub truth: bool,
    pub aslr: bool,
}

/// What a run ran on; what cannot be told of it is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: Nullable<String>,
    pub cores: Nullable<u64>,
    pub memory_bytes: Nullable<u64>,
    pub kernel: Nullable<String>,
    pub libc: Nullable<String>,
}

/// Where a run comes from: what has to agree between runs that are averaged or compared.
#[derive(Clone, Debug)]
pub struct Origin {
    pub file: PathBuf,
    pub parameters: Parameters,
    pub machine: Machine,
}

/// What is missing in a run as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunLosses {
    pub unfinished_records: u64,
    pub descendants_alive: u64,
    pub bypassed_programs: u64,
}

/// What scheme `SIZES` counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sizes {
    /// Size and allocations.
    pub sizes: Vec<(u64, u64)>,
    pub without_room: u64,
    /// Bytes, bytes of blocks below 256, allocations from 256 on.
    pub windows: Nullable<Vec<[u64; 3]>>,
}

impl Run {
    /// What the workload printed, as `T`; an error if it printed nothing or something else.
    pub fn ground_truth<'a, T: Deserialize<'a>>(&'a self) -> Result<T, String> {
        typed(
            "ground_truth",
            self.ground_truth.0.as_ref().unwrap_or(&Value::Null),
        )
    }

    /// The record of a run that is one process.
    pub fn only_process(&self) -> Result<&Record, String> {
        match &self.processes[..] {
            [record] => Ok(record),
            records => Err(format!(
                "processes: found {} records, expected that of the one process that these workloads are",
                records.len()
            )),
        }
    }

    /// The losses of the run, then those of `records`, by name, without those that are 0.
    pub fn losses<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Vec<(String, u64)> {
        let mut losses = named(&self.losses);
        for record in records {
            losses.extend(named(&record.losses));
        }
        losses.retain(|&(_, count)| count > 0);
        losses
    }

    /// What is compared between runs.
    pub fn origin(&self) -> Origin {
        Origin {
            file: self.file.clone(),
            parameters: self.parameters.clone(),
            machine: self.machine.clone(),
        }
    }
}

impl Origin {
    /// Runs of one path are repetitions: all parameters but seed and salt are the same, and all have a salt or none.
    pub(crate) fn check_repeats(&self, first: &Origin) -> Result<(), String> {
        for ((field, found), (_, expected)) in self
            .parameters
            .of_path()
            .into_iter()
            .zip(first.parameters.of_path())
        {
            if found != expected {
                return Err(format!(
                    "{}: parameters.{field}: found {found}, expected {expected} as in {}",
                    self.file.display(),
                    first.file.display()
                ));
            }
        }
        Ok(())
    }

    /// Runs whose ratios or means are formed are of one machine; `why` ends the error.
    pub(crate) fn check_machine(&self, first: &Origin, why: &str) -> Result<(), String> {
        if self.machine == first.machine {
            return Ok(());
        }
        Err(format!(
            "{}: machine: found {}, expected {} as in {}: {why}",
            self.file.display(),
            self.machine,
            first.machine,
            first.file.display()
        ))
    }
}

impl Parameters {
    /// What all runs of a path share, as text by name.
    fn of_path(&self) -> [(&'static str, String); 6] {
        let show = |value: Option<u64>| value.map_or("null".to_string(), |value| value.to_string());
        [
            ("hash_mask", show(self.hash_mask.0)),
            (
                "hash_salt",
                self.hash_salt.0.map_or("null", |_| "a salt").to_string(),
            ),
            ("poisson_mean_bytes", show(self.poisson_mean_bytes.0)),
            ("window_base", self.window_base.to_string()),
            ("truth", self.truth.to_string()),
            ("aslr", self.aslr.to_string()),
        ]
    }
}

/// The fields joined by `; `, with `?` for what is not known.
impl std::fmt::Display for Machine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let unknown = || "?".to_string();
        let text = |text: &Nullable<String>| text.0.clone().unwrap_or_else(unknown);
        let count = |count: Nullable<u64>| count.0.map_or_else(unknown, |count| count.to_string());
        write!(
            formatter,
            "{}; {}; {}; {}; {}",
            text(&self.cpu),
            count(self.cores),
            count(self.memory_bytes),
            text(&self.kernel),
            text(&self.libc)
        )
    }
}
