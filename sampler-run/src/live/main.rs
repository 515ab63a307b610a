//! `sampler-live`: prints what a process has counted, while it runs or after it ended.
//!
//! It reads the live file that the process counts into (FORMAT.md, "Live file"): the process is neither stopped nor signalled, and does not notice. Where
//! that file is, [`source`] knows.
#![forbid(unsafe_code)]

mod source;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::{ExitCode, exit};

use argh::FromArgs;
use sampler_core::live::{self, COMMAND_BYTES, Ending, Identity, Live, NotLive};
use sampler_core::record;
use sampler_core::slot::Totals;
use sampler_core::{Scheme, TrackingName};
use source::Source;

/// Tries to read a process that counts while we read.
const TRIES: u32 = 1000;

/// How a process "ended" that has not.
const RUNNING: &str = "running";

/// Prints what a process has counted so far, all threads together, without stopping or signalling it. Counts are of calls, sizes are in bytes as
/// requested.
#[derive(FromArgs)]
#[argh(
    example = "a running process, then what a dead one left, as a record:\n  {command_name} 12345\n  {command_name} --json /tmp/stats.12345.live"
)]
struct Options {
    /// print the whole record as JSON
    #[argh(switch)]
    json: bool,

    /// process id, or a live file
    #[argh(positional)]
    process: String,
}

fn main() -> ExitCode {
    match run(&parsed()) {
        // A reader that has seen enough closes the pipe: that is no failure.
        Ok(text) => match writeln!(io::stdout(), "{text}") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                eprintln!("sampler-live: standard output: {error}");
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        },
        Err(error) => {
            eprintln!("sampler-live: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String, String> {
    let pid = options.process.parse::<u32>().ok();
    let source = match pid {
        Some(pid) => Source::of_process(pid)?,
        None => Source::open(Path::new(&as_given(&options.process)))?,
    };
    let (page, identity, totals) = read(&source)?;
    let ended = match page.ending() {
        Ending::Exit => "exit",
        Ending::QuickExit => "quick_exit",
        Ending::Unsaid if pid.is_some() => RUNNING,
        // The pid may have passed on: what counts is whether that process has this file.
        Ending::Unsaid => match Source::of_process(identity.pid) {
            Ok(mapped) if mapped.is_same(&source) => RUNNING,
            _ => record::UNSAID,
        },
    };
    if ended == RUNNING {
        // It does not ask for its own. Gone in between: not known.
        page.peak_rss_bytes
            .set(peak_rss_bytes(identity.pid).unwrap_or(0));
    }
    if options.json {
        let mut text = String::new();
        record::write(&mut text, &page, &identity, &totals, ended)
            .map_err(|error| format!("{}: {error}", source.path.display()))?;
        return Ok(text);
    }
    Ok(describe(&page, &identity, &totals, ended))
}

fn read(source: &Source) -> Result<(Live, Identity, Totals), String> {
    for _ in 0..TRIES {
        let bytes = source.read();
        let bytes = bytes.map_err(|error| format!("{}: {error}", source.path.display()))?;
        match live::read(&bytes) {
            Ok(found) => return Ok(found),
            Err(NotLive::Contradiction) => {}
            Err(error) => return Err(format!("{}: {error}", source.path.display())),
        }
    }
    Err(format!(
        "{}: {}",
        source.path.display(),
        NotLive::Contradiction
    ))
}

/// The arguments as text, for the parser: what is not UTF-8 is replaced.
fn parsed() -> Options {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Options::from_args(&["sampler-live"], &arguments).unwrap_or_else(|early| {
        if early.status.is_ok() {
            println!("{}", early.output);
            exit(0);
        }
        eprintln!(
            "{}\nRun sampler-live --help for more information.",
            early.output
        );
        exit(1)
    })
}

/// The largest resident set of a process so far.
fn peak_rss_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// The argument of this text, before anything in it was replaced; there is but one that is no option.
fn as_given(text: &str) -> OsString {
    env::args_os()
        .skip(1)
        .find(|argument| argument.to_string_lossy() == text)
        .unwrap_or_else(|| text.into())
}

fn describe(page: &Live, identity: &Identity, totals: &Totals, ended: &str) -> String {
    let mut command_bytes = [0; COMMAND_BYTES];
    let command = String::from_utf8_lossy(page.command(&mut command_bytes)).replace('\0', " ");
    let config = &identity.config;
    let all = totals.all();
    let mut lines = vec![
        format!(
            "process   {} ({ended}): {}",
            identity.pid,
            command.trim_end()
        ),
        format!("scheme    {}", config.scheme.name()),
    ];
    let decision = config.scheme.decision();
    if decision.uses_mask() {
        lines.push(format!("mask      {:#x}", config.hash_mask));
    }
    if let Some(salt) = config.salt() {
        lines.push(format!("salt      {salt:#018x}"));
    }
    if decision.uses_mean() {
        lines.push(format!("mean gap  {} B", config.mean_bytes));
    }
    if config.scheme == Scheme::None {
        lines.push("counted   nothing: this scheme only forwards".into());
        return lines.join("\n");
    }
    lines.push(format!(
        "sampled   {} allocations, {} B; live {}",
        all.sampled_allocs,
        all.sampled_bytes,
        live_samples(page, config.scheme, totals)
    ));
    if config.truth {
        lines.push(format!(
            "all       {} allocations, {} B; {} frees; {} threads",
            all.allocs, all.bytes, totals.frees, totals.threads
        ));
        lines.push(format!(
            "rate      {} of allocations, {} of bytes",
            percent(all.sampled_allocs, all.allocs),
            percent(all.sampled_bytes, all.bytes)
        ));
    }
    lines.join("\n")
}

/// Sampled blocks that are alive, as far as frees tell.
fn live_samples(page: &Live, scheme: Scheme, totals: &Totals) -> String {
    let all = totals.all();
    let blocks = i128::from(all.sampled_allocs) - i128::from(totals.sampled_frees);
    let bytes = i128::from(all.sampled_bytes) - i128::from(totals.sampled_bytes_freed);
    if !scheme.decision().knows_frees() {
        return "not known".into();
    }
    // Without a header freed sizes are usable ones.
    let bytes = match scheme.tracking() {
        TrackingName::Stateless => "of bytes not known".to_string(),
        _ => format!("{bytes} B"),
    };
    match page.inherited_samples.get() {
        0 => format!("{blocks}, {bytes}"),
        inherited => format!("{blocks}, {bytes}, counted from its fork, when {inherited} were"),
    }
}

fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "none yet".into(),
        _ => format!("{:.4} %", 100.0 * part as f64 / whole as f64),
    }
}
