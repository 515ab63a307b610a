//! The tables of one set, as FORMAT.md describes them, checked and typed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::csv_file::{CsvFile, Row};
use crate::schemes::{ALL_HEADERS, Scheme};

/// Lower edge of the last bin of gaps, which counts all that are longer too.
const LAST_GAP_BIN: u64 = 1 << 46;

/// The metrics whose single runs are drawn.
pub const DRAWN_METRICS: [&str; 6] = [
    "sample_rate_allocs",
    "sample_rate_bytes",
    "page_coverage",
    "dead_zone_rate_1x",
    "dead_zone_rate_10x",
    "dead_zone_rate_100x",
];

/// Everything the figures of one set need.
pub struct Tables {
    /// The set's name.
    pub set: String,
    /// In the order of summary.csv.
    pub workloads: Vec<String>,
    /// Schemes that sample and are in the tables, but in none of the figures.
    pub other_schemes: BTreeSet<String>,
    /// runs.csv.
    pub runs: Vec<Run>,
    /// gaps.csv.
    pub gaps: Vec<GapBin>,
    /// size_bins.csv.
    pub size_bins: Vec<SizeBin>,
    summary: BTreeMap<(String, String, String), Summary>,
}

/// A metric over the runs of one workload and scheme.
#[derive(Debug)]
pub struct Summary {
    /// Runs that have a value.
    pub n: u64,
    /// Over these runs, like `min` and `max`.
    pub mean: f64,
    /// Smallest of the runs.
    pub min: f64,
    /// Largest of the runs.
    pub max: f64,
    /// 95 % interval of the mean; none where all runs gave the same value or there is one run.
    pub interval: Option<(f64, f64)>,
    /// None if the scheme has no hash.
    pub hash_mask: Option<u64>,
    /// None if the scheme draws no gaps.
    pub poisson_mean_bytes: Option<u64>,
}

/// One run.
pub struct Run {
    pub workload: String,
    pub scheme: String,
    pub number: u64,
    /// Allocations in the base window.
    pub window_base: u64,
    /// Those of [`DRAWN_METRICS`] that the run has.
    pub values: BTreeMap<&'static str, f64>,
}

/// Gaps of `low..=high`, summed over runs.
pub struct GapBin {
    pub workload: String,
    pub scheme: String,
    pub clock: String,
    pub low: u64,
    pub gaps: u64,
}

/// The allocations of one range of sizes, summed over runs.
pub struct SizeBin {
    pub workload: String,
    pub scheme: String,
    pub bin: String,
    pub runs: u64,
    pub total_allocs: u64,
    pub sampled_allocs: u64,
}

impl Tables {
    /// Reads the rows of `set` from the tables in `data`.
    pub fn read(data: &Path, set: &str) -> Result<Tables, String> {
        let mut tables = Tables {
            set: set.to_string(),
            workloads: Vec::new(),
            other_schemes: BTreeSet::new(),
            runs: Vec::new(),
            gaps: Vec::new(),
            size_bins: Vec::new(),
            summary: BTreeMap::new(),
        };
        tables.read_summary(data)?;
        tables.read_runs(data)?;
        tables.read_gaps(data)?;
        tables.read_size_bins(data)?;
        Ok(tables)
    }

    /// The row of summary.csv; none where no run has a value for the metric.
    pub fn summary(&self, workload: &str, scheme: &Scheme, metric: &str) -> Option<&Summary> {
        let key = (workload.into(), scheme.name.into(), metric.into());
        self.summary.get(&key)
    }

    /// A metric run by run, in the order of the runs.
    pub fn runs_of(&self, workload: &str, scheme: &Scheme, metric: &str) -> Vec<f64> {
        let mut runs: Vec<_> = self
            .runs
            .iter()
            .filter(|run| run.workload == workload && run.scheme == scheme.name)
            .filter_map(|run| Some((run.number, *run.values.get(metric)?)))
            .collect();
        runs.sort_by_key(|(number, _)| *number);
        runs.into_iter().map(|(_, value)| value).collect()
    }

