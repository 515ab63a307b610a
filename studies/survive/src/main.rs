//! `survive`: runs real programs without the library and then under each scheme, and compares what they print.
//!
//! A program is one shell script in `programs/` (README.md says what is in it). It survives a scheme if its output and its status are what
//! they are without the library, if the records show that the library was reached, and if nothing was lost.
//!
//! Reading order: [`program`] what a script declares; [`setting`] under what it runs; [`run`] one run of it; [`verdict`] whether it survived;
//! [`table`] what is printed. Each run has a directory of its own and is stopped, with all that it started, when its time is over or
//! when this program is told to end.
#![forbid(unsafe_code)]

mod program;
mod run;
mod setting;
mod table;
mod verdict;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use argh::FromArgs;

use program::Program;
use run::{Place, Ran, Stop};
use setting::Setting;
use table::Row;
use verdict::Outcome;

/// Runs real programs without and with the library under each scheme, and compares what they print.
#[derive(FromArgs)]
#[argh(
    note = "Exit status: 0 if all programs survived, 1 if one did not or is missing.",
    example = "survive --scheme HEADER_HASH node redis-append"
)]
struct Options {
    /// names of programs (default: all)
    #[argh(positional)]
    names: Vec<String>,
    /// only the programs that are marked as quick
    #[argh(switch)]
    quick: bool,
    /// a scheme; may be repeated (default: HEADER_HASH, HEADER_PAGE_HASH, HEADER_POISSON_BYTES, HEADER_HYBRID, HEADER_BERNOULLI, HEADER_HASH_SPLITMIX, SAMPLE_HEADERS_POISSON, SAMPLE_HEADERS_POISSON_MAP, SAMPLE_HEADERS_HASH_MAP, STATELESS_HASH_XOR, STATELESS_HASH_SPLITMIX, STATELESS_HASH_MURMURISH, STATELESS_POISSON_BERNOULLI, COUNT, NONE)
    #[argh(option)]
    scheme: Vec<String>,
    /// a program that is not installed is no failure
    #[argh(switch)]
    skip_missing: bool,
    /// print the programs and what they do, and run nothing
    #[argh(switch)]
    list: bool,
    /// seconds that one run may take (default 300)
    #[argh(option, default = "300")]
    timeout: u64,
    /// programs at a time (default: one for each processor)
    #[argh(option)]
    jobs: Option<usize>,
    /// directory of the scripts (default: studies/survive/programs)
    #[argh(option, default = "PathBuf::from(\"studies/survive/programs\")")]
    programs: PathBuf,
    /// sampler-run (default: the one beside this program)
    #[argh(option)]
    runner: Option<PathBuf>,
    /// where the files of failed runs go (default: target/survive)
    #[argh(option, default = "PathBuf::from(\"target/survive\")")]
    failures: PathBuf,
}

fn main() {
    match run(argh::from_env()) {
        Ok(true) => {}
        Ok(false) => exit(1),
        Err(line) => {
            let _ = writeln!(io::stderr(), "survive: {line}");
            exit(1)
        }
    }
}

/// Whether all survived.
fn run(options: Options) -> Result<bool, String> {
    let directory = absolute("--programs", &options.programs)?;
    let programs = program::select(&directory, &options.names, options.quick)?;
    if options.list {
        print(&table::list(&programs));
        return Ok(true);
    }
    let bench = Bench {
        settings: Setting::all(&options.scheme)?,
        runner: absolute("--runner", &find_runner(options.runner)?)?,
        failures: options.failures,
        skip_missing: options.skip_missing,
        timeout: Duration::from_secs(options.timeout),
        stop: Stop::on_signals()?,
    };
    let jobs = options
        .jobs
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, |count| count.get()));

    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, programs.len()) {
            scope.spawn(|| {
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let row = bench.row(program);
                    if bench.stop.is_told() {
                        return;
                    }
                    progress(&row);
                    rows.lock().expect("no worker panics").push(row);
                }
            });
        }
    });
    if bench.stop.is_told() {
        return Err("stopped by a signal; what it had started was ended".into());
    }
    let mut rows = rows.into_inner().expect("no worker panics");
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    print(&table::table(&bench.settings, &rows, start.elapsed()));
    Ok(rows.iter().all(Row::is_fine))
}

/// What is the same for all programs.
struct Bench {
    settings: Vec<Setting>,
    runner: PathBuf,
    failures: PathBuf,
    skip_missing: bool,
    timeout: Duration,
    stop: Stop,
}

impl Bench {
    fn row(&self, program: &Program) -> Row {
        let start = Instant::now();
        let missing = program.missing();
        let outcomes = if !missing.is_empty() {
            let is_fine = self.skip_missing || program.is_optional;
            Err((format!("missing: {}", missing.join(" ")), is_fine))
        } else {
            self.outcomes(program).map_err(|line| (line, false))
        };
        Row {
            name: program.name.clone(),
            outcomes,
            elapsed: start.elapsed(),
        }
    }

    /// One for each setting; an error if there is nothing to compare with.
    fn outcomes(&self, program: &Program) -> Result<Vec<Outcome>, String> {
        let place = Place::new()?;
        let expected = place.run_without(program, self.timeout, &self.stop)?;
        if expected.status != 0 {
            self.keep(&place, program, "without", &expected);
            return Err(format!("without the library: {}", expected.how_it_ended()));
        }
        let mut outcomes = Vec::new();
        for setting in &self.settings {
            let ran = place.run_under(program, setting, &self.runner, self.timeout, &self.stop)?;
            let mut outcome = verdict::judge(program, setting, &expected, &ran);
            if let Outcome::Failed(reason) = &mut outcome {
                if self.stop.is_told() {
                    return Err("stopped".into());
                }
                self.keep(&place, program, &setting.name(), &ran);
                let again = place.run_without(program, self.timeout, &self.stop)?;
                if again.output != expected.output || again.status != expected.status {
                    reason.push_str(" (and it differs between two runs without the library)");
                }
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Keeps what a failed run left. That it cannot is said, and is no second failure.
    fn keep(&self, place: &Place, program: &Program, setting: &str, ran: &Ran) {
        let directory = self.failures.join(&program.name).join(setting);
        let kept = fs::create_dir_all(&directory)
            .and_then(|()| fs::write(directory.join("output"), &ran.output))
            .and_then(|()| fs::write(directory.join("errors"), &ran.errors))
            .and_then(|()| place.copy_run_file(&directory));
        let line = match kept {
            Ok(()) => format!("{}: kept in {}", program.name, directory.display()),
            Err(error) => format!("{}: cannot keep it: {error}", directory.display()),
        };
        let _ = writeln!(io::stderr(), "{line}");
    }
}

fn progress(row: &Row) {
    let word = match (&row.outcomes, row.is_fine()) {
        (Ok(_), true) => "ok",
        (Ok(_), false) => "FAILED",
        (Err((line, _)), _) => line,
    };
    let seconds = row.elapsed.as_secs_f64();
    let _ = writeln!(io::stderr(), "{:<22} {word}, {seconds:.1} s", row.name);
}

/// Not `print!`, which panics where nobody reads.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn find_runner(given: Option<PathBuf>) -> Result<PathBuf, String> {
    let beside = || {
        std::env::current_exe()
            .map(|own| own.with_file_name("sampler-run"))
            .map_err(|error| format!("cannot find this program: {error}; give --runner"))
    };
    given.map_or_else(beside, Ok)
}

fn absolute(option: &str, path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|error| {
        format!(
            "{option} is '{}': {error}; accepted: a path that is there",
            path.display()
        )
    })
}
