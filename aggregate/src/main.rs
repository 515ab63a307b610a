//! Reads all run files below a directory and writes the tables of FORMAT.md beside it.
//!
//! All input is read and checked before the first table is written: one bad file and the earlier tables stay as they were.
//! A run's JSON is dropped as soon as its numbers are taken out, so that memory grows with a few KB a run.
#![forbid(unsafe_code)]

mod gaps;
mod read;
mod run;
mod runs;

mod metrics;
mod stats;
mod summary;

mod layout;
mod notes;
mod output;
mod report;
mod rows;
mod summary_files;
mod tables;

use std::path::PathBuf;
use std::process::ExitCode;

use argh::FromArgs;

/// Turn run files into tables: runs.csv, processes.csv, summary.csv, size_bins.csv, gaps.csv, summary.json, summary.txt.
/// Times in the tables are in seconds, sizes in bytes, rates are ratios from 0 to 1 (percent in summary.txt).
#[derive(FromArgs)]
#[argh(
    example = "all runs of this repository, then those of one question into a directory of their own:
  {command_name}
  {command_name} --raw data/raw/seed --out /tmp/seed-tables"
)]
struct Options {
    /// directory searched, with all below it, for run-*.json (default data/raw)
    #[argh(option, default = "PathBuf::from(\"data/raw\")")]
    raw: PathBuf,

    /// take runs of one path from several machines, and say so in the notes; without it they are refused
    #[argh(switch)]
    several_machines: bool,

    /// directory that receives the tables; made if it is not there (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aggregate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let runs = runs::Runs::read(&options.raw, options.several_machines)?;
    let summaries = summary::summarize(&runs);
    let files = [
        ("runs.csv", tables::runs(&runs)),
        ("processes.csv", tables::processes(&runs)),
        ("summary.csv", summary_files::csv(&summaries)),
        ("size_bins.csv", tables::size_bins(&runs)),
        ("gaps.csv", tables::gaps(&runs)),
        ("summary.json", summary_files::json(&summaries)),
        (
            "summary.txt",
            report::summary_text(&runs, &summaries).into_bytes(),
        ),
    ];
    output::write_all(&options.out, &files)
}
