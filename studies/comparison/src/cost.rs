//! The table of costs that another stage measured, if it is there.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use crate::spread::{Ends, Spread};

/// One cost, averaged over its repetitions.
pub struct Cost {
    /// `malloc`, `free`, `malloc-sampled`, `free-sampled`, `window`.
    pub loop_name: String,
    /// A scheme.
    pub subject: String,
    /// Whether unsampled calls were counted.
    pub truth: bool,
    /// Threads at once.
    pub threads: u64,
    /// `time_ratio` (over no library), `ns`, `instructions`.
    pub metric: String,
    /// The number.
    pub spread: Spread,
}

const COLUMNS: [&str; 10] = [
    "loop", "subject", "truth", "threads", "metric", "unit", "value", "low", "high", "n",
];

/// All rows; `None` where there is no table.
pub fn read(path: &Path) -> Result<Option<Vec<Cost>>, String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| format!("{}: {error}", path.display()))?,
    };
    let mut reader = csv::Reader::from_reader(file);
    let read = |reader: &mut csv::Reader<File>| -> Result<Vec<Cost>, String> {
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let mut places = [0; COLUMNS.len()];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            *place = header
                .iter()
                .position(|name| name == column)
                .ok_or_else(|| format!("column {column}: found none, expected it in the header"))?;
        }
        let mut costs = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = record.position().map_or(0, csv::Position::line);
            let cells = places.map(|place| record.get(place).unwrap_or_default());
            costs.extend(cost(cells).map_err(|error| format!("line {line}: {error}"))?);
        }
        Ok(costs)
    };
    let costs = read(&mut reader).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some(costs))
}

/// `None` of a row without a number (what could not be measured has an empty cell) and of one without threads, which is no loop's.
fn cost(cells: [&str; COLUMNS.len()]) -> Result<Option<Cost>, String> {
    let [
        loop_name,
        subject,
        truth,
        threads,
        metric,
        _,
        value,
        low,
        high,
        n,
    ] = cells;
    if value.is_empty() || threads.is_empty() {
        return Ok(None);
    }
    let value = number("value", value)?;
    // An exact count has no interval.
    let end = |column, cell: &str| match cell {
        "" => Ok(value),
        _ => number(column, cell),
    };
    Ok(Some(Cost {
        loop_name: loop_name.to_string(),
        subject: subject.to_string(),
        truth: match truth {
            "1" | "" => true,
            "0" => false,
            _ => return Err(format!("truth: found {truth:?}, expected 0 or 1")),
        },
        threads: threads
            .parse()
            .map_err(|_| format!("threads: found {threads:?}, expected a count"))?,
        metric: metric.to_string(),
        spread: Spread {
            value,
            low: end("low", low)?,
            high: end("high", high)?,
            ends: Ends::Interval,
            n: n.parse()
                .map_err(|_| format!("n: found {n:?}, expected a count"))?,
        },
    }))
}

fn number(column: &str, cell: &str) -> Result<f64, String> {
    cell.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| format!("{column}: found {cell:?}, expected a number"))
}