    fn read_summary(&mut self, data: &Path) -> Result<(), String> {
        let columns = [
            "metric",
            "n",
            "mean",
            "min",
            "max",
            "ci95_low",
            "ci95_high",
            "ci_method",
            "hash_mask",
            "poisson_mean_bytes",
        ];
        let file = CsvFile::read(data.join("summary.csv"), &self.set, &columns)?;
        for row in file.rows() {
            let workload = row.text("workload");
            if !self.workloads.iter().any(|known| known == workload) {
                check_workload(&row)?;
                self.workloads.push(workload.to_string());
            }
            self.note_other_scheme(row.text("scheme"));
            let interval = match (row.optional("ci95_low")?, row.optional("ci95_high")?) {
                (Some(low), Some(high)) => Some((low, high)),
                (None, None) => None,
                _ => return Err(row.error("ci95_low", "both ends of the interval or neither")),
            };
            let drawn = interval.is_some() && DRAWN_METRICS.contains(&row.text("metric"));
            if drawn && row.text("ci_method") != "student-t" {
                return Err(row.error("ci_method", "student-t, as the figures say"));
            }
            let summary = Summary {
                n: row.number("n")?,
                mean: row.number("mean")?,
                min: row.number("min")?,
                max: row.number("max")?,
                interval,
                hash_mask: row.optional("hash_mask")?,
                poisson_mean_bytes: row.optional("poisson_mean_bytes")?,
            };
            let key = ["workload", "scheme", "metric"].map(|column| row.text(column).to_string());
            if self.summary.insert(key.into(), summary).is_some() {
                return Err(row.error("metric", "one row a workload, scheme and metric"));
            }
        }
        Ok(())
    }

    fn read_runs(&mut self, data: &Path) -> Result<(), String> {
        let mut columns = vec!["run", "window_base"];
        columns.extend(DRAWN_METRICS);
        let file = CsvFile::read(data.join("runs.csv"), &self.set, &columns)?;
        for row in file.rows() {
            let mut values = BTreeMap::new();
            for metric in DRAWN_METRICS {
                if let Some(value) = row.optional(metric)? {
                    values.insert(metric, value);
                }
            }
            self.runs.push(Run {
                workload: row.text("workload").to_string(),
                scheme: row.text("scheme").to_string(),
                number: row.number("run")?,
                window_base: row.number("window_base")?,
                values,
            });
        }
        if self.runs.is_empty() {
            let path = file.path().display();
            return Err(format!(
                "{path}: no row of set '{}', which summary.csv has",
                self.set
            ));
        }
        Ok(())
    }

    fn read_gaps(&mut self, data: &Path) -> Result<(), String> {
        let columns = ["clock", "low", "high", "gaps"];
        let file = CsvFile::read(data.join("gaps.csv"), &self.set, &columns)?;
        for row in file.rows() {
            let (low, high): (u64, u64) = (row.number("low")?, row.number("high")?);
            // Bin k of the histogram is 2^(k-1) ..= 2^k - 1, bin 0 is gap 0 alone, and the last bin has no end.
            let is_open = low == LAST_GAP_BIN && high == u64::MAX;
            if !is_open && (high < low || high.count_ones() != u64::BITS - low.leading_zeros()) {
                return Err(row.error("high", "the upper end of a log2 bin"));
            }
            self.gaps.push(GapBin {
                workload: row.text("workload").to_string(),
                scheme: row.text("scheme").to_string(),
                clock: row.text("clock").to_string(),
                low,
                gaps: row.number("gaps")?,
            });
        }
        Ok(())
    }

    fn read_size_bins(&mut self, data: &Path) -> Result<(), String> {
        let columns = ["bin", "runs", "total_allocs", "sampled_allocs"];
        let file = CsvFile::read(data.join("size_bins.csv"), &self.set, &columns)?;
        for row in file.rows() {
            // Empty where calls were not counted.
            let (Some(total_allocs), Some(sampled_allocs)) = (
                row.optional("total_allocs")?,
                row.optional("sampled_allocs")?,
            ) else {
                continue;
            };
            self.size_bins.push(SizeBin {
                workload: row.text("workload").to_string(),
                scheme: row.text("scheme").to_string(),
                bin: row.text("bin").to_string(),
                runs: row.number("runs")?,
                total_allocs,
                sampled_allocs,
            });
        }
        Ok(())
    }

    fn note_other_scheme(&mut self, scheme: &str) {
        let never_samples = ["NONE", "COUNT", "PLAIN"].contains(&scheme);
        if !never_samples && !ALL_HEADERS.iter().any(|known| known.name == scheme) {
            self.other_schemes.insert(scheme.to_string());
        }
    }
}

/// The name becomes a part of file names.
fn check_workload(row: &Row) -> Result<(), String> {
    let name = row.text("workload");
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0', '\n']) {
        return Err(row.error("workload", "a name that can be a part of a file name"));
    }
    Ok(())
}
