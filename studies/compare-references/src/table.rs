//! One table of one reference, by what its rows are.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use csv::StringRecord;
use statistics::agreement::Estimate;
use statistics::intervals::Interval;

use crate::schema::{Rows, Schema};

/// The rows that are compared.
#[derive(Debug)]
pub struct Table {
    /// By key.
    pub rows: BTreeMap<Vec<String>, Row>,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    pub value: f64,
    /// `None` of an exact number, and of one whose runs were all equal.
    pub interval: Option<Interval>,
    pub n: String,
    pub parameters: Vec<String>,
}

impl Row {
    /// `None` without an interval.
    pub fn estimate(&self) -> Option<Estimate> {
        Some(Estimate {
            value: self.value,
            interval: self.interval?,
        })
    }
}

impl Table {
    /// `None` where there is no such table.
    pub fn read(schema: &Schema, directory: &Path) -> Result<Option<Table>, String> {
        if !directory.is_dir() {
            return Err(format!(
                "{}: found no directory, expected one of tables",
                directory.display()
            ));
        }
        let paths = [
            directory.join(schema.file),
            directory.join(schema.part).join(schema.file),
        ];
        let Some(path) = paths.iter().find(|path| path.exists()) else {
            return Ok(None);
        };
        let in_file = |error: String| format!("{}: {error}", path.display());
        let file = File::open(path).map_err(|error| in_file(error.to_string()))?;
        let rows = rows(schema, file).map_err(in_file)?;
        Ok(Some(Table { rows }))
    }
}

fn rows(schema: &Schema, file: File) -> Result<BTreeMap<Vec<String>, Row>, String> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        header
            .iter()
            .position(|found| found == name)
            .ok_or_else(|| format!("column {name}: found none, expected it in the header"))
    };
    let columns = |names: &[&str]| -> Result<Vec<usize>, String> {
        names.iter().map(|name| column(name)).collect()
    };
    let (keys, parameters) = (columns(schema.key)?, columns(schema.parameters)?);
    let numbers = columns(&[schema.value, schema.low, schema.high, "n"])?;
    let filters: Vec<(usize, &str, bool)> = match &schema.rows {
        Rows::All => Vec::new(),
        Rows::Only(cells) => cells
            .iter()
            .map(|(name, text)| Ok((column(name)?, *text, true)))
            .collect::<Result<_, String>>()?,
        Rows::Except(name, text) => vec![(column(name)?, *text, false)],
    };
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let is_wanted = |(index, text, is): &(usize, &str, bool)| (&record[*index] == *text) == *is;
        if !filters.iter().all(is_wanted) {
            continue;
        }
        let cells = |indexes: &[usize]| -> Vec<String> {
            indexes.iter().map(|index| record[*index].into()).collect()
        };
        let found = row(&record, schema, &numbers, cells(&parameters));
        // What could not be measured has no value.
        let Some(found) = found.map_err(|error| format!("line {line}: {error}"))? else {
            continue;
        };
        let key = cells(&keys);
        let name = key.join(",");
        if rows.insert(key, found).is_some() {
            return Err(format!(
                "line {line}: found {name} again, expected one row of it"
            ));
        }
    }
    Ok(rows)
}

fn row(
    record: &StringRecord,
    schema: &Schema,
    numbers: &[usize],
    parameters: Vec<String>,
) -> Result<Option<Row>, String> {
    let names = [schema.value, schema.low, schema.high];
    let mut cells = [None; 3];
    for (cell, (name, index)) in cells.iter_mut().zip(names.iter().zip(numbers)) {
        *cell = number(name, &record[*index])?;
    }
    let [Some(value), low, high] = cells else {
        return Ok(None);
    };
    let interval = match (low, high) {
        (Some(low), Some(high)) if low <= high => Some(Interval { low, high }),
        (None, None) => None,
        _ => {
            return Err(format!(
                "{} and {}: found {:?} and {:?}, expected the ends of an interval, or neither",
                schema.low, schema.high, &record[numbers[1]], &record[numbers[2]]
            ));
        }
    };
    Ok(Some(Row {
        value,
        // Where both ends are the value nothing is said of how sure it is.
        interval: interval.filter(|interval| interval.low < interval.high),
        n: record[numbers[3]].into(),
        parameters,
    }))
}

/// `None` of an empty cell.
fn number(name: &str, cell: &str) -> Result<Option<f64>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
    number
        .map(Some)
        .ok_or_else(|| format!("{name}: found {cell:?}, expected a number"))
}
