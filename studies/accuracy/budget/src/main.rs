//! Parameters at equal budget: from the exact sizes of a counting run, the mask and the mean with which each scheme expects the same number of samples.
//!
//! A budget is a power of two, since that is what a mask can give. Schemes that decide by a mask get its bits; exponential gaps in bytes get the mean that
//! solves `E[1 - exp(-size/mean)] = budget` over all allocations; the hybrid's hashed half gets the mask, and its mean is solved on the sizes below 256 alone.
//! Reading order: [`sizes`] what the workload asks for; [`solve`] the means; here, the files.
#![forbid(unsafe_code)]

mod sizes;
mod solve;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::FromArgs;
use serde_json::{Value, json};
use sizes::Sizes;
use solve::{Budget, Equal, Solved};

/// The version of budget.json.
const FORMAT_VERSION: u64 = 1;

/// Solve which parameters give every scheme the same expected share of sampled allocations (or bytes) on a workload.
/// Writes DIRECTORY/budget.json, and for each scheme DIRECTORY/SCHEME/parameters: options of sampler-run (means in bytes).
#[derive(FromArgs)]
#[argh(
    example = "one sample in 256 allocations, from the counting run of the workload reuse:\n  {command_name} --sizes data/raw/accuracy/reuse/SIZES/run-01.json --budget 1/256 --out data/raw/accuracy-2e8/reuse"
)]
struct Options {
    /// run file of scheme SIZES
    #[argh(option)]
    sizes: PathBuf,

    /// expected share that is sampled: 1/N, N a power of two from 1 to 2^32
    #[argh(option)]
    budget: Budget,

    /// what the share is of: allocs or bytes (default allocs)
    #[argh(option, default = "Equal::Allocs")]
    of: Equal,

    /// schemes that hash addresses get a salt that each run draws from its seed
    #[argh(switch)]
    salted: bool,

    /// directory that receives the files; made if it is not there
    #[argh(option)]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("budget: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let sizes = Sizes::read(&options.sizes)?;
    let solved: Vec<Solved> = solve::all(&sizes, options.budget, options.of);
    for scheme in &solved {
        let directory = options.out.join(scheme.name);
        write_if_changed(
            &directory,
            "parameters",
            &(scheme.parameters(options.salted) + "\n"),
        )?;
    }
    let text = format!("{:#}\n", report(options, &sizes, &solved));
    write_if_changed(&options.out, "budget.json", &text)
}

fn report(options: &Options, sizes: &Sizes, solved: &[Solved]) -> Value {
    let schemes: Vec<Value> = solved
        .iter()
        .map(|scheme| {
            json!({
                "scheme": scheme.name,
                "hash_mask": scheme.hash_mask,
                "poisson_mean_bytes": scheme.mean_bytes,
                "expected_samples": scheme.expected_samples,
                "expected_sampled_bytes": scheme.expected_bytes,
                "expected_rate_allocs": scheme.expected_samples / sizes.allocs() as f64,
                "expected_rate_bytes": scheme.expected_bytes / sizes.bytes() as f64,
                "sum_p_squared": scheme.sum_p_squared,
                "is_off_target": scheme.is_off_target,
                "note": scheme.note,
                "dead_zones": scheme.dead_zones,
            })
        })
        .collect();
    json!({
        "format": "sampler-budget",
        "format_version": FORMAT_VERSION,
        "workload": sizes.workload,
        "budget": options.budget.share(),
        "of": options.of.name(),
        "allocs": sizes.allocs(),
        "bytes": sizes.bytes(),
        "window_base": sizes.window_base,
        "live_allocs": sizes.live_allocs,
        "live_bytes": sizes.live_bytes,
        "live_by_bin": sizes.live_by_bin,
        "sizes": sizes.sizes,
        "schemes": schemes,
    })
}

/// A file that says the same already keeps its time, so that nothing that depends on it is redone.
fn write_if_changed(directory: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = directory.join(name);
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    fs::create_dir_all(directory).map_err(|error| failed(&error))?;
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes())
        .map_err(|error| failed(&error))?;
    let file = file.into_temp_path();
    file.persist(&path).map_err(|error| failed(&error))
}
