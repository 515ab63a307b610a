//! Programs that run from their start to their end, measured whole: builds and scripts.

use std::time::Instant;

use crate::load::children_cpu_ns;
use crate::truth::Phase;
use crate::watch;

/// One part, in which nothing runs but what is measured; `counts` says whether to read allocations, which takes a millisecond a process.
pub fn phase(
    name: &str,
    units: u64,
    counts: bool,
    run: impl FnOnce() -> Result<(), String>,
) -> Result<Phase, String> {
    let allocs = || match counts {
        true => watch::allocs(),
        false => Ok(None),
    };
    let allocs_before = allocs()?;
    let cpu_before = children_cpu_ns()?;
    let start = Instant::now();
    run()?;
    let wall_ns = start.elapsed().as_nanos() as u64;
    let cpu_ns = children_cpu_ns()? - cpu_before;
    let allocs = allocs()?.zip(allocs_before);
    Ok(Phase {
        name: name.to_string(),
        units,
        cpu_ns,
        wall_ns,
        latency: None,
        allocs: allocs.map(|(after, before)| after - before),
        generator_cpu_ns: None,
    })
}
