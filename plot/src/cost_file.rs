//! The table of costs, as FORMAT.md describes it, checked and typed.

use std::path::Path;

use crate::csv_file::CsvFile;

/// One value.
pub struct CostRow {
    pub place: String,
    pub threads: Option<u64>,
    pub metric: String,
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    pub n: u64,
    subject: String,
}

/// All values, and who they are of, in the order of the table.
pub struct CostTable {
    pub subjects: Vec<String>,
    rows: Vec<CostRow>,
}

impl CostTable {
    /// Reads cost.csv. Values that are empty were void, and are left out.
    pub fn read(path: &Path) -> Result<CostTable, String> {
        let columns = [
            "loop", "subject", "truth", "threads", "metric", "value", "low", "high", "n",
        ];
        let file = CsvFile::read_all(path.to_path_buf(), &columns)?;
        let mut table = CostTable {
            subjects: Vec::new(),
            rows: Vec::new(),
        };
        for row in file.rows() {
            let subject = match row.text("truth") {
                "0" => format!("{}, no truth", row.text("subject")),
                _ => row.text("subject").to_string(),
            };
            let Some(value) = row.optional("value")? else {
                continue;
            };
            if !table.subjects.contains(&subject) {
                table.subjects.push(subject.clone());
            }
            table.rows.push(CostRow {
                place: row.text("loop").into(),
                threads: row.optional("threads")?,
                metric: row.text("metric").into(),
                value,
                interval: row.optional("low")?.zip(row.optional("high")?),
                n: row.number("n")?,
                subject,
            });
        }
        Ok(table)
    }

    /// The value, if there is one.
    pub fn get(
        &self,
        subject: &str,
        place: &str,
        threads: Option<u64>,
        metric: &str,
    ) -> Option<&CostRow> {
        self.rows.iter().find(|row| {
            row.subject == subject
                && row.place == place
                && row.threads == threads
                && row.metric == metric
        })
    }
}
