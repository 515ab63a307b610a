//! `sampler-live`: prints what a process has counted, while it runs or after it ended.
//!
//! It reads the live file that the process counts into (FORMAT.md, "Live file"): the process is neither stopped nor signalled, and does not notice.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::FromArgs;
use sampler_core::live::{self, COMMAND_BYTES, Ending, Identity, Live, NotLive};
use sampler_core::record;
use sampler_core::slot::Totals;
use sampler_core::{Scheme, TrackingName};

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
    match run(&argh::from_env()) {
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
    let path = match options.process.parse::<u32>() {
        Ok(pid) => live_file_of(pid)?,
        Err(_) => PathBuf::from(&options.process),
    };
    let (page, identity, totals) = read(&path)?;
    let ended = ended(&page, &identity, &path);
    if ended == RUNNING {
        // It does not ask for its own. Gone in between: not known.
        page.peak_rss_bytes
            .set(peak_rss_bytes(identity.pid).unwrap_or(0));
    }
    if options.json {
        let mut text = String::new();
        record::write(&mut text, &page, &identity, &totals, ended)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        return Ok(text);
    }
    Ok(describe(&page, &identity, &totals, ended))
}

fn read(path: &Path) -> Result<(Live, Identity, Totals), String> {
    for _ in 0..TRIES {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        match live::read(&bytes) {
            Ok(found) => return Ok(found),
            Err(NotLive::Contradiction) => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
    Err(format!("{}: {}", path.display(), NotLive::Contradiction))
}

/// The live file that a process has mapped.
fn live_file_of(pid: u32) -> Result<PathBuf, String> {
    const DELETED: &str = " (deleted)";
    let maps_path = format!("/proc/{pid}/maps");
    let maps = fs::read_to_string(&maps_path).map_err(|error| format!("{maps_path}: {error}"))?;
    // address permissions offset device inode path
    let live = maps.lines().find_map(|line| {
        let path = line.splitn(6, ' ').nth(5)?.trim_start();
        path.trim_end_matches(DELETED).ends_with(".live").then(|| {
            let range = line.split(' ').next().unwrap_or_default();
            match path.ends_with(DELETED) {
                // Still there through the mapping itself.
                true => PathBuf::from(format!("/proc/{pid}/map_files/{range}")),
                false => PathBuf::from(path),
            }
        })
    });
    live.ok_or_else(|| {
        format!("process {pid} has no live file mapped: it does not run under the library, or without SAMPLER_STATS_FILE, or there was no room for the file")
    })
}

/// How the process ended, or that it has not.
fn ended(page: &Live, identity: &Identity, path: &Path) -> &'static str {
    match page.ending() {
        Ending::Exit => "exit",
        Ending::QuickExit => "quick_exit",
        // The pid may have passed on: what counts is whether that process has this file.
        Ending::Unsaid => match live_file_of(identity.pid) {
            Ok(mapped) if is_same_file(&mapped, path) => RUNNING,
            _ => "unknown",
        },
    }
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

fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).map(|data| (data.dev(), data.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
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
