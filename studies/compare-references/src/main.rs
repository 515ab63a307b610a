//! Do two references agree? Anyone who measures again gets other numbers; this says whether they differ by more than their intervals promise.
//!
//! Reading order: which tables there are, and which of their columns say what a row is ([`schema`]); a table of one reference ([`table`], [`runs`]); the rows of both side by
//! side ([`pairs`]); and the report ([`report`]). What is expected by chance, with its formulas, is in `statistics::agreement`.
#![forbid(unsafe_code)]

mod schema;

mod runs;
mod table;

mod pairs;

mod report;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::FromArgs;
use tempfile::NamedTempFile;

use crate::pairs::Compared;
use crate::schema::TABLES;
use crate::table::Table;

/// Hold the tables of two directories against each other: data/, data/reference, or what someone else measured. Prints how many rows are apart by more than their 95 %
/// intervals promise, how many chance would give, and which differ most.
#[derive(FromArgs)]
#[argh(
    example = "your own measurements and those of this repository:\n  {command_name} data/reference data"
)]
struct Options {
    /// directory of the first
    #[argh(positional)]
    a: PathBuf,

    /// directory of the second
    #[argh(positional)]
    b: PathBuf,

    /// also write every row that was compared to this CSV file
    #[argh(option)]
    csv: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare-references: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let both = [&options.a, &options.b];
    let machines = runs::machines_of_equal_windows(both.map(PathBuf::as_path))?;
    let mut compared = Vec::new();
    let mut missing = Vec::new();
    for schema in &TABLES {
        let [a, b] = both.map(|directory| Table::read(schema, directory));
        match (a?, b?) {
            (Some(a), Some(b)) => compared.push(Compared::of(schema, a, b)?),
            (None, None) => {}
            (a, _) => missing.push((schema.file, if a.is_some() { "A" } else { "B" })),
        }
    }
    if compared.is_empty() {
        let names = TABLES.map(|schema| schema.file).join(", ");
        let [a, b] = both.map(|directory| directory.display());
        return Err(format!(
            "{a} and {b}: found no table that both have, expected one of {names}"
        ));
    }
    if let Some(path) = &options.csv {
        write(path, &report::csv(&compared))?;
    }
    print!("{}", report::text(both, &machines, &compared, &missing));
    Ok(())
}

/// Under another name first, then renamed.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let describe = |error: std::io::Error| format!("{}: {error}", path.display());
    let directory = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(describe)?;
    file.write_all(bytes).map_err(describe)?;
    file.persist(path).map_err(|error| describe(error.error))?;
    Ok(())
}
