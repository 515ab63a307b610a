//! What sampling costs real programs, how often they allocate, and what the samples say of them.
//!
//! Reading order: what is read ([`read`], into [`run`]; [`counted`], what another stage made of counted instructions); how n runs become a number ([`over_runs`]); the rows
//! ([`measures`], by [`metrics`] of one run and ratios of two); what they are held against ([`bounds`], [`claims`]) and
//! what they answer ([`answers`]); and the three files ([`report`], [`table`], [`findings`], [`output`]).
//!
//! Every sentence about a number is made beside the number; none is typed.
#![forbid(unsafe_code)]

mod counted;
mod read;
mod run;

mod over_runs;

mod measures;
mod metrics;

mod answers;
mod bounds;
mod claims;

mod findings;
mod layout;
mod notes;
mod output;
mod report;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use argh::FromArgs;

use crate::counted::Instructions;

/// Turn the runs of real programs into real.csv (times in ns, sizes in bytes, ratios over the base that a row names), real.txt, and its answers as real-findings.json.
#[derive(FromArgs)]
#[argh(example = "the runs of this repository:\n  {command_name} --raw data/raw/real --out data")]
struct Options {
    /// directory of the set's run files, WORKLOAD/SCHEME/run-NN.json below it (default data/raw/real)
    #[argh(option, default = "PathBuf::from(\"data/raw/real\")")]
    raw: PathBuf,

    /// table of counted instructions, which may be missing (default data/real-instructions.csv)
    #[argh(option, default = "PathBuf::from(\"data/real-instructions.csv\")")]
    instructions: PathBuf,

    /// directory that receives the files; made if it is not there (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("real: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let runs = read::read_all(&options.raw)?;
    let measures = measures::of(&runs);
    let instructions = Instructions::read(&options.instructions)?;
    let claims = claims::all(&runs, &measures, &instructions);
    output::write_all(
        &options.out,
        &[
            ("real.csv", table::csv(&measures, &claims)),
            (
                "real.txt",
                report::text(&runs, &measures, &instructions, &claims).into_bytes(),
            ),
            (
                "real-findings.json",
                findings::json(&runs, &measures, &instructions, &claims),
            ),
        ],
    )
}
