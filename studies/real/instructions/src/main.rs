//! Instructions that real programs take a unit of work, under each scheme and without the library.
//!
//! Reading order: what is read and checked ([`read`], into [`run`]); the rows ([`rows`]: differences, and ratios of two runs of one round); and the two
//! files ([`table`], [`report`], [`output`]).
//!
//! Counts are nearly exact, so no interval is made of them: a row has its lowest and its highest run.
#![forbid(unsafe_code)]

mod read;
mod run;

mod rows;

mod output;
mod report;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use argh::FromArgs;

/// Turn the counted runs of real programs into real-instructions.csv (instructions a request, a compilation, a script, and their ratios) and real-instructions.txt.
#[derive(FromArgs)]
#[argh(
    example = "the runs of this repository:\n  {command_name} --raw data/counted/real --out data"
)]
struct Options {
    /// directory of the counted runs, WORKLOAD/SCHEME/run-NN.json below it (default data/counted/real)
    #[argh(option, default = "PathBuf::from(\"data/counted/real\")")]
    raw: PathBuf,

    /// directory that receives the files; made if it is not there (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let runs = read::read_all(&options.raw)?;
    let rows = rows::of(&runs);
    output::write_all(
        &options.out,
        &[
            ("real-instructions.csv", table::csv(&rows)),
            (
                "real-instructions.txt",
                report::text(&runs, &rows).into_bytes(),
            ),
        ],
    )
}
