//! What a counting run says: every size with its allocations, and what each window asked for.

use std::path::Path;

use run_file::{Below, Nullable, Run, Scheme, wrong};
use sampler_core::Scheme as Sampler;

/// The counting run.
pub struct Sizes {
    /// Its workload.
    pub workload: String,
    /// Size and allocations, sizes above 0.
    pub sizes: Vec<(u64, u64)>,
    /// Finished base windows, in order: bytes, bytes of blocks below 256, allocations from 256 on. `None` where more than one
    /// program or thread allocated: then their order is not that of a counter slot.
    pub windows: Option<Vec<[u64; 3]>>,
    /// Allocations in a base window.
    pub window_base: u64,
    /// Blocks alive at the end.
    pub live_allocs: f64,
    /// Bytes alive at the end.
    pub live_bytes: f64,
    /// By size bin: name, blocks and bytes.
    pub live_by_bin: Vec<(String, f64, f64)>,
}

impl Sizes {
    /// Reads a run file of scheme `SIZES`. An error names the file.
    pub fn read(path: &Path) -> Result<Sizes, String> {
        let directory = path.parent().unwrap_or(path);
        let run = run_file::read(path, directory, Below::Sets)?;
        Sizes::of(&run).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn of(run: &Run) -> Result<Sizes, String> {
        if run.scheme != Scheme::Sampler(Sampler::Sizes) {
            return Err(wrong("scheme", &run.scheme, "\"SIZES\""));
        }
        let table = run.sizes.0.as_ref();
        let table = table.ok_or("sizes: found null, expected an object")?;
        if table.without_room != 0 {
            let expected = "0: the program has more distinct sizes than the table has room for";
            return Err(wrong("sizes.without_room", &table.without_room, expected));
        }
        let sizes: Vec<(u64, u64)> = table
            .sizes
            .iter()
            .copied()
            .filter(|&(size, _)| size > 0)
            .collect();
        if sizes.is_empty() {
            return Err("sizes.sizes: found no size above 0, expected at least one".into());
        }
        let one_thread = run.processes.len() == 1 && run.processes[0].threads.0 == Some(1);
        let estimates = run
            .processes
            .first()
            .and_then(|record| record.estimates.0.as_ref());
        let estimates = estimates.ok_or("processes: found no estimates, expected some")?;
        let live = |allocs: Nullable<f64>, bytes: Nullable<f64>| {
            let both = allocs.0.zip(bytes.0);
            both.ok_or("processes[0].estimates: found null for live blocks, expected numbers")
        };
        let (live_allocs, live_bytes) = live(estimates.live_allocs, estimates.live_bytes)?;
        let mut live_by_bin = Vec::new();
        for bin in &estimates.size_bins {
            let (allocs, bytes) = live(bin.live_allocs, bin.live_bytes)?;
            live_by_bin.push((bin.bin.clone(), allocs, bytes));
        }
        Ok(Sizes {
            workload: run.workload.clone(),
            sizes,
            windows: table.windows.0.clone().filter(|_| one_thread),
            window_base: run.parameters.window_base,
            live_allocs,
            live_bytes,
            live_by_bin,
        })
    }

    /// Allocations, but for those of 0 bytes.
    pub fn allocs(&self) -> u64 {
        self.sizes.iter().map(|(_, allocs)| allocs).sum()
    }

    /// Bytes of them.
    pub fn bytes(&self) -> u64 {
        self.sizes.iter().map(|(size, allocs)| size * allocs).sum()
    }

    /// The sum over all allocations of a function of their size.
    pub fn sum(&self, value: impl Fn(u64) -> f64) -> f64 {
        self.sizes
            .iter()
            .map(|&(size, allocs)| value(size) * allocs as f64)
            .sum()
    }
}
