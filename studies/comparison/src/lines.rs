//! Lines of code of each tracking, as `tools/lines-of-tracking` counts them.

use std::path::Path;

use crate::schemes::Tracking;

/// One row: lines that a tracking needs.
pub struct Lines {
    /// Which tracking.
    pub tracking: &'static str,
    /// Whether it alone needs them.
    pub is_own: bool,
    /// Lines of code.
    pub lines: u64,
}

const COLUMNS: [&str; 4] = ["tracking", "kind", "with", "lines"];

/// All rows; every tracking has lines of its own.
pub fn read(path: &Path) -> Result<Vec<Lines>, String> {
    let rows = read_rows(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for tracking in Tracking::ALL.map(Tracking::name) {
        if !rows
            .iter()
            .any(|row| row.is_own && row.tracking == tracking)
        {
            return Err(format!(
                "{}: found no row of kind own of {tracking}, expected one of each tracking",
                path.display()
            ));
        }
    }
    Ok(rows)
}

fn read_rows(path: &Path) -> Result<Vec<Lines>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let header = reader.headers().map_err(|error| error.to_string())?;
    if header.iter().ne(COLUMNS) {
        return Err(format!(
            "header: found {:?}, expected {}",
            header,
            COLUMNS.join(",")
        ));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let wrong = |column: usize, expected: &str| {
            let line = record.position().map_or(0, csv::Position::line);
            let found = &record[column];
            format!(
                "line {line}: {}: found {found:?}, expected {expected}",
                COLUMNS[column]
            )
        };
        let names = Tracking::ALL.map(Tracking::name);
        rows.push(Lines {
            tracking: names
                .into_iter()
                .find(|name| *name == &record[0])
                .ok_or_else(|| wrong(0, &names.join(", ")))?,
            is_own: match &record[1] {
                "own" => true,
                "shared" => false,
                _ => return Err(wrong(1, "own or shared")),
            },
            lines: record[3].parse().map_err(|_| wrong(3, "a count"))?,
        });
    }
    Ok(rows)
}
