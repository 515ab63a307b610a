//! Python: JSON, regular expressions, sqlite3 and threads, once with its own arenas and once with PYTHONMALLOC=malloc.
//!
//! Both must print what a third run, without the library, prints.

use std::process::Command;

use crate::Bench;
use crate::load;
use crate::processors::Processors;
use crate::start::{self, Role};
use crate::truth::Truth;
use crate::whole::phase;

const ALLOCATORS: [&str; 2] = ["pymalloc", "malloc"];

/// One run.
pub fn run(bench: &Bench) -> Result<Truth, String> {
    let processors = Processors::all()?;
    bench.place.write("script.py", include_str!("script.py"))?;
    let python = interpreter(&processors)?;
    let prepare = |role: Role, allocator: &str| -> Result<Command, String> {
        let mut command = start::command(role, &processors, &python)?;
        command.arg(bench.place.of("script.py"));
        command.arg(bench.effort.to_string());
        command.env("PYTHONMALLOC", allocator);
        command.env("PYTHONHASHSEED", "0");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(command)
    };
    let mut phases = Vec::new();
    let mut printed = Vec::new();
    for allocator in ALLOCATORS {
        let mut command = prepare(Role::Measured, allocator)?;
        phases.push(phase(allocator, 1, true, || {
            printed.push(load::output(&mut command, "python3")?);
            Ok(())
        })?);
    }
    let peak_rss_bytes = load::children_peak_rss_bytes()?;
    let expected = load::output(&mut prepare(Role::Helper, ALLOCATORS[0])?, "python3")?;
    let mut verified = 0;
    for (allocator, printed) in ALLOCATORS.iter().zip(&printed) {
        if *printed != expected || expected.is_empty() {
            return Err(format!(
                "with PYTHONMALLOC={allocator} it printed something else than without the library"
            ));
        }
        verified += expected.iter().filter(|&&byte| byte == b'\n').count() as u64;
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

/// What is called python3 may be a script that looks for it.
fn interpreter(processors: &Processors) -> Result<String, String> {
    let mut command = start::command(Role::Helper, processors, "python3")?;
    command.args(["-I", "-c", "import sys; print(sys.executable)"]);
    let printed = load::output(&mut command, "python3")?;
    Ok(String::from_utf8_lossy(&printed).trim().to_string())
}
