//! comparison.csv, by workload, scheme and metric.

use std::collections::BTreeMap;
use std::path::Path;

use crate::csv_file::CsvFile;

/// Everything measured.
pub struct Table(BTreeMap<(String, String, String), Spread>);

/// A mean, the lowest, the highest, and of how many.
#[derive(Clone, Copy)]
pub struct Spread {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub n: u64,
}

impl Table {
    /// Reads the table; the claims, whose numbers are repeated from others, are left out.
    pub fn read(data: &Path) -> Result<Table, String> {
        let columns = ["part", "metric", "value", "low", "high", "n"];
        let file = CsvFile::read(data.join("comparison.csv"), "comparison", &columns)?;
        let mut table = Table(BTreeMap::new());
        for row in file.rows().filter(|row| row.text("part") != "claims") {
            let key = ["workload", "scheme", "metric"].map(|column| row.text(column).to_string());
            let spread = Spread {
                value: row.number("value")?,
                low: row.number("low")?,
                high: row.number("high")?,
                n: row.number("n")?,
            };
            if spread.low > spread.value || spread.high < spread.value {
                return Err(row.error("value", "a number from low to high"));
            }
            if table.0.insert(key.into(), spread).is_some() {
                return Err(row.error("metric", "one row a workload, scheme and metric"));
            }
        }
        Ok(table)
    }

    /// A number, if it was measured.
    pub fn get(&self, workload: &str, scheme: &str, metric: &str) -> Option<Spread> {
        let key = (workload.into(), scheme.into(), metric.into());
        self.0.get(&key).copied()
    }
}
