//! Python: JSON, regular expressions, sqlite3 and threads, once with its own arenas and once with PYTHONMALLOC=malloc.
//!
//! Both must print what a third run, without the library, prints.

use std::process::Command;

use crate::Bench;
use crate::count::{self, Counts};
use crate::load;
use crate::processors::Processors;
use crate::start::{self, Role};
use crate::truth::Truth;
use crate::whole::phase;

const ALLOCATORS: [&str; 2] = ["pymalloc", "malloc"];

/// One run.
pub fn run(bench: &Bench) -> Result<Truth, String> {
    let processors = Processors::all()?;
    let python = interpreter(&processors)?;
    let mut phases = Vec::new();
    let mut printed = Vec::new();
    for allocator in ALLOCATORS {
        let mut command = bench.command(&processors, &python)?;
        script(bench, &mut command, allocator, bench.effort)?;
        phases.push(phase(allocator, 1, true, || {
            printed.push(load::output(&mut command, "python3")?);
            Ok(())
        })?);
    }
    let peak_rss_bytes = load::children_peak_rss_bytes()?;
    let expected = without_library(bench, &processors, &python, bench.effort)?;
    let mut verified = 0;
    for (allocator, printed) in ALLOCATORS.iter().zip(&printed) {
        verified += compare(allocator, printed, &expected)?;
    }
    Ok(Truth {
        unit: "script",
        units: None,
        measured: phases.len(),
        phases,
        latency_of: None,
        verified,
        startup_cpu_ns: None,
        startup_allocs: None,
        generator: None,
        peak_rss_bytes,
        server_cpus: processors.to_string(),
        generator_cpus: None,
    })
}

/// Percent of the script's usual work: about as much as its start.
const COUNTED_EFFORT: u64 = 1;

/// Instructions of the whole script, its start included, with each allocator.
pub fn count(bench: &Bench) -> Result<Counts, String> {
    let processors = Processors::all()?;
    let python = interpreter(&processors)?;
    let expected = without_library(bench, &processors, &python, COUNTED_EFFORT)?;
    count::jobs(bench, "script", ALLOCATORS, |bench, allocator| {
        let mut command = bench.command(&processors, &python)?;
        script(bench, &mut command, allocator, COUNTED_EFFORT)?;
        compare(
            allocator,
            &load::output(&mut command, "python3")?,
            &expected,
        )
    })
}

fn script(
    bench: &Bench,
    command: &mut Command,
    allocator: &str,
    effort: u64,
) -> Result<(), String> {
    bench.place.write("script.py", include_str!("script.py"))?;
    command.arg(bench.place.of("script.py"));
    command.arg(effort.to_string());
    command.env("PYTHONMALLOC", allocator);
    command.env("PYTHONHASHSEED", "0");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(())
}

fn without_library(
    bench: &Bench,
    processors: &Processors,
    python: &str,
    effort: u64,
) -> Result<Vec<u8>, String> {
    let mut command = start::command(Role::Helper, processors, python)?;
    script(bench, &mut command, ALLOCATORS[0], effort)?;
    load::output(&mut command, "python3")
}

/// The number of lines, all of which are as they must be.
fn compare(allocator: &str, printed: &[u8], expected: &[u8]) -> Result<u64, String> {
    if printed != expected || expected.is_empty() {
        return Err(format!(
            "with PYTHONMALLOC={allocator} it printed something else than without the library"
        ));
    }
    Ok(expected.iter().filter(|&&byte| byte == b'\n').count() as u64)
}

/// What is called python3 may be a script that looks for it.
fn interpreter(processors: &Processors) -> Result<String, String> {
    let mut command = start::command(Role::Helper, processors, "python3")?;
    command.args(["-I", "-c", "import sys; print(sys.executable)"]);
    let printed = load::output(&mut command, "python3")?;
    Ok(String::from_utf8_lossy(&printed).trim().to_string())
}
