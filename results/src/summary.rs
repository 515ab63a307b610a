//! summary.csv and runs.csv, of which the rows of set seed are read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

/// The set.
const SET: &str = "seed";

/// A number over runs. Where there is one run, or all gave the same, it has no interval.
#[derive(Clone, Debug)]
pub struct Number {
    pub n: u64,
    pub mean: f64,
    /// Standard deviation over runs; `None` of one run.
    pub std: Option<f64>,
    pub median: f64,
    pub max: f64,
    pub interval: Option<(f64, f64)>,
    /// Parameters of the scheme that the number is of.
    pub hash_mask: Option<u64>,
    pub mean_bytes: Option<u64>,
}

/// All numbers of set seed.
pub struct Summary {
    /// By workload, scheme and metric.
    numbers: BTreeMap<(String, String, String), Number>,
    pub runs: usize,
    pub machines: Vec<String>,
    /// Allocations in the base window; `None` if runs differ in it.
    pub window_base: Option<u64>,
}

impl Summary {
    /// Reads both tables; `None` if the first is not there or has no row of the set.
    pub fn read(directory: &Path) -> Result<Option<Summary>, String> {
        let Some(rows) = rows(&directory.join("summary.csv"))? else {
            return Ok(None);
        };
        let mut numbers = BTreeMap::new();
        for row in rows {
            let key = ["workload", "scheme", "metric"].map(|name| row.text(name).map(String::from));
            let [workload, scheme, metric] = key;
            numbers.insert((workload?, scheme?, metric?), number(&row)?);
        }
        if numbers.is_empty() {
            return Ok(None);
        }
        let path = directory.join("runs.csv");
        let runs = rows_of(&path)?;
        let mut machines = Vec::new();
        let mut bases = Vec::new();
        for row in &runs {
            let machine = row.text("machine")?.to_string();
            if !machines.contains(&machine) {
                machines.push(machine);
            }
            bases.push(row.needed::<u64>("window_base")?);
        }
        let first = bases.first().copied();
        let window_base = first.filter(|first| bases.iter().all(|base| base == first));
        Ok(Some(Summary {
            numbers,
            runs: runs.len(),
            machines,
            window_base,
        }))
    }

    /// A number, if it was measured.
    pub fn get(&self, workload: &str, scheme: &str, metric: &str) -> Option<&Number> {
        let key = [workload, scheme, metric].map(String::from);
        self.numbers.get(&key.into())
    }
}

/// A row of a table, and where it is, for errors.
struct Row {
    place: String,
    header: csv::StringRecord,
    cells: csv::StringRecord,
}

impl Row {
    fn text(&self, column: &str) -> Result<&str, String> {
        let index = self.header.iter().position(|name| name == column);
        let cell = index.and_then(|index| self.cells.get(index));
        cell.ok_or_else(|| format!("{}: found no column {column}", self.place))
    }

    /// `None` if the cell is empty.
    fn number<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        match self.text(column)? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.wrong(column, text)),
        }
    }

    fn needed<T: std::str::FromStr>(&self, column: &str) -> Result<T, String> {
        let number = self.number(column)?;
        number.ok_or_else(|| self.wrong(column, "nothing"))
    }

    fn wrong(&self, column: &str, found: &str) -> String {
        format!("{}: {column}: found {found}, expected a number", self.place)
    }
}

fn number(row: &Row) -> Result<Number, String> {
    let low: Option<f64> = row.number("ci95_low")?;
    let high: Option<f64> = row.number("ci95_high")?;
    Ok(Number {
        n: row.needed("n")?,
        mean: row.needed("mean")?,
        std: row.number("std")?,
        median: row.needed("p50")?,
        max: row.needed("max")?,
        interval: low.zip(high),
        hash_mask: row.number("hash_mask")?,
        mean_bytes: row.number("poisson_mean_bytes")?,
    })
}

/// The rows of the set; `None` if the file is not there.
fn rows(path: &Path) -> Result<Option<Vec<Row>>, String> {
    match path.try_exists() {
        Ok(true) => rows_of(path).map(Some),
        Ok(false) => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn rows_of(path: &Path) -> Result<Vec<Row>, String> {
    let in_file = |error: String| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| {
        in_file(match error.kind() {
            ErrorKind::NotFound => "not there, expected beside summary.csv".to_string(),
            _ => error.to_string(),
        })
    })?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader
        .headers()
        .map_err(|error| in_file(error.to_string()))?
        .clone();
    let mut rows = Vec::new();
    for (index, cells) in reader.records().enumerate() {
        let row = Row {
            place: format!("{}: row {}", path.display(), index + 1),
            header: header.clone(),
            cells: cells.map_err(|error| in_file(error.to_string()))?,
        };
        if row.text("set")? == SET {
            rows.push(row);
        }
    }
    Ok(rows)
}
