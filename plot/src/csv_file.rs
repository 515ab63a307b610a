//! One CSV table: named columns, and errors that name the file, the line and the field.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use csv::StringRecord;

/// The rows of one set in one table.
pub struct CsvFile {
    path: PathBuf,
    header: StringRecord,
    rows: Vec<StringRecord>,
}

/// A row, and the table that it is in.
pub struct Row<'a> {
    file: &'a CsvFile,
    record: &'a StringRecord,
}

impl CsvFile {
    /// Reads the rows whose column `set` is `set`, after checking that `columns` are there.
    pub fn read(path: PathBuf, set: &str, columns: &[&str]) -> Result<CsvFile, String> {
        let columns: Vec<&str> = ["set", "workload", "scheme"]
            .iter()
            .chain(columns)
            .copied()
            .collect();
        let mut file = CsvFile::read_all(path, &columns)?;
        let mut other_sets = Vec::new();
        for record in std::mem::take(&mut file.rows) {
            let found = file.row(&record).text("set");
            if found == set {
                file.rows.push(record);
            } else if !other_sets.iter().any(|other| other == found) {
                other_sets.push(found.to_string());
            }
        }
        if file.rows.is_empty() && file.path.ends_with("summary.csv") {
            return Err(format!(
                "{}: no row of set '{set}'; found sets: {}",
                file.path.display(),
                match other_sets.as_slice() {
                    [] => "none".to_string(),
                    sets => sets.join(", "),
                }
            ));
        }
        Ok(file)
    }

    /// Reads every row, after checking that `columns` are there.
    pub fn read_all(path: PathBuf, columns: &[&str]) -> Result<CsvFile, String> {
        let fail = |message: String| format!("{}: {message}", path.display());
        let source = File::open(&path)
            .map_err(|e| fail(format!("{e}; expected a table that `aggregate` wrote")))?;
        let mut reader = csv::Reader::from_reader(source);
        let header = reader.headers().map_err(|e| fail(e.to_string()))?.clone();
        for &column in columns {
            if !header.iter().any(|found| found == column) {
                return Err(fail(format!(
                    "no column '{column}'; found '{}', expected the columns of FORMAT.md",
                    header.iter().collect::<Vec<_>>().join(",")
                )));
            }
        }
        let records = reader.into_records();
        let rows = records
            .collect::<Result<_, _>>()
            .map_err(|e: csv::Error| fail(e.to_string()))?;
        Ok(CsvFile { path, header, rows })
    }

    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| self.row(record))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn row<'a>(&'a self, record: &'a StringRecord) -> Row<'a> {
        Row { file: self, record }
    }
}

impl<'a> Row<'a> {
    /// The cell as it stands. `column` must be one that [`CsvFile::read`] checked.
    pub fn text(&self, column: &str) -> &'a str {
        let index = self.file.header.iter().position(|found| found == column);
        &self.record[index.expect("the columns were checked when the table was read")]
    }

    /// A cell that may not be empty.
    pub fn number<T: Number>(&self, column: &str) -> Result<T, String> {
        let found = self.text(column);
        T::parse(found).ok_or_else(|| self.error(column, T::EXPECTED))
    }

    /// A cell that is empty where the number was not or cannot be measured.
    pub fn optional<T: Number>(&self, column: &str) -> Result<Option<T>, String> {
        match self.text(column) {
            "" => Ok(None),
            _ => self.number(column).map(Some),
        }
    }

    /// What is wrong with a cell of this row, in one line.
    pub fn error(&self, column: &str, expected: &str) -> String {
        format!(
            "{} line {}, {column}: found '{}', expected {expected}",
            self.file.path.display(),
            self.record.position().map_or(0, |p| p.line()),
            self.text(column)
        )
    }
}

/// Numbers that a cell can hold.
pub trait Number: FromStr {
    /// For the error: what should have been there.
    const EXPECTED: &str;
    /// The number, if it is one that a table may hold.
    fn parse(cell: &str) -> Option<Self> {
        cell.parse().ok()
    }
}

impl Number for u64 {
    const EXPECTED: &str = "an unsigned whole number";
}

impl Number for f64 {
    const EXPECTED: &str = "a finite number";
    /// `FromStr` also takes "nan" and "inf", which nobody measures.
    fn parse(cell: &str) -> Option<f64> {
        cell.parse().ok().filter(|number: &f64| number.is_finite())
    }
}
