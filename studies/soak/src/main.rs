//! A service under load for minutes, read live: does the estimate follow the truth, and does memory creep?
//!
//! Reading order: the service under the library ([`service`]); the load, which knows what it stored ([`load`], over [`client`]); what is
//! read every second ([`reading`], until [`signals`] or the clock end it); what it amounts to ([`analysis`]); and the two files
//! ([`report`], [`output`]).
//!
//! Server and load are ended by this process whatever happens but its own SIGKILL, and nothing is written unless the whole time was watched.
#![forbid(unsafe_code)]

mod client;
mod load;
mod service;

mod reading;
mod signals;

mod analysis;

mod output;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use argh::FromArgs;

use crate::load::Load;
use crate::reading::Second;
use crate::service::Service;
use crate::signals::Signals;

/// Run redis-server under the library and a load, and read what it counts, live. Writes soak.csv (one row a reading; sizes in bytes, times in seconds)
/// and soak.txt.
#[derive(FromArgs)]
#[argh(example = "ten minutes, then one of thirty seconds:
  {command_name} --seconds 600 --out data
  {command_name} --seconds 30 --cycle 2 --out /tmp/soak")]
pub struct Options {
    /// how long to watch, in seconds (default 600)
    #[argh(option, default = "600")]
    seconds: u64,

    /// time between two readings, in milliseconds, at least 50 (default 1000)
    #[argh(option, default = "1000")]
    interval: u64,

    /// time in which the load goes up and down once, in seconds (default 40)
    #[argh(option, default = "40")]
    cycle: u64,

    /// bytes of values that the load keeps stored on average, a quarter more at the height of a cycle and a quarter less at its bottom (default 100663296)
    #[argh(option, default = "100663296")]
    stored: u64,

    /// scheme with a header on every block, which alone knows live bytes exactly (default HEADER_POISSON_BYTES)
    #[argh(option, default = "String::from(\"HEADER_POISSON_BYTES\")")]
    scheme: String,

    /// mean gap between samples, in bytes (default 524288)
    #[argh(option, default = "524288")]
    mean: u64,

    /// seed of load and samples, decimal or 0x hex (default 1)
    #[argh(option, default = "String::from(\"1\")")]
    seed: String,

    /// directory of libsampler_preload.so and sampler-live (default: that of this program)
    #[argh(option)]
    programs: Option<PathBuf>,

    /// directory that receives the two files; made if it is not there (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    out: PathBuf,
}

impl Options {
    /// The seed as a number; `None` if it is none.
    fn seed(&self) -> Option<u64> {
        match self.seed.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => self.seed.parse().ok(),
        }
    }
}

/// Why there is nothing to write.
enum Stop {
    /// One line.
    Failed(String),
    /// The signal's number.
    Interrupted(i32),
}

impl From<String> for Stop {
    fn from(message: String) -> Stop {
        Stop::Failed(message)
    }
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Failed(error)) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
        Err(Stop::Interrupted(signal)) => {
            eprintln!("soak: interrupted; the service is stopped and nothing is written");
            ExitCode::from(128 + signal as u8)
        }
    }
}

fn run(options: &Options) -> Result<(), Stop> {
    check(options)?;
    // Before any thread starts, so that all inherit it.
    let signals = Signals::block()?;
    let mut service = Service::start(options)?;
    let load = Load::start(&service, options)?;
    let seconds = watch(options, &signals, &mut service, &load);
    let done = load.stop();
    let stopped = service.stop();
    let (seconds, done) = match (seconds, done) {
        // If it was the load that failed, its own word says more than that it is gone.
        (Err(Stop::Failed(_)), Err(load)) => return Err(load.into()),
        (seconds, done) => (seconds?, done?),
    };
    stopped?;
    let text = report::text(options, &seconds, &done, &analysis::of(&seconds, options));
    output::write_all(
        &options.out,
        &[
            ("soak.csv", report::csv(&seconds, options)),
            ("soak.txt", text.into_bytes()),
        ],
    )?;
    Ok(())
}

fn check(options: &Options) -> Result<(), String> {
    const LEAST_STORED: u64 = 1 << 20;
    const MOST_STORED: u64 = 1 << 30;
    let bad = |option: &str, found: &dyn std::fmt::Display, accepted: &str| {
        Err(format!("--{option} is '{found}'; accepted: {accepted}"))
    };
    match options {
        _ if !(1..=1_000_000).contains(&options.seconds) => {
            bad("seconds", &options.seconds, "1 to 1000000")
        }
        _ if !(50..=60_000).contains(&options.interval) => {
            bad("interval", &options.interval, "50 to 60000 milliseconds")
        }
        _ if !(1..=100_000).contains(&options.cycle) => {
            bad("cycle", &options.cycle, "1 to 100000 seconds")
        }
        _ if !(LEAST_STORED..=MOST_STORED).contains(&options.stored) => {
            let accepted = format!("{LEAST_STORED} to {MOST_STORED} bytes");
            bad("stored", &options.stored, &accepted)
        }
        _ if options.seed().is_none() => bad(
            "seed",
            &options.seed,
            "a number of 64 bits, decimal or 0x hex",
        ),
        _ if !service::SCHEMES.contains(&options.scheme.as_str()) => {
            bad("scheme", &options.scheme, &service::SCHEMES.join(", "))
        }
        _ => Ok(()),
    }
}

/// One reading each interval, until the time is over.
fn watch(
    options: &Options,
    signals: &Signals,
    service: &mut Service,
    load: &Load,
) -> Result<Vec<Second>, Stop> {
    let start = Instant::now();
    let interval = Duration::from_millis(options.interval);
    let end = Duration::from_secs(options.seconds);
    let mut seconds = Vec::new();
    let mut next = interval;
    while next <= end {
        if let Some(signal) = signals.wait(next.saturating_sub(start.elapsed()))? {
            return Err(Stop::Interrupted(signal));
        }
        service.check_alive()?;
        load.check_alive()?;
        seconds.push(reading::read(service, start, load.answered())?);
        const SAID_EVERY: u64 = 30;
        if next.as_secs().is_multiple_of(SAID_EVERY) && next.subsec_millis() == 0 {
            println!("soak: {} of {} s", next.as_secs(), options.seconds);
        }
        next += interval;
    }
    Ok(seconds)
}
