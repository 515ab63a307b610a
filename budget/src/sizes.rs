//! What a counting run says: every size with its allocations, and what each window asked for.

use std::fs;
use std::path::Path;

use serde_json::Value;

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
    /// Reads a run file of scheme `SIZES`.
    pub fn read(path: &Path) -> Result<Sizes, String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let run: Value = serde_json::from_slice(&bytes)
            .map_err(|error| format!("not JSON: {error}, expected a run file of scheme SIZES"))?;
        Sizes::of(&run)
    }

    fn of(run: &Value) -> Result<Sizes, String> {
        let expect = |field: &str, expected: &str| match run[field] == expected {
            true => Ok(()),
            false => Err(format!(
                "{field}: found {}, expected {expected:?}",
                run[field]
            )),
        };
        expect("format", "sampler-run")?;
        expect("scheme", "SIZES")?;
        let table = &run["sizes"];
        let lost = &table["without_room"];
        if lost != 0 {
            return Err(format!(
                "sizes.without_room: found {lost}, expected 0: the program has more distinct sizes than the table has room for"
            ));
        }
        let sizes: Vec<(u64, u64)> = list(&table["sizes"], "sizes.sizes")?
            .into_iter()
            .filter(|&[size, _]| size > 0)
            .map(|[size, allocs]| (size, allocs))
            .collect();
        if sizes.is_empty() {
            return Err("sizes.sizes: found no size above 0, expected at least one".into());
        }
        let processes = run["processes"].as_array().cloned().unwrap_or_default();
        let one_thread = processes.len() == 1 && processes[0]["threads"] == 1;
        let windows = match &table["windows"] {
            Value::Null => None,
            windows => Some(list(windows, "sizes.windows")?).filter(|_| one_thread),
        };
        let [process, ..] = &processes[..] else {
            return Err("processes: found none, expected at least one".into());
        };
        let live = |value: &Value, key: &str| {
            value[key]
                .as_f64()
                .ok_or_else(|| format!("estimates.{key}: found {}, expected a number", value[key]))
        };
        let estimates = &process["estimates"];
        let mut live_by_bin = Vec::new();
        for bin in estimates["size_bins"].as_array().into_iter().flatten() {
            let name = bin["bin"].as_str().unwrap_or_default().to_string();
            live_by_bin.push((name, live(bin, "live_allocs")?, live(bin, "live_bytes")?));
        }
        Ok(Sizes {
            workload: run["workload"].as_str().unwrap_or_default().to_string(),
            sizes,
            windows,
            window_base: run["parameters"]["window_base"]
                .as_u64()
                .ok_or("parameters.window_base: expected a number")?,
            live_allocs: live(estimates, "live_allocs")?,
            live_bytes: live(estimates, "live_bytes")?,
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

/// An array of arrays of `N` counts.
fn list<const N: usize>(value: &Value, field: &str) -> Result<Vec<[u64; N]>, String> {
    let row = |row: &Value| -> Option<[u64; N]> {
        let numbers: Option<Vec<u64>> = row.as_array()?.iter().map(Value::as_u64).collect();
        numbers?.try_into().ok()
    };
    let rows: Option<Vec<[u64; N]>> = value
        .as_array()
        .and_then(|rows| rows.iter().map(row).collect());
    rows.ok_or_else(|| format!("{field}: expected an array of arrays of {N} counts"))
}
