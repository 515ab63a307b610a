//! real.csv, by workload, scheme, base and metric: the numbers of whole runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::csv_file::CsvFile;

/// The one metric of counted instructions.
pub const INSTRUCTIONS: &str = "instructions_per_unit";

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

    /// Reads the table of counted instructions. A kind of work, where there are several, is a workload of its own, and their sum is left out.
    pub fn read_instructions(data: &Path) -> Result<Table, String> {
        let columns = ["part", "over", "value", "low", "high", "n"];
        let file = CsvFile::read(data.join("real-instructions.csv"), "real", &columns)?;
        let mut table = Table {
            workloads: Vec::new(),
            rows: BTreeMap::new(),
        };
        let has_parts: BTreeSet<&str> = file
            .rows()
            .filter(|row| !row.text("part").is_empty())
            .map(|row| row.text("workload"))
            .collect();
        for row in file.rows() {
            let (workload, part) = (row.text("workload"), row.text("part"));
            let name = match (has_parts.contains(workload), part) {
                (true, "") => continue,
                (true, part) => format!("{workload}, {part}"),
                (false, _) => workload.to_string(),
            };
            let value = Value {
                value: row.number("value")?,
                interval: row.optional("low")?.zip(row.optional("high")?),
                n: row.number("n")?,
                bound: None,
            };
            if value
                .interval
                .is_none_or(|(low, high)| low > value.value || high < value.value)
            {
                return Err(row.error("value", "a number from low to high"));
            }
            let [scheme, over] = ["scheme", "over"].map(|column| row.text(column).to_string());
            let key = [name.clone(), scheme, over, INSTRUCTIONS.into()];
            if !table.workloads.contains(&name) {
                table.workloads.push(name);
            }
            if table.rows.insert(key, value).is_some() {
                return Err(row.error("part", "one row a workload, scheme, part and base"));
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
