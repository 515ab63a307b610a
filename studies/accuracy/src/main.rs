//! How wrong each scheme is at equal budget: what it estimated in many runs, beside the truth that every run knows.
//!
//! Reading order: what is read ([`paths`], over [`run`] and [`budget`], by [`node`]); the schemes ([`schemes`]); what is made of the runs ([`measure`], rows of
//! one table in [`rows`], over [`over_runs`]); the three files ([`report`], [`layout`], [`output`]).
//!
//! Every sentence about a number is made beside the number; none is typed.
#![forbid(unsafe_code)]

mod budget;
mod node;
mod paths;
mod run;
mod schemes;

mod measure;
mod over_runs;
mod rows;

mod layout;
mod output;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use argh::FromArgs;

/// Say from many runs of each scheme how wrong its estimates are, and how often its 95 % intervals hold the truth.
/// Writes accuracy.csv (shares and ratios, sizes in bytes), accuracy.txt, and its answers as accuracy-findings.json.
#[derive(FromArgs)]
#[argh(
    example = "the runs of this repository:\n  {command_name} --raw data/raw --out data",
    note = "Reads every SET/WORKLOAD/budget.json and SET/WORKLOAD/SCHEME/run-NN.json of the sets whose name begins with accuracy."
)]
struct Options {
    /// directory of run files (default data/raw)
    #[argh(option, default = "PathBuf::from(\"data/raw\")")]
    raw: PathBuf,

    /// directory that receives the files; made if it is not there (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accuracy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let workloads = paths::read_all(&options.raw)?;
    let rows = measure::all(&workloads);
    output::write_all(
        &options.out,
        &[
            ("accuracy.csv", rows.csv()),
            ("accuracy.txt", report::text(&workloads, &rows).into_bytes()),
            (
                "accuracy-findings.json",
                report::findings(&workloads, &rows),
            ),
        ],
    )
}
