//! accuracy.csv, by workload, scheme, estimator, metric and bin.

use std::collections::BTreeMap;
use std::path::Path;

use super::SET;
use crate::csv_file::CsvFile;

/// Everything measured at equal numbers of samples.
pub struct Table(BTreeMap<[String; 5], Number>);

/// A number, its interval if it has one, and how many runs it is of.
#[derive(Clone, Copy)]
pub struct Number {
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    pub n: u64,
}

impl Table {
    /// Reads the rows of set accuracy.
    pub fn read(data: &Path) -> Result<Table, String> {
        let columns = ["estimator", "metric", "bin", "value", "low", "high", "n"];
        let file = CsvFile::read(data.join("accuracy.csv"), SET, &columns)?;
        let mut table = Table(BTreeMap::new());
        for row in file.rows() {
            let key = ["workload", "scheme", "estimator", "metric", "bin"];
            let key = key.map(|column| row.text(column).to_string());
            let number = Number {
                value: row.number("value")?,
                interval: row.optional("low")?.zip(row.optional("high")?),
                n: row.number("n")?,
            };
            if table.0.insert(key, number).is_some() {
                return Err(row.error(
                    "metric",
                    "one row a workload, scheme, estimator, metric and bin",
                ));
            }
        }
        Ok(table)
    }

    /// A number of the whole run, if it was measured.
    pub fn get(
        &self,
        workload: &str,
        scheme: &str,
        estimator: &str,
        metric: &str,
    ) -> Option<Number> {
        self.of_bin(workload, scheme, estimator, metric, "")
    }

    /// The same of a size bin.
    pub fn of_bin(
        &self,
        workload: &str,
        scheme: &str,
        estimator: &str,
        metric: &str,
        bin: &str,
    ) -> Option<Number> {
        let key = [workload, scheme, estimator, metric, bin].map(String::from);
        self.0.get(&key).copied()
    }

    /// Workload, scheme, bin and number of every row with this metric.
    pub fn all(&self, metric: &str) -> impl Iterator<Item = (&str, &str, &str, Number)> {
        let metric = metric.to_string();
        let is_it = move |key: &[String; 5]| key[3] == metric;
        self.0
            .iter()
            .filter(move |(key, _)| is_it(key))
            .map(|(key, number)| (key[0].as_str(), key[1].as_str(), key[4].as_str(), *number))
    }
}

impl Number {
    /// In percent.
    pub fn percent(self) -> Number {
        Number {
            value: self.value * 100.0,
            interval: self.interval.map(|(low, high)| (low * 100.0, high * 100.0)),
            n: self.n,
        }
    }
}
