//! Instructions of the same programs, which another stage made of runs under callgrind: real-instructions.csv, if it is there.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use crate::run::{SCHEMES, rank_of};

/// A number over n runs.
pub struct Row {
    pub workload: String,
    pub scheme: &'static str,
    /// Mean gap in bytes, of schemes that have one.
    pub mean_bytes: Option<u64>,
    /// A kind of work; empty for the whole.
    pub part: String,
    /// What a unit is.
    pub per: String,
    /// The base of a ratio; empty where the row is none.
    pub over: String,
    pub value: f64,
    /// The lowest and the highest run.
    pub low: f64,
    pub high: f64,
    pub n: u64,
}

/// All rows; none where nothing was counted.
pub struct Instructions(pub Vec<Row>);

const COLUMNS: [&str; 11] = [
    "workload",
    "scheme",
    "poisson_mean_bytes",
    "part",
    "per",
    "over",
    "unit",
    "value",
    "low",
    "high",
    "n",
];

impl Instructions {
    /// Reads the table.
    pub fn read(path: &Path) -> Result<Instructions, String> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Instructions(vec![])),
            opened => opened.map_err(|error| format!("{}: {error}", path.display()))?,
        };
        let rows = rows(file).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Instructions(rows))
    }

    /// A number of the whole work, if it was counted.
    pub fn get(&self, workload: &str, scheme: &str, over: &str) -> Option<&Row> {
        self.of_part(workload, scheme, "", over)
    }

    /// The same of a part.
    pub fn of_part(&self, workload: &str, scheme: &str, part: &str, over: &str) -> Option<&Row> {
        self.0.iter().find(|row| {
            (&row.workload[..], row.scheme, &row.part[..], &row.over[..])
                == (workload, scheme, part, over)
        })
    }
}

fn rows(file: File) -> Result<Vec<Row>, String> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = header
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| format!("column {column}: found none, expected it in the header"))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = places.map(|place| record.get(place).unwrap_or_default());
        rows.push(row(cells).map_err(|error| format!("line {line}: {error}"))?);
    }
    Ok(rows)
}

fn row(cells: [&str; COLUMNS.len()]) -> Result<Row, String> {
    let [
        workload,
        scheme,
        mean,
        part,
        per,
        over,
        _,
        value,
        low,
        high,
        n,
    ] = cells;
    let rank = rank_of(scheme)
        .ok_or_else(|| format!("scheme: found {scheme:?}, expected one of the schemes"))?;
    let number = |column: &str, cell: &str| match cell.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err(format!(
            "{column}: found {cell:?}, expected a number above 0"
        )),
    };
    let count = |column: &str, cell: &str| {
        let found = cell.parse::<u64>();
        found.map_err(|_| format!("{column}: found {cell:?}, expected a count"))
    };
    Ok(Row {
        workload: workload.into(),
        scheme: SCHEMES[rank],
        mean_bytes: match mean {
            "" => None,
            _ => Some(count("poisson_mean_bytes", mean)?),
        },
        part: part.into(),
        per: per.into(),
        over: over.into(),
        value: number("value", value)?,
        low: number("low", low)?,
        high: number("high", high)?,
        n: count("n", n)?,
    })
}
