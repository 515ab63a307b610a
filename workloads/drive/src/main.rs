//! `drive`: starts one real program, loads it, verifies what it says, stops it, and prints what that took as one line of JSON.
//!
//! What it promises: only what is measured runs under the library (it gets the value of `SAMPLER_PRELOAD` as `LD_PRELOAD`), never this program or a load
//! generator; server and load are kept on different processors; no answer is believed unseen; however this program ends, nothing that it started
//! is left running, and no temporary file.
//!
//! Reading order: [`truth`] what is printed; [`family`] the processes that are started, and how they end; [`start`] what each goes through before it
//! becomes the program; [`processors`], [`watch`] and [`load`] what is measured of a server and its load, [`server`] how one is started, [`whole`] what is measured of what runs to its end; then the
//! programs, each timed by `run`, or counted by `count` ([`count`](mod@count), by callgrind): [`nginx`] (with [`http`]), [`memcached`], [`redis`], [`curl`], [`python`].
#![forbid(unsafe_code)]

mod count;
mod curl;
mod family;
mod http;
mod load;
mod memcached;
mod nginx;
mod place;
mod processors;
mod python;
mod redis;
mod server;
mod start;
mod truth;
mod watch;
mod whole;

use std::io::{self, Write};
use std::process::exit;

use argh::FromArgs;

use crate::count::Counts;
use crate::family::Family;
use crate::place::Place;
use crate::truth::Truth;

/// Starts one real program on loopback, loads it, verifies what it says, stops it, and prints what that took as one line of JSON.
/// Programs: nginx, memcached, redis, curl, python.
#[derive(FromArgs)]
#[argh(
    note = "Needs: nginx and wrk; memcached and memcaslap; redis-server and redis-benchmark; a C compiler, make, ar and curl's sources; python3.",
    example = "One run under a scheme:\n  sampler-run --driver --scheme HEADER_POISSON_BYTES --mean 524288 --out run-01.json -- {command_name} nginx"
)]
struct Options {
    /// the program
    #[argh(positional)]
    program: String,

    /// share of the usual load, in percent, for a quick look (default 100)
    #[argh(option, default = "100")]
    effort: u64,

    /// of curl: its configured sources, which tools/curl-source makes
    #[argh(option)]
    source: Option<String>,

    /// count instructions in place of time, by callgrind, over a fixed load that takes some seconds; needs valgrind
    #[argh(switch)]
    instructions: bool,
}

/// What every workload gets.
pub struct Bench {
    /// A directory of this run's own.
    pub place: Place,
    /// Percent.
    pub effort: u64,
    /// Of what is built.
    pub source: Option<String>,
    /// Whether what is measured runs under callgrind.
    pub is_counted: bool,
}

impl Bench {
    /// The usual number, as the user wants it.
    pub fn count(&self, usual: u64) -> u64 {
        (usual * self.effort / 100).max(1)
    }
}

type Time = fn(&Bench) -> Result<Truth, String>;
type Count = fn(&Bench) -> Result<Counts, String>;

const WORKLOADS: [(&str, Time, Count); 5] = [
    ("nginx", nginx::run, nginx::count),
    ("memcached", memcached::run, memcached::count),
    ("redis", redis::run, redis::count),
    ("curl", curl::run, curl::count),
    ("python", python::run, python::count),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, rest @ ..] = &arguments[..]
        && word == start::WORD
    {
        fail(&start::become_program(rest));
    }
    let options: Options = argh::from_env();
    let result = run(&options);
    // From here on a signal changes nothing any more.
    let left = Family::end();
    match result.and_then(|line| left.map(|()| line)) {
        Ok(line) => {
            if let Err(error) = writeln!(io::stdout(), "{line}") {
                fail(&format!("standard output: {error}"));
            }
        }
        Err(error) => fail(&error),
    }
}

fn fail(line: &str) -> ! {
    let _ = writeln!(io::stderr(), "drive: {line}");
    exit(1)
}

fn run(options: &Options) -> Result<String, String> {
    let (name, time, count) = WORKLOADS
        .into_iter()
        .find(|(name, ..)| *name == options.program)
        .ok_or_else(|| {
            let names = WORKLOADS.map(|(name, ..)| name).join(", ");
            format!("program is '{}'; accepted: {names}", options.program)
        })?;
    if !(1..=10_000).contains(&options.effort) {
        return Err(format!(
            "--effort is {}; accepted: 1 to 10000 percent",
            options.effort
        ));
    }
    let said = |error| format!("{name}: {error}");
    Family::begin()?;
    let place = Place::new()?;
    let bench = Bench {
        place,
        effort: options.effort,
        source: options.source.clone(),
        is_counted: options.instructions,
    };
    if options.instructions {
        let tool = callgrind::version().map_err(said)?;
        let counts = count(&bench).map_err(said)?;
        return Ok(counts.to_line(name, &tool));
    }
    Ok(time(&bench).map_err(said)?.to_line(name))
}
