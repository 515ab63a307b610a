//! Headers on all blocks, on the sampled ones, or none: what was measured, beside what the seed claimed.
//!
//! Reading order: what is read ([`run`], [`cost`], [`lines`]); what is made of it ([`measures`], rows of one table, over
//! [`spread`] and [`schemes`]): [`memory`], [`frees`], [`rates`], [`costs`], [`complexity`]; the seed's cells with a verdict each
//! ([`claims`]), the answers to its questions ([`answers`]), where the runs are from ([`notes`]); and the three files ([`report`], [`table`],
//! [`findings`], [`output`]).
//!
//! Every sentence about a number is made beside the number; none is typed.
#![forbid(unsafe_code)]

mod cost;
mod lines;
mod run;

mod measures;
mod schemes;
mod spread;

mod complexity;
mod costs;
mod frees;
mod memory;
mod rates;

mod answers;
mod claims;
mod goals;
mod notes;

mod findings;
mod layout;
mod output;
mod report;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use argh::FromArgs;

use crate::measures::Measures;

/// Compare the trackings by the runs of set comparison, and hold the seed's claims against what was measured.
/// Writes comparison.csv (sizes in bytes, ratios over what their metric names), comparison.txt, and its answers as comparison-findings.json.
#[derive(FromArgs)]
#[argh(
    example = "the runs of this repository, with the costs that `make bench` measured, if they are there:
  {command_name} --raw data/raw/comparison --cost data/cost.csv --lines data/lines-of-tracking.csv --out data"
)]
struct Options {
    /// directory of the set's run files, WORKLOAD/SCHEME/run-NN.json below it (default data/raw/comparison)
    #[argh(option, default = "PathBuf::from(\"data/raw/comparison\")")]
    raw: PathBuf,

    /// table of costs, in ns, instructions and ratios (default data/cost.csv; where it is not there, costs are not compared)
    #[argh(option, default = "PathBuf::from(\"data/cost.csv\")")]
    cost: PathBuf,

    /// table of lines of code (default data/lines-of-tracking.csv)
    #[argh(option, default = "PathBuf::from(\"data/lines-of-tracking.csv\")")]
    lines: PathBuf,

    /// directory that receives the files; made if it is not there (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("comparison: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let runs = run::read_all(&options.raw)?;
    let cost = cost::read(&options.cost)?;
    let lines = lines::read(&options.lines)?;
    let mut measures = Measures::default();
    memory::measure(&runs, &mut measures);
    frees::measure(&runs, &mut measures)?;
    rates::measure(&runs, &mut measures);
    costs::measure(cost.as_ref(), &mut measures);
    complexity::measure(&lines, &mut measures);
    let claims = claims::all(&measures);
    output::write_all(
        &options.out,
        &[
            ("comparison.csv", table::csv(&measures, &claims)),
            (
                "comparison.txt",
                report::text(&runs, &measures, &claims).into_bytes(),
            ),
            (
                "comparison-findings.json",
                findings::json(&runs, &measures, &claims),
            ),
        ],
    )
}
