//! Turns what `measure-cost` saw into `cost.csv` and a text for people: medians of paired ratios with their spread, exact
//! counts, bytes, and which bounds were met.
//!
//! Reading order: [`files`] what is read, and what may not be compared; [`measured`] its values by subject and place;
//! [`rows`] every number of the table, over [`median`]; [`rate`] whether schemes sampled as they should; [`report`] the text,
//! with the [`bounds`] that this project set itself.
#![forbid(unsafe_code)]

mod bounds;
mod files;
mod measured;
mod median;
mod rate;
mod report;
mod rows;
mod text;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::FromArgs;

/// Turn measurements of cost (JSON files that measure-cost wrote) into cost.csv and cost.txt, and print the text.
#[derive(FromArgs)]
#[argh(example = "{command_name} --out data data/raw/cost/*.json")]
struct Options {
    /// files that measure-cost wrote, of one machine and one build
    #[argh(positional)]
    files: Vec<PathBuf>,

    /// directory of the tables, made if it is missing (default: data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cost: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let files = files::read(&options.files)?;
    let measured = measured::collect(&files)?;
    let rates = rate::check(&measured)?;
    let mut rows = rows::all(&measured);
    rows.extend(rates);
    let text = report::text(&files, &measured, &rows);
    let findings = report::findings(&files, &measured, &rows);
    // All are made before the first is put in place.
    let table = rows::to_csv(&rows)?;
    fs::create_dir_all(&options.out).map_err(|e| format!("{}: {e}", options.out.display()))?;
    write_whole(&options.out.join("cost.csv"), &table)?;
    write_whole(&options.out.join("cost.txt"), text.as_bytes())?;
    write_whole(&options.out.join("cost-findings.json"), &findings)?;
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| format!("standard output: {error}"))
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".cost-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}
