//! Measures one part of what each scheme costs, and writes what it saw as one JSON file: nothing is averaged or judged here.
//!
//! A part is one round of the loops, one round of the real programs, the instruction counts, or the memory of live blocks.
//! Within a round the subjects follow each other directly, in an order that changes from round to round, so that drift of the
//! machine hits all alike and ratios within a round are fair.
//!
//! Reading order: [`subject`] who is measured; [`command`] how one measured program is run and how it is proved that the
//! library was in it; then the parts, [`loops`], [`programs`] (with [`server`]), [`instructions`] and [`memory`]; [`origin`]
//! says which machine and build the numbers are of.
#![forbid(unsafe_code)]

mod command;
mod instructions;
mod loops;
mod memory;
mod origin;
mod programs;
mod server;
mod subject;

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::FromArgs;
use serde_json::{Value, json};

use crate::subject::Subject;

/// The version of the file's form (FORMAT.md, "Measurements of cost").
const FORMAT_VERSION: u64 = 1;

/// Measure one part of what each scheme costs, beside plain allocators, and write what was seen as one JSON file.
/// Parts: loops (one round of timed allocation loops), programs (one round of redis, python3, sqlite3 and gcc),
/// instructions (exact counts and simulated cache misses, by callgrind), memory (resident bytes a block).
#[derive(FromArgs)]
#[argh(
    example = "The third round of the loops, for two schemes (PLAIN and NONE are always there):\n  {command_name} loops --round 3 --subject HEADER_HASH --subject COUNT --out loops-03.json"
)]
struct Options {
    /// loops, programs, instructions or memory
    #[argh(positional)]
    part: String,

    /// number of the round, from which the order of the subjects follows (default 1)
    #[argh(option, default = "1")]
    round: u64,

    /// file to write
    #[argh(option)]
    out: PathBuf,

    /// scheme or allocator to measure, may be repeated (default: all)
    #[argh(option)]
    subject: Vec<String>,

    /// share of the usual number of operations, in percent, for a quick look (default 100)
    #[argh(option, default = "100")]
    effort: u64,
}

/// What the parts share.
struct Bench {
    /// Beside this program: the library and the loops.
    library: PathBuf,
    loops: PathBuf,
    subjects: Vec<Subject>,
    round: u64,
    effort_percent: u64,
}

impl Bench {
    /// The usual number of operations, as the user wants it.
    fn operations(&self, usual: u64) -> u64 {
        (usual * self.effort_percent / 100).max(1)
    }

    /// The subjects in the order of this round: a different one begins, and every second round goes backwards.
    fn in_order(&self) -> Vec<&Subject> {
        let mut order: Vec<&Subject> = self.subjects.iter().collect();
        let shift = self.round as usize * 7 % order.len();
        order.rotate_left(shift);
        if self.round.is_multiple_of(2) {
            order.reverse();
        }
        order
    }
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure-cost: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if !(1..=10_000).contains(&options.effort) {
        return Err(format!(
            "--effort: found {}, expected 1 to 10000 percent",
            options.effort
        ));
    }
    let (subjects, missing) = subject::choose(&options.subject)?;
    let bench = Bench {
        library: beside("libsampler_preload.so")?,
        loops: beside("bench-loops")?,
        subjects,
        round: options.round,
        effort_percent: options.effort,
    };
    let origin = origin::describe(&[&bench.library, &bench.loops])?;
    let (measurements, skipped) = match options.part.as_str() {
        "loops" => (loops::measure(&bench)?, Vec::new()),
        "programs" => programs::measure(&bench)?,
        "instructions" => (instructions::measure(&bench)?, Vec::new()),
        "memory" => memory::measure(&bench)?,
        other => {
            return Err(format!(
                "part: found '{other}', expected loops, programs, instructions or memory"
            ));
        }
    };
    let all = json!({
        "format_version": FORMAT_VERSION,
        "part": options.part,
        "round": options.round,
        "origin": origin,
        "missing": missing,
        "skipped": skipped,
        "measurements": measurements,
    });
    write_whole(&options.out, &all)
}

fn beside(name: &str) -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let file = own.with_file_name(name);
    match file.is_file() {
        true => Ok(file),
        false => Err(format!(
            "{}: not there; expected beside this program, where cargo build --release makes it",
            file.display()
        )),
    }
}

/// Under a temporary name first, so that a reader sees a whole file or none.
fn write_whole(path: &Path, value: &Value) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    let directory = directory.unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(fail)?;
    let mut file = tempfile::Builder::new()
        .prefix(".measure-cost-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(fail)?;
    writeln!(file, "{value:#}").map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}
