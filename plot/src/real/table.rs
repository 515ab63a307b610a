//! real.csv, by workload, scheme, base and metric: the numbers of whole runs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::csv_file::CsvFile;

/// Everything measured of whole runs.
pub struct Table {
    /// In the order of the table.
    pub workloads: Vec<String>,
    rows: BTreeMap<[String; 4], Value>,
}

/// A number over n runs.
#[derive(Clone, Copy)]
pub struct Value {
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    pub n: u64,
    /// What the number should be at most.
    pub bound: Option<f64>,
}

impl Table {
    /// Reads the table; phases and claims, whose numbers are parts or repeated, are left out.
    pub fn read(data: &Path) -> Result<Table, String> {
        let columns = [
            "phase", "over", "metric", "value", "low", "high", "n", "bound", "claim",
        ];
        let file = CsvFile::read(data.join("real.csv"), "real", &columns)?;
        let mut table = Table {
            workloads: Vec::new(),
            rows: BTreeMap::new(),
        };
        let is_whole = |row: &crate::csv_file::Row| {
            row.text("phase").is_empty() && row.text("claim").is_empty()
        };
        for row in file.rows().filter(is_whole) {
            let key = ["workload", "scheme", "over", "metric"].map(|column| row.text(column));
            let value = Value {
                value: row.number("value")?,
                interval: row.optional("low")?.zip(row.optional("high")?),
                n: row.number("n")?,
                bound: row.optional("bound")?,
            };
            if value
                .interval
                .is_some_and(|(low, high)| low > value.value || high < value.value)
            {
                return Err(row.error("value", "a number from low to high"));
            }
            if !table.workloads.iter().any(|known| known == key[0]) {
                table.workloads.push(key[0].to_string());
            }
            if table.rows.insert(key.map(String::from), value).is_some() {
                return Err(row.error("metric", "one row a workload, scheme, base and metric"));
            }
        }
        Ok(table)
    }

    /// A number, if it was measured.
    pub fn get(&self, workload: &str, scheme: &str, over: &str, metric: &str) -> Option<Value> {
        let key = [workload, scheme, over, metric].map(String::from);
        self.rows.get(&key).copied()
    }
}
